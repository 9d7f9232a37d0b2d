//! What a set of rules asks for, each thing once: two rules that count the orders of the same window
//! share one sum.

use super::ast::{Deed, Measure, ProductBy, Term};
use super::field::Field;

/// A sum over a shopper's orders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Aggregate {
    Count(Option<u32>),
    Revenue(Option<u32>),
    Units(Option<u32>),
    Returned(Option<u32>),
    FirstDay,
    LastDay,
    LastReturned,
}

impl Aggregate {
    /// Whether it sees only orders of which something came back.
    pub(super) fn of_returns(&self) -> bool {
        matches!(self, Self::Returned(_) | Self::LastReturned)
    }

    /// Its window; `None` where it sees all days.
    pub(super) fn window(&self) -> Option<u32> {
        match self {
            Self::Count(w) | Self::Revenue(w) | Self::Units(w) | Self::Returned(w) => *w,
            Self::FirstDay | Self::LastDay | Self::LastReturned => None,
        }
    }
}

/// Everything asked for, in the order in which it is met.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Needs {
    pub(super) sums: Vec<Aggregate>,
    /// Conditions on products.
    pub(super) goods: Vec<(ProductBy, String)>,
    /// A deed, its condition as a position in `goods`, its window.
    pub(super) deeds: Vec<(Deed, usize, Option<u32>)>,
    pub(super) searches: Vec<(String, Option<u32>)>,
    /// Windows of abandoned carts.
    pub(super) carts: Vec<Option<u32>>,
    pub(super) tags: Vec<String>,
    pub(super) interests: Vec<String>,
    pub(super) values: Vec<String>,
    /// Fields with a column of their own.
    pub(super) fields: Vec<Field>,
}

/// Position of `value`, put at the end where it is new.
fn once<T: PartialEq>(list: &mut Vec<T>, value: T) -> usize {
    match list.iter().position(|v| *v == value) {
        Some(at) => at,
        None => {
            list.push(value);
            list.len() - 1
        }
    }
}

impl Needs {
    /// Adds what a term needs.
    pub(super) fn term(&mut self, term: &Term) {
        let mut sums = |wanted: Vec<Aggregate>| {
            for sum in wanted {
                once(&mut self.sums, sum);
            }
        };
        match term {
            Term::Measure(measure, w) => sums(match measure {
                Measure::OrdersCount => vec![Aggregate::Count(*w)],
                Measure::OrdersRevenue => vec![Aggregate::Revenue(*w)],
                Measure::OrdersUnits => vec![Aggregate::Units(*w)],
                Measure::ReturnsCount => vec![Aggregate::Returned(*w)],
                Measure::OrdersAverage => vec![Aggregate::Revenue(*w), Aggregate::Count(*w)],
                Measure::OrdersBasket => vec![Aggregate::Units(*w), Aggregate::Count(*w)],
                Measure::ReturnsShare => vec![Aggregate::Returned(*w), Aggregate::Count(*w)],
            }),
            Term::Field(Field::FirstOrder | Field::DaysSinceFirstOrder) => sums(vec![Aggregate::FirstDay]),
            Term::Field(Field::LastOrder | Field::DaysSinceLastOrder) => sums(vec![Aggregate::LastDay]),
            Term::Field(Field::ReturnedLast) => sums(vec![Aggregate::LastDay, Aggregate::LastReturned]),
            Term::Field(Field::BasketSize) => sums(vec![Aggregate::Units(None), Aggregate::Count(None)]),
            Term::Field(field) => {
                once(&mut self.fields, *field);
            }
            Term::Product(deed, by, name, window) => {
                let goods = once(&mut self.goods, (*by, name.to_lowercase()));
                once(&mut self.deeds, (*deed, goods, *window));
            }
            Term::Searched(words, window) => {
                once(&mut self.searches, (words.to_lowercase(), *window));
            }
            Term::CartAbandoned(window) => {
                once(&mut self.carts, *window);
            }
            Term::Tag(tag) => {
                once(&mut self.tags, tag.clone());
            }
            Term::Interest(name) => {
                once(&mut self.interests, name.clone());
            }
            Term::Value(name) => {
                once(&mut self.values, name.clone());
            }
            // Its measures are asked for by themselves.
            Term::Segment(_) | Term::Group(_) => {}
        }
    }

    /// Position of a sum that was asked for.
    pub(super) fn at(&self, sum: &Aggregate) -> usize {
        self.sums.iter().position(|s| s == sum).expect("every term was asked for before it is written")
    }

    /// Position of a deed that was asked for.
    pub(super) fn deed_at(&self, deed: Deed, by: ProductBy, name: &str, window: Option<u32>) -> usize {
        let goods = self.goods.iter().position(|g| *g == (by, name.to_lowercase()));
        let at = goods.and_then(|goods| self.deeds.iter().position(|d| *d == (deed, goods, window)));
        at.expect("every term was asked for before it is written")
    }

    /// Position of a search that was asked for.
    pub(super) fn search_at(&self, words: &str, window: Option<u32>) -> usize {
        let at = self.searches.iter().position(|s| *s == (words.to_lowercase(), window));
        at.expect("every term was asked for before it is written")
    }
}
