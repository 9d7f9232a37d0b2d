//! The page on facts made up by hand.

use super::super::facts::{Counted, Facts, Group, Shared, Together, Whose};
use super::*;
use crate::figures::share;
use crate::usage::{OrderHabit, usage};
use domain::{Currency, Market, Money, Unit};

fn market(code: &str) -> Market {
    code.parse().unwrap()
}

fn whose() -> Whose {
    Whose { market: market("DE"), segment: None }
}

/// 400 shoppers who order in the evening, on deals, and like kettles three times as much as home does.
fn facts() -> Facts {
    let order = |code: &str, hour| OrderHabit {
        market: market(code),
        channel: None,
        payment: None,
        delivery: None,
        hour: Some(hour),
        weekday: Some(7),
    };
    let mut orders: Vec<OrderHabit> = (0..200).map(|i| order("DE", if i % 4 == 0 { 9 } else { 21 })).collect();
    orders.extend((0..200).map(|_| order("CN", 9)));
    let usage = usage(&orders, Some(market("CN"))).pop();
    let thing =
        |name: &str, n, n_shoppers, at_home| Shared { name: name.to_owned(), name_zh: None, n_shoppers, n, at_home };
    let kettle = Shared { name_zh: Some("水壶".to_owned()), ..thing("kettle", 300, 200, Some((100, 1_000))) };
    let eur = Currency::new(*b"EUR");
    Facts {
        n_shoppers: 400,
        profile: vec![
            Figure::money("market.basket_value", Money { minor: 5_000, currency: eur }, 500).interval(45.0, 55.0, 0.95),
            share("market.repeat_rate", 120, 400),
        ],
        home_profile: vec![share("market.repeat_rate", 20, 400)],
        places: vec![thing("Berlin", 200, 200, None), thing("Husum", 3, 3, None)],
        usage,
        deal_share: Some((share("price.deal_share", 200, 400), Some(0.2))),
        sensitivity: Some((Figure::number("price.sensitivity", Unit::Ratio, f64::NAN, 12, 300), None)),
        categories: vec![kettle, thing("fan", 700, 300, Some((900, 1_000)))],
        together: vec![Together {
            first: "kettle".to_owned(),
            second: "descaler".to_owned(),
            share: share("next.share", 40, 100),
            lift: 4.0,
            days: Some(Figure::number("next.days", Unit::Days, 31.0, 40, 10)),
        }],
        queries: [Group::Profile, Group::Places, Group::Usage, Group::Price, Group::Interests]
            .map(|g| (g, format!("select … -- {g:?}")))
            .into(),
        ..Facts::default()
    }
}

#[test]
fn every_statement_has_a_figure_and_a_query_in_both_languages() {
    let page = PersonaParams::default().page(whose(), &facts()).unwrap();
    assert!(page.entries().count() >= 8);
    for entry in page.entries() {
        assert!(!entry.figure.source.is_empty() && !entry.statement.zh.is_empty(), "{entry:?}");
        assert!(entry.figure.as_f64().is_some() && entry.statement.en.chars().any(|c| c.is_ascii_digit()), "{entry:?}");
        assert!(entry.statement.zh.chars().any(|c| c > '\u{3000}'), "{entry:?}");
    }
    let texts: Vec<&str> = page.entries().map(|e| e.statement.en.as_str()).collect();
    assert!(
        texts.contains(&"30 % (26–35) of what they buy is kettle, 3.0 times home's share")
            || texts.iter().any(|t| t.contains("of what they buy is kettle, 3.0 times")),
        "{texts:?}"
    );
    assert!(texts.contains(&"an order is worth 50.00 EUR (45.00–55.00)"), "{texts:?}");
}

#[test]
fn the_name_follows_its_rules_and_says_them() {
    let page = PersonaParams::default().page(whose(), &facts()).unwrap();
    assert_eq!(page.name, Said::new("The evening, deal-seeking kettle buyer", "夜间爱优惠的水壶买家"));
    assert_eq!(page.name_rules.len(), 3);
    let plain = Facts { n_shoppers: 400, queries: facts().queries, ..Facts::default() };
    let page = PersonaParams::default().page(whose(), &plain).unwrap();
    assert_eq!((page.name.en.as_str(), page.name_rules.len()), ("The shopper", 1));
}

#[test]
fn what_is_not_known_is_said_and_small_places_are_not_named() {
    let page = PersonaParams::default().page(whose(), &facts()).unwrap();
    let unknown: Vec<&str> = page.unknown.iter().map(|u| u.en.as_str()).collect();
    assert!(unknown.contains(&"response to price: 12 observations, 300 are needed"), "{unknown:?}");
    assert!(unknown.contains(&"places: 1 with fewer than 20 shoppers are not named"));
    assert!(unknown.contains(&"age: no data") && unknown.contains(&"payment: no data"));
    let json = serde_json::to_string(&page).unwrap();
    assert!(!json.contains("Husum") && json.contains("Berlin"));
}

#[test]
fn a_statement_without_a_query_and_a_persona_of_a_few_are_refused() {
    let mut facts = facts();
    facts.queries.remove(&Group::Price);
    assert!(matches!(PersonaParams::default().page(whose(), &facts), Err(AudienceError::NoQuery { .. })));
    facts.n_shoppers = 99;
    assert!(matches!(
        PersonaParams::default().page(whose(), &facts),
        Err(AudienceError::TooLittleData { have: 99, .. })
    ));
}

#[test]
fn orders_of_nobody_known_make_a_page_that_says_what_is_lost() {
    let hidden = Facts { counted: Counted::Orders, n_shoppers: 140, ..facts() };
    let page = PersonaParams::default().page(whose(), &hidden).unwrap();
    let texts: Vec<&str> = page.entries().map(|e| e.statement.en.as_str()).collect();
    assert_eq!(texts[0], "140 orders; the marketplace does not say who bought");
    assert!(texts.iter().any(|t| t.contains("of the orders go to Berlin")), "{texts:?}");
    let unknown: Vec<&str> = page.unknown.iter().map(|u| u.en.as_str()).collect();
    assert!(unknown[0].starts_with("Repeat rate, churn and lifetime value"), "{unknown:?}");
    assert!(unknown.contains(&"places: 1 with fewer than 20 orders are not named"), "{unknown:?}");
    assert!(!unknown.iter().any(|u| u.starts_with("satisfaction and loyalty:")), "{unknown:?}");
    let few = Facts { n_shoppers: 99, ..hidden };
    let refused = PersonaParams::default().page(whose(), &few).unwrap_err().to_string();
    assert!(refused.contains("orders of a persona"), "{refused}");
    // A page of an earlier release has no word of what it counts.
    let mut old: serde_json::Value = serde_json::to_value(&page).unwrap();
    old.as_object_mut().unwrap().remove("counted");
    let old: Persona = serde_json::from_value(old).unwrap();
    assert_eq!(old.counted, Counted::Shoppers);
}
