//! Does the first order say how often somebody will come back? What is known of it (market, channel, category, value, units) as
//! traits of [`TraitModel`], tried on hidden days before it is used.
//!
//! Only the first day with an order is looked at, so a trait is known before whatever is forecast. Twice the same days ahead are
//! hidden: on the earlier period the model with traits is compared with the one that knows the market alone, by the logarithm
//! of the probability that each gave to what every shopper then did; on the later one, used for nothing else, the difference is
//! reported. Traits are used where the lower end of the earlier difference is above 0, and refused where it is not.
//!
//! What is used is the effect on the rate alone: `α = α₀ e^{-γ·z}` is the plain model in a time that runs `e^{γ·z}` times as fast, the
//! shopper's *pace*, so the model of all markets together ([`super::ValueParams::pace`]) takes it as it is. Paces are centred, so that the
//! mean logarithm over the shoppers of a market is 0, and rounded to steps of a tenth in the logarithm, so that equal rows stay equal.
//!
//! Source: Fader and Hardie, "Incorporating time-invariant covariates into the Pareto/NBD and BG/NBD models", 2007; comparing by the
//! logarithmic score: Gneiting and Raftery, "Strictly proper scoring rules, prediction, and estimation", JASA 102(477), 2007.
//! Cost: five fits of at most [`MOST_SHOPPERS`] shoppers.

use super::covariates::{Effect, TraitModel, TraitParams, TraitRow};
use super::{Purchases, ValueError};
use crate::predict::ShopperFacts;
use domain::{Day, Figure, Market, ShopperId, Unit};
use learn::interval::two_sided;
use std::collections::BTreeMap;

/// Shoppers learnt from and compared on at most, spread evenly over all.
pub const MOST_SHOPPERS: usize = 6_000;
/// Shoppers that a period needs.
const FEWEST: usize = 300;
/// Share of the shoppers that a channel, category or market has to have to be a trait.
const LEAST_SHARE: f64 = 0.03;
/// Categories that become a trait at most.
const MOST_CATEGORIES: usize = 8;
/// Largest pace and least, e^±1.5: beyond, a few shoppers speak.
const MOST_LN_PACE: f64 = 1.5;
/// Steps of the logarithm of a pace.
const STEP: f64 = 0.1;

/// Names behind the numbers of facts.
#[derive(Clone, Copy, Debug)]
pub struct TraitNames<'a> {
    /// Of [`crate::predict::OrderFact::channel`].
    pub channels: &'a [String],
    /// Of [`crate::predict::OrderFact::categories`].
    pub categories: &'a [String],
}

/// What a trait goes with.
#[derive(Clone, Debug, PartialEq)]
pub struct TraitEffect {
    /// `channel`, `category`, `order value` or `units`.
    pub kind: &'static str,
    /// The channel or category; empty of amounts, whose unit is the doubling.
    pub value: String,
    /// What it is compared with; empty of amounts.
    pub against: String,
    /// On the logarithm of the rate of buying, all data.
    pub effect: Effect,
    /// Shoppers that have it; all of them, of an amount.
    pub n: u64,
}

/// What came of trying.
#[derive(Clone, Debug, PartialEq)]
pub struct TraitChoice {
    /// Mean gain in log probability a shopper on the period that decides. Key `value.traits_validation`.
    pub validation: Figure,
    /// The same on the later period, which decided nothing. Key `value.traits_test`.
    pub test: Figure,
    /// Whether the traits are used.
    pub used: bool,
    /// Effects over all data, in the order of the traits.
    pub effects: Vec<TraitEffect>,
    /// How many times as fast the time of each shopper runs; empty where traits are not used.
    pub pace: BTreeMap<ShopperId, f64>,
}

/// A trait as a column.
#[derive(Clone, Debug, PartialEq)]
enum Column {
    Market(Market),
    Channel(u32),
    Category(u32),
    /// Logarithm to base 2 of the value of the first order.
    Value,
    /// Logarithm to base 2 of its units.
    Units,
}

/// First day with an order of a shopper, summed.
struct First {
    market: Market,
    channel: Option<u32>,
    category: Option<u32>,
    value: f64,
    units: f64,
}

fn first(facts: &ShopperFacts) -> Option<First> {
    let order = facts.orders.first()?;
    let day = facts.orders.iter().take_while(|o| o.day == order.day);
    let (value, units) = day.fold((0.0, 0.0), |sum, o| (sum.0 + o.revenue.to_f64(), sum.1 + f64::from(o.n_units)));
    // The category that most lines of the first order have; of equals the smaller number.
    let mut counts: BTreeMap<u32, u32> = BTreeMap::new();
    order.categories.iter().for_each(|c| *counts.entry(*c).or_default() += 1);
    let category = counts.iter().max_by_key(|(c, n)| (**n, std::cmp::Reverse(**c))).map(|(c, _)| *c);
    Some(First {
        market: order.market,
        channel: order.channel,
        category,
        value: value.max(0.01),
        units: units.max(1.0),
    })
}

impl Column {
    fn of(&self, first: &First) -> f64 {
        let is = |truth: bool| f64::from(u8::from(truth));
        match self {
            Self::Market(m) => is(first.market == *m),
            Self::Channel(c) => is(first.channel == Some(*c)),
            Self::Category(c) => is(first.category == Some(*c)),
            Self::Value => first.value.log2(),
            Self::Units => first.units.log2(),
        }
    }
}

/// Columns of markets, then of traits, of shoppers seen before a day; the most frequent market, channel and category are
/// what others are compared with.
struct Columns {
    markets: Vec<Column>,
    traits: Vec<Column>,
    channel: Option<u32>,
    category: Option<u32>,
}

impl Columns {
    fn learn(firsts: &[First]) -> Self {
        let least = ((LEAST_SHARE * firsts.len() as f64).ceil() as usize).max(30);
        let (mut markets, channel_of) = (frequent(firsts.iter().map(|f| Some(f.market)), least), |f: &First| f.channel);
        let (mut channels, mut categories) =
            (frequent(firsts.iter().map(channel_of), least), frequent(firsts.iter().map(|f| f.category), least));
        categories.truncate(MOST_CATEGORIES + 1);
        let cut = |all: &mut Vec<u32>| (!all.is_empty()).then(|| all.remove(0));
        if !markets.is_empty() {
            markets.remove(0);
        }
        let (channel, category) = (cut(&mut channels), cut(&mut categories));
        let mut traits: Vec<Column> = channels.into_iter().map(Column::Channel).collect();
        traits.extend(categories.into_iter().map(Column::Category));
        for amount in [Column::Value, Column::Units] {
            let head = firsts.first().map_or(0.0, |f| amount.of(f));
            if firsts.iter().any(|f| (amount.of(f) - head).abs() > 1e-9) {
                traits.push(amount);
            }
        }
        let (mut span, markets) = (Span::new(firsts.len()), markets.into_iter().map(Column::Market));
        // A channel that is a market's own says nothing beyond the market.
        let markets = markets.filter(|column| span.widens(column, firsts)).collect();
        traits.retain(|column| span.widens(column, firsts));
        Self { markets, traits, channel, category }
    }

    fn row(&self, first: &First, purchases: Purchases, traits: bool) -> TraitRow {
        let columns = self.markets.iter().chain(self.traits.iter().filter(|_| traits));
        TraitRow { purchases, purchase: columns.map(|c| c.of(first)).collect(), drop_out: Vec::new() }
    }
}

/// Share of a column's spread that the columns before it may not explain.
const LEAST_OWN: f64 = 1e-3;

/// What the columns so far span, as orthonormal vectors over the shoppers.
struct Span(Vec<Vec<f64>>);

impl Span {
    fn new(n: usize) -> Self {
        Self(vec![vec![1.0 / (n as f64).sqrt(); n]])
    }

    /// Whether a column says something that those before it do not, together; then it is one of them.
    fn widens(&mut self, column: &Column, firsts: &[First]) -> bool {
        let mut values: Vec<f64> = firsts.iter().map(|f| column.of(f)).collect();
        let square = |values: &[f64]| values.iter().map(|v| v * v).sum::<f64>();
        let mut spread = f64::NAN;
        // Twice, against rounding.
        for base in self.0.iter().chain(&self.0) {
            let along: f64 = values.iter().zip(base).map(|(v, b)| v * b).sum();
            values.iter_mut().zip(base).for_each(|(v, b)| *v -= along * b);
            if spread.is_nan() {
                spread = square(&values);
            }
        }
        let own = square(&values);
        let widens = spread > 0.0 && own > LEAST_OWN * spread;
        if widens {
            values.iter_mut().for_each(|v| *v /= own.sqrt());
            self.0.push(values);
        }
        widens
    }
}

/// Values of at least so many, the most frequent first, ties by value.
fn frequent<T: Ord + Copy>(values: impl Iterator<Item = Option<T>>, least: usize) -> Vec<T> {
    let mut counts: BTreeMap<T, usize> = BTreeMap::new();
    values.flatten().for_each(|v| *counts.entry(v).or_default() += 1);
    let mut all: Vec<(T, usize)> = counts.into_iter().filter(|(_, n)| *n >= least).collect();
    all.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    all.into_iter().map(|(value, _)| value).collect()
}

/// Purchase days before a cutoff, as the models see them.
fn purchases(facts: &ShopperFacts, cutoff: Day) -> Option<Purchases> {
    let days = facts.order_days(cutoff);
    let (first, last) = (*days.first()?, *days.last()?);
    let weeks = |to: Day| f64::from(to.since(first)) / 7.0;
    Some(Purchases::new(days.len() as u32 - 1, weeks(last), weeks(cutoff.plus(-1))))
}

/// The logarithm of the probability of so many purchase days in the next weeks.
fn ln_probability(model: &TraitModel, row: &TraitRow, count: usize, weeks: f64) -> f64 {
    let (p_alive, shares) = model.ahead(row, weeks);
    let of_living = shares.get(count).copied().unwrap_or(0.0);
    (p_alive * of_living + if count == 0 { 1.0 - p_alive } else { 0.0 }).max(1e-9).ln()
}

struct Period {
    gains: Vec<f64>,
}

impl Period {
    /// Gains of the shoppers known before `cutoff` in the `days` after it.
    fn compare(shoppers: &[&ShopperFacts], cutoff: Day, days: i32, params: &TraitParams) -> Result<Self, ValueError> {
        let seen: Vec<(&ShopperFacts, First, Purchases)> =
            shoppers.iter().filter_map(|facts| Some((*facts, first(facts)?, purchases(facts, cutoff)?))).collect();
        if seen.len() < FEWEST {
            return Err(ValueError::TooLittleData {
                what: "shoppers of a hidden period",
                have: seen.len(),
                need: FEWEST,
            });
        }
        let firsts: Vec<First> = seen.iter().filter_map(|(facts, ..)| first(facts)).collect();
        let columns = Columns::learn(&firsts);
        if columns.traits.is_empty() {
            return Err(ValueError::TooLittleData { what: "traits of first orders", have: 0, need: 1 });
        }
        let rows = |traits| seen.iter().map(|(_, first, p)| columns.row(first, *p, traits)).collect::<Vec<_>>();
        let (plain_rows, trait_rows) = (rows(false), rows(true));
        let (plain, with) = (params.fit(&plain_rows)?, params.fit(&trait_rows)?);
        let weeks = f64::from(days) / 7.0;
        let gain = |(at, (facts, ..)): (usize, &(&ShopperFacts, First, Purchases))| {
            let came = facts.order_days(cutoff.plus(days)).len() - facts.order_days(cutoff).len();
            ln_probability(&with, &trait_rows[at], came, weeks) - ln_probability(&plain, &plain_rows[at], came, weeks)
        };
        Ok(Self { gains: seen.iter().enumerate().map(gain).collect() })
    }

    fn figure(&self, key: &str, level: f64, from: Day, days: i32) -> Figure {
        let n = self.gains.len() as f64;
        let mean = self.gains.iter().sum::<f64>() / n;
        let variance = self.gains.iter().map(|g| (g - mean).powi(2)).sum::<f64>() / (n - 1.0);
        let reach = two_sided(level).unwrap_or(f64::NAN) * (variance / n).sqrt();
        Figure::number(key, Unit::Score, mean, n as u64, FEWEST as u64)
            .interval(mean - reach, mean + reach, level)
            .formula(format!(
                "mean over shoppers of ln P(orders in {days} days | first order, market) − ln P(orders | market), BG/NBD before {from}"
            ))
    }
}

/// Tries the traits and, where they help, gives every shopper a pace. Facts are in the order of days; `now` is the first day
/// that is not seen.
///
/// # Errors
/// [`ValueError::TooLittleData`] with fewer than 300 shoppers before the hidden days or no trait that differs;
/// [`ValueError`] as [`TraitParams::fit`].
pub fn choose_traits(
    shoppers: &[ShopperFacts],
    names: TraitNames<'_>,
    now: Day,
    horizon_days: i32,
) -> Result<TraitChoice, ValueError> {
    let params = TraitParams::default();
    let step = shoppers.len().div_ceil(MOST_SHOPPERS).max(1);
    let learnt: Vec<&ShopperFacts> = shoppers.iter().step_by(step).collect();
    let [early, late] = [2, 1].map(|k| now.plus(-k * horizon_days));
    let [validation, test] = [("value.traits_validation", early), ("value.traits_test", late)].map(|(key, from)| {
        Ok::<_, ValueError>(Period::compare(&learnt, from, horizon_days, &params)?.figure(
            key,
            params.level,
            from,
            horizon_days,
        ))
    });
    let (validation, test) = (validation?, test?);
    let used = validation.interval.is_some_and(|i| i.low > 0.0);
    let all: Vec<(First, Purchases)> =
        learnt.iter().filter_map(|facts| Some((first(facts)?, purchases(facts, now)?))).collect();
    let (firsts, bought): (Vec<First>, Vec<Purchases>) = all.into_iter().unzip();
    let columns = Columns::learn(&firsts);
    let rows: Vec<TraitRow> = firsts.iter().zip(bought).map(|(first, p)| columns.row(first, p, true)).collect();
    let model = params.fit(&rows)?;
    let effects = &model.purchase_effects()[columns.markets.len()..];
    let named = |column: &Column, effect: &Effect| {
        let n = firsts.iter().filter(|f| column.of(f) == 1.0).count() as u64;
        let name =
            |names: &[String], at: Option<u32>| at.and_then(|at| names.get(at as usize)).cloned().unwrap_or_default();
        let (kind, value, against, n) = match column {
            Column::Channel(c) => ("channel", name(names.channels, Some(*c)), name(names.channels, columns.channel), n),
            Column::Category(c) => {
                ("category", name(names.categories, Some(*c)), name(names.categories, columns.category), n)
            }
            Column::Value => ("order value", String::new(), String::new(), firsts.len() as u64),
            Column::Units | Column::Market(_) => ("units", String::new(), String::new(), firsts.len() as u64),
        };
        TraitEffect { kind, value, against, effect: *effect, n }
    };
    Ok(TraitChoice {
        effects: columns.traits.iter().zip(effects).map(|(c, e)| named(c, e)).collect(),
        pace: if used { paces(shoppers, &columns, effects) } else { BTreeMap::new() },
        validation,
        test,
        used,
    })
}

fn paces(shoppers: &[ShopperFacts], columns: &Columns, effects: &[Effect]) -> BTreeMap<ShopperId, f64> {
    let score = |first: &First| columns.traits.iter().zip(effects).map(|(c, e)| e.value * c.of(first)).sum::<f64>();
    let scored: Vec<(&ShopperId, Market, f64)> = shoppers
        .iter()
        .filter_map(|facts| first(facts).map(|first| (&facts.shopper, first.market, score(&first))))
        .collect();
    let mut of_market: BTreeMap<Market, (f64, f64)> = BTreeMap::new();
    for (_, market, score) in &scored {
        let sum = of_market.entry(*market).or_default();
        *sum = (sum.0 + score, sum.1 + 1.0);
    }
    let pace = |(shopper, market, score): (&ShopperId, Market, f64)| {
        let (sum, n) = of_market[&market];
        let off = (score - sum / n).clamp(-MOST_LN_PACE, MOST_LN_PACE);
        (shopper.clone(), ((off / STEP).round() * STEP).exp())
    };
    scored.into_iter().map(pace).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::predict::OrderFact;
    use crate::value::simulate::life;
    use domain::{Amount, Seed};

    const START: i32 = 20_000;
    const END: i32 = START + 500;

    /// Shoppers of two markets whose first order came by one of two channels; buying runs `times` as fast by the second.
    fn shoppers(n: u64, times: f64, seed: u64) -> Vec<ShopperFacts> {
        let one = |i: u64| {
            let mut rng = Seed(seed).stream(i);
            let (fast, first) = (i.is_multiple_of(2), START + rng.below(300) as i32);
            let alpha = 12.0 / if fast { times } else { 1.0 };
            let buy = crate::value::BuyDraw { r: 0.9, alpha, a: 0.7, b: 3.0 };
            let mut days = vec![first];
            days.extend(
                life(&buy, f64::from(END - first) / 7.0, &mut rng).weeks.iter().map(|w| first + (7.0 * w) as i32),
            );
            let order = |day: i32| OrderFact {
                day: Day(day),
                market: if i.is_multiple_of(3) { "DE" } else { "FR" }.parse().unwrap(),
                revenue: Amount::from_micros(20_000_000 + 1_000_000 * (i as i64 % 7)),
                n_units: 1,
                products: vec![0],
                categories: vec![0],
                channel: Some(u32::from(fast)),
            };
            ShopperFacts {
                shopper: ShopperId::new(format!("s{i}")),
                orders: days.into_iter().map(order).collect(),
                returns: Vec::new(),
            }
        };
        (0..n).map(one).collect()
    }

    fn choose(shoppers: &[ShopperFacts]) -> TraitChoice {
        let names = ["shop", "app"].map(str::to_owned);
        let names = TraitNames { channels: &names, categories: &[] };
        choose_traits(shoppers, names, Day(END), 90).unwrap()
    }

    #[test]
    fn a_planted_channel_is_found_used_and_gains_on_days_that_decided_nothing() {
        let all = shoppers(3_000, 3.0, 1);
        let choice = choose(&all);
        assert!(choice.used, "{choice:?}");
        assert!(choice.test.interval.unwrap().low > 0.0, "{:?}", choice.test);
        let channel = choice.effects.iter().find(|e| e.kind == "channel").unwrap();
        let sign = if channel.value == "app" { 1.0 } else { -1.0 };
        let found = sign * channel.effect.value;
        assert!((found - 3.0_f64.ln()).abs() < 0.3, "{found} {channel:?}");
        let (fast, slow) = (choice.pace[&all[0].shopper], choice.pace[&all[1].shopper]);
        assert!((fast / slow / 3.0 - 1.0).abs() < 0.35, "{fast} {slow}");
    }

    #[test]
    fn traits_that_say_nothing_are_refused() {
        let refused = (1..=5).filter(|seed| !choose(&shoppers(1_500, 1.0, *seed)).used).count();
        assert!(refused >= 4, "{refused} of 5");
        assert!(choose(&shoppers(1_500, 1.0, 2)).pace.is_empty());
    }

    #[test] // Channel 0 is DE's and channel 1 FR's: nobody can tell one from the other.
    fn a_channel_that_is_its_markets_is_no_trait() {
        let mut all = shoppers(1_000, 2.0, 3);
        for order in all.iter_mut().flat_map(|facts| &mut facts.orders) {
            order.channel = Some(u32::from(order.market == "FR".parse().unwrap()));
        }
        let choice = choose(&all);
        assert!(choice.effects.iter().all(|e| e.kind != "channel"), "{choice:?}");
        assert!(choice.effects.iter().all(|e| e.effect.interval.is_some()), "{choice:?}");
    }

    #[test]
    fn the_days_that_are_forecast_are_not_looked_at() {
        let mut all = shoppers(1_000, 2.0, 3);
        let before = choose(&all);
        // What happens after the first day changes nothing in the traits of a first order.
        for facts in &mut all {
            let first = facts.orders[0].day;
            let later = facts.orders.iter_mut().filter(|o| o.day > first);
            later.for_each(|o| (o.channel, o.revenue) = (Some(1), Amount::from_micros(1)));
        }
        assert_eq!(choose(&all), before);
        let few = shoppers(200, 2.0, 3);
        let names = TraitNames { channels: &[], categories: &[] };
        assert!(matches!(choose_traits(&few, names, Day(END), 90), Err(ValueError::TooLittleData { .. })));
    }
}
