//! Faults drawn from the seed.

use crate::fault::Seeded;
use crate::scenario::diagnostics::Problem;
use crate::scenario::file::SeededFile;
use crate::scenario::names;
use crate::vocab::{Probability, SimDuration, SimTime};

use super::Lowering;

const MOST_SEEDED: u64 = 10_000;
const SHORTEST: SimDuration = SimDuration::from_millis(20);
const LONGEST: SimDuration = SimDuration::from_millis(200);
const RATE: f64 = 0.3;

impl Lowering<'_> {
    pub(super) fn seeded(&mut self) -> Option<Seeded> {
        let says = self.file.seeded.as_ref()?.says.as_ref()?;
        let kinds = self.seeded_kinds(says);
        let from = says
            .from
            .as_ref()
            .map_or(SimTime::ZERO, |t| SimTime::ZERO + t.get_ref().0);
        let until = SimTime::ZERO + says.until.get_ref().0;
        if from > until {
            self.problems.push(
                Problem::at(
                    says.until.span(),
                    "the latest beginning is before the earliest",
                )
                .label("`until` must not be less than `from`"),
            );
        }
        let shortest = self.positive(says.shortest.as_ref(), "shortest", SHORTEST);
        let unsaid = LONGEST.max(shortest);
        let longest = self.positive(says.longest.as_ref(), "longest", unsaid);
        if let Some(said) = &says.longest
            && shortest > longest
        {
            self.problems.push(
                Problem::at(said.span(), "`longest` is less than `shortest`").label(format!(
                    "`shortest` is {}",
                    shortest.to_string().replace(' ', "")
                )),
            );
        }
        let rate = match &says.rate {
            Some(rate) => rate.get_ref().0,
            None => Probability::new(RATE)?,
        };
        Some(Seeded {
            count: self.within(Some(&says.count), "count", 0, MOST_SEEDED, 0),
            kinds,
            from,
            until,
            shortest,
            longest,
            rate,
        })
    }

    fn seeded_kinds(&mut self, says: &SeededFile) -> Vec<&'static str> {
        let Some(kinds) = &says.kinds else {
            return Seeded::KINDS.to_vec();
        };
        if kinds.get_ref().is_empty() {
            self.problems.push(
                Problem::at(kinds.span(), "no kind of fault to draw from").help(format!(
                    "leave `kinds` out for all of them: {}",
                    names::list(Seeded::KINDS)
                )),
            );
        }
        let what = ("kind of fault", "kinds of fault");
        kinds
            .get_ref()
            .iter()
            .filter_map(|kind| names::find(self.problems, kind, what, &Seeded::KINDS))
            .map(|n| Seeded::KINDS[n])
            .collect()
    }
}
