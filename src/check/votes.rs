//! To come.

use super::promise::{Findings, Promise};

/// See the [module](self).
#[derive(Default)]
pub(super) struct Votes {
    findings: Findings,
}

impl Promise for Votes {
    fn findings(self: Box<Self>) -> Findings {
        self.findings
    }
}
