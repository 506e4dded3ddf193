//! To come.

use super::promise::{Findings, Promise};

/// See the [module](self).
#[derive(Default)]
pub(super) struct Isolation {
    findings: Findings,
}

impl Promise for Isolation {
    fn findings(self: Box<Self>) -> Findings {
        self.findings
    }
}
