//! Markets to be entered: nothing was ever sold there, and everything is decided from another market.
//!
//! Candidates are the markets that stage `entry` ranked and where nothing was sold. The *source* is the market abroad that is to sell
//! most, home where nothing is sold abroad. What it is to sell of each product that may be sold in the candidate, times *how large the
//! candidate is beside it*, is the demand:
//!
//! - what can be won a year (`market.som_base`) over the source's own sales of a year, with the width of that figure; or, where the
//!   market could not be sized, the median over the served markets abroad of their sales over the source's, with their scatter and
//!   [`UNSIZED`] at least.
//!
//! One product scatters around that as the products sold in both of two served markets do. Prices start from the source's, held to the
//! landed floor and to the competitors' band, the first order is the newsvendor's, and discounts are tests. Where source and candidate lie in different
//! hemispheres the weeks are alike, for the season of thirteen weeks says nothing of the other half of the year.

use super::costs::{self, Costed};
use super::demand::{Demand, HORIZON, LEVEL, Learnt, first_week};
use super::first_send::{self, FirstRow};
use super::inputs::{Carried, Inputs, MarketSales};
use super::outcome::{self, Decided, Outcome, Play};
use super::prices::{self, Answers, PriceRow};
use super::promote::{self, PromoRow};
use super::settings::DecideSettings;
use super::short::Lent;
use super::{Prepared, Settled};
use crate::pipeline::rows::Rows;
use anyhow::Result;
use decide::Said;
use decide::advice::Entry;
use decide::calendar::{Suggestion, is_south};
use decide::demand::forecast::{Forecast, Way};
use decide::stock::analogy::analogy;
use domain::Market;
use lake::Engine;
use learn::series::Band;
use std::collections::{BTreeMap, BTreeSet};

/// Standard deviation of the logarithm of a market's size beside another, where nothing measures it: as `entry` assumes from one served
/// market to the next, twice.
const UNSIZED: f64 = 0.7;
/// The same of one product beside its market, where too few are sold in two markets to see.
const OF_A_PRODUCT: f64 = 0.8;

/// What was decided for the markets to be entered, in their own numbering.
pub(super) struct Entering {
    pub(super) inputs: Inputs,
    pub(super) demand: Demand,
    pub(super) costs: Vec<Costed>,
    pub(super) prices: Vec<PriceRow>,
    pub(super) first_send: Vec<FirstRow>,
    pub(super) outcome: Outcome,
}

/// How large a candidate is beside its source.
struct Size {
    ratio: f64,
    /// Standard deviation of its logarithm.
    spread: f64,
    said: Said,
}

/// Nothing where no market is to be entered or nothing is sold anywhere.
pub(super) async fn entering(
    engine: &Engine,
    prepared: &Prepared,
    settled: &Settled,
    settings: &DecideSettings,
) -> Result<(Option<Entering>, Vec<(Market, String)>)> {
    let (mut untold, inputs) = (Vec::new(), &prepared.inputs);
    let Some(source) = source(prepared) else { return Ok((None, untold)) };
    let rows = Rows::query(engine, "select market from marts.market_ranking where status = 'candidate'").await?;
    let served: BTreeSet<Market> = inputs.markets.iter().map(|m| m.market).collect();
    let candidates: BTreeSet<Market> = rows.markets("market")?.into_iter().filter(|m| !served.contains(m)).collect();
    let won = won(engine).await?;
    let mut places: Vec<(MarketSales, Size)> = Vec::new();
    for market in candidates {
        let Some(currency) = domain::country(market).map(|c| c.currency) else { continue };
        if inputs.rate(currency, inputs.base).is_none() {
            untold.push((market, format!("there is no exchange rate of {currency}: a table of rates brings it")));
            continue;
        }
        let Some(size) = size(prepared, source, won.get(&market).copied()) else {
            let why =
                "how large it is beside the markets served is not known: `portolan markets template` drafts the facts";
            untold.push((market, why.to_owned()));
            continue;
        };
        places.push((MarketSales { market, currency, last: inputs.as_of.plus(-1) }, size));
    }
    if places.is_empty() {
        return Ok((None, untold));
    }
    let (markets, sizes): (Vec<MarketSales>, Vec<Size>) = places.into_iter().unzip();
    let mut there = inputs.to_enter(markets);
    let (costs, _) = costs::costs(&there, &prepared.own, &prepared.facts, prepared.asked(settings));
    let costed: BTreeMap<(usize, usize), &Costed> = costs.iter().map(|c| ((c.market, c.product), c)).collect();
    let of_source: BTreeMap<usize, domain::Money> =
        settled.prices.iter().filter(|r| r.market == source).filter_map(|r| Some((r.product, r.price()?))).collect();
    let from = &inputs.markets[source];
    for at in 0..there.markets.len() {
        let Some(rate) = inputs.rate(from.currency, there.markets[at].currency) else { continue };
        for (&product, price) in of_source.iter().filter(|(product, _)| costed.contains_key(&(at, **product))) {
            let value = price.minor as f64 / 10_f64.powi(from.currency.exponent() as i32);
            let carried = Carried { price: value * rate, asked: *price, source: from.market };
            there.carried.insert((at, product), carried);
        }
    }
    let answers = Answers::none();
    let prices = prices::prices(&there, &answers, &costs)?;
    let demand = transferred(prepared, source, &there, &sizes, &prices)?;
    let given = first_send::Given {
        inputs: &there,
        demand: &demand,
        costs: &costs,
        prices: &prices,
        verdicts: &prepared.verdicts,
        left_over: settings.left_over,
    };
    let (first_send, _) = first_send::first_send(given)?;
    let decided = Decided {
        inputs: &there,
        verdicts: &prepared.verdicts,
        costs: &costs,
        answers: &answers,
        prices: &prices,
        demand: &demand,
        stock: &[],
        promotions: &[],
        play: Play::Advised,
    };
    let margins = outcome::margins(decided);
    let mut outcome = outcome::outcome(decided, &margins, &[], prepared.seed.derive(2))?;
    for (situation, (at, size)) in outcome.situations.iter_mut().zip(sizes.iter().enumerate()) {
        let of_market = first_send.iter().filter(|r| r.is_of(at));
        situation.entering = Some(Entry {
            source: from.market,
            units: of_market.clone().map(FirstRow::send).sum(),
            products: of_market.filter(|r| r.send() > 0).count(),
            rests_on: size.said.clone(),
        });
    }
    Ok((Some(Entering { inputs: there, demand, costs, prices, first_send, outcome }), untold))
}

/// Discounts to be tested there, by the calendar `ahead` and what promotions did in the served markets.
pub(super) fn promotions(
    entered: &Entering,
    prepared: &Prepared,
    history: &promote::History,
    ahead: &[(Market, Suggestion)],
) -> Result<Vec<PromoRow>> {
    let inputs = &entered.inputs;
    let history = history.of_entered(&prepared.inputs.markets, &entered.prices, promote::on_sale(inputs.as_of));
    promote::of_entered(promote::Known {
        inputs,
        costs: &entered.costs,
        prices: &entered.prices,
        answers: &Answers::none(),
        demand: &entered.demand,
        verdicts: &prepared.verdicts,
        stock: &[],
        calendar: ahead,
        history: &history,
        own: &prepared.own.promotions,
    })
}

/// The market abroad that is to sell most; home where nothing else sells.
fn source(prepared: &Prepared) -> Option<usize> {
    let units = |at: &usize| prepared.demand.units.get(at).map_or(0.0, |f| f.total.0);
    let sells = |at: &usize| units(at) > 0.0;
    let of = |home: bool| {
        (0..prepared.inputs.markets.len())
            .filter(|at| (prepared.inputs.markets[*at].market == prepared.home) == home)
            .filter(sells)
            .max_by(|a, b| units(a).total_cmp(&units(b)).then(b.cmp(a)))
    };
    of(false).or_else(|| of(true))
}

/// What can be won of each market a year, in the reporting currency: value and standard deviation of the logarithm.
async fn won(engine: &Engine) -> Result<BTreeMap<Market, (f64, f64)>> {
    let sql = "select market, value, low, high from marts.market_figures where figure = 'market.som_base'";
    let rows = Rows::query(engine, sql).await?;
    let (markets, values) = (rows.markets("market")?, rows.floats("value")?);
    let (low, high) = (rows.floats("low")?, rows.floats("high")?);
    let z = 2.0 * learn::interval::two_sided(0.95).unwrap_or(1.96);
    let one = |i: usize| {
        let (value, low, high) = (values[i]?, low[i]?, high[i]?);
        (value > 0.0 && low > 0.0 && high >= low).then(|| (markets[i], (value, (high / low).ln() / z)))
    };
    Ok((0..markets.len()).filter_map(one).collect())
}

/// Sales of a market in its last year, carried to a whole one.
fn yearly(inputs: &Inputs, market: Market) -> Option<f64> {
    let until = first_week(inputs);
    let of = inputs.sales.iter().filter(|w| w.market == market && w.week < until && until.since(w.week) <= 364);
    let (sum, first) = of.fold((0.0, until), |(sum, first), w| (sum + w.sales.max(0.0), first.min(w.week)));
    let weeks = until.since(first) / 7;
    (weeks >= 13 && sum > 0.0).then(|| sum * 52.0 / f64::from(weeks))
}

fn size(prepared: &Prepared, source: usize, won: Option<(f64, f64)>) -> Option<Size> {
    let inputs = &prepared.inputs;
    let from = inputs.markets[source].market;
    let theirs = yearly(inputs, from)?;
    if let Some((value, spread)) = won {
        let ratio = value / theirs;
        let said = Said::new(
            format!(
                "what can be won here a year by its size and the share won elsewhere, {ratio:.2} of the sales in {from}"
            ),
            format!("按市场规模与其他市场所得份额，本市场年销售可达 {from} 的 {ratio:.2} 倍"),
        );
        return Some(Size { ratio, spread, said });
    }
    let abroad = inputs.markets.iter().map(|m| m.market).filter(|m| *m != prepared.home);
    let logs: Vec<f64> = abroad.filter_map(|m| Some((yearly(inputs, m)? / theirs).ln())).collect();
    let n = logs.len();
    if n < 2 {
        return None;
    }
    let ratio = learn::quantile::median(&logs)?.exp();
    let mean = logs.iter().sum::<f64>() / n as f64;
    let seen = (logs.iter().map(|l| (l - mean).powi(2)).sum::<f64>() / (n - 1) as f64).sqrt();
    let spread = (seen * (1.0 + 1.0 / n as f64).sqrt()).max(UNSIZED);
    let said = Said::new(
        format!(
            "the market could not be sized, so it is taken to sell what the middle of the {n} markets served abroad sells, {ratio:.2} of {from}"
        ),
        format!("本市场规模未知，按 {n} 个已进入的海外市场的中位水平估计，为 {from} 的 {ratio:.2} 倍"),
    );
    Some(Size { ratio, spread, said })
}

/// How far one product is from its market, in two markets that are served: the middle over all pairs with the source.
fn of_a_product(inputs: &Inputs, source: usize) -> f64 {
    let weekly = first_send::weekly(inputs);
    let spreads: Vec<f64> = (0..inputs.markets.len())
        .filter(|other| *other != source)
        .filter_map(|other| analogy(&first_send::shared(&weekly, other, source)).map(|a| a.scatter))
        .collect();
    learn::quantile::median(&spreads).unwrap_or(OF_A_PRODUCT)
}

/// Mean and ends of what is log-normal with that mean.
fn ends(mean: f64, spread: f64) -> (f64, f64) {
    let z = learn::interval::two_sided(LEVEL).unwrap_or(1.645);
    let at = |z: f64| mean * (z * spread - spread * spread / 2.0).exp();
    (at(-z).min(mean), at(z).max(mean))
}

fn transferred(
    prepared: &Prepared,
    source: usize,
    there: &Inputs,
    sizes: &[Size],
    prices: &[PriceRow],
) -> Result<Demand> {
    let (inputs, from) = (&prepared.inputs, prepared.inputs.markets[source].market);
    let mut all = Demand {
        products: BTreeMap::new(),
        units: BTreeMap::new(),
        sales: BTreeMap::new(),
        categories: BTreeMap::new(),
        lent: BTreeMap::new(),
        effects: Learnt::none(),
    };
    let own = of_a_product(inputs, source);
    let z = 2.0 * learn::interval::two_sided(LEVEL).unwrap_or(1.645);
    let of_source = prepared.demand.units.get(&source);
    let theirs = of_source.and_then(|f| f.total.1.first()).filter(|e| e.0 > 0.0).map_or(0.0, |e| (e.1 / e.0).ln() / z);
    let n_weeks = of_source.map_or(0, |f| f.n_weeks);
    let priced: BTreeMap<(usize, usize), &PriceRow> = prices.iter().map(|r| ((r.market, r.product), r)).collect();
    for (at, (place, size)) in there.markets.iter().zip(sizes).enumerate() {
        let barred: BTreeSet<usize> = prepared
            .verdicts
            .iter()
            .filter(|v| v.market == place.market && v.explained.code == "blocked")
            .map(|v| v.product)
            .collect();
        let turned = is_south(place.market) != is_south(from);
        let rate = there.rate(place.currency, there.base).unwrap_or(f64::NAN);
        let scale = rate / 10_f64.powi(place.currency.exponent() as i32);
        let (mut weeks, mut worth) = (vec![0.0; HORIZON], vec![0.0; HORIZON]);
        let mut squares = (0.0, 0.0);
        let known = prepared.demand.products.range((source, 0)..(source + 1, 0));
        for (&(_, product), forecast) in known.filter(|((_, p), _)| !barred.contains(p)) {
            let Some(price) = priced.get(&(at, product)).and_then(|r| r.price()) else { continue };
            let mean: Vec<f64> = forecast.mean.iter().take(HORIZON).map(|x| x.max(0.0) * size.ratio).collect();
            let total: f64 = mean.iter().sum();
            if mean.len() < HORIZON || total <= 0.0 {
                continue;
            }
            let mean = if turned { vec![total / HORIZON as f64; HORIZON] } else { mean };
            for (i, m) in mean.iter().enumerate() {
                weeks[i] += m;
                worth[i] += m * price.minor as f64 * scale;
            }
            squares = (squares.0 + total, squares.1 + total * total);
            let spread = (size.spread.powi(2) + own.powi(2)).sqrt();
            let said = Said::new(
                format!("never sold here, carried over from {from}: {}", size.said.en),
                format!("此前未在此销售，由 {from} 推算：{}", size.said.zh),
            );
            all.products
                .insert((at, product), foreseen(u32::try_from(product)?, inputs, mean, spread, (n_weeks, &said)));
            all.lent.insert((at, product), Lent { source: Some(from), said });
        }
        if squares.0 <= 0.0 {
            continue;
        }
        // The products' own errors even out as far as none of them is most of the market.
        let even = squares.1 / (squares.0 * squares.0);
        let spread = (size.spread.powi(2) + own.powi(2) * even + theirs * theirs).sqrt();
        let number = u32::try_from(at)?;
        all.units.insert(at, foreseen(number, inputs, weeks, spread, (n_weeks, &size.said)));
        all.sales.insert(at, foreseen(number, inputs, worth, spread, (n_weeks, &size.said)));
    }
    Ok(all)
}

/// A forecast whose weeks and sum are log-normal; small counts scatter by chance besides.
fn foreseen(series: u32, inputs: &Inputs, mean: Vec<f64>, spread: f64, (n_weeks, said): (usize, &Said)) -> Forecast {
    let by_chance = |m: f64| if m > 0.0 { (spread * spread + (1.0 / m).ln_1p()).sqrt() } else { spread };
    let both: Vec<(f64, f64)> = mean.iter().map(|m| ends(*m, by_chance(*m))).collect();
    let total: f64 = mean.iter().sum();
    Forecast {
        series,
        first: first_week(inputs),
        deviation: mean.iter().map(|m| m * by_chance(*m)).collect(),
        bands: vec![Band {
            level: LEVEL,
            low: both.iter().map(|e| e.0).collect(),
            high: both.iter().map(|e| e.1).collect(),
        }],
        total: (total, vec![ends(total, by_chance(total))]),
        mean,
        way: Way::Combination,
        relative: Vec::new(),
        n_origins: 0,
        n_weeks,
        said: said.clone(),
    }
}

/// Costs of what is priced, with the price, for the table of costs.
pub(super) fn bills(entering: &Entering) -> Vec<(&Costed, domain::Money)> {
    let costed: BTreeMap<(usize, usize), &Costed> = entering.costs.iter().map(|c| ((c.market, c.product), c)).collect();
    let of = |row: &PriceRow| Some((*costed.get(&(row.market, row.product))?, row.price()?));
    entering.prices.iter().filter_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test] // Log-normal with mean 100 and σ = 1: e^(ln 100 − ½ ± 1.645) = 11.71 and 314.2; with σ = 0 both ends are the mean.
    fn ends_by_hand() {
        let (low, high) = ends(100.0, 1.0);
        assert!((low - 11.71).abs() < 0.01 && (high - 314.2).abs() < 0.1, "{low} {high}");
        assert_eq!(ends(100.0, 0.0), (100.0, 100.0));
    }
}
