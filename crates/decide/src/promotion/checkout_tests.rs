//! Checkouts by hand, against an independent calculation over every set of offers, and as properties.

use super::*;
use domain::{Currency, Window};
use proptest::prelude::*;

const EUR: Currency = Currency::new(*b"EUR");

fn eur(minor: i64) -> Money {
    Money { minor, currency: EUR }
}

fn share(percent: i64) -> Off {
    Off::Share(Decimal::new(percent, 2))
}

fn offer(id: &str, kind: Kind, off: Off) -> Offer {
    Offer { id: id.into(), kind, off, products: None, exclusive: None, cap: None }
}

fn always() -> Kind {
    Kind::Limited { window: Window { from: Day(0), to: Day(100) } }
}

fn only(mut offer: Offer, products: &[&str]) -> Offer {
    offer.products = Some(products.iter().map(|p| (*p).into()).collect());
    offer
}

fn cart(lines: &[(&str, u32, i64, i64)]) -> Cart {
    let line = |&(product, quantity, unit, floor): &(&str, u32, i64, i64)| CartLine {
        product: product.into(),
        quantity,
        unit: eur(unit),
        floor: (floor > 0).then(|| eur(floor)),
    };
    Cart { lines: lines.iter().map(line).collect(), day: Day(5), member: Some(1), codes: ["TEN".into()].into() }
}

fn run(cart: &Cart, offers: &[Offer]) -> Checkout {
    checkout(cart, offers, &Stacking::default()).unwrap()
}

// 3 × 9.99 = 29.97 at 15 % off is 4.4955, so 4.50: 25.47. Then 10 off from 25: 25.47 and 4.00 share it 8.64 : 1.36
// (10 × 25.47 / 29.47 = 8.6427, 10 × 4.00 / 29.47 = 1.3573).
#[test]
fn stages_follow_each_other_to_the_cent() {
    let offers = [
        offer("ten", Kind::Threshold { spend: eur(2_500) }, Off::Amount(eur(1_000))),
        only(offer("summer", always(), share(15)), &["A"]),
    ];
    let got = run(&cart(&[("A", 3, 999, 0), ("B", 1, 400, 0)]), &offers);
    let nets: Vec<i64> = got.lines.iter().map(|l| l.net.minor).collect();
    assert_eq!((got.list, got.total, nets), (eur(3_397), eur(1_947), vec![1_683, 264]));
    assert_eq!(got.applied, [("summer".to_owned(), eur(450)), ("ten".to_owned(), eur(1_000))]);
    assert_eq!(got.lines[0].parts, [("summer".to_owned(), eur(450)), ("ten".to_owned(), eur(864))]);
}

// A 10.00 and B 4.00 for 12.00 together; three A and one B make one set: 2.00 off, 10/14 and 4/14 of it: 1.43 and .57.
// A second bundle of two A at 15.00 uses the two A that are left: 5.00 less what A gave before: 30.00 − 1.43 = 28.57 for three,
// 19.0467 for two, so 4.05 off.
#[test]
fn a_unit_is_in_one_bundle_only() {
    let parts = |list: &[(&str, u32)]| list.iter().map(|(p, n)| ((*p).into(), *n)).collect::<Vec<_>>();
    let offers = [
        offer("b1", Kind::Bundle { parts: parts(&[("A", 1), ("B", 1)]) }, Off::Price(eur(1_200))),
        offer("b2", Kind::Bundle { parts: parts(&[("A", 2)]) }, Off::Price(eur(1_500))),
    ];
    let got = run(&cart(&[("A", 3, 1_000, 0), ("B", 1, 400, 0)]), &offers);
    assert_eq!(got.applied, [("b1".to_owned(), eur(200)), ("b2".to_owned(), eur(405))]);
    assert_eq!(got.lines[1].net, eur(343));
    // With two A the second bundle finds one unit only, so it is better alone: 5.00 against 2.00.
    let got = run(&cart(&[("A", 2, 1_000, 0), ("B", 1, 400, 0)]), &offers);
    assert_eq!(got.applied, [("b2".to_owned(), eur(500))]);
}

#[test] // 40 % and a member's 30 % exclude each other; the code adds 10 % of what is left.
fn exclusive_offers_never_meet_and_codes_are_needed() {
    let mut sale = offer("sale", always(), share(40));
    let mut member = offer("member", Kind::Member { level: 1 }, share(30));
    sale.exclusive = Some("price".into());
    member.exclusive = Some("price".into());
    let coupon = offer("coupon", Kind::Coupon { code: "TEN".into(), spend: eur(0) }, share(10));
    let offers = [coupon, member, sale];
    let all = cart(&[("A", 1, 10_000, 0)]);
    assert_eq!(run(&all, &offers).total, eur(5_400));
    assert_eq!(run(&Cart { codes: BTreeSet::new(), ..all.clone() }, &offers).total, eur(6_000));
    assert_eq!(run(&Cart { day: Day(100), ..all.clone() }, &offers).total, eur(6_300));
    assert_eq!(
        run(&Cart { day: Day(100), member: None, codes: BTreeSet::new(), ..all.clone() }, &offers).total,
        eur(10_000)
    );
    let first = Stacking { choice: Choice::FirstComes, max_offers: Some(1), max_share: None };
    assert_eq!(checkout(&all, &offers, &first).unwrap().applied, [("sale".to_owned(), eur(4_000))]);
}

#[test] // A cheaper product can cost more: 12 % off takes the cart below the 10 off from 100.
fn the_best_set_may_leave_an_offer_out() {
    let offers = [
        offer("small", always(), share(5)),
        offer("from100", Kind::Threshold { spend: eur(10_000) }, Off::Amount(eur(1_000))),
    ];
    let got = run(&cart(&[("A", 1, 10_100, 0)]), &offers);
    assert_eq!((got.total, got.applied.len()), (eur(9_100), 1));
}

// 50 % of 20.00 would be 10.00, the floor is 12.00: 2.00 are cut. All offers together at most 20 % of 30.00 = 6.00: another
// 2.00 of the 8.00 are cut before.
#[test]
fn floors_and_caps_are_kept_and_the_cut_is_told() {
    let cart = cart(&[("A", 1, 2_000, 1_200), ("B", 1, 1_000, 0)]);
    let half = [only(offer("half", always(), share(50)), &["A"])];
    let got = run(&cart, &half);
    assert_eq!((got.lines[0].net, got.cuts.len()), (eur(1_200), 1));
    assert_eq!((got.cuts[0].amount, got.cuts[0].product.as_ref().unwrap().as_str()), (eur(200), "A"));
    let capped = Stacking { max_share: Some(Decimal::new(20, 2)), ..Stacking::default() };
    let got = checkout(&cart, &half, &capped).unwrap();
    assert_eq!((got.total, got.cuts[0].product.is_none(), got.cuts[0].amount), (eur(2_400), true, eur(400)));
    let mut own = half;
    own[0].cap = Some(eur(300));
    assert_eq!(run(&cart, &own).total, eur(2_700));
}

#[test]
fn what_cannot_be_priced_is_refused() {
    let fine = cart(&[("A", 1, 2_000, 1_200)]);
    let refused = |cart: &Cart, offers: &[Offer]| checkout(cart, offers, &Stacking::default()).is_err();
    assert!(refused(&cart(&[]), &[]));
    assert!(refused(&cart(&[("A", 1, 10, 0), ("A", 1, 10, 0)]), &[]));
    assert!(refused(&cart(&[("A", 1, 10, 11)]), &[]));
    assert!(refused(&cart(&[("A", 0, 10, 0)]), &[]));
    assert!(refused(&cart(&[("A", 9, i64::MAX / 8, 0)]), &[]));
    assert!(refused(&cart(&[("A", 1, 100_000_000_000_001, 0)]), &[]));
    assert!(refused(&fine, &[offer("a", always(), share(0))]));
    assert!(refused(&fine, &[offer("a", always(), share(101))]));
    assert!(refused(&fine, &[offer("a", always(), share(1)), offer("a", always(), share(2))]));
    assert!(refused(&fine, &[offer("a", Kind::Threshold { spend: eur(1) }, Off::Price(eur(1)))]));
    assert!(refused(&fine, &[offer("a", Kind::Bundle { parts: vec![] }, share(1))]));
    let usd = Off::Amount(Money { minor: 1, currency: Currency::new(*b"USD") });
    assert!(refused(&fine, &[offer("a", always(), usd)]));
}

/// Everything that may meet, with awkward cents: an independent calculation in whole cents.
fn catalogue() -> Vec<Offer> {
    let mut limited = only(offer("limited", always(), share(17)), &["A"]);
    let mut member = offer("member", Kind::Member { level: 1 }, Off::Price(eur(881)));
    limited.exclusive = Some("g".into());
    member.exclusive = Some("g".into());
    member.products = Some(["A".into()].into());
    let bundle = Kind::Bundle { parts: vec![("A".into(), 1), ("B".into(), 2)] };
    let mut threshold = offer("threshold", Kind::Threshold { spend: eur(2_000) }, share(9));
    threshold.cap = Some(eur(305));
    vec![
        limited,
        member,
        offer("bundle", bundle, share(11)),
        threshold,
        offer("coupon", Kind::Coupon { code: "TEN".into(), spend: eur(1_500) }, Off::Amount(eur(333))),
        only(offer("unit", always(), Off::Amount(eur(41))), &["B"]),
    ]
}

/// `a · n / d` to the nearest cent, halves up.
fn part(a: i64, n: i64, d: i64) -> i64 {
    (2 * a * n + d) / (2 * d)
}

/// Spreads by largest remainder over `worth / d`.
fn spread(off: i64, worth: [i64; 2]) -> [i64; 2] {
    let sum = worth[0] + worth[1];
    let low = [off * worth[0] / sum, off * worth[1] / sum];
    let rest = [off * worth[0] % sum, off * worth[1] % sum];
    match off - low[0] - low[1] {
        0 => low,
        _ if rest[1] > rest[0] => [low[0], low[1] + 1],
        _ => [low[0] + 1, low[1]],
    }
}

/// What `a` of A at 9.73 (floor 7.00) and `b` of B at 4.57 (floor 3.90) cost with a set of the catalogue's offers.
fn by_hand(a: i64, b: i64, set: u32) -> i64 {
    let has = |i: u32| set >> i & 1 == 1;
    let mut net = [a * 973, b * 457];
    let floor = [a * 700, b * 390];
    let take = |off: [i64; 2], net: &mut [i64; 2]| {
        for i in 0..2 {
            net[i] -= off[i].min(net[i] - floor[i]);
        }
    };
    if has(0) {
        take([part(net[0], 17, 100), 0], &mut net);
    }
    if has(5) {
        take([0, 41 * b], &mut net);
    }
    if has(1) {
        take([(net[0] - 881 * a).max(0), 0], &mut net);
    }
    let sets = a.min(b / 2);
    if has(2) && sets > 0 {
        // The sets' part of each line in units of 1 / (a b) cents.
        let worth = [net[0] * sets * b, net[1] * 2 * sets * a];
        let off = part(worth[0] + worth[1], 11, 100 * a * b);
        take(spread(off, worth), &mut net);
    }
    let sum = net[0] + net[1];
    if has(3) && sum >= 2_000 {
        take(spread(part(sum, 9, 100).min(305), net), &mut net);
    }
    let sum = net[0] + net[1];
    if has(4) && sum >= 1_500 {
        take(spread(333, net), &mut net);
    }
    net[0] + net[1]
}

#[test] // 64 sets of offers × 24 carts, each against the cheapest of all its subsets calculated independently.
fn every_set_of_offers_costs_what_the_independent_calculation_says() {
    let offers = catalogue();
    for a in 1..=4_u32 {
        for b in 1..=6_u32 {
            let cart = cart(&[("A", a, 973, 700), ("B", b, 457, 390)]);
            for set in 0..64_u32 {
                let given: Vec<Offer> =
                    offers.iter().enumerate().filter(|(i, _)| set >> i & 1 == 1).map(|(_, o)| o.clone()).collect();
                let got = run(&cart, &given);
                let subsets = (0..64_u32).filter(|s| s & set == *s && s & 0b11 != 0b11);
                let want = subsets.map(|s| by_hand(i64::from(a), i64::from(b), s)).min().unwrap();
                assert_eq!(got.total.minor, want, "{a} A, {b} B, set {set:06b}: {got:?}");
            }
        }
    }
}

proptest! {
    #[test]
    fn cents_add_up_floors_hold_and_order_does_not_matter(
        units in prop::collection::vec((1_u32..5, 1_i64..3_000, 0_i64..100), 1..4),
        picks in prop::collection::vec((0_u8..5, 1_i64..100, 0_i64..4_000, 0_u8..3, prop::option::of(1_i64..900)), 0..6),
        max in prop::option::of(0_i64..60),
    ) {
        let lines: Vec<CartLine> = units.iter().enumerate().map(|(i, (quantity, unit, floor))| CartLine {
            product: format!("P{i}").as_str().into(), quantity: *quantity, unit: eur(*unit),
            floor: Some(eur(unit * floor / 100)),
        }).collect();
        let cart = Cart { lines, day: Day(5), member: Some(1), codes: ["TEN".into()].into() };
        let mut offers: Vec<Offer> = picks.iter().enumerate().map(|(i, (kind, percent, spend, group, cap))| {
            let kind = match kind {
                0 => always(),
                1 => Kind::Member { level: 1 },
                2 => Kind::Bundle { parts: vec![("P0".into(), 1), ("P1".into(), 1)] },
                3 => Kind::Threshold { spend: eur(*spend) },
                _ => Kind::Coupon { code: "TEN".into(), spend: eur(*spend) },
            };
            let off = if percent % 2 == 0 { share(*percent) } else { Off::Amount(eur(percent * 7)) };
            let mut one = offer(&format!("o{i}"), kind, off);
            one.exclusive = (*group > 0).then(|| format!("g{group}"));
            one.cap = cap.map(eur);
            one
        }).collect();
        let stacking = Stacking { max_share: max.map(|m| Decimal::new(m, 2)), ..Stacking::default() };
        let got = checkout(&cart, &offers, &stacking).unwrap();
        let mut total = 0;
        for (line, asked) in got.lines.iter().zip(&cart.lines) {
            let off: i64 = line.parts.iter().map(|p| p.1.minor).sum();
            prop_assert_eq!(line.list.minor - off, line.net.minor);
            prop_assert!(line.net.minor >= asked.floor.unwrap().minor * i64::from(line.quantity));
            total += line.net.minor;
        }
        prop_assert_eq!(total, got.total.minor);
        let taken: i64 = got.applied.iter().map(|a| a.1.minor).sum();
        prop_assert_eq!(got.list.minor - taken, total);
        if let Some(max) = max {
            prop_assert!(100 * taken <= max * got.list.minor);
        }
        for offer in &offers {
            let own = got.applied.iter().find(|a| a.0 == offer.id).map_or(0, |a| a.1.minor);
            prop_assert!(offer.cap.is_none_or(|c| own <= c.minor));
        }
        // One offer less never makes the cart cheaper, and neither does another order.
        if let Some(dropped) = offers.pop() {
            prop_assert!(checkout(&cart, &offers, &stacking).unwrap().total.minor >= total);
            offers.insert(0, dropped);
            prop_assert_eq!(checkout(&cart, &offers, &stacking).unwrap(), got);
        }
    }
}
