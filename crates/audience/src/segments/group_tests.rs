//! Rules that ask for groups: reading, meaning, explaining, following.

use super::group_fit::GroupParams;
use super::groups::{Grouping, Method};
use super::membership::Memberships;
use super::*;
use crate::grouping::Bar;
use domain::{Amount, Day, Language, Seed, ShopperId};

const TODAY: Day = Day(20_000);

/// A shopper with `n` orders, the last one `days` before today.
fn shopper(name: &str, n: i32, days: i32) -> ShopperFacts {
    let mut facts = ShopperFacts::new(ShopperId::from(name.to_owned()));
    let order = |at: i32| OrderFact {
        day: TODAY.plus(-days - 7 * at),
        revenue: Amount::from_micros(10_000_000),
        units: 1,
        returned: false,
    };
    facts.orders = (0..n).map(order).collect();
    facts
}

/// Two kinds: many orders lately, one order long ago.
fn habits() -> Grouping {
    let terms = parse_measures("orders.count(365d), days_since_last_order").unwrap();
    let mut rng = Seed(2).stream(0);
    let rows: Vec<Vec<Option<f64>>> = (0..120)
        .map(|i| {
            let (orders, days) = if i % 3 == 0 { (12.0, 6.0) } else { (1.0, 200.0) };
            let mut near = |x: f64| Some((x * (0.1 * rng.normal()).exp()).round());
            vec![near(orders), near(days)]
        })
        .collect();
    let params =
        GroupParams { k: Some(2), bar: Bar { n_resamples: 3, ..Bar::default() }, ..GroupParams::new(Method::KMeans) };
    params.fit("habits", &terms, &rows, TODAY, Seed(1)).unwrap()
}

fn book_of(rules: &[(&str, &str)]) -> Result<SegmentBook, BookError> {
    let definitions: Vec<Definition> = rules.iter().map(|(n, r)| Definition::new(*n, *r)).collect();
    SegmentBook::with_groupings(&definitions, vec![habits()])
}

#[test]
fn a_group_is_asked_for_like_any_number_and_joined_like_any_segment() {
    let book = book_of(&[
        ("seldom", "group(habits) = 1"),
        ("often", "group(\"habits\") = 2"),
        ("either", "group(habits) in [2, 1, 2]"),
        ("none", "group(habits) is missing"),
        ("often, not much", "segment(often) and orders.revenue < 125"),
    ])
    .unwrap();
    assert_eq!(book.get("either").unwrap().text(), "group(\"habits\") in [1, 2]");
    let of = |facts: &ShopperFacts| book.members_of(facts, TODAY).into_iter().collect::<Vec<_>>();
    // Two thirds are of the second kind, so they are group 1.
    assert_eq!(of(&shopper("a", 1, 180)), ["either", "seldom"]);
    assert_eq!(of(&shopper("b", 13, 3)), ["either", "often"]);
    assert_eq!(of(&shopper("c", 11, 3)), ["either", "often", "often, not much"]);
    assert_eq!(of(&ShopperFacts::new("d")), ["none"], "without an order there are no days since one");
}

#[test]
fn what_there_is_not_is_refused_and_says_what_there_is() {
    let why = |rule: &str| book_of(&[("x", rule)]).unwrap_err().to_string();
    assert_eq!(
        why("group(habit) = 1"),
        "segment `x` asks for `group(\"habit\")`, and there is no such grouping; did you mean `habits`?"
    );
    assert_eq!(why("group(habits) = 3"), "segment `x` asks for `group(\"habits\") = 3`, and its groups are 1 to 2");
    assert!(why("group(habits) in [1, 1.5]").contains("= 1.5"));
    let none = SegmentBook::read(&[Definition::new("x", "group(habits) = 1")]).unwrap_err().to_string();
    assert!(none.ends_with("there is no grouping yet"), "{none}");
    let wrong = |text: &str| parse_measures(text).unwrap_err().to_string();
    assert!(wrong("orders.count, city").contains("`city` is no number that shoppers could be grouped by"));
    assert!(wrong("orders.count, group(habits)").contains("is no number"));
    assert!(wrong("r, r").contains("`r` stands twice"));
    assert!(wrong("orders.count r").contains("`,` has to come"));
}

#[test]
fn a_version_names_the_numbers_of_the_grouping_and_not_its_labels() {
    let version = |grouping: Grouping| {
        let book = SegmentBook::with_groupings(&[Definition::new("x", "group(habits) = 1")], vec![grouping]).unwrap();
        book.get("x").unwrap().version().to_owned()
    };
    let mut other = habits();
    other.groups[0].label = "called otherwise".to_owned();
    assert_eq!(version(habits()), version(other.clone()));
    other.groups[0].centre[0] += 0.01;
    assert_ne!(version(habits()), version(other));
}

#[test]
fn why_somebody_is_in_a_group_is_told_by_the_measures() {
    let book = book_of(&[("often", "group(habits) = 2")]).unwrap();
    let lines = book.explain("often", &shopper("b", 13, 3), TODAY).unwrap().lines(Language::EN);
    assert_eq!(lines[0], "group(\"habits\") is 2, exactly 2: true");
    assert!(lines[1].starts_with("  orders.count(365d) is 13, typical of the group is 12"), "{lines:?}");
    assert!(lines[2].starts_with("  days_since_last_order is 3, typical of the group is 6"), "{lines:?}");
}

#[test] // Half a year without an order: by the calendar alone from the group of the many to the group of the few.
fn a_shopper_changes_groups_by_the_passing_of_days_and_an_update_sees_it() {
    let book = book_of(&[("seldom", "group(habits) = 1"), ("often", "group(habits) = 2")]).unwrap();
    assert!(book.has_a_past("often"), "orders can be counted on any earlier day");
    let people = [shopper("a", 6, 2), shopper("b", 1, 150)];
    let mut full = Memberships::default().recompute(&book, &people, TODAY).unwrap();
    let mut quick = full.clone();
    assert!(full.of("often").unwrap().contains_key(&people[0].shopper));
    for days in (20..=380).step_by(20) {
        let as_of = TODAY.plus(days);
        let due: Vec<ShopperFacts> =
            people.iter().filter(|p| quick.due(as_of).contains(&&p.shopper)).cloned().collect();
        full = full.recompute(&book, &people, as_of).unwrap();
        quick = quick.update(&book, &due, as_of).unwrap();
        assert_eq!(full.iter().collect::<Vec<_>>(), quick.iter().collect::<Vec<_>>());
    }
    assert!(full.of("seldom").unwrap().contains_key(&people[0].shopper));
}

#[test]
fn groups_of_people_by_age_fall_under_the_privacy_floor() {
    let mut grouping = habits();
    grouping.measures[0].term = parse_measures("age").unwrap().remove(0);
    let rules = [Definition::new("x", "group(habits) = 1"), Definition::new("y", "segment(x)")];
    let book = SegmentBook::with_groupings(&rules, vec![grouping]).unwrap();
    assert!(book.is_demographic("x") && book.is_demographic("y"));
}
