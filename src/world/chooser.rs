//! What requests are about: how the values of domains are chosen.

use crate::business::Domain;
use crate::scenario::Choice;

/// Chooses a value of a domain.
#[derive(Clone, Debug)]
pub(super) enum Chooser {
    Uniform {
        size: u32,
    },
    /// The cumulative probabilities.
    Zipf(Vec<f64>),
    HotSet {
        size: u32,
        hot: u32,
        share: f64,
    },
}

impl Chooser {
    pub(super) fn new(choice: Choice, domain: &Domain) -> Self {
        let size = domain.size;
        match choice {
            Choice::Uniform => Chooser::Uniform { size },
            Choice::HotSet { hot, share } => Chooser::HotSet {
                size,
                hot,
                share: share.get(),
            },
            Choice::Zipf(theta) => {
                let mut sum = 0.0;
                let mut sums: Vec<f64> = (1..=size)
                    .map(|n| {
                        sum += 1.0 / libm::pow(f64::from(n), theta);
                        sum
                    })
                    .collect();
                for partial in &mut sums {
                    *partial /= sum;
                }
                Chooser::Zipf(sums)
            }
        }
    }

    /// The value for a number in `[0, 1)`.
    pub(super) fn choose(&self, unit: f64) -> u32 {
        let within = |unit: f64, size: u32| ((unit * f64::from(size)) as u32).min(size - 1);
        match self {
            Chooser::Uniform { size } => within(unit, *size),
            Chooser::HotSet { size, hot, share } => {
                if unit < *share {
                    within(unit / share, *hot)
                } else {
                    hot + within((unit - share) / (1.0 - share), size - hot)
                }
            }
            Chooser::Zipf(sums) => {
                let n = sums.partition_point(|sum| *sum <= unit);
                n.min(sums.len() - 1) as u32
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocab::Probability;

    fn domain(size: u32) -> Domain {
        Domain {
            name: "player".into(),
            size,
            names: Vec::new(),
        }
    }

    fn share(chooser: &Chooser, of: u32) -> f64 {
        let hits = (0..10_000)
            .filter(|n| chooser.choose(f64::from(*n) / 10_000.0) == of)
            .count();
        hits as f64 / 10_000.0
    }

    #[test]
    fn a_hot_set_gets_its_share() {
        let share_of_hot = Probability::new(0.6).expect("a probability");
        let chooser = Chooser::new(
            Choice::HotSet {
                hot: 2,
                share: share_of_hot,
            },
            &domain(10),
        );
        assert!((share(&chooser, 0) - 0.3).abs() < 0.01);
        assert!((share(&chooser, 9) - 0.05).abs() < 0.01);
    }

    #[test]
    fn zipf_gives_the_first_twice_as_much_as_the_second() {
        let chooser = Chooser::new(Choice::Zipf(1.0), &domain(100));
        let ratio = share(&chooser, 0) / share(&chooser, 1);
        assert!((ratio - 2.0).abs() < 0.05, "{ratio}");
    }
}
