use std::fmt;

/// What theory says of a number, and how closely a simulation must meet it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Claim {
    /// It is this, but for rounding.
    Equal(f64),
    /// It is about this: it may differ by a share of it.
    Within {
        /// The number.
        of: f64,
        /// The share.
        share: f64,
    },
    /// It is about this: it may differ by so much. For exponents.
    Near {
        /// The number.
        of: f64,
        /// By how much it may differ.
        by: f64,
    },
    /// It is between these: where sources differ, or give no more than a range.
    Between {
        /// The least.
        from: f64,
        /// The greatest.
        to: f64,
    },
}

/// By how much a simulation differs from theory.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Difference {
    /// By a share of what theory says.
    Share(f64),
    /// By so much.
    Absolute(f64),
}

/// Sums of whole microseconds, divided: nothing is rounded but the last bits.
const ROUNDING: f64 = 1e-9;

impl Claim {
    /// Whether this number is what theory says.
    pub fn holds(self, number: f64) -> bool {
        match self {
            Claim::Equal(of) => (number / of - 1.0).abs() <= ROUNDING,
            Claim::Within { of, share } => (number / of - 1.0).abs() <= share + ROUNDING,
            Claim::Near { of, by } => (number - of).abs() <= by,
            Claim::Between { from, to } => (from..=to).contains(&number),
        }
    }

    /// By how much this number differs; from a range nothing can.
    pub fn difference(self, number: f64) -> Option<Difference> {
        match self {
            Claim::Equal(of) | Claim::Within { of, .. } => {
                Some(Difference::Share(number / of - 1.0))
            }
            Claim::Near { of, .. } => Some(Difference::Absolute(number - of)),
            Claim::Between { .. } => None,
        }
    }
}

/// What theory says, without the bound.
impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Claim::Equal(of) | Claim::Within { of, .. } | Claim::Near { of, .. } => {
                write!(f, "{of:.4}")
            }
            Claim::Between { from, to } => write!(f, "{from} to {to}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_outside_its_bound_does_not_hold() {
        for (claim, inside, outside) in [
            (Claim::Equal(3.0), 3.0 + 1e-12, 3.000_001),
            (
                Claim::Within {
                    of: 200.0,
                    share: 0.02,
                },
                196.1,
                195.9,
            ),
            (Claim::Near { of: -2.0, by: 0.3 }, -2.29, -2.31),
            (Claim::Between { from: 1.3, to: 2.2 }, 1.3, 1.29),
            (Claim::Between { from: 1.3, to: 2.2 }, 2.2, 2.21),
        ] {
            assert!(claim.holds(inside), "{claim:?}");
            assert!(!claim.holds(outside), "{claim:?}");
            assert!(!claim.holds(f64::NAN), "{claim:?}");
        }
    }

    #[test]
    fn a_claim_is_told_in_words() {
        assert_eq!(Claim::Equal(4.5).to_string(), "4.5000");
        assert_eq!(
            Claim::Between { from: 1.3, to: 2.2 }.to_string(),
            "1.3 to 2.2"
        );
    }
}
