//! Timelines of all visitors, within a bound of memory.
//!
//! A visitor has two: what was looked at, and what moved a cart or a wish list, so that a long stroll through the shop does
//! not push the cart out. An event with a shopper is the shopper's; another is the visitor's, and who that is says
//! [`super::Identity`] when it is asked. A step takes about 300 bytes.

use super::bounded::Bounded;
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
}

impl Default for VisitorsParams {
    fn default() -> Self {
        Self { visitors: 200_000, steps: 100 }
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
        Self { visitors: Bounded::new(params.visitors), params, late: 0 }
    }

    /// The identifier whose steps an event is among.
    pub(crate) fn owner(event: &ShopEvent) -> Option<&str> {
        event.user.as_deref().or(event.anonymous.as_deref())
    }

    pub(crate) fn insert(&mut self, event: &ShopEvent, key: u128) {
        let Some(owner) = Self::owner(event) else { return };
        let limit = self.params.steps;
        let visitor = self.visitors.touch(&owner.to_owned());
        visitor.known |= event.user.is_some();
        let deals = moves_cart(event.deed) || moves_wishes(event.deed);
        let timeline = if deals { &mut visitor.deals } else { &mut visitor.looks };
        if timeline.insert(Step::of(event, key), limit) == Inserted::TooLate {
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

    /// Steps that came after everything newer had filled their visitor's timeline.
    pub fn n_late(&self) -> u64 {
        self.late
    }

    /// Forgets one.
    pub fn forget(&mut self, id: &str) {
        self.visitors.remove(id);
    }
}
