use serde::Serialize;

use super::invocation::Standing;
use crate::check::Verdict;
use crate::scenario::Expectation;

/// What a verdict, or a whole run, is worth against what its scenario expects.
/// In rising order of concern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Judgement {
    /// As the scenario expects.
    AsExpected,
    /// The run does not say.
    Inconclusive,
    /// Not as the scenario expects.
    NotAsExpected,
}

/// Judges a verdict against an expectation. What *breaks* must do so in the
/// scenario's own run, and may in any other; of what *may break*, nothing is
/// claimed.
pub fn judge(verdict: &Verdict, expectation: Expectation, standing: Standing) -> Judgement {
    use Judgement::{AsExpected, Inconclusive, NotAsExpected};
    let claim = match (expectation, standing) {
        (Expectation::Breaks, Standing::Varied) => Expectation::MayBreak,
        (claim, _) => claim,
    };
    match (claim, verdict) {
        (Expectation::MayBreak, _)
        | (Expectation::Holds, Verdict::Holds | Verdict::NotApplicable { .. })
        | (Expectation::Breaks, Verdict::Violated(_)) => AsExpected,
        (Expectation::Holds | Expectation::Breaks, Verdict::Inconclusive { .. }) => Inconclusive,
        (Expectation::Holds, Verdict::Violated(_))
        | (Expectation::Breaks, Verdict::Holds | Verdict::NotApplicable { .. }) => NotAsExpected,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Violation;
    use crate::vocab::SimTime;

    #[test]
    fn a_verdict_is_judged_by_what_its_scenario_claims() {
        let holds = Verdict::Holds;
        let broken = Verdict::Violated(Violation {
            how: "half done",
            at: SimTime::ZERO,
            request: None,
            what: String::new(),
            evidence: vec![],
            more: 0,
        });
        let unsaid = Verdict::Inconclusive { why: String::new() };
        use Expectation::{Breaks, Holds, MayBreak};
        use Judgement::{AsExpected, Inconclusive, NotAsExpected};
        use Standing::{Pinned, Varied};
        for (verdict, expectation, standing, judgement) in [
            (&holds, Holds, Pinned, AsExpected),
            (&broken, Holds, Pinned, NotAsExpected),
            (&broken, Holds, Varied, NotAsExpected),
            (&unsaid, Holds, Pinned, Inconclusive),
            (&holds, MayBreak, Pinned, AsExpected),
            (&broken, MayBreak, Pinned, AsExpected),
            (&unsaid, MayBreak, Pinned, AsExpected),
            (&holds, Breaks, Pinned, NotAsExpected),
            (&broken, Breaks, Pinned, AsExpected),
            (&unsaid, Breaks, Pinned, Inconclusive),
            (&holds, Breaks, Varied, AsExpected),
        ] {
            assert_eq!(
                judge(verdict, expectation, standing),
                judgement,
                "{verdict:?} where {expectation:?}, {standing:?}"
            );
        }
    }
}
