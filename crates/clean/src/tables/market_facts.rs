//! clean.market_facts: economic figures, tax rates and rules of a country, with the days on which each was
//! the one to go by. A join on `valid_from <= day and (valid_to is null or day < valid_to)` therefore
//! never looks ahead: a figure about last year counts from the day of its publication.

use super::{At, Origin, Placed, Sweep, TableOut};
use crate::columns::{Reader, batch, clean_table, day_array, float_array, must_ints, must_texts, text_array};
use crate::rejects::Finding;
use crate::rules::text::normalize;
use crate::rules::{Rule, missing_key};
use crate::survey::Surveyed;
use crate::{CleanError, CleanParams};
use arrow_array::RecordBatch;
use domain::{Day, Market};
use std::collections::BTreeMap;

struct Row {
    at: At,
    value: Option<f64>,
    text: Option<String>,
    unit: Option<String>,
}

impl Placed for Row {
    fn at(&self) -> &At {
        &self.at
    }
}

/// Market and fact, then first day that it is about and day on which it became known.
type Key = (String, String, Day, Day);

/// Cleans raw.market_facts. A fact may be about days to come, but nobody knows it before today; one
/// without `known_on` was known on its first day. A fact of no known country is put aside: nothing could
/// be joined to it.
///
/// # Errors
/// [`CleanError`] for batches of another layout.
pub fn market_facts(
    batches: &[RecordBatch],
    surveyed: &Surveyed,
    params: &CleanParams,
) -> Result<TableOut, CleanError> {
    let mut sweep = Sweep::new("market_facts", surveyed, params);
    let mut kept: BTreeMap<Key, Row> = BTreeMap::new();
    for raw in batches {
        let r = Reader::new("market_facts", raw);
        let origin = Origin::new(r)?;
        let (day, known_on, market) = (r.days("day")?, r.days("known_on")?, r.text("market")?);
        let (fact, value) = (r.text("fact")?, r.floats("value")?);
        let (text, unit) = (r.text("text")?, r.text("unit")?);
        for row in 0..raw.num_rows() {
            let at =
                sweep.row(&origin, row, &[Rule::MissingValue, Rule::FutureDate, Rule::Country, Rule::RecordRepeat]);
            let Some(day) = day.get(row).map(Day) else {
                sweep.reject(missing_key::missing("day", "the first day that the fact is about"));
                continue;
            };
            // What is stated about the future, such as a tax rate from next year on, is known already.
            let known = known_on.get(row).map_or(day.min(params.as_of), Day);
            let Some(known) = sweep.past(known, "known_on") else { continue };
            let fact = fact.get(row).map(|f| normalize(f).to_lowercase()).filter(|f| !f.is_empty());
            let Some(fact) = fact else {
                sweep.reject(missing_key::missing("fact", "the name of a fact, such as vat_rate"));
                continue;
            };
            let country = market.get(row);
            let market = sweep.market(country);
            if market == Market::UNKNOWN {
                sweep.reject(Finding {
                    rule: Rule::MissingValue,
                    column: "market",
                    value: country.map(str::to_owned),
                    expected: "a country by name or ISO 3166 code".to_owned(),
                });
                continue;
            }
            let words = |t: Option<&str>| t.map(|t| normalize(t).into_owned()).filter(|t| !t.is_empty());
            let (value, text) = (value.get(row).filter(|v| v.is_finite()), words(text.get(row)));
            if value.is_none() && text.is_none() {
                sweep.reject(missing_key::missing("value", "a number in `value` or words in `text`"));
                continue;
            }
            let name = format!("{} {fact} of {day}, known on {known}", market.code());
            let key = (market.code().to_owned(), fact, day, known);
            sweep.keep_later(&mut kept, key, &name, Row { at, value, text, unit: words(unit.get(row)) });
        }
    }
    let valid = validity(kept.keys());
    let table = batch(
        clean_table("market_facts"),
        vec![
            must_texts(kept.keys().map(|k| &k.0)),
            must_texts(kept.keys().map(|k| &k.1)),
            day_array(kept.keys().map(|k| Some(k.2.0))),
            day_array(kept.keys().map(|k| Some(k.3.0))),
            day_array(valid.iter().map(|v| Some(v.0.0))),
            day_array(valid.iter().map(|v| v.1.map(|to| to.0))),
            float_array(kept.values().map(|r| r.value)),
            text_array(kept.values().map(|r| r.text.as_ref())),
            text_array(kept.values().map(|r| r.unit.as_ref())),
            must_texts(kept.values().map(|r| &r.at.source)),
            must_ints(kept.values().map(|r| r.at.line)),
        ],
    );
    Ok(sweep.finish(table))
}

/// For keys in order: the days from and before which each is the one to go by. On any day that is, of the facts
/// true and known by then, the one about the latest days, and of several versions of it the last published.
fn validity<'a>(keys: impl Iterator<Item = &'a Key>) -> Vec<(Day, Option<Day>)> {
    let keys: Vec<&Key> = keys.collect();
    let mut valid: Vec<(Day, Option<Day>)> = keys.iter().map(|k| (k.2.max(k.3), None)).collect();
    let mut order: Vec<usize> = (0..keys.len()).collect();
    order.sort_by_key(|&i| (&keys[i].0, &keys[i].1, valid[i].0, keys[i].2, keys[i].3));
    let mut present: Option<usize> = None;
    for i in order {
        let same = present.filter(|&p| (&keys[p].0, &keys[p].1) == (&keys[i].0, &keys[i].1));
        match same {
            // A figure about earlier days that is published, or corrected, after a newer one.
            Some(p) if keys[p].2 > keys[i].2 => valid[i].1 = Some(valid[i].0),
            _ => {
                if let Some(p) = same {
                    valid[p].1 = Some(valid[i].0);
                }
                present = Some(i);
            }
        }
    }
    valid
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(day: i32, known: i32) -> Key {
        ("DE".to_owned(), "gdp".to_owned(), Day(day), Day(known))
    }

    /// Which key is the one to go by on a day.
    fn on(keys: &BTreeMap<Key, ()>, day: Day) -> Vec<Key> {
        let valid = validity(keys.keys());
        let holds = |(from, to): (Day, Option<Day>)| from <= day && to.is_none_or(|to| day < to);
        keys.keys().zip(valid).filter(|(_, v)| holds(*v)).map(|(k, _)| k.clone()).collect()
    }

    #[test]
    fn a_figure_counts_from_its_publication_until_a_newer_one_is_out() {
        // 2023's figure is out on day 120, 2024's on day 480; on day 500 2023's is corrected.
        let keys: BTreeMap<Key, ()> = [key(0, 120), key(365, 480), key(0, 500)].map(|k| (k, ())).into();
        assert_eq!(on(&keys, Day(119)), []);
        assert_eq!(on(&keys, Day(120)), [key(0, 120)]);
        assert_eq!(on(&keys, Day(479)), [key(0, 120)]);
        assert_eq!(on(&keys, Day(480)), [key(365, 480)]);
        assert_eq!(on(&keys, Day(600)), [key(365, 480)]);
    }

    #[test]
    fn what_was_announced_holds_from_its_own_day() {
        let keys: BTreeMap<Key, ()> = [key(0, 0), key(100, 50)].map(|k| (k, ())).into();
        assert_eq!(on(&keys, Day(99)), [key(0, 0)]);
        assert_eq!(on(&keys, Day(100)), [key(100, 50)]);
    }

    proptest! {
        /// What is said of a day does not depend on what became known later, and is never two things.
        #[test]
        fn no_day_looks_ahead(facts in prop::collection::btree_set((0..30_i32, 0..30_i32), 0..12), day in 0..35_i32) {
            let all: BTreeMap<Key, ()> = facts.iter().map(|&(d, k)| (key(d, k), ())).collect();
            let then: BTreeMap<Key, ()> =
                all.keys().filter(|k| k.3 <= Day(day) && k.2 <= Day(day)).map(|k| (k.clone(), ())).collect();
            let found = on(&all, Day(day));
            prop_assert_eq!(&found, &on(&then, Day(day)));
            let expected = then.keys().max_by_key(|k| (k.2, k.3)).cloned();
            prop_assert_eq!(found, expected.into_iter().collect::<Vec<_>>());
        }
    }
}
