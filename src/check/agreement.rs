//! To come.

use super::promise::{Findings, Promise};

/// See the [module](self).
#[derive(Default)]
pub(super) struct Agreement {
    findings: Findings,
}

impl Promise for Agreement {
    fn findings(self: Box<Self>) -> Findings {
        self.findings
    }
}
