//! Every fault at every point: how far was looked, what was claimed by it, and
//! what was found.

mod claim;
mod findings;
pub mod json;
mod tables;

use super::page::Page;
use super::style::{QUIET, TITLE, paint};
use super::text::judged;
use super::words::{counted, list};
use super::{Invocation, Judgement};
use crate::fault::Fault;
use crate::lab::exhaust::{Depth, Exhausted, Finding, Side, Surprise};
use crate::protocol::ProtocolKind;
use crate::scenario::{Scenario, faults_setting};

/// An enumeration, and how it was asked for: all that its report is made of.
#[derive(Clone, Copy, Debug)]
pub struct Exhaustion<'a> {
    /// What was run.
    pub scenario: &'a Scenario,
    /// How it was asked for. The seed is that of the first run.
    pub invocation: &'a Invocation,
    /// How many faults at a time.
    pub depth: Depth,
    /// What came of it.
    pub outcome: &'a Exhausted,
}

impl Exhaustion<'_> {
    /// What the whole of it comes to.
    pub fn judgement(&self) -> Judgement {
        let sides = self.outcome.sides.iter();
        let findings = sides.flat_map(|side| &side.findings);
        let each = findings.map(|finding| match finding.surprise {
            Surprise::Broken(_) | Surprise::Panicked => Judgement::NotAsExpected,
            Surprise::Unsaid(_) => Judgement::Inconclusive,
        });
        let whole = match self.outcome.stopped {
            true => Judgement::Inconclusive,
            false => Judgement::AsExpected,
        };
        each.chain([whole]).max().unwrap_or(whole)
    }

    /// The first panic of a run, and the line that shows it again: a bug.
    pub fn panic(&self) -> Option<(&str, String)> {
        let all = self.outcome.sides.iter();
        let mut all = all.flat_map(|side| side.findings.iter().map(move |f| (side.protocol, f)));
        let (protocol, finding) = all.find(|(_, f)| f.surprise == Surprise::Panicked)?;
        Some((&finding.what, self.line(protocol, finding)))
    }

    /// The command that shows a finding again.
    pub fn line(&self, protocol: ProtocolKind, finding: &Finding) -> String {
        let mut again = self.invocation.clone();
        again.seed = finding.seed;
        again.sets.push("seeded-faults=none".to_owned());
        let faults: Vec<Fault> = finding.plan.iter().map(|p| p.fault.clone()).collect();
        again.sets.push(faults_setting(self.scenario, &faults));
        again.line(protocol)
    }
}

/// An enumeration as text: what was asked, how far was looked, the claim, every
/// finding with a line to paste, and what it all comes to.
pub fn screen(of: &Exhaustion<'_>, page: Page) -> String {
    let mut text = heading(of);
    for (protocol, why) in &of.outcome.unable {
        text.push_str(&page.paragraph(&format!("{protocol} cannot run here: {why}."), "", ""));
    }
    text.push('\n');
    text.push_str(&tables::tables(of, page));
    text.push_str(&claim::claim(of, page));
    text.push_str(&findings::findings(of, page));
    text.push('\n');
    text.push_str(&judged(of.judgement(), "", &conclusion(of), page));
    text
}

fn heading(of: &Exhaustion<'_>) -> String {
    let transactions = u64::from(of.scenario.workload.transactions);
    let mut set = vec![
        seeds(of),
        counted(transactions, "transaction", "transactions"),
    ];
    let without = &of.invocation.without;
    if !without.is_empty() {
        let without = list(without.iter().map(|safeguard| safeguard.name()));
        set.push(format!("without {without}"));
    }
    format!(
        "{}  {}\n",
        paint(TITLE, &of.scenario.name),
        paint(QUIET, &set.join(", "))
    )
}

fn seeds(of: &Exhaustion<'_>) -> String {
    match &of.outcome.seeds[..] {
        [one] => format!("seed {one}"),
        [first, .., last] => format!("seeds {first} to {last}"),
        [] => "no seed".to_owned(),
    }
}

fn conclusion(of: &Exhaustion<'_>) -> String {
    let found = |side: &&Side| {
        let mut findings = side.findings.iter();
        findings.any(|finding| !matches!(finding.surprise, Surprise::Unsaid(_)))
    };
    let protocols = |which: &dyn Fn(&&Side) -> bool| {
        let sides = of.outcome.sides.iter().filter(|side| which(side));
        list(sides.map(|side| side.protocol.name()))
    };
    match of.judgement() {
        Judgement::AsExpected => {
            "As the scenario expects: none of them broke a promise.".to_owned()
        }
        Judgement::Inconclusive if of.outcome.sides.iter().all(|s| s.findings.is_empty()) => {
            "Inconclusive: it was stopped before its end; none of those tried broke a promise."
                .to_owned()
        }
        Judgement::Inconclusive => format!(
            "Inconclusive: some runs of {} do not say whether a promise held.",
            protocols(&|side| !side.findings.is_empty())
        ),
        Judgement::NotAsExpected => {
            format!(
                "Not as the scenario expects: {}.",
                protocols(&|side| found(side))
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::business::PromiseId;
    use crate::fault::{FaultKind, Moment};
    use crate::history::{Point, PointKind};
    use crate::lab::exhaust::{ExhaustOptions, Planned, Pruning, exhaust};
    use crate::protocol::Safeguards;
    use crate::report::fixture;
    use crate::vocab::{NodeId, Seed, SimDuration, SimTime};

    fn finding(surprise: Surprise, how: &str, what: &str) -> Finding {
        let fault = Fault {
            kind: FaultKind::PowerLoss(NodeId(0)),
            when: Moment::Point(95),
            lasts: SimDuration::from_micros(19_999),
        };
        let point = Point {
            number: 95,
            at: SimTime::from_micros(6_300),
            node: NodeId(0),
            kind: PointKind::Send,
        };
        Finding {
            surprise,
            how: how.to_owned(),
            runs: 12,
            seed: Seed(7),
            plan: vec![Planned { fault, point }],
            what: what.to_owned(),
        }
    }

    #[test]
    fn an_enumeration_says_how_far_it_looked_what_it_claims_and_what_it_found() {
        let scenario = Arc::new(fixture::scenario());
        let options = ExhaustOptions {
            depth: Depth::Single,
            seeds: vec![Seed(7)],
            protocols: vec![ProtocolKind::TwoPhaseCommit],
            safeguards: Safeguards::all(),
            pruning: Pruning::On,
            kinds: vec!["power-loss", "loss"],
            jobs: std::num::NonZeroUsize::MIN,
        };
        let mut small = (*scenario).clone();
        small.workload.limit(1);
        let mut outcome = exhaust(&small, &options, &());
        outcome.sides[0].findings = vec![
            finding(
                Surprise::Broken(PromiseId::Agreement),
                "two outcomes",
                "points committed its branch of c0.0#1.0, but characters rolled its own back",
            ),
            finding(
                Surprise::Unsaid(PromiseId::Floors),
                "it was stopped",
                "it was stopped",
            ),
            finding(
                Surprise::Panicked,
                "a vote is taken back",
                "a vote is taken back",
            ),
        ];
        let of = Exhaustion {
            scenario: &small,
            invocation: &fixture::invocation(),
            depth: Depth::Single,
            outcome: &outcome,
        };
        assert_eq!(of.judgement(), Judgement::NotAsExpected);
        let (invariant, again) = of.panic().expect("there is one");
        assert_eq!(invariant, "a vote is taken back");
        assert!(again.contains("point = 95"), "{again}");
        let text = anstream::adapter::strip_str(&screen(&of, Page::NARROW)).to_string();
        for said in [
            "points-mall  seed 7, 1 transaction\n",
            "\nSingle faults\n  manager: loss ",
            "\n2pc breaks agreement: two outcomes, in 12 runs\n  first  points committed",
            "at point 95 (6.300 ms, before a send at manager), the machine of",
            "\n2pc does not say of floors, in 12 runs\n",
            "\n2pc panics, a bug, in 12 runs\n",
            "point = 95, lasts = \"19.999ms\" }]'\n",
            "\nNot as the scenario expects: 2pc.\n",
        ] {
            assert!(text.contains(said), "{said}\n{text}");
        }
        let lines = text.lines().filter(|line| !line.contains("cargo run"));
        let widest = lines.map(textwrap::core::display_width).max();
        assert!(widest <= Some(80), "{text}");
    }
}
