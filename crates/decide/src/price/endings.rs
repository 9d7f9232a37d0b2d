//! How prices end in a currency: .99 in euros, 80 in yen, 9 000 in dong.
//!
//! Shops of a place end their prices alike, and a price that ends otherwise looks like a mistake there. The table is data:
//! currency, prices it holds for, the step after which endings repeat, and the endings in minor units, the most usual first. It
//! is general knowledge of shop windows, not a study of what sells more: an ending only moves a price to the nearest usual
//! one, never past a bound.

use domain::{Currency, Money};

/// Endings of prices below `below`, in minor units; rules of a currency stand in ascending order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ending {
    /// Currency.
    pub currency: Currency,
    /// Prices below this, in minor units.
    pub below: i64,
    /// Step after which the endings repeat, in minor units.
    pub step: i64,
    /// What remains beyond a whole number of steps, the most usual first.
    pub rests: &'static [i64],
}

const fn row(code: &[u8; 3], below: i64, step: i64, rests: &'static [i64]) -> Ending {
    Ending { currency: Currency::new(*code), below, step, rests }
}

const ANY: i64 = i64::MAX;
const CENTS: &[i64] = &[99, 95, 49];
const TENS: &[i64] = &[999, 900, 995, 499];
const WHOLE_NINE: &[i64] = &[900, 500];

/// The table. Currencies that are not in it have no endings of their own.
pub const ENDINGS: &[Ending] = &[
    row(b"AED", 2_000, 100, &[95, 99, 50]),
    row(b"AED", ANY, 1_000, WHOLE_NINE),
    row(b"AUD", 20_000, 100, &[95, 99, 50]),
    row(b"AUD", ANY, 1_000, &[900, 995, 999]),
    row(b"BRL", 20_000, 100, &[90, 99]),
    row(b"BRL", ANY, 1_000, &[990, 900]),
    row(b"CAD", 20_000, 100, CENTS),
    row(b"CAD", ANY, 1_000, TENS),
    row(b"CHF", 20_000, 100, &[90, 95]),
    row(b"CHF", ANY, 1_000, &[900, 990]),
    row(b"CLP", ANY, 1_000, &[990]),
    row(b"CNY", 10_000, 1_000, &[990, 900, 880, 800, 580]),
    row(b"CNY", ANY, 1_000, &[900, 800]),
    row(b"COP", ANY, 100_000, &[90_000]),
    row(b"CZK", ANY, 1_000, &[900]),
    row(b"DKK", ANY, 1_000, &[900, 995]),
    row(b"EUR", 20_000, 100, CENTS),
    row(b"EUR", ANY, 1_000, TENS),
    row(b"GBP", 20_000, 100, CENTS),
    row(b"GBP", ANY, 1_000, TENS),
    row(b"HKD", ANY, 1_000, &[900, 800]),
    row(b"HUF", ANY, 10_000, &[9_000, 9_900]),
    row(b"IDR", 100_000_000, 1_000_000, &[900_000, 990_000]),
    row(b"IDR", ANY, 10_000_000, &[9_900_000, 9_000_000]),
    row(b"INR", ANY, 5_000, &[4_900]),
    row(b"JPY", 10_000, 100, &[80, 90, 98]),
    row(b"JPY", ANY, 1_000, &[800, 980, 900]),
    row(b"KRW", 100_000, 1_000, &[900]),
    row(b"KRW", ANY, 10_000, &[9_000, 9_900]),
    row(b"KWD", ANY, 1_000, &[900, 990, 500]),
    row(b"MXN", ANY, 1_000, &[900, 999]),
    row(b"MYR", 10_000, 100, &[90, 99]),
    row(b"MYR", ANY, 1_000, &[900]),
    row(b"NOK", ANY, 1_000, &[900]),
    row(b"NZD", 20_000, 100, &[99, 95]),
    row(b"NZD", ANY, 1_000, &[900, 999]),
    row(b"PHP", ANY, 1_000, &[900, 950]),
    row(b"PLN", 20_000, 100, &[99, 90]),
    row(b"PLN", ANY, 1_000, &[999, 900]),
    row(b"RON", 20_000, 100, &[99, 90]),
    row(b"RON", ANY, 1_000, &[999, 900]),
    row(b"SAR", 2_000, 100, &[95, 99]),
    row(b"SAR", ANY, 1_000, WHOLE_NINE),
    row(b"SEK", ANY, 1_000, &[900]),
    row(b"SGD", 10_000, 100, &[90, 99]),
    row(b"SGD", ANY, 1_000, &[900]),
    row(b"THB", ANY, 1_000, &[900]),
    row(b"TRY", 20_000, 100, &[90, 99]),
    row(b"TRY", ANY, 1_000, &[990, 900]),
    row(b"TWD", ANY, 1_000, &[900, 800]),
    row(b"USD", 20_000, 100, CENTS),
    row(b"USD", ANY, 1_000, TENS),
    row(b"VND", 1_000_000, 10_000, &[9_000]),
    row(b"VND", ANY, 100_000, &[90_000, 99_000]),
    row(b"ZAR", 20_000, 100, &[99, 95]),
    row(b"ZAR", ANY, 1_000, &[900, 999]),
];

/// Endings that do where a usual one lies too far away, for currencies whose usual ones lie ten units apart: whole units, and tenths that
/// shops there print.
pub const LESSER: &[Ending] = &[
    row(b"AED", ANY, 100, &[0, 50]),
    row(b"CNY", ANY, 100, &[90, 80, 0]),
    row(b"CZK", ANY, 100, &[0]),
    row(b"DKK", ANY, 100, &[0]),
    row(b"HKD", ANY, 100, &[90, 0]),
    row(b"JPY", ANY, 10, &[0, 8]),
    row(b"KRW", ANY, 100, &[0]),
    row(b"MXN", ANY, 100, &[0]),
    row(b"MYR", ANY, 100, &[90, 0]),
    row(b"NOK", ANY, 100, &[0]),
    row(b"PHP", ANY, 100, &[0]),
    row(b"SAR", ANY, 100, &[0, 50]),
    row(b"SEK", ANY, 100, &[0]),
    row(b"SGD", ANY, 100, &[90, 0]),
    row(b"THB", ANY, 100, &[0]),
    row(b"TWD", ANY, 100, &[0]),
    row(b"VND", ANY, 1_000, &[0]),
];

/// How far a usual ending may lie from a price, as a share of it: one further away would be another price.
pub const MOST_AWAY: f64 = 0.04;

/// A usual price within `most` minor units of `wanted`: of `table`, else one of the lesser endings ([`LESSER`]), else `wanted` itself. Bounds
/// as for [`nearest`]. An empty table asks for no ending at all.
pub fn near_enough(wanted: Money, floor: Money, ceiling: Option<Money>, table: &[Ending], most: f64) -> Money {
    let tables = [table, if table.is_empty() { table } else { LESSER }];
    let mut found = tables.into_iter().filter_map(|table| nearest(wanted, floor, ceiling, table));
    found.find(|usual| usual.minor.abs_diff(wanted.minor) as f64 <= most).unwrap_or(wanted)
}

/// The usual price nearest to `wanted` that is not below `floor` nor above `ceiling`, by `table`; `None` where the currency
/// has no endings or none lies between the bounds. Among equally near ones the lower.
pub fn nearest(wanted: Money, floor: Money, ceiling: Option<Money>, table: &[Ending]) -> Option<Money> {
    let top = ceiling.map_or(i64::MAX, |c| c.minor);
    let mut best: Option<i64> = None;
    let mut from = 0;
    for rule in table.iter().filter(|r| r.currency == wanted.currency && r.step > 0) {
        // Looked for on both sides of the price itself and of each bound: the nearest may lie in the next rule's range.
        for around in [wanted.minor, floor.minor, top.min(rule.below), from] {
            let steps = around.div_euclid(rule.step);
            for whole in steps.saturating_sub(1)..=steps.saturating_add(1) {
                for rest in rule.rests {
                    let Some(price) = whole.checked_mul(rule.step).and_then(|p| p.checked_add(*rest)) else { continue };
                    let inside = (from..rule.below).contains(&price) && price > 0;
                    if !inside || price < floor.minor || price > top {
                        continue;
                    }
                    let nearer = |b: i64| (price.abs_diff(wanted.minor), price) < (b.abs_diff(wanted.minor), b);
                    if best.is_none_or(nearer) {
                        best = Some(price);
                    }
                }
            }
        }
        from = rule.below;
    }
    best.map(|minor| Money { minor, currency: wanted.currency })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn money(code: &str, minor: i64) -> Money {
        Money { minor, currency: code.parse().unwrap() }
    }

    // 10 % off 48.00 are 43.20. The usual endings around, 39.90 and 45.80, are 3.30 and 2.60 away, 4 % of 48.00 are 1.92: 42.90 or 43.80
    // (.30 and .60 away), or 43.00 (.20 away) it is, and a price of 43.17 never.
    #[test]
    fn a_price_between_far_endings_gets_a_lesser_one() {
        let most = MOST_AWAY * 4_800.0;
        let at =
            |minor| near_enough(money("CNY", minor), money("CNY", 3_000), Some(money("CNY", 4_799)), ENDINGS, most);
        assert_eq!((at(4_320).minor, at(4_317).minor, at(3_980).minor), (4_300, 4_300, 3_990));
        // The floor holds: nothing below 43.10, so 43.80 and not 43.00.
        let above = near_enough(money("CNY", 4_320), money("CNY", 4_310), None, ENDINGS, most);
        assert_eq!(above.minor, 4_380);
        assert_eq!(near_enough(money("CNY", 4_317), money("CNY", 1), None, &[], most).minor, 4_317);
        // A currency without endings keeps its price.
        assert_eq!(near_enough(money("ISK", 4_317), money("ISK", 1), None, ENDINGS, 99.0).minor, 4_317);
    }

    #[test] // 24.37 is nearest to 24.49; with a ceiling of 24.40 it is 23.99; nothing lies between 24.30 and 24.40.
    fn endings_by_hand() {
        let eur = |minor| money("EUR", minor);
        let near = |wanted, floor, ceiling: Option<i64>| nearest(eur(wanted), eur(floor), ceiling.map(eur), ENDINGS);
        assert_eq!(near(2437, 0, None), Some(eur(2449)));
        assert_eq!(near(2437, 0, Some(2440)), Some(eur(2399)));
        assert_eq!(near(2437, 2430, Some(2440)), None);
        assert_eq!(near(19_999, 20_000, None), Some(eur(20_499)));
        assert_eq!(nearest(money("JPY", 2_735), money("JPY", 0), None, ENDINGS), Some(money("JPY", 2_698)));
        assert_eq!(nearest(money("VND", 243_000), money("VND", 0), None, ENDINGS), Some(money("VND", 239_000)));
        assert_eq!(nearest(money("VND", 243_000), money("VND", 240_000), None, ENDINGS), Some(money("VND", 249_000)));
        assert_eq!(nearest(money("ISK", 243), money("ISK", 0), None, ENDINGS), None);
    }

    #[test]
    fn the_table_is_in_order_and_its_endings_fit_their_step() {
        for pair in ENDINGS.windows(2) {
            let key = |r: &Ending| (r.currency.code().to_owned(), r.below);
            assert!(key(&pair[0]) < key(&pair[1]), "{:?}", pair[1]);
        }
        for rule in ENDINGS {
            assert!(rule.rests.iter().all(|r| (0..rule.step).contains(r)) && !rule.rests.is_empty(), "{rule:?}");
        }
    }

    proptest! {
        #[test] // Against every price between the bounds, tried one by one.
        fn the_nearest_is_the_nearest(which in 0_usize..4, wanted in 1_i64..1200, low in 0_i64..1200, width in 0_i64..900) {
            // Scaled so that the change of rules lies inside.
            let (code, scale) = [("EUR", 40), ("JPY", 20), ("CNY", 20), ("KRW", 200)][which];
            let (wanted, low, high) = (wanted * scale + 7, low * scale, (low + width) * scale);
            let rules: Vec<&Ending> = ENDINGS.iter().filter(|r| r.currency.code() == code).collect();
            let usual = |p: i64| {
                let rule = rules.iter().find(|r| p < r.below).unwrap();
                rule.rests.contains(&p.rem_euclid(rule.step))
            };
            let brute = (low.max(1)..=high).filter(|p| usual(*p)).min_by_key(|p| (p.abs_diff(wanted), *p));
            let got = nearest(money(code, wanted), money(code, low), Some(money(code, high)), ENDINGS);
            prop_assert_eq!(got.map(|m| m.minor), brute);
        }
    }
}
