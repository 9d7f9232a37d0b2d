//! Timelines of all visitors, within a bound of memory.
//!
//! A visitor has two: what was looked at, and what moved a cart or a wish list, so that a long stroll through the shop does
//! not push the cart out. An event with a shopper is the shopper's; another is the visitor's, and who that is says
//! [`super::Identity`] when it is asked. A step takes about 300 bytes; what all take together is counted and bounded.

use super::bounded::{Bounded, Weigh};
use super::cart::moves_cart;
use super::timeline::{Inserted, Step, Timeline};
use super::wish::moves_wishes;
use crate::event::ShopEvent;

/// How much is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VisitorsParams {
    /// Identifiers; those touched among the last half of this number are kept for certain.
    pub visitors: usize,
    /// Steps of each of a visitor's two timelines.
    pub steps: usize,
    /// Bytes of all steps; of who is who, a quarter of it more. Where that is less than visitors and steps would take, those
    /// touched among the last half of it are kept.
    pub bytes: usize,
}

impl Default for VisitorsParams {
    fn default() -> Self {
        Self { visitors: 200_000, steps: 100, bytes: 256 << 20 }
    }
}

/// What is known of one identifier.
#[derive(Clone, Debug, Default)]
pub(crate) struct Visitor {
    pub(crate) looks: Timeline,
    pub(crate) deals: Timeline,
    /// Whether the identifier is a shopper's.
    pub(crate) known: bool,
}

impl Weigh for Visitor {
    fn bytes(&self) -> usize {
        size_of::<Self>() + self.looks.bytes() + self.deals.bytes()
    }
}

/// All of them.
#[derive(Clone, Debug)]
pub struct Visitors {
    visitors: Bounded<String, Visitor>,
    params: VisitorsParams,
    late: u64,
}

impl Visitors {
    /// Nobody yet.
    pub fn new(params: VisitorsParams) -> Self {
        Self { visitors: Bounded::new(params.visitors, params.bytes), params, late: 0 }
    }

    /// The identifier whose steps an event is among.
    pub(crate) fn owner(event: &ShopEvent) -> Option<&str> {
        event.user.as_deref().or(event.anonymous.as_deref())
    }

    pub(crate) fn insert(&mut self, event: &ShopEvent, key: u128) {
        let Some(owner) = Self::owner(event) else { return };
        let limit = self.params.steps;
        let deals = moves_cart(event.deed) || moves_wishes(event.deed);
        let inserted = self.visitors.change(&owner.to_owned(), |visitor| {
            visitor.known |= event.user.is_some();
            let timeline = if deals { &mut visitor.deals } else { &mut visitor.looks };
            timeline.insert(Step::of(event, key), limit)
        });
        if inserted == Inserted::TooLate {
            self.late += 1;
        }
    }

    pub(crate) fn get(&self, id: &str) -> Option<&Visitor> {
        self.visitors.get(id)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&String, &Visitor)> {
        self.visitors.iter()
    }

    /// How many are kept.
    pub fn len(&self) -> usize {
        self.visitors.len()
    }

    /// Whether nobody is.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes that all of them take.
    pub fn bytes(&self) -> usize {
        self.visitors.bytes()
    }

    /// Steps that came after everything newer had filled their visitor's timeline.
    pub fn n_late(&self) -> u64 {
        self.late
    }

    /// Forgets one.
    pub fn forget(&mut self, id: &str) {
        self.visitors.remove(id);
    }
}
