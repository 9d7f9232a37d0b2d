//! What is known of one shopper, whole: the input of the reference evaluator.

use super::ast::{Deed, Measure, ProductBy, Term};
use super::field::Field;
use super::groups::Grouping;
use domain::{Amount, Day, ShopperId};
use std::collections::{BTreeMap, BTreeSet};

/// What a statement may ask beside the shopper's own facts.
#[derive(Clone, Copy)]
pub struct Around<'a> {
    /// Whether the shopper is in another segment.
    pub member: &'a dyn Fn(&str) -> bool,
    /// The groupings there are, by name.
    pub groupings: &'a BTreeMap<String, Grouping>,
}

static NO_GROUPINGS: BTreeMap<String, Grouping> = BTreeMap::new();

impl Around<'static> {
    /// No other segment and no grouping.
    pub const NOTHING: Self = Self { member: &|_| false, groupings: &NO_GROUPINGS };
}

impl<'a> Around<'a> {
    /// Other segments, no grouping.
    pub fn members(member: &'a dyn Fn(&str) -> bool) -> Self {
        Self { member, groupings: &NO_GROUPINGS }
    }
}

/// A value of a shopper.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A number.
    Number(f64),
    /// Words.
    Text(String),
    /// A day.
    Day(Day),
    /// Yes or no.
    Yes(bool),
}

/// An order with a sale.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderFact {
    /// Its day.
    pub day: Day,
    /// Its sales in the reporting currency.
    pub revenue: Amount,
    /// Units.
    pub units: u32,
    /// Whether something of it came back.
    pub returned: bool,
}

/// A product that was bought or viewed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProductFact {
    /// When.
    pub day: Day,
    /// The product.
    pub product: String,
    /// Its category path, parts joined by ` > `.
    pub category: Option<String>,
    /// Its brand.
    pub brand: Option<String>,
}

/// One shopper. A field that is absent is missing.
#[derive(Clone, Debug, PartialEq)]
pub struct ShopperFacts {
    /// Who.
    pub shopper: ShopperId,
    /// Plain fields, but for those that follow from the orders.
    pub fields: BTreeMap<Field, Value>,
    /// Orders, in any order.
    pub orders: Vec<OrderFact>,
    /// Products bought.
    pub bought: Vec<ProductFact>,
    /// Products viewed.
    pub viewed: Vec<ProductFact>,
    /// Words searched for.
    pub searched: Vec<(Day, String)>,
    /// The day on which a cart that stands abandoned was touched last.
    pub abandoned: Option<Day>,
    /// Tags by their keys.
    pub tags: BTreeSet<String>,
    /// Interest in categories, small letters; `None` where nothing is known of it.
    pub interests: Option<BTreeMap<String, f64>>,
    /// Values that goods and words speak for, small letters; `None` where nothing is known of them.
    pub values: Option<BTreeMap<String, f64>>,
}

/// Days that a window sees: from the first of `days` before the cutoff (all without a window) to the
/// day before the cutoff.
pub(super) fn in_window(day: Day, window: Option<u32>, as_of: Day) -> bool {
    // A window is at most a century, which `i32` holds.
    day < as_of && window.is_none_or(|days| day >= as_of.plus(-(days as i32)))
}

impl ShopperFacts {
    /// A shopper of whom nothing else is known.
    pub fn new(shopper: impl Into<ShopperId>) -> Self {
        Self {
            shopper: shopper.into(),
            fields: BTreeMap::new(),
            orders: Vec::new(),
            bought: Vec::new(),
            viewed: Vec::new(),
            searched: Vec::new(),
            abandoned: None,
            tags: BTreeSet::new(),
            interests: None,
            values: None,
        }
    }

    /// The value of a term before `as_of`, the first day that is not seen; `None` where it is missing.
    pub fn value(&self, term: &Term, as_of: Day, around: Around<'_>) -> Option<Value> {
        match term {
            Term::Field(field) => self.field(*field, as_of),
            Term::Measure(measure, window) => self.measure(*measure, *window, as_of).map(Value::Number),
            Term::Product(deed, by, name, window) => {
                let rows = match deed {
                    Deed::Bought => &self.bought,
                    Deed::Viewed => &self.viewed,
                };
                let hit = |p: &ProductFact| in_window(p.day, *window, as_of) && p.is(*by, name);
                Some(Value::Yes(rows.iter().any(hit)))
            }
            Term::Searched(words, window) => {
                let words = words.to_lowercase();
                let hit = |(day, query): &(Day, String)| {
                    in_window(*day, *window, as_of) && query.to_lowercase().contains(&words)
                };
                Some(Value::Yes(self.searched.iter().any(hit)))
            }
            Term::CartAbandoned(window) => {
                let hit = |day: Day| window.is_none_or(|days| day >= as_of.plus(-(days as i32)));
                Some(Value::Yes(self.abandoned.is_some_and(hit)))
            }
            Term::Tag(name) => Some(Value::Yes(self.tags.contains(name))),
            Term::Segment(name) => Some(Value::Yes((around.member)(name))),
            Term::Interest(name) => {
                let interests = self.interests.as_ref()?;
                Some(Value::Number(interests.get(name).copied().unwrap_or(0.0)))
            }
            Term::Value(name) => {
                let values = self.values.as_ref()?;
                Some(Value::Number(values.get(name).copied().unwrap_or(0.0)))
            }
            Term::Group(name) => {
                let group = around.groupings.get(name)?.group_of(|term| self.number(term, as_of))?;
                Some(Value::Number(group as f64))
            }
        }
    }

    /// The value of a term that is a number and asks for neither segments nor groups.
    pub(super) fn number(&self, term: &Term, as_of: Day) -> Option<f64> {
        match self.value(term, as_of, Around::NOTHING)? {
            Value::Number(number) => Some(number),
            Value::Text(_) | Value::Day(_) | Value::Yes(_) => None,
        }
    }

    fn seen(&self, window: Option<u32>, as_of: Day) -> impl Iterator<Item = &OrderFact> {
        self.orders.iter().filter(move |o| in_window(o.day, window, as_of))
    }

    fn measure(&self, measure: Measure, window: Option<u32>, as_of: Day) -> Option<f64> {
        let seen = || self.seen(window, as_of);
        let count = seen().count() as f64;
        let revenue = || seen().map(|o| o.revenue).sum::<Amount>().to_f64();
        let units = || seen().map(|o| f64::from(o.units)).sum::<f64>();
        let returned = || seen().filter(|o| o.returned).count() as f64;
        let each = |sum: f64| (count > 0.0).then_some(sum / count);
        match measure {
            Measure::OrdersCount => Some(count),
            Measure::OrdersRevenue => Some(revenue()),
            Measure::OrdersUnits => Some(units()),
            Measure::ReturnsCount => Some(returned()),
            Measure::OrdersAverage => each(revenue()),
            Measure::OrdersBasket => each(units()),
            Measure::ReturnsShare => each(returned()),
        }
    }

    fn field(&self, field: Field, as_of: Day) -> Option<Value> {
        let days = || self.seen(None, as_of).map(|o| o.day);
        let since = |day: Day| Value::Number(f64::from(as_of.since(day)));
        match field {
            Field::FirstOrder => days().min().map(Value::Day),
            Field::LastOrder => days().max().map(Value::Day),
            Field::DaysSinceFirstOrder => days().min().map(since),
            Field::DaysSinceLastOrder => days().max().map(since),
            Field::ReturnedLast => {
                let last = days().max()?;
                Some(Value::Yes(self.seen(None, as_of).any(|o| o.day == last && o.returned)))
            }
            Field::BasketSize => self.measure(Measure::OrdersBasket, None, as_of).map(Value::Number),
            _ => self.fields.get(&field).cloned(),
        }
    }
}

impl ProductFact {
    /// Whether it is what a segment names: one part of the category path, the brand or the product,
    /// without regard to capitals.
    pub fn is(&self, by: ProductBy, name: &str) -> bool {
        let name = name.to_lowercase();
        match by {
            ProductBy::Product => self.product.to_lowercase() == name,
            ProductBy::Brand => self.brand.as_ref().is_some_and(|b| b.to_lowercase() == name),
            ProductBy::Category => self
                .category
                .as_ref()
                .is_some_and(|path| format!(" > {} > ", path.to_lowercase()).contains(&format!(" > {name} > "))),
        }
    }
}
