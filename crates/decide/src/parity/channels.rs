//! Channels of a market that undercut each other, once or as a war.
//!
//! *Parity*: on a day, a product's price in each channel is held against the reference channel's (the seller's own shop), by more
//! than a tolerance below or above. What the shopper pays counts: freight and coupons of the channel are in the price.
//! *War*: a run of cuts in which each is made by another channel than the last, each follows within some days and ends below the
//! price that the other had just set; at least [`ParityParams::war_cuts`] of them. A single sale, a parallel seasonal cut of all
//! channels on one day, and prices that fall without answering each other are none. Cost: one sort a product.

use crate::price::{PriceError, Said};
use domain::{Day, Decimal, Money, ProductId};
use std::collections::BTreeMap;

/// A channel's price of a product from a day on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelPrice {
    /// Product.
    pub product: ProductId,
    /// Channel.
    pub channel: String,
    /// First day of this price.
    pub day: Day,
    /// What a shopper pays for one unit.
    pub price: Money,
}

/// What counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ParityParams {
    /// Difference from the reference that is let pass.
    pub tolerance: Decimal,
    /// Days within which an answer follows a cut.
    pub answer_days: i32,
    /// Cuts in turn that make a war.
    pub war_cuts: usize,
    /// Least cut, as a share, that counts as one.
    pub least_cut: Decimal,
}

impl Default for ParityParams {
    fn default() -> Self {
        Self { tolerance: Decimal::new(3, 2), answer_days: 14, war_cuts: 4, least_cut: Decimal::new(1, 2) }
    }
}

/// A channel out of line.
#[derive(Clone, Debug, PartialEq)]
pub struct Violation {
    /// Product.
    pub product: ProductId,
    /// Channel.
    pub channel: String,
    /// Its price.
    pub price: Money,
    /// The reference's price.
    pub reference: Money,
    /// `price / reference − 1`.
    pub gap: Decimal,
    /// For people.
    pub said: Said,
}

/// A war.
#[derive(Clone, Debug, PartialEq)]
pub struct War {
    /// Product.
    pub product: ProductId,
    /// Cuts in order: channel, day, new price.
    pub cuts: Vec<(String, Day, Money)>,
    /// Price before the first cut, of the channel that made it.
    pub before: Money,
    /// `1 − last / before`.
    pub fallen: Decimal,
    /// For people.
    pub said: Said,
}

type Steps<'a> = BTreeMap<&'a ProductId, Vec<&'a ChannelPrice>>;

fn by_product(prices: &[ChannelPrice]) -> Result<Steps<'_>, PriceError> {
    let mut out: Steps<'_> = BTreeMap::new();
    for price in prices {
        if price.price.minor <= 0 {
            return Err(PriceError::Param { name: "price", rule: "above 0", got: price.price.minor as f64 });
        }
        out.entry(&price.product).or_default().push(price);
    }
    for steps in out.values_mut() {
        if let Some(other) = steps.iter().find(|s| s.price.currency != steps[0].price.currency) {
            let (got, need) = (other.price.currency, steps[0].price.currency);
            return Err(PriceError::Currency { what: "a channel's price", got, need });
        }
        steps.sort_by(|a, b| a.day.cmp(&b.day).then(a.channel.cmp(&b.channel)).then(a.price.minor.cmp(&b.price.minor)));
    }
    Ok(out)
}

/// Channels out of line with `reference` on `day`, the widest gap first. Products that the reference does not sell have none.
///
/// # Errors
/// [`PriceError`] for a price not above 0, or prices of a product in two currencies.
pub fn violations(
    prices: &[ChannelPrice],
    reference: &str,
    day: Day,
    params: &ParityParams,
) -> Result<Vec<Violation>, PriceError> {
    let mut out = Vec::new();
    for (product, steps) in by_product(prices)? {
        let mut now: BTreeMap<&str, Money> = BTreeMap::new();
        for step in steps.iter().filter(|s| s.day <= day) {
            now.insert(&step.channel, step.price);
        }
        let Some(base) = now.get(reference).copied() else { continue };
        for (channel, price) in now.into_iter().filter(|(c, _)| *c != reference) {
            let gap = Decimal::from(price.minor) / Decimal::from(base.minor) - Decimal::ONE;
            if gap.abs() <= params.tolerance {
                continue;
            }
            let percent = (gap.abs() * Decimal::ONE_HUNDRED).round_dp(1);
            let (en, zh) = if gap.is_sign_negative() { ("below", "低") } else { ("above", "高") };
            let said = Said::new(
                format!("{channel} sells {} at {price}, {percent} % {en} {reference} ({base})", product.as_str()),
                format!("{channel} 的 {} 售价 {price}，比 {reference}（{base}）{zh} {percent} %", product.as_str()),
            );
            out.push(Violation {
                product: product.clone(),
                channel: channel.to_owned(),
                price,
                reference: base,
                gap,
                said,
            });
        }
    }
    out.sort_by(|a, b| {
        b.gap.abs().cmp(&a.gap.abs()).then_with(|| (&a.product, &a.channel).cmp(&(&b.product, &b.channel)))
    });
    Ok(out)
}

/// Wars, in order of product and day.
///
/// # Errors
/// As [`violations`].
pub fn wars(prices: &[ChannelPrice], params: &ParityParams) -> Result<Vec<War>, PriceError> {
    let mut out = Vec::new();
    for (product, steps) in by_product(prices)? {
        let mut now: BTreeMap<&str, Money> = BTreeMap::new();
        let mut run: Vec<(String, Day, Money)> = Vec::new();
        let mut before = None;
        let mut close = |run: &mut Vec<(String, Day, Money)>, before: Option<Money>| {
            if run.len() >= params.war_cuts.max(2)
                && let (Some(before), Some(last)) = (before, run.last())
            {
                let fallen = Decimal::ONE - Decimal::from(last.2.minor) / Decimal::from(before.minor);
                let percent = (fallen * Decimal::ONE_HUNDRED).round_dp(1);
                let steps = run.iter().map(|(c, d, p)| format!("{c} {d} {p}")).collect::<Vec<_>>().join(", ");
                let said = Said::new(
                    format!(
                        "{} cuts in turn on {}: from {before} down {percent} % ({steps})",
                        run.len(),
                        product.as_str()
                    ),
                    format!(
                        "{} 出现 {} 次轮番降价：自 {before} 下降 {percent} %（{steps}）",
                        product.as_str(),
                        run.len()
                    ),
                );
                out.push(War { product: product.clone(), cuts: std::mem::take(run), before, fallen, said });
            }
            run.clear();
        };
        for step in steps {
            let old = now.insert(&step.channel, step.price);
            let Some(old) = old else { continue };
            let cut = Decimal::from(old.minor - step.price.minor) / Decimal::from(old.minor) >= params.least_cut;
            if !cut {
                // Whoever raises a price of the run ends it.
                if step.price.minor > old.minor && run.iter().any(|c| c.0 == step.channel) {
                    close(&mut run, before);
                }
                continue;
            }
            let answers = run.last().is_some_and(|(channel, day, price)| {
                let gap = step.day.since(*day);
                *channel != step.channel && (1..=params.answer_days).contains(&gap) && step.price.minor < price.minor
            });
            if !answers {
                close(&mut run, before);
                before = Some(old);
            }
            run.push((step.channel.clone(), step.day, step.price));
        }
        close(&mut run, before);
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Currency;

    fn at(channel: &str, day: i32, minor: i64) -> ChannelPrice {
        let price = Money { minor, currency: Currency::new(*b"EUR") };
        ChannelPrice { product: "P".into(), channel: channel.into(), day: Day(day), price }
    }

    #[test] // Shop 100; market 95 (−5 %), outlet 102 (+2 %, let pass), partner 110 from day 20 on (+10 %).
    fn channels_out_of_line_by_hand() {
        let prices =
            [at("shop", 0, 10_000), at("market", 3, 9_500), at("outlet", 3, 10_200), at("partner", 20, 11_000)];
        let on = |day| violations(&prices, "shop", Day(day), &ParityParams::default()).unwrap();
        assert_eq!(
            on(10).iter().map(|v| (v.channel.as_str(), v.gap)).collect::<Vec<_>>(),
            [("market", Decimal::new(-5, 2))]
        );
        assert_eq!(on(20).iter().map(|v| v.channel.as_str()).collect::<Vec<_>>(), ["partner", "market"]);
        assert!(on(10)[0].said.en.contains("5.0 % below shop") || on(10)[0].said.en.contains("5 % below shop"));
        assert!(violations(&prices, "nobody", Day(10), &ParityParams::default()).unwrap().is_empty());
    }

    #[test]
    fn a_war_is_found_and_what_only_looks_like_one_is_not() {
        let start = [at("a", 0, 10_000), at("b", 0, 10_000)];
        let war = |steps: &[ChannelPrice]| {
            let all: Vec<ChannelPrice> = start.iter().chain(steps).cloned().collect();
            wars(&all, &ParityParams::default()).unwrap()
        };
        let planted =
            [at("a", 10, 9_700), at("b", 14, 9_500), at("a", 20, 9_300), at("b", 22, 9_000), at("b", 60, 10_000)];
        let got = war(&planted);
        assert_eq!(got.len(), 1);
        assert_eq!((got[0].cuts.len(), got[0].before.minor, got[0].fallen), (4, 10_000, Decimal::new(10, 2)));
        // One channel alone; both on the same days; answers weeks later; answers that stop above the other's price.
        assert!(war(&[at("a", 10, 9_700), at("a", 14, 9_500), at("a", 20, 9_300), at("a", 22, 9_000)]).is_empty());
        assert!(war(&[at("a", 10, 9_700), at("b", 10, 9_500), at("a", 20, 9_300), at("b", 20, 9_000)]).is_empty());
        assert!(war(&[at("a", 10, 9_700), at("b", 40, 9_500), at("a", 70, 9_300), at("b", 99, 9_000)]).is_empty());
        assert!(war(&[at("a", 10, 9_000), at("b", 14, 9_500), at("a", 20, 8_900), at("b", 22, 9_100)]).is_empty());
        // A raise in between.
        assert!(
            war(&[at("a", 10, 9_700), at("b", 14, 9_500), at("a", 16, 9_900), at("a", 20, 9_300), at("b", 22, 9_000)])
                .is_empty()
        );
        assert!(war(&[]).is_empty());
    }

    #[test]
    fn two_currencies_are_refused() {
        let mut other = at("b", 0, 5);
        other.price.currency = Currency::new(*b"USD");
        assert!(wars(&[at("a", 0, 5), other.clone()], &ParityParams::default()).is_err());
        assert!(violations(&[at("a", 0, 0)], "a", Day(0), &ParityParams::default()).is_err());
    }
}
