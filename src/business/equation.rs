//! A promise in the scenario's own words, as an equation per key.
//!
//! `taken(points) - given_back(points) = 50 * granted(characters)`, per
//! `player`: over the effects of finished transactions both sides are equal for
//! every player. Transactions in flight are left out at every instant (that is
//! the equation's *in flight* term), and at rest there are none.

use super::ResourceId;

/// An equation that must hold for every value of one domain.
#[derive(Clone, Debug, PartialEq)]
pub struct Equation {
    /// The promise in words: `no points lost without an entitlement`.
    pub name: String,
    /// The domain whose values it is judged for, each alone; a position in
    /// [`Business::domains`](super::Business::domains).
    pub per: u8,
    /// The equation as the file says it.
    pub text: String,
    /// The left side, as a sum.
    pub left: Vec<Term>,
    /// The right side, as a sum.
    pub right: Vec<Term>,
}

/// A number, or a number times a measure of a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Term {
    /// What it is multiplied with; negative if it is subtracted.
    pub factor: i64,
    /// What is measured.
    pub measure: Measure,
}

/// What an equation can count, over business effects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Amounts taken from a counter by steps.
    Taken(ResourceId),
    /// Amounts given to a counter by steps.
    Given(ResourceId),
    /// Amounts given back to (less: taken back from) a counter by compensations.
    GivenBack(ResourceId),
    /// Entitlements granted by steps less those that compensations took back.
    Granted(ResourceId),
    /// Amounts of transactions that are still in flight, of this counter: what
    /// they have taken and not given back. Zero at rest.
    InFlight(ResourceId),
}
