//! To come.

use super::promise::{Findings, Promise};

/// See the [module](self).
#[derive(Default)]
pub(super) struct PreparedUntouched {
    findings: Findings,
}

impl Promise for PreparedUntouched {
    fn findings(self: Box<Self>) -> Findings {
        self.findings
    }
}
