//! To come.

use super::promise::{Findings, Promise};

/// See the [module](self).
#[derive(Default)]
pub(super) struct Compensation {
    findings: Findings,
}

impl Promise for Compensation {
    fn findings(self: Box<Self>) -> Findings {
        self.findings
    }
}
