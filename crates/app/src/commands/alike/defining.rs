//! Which of the traits that shoppers are compared by a segment's own rule already asks for.
//!
//! Whoever is like the members in what makes them members is one, or nearly: a list of "most like them in: orders" says
//! nothing of a segment of those with three orders or more, and its check on hidden members is won before it begins. So
//! these traits are left out, through segments that the rule refers to as well.

use super::Trait;
use audience::segments::ast::{Measure, ProductBy, Term};
use audience::segments::{Field, SegmentBook};
use std::collections::BTreeSet;

/// The traits that the rule of a segment asks for.
pub(super) fn defining(book: &SegmentBook, name: &str) -> BTreeSet<Trait> {
    let mut found = BTreeSet::new();
    let mut open = vec![name.to_owned()];
    let mut seen: BTreeSet<String> = BTreeSet::new();
    while let Some(name) = open.pop() {
        let Some(entry) = book.get(&name).filter(|_| seen.insert(name.clone())) else { continue };
        for test in entry.rule().tests() {
            match test.term() {
                Term::Group(grouping) => {
                    let measures = book.grouping(grouping).into_iter().flat_map(|g| &g.measures);
                    found.extend(measures.flat_map(|m| of_term(&m.term)));
                }
                term => found.extend(of_term(term)),
            }
            if let Term::Segment(other) = test.term() {
                open.push(other.clone());
            }
        }
    }
    found
}

fn of_term(term: &Term) -> Vec<Trait> {
    match term {
        Term::Field(field) => of_field(*field).to_vec(),
        Term::Measure(measure, window) => {
            let mut of: Vec<Trait> = match measure {
                Measure::OrdersCount | Measure::OrdersUnits => vec![Trait::Orders],
                Measure::OrdersRevenue => vec![Trait::Revenue],
                Measure::OrdersAverage => vec![Trait::Orders, Trait::Revenue],
                Measure::OrdersBasket => Vec::new(),
                Measure::ReturnsCount | Measure::ReturnsShare => vec![Trait::CameBack],
            };
            // To have done something within some days is to have been here within them.
            of.extend(window.map(|_| Trait::LastOrder));
            of
        }
        Term::Product(_, ProductBy::Brand, ..) => vec![Trait::Brand],
        // Tags follow from first, second and last order.
        Term::Tag(_) => vec![Trait::LastOrder, Trait::FirstOrder, Trait::Orders],
        Term::Product(_, ProductBy::Category | ProductBy::Product, ..)
        | Term::Searched(..)
        | Term::CartAbandoned(_)
        | Term::Segment(_)
        | Term::Group(_)
        | Term::Value(_)
        | Term::Interest(_) => Vec::new(),
    }
}

const fn of_field(field: Field) -> &'static [Trait] {
    match field {
        Field::Market | Field::Region | Field::City | Field::Language => &[Trait::Market],
        Field::Channel | Field::ChannelShare => &[Trait::Channel],
        Field::Brand | Field::BrandShare => &[Trait::Brand],
        Field::FirstOrder | Field::DaysSinceFirstOrder => &[Trait::FirstOrder],
        Field::LastOrder | Field::DaysSinceLastOrder | Field::R => &[Trait::LastOrder],
        Field::ReturnedLast => &[Trait::CameBack],
        Field::F => &[Trait::Orders],
        Field::M => &[Trait::Revenue],
        Field::Rfm | Field::PAlive | Field::ChurnRisk => &[Trait::LastOrder, Trait::Orders],
        Field::Cluster | Field::ExpectedValue => &[Trait::LastOrder, Trait::Orders, Trait::Revenue],
        Field::AcceptsMarketing
        | Field::Age
        | Field::Sex
        | Field::Education
        | Field::Job
        | Field::Income
        | Field::FavouriteHour
        | Field::FavouriteWeekday
        | Field::BasketSize
        | Field::PriceSensitivity => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use audience::segments::Definition;

    #[test]
    fn what_a_rule_asks_for_is_left_out_also_where_another_segment_asks_for_it() {
        let book = SegmentBook::read(&[
            Definition::new("often", "orders.count >= 3"),
            Definition::new("often abroad", "segment(\"often\") and market != CN"),
            Definition::new("lately", "orders.revenue(90d) >= 10 and bought(brand \"Kawana\")"),
            Definition::new("open", "age >= 30 and bought(category \"Coffee\")"),
        ])
        .unwrap();
        let of = |name: &str| defining(&book, name).into_iter().collect::<Vec<_>>();
        assert_eq!(of("often"), [Trait::Orders]);
        assert_eq!(of("often abroad"), [Trait::Orders, Trait::Market]);
        assert_eq!(of("lately"), [Trait::LastOrder, Trait::Revenue, Trait::Brand]);
        assert!(of("open").is_empty() && of("nobody").is_empty());
    }
}
