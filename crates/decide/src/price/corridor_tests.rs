//! Corridors by hand, and that no price lies below its floor.

use super::*;
use crate::price::endings::ENDINGS;
use domain::Currency;
use proptest::prelude::*;

const EUR: Currency = Currency::new(*b"EUR");

fn eur(minor: i64) -> Money {
    Money { minor, currency: EUR }
}

fn input() -> CorridorInput {
    CorridorInput {
        floor: eur(1_150),
        break_even: eur(1_000),
        answer: Answer::Known(Estimate { value: -2.5, se: 0.2 }),
        elsewhere: Some(eur(0)),
        seen: Some((eur(1_400), eur(2_000))),
        competitors: vec![eur(1_500), eur(1_600), eur(1_700), eur(1_800), eur(1_900)],
        present: Some(eur(1_899)),
    }
}

// Optimum 10 × 2.5 / 1.5 = 16.67; at 90 %: e from −2.829 (15.47) to −2.171 (18.54). The band is 16.00 to 18.00. Both
// allow 16.00 to 18.00. 16.67 ends at 16.49 or 16.95 or 16.99: nearest 16.49 (18 cents against 28).
#[test]
fn a_corridor_by_hand() {
    let got = corridor(&input(), &CorridorParams::default()).unwrap();
    assert_eq!((got.low, got.high, got.asked), (eur(1_600), Some(eur(1_800)), Some(eur(1_649))));
    assert_eq!(got.optimum.value, FigureValue::Money(eur(1_667)));
    let interval = got.optimum.interval.unwrap();
    assert!((interval.low - 15.47).abs() < 0.011 && (interval.high - 18.54).abs() < 0.011, "{interval:?}");
    let kinds: Vec<BoundKind> = got.bounds.iter().map(|b| b.kind).collect();
    assert_eq!(kinds, [BoundKind::Floor, BoundKind::Optimum, BoundKind::Competitors, BoundKind::Ending]);
}

#[test] // At −1.5 the optimum is 30.00, but nothing above 20.00 was ever asked: held at 22.00, then to the band's 18.00.
fn an_optimum_far_from_what_was_seen_is_held_back() {
    let input = CorridorInput { answer: Answer::Known(Estimate { value: -1.5, se: 0.1 }), ..input() };
    let got = corridor(&input, &CorridorParams { endings: &[], ..CorridorParams::default() }).unwrap();
    assert_eq!(got.optimum.value, FigureValue::Money(eur(2_200)));
    assert_eq!(got.asked, Some(eur(1_800)));
    assert!(got.bounds[1].said.en.contains("only prices near"));
}

// e = −2.5 ± .2 at 10.00: the optimum's 90 % interval begins at 15.47. From 14.00 up to it, from 18.99 not down.
#[test]
fn a_borrowed_answer_raises_to_the_near_end_of_the_interval_and_never_cuts() {
    let answer = Answer::Borrowed(Estimate { value: -2.5, se: 0.2 }, vec![Said::new("ten weeks", "十周")]);
    let at = |present: i64, answer: &Answer| {
        let input =
            CorridorInput { present: Some(eur(present)), answer: answer.clone(), competitors: vec![], ..input() };
        corridor(&input, &CorridorParams { endings: &[], ..CorridorParams::default() }).unwrap()
    };
    let got = at(1_400, &answer);
    assert_eq!((got.asked, got.rests), (Some(eur(1_547)), Some(Rests::Raised)));
    assert_eq!(got.optimum.as_f64(), None, "a borrowed optimum is none of this product");
    assert!(got.bounds[1].said.en.contains("ten weeks") && got.bounds[1].said.zh.contains("十周"));
    let got = at(1_899, &answer);
    assert_eq!((got.asked, got.rests), (Some(eur(1_899)), Some(Rests::Held)));
    assert!(got.bounds.iter().any(|b| b.kind == BoundKind::Present));
    // The same elasticity of its own is followed, and one that sets no end moves nothing.
    assert_eq!(at(1_899, &Answer::Known(Estimate { value: -2.5, se: 0.2 })).asked, Some(eur(1_667)));
    let flat = Answer::Borrowed(Estimate { value: -0.9, se: 0.1 }, vec![]);
    assert_eq!(at(1_400, &flat).asked, Some(eur(1_400)));
    // Above prices seen (20.00, a tenth more) nobody is raised.
    let dear = Answer::Borrowed(Estimate { value: -1.1, se: 0.01 }, vec![]);
    assert_eq!(at(1_400, &dear).asked, Some(eur(2_200)));
}

// e = −2.5 at 10.00 is 16.67; with 1.00 elsewhere the break-even is 11.00 and the range ends at 18.33: 15.00 rises to 16.67, 17.50
// stays, 19.90 goes down to 18.33. Where nobody knows what the others leave, 19.90 stays, too.
#[test]
fn a_price_is_cut_only_as_far_as_it_would_be_if_other_products_lost_all_of_it() {
    let at = |present: i64, elsewhere: Option<i64>| {
        let input = CorridorInput {
            present: Some(eur(present)),
            elsewhere: elsewhere.map(eur),
            competitors: vec![],
            ..input()
        };
        let got = corridor(&input, &CorridorParams { endings: &[], ..CorridorParams::default() }).unwrap();
        assert!(got.high.is_none_or(|h| got.asked.is_some_and(|a| a.minor <= h.minor)), "{got:?}");
        let told = got.bounds.iter().any(|b| b.kind == BoundKind::Elsewhere);
        assert_eq!(told, got.rests == Some(Rests::Kept), "{got:?}");
        (got.asked.unwrap().minor, got.rests.unwrap())
    };
    assert_eq!(at(1_500, Some(100)), (1_667, Rests::Own));
    assert_eq!(at(1_750, Some(100)), (1_750, Rests::Kept));
    assert_eq!(at(1_990, Some(100)), (1_833, Rests::Own));
    assert_eq!(at(1_990, None), (1_990, Rests::Kept));
    assert_eq!(at(1_500, None), (1_667, Rests::Own));
}

// 44.00 kuai: the usual endings are 39.90 and 45.80, both further than 4 % (1.76) away, so the lesser 43.90 or 44.00 itself, which
// is one. In euros the raise from 15.00 to 15.47 ends at 15.49; from 15.47 with nothing seen below, 15.46 → 15.49 and never 14.99.
#[test]
fn an_ending_neither_moves_a_held_price_to_another_nor_takes_back_a_raise() {
    let cny = |minor| Money { minor, currency: Currency::new(*b"CNY") };
    let held = CorridorInput {
        floor: cny(2_000),
        break_even: cny(1_900),
        answer: Answer::Refused(vec![]),
        elsewhere: None,
        seen: None,
        competitors: vec![],
        present: Some(cny(4_400)),
    };
    assert_eq!(corridor(&held, &CorridorParams::default()).unwrap().asked, Some(cny(4_400)));
    let answer = Answer::Borrowed(Estimate { value: -2.5, se: 0.2 }, vec![]);
    let raised = |present: i64| {
        let input =
            CorridorInput { present: Some(eur(present)), answer: answer.clone(), competitors: vec![], ..input() };
        corridor(&input, &CorridorParams::default()).unwrap().asked.unwrap().minor
    };
    assert_eq!((raised(1_500), raised(1_546)), (1_549, 1_549));
    // From 9.50 to 9.94 in a currency of whole tens the nearest ending is 9.00: below today's, so the one above.
    let sek = |minor| Money { minor, currency: Currency::new(*b"SEK") };
    let input = CorridorInput {
        floor: sek(500),
        break_even: sek(643),
        answer,
        elsewhere: None,
        seen: Some((sek(900), sek(2_000))),
        competitors: vec![],
        present: Some(sek(950)),
    };
    let got = corridor(&input, &CorridorParams::default()).unwrap();
    assert_eq!(got.rests, Some(Rests::Raised));
    assert!(got.asked.unwrap().minor >= 950, "{:?}", got.asked);
}

#[test]
fn the_price_says_what_it_rests_on() {
    let rests = |input: CorridorInput| corridor(&input, &CorridorParams::default()).unwrap().rests;
    assert_eq!(rests(input()), Some(Rests::Own));
    assert_eq!(rests(CorridorInput { floor: eur(1_950), ..input() }), Some(Rests::Floor));
    let refused = Answer::Refused(vec![]);
    assert_eq!(rests(CorridorInput { answer: refused.clone(), ..input() }), Some(Rests::Rivals));
    let held = CorridorInput { answer: refused.clone(), present: Some(eur(1_700)), ..input() };
    assert_eq!(rests(held), Some(Rests::Held));
    assert_eq!(rests(CorridorInput { answer: refused, present: None, competitors: vec![], ..input() }), None);
}

#[test]
fn without_an_answer_the_present_price_stays_within_the_band() {
    let refused = Answer::Refused(vec![Said::new("order size", "订单量")]);
    let got = corridor(&CorridorInput { answer: refused.clone(), ..input() }, &CorridorParams::default()).unwrap();
    assert_eq!((got.asked, got.optimum.as_f64()), (Some(eur(1_799)), None));
    assert!(got.bounds[1].said.en.contains("order size") && got.bounds[1].said.zh.contains("订单量"));
    // A weak answer has no optimum either.
    let weak = Answer::Known(Estimate { value: -0.8, se: 0.1 });
    let got = corridor(&CorridorInput { answer: weak, ..input() }, &CorridorParams::default()).unwrap();
    assert_eq!(got.optimum.as_f64(), None);
    let bare = CorridorInput { answer: refused, seen: None, competitors: vec![], present: None, ..input() };
    let got = corridor(&bare, &CorridorParams::default()).unwrap();
    assert_eq!((got.low, got.high, got.asked), (eur(1_150), None, None));
}

#[test]
fn competitors_below_our_floor_do_not_pull_us_down() {
    let got = corridor(&CorridorInput { floor: eur(1_950), ..input() }, &CorridorParams::default()).unwrap();
    assert_eq!((got.low, got.high), (eur(1_950), Some(eur(1_995))));
    assert_eq!(got.asked, Some(eur(1_995)));
    assert!(got.bounds[2].said.en.contains("below our floor"));
}

// A present price of 3.99 below a floor of 10.30: 10.49 is 19 cents away, 4 % of 10.30 are 41. From 2.00 on, 2.49 is 49 cents
// away and 4 % are 8: the floor itself.
#[test]
fn where_the_floor_binds_the_price_takes_the_next_ending_above_it() {
    let refused = Answer::Refused(Vec::new());
    let at = |floor| {
        let bare = CorridorInput {
            floor: eur(floor),
            answer: refused.clone(),
            seen: None,
            competitors: vec![],
            present: Some(eur(199)),
            ..input()
        };
        corridor(&bare, &CorridorParams::default()).unwrap()
    };
    assert_eq!((at(1_030).asked, at(1_030).high), (Some(eur(1_049)), Some(eur(1_049))));
    assert_eq!((at(200).asked, at(200).high), (Some(eur(200)), Some(eur(200))));
    assert_eq!(at(1_099).asked, Some(eur(1_099)));
    assert_eq!(at(1_030).bounds.last().map(|b| b.kind), Some(BoundKind::Ending));
}

#[test]
fn wrong_amounts_are_refused() {
    let usd = Money { minor: 5, currency: Currency::new(*b"USD") };
    let params = CorridorParams::default();
    let got = corridor(&CorridorInput { competitors: vec![usd], ..input() }, &params);
    assert!(matches!(got, Err(PriceError::Currency { what: "a competitor's price", .. })));
    assert!(corridor(&CorridorInput { floor: eur(0), ..input() }, &params).is_err());
    assert!(corridor(&input(), &CorridorParams { band: (0.8, 0.2), ..params }).is_err());
}

proptest! {
    #[test]
    fn no_price_is_below_the_floor(
        floor in 1_i64..50_000, cost in 1_i64..50_000, e in -6.0_f64..1.0, se in 0.0_f64..2.0, known in any::<bool>(),
        rivals in prop::collection::vec(1_i64..60_000, 0..7), seen in prop::option::of((1_i64..60_000, 1_i64..60_000)),
        present in prop::option::of(1_i64..60_000), ends in any::<bool>(), elsewhere in prop::option::of(0_i64..20_000),
    ) {
        let answer = if known { Answer::Known(Estimate { value: e, se }) } else { Answer::Refused(vec![]) };
        let input = CorridorInput {
            floor: eur(floor), break_even: eur(cost), answer, elsewhere: elsewhere.map(eur),
            seen: seen.map(|(a, b)| (eur(a.min(b)), eur(a.max(b)))),
            competitors: rivals.into_iter().map(eur).collect(), present: present.map(eur),
        };
        let params = CorridorParams { endings: if ends { ENDINGS } else { &[] }, ..CorridorParams::default() };
        let got = corridor(&input, &params).unwrap();
        prop_assert!(got.low.minor >= floor);
        prop_assert!(got.high.is_none_or(|h| h.minor >= got.low.minor && got.asked.is_none_or(|a| a.minor <= h.minor)));
        prop_assert!(got.asked.is_none_or(|a| a.minor >= got.low.minor && a.minor >= floor), "{:?}", got);
    }
}
