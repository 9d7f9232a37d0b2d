//! The language as a whole: reading, printing, meaning, compiling, following over time.

use super::ast::{Deed, Expr, Literal, Measure, Op, ProductBy, Term, Test};
use super::field::{Field, Kind};
use super::membership::{Flow, MembershipError, Memberships};
use super::parser::as_set;
use super::*;
use domain::{Amount, Day, Language, ShopperId};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

const TODAY: Day = Day(20_000); // 2024-10-04

fn parsed(text: &str) -> Expr {
    parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn wrong(text: &str) -> String {
    parse(text).unwrap_err().to_string()
}

fn order(days_before: i32, euros: i64) -> OrderFact {
    let revenue = Amount::from_micros(euros * 1_000_000);
    OrderFact { day: TODAY.plus(-days_before), revenue, units: 2, returned: false }
}

/// Three orders 10, 100 and 200 days before, the last one partly returned; from Cologne.
fn anna() -> ShopperFacts {
    let mut anna = ShopperFacts::new("anna");
    anna.orders = vec![OrderFact { returned: true, ..order(10, 30) }, order(100, 50), order(200, 100)];
    anna.fields.insert(Field::Market, Value::Text("DE".to_owned()));
    anna.fields.insert(Field::City, Value::Text("Köln".to_owned()));
    anna.bought = vec![ProductFact {
        day: TODAY.plus(-10),
        product: "K1".to_owned(),
        category: Some("Kitchen > Coffee".to_owned()),
        brand: Some("Nordkap".to_owned()),
    }];
    anna
}

fn says(rule: &str) -> Option<bool> {
    evaluate(&parsed(rule), &anna(), TODAY, Around::members(&|name| name == "mine"))
}

#[test]
fn canonical_texts() {
    let same = [
        "orders.count(180d) >= 2 and market in [DE, FR] and not returned_last",
        "(r >= 4 or f >= 4) and not (m = 1 or tag(\"lost\"))",
        "bought(category \"Coffee\", 90d) or viewed(product \"K1\") or searched(\"milk frother\", 30d)",
        "last_order between 90d ago and 30d ago",
        "first_order < 2024-01-01 and city = \"New York\"",
        "age is missing and not language is missing",
        "segment(\"good ones\") and interest(\"coffee\") > 0.25",
        "channel in [Amazon.de, \"in\", shop]",
        "value(\"saving energy\") >= 0.3 or group(\"habits\") = 2",
    ];
    for text in same {
        assert_eq!(parsed(text).to_string(), text);
    }
    let turned = [
        ("NOT market IN [fr, de, fr]", "not market in [DE, FR]"),
        ("market not in [DE]", "not market in [DE]"),
        ("r not between 2 and 3", "not r between 2 and 3"),
        ("city is not missing", "not city is missing"),
        ("orders.count() == 2", "orders.count = 2"),
        ("orders.revenue(6w) > 50%", "orders.revenue(42d) > 0.5"),
        ("((r = 1)) and (f = 1 and m = 1)", "r = 1 and f = 1 and m = 1"),
        ("consent and interests(Coffee) > 0", "accepts_marketing and interest(\"coffee\") > 0"),
        ("not r = 1 and f = 1 or m = 1", "not r = 1 and f = 1 or m = 1"),
    ];
    for (text, canonical) in turned {
        assert_eq!(parsed(text).to_string(), canonical);
    }
    assert_eq!(parsed("not r = 1 and f = 1 or m = 1"), parsed("((not (r = 1)) and (f = 1)) or (m = 1)"));
}

#[test]
fn a_mistake_says_where_what_and_what_would_be_right() {
    assert_eq!(wrong("ordrs.cuont(30d) > 1"), "column 1: unknown field `ordrs.cuont`; did you mean `orders.count`?");
    let family = wrong("r = 1 and\n  ordrs >= 2");
    assert!(
        family.starts_with("line 2, column 3: unknown field `ordrs`; did you mean `orders`? orders.count"),
        "{family}"
    );
    assert_eq!(wrong("marekt = DE"), "column 1: unknown field `marekt`; did you mean `market`?");
    assert_eq!(
        wrong("market = UK"),
        "column 10: `UK` is no value of `market`; a code of ISO 3166-1 is, such as DE or GB"
    );
    assert_eq!(wrong("rfm = champion"), "column 7: `champion` is no value of `rfm`; did you mean `champions`?");
    assert_eq!(wrong("tag(lapsin)"), "column 5: unknown tag `lapsin`; did you mean `lapsing`?");
    assert_eq!(wrong("city > Berlin"), "column 8: the words of `city` have no order; use `=`, `!=` or `in [..]`");
    assert_eq!(
        wrong("orders.count(180) > 1"),
        "column 14: `180` has no unit of time; `180d` is days, `w` weeks, `m` months of 30 days"
    );
    assert_eq!(
        wrong("returned_last = true"),
        "column 15: `returned_last` is yes or no and is not compared; write `returned_last` or `not returned_last`"
    );
    assert_eq!(
        wrong("orders.count is missing"),
        "column 1: `orders.count` is never missing; it is 0 where there is nothing"
    );
    assert_eq!(wrong("r between 4 and 2"), "column 11: nothing lies between 4 and 2; the lower end comes first");
    assert_eq!(
        wrong("r = 1 f = 2"),
        "column 7: `f` stands after the end of a rule; join two statements by `and` or `or`"
    );
    assert_eq!(wrong("(r = 1"), "column 7: the rule ends too early; `)` has to come");
    assert_eq!(wrong("r = 1)"), "column 6: `)` stands after the end of a rule; no parenthesis is open");
    assert_eq!(wrong(""), "column 1: the rule ends too early; a field has to come");
    assert_eq!(wrong("age"), "column 4: the rule ends too early; a comparison such as `age >= 2` has to come");
    assert_eq!(
        wrong("bought(categroy \"x\")"),
        "column 8: `categroy` does not name products; did you mean `category`?"
    );
    assert_eq!(wrong("days_since_last_order > 30d"), "column 25: `30d` is a duration; write the number, 30");
    assert!(wrong("age >= old").contains("`old` is no value of `age`; a number is"));
    assert!(wrong(&"(".repeat(200)).contains("more than 100 levels"));
    assert!(wrong(&"not ".repeat(10_000)).contains("more than 100 levels"));
}

#[test] // Orders 10, 100, 200 days back with 30, 50, 100 euros: 2 within 180 days, 80 euros, 40 each.
fn values_by_hand() {
    for (rule, expected) in [
        ("orders.count(180d) = 2 and orders.count = 3", Some(true)),
        ("orders.revenue(180d) = 80 and orders.average(180d) = 40", Some(true)),
        ("orders.units = 6 and basket_size = 2", Some(true)),
        ("orders.count(10d) = 1 and orders.count(9d) = 0", Some(true)), // The 10th day before is inside.
        ("returned_last and returns.share(180d) = 0.5 and returns.count = 1", Some(true)),
        ("days_since_last_order = 10 and days_since_first_order = 200", Some(true)),
        ("last_order = 10d ago and first_order < 2024-10-01", Some(true)),
        ("orders.average(5d) >= 0", None),
        ("orders.average(5d) is missing", Some(true)),
        ("city = KÖLN and market = de", Some(true)),
        ("bought(category coffee) and bought(brand \"NORDKAP\", 30d) and bought(product k1)", Some(true)),
        ("bought(category cof) or bought(category coffee, 9d)", Some(false)),
        ("segment(mine) and not segment(other)", Some(true)),
        ("age >= 30", None),
        ("not age >= 30", None),
        ("age >= 30 or market = DE", Some(true)),
        ("age >= 30 and market = FR", Some(false)),
        ("age is missing and not market is missing", Some(true)),
        ("interest(coffee) = 0", None),
        ("tag(lost) or viewed(product K1) or searched(coffee) or cart_abandoned", Some(false)),
    ] {
        assert_eq!(says(rule), expected, "{rule}");
    }
}

#[test]
fn a_shopper_is_told_why_with_its_own_values() {
    let rule = parsed("orders.count(180d) >= 2 and market in [DE, FR] and not (age < 30 or returned_last)");
    let lines = explain(&rule, &anna(), TODAY, Around::NOTHING).lines(Language::EN);
    assert_eq!(
        lines,
        [
            "all of: false",
            "  orders.count(180d) is 2, at least 2: true",
            "  market is DE, one of DE, FR: true",
            "  not: false",
            "    any of: true",
            "      age is missing, less than 30: unknown, so no match",
            "      returned_last is yes: true",
        ]
    );
    let chinese = explain(&parsed("orders.count(180d) >= 2"), &anna(), TODAY, Around::NOTHING).lines(Language::ZH);
    assert_eq!(chinese, ["orders.count(180d) 为 2，至少 2：是"]);
}

fn book(rules: &[(&str, &str)]) -> SegmentBook {
    SegmentBook::read(&rules.iter().map(|(n, r)| Definition::new(*n, *r)).collect::<Vec<_>>()).unwrap()
}

#[test]
fn one_query_for_two_segments_counts_a_window_once() {
    let book = book(&[
        ("core", "orders.count(180d) >= 2 and market in [DE, FR] and not returned_last"),
        ("rich core", "segment(core) and orders.average(180d) > 49.5 and tag(high_value)"),
    ]);
    let compiled = book.compile(&Columns::default(), Day(20_454));
    let expected = "\
with sale as (
  select o.shopper_no,
    count(case when o.day >= cast('2025-07-05' as date) then 1 end) as a0,
    max(o.day) as a1,
    max(case when o.returned_units > 0 then o.day end) as a2,
    sum(case when o.day >= cast('2025-07-05' as date) then o.gross else 0 end) as a3
  from clean.orders o
  where o.kind = 'sale' and o.shopper_no is not null and o.day < cast('2026-01-01' as date)
  group by o.shopper_no
), facts as (
  select s.shopper_id,
    s.market,
    s.accepts_marketing,
    coalesce(a.a0, 0) as a0,
    a.a1 as a1,
    a.a2 as a2,
    coalesce(a.a3, 0) as a3,
    s.market as f_market,
    coalesce(m1.t0, false) as t0
  from clean.shoppers s
  left join sale a on a.shopper_no = s.shopper_no
  left join (select t.shopper_id, strpos(t.tags, '\"tag\":\"high_value\"') > 0 as t0 from marts.segments t) m1 on m1.shopper_id = s.shopper_id
), level0 as (
  select *,
    coalesce(((a0 >= 2) and (f_market in ('DE', 'FR')) and not (case when a1 is not null then coalesce(a2 = a1, false) end)), false) as s0
  from facts
), level1 as (
  select *,
    coalesce((s0 and ((cast(a3 as double) / nullif(a0, 0)) > 49.5) and t0), false) as s1
  from level0
)
select shopper_id, market, accepts_marketing, s0, s1
from level1";
    assert_eq!(compiled.sql, expected);
    assert_eq!(compiled.tables, ["clean.orders", "clean.shoppers", "marts.segments"]);
    assert_eq!(compiled.columns[1], ("rich core".to_owned(), "s1".to_owned()));
    assert_eq!(compiled.absent, []);
    // A mart that was made from these clean tables is joined by number, too.
    let in_step = book.compile(&Columns::default().in_step(&["marts.segments"]), Day(20_454)).sql;
    let joined = expected.replace("(select t.shopper_id,", "(select t.shopper_no,");
    assert_eq!(in_step, joined.replace("m1 on m1.shopper_id = s.shopper_id", "m1 on m1.shopper_no = s.shopper_no"));
    // Where clean tables have no numbers, names take their place throughout.
    let by_name = book.compile(&Columns::default().by_name(), Day(20_454)).sql;
    assert_eq!(by_name, expected.replace("shopper_no", "shopper_id"));
}

#[test]
fn only_what_is_asked_for_is_read_and_an_absent_column_is_told() {
    let book =
        book(&[("old", "age >= 60 and city = \"O'Hara\""), ("seen", "viewed(brand Nordkap, 30d) or searched(\"x\")")]);
    let old = book.compile_one("old", &Columns::default(), Day(20_454)).unwrap();
    assert_eq!(old.tables, ["clean.shoppers", "marts.shopper_traits"]);
    assert_eq!(old.absent, [Field::Age]);
    assert!(old.sql.contains("cast(null as double) as f_age"), "{}", old.sql);
    assert!(old.sql.contains("lower(f_city) = 'o''hara'"), "a quote cannot leave its text: {}", old.sql);
    let seen = book.compile_one("seen", &Columns::default(), Day(20_454)).unwrap();
    assert_eq!(seen.tables, ["clean.events", "clean.products", "clean.shoppers"]);
    let columns =
        Columns::default().with(Field::Age, "marts.people", "age").with_interests("marts.likes", "name", "score");
    let likes = super::compile(
        &[Named { name: "x".to_owned(), rule: parsed("interest(Coffee) > 0.5 and age > 1") }],
        &BTreeMap::new(),
        &columns,
        Day(20_454),
    );
    assert_eq!(likes.tables, ["clean.shoppers", "marts.likes", "marts.people"]);
    assert_eq!(likes.absent, []);
}

#[test] // The cart was touched 3 days before the cutoff, or the day after: carts are judged at the newest event, not at the cutoff.
fn a_cart_stands_abandoned_in_a_window_and_is_read_from_its_table() {
    let mut facts = anna();
    let says = |facts: &ShopperFacts, rule: &str| evaluate(&parsed(rule), facts, TODAY, Around::NOTHING);
    assert_eq!(says(&facts, "not cart_abandoned"), Some(true), "without a cart it is no, not unknown");
    facts.abandoned = Some(TODAY.plus(-3));
    let answers = ["cart_abandoned", "cart_abandoned(3d)", "cart_abandoned(2d)"].map(|rule| says(&facts, rule));
    assert_eq!(answers, [Some(true), Some(true), Some(false)]);
    facts.abandoned = Some(TODAY.plus(1));
    assert_eq!(says(&facts, "cart_abandoned(2d)"), Some(true));
    assert_eq!(
        parsed("Cart_Abandoned( 1w ) and cart_abandoned()").to_string(),
        "cart_abandoned(7d) and cart_abandoned"
    );
    let wrong = |rule: &str| parse(rule).unwrap_err().to_string();
    assert!(wrong("cart_abandond(7d)").contains("did you mean `cart_abandoned`?"), "{}", wrong("cart_abandond(7d)"));
    assert!(wrong("cart_abandoned(7)").contains("`7d` is days"));
    assert!(wrong("cart_abandoned > 2").contains("yes or no"));
    let book = book(&[("left", "cart_abandoned(7d) and not cart_abandoned(2d)")]);
    let columns = Columns::default().with_carts("marts.carts");
    let left = book.compile_one("left", &columns, Day(20_454)).unwrap();
    assert_eq!(left.tables, ["clean.shoppers", "marts.carts"]);
    assert!(left.sql.contains("where state = 'abandoned' and shopper_id is not null group by"), "{}", left.sql);
    assert!(!book.has_a_past("left"), "yesterday's carts are not kept");
    let none = book.compile_one("left", &Columns::default(), Day(20_454)).unwrap();
    assert_eq!(none.tables, ["clean.shoppers"]);
}

#[test] // On day 20,000 the order of 100 days before is inside 180 days; it leaves on day 20,000 + 81.
fn the_calendar_alone_moves_a_shopper_and_is_announced() {
    let book = book(&[("twice", "orders.count(180d) >= 2"), ("none", "not segment(twice)")]);
    let first = Memberships::default().recompute(&book, &[anna()], TODAY).unwrap();
    let anna_id = ShopperId::from("anna");
    assert_eq!(first.of("twice").unwrap()[&anna_id].since, TODAY);
    assert_eq!(first.of("twice").unwrap()[&anna_id].reason, "orders.count(180d) is 2, at least 2");
    assert_eq!(book.next_change(&anna(), TODAY), Some(TODAY.plus(81)));
    assert!(first.due(TODAY.plus(80)).is_empty());
    let due = first.update(&book, &[], TODAY.plus(81)).unwrap_err();
    assert_eq!(due, MembershipError::Due(anna_id.clone()));
    let later = first.update(&book, &[anna()], TODAY.plus(81)).unwrap();
    assert!(later.of("twice").unwrap().is_empty());
    assert_eq!(later.of("none").unwrap()[&anna_id].since, TODAY.plus(81));
    let moved = Flow { from: Some("twice".to_owned()), to: Some("none".to_owned()), n: 1 };
    assert_eq!(later.flows_since(&first), [moved]);
    assert!(matches!(later.update(&book, &[], TODAY), Err(MembershipError::Past { .. })));
    let other = self::book(&[("twice", "orders.count(180d) >= 3"), ("none", "not segment(twice)")]);
    assert!(matches!(first.update(&other, &[], TODAY), Err(MembershipError::Changed(_))));
}

#[test]
fn members_that_a_query_found_keep_their_day() {
    let book = book(&[("a", "r >= 4"), ("b", "f >= 4")]);
    let found = |a: &[&str], b: &[&str]| {
        let set = |ids: &[&str]| ids.iter().map(|id| ShopperId::from(*id)).collect::<BTreeSet<_>>();
        BTreeMap::from([("a".to_owned(), set(a)), ("b".to_owned(), set(b))])
    };
    let first = Memberships::default().advance(&book, &found(&["x", "y"], &["z"]), Day(10)).unwrap();
    let second = first.advance(&book, &found(&["x"], &["y", "z", "w"]), Day(20)).unwrap();
    assert_eq!(second.of("a").unwrap()[&"x".into()].since, Day(10));
    assert_eq!(second.of("b").unwrap()[&"y".into()].since, Day(20));
    let flow = |from: Option<&str>, to: Option<&str>, n| Flow { from: from.map(Into::into), to: to.map(Into::into), n };
    assert_eq!(
        second.flows_since(&first),
        [
            flow(None, Some("b"), 1),      // w entered
            flow(Some("a"), Some("a"), 1), // x stayed
            flow(Some("a"), Some("b"), 1), // y moved
            flow(Some("b"), Some("b"), 1), // z stayed
        ]
    );
    // Under another meaning a membership starts again.
    let changed = self::book(&[("a", "r >= 3"), ("b", "f >= 4")]);
    let third = second.advance(&changed, &found(&["x"], &["z"]), Day(30)).unwrap();
    assert_eq!(
        (third.of("a").unwrap()[&"x".into()].since, third.of("b").unwrap()[&"z".into()].since),
        (Day(30), Day(10))
    );
}

fn any_window() -> impl Strategy<Value = Option<u32>> {
    prop::option::of(prop::sample::select(vec![1_u32, 3, 7, 20, 400]))
}

fn any_words() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["Coffee", "tea pot", "in", "a\"b\\c", "北京", "x-y", "7", "Not"]).prop_map(str::to_owned)
}

fn any_term() -> impl Strategy<Value = Term> {
    prop_oneof![
        prop::sample::select(Field::ALL.to_vec()).prop_map(Term::Field),
        (prop::sample::select(Measure::ALL.to_vec()), any_window()).prop_map(|(m, w)| Term::Measure(m, w)),
        (
            prop::sample::select(vec![Deed::Bought, Deed::Viewed]),
            prop::sample::select(ProductBy::ALL.to_vec()),
            any_words(),
            any_window()
        )
            .prop_map(|(d, by, name, w)| Term::Product(d, by, name, w)),
        (any_words(), any_window()).prop_map(|(words, w)| Term::Searched(words, w)),
        any_window().prop_map(Term::CartAbandoned),
        prop::sample::select(vec!["new", "lost"]).prop_map(|t| Term::Tag(t.to_owned())),
        prop::sample::select(vec!["one", "two three"]).prop_map(|t| Term::Segment(t.to_owned())),
        prop::sample::select(vec!["coffee", "tea"]).prop_map(|t| Term::Interest(t.to_owned())),
    ]
}

fn any_literal(term: &Term) -> BoxedStrategy<Literal> {
    let words = |list: &[&str]| {
        let list: Vec<String> = list.iter().map(|w| (*w).to_owned()).collect();
        prop::sample::select(list).prop_map(Literal::Text).boxed()
    };
    match (term.kind(), term) {
        (Kind::Number, _) => prop_oneof![
            (-5_i32..40).prop_map(|n| Literal::Number(f64::from(n))),
            (0_i32..1000).prop_map(|n| Literal::Number(f64::from(n) / 1000.0)),
        ]
        .boxed(),
        (Kind::Day, _) => {
            prop_oneof![(-60_i32..5).prop_map(|d| Literal::Day(TODAY.plus(d))), (1_u32..60).prop_map(Literal::Ago),]
                .boxed()
        }
        (_, Term::Field(Field::Market)) => words(&["DE", "FR", "US"]),
        (_, Term::Field(Field::Language)) => words(&["de", "fr"]),
        (_, Term::Field(Field::Rfm)) => words(&["champions", "at_risk"]),
        (_, Term::Field(Field::FavouriteWeekday)) => words(&["monday", "sunday"]),
        _ => any_words().prop_map(Literal::Text).boxed(),
    }
}

fn any_test() -> impl Strategy<Value = Expr> {
    let of = |term: Term| -> BoxedStrategy<Expr> {
        let ops = match term.kind() {
            Kind::Yes => {
                let missing = term.may_be_missing();
                let (yes, none) = (Test::Yes(term.clone()), Test::Missing(term));
                return prop::bool::ANY
                    .prop_map(move |ask| Expr::Test(if ask && missing { none.clone() } else { yes.clone() }))
                    .boxed();
            }
            Kind::Text | Kind::Word => vec![Op::Eq, Op::Ne],
            Kind::Number | Kind::Day => Op::ALL.to_vec(),
        };
        let ordered = matches!(term.kind(), Kind::Number);
        let (t, l) = (term.clone(), any_literal(&term));
        (0..4_u8, prop::sample::select(ops), prop::collection::vec(l, 2..4))
            .prop_map(move |(shape, op, literals)| {
                let mut two = as_set(literals.clone());
                let test = match shape {
                    0 => Test::In(t.clone(), as_set(literals)),
                    1 if t.may_be_missing() => Test::Missing(t.clone()),
                    2 if ordered && two.len() > 1 => Test::Between(t.clone(), two.remove(0), two.remove(0)),
                    _ => Test::Compare(t.clone(), op, literals[0].clone()),
                };
                Expr::Test(test)
            })
            .boxed()
    };
    any_term().prop_flat_map(of)
}

fn any_rule() -> impl Strategy<Value = Expr> {
    any_test().prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(Expr::and),
            prop::collection::vec(inner.clone(), 1..4).prop_map(Expr::or),
            inner.prop_map(Expr::negated),
        ]
    })
}

/// A shopper with orders, goods and some fields in the last 40 days.
fn any_facts() -> impl Strategy<Value = ShopperFacts> {
    let order = (1_i32..40, 0_i64..90, 1_u32..5, any::<bool>()).prop_map(|(back, euros, units, returned)| OrderFact {
        day: TODAY.plus(-back),
        revenue: Amount::from_micros(euros * 1_000_000),
        units,
        returned,
    });
    let good = (1_i32..40, any_words()).prop_map(|(back, name)| ProductFact {
        day: TODAY.plus(-back),
        product: name.clone(),
        category: Some(format!("Kitchen > {name}")),
        brand: (name.len() > 3).then_some(name),
    });
    let fields = prop::collection::vec((prop::sample::select(Field::ALL.to_vec()), 0_i32..6), 0..12);
    (prop::collection::vec(order, 0..6), prop::collection::vec(good, 0..4), fields, any::<bool>()).prop_map(
        |(orders, goods, fields, known)| {
            let mut facts = ShopperFacts::new("x");
            facts.viewed = goods.iter().skip(1).cloned().collect();
            facts.abandoned = goods.first().map(|g| g.day);
            facts.searched = goods.iter().map(|g| (g.day, g.product.clone())).collect();
            facts.orders = orders;
            facts.bought = goods;
            facts.interests = known.then(|| BTreeMap::from([("coffee".to_owned(), 0.5)]));
            for (field, n) in fields {
                let value = match field.kind() {
                    Kind::Number => Value::Number(f64::from(n)),
                    Kind::Day => Value::Day(TODAY.plus(-n)),
                    Kind::Yes => Value::Yes(n % 2 == 0),
                    Kind::Text | Kind::Word => {
                        Value::Text(["DE", "FR", "de", "coffee", "monday", "at_risk"][n as usize].to_owned())
                    }
                };
                facts.fields.insert(field, value);
            }
            facts
        },
    )
}

fn answer(rule: &Expr, facts: &ShopperFacts) -> Option<bool> {
    evaluate(rule, facts, TODAY, Around::members(&|name| name == "one"))
}

proptest! {
    #[test]
    fn printing_and_reading_give_the_rule_back(rule in any_rule()) {
        let text = rule.to_string();
        prop_assert_eq!(parse(&text).map_err(|e| format!("{text}: {e}")), Ok(rule));
    }

    #[test]
    fn any_text_is_read_or_refused(text in "[a-z0-9 .,()\\[\\]<>=!\"\\\\-]{0,40}") {
        if let Ok(rule) = parse(&text) {
            prop_assert_eq!(parse(&rule.to_string()), Ok(rule));
        }
    }

    #[test]
    fn de_morgan_and_double_negation(a in any_rule(), b in any_rule(), facts in any_facts()) {
        let not = |e: &Expr| e.clone().negated();
        let left = Expr::and(vec![a.clone(), b.clone()]).negated();
        let right = Expr::or(vec![not(&a), not(&b)]);
        prop_assert_eq!(answer(&left, &facts), answer(&right, &facts));
        prop_assert_eq!(answer(&not(&not(&a)), &facts), answer(&a, &facts));
        let explained = explain(&left, &facts, TODAY, Around::members(&|name| name == "one"));
        prop_assert_eq!(explained.answer(), answer(&left, &facts));
    }

    #[test]
    fn a_segment_and_what_it_excludes_are_everybody(
        a in any_test(), b in any_test(), people in prop::collection::vec(any_facts(), 1..12),
    ) {
        // Other segments are free here: only the four of the book are asked for.
        let plain = |e: &Expr| if e.depends_on().is_empty() { e.to_string() } else { "r >= 3".to_owned() };
        let book = book(&[
            ("a", &plain(&a)), ("b", &plain(&b)), ("both", "segment(a) and segment(b)"),
            ("a only", "segment(a) and not segment(b)"), ("not a", "not segment(a)"), ("either", "segment(a) or segment(b)"),
        ]);
        let mut sizes: BTreeMap<String, usize> = BTreeMap::new();
        for facts in &people {
            book.members_of(facts, TODAY).into_iter().for_each(|name| *sizes.entry(name).or_default() += 1);
        }
        let size = |name: &str| sizes.get(name).copied().unwrap_or(0);
        prop_assert_eq!(size("both") + size("a only"), size("a"));
        prop_assert_eq!(size("a") + size("not a"), people.len());
        prop_assert_eq!(size("either") + size("both"), size("a") + size("b"));
    }

    #[test]
    fn a_longer_window_never_sees_less(facts in any_facts(), short in 1_u32..50, more in 0_u32..50, n in 0_i32..6) {
        let at_least = |measure, days| Expr::Test(Test::Compare(
            Term::Measure(measure, Some(days)), Op::Ge, Literal::Number(f64::from(n)),
        ));
        for measure in [Measure::OrdersCount, Measure::OrdersRevenue, Measure::OrdersUnits, Measure::ReturnsCount] {
            let (few, many) = (answer(&at_least(measure, short), &facts), answer(&at_least(measure, short + more), &facts));
            prop_assert!(few <= many);
        }
    }

    #[test]
    fn an_update_equals_looking_at_everybody(
        rules in prop::collection::vec(any_rule(), 1..4),
        people in prop::collection::vec((any_facts(), any_facts(), any::<bool>()), 1..10),
        days in prop::collection::vec(1_i32..30, 1..5),
    ) {
        let plain = |e: &Expr| if e.depends_on().is_empty() { e.to_string() } else { "orders.count(20d) >= 1".to_owned() };
        let mut texts: Vec<(String, String)> = rules.iter().enumerate().map(|(i, r)| (format!("s{i}"), plain(r))).collect();
        texts.push(("rest".to_owned(), "not segment(s0) and days_since_last_order > 12".to_owned()));
        let texts: Vec<(&str, &str)> = texts.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        let book = book(&texts);
        let id = |i: usize| ShopperId::from(format!("p{i}"));
        let mut now: Vec<ShopperFacts> =
            people.iter().enumerate().map(|(i, p)| ShopperFacts { shopper: id(i), ..p.0.clone() }).collect();
        let mut full = Memberships::default().recompute(&book, &now, TODAY).unwrap();
        let mut quick = full.clone();
        let mut as_of = TODAY;
        for (turn, step) in days.into_iter().enumerate() {
            as_of = as_of.plus(step);
            let mut changed: BTreeSet<ShopperId> = quick.due(as_of).into_iter().cloned().collect();
            // In the first turn the facts of some shoppers are replaced.
            for (i, p) in people.iter().enumerate().filter(|(_, p)| turn == 0 && p.2) {
                now[i] = ShopperFacts { shopper: id(i), ..p.1.clone() };
                changed.insert(id(i));
            }
            let given: Vec<ShopperFacts> = now.iter().filter(|f| changed.contains(&f.shopper)).cloned().collect();
            full = full.recompute(&book, &now, as_of).unwrap();
            quick = quick.update(&book, &given, as_of).unwrap();
            prop_assert_eq!(full.iter().collect::<Vec<_>>(), quick.iter().collect::<Vec<_>>());
        }
    }
}
