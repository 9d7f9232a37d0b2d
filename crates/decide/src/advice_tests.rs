//! What is advised of made-up situations.

use super::*;

fn quiet() -> Situation {
    Situation {
        market: "VN".parse().unwrap(),
        currency: Currency::new(*b"EUR"),
        blocked: Vec::new(),
        unknown: Vec::new(),
        missing: None,
        to_change: Vec::new(),
        proof: None,
        below_floor: Vec::new(),
        assumed_costs: false,
        general_rules: false,
        short: Vec::new(),
        piled: Vec::new(),
        moved: Vec::new(),
        untold: Vec::new(),
        occasion: None,
        without_cost: 0,
        foreseen: 10,
        chance_of_loss: None,
        tornado: Vec::new(),
        first_month: None,
        entering: None,
    }
}

fn money(minor: i64) -> Money {
    Money { minor, currency: Currency::new(*b"VND") }
}

#[test]
fn where_nothing_is_known_nothing_is_said() {
    assert_eq!(quiet().advice(), Vec::new());
}

#[test] // 900 lost below the floor, 400 of sales short: the ban first, then 900, then 400; the fourth is left out.
fn actions_go_by_what_is_at_stake_and_a_ban_comes_first() {
    let situation = Situation {
        blocked: vec![("aerosol".to_owned(), 1.0)],
        below_floor: vec![("kettle".to_owned(), money(500), money(650), 900.0)],
        short: vec![("mixer".to_owned(), 1_200, 400.0)],
        moved: vec![("search".to_owned(), 100.0, 130.0), ("social".to_owned(), 100.0, 70.0)],
        ..quiet()
    };
    let advice = situation.advice();
    let actions: Vec<&str> = advice.iter().filter(|a| a.kind == Kind::Action).map(|a| a.said.en.as_str()).collect();
    assert_eq!(actions.len(), 3);
    assert!(actions[0].starts_with("Settle whether aerosol may be sold"), "{}", actions[0]);
    assert!(actions[1].starts_with("Raise kettle") && actions[1].contains("EUR 900"), "{}", actions[1]);
    assert!(actions[2].starts_with("Send 1,200 units of mixer"), "{}", actions[2]);
    assert!(advice.iter().all(|a| !a.said.zh.is_empty() && a.said.zh != a.said.en));
}

#[test]
fn where_next_to_nothing_is_at_stake_no_action_is_named() {
    let situation = Situation {
        unknown: vec![("kettle".to_owned(), 0.0)],
        to_change: vec![("mixer".to_owned(), 0.4)],
        below_floor: vec![("toaster".to_owned(), money(500), money(650), 0.0)],
        short: vec![("fan".to_owned(), 1, 0.2)],
        moved: vec![("search".to_owned(), 0.5, 0.9)],
        ..quiet()
    };
    let advice = situation.advice();
    assert!(advice.iter().all(|a| a.kind != Kind::Action), "{advice:?}");
}

#[test]
fn an_occasion_says_until_when_shoppers_order_and_stock_leaves() {
    let occasion = Occasion {
        name: Said::new("Black Friday", "黑色星期五"),
        day: "2026-11-27".parse().unwrap(),
        order_by: Some("2026-11-13".parse().unwrap()),
        ship_by: Some("2026-10-01".parse().unwrap()),
        lift: Figure::number("calendar.uplift", domain::Unit::Ratio, 2.0, 3, 1),
        verify: false,
    };
    let said = |occasion: Occasion| {
        let situation = Situation { occasion: Some(occasion), ..quiet() };
        situation.advice()[0].said.clone()
    };
    let whole = said(occasion.clone());
    assert!(
        whole.en.ends_with("; stock must leave by 2026-10-01; shoppers must have ordered by 2026-11-13."),
        "{}",
        whole.en
    );
    assert!(whole.zh.contains("备货最迟 2026-10-01 发出；顾客最迟须在 2026-11-13 下单"), "{}", whole.zh);
    let late = said(Occasion { order_by: None, ship_by: None, ..occasion });
    assert!(late.en.ends_with("2.0 times the usual."), "{}", late.en);
}

#[test]
fn one_is_one_and_amounts_are_grouped() {
    let situation = Situation {
        below_floor: vec![("kettle".to_owned(), money(469_000), money(670_213), 900.0)],
        short: vec![("mixer".to_owned(), 1, 400.0)],
        ..quiet()
    };
    let advice = situation.advice();
    assert!(
        advice[0].said.en.starts_with("Raise kettle from VND 469,000 to at least VND 670,213: ")
            && advice[0].said.en.contains(" 1 product does, "),
        "{}",
        advice[0].said.en
    );
    assert!(advice[1].said.en.starts_with("Send 1 unit of mixer: "), "{}", advice[1].said.en);
}

#[test]
fn what_rests_on_general_knowledge_is_to_be_verified() {
    let own = Situation {
        to_change: vec![("kettle".to_owned(), 900.0)],
        proof: Some((Said::new("get: CE", "办理：CE"), 2)),
        below_floor: vec![("mixer".to_owned(), money(500), money(650), 400.0)],
        ..quiet()
    };
    let verify = |s: &Situation| s.advice().iter().filter(|a| a.said.en.contains("Verify first")).count();
    assert_eq!(verify(&own), 0);
    assert_eq!(verify(&Situation { general_rules: true, ..own.clone() }), 2);
    let both = Situation { general_rules: true, assumed_costs: true, ..own };
    assert_eq!(verify(&both), 3);
    assert_eq!(both.advice().iter().filter(|a| a.said.zh.contains("请先核实")).count(), 3);
}

#[test]
fn money_is_moved_from_the_channel_that_loses_most_to_the_one_that_gains_most() {
    let moved = vec![("a".to_owned(), 50.0, 40.0), ("b".to_owned(), 50.0, 80.0), ("c".to_owned(), 50.0, 30.0)];
    let situation = Situation { moved, ..quiet() };
    assert!(situation.advice()[0].said.en.starts_with("Move spend from c (EUR 50 a week now, EUR 30 advised) to b"));
}

#[test]
fn a_forecast_says_what_would_prove_it_wrong() {
    let situation = Situation { first_month: Some((1_234.4, 2_000.0)), ..quiet() };
    assert!(situation.advice()[0].said.en.contains("Fewer than 1,234 units"));
    assert_eq!(situation.advice()[0].kind, Kind::Change);
}
