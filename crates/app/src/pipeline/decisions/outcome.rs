//! What to expect of it all, by rehearsing the plan in many worlds, and what follows: actions, risks, what would change our mind.

use super::assortment::{Assortment, assortment};
use super::costs::Costed;
use super::demand::{Demand, HORIZON, LEVEL};
use super::inputs::Inputs;
use super::planned::{self, PlannedRow};
use super::prices::{Answers, PriceRow};
use super::promote::PromoRow;
use super::sell::Verdict;
use super::spend::ChannelRow;
use super::when::StockRow;
use crate::pipeline::batch::Columns;
use anyhow::Result;
use arrow::array::RecordBatch;
use decide::Said;
use decide::advice::{Advice, Occasion, Situation};
use decide::calendar::Suggestion;
use decide::plan::Metric;
use decide::price::corridor::Rests;
use decide::price::trial::{self, Trial};
use decide::rehearsal::{Candidate, Noise, Of, Plan, Rehearsal, RehearsalParams, World};
use decide::sellability::ChangeKind;
use domain::{Figure, Market, Seed};
use std::collections::BTreeMap;

/// Worlds that the plan of a market is played in, and of a market to be entered.
const WORLDS: usize = 200;
const WORLDS_TO_ENTER: usize = 60;

/// What comes out for a market.
pub(super) struct Outcome {
    pub(super) figures: Vec<(Market, Figure)>,
    pub(super) situations: Vec<Situation>,
    /// What the plan's prices and promotions make of the forecasts.
    pub(super) planned: Vec<PlannedRow>,
    /// What the plan would have been with the stock there is, beside others, by market.
    pub(super) stocked: Vec<(Market, Vec<Candidate>)>,
}

/// Prices that a plan is played at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Play {
    /// Those advised, where it is known how demand answers; else those of now.
    Advised,
    /// Those of now.
    AsTheyAre,
}

/// Everything that was decided before.
#[derive(Clone, Copy)]
pub(super) struct Decided<'a> {
    pub(super) inputs: &'a Inputs,
    pub(super) verdicts: &'a [Verdict],
    pub(super) costs: &'a [Costed],
    pub(super) answers: &'a Answers,
    pub(super) prices: &'a [PriceRow],
    pub(super) demand: &'a Demand,
    pub(super) stock: &'a [StockRow],
    pub(super) promotions: &'a [PromoRow],
    pub(super) play: Play,
}

/// Share of the sales of each market that is left as margin at the prices of now, over the products whose cost is known.
pub(super) fn margins(d: Decided<'_>) -> BTreeMap<Market, f64> {
    let costed: BTreeMap<(usize, usize), &Costed> = d.costs.iter().map(|c| ((c.market, c.product), c)).collect();
    let mut sums: BTreeMap<Market, (f64, f64)> = BTreeMap::new();
    for row in d.prices {
        let key = (row.market, row.product);
        let (Some(costed), Some(price), Some(forecast)) =
            (costed.get(&key), row.now.or_else(|| row.price()), d.demand.products.get(&key))
        else {
            continue;
        };
        let Ok(margin) = costed.landed.margin(price) else { continue };
        let units = forecast.total.0.max(0.0);
        let sum = sums.entry(d.inputs.markets[row.market].market).or_default();
        sum.0 += units * margin.minor as f64;
        sum.1 += units * price.minor as f64;
    }
    sums.into_iter().filter(|(_, s)| s.1 > 0.0).map(|(market, s)| (market, s.0 / s.1)).collect()
}

pub(super) fn outcome(
    d: Decided<'_>,
    margins: &BTreeMap<Market, f64>,
    channels: &[ChannelRow],
    seed: Seed,
) -> Result<Outcome> {
    let mut all = Outcome { figures: Vec::new(), situations: Vec::new(), planned: Vec::new(), stocked: Vec::new() };
    for at in 0..d.inputs.markets.len() {
        let market = d.inputs.markets[at].market;
        // Looking back nothing was moved, so the spend of then stays.
        let own = || channels.iter().filter(|c| c.market == market);
        let (spend, gain): (f64, f64) = match d.play {
            Play::Advised => (own().map(|c| c.advised).sum(), own().map(|c| c.gain).sum()),
            Play::AsTheyAre => (own().map(|c| c.now).sum(), 0.0),
        };
        let assortment = assortment(d, at)?;
        let share = margins.get(&market).copied();
        all.figures.extend(price_figures(d, at)?.into_iter().map(|f| (market, f)));
        let planned = planned::Planned::of(d, at, &assortment);
        let moved = Moved { margin: gain * HORIZON as f64, share };
        // Advertising sells what has no known cost too: that part of it is not set against the margin of the others.
        let paid = spend * HORIZON as f64 * assortment.covered;
        let rehearsal = rehearse(d, &assortment, paid, seed.derive(at as u64))?;
        all.figures
            .extend(figures(d, at, rehearsal.as_ref(), paid, (moved, &planned))?.into_iter().map(|f| (market, f)));
        let n = d.prices.iter().filter(|r| r.market == at && r.now.is_some()).count() as u64;
        all.figures.extend(margins.get(&market).map(|share| (market, Metric::MarginShare.number(*share, n, ""))));
        if let Some(stocked) = with_stock(d, at, &assortment, paid, seed.derive(1000 + at as u64))? {
            all.figures.extend(stock_figures(d, &stocked).into_iter().map(|f| (market, f)));
            all.stocked.push((market, stocked.candidates));
        }
        all.situations.push(situation(d, at, channels, rehearsal.as_ref()));
        all.planned.extend(planned.rows(d));
    }
    Ok(all)
}

/// The interval of the margin: what the worlds hold, and what the market's own total leaves open, whichever is wider. Products
/// err together more than the worlds suppose where a market grows or shrinks as a whole.
fn margin_ends(
    d: Decided<'_>,
    at: usize,
    rehearsal: &Rehearsal,
    fixed_cost: f64,
    planned: &planned::Planned,
) -> (f64, f64) {
    let worlds = rehearsal.margin.interval;
    let total = d.demand.units.get(&at).map(|f| planned.total(f, Of::Units)).filter(|total| total.0 > 0.0);
    let Some((mean, (low, high))) = total.and_then(|(mean, ends)| Some((mean, ends?))) else {
        return (worlds.low, worlds.high);
    };
    let gross = rehearsal.margin.mean + fixed_cost;
    let ends = [low, high].map(|units| gross * units / mean - fixed_cost);
    (worlds.low.min(ends[0]).min(ends[1]), worlds.high.max(ends[0]).max(ends[1]))
}

/// Share of the worlds that lose money, once they are as far apart as the interval says: each side stretched to its end.
fn chance_of_loss(rehearsal: &Rehearsal, (low, high): (f64, f64), more: f64) -> f64 {
    let worlds = rehearsal.margin.interval;
    let mean = rehearsal.margin.mean;
    let times =
        |to: f64, from: f64| if (from - mean).abs() > 0.0 { ((to - mean) / (from - mean)).max(1.0) } else { 1.0 };
    let (below, above) = (times(low, worlds.low), times(high, worlds.high));
    let lost = |m: &&f64| {
        let off = **m - mean;
        mean + more + off * if off < 0.0 { below } else { above } < 0.0
    };
    rehearsal.margins.iter().filter(lost).count() as f64 / rehearsal.margins.len().max(1) as f64
}

fn rehearse(d: Decided<'_>, assortment: &Assortment, fixed_cost: f64, seed: Seed) -> Result<Option<Rehearsal>> {
    let products = assortment.all();
    if products.is_empty() {
        return Ok(None);
    }
    let plan = Plan { name: "plan".to_owned(), currency: d.inputs.base, products, channels: Vec::new(), fixed_cost };
    // How large a market to be entered is leaves far more open than worlds of it do: fewer are enough.
    let n_draws = if d.inputs.weeks.is_empty() { WORLDS_TO_ENTER } else { WORLDS };
    let params = RehearsalParams {
        n_draws,
        world: World { noise: Noise::Within, ..World::default() },
        level: LEVEL,
        prices: vec![1.0],
        stocks: vec![1.0],
        advertising: vec![1.0],
    };
    Ok(Some(params.rehearse(&plan, &[], seed)?))
}

/// The same with the stock that was counted: what it holds, what the advice sends, and from then on each week what a week is
/// expected to sell, in the worlds in which deliveries are late. Nothing where nobody counted stock.
fn with_stock(
    d: Decided<'_>,
    at: usize,
    assortment: &Assortment,
    fixed_cost: f64,
    seed: Seed,
) -> Result<Option<Rehearsal>> {
    let products = assortment.stocked(d, at);
    if products.is_empty() {
        return Ok(None);
    }
    let plan = Plan { name: "plan".to_owned(), currency: d.inputs.base, products, channels: Vec::new(), fixed_cost };
    let params = RehearsalParams {
        world: World { noise: Noise::Within, ..World::default() },
        level: LEVEL,
        prices: vec![0.95, 1.0, 1.05],
        stocks: vec![0.7, 1.0, 1.4],
        advertising: vec![1.0],
        ..RehearsalParams::default()
    };
    Ok(Some(params.rehearse(&plan, &[], seed)?))
}

fn stock_figures(d: Decided<'_>, stocked: &Rehearsal) -> Vec<Figure> {
    let n = stocked.margins.len() as u64;
    let money = |metric: Metric, value: f64, (low, high): (f64, f64)| {
        let money = super::prices::money(value, d.inputs.base)?;
        Some(metric.money(money, n, "").interval(low, high, LEVEL))
    };
    let ends = |s: &decide::rehearsal::Spread| (s.interval.low.min(s.mean), s.interval.high.max(s.mean));
    let lost = ends(&stocked.lost);
    let mut all = vec![
        Metric::StockOut.number(stocked.out_of_stock, n, ""),
        Metric::UnitsLost.number(stocked.lost.mean.round(), n, "").interval(lost.0.floor(), lost.1.ceil(), LEVEL),
    ];
    all.extend(money(Metric::MoneyNeeded, stocked.deepest.mean, ends(&stocked.deepest)));
    all.extend(money(Metric::Regret, stocked.regret, (0.0, stocked.regret_p90.max(stocked.regret))));
    all
}

/// `marts.rehearsal`: the plan and others beside it in the same worlds, best first.
pub(super) fn rehearsal_table(outcome: &Outcome) -> Result<RecordBatch> {
    let all: Vec<(Market, i64, &Candidate)> = outcome
        .stocked
        .iter()
        .flat_map(|(market, of)| of.iter().enumerate().map(|(i, c)| (*market, i as i64 + 1, c)))
        .collect();
    Columns::default()
        .text("market", all.iter().map(|(market, ..)| market.code().to_owned()))
        .int("place", all.iter().map(|(_, place, _)| *place))
        .text("candidate", all.iter().map(|(.., c)| c.name.as_str()))
        .float("margin", all.iter().map(|(.., c)| c.margin))
        .float("regret", all.iter().map(|(.., c)| c.regret))
        .float("best", all.iter().map(|(.., c)| c.best))
        .batch()
}

/// What moved advertising moves away from how things are, which is what the forecasts are about.
#[derive(Clone, Copy)]
struct Moved {
    /// What moved spend brings over the weeks ahead, by the response curves.
    margin: f64,
    /// Share of sales that is margin.
    share: Option<f64>,
}

impl Moved {
    fn sales(self) -> f64 {
        self.share.filter(|s| *s > 0.0).map_or(0.0, |s| self.margin / s)
    }
}

/// How many prices rest on what, and what a test of those takes whose answer nobody knows. Nothing of a market to be entered: its
/// prices are another market's.
fn price_figures(d: Decided<'_>, at: usize) -> Result<Vec<Figure>> {
    let rows: Vec<&PriceRow> = d.prices.iter().filter(|r| r.market == at && r.now.is_some()).collect();
    let n = rows.iter().filter(|r| r.rests().is_some()).count() as u64;
    if n == 0 || d.inputs.weeks.is_empty() {
        return Ok(Vec::new());
    }
    let count = |which: &[Rests]| rows.iter().filter(|r| r.rests().is_some_and(|r| which.contains(&r))).count() as f64;
    let mut all = vec![
        Metric::PricesOwn.number(count(&[Rests::Own]), n, ""),
        Metric::PricesRaised.number(count(&[Rests::Raised]), n, ""),
        Metric::PricesHeld.number(count(&[Rests::Held, Rests::Kept]), n, ""),
        Metric::PricesBound.number(count(&[Rests::Floor, Rests::Rivals]), n, ""),
    ];
    let trials: Vec<Trial> = rows.iter().filter_map(|r| r.trial).collect();
    all.extend(trial::weeks(&trials)?.map(|weeks| Metric::PriceTest.number(f64::from(weeks), trials.len() as u64, "")));
    Ok(all)
}

fn figures(
    d: Decided<'_>,
    at: usize,
    rehearsal: Option<&Rehearsal>,
    fixed_cost: f64,
    (moved, planned): (Moved, &planned::Planned),
) -> Result<Vec<Figure>> {
    let mut all = Vec::new();
    if let Some(forecast) = d.demand.units.get(&at) {
        let (mean, ends) = planned.total(forecast, Of::Units);
        let figure = Metric::ExpectedUnits.number(mean.round(), forecast.n_weeks as u64, "");
        all.push(ends.map_or(figure.clone(), |(low, high)| figure.interval(low.max(0.0).floor(), high.ceil(), LEVEL)));
    }
    if let Some(forecast) = d.demand.sales.get(&at) {
        let more = moved.sales();
        let (mean, ends) = planned.total(forecast, Of::Sales);
        if let Some(money) = super::prices::money((mean + more).max(0.0), d.inputs.base) {
            let figure = Metric::ExpectedSales.money(money, forecast.n_weeks as u64, "");
            let ends = ends.map(|(low, high)| ((low + more).max(0.0), (high + more).max(0.0)));
            all.push(ends.map_or(figure.clone(), |(low, high)| figure.interval(low, high, LEVEL)));
        }
    }
    if let Some(rehearsal) = rehearsal {
        let n = rehearsal.margins.len() as u64;
        let (low, high) = margin_ends(d, at, rehearsal, fixed_cost, planned);
        let more = moved.margin;
        if let Some(money) = super::prices::money(rehearsal.margin.mean + more, d.inputs.base) {
            all.push(Metric::ExpectedMargin.money(money, n, "").interval(low + more, high + more, LEVEL));
        }
        // Of a market to be entered neither what entering costs nor what a first order leaves unsold is in the margin, so that no world
        // of it could lose.
        if !d.inputs.weeks.is_empty() {
            all.push(Metric::LossRisk.number(chance_of_loss(rehearsal, (low, high), more), n, ""));
        }
    }
    Ok(all)
}

/// What the advice is chosen from.
fn situation(d: Decided<'_>, at: usize, channels: &[ChannelRow], rehearsal: Option<&Rehearsal>) -> Situation {
    let place = &d.inputs.markets[at];
    let rate = d.inputs.rate(place.currency, d.inputs.base).unwrap_or(1.0);
    let minor = 10_f64.powi(place.currency.exponent() as i32);
    let name = |product: usize| {
        let p = &d.inputs.products[product];
        if p.name.is_empty() { p.id.clone() } else { p.name.clone() }
    };
    let expected = |product: usize| d.demand.products.get(&(at, product)).map_or(0.0, |f| f.total.0.max(0.0));
    let price = |product: usize| {
        d.prices
            .iter()
            .find(|r| r.market == at && r.product == product)
            .and_then(|r| r.now.or_else(|| r.price()))
            .map(|p| p.minor as f64 / minor * rate)
    };
    let sales = |product: usize| expected(product) * price(product).unwrap_or(0.0);
    let of = |which: &dyn Fn(&Verdict) -> bool| {
        let here = |v: &&Verdict| v.market == place.market && which(v);
        let mut found: Vec<(String, f64)> =
            d.verdicts.iter().filter(here).map(|v| (name(v.product), sales(v.product))).collect();
        found.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        found
    };
    let code = |code: &'static str| move |v: &Verdict| v.explained.code == code;
    let rebuilt = |v: &Verdict| {
        let kinds = v.explained.changes.iter().map(|c| c.kind);
        v.explained.code == "sell_with_change"
            && kinds.into_iter().any(|k| matches!(k, ChangeKind::Voltage | ChangeKind::Frequency | ChangeKind::Plug))
    };
    let mut missing: BTreeMap<Said, usize> = BTreeMap::new();
    let mut proofs: BTreeMap<Said, usize> = BTreeMap::new();
    for v in d.verdicts.iter().filter(|v| v.market == place.market) {
        v.explained.missing.iter().for_each(|(_, said)| *missing.entry(said.clone()).or_default() += 1);
        let asked = v.explained.changes.iter().filter(|c| matches!(c.kind, ChangeKind::Mark));
        asked.for_each(|c| *proofs.entry(c.said.clone()).or_default() += 1);
    }
    let most = |counts: BTreeMap<Said, usize>| counts.into_iter().max_by_key(|(_, n)| *n);
    let mut below_floor = Vec::new();
    for row in d.prices.iter().filter(|r| r.market == at) {
        if let (Some(now), Some(floor)) = (row.now, row.floor)
            && now.minor < floor.minor
        {
            let lost = (floor.minor - now.minor) as f64 / minor * rate * expected(row.product);
            below_floor.push((name(row.product), now, floor, lost));
        }
    }
    below_floor.sort_by(|a, b| b.3.total_cmp(&a.3).then_with(|| a.0.cmp(&b.0)));
    let mut short: Vec<(String, i64, f64)> = d
        .stock
        .iter()
        .filter(|r| r.market == at && matches!(r.state, "out" | "short"))
        .map(|r| (name(r.product), r.send.unwrap_or(0), sales(r.product) / HORIZON as f64 * 4.0))
        .collect();
    short.sort_by(|a, b| b.2.total_cmp(&a.2).then_with(|| a.0.cmp(&b.0)));
    let mut piled: Vec<(String, f64)> = d
        .stock
        .iter()
        .filter(|r| r.market == at && r.state == "over")
        .map(|r| (name(r.product), r.weeks.unwrap_or(0.0)))
        .collect();
    piled.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let own = || channels.iter().filter(|c| c.market == place.market);
    let first_month = d.demand.units.get(&at).and_then(|f| {
        let low: f64 = f.bands.first()?.low.iter().take(4).map(|x| x.max(0.0)).sum();
        Some((low, f.mean.iter().take(4).sum::<f64>()))
    });
    Situation {
        market: place.market,
        currency: d.inputs.base,
        blocked: of(&code("blocked")),
        unknown: of(&code("unknown")),
        missing: most(missing).map(|(said, _)| said),
        to_change: of(&rebuilt),
        proof: most(proofs),
        below_floor,
        assumed_costs: d.costs.iter().any(|c| c.market == at && c.landed.verify()),
        general_rules: d.verdicts.iter().any(|v| v.market == place.market && v.explained.verify),
        short,
        piled,
        moved: own()
            .filter(|c| (c.advised - c.now).abs() >= 0.02 * c.now.max(1.0))
            .map(|c| (c.channel.clone(), c.now, c.advised))
            .collect(),
        untold: own().filter(|c| c.refused.is_some()).map(|c| c.channel.clone()).collect(),
        occasion: None,
        without_cost: d
            .demand
            .products
            .keys()
            .filter(|(m, p)| *m == at && !d.costs.iter().any(|c| c.market == at && c.product == *p))
            .count(),
        foreseen: d.demand.products.keys().filter(|(m, _)| *m == at).count(),
        chance_of_loss: rehearsal.filter(|_| !d.inputs.weeks.is_empty()).map(|r| r.chance_of_loss),
        entering: None,
        tornado: rehearsal
            .map(|r| r.tornado.iter().map(|b| (b.input.clone(), b.low, b.high)).collect())
            .unwrap_or_default(),
        first_month,
    }
}

/// What is advised, with the occasion of each market's calendar whose lift is proven and largest.
pub(super) fn advice(outcome: &Outcome, calendar: &[(Market, Suggestion)]) -> Vec<(Market, Advice)> {
    let of = |situation: &Situation| {
        let lift = |s: &Suggestion| s.expected.as_f64().unwrap_or(0.0);
        let occasion = calendar
            .iter()
            .filter(|(m, s)| *m == situation.market && s.expected.interval.is_some_and(|i| i.low > 1.0))
            .max_by(|a, b| lift(&a.1).total_cmp(&lift(&b.1)))
            .map(|(_, s)| Occasion {
                name: s.event.said.clone(),
                day: s.event.window.from,
                order_by: s.order_by,
                ship_by: s.ship_by,
                lift: s.expected.clone(),
                verify: s.event.confidence.verify(),
            });
        let situation = Situation { occasion, ..situation.clone() };
        situation.advice().into_iter().map(|a| (situation.market, a)).collect::<Vec<_>>()
    };
    outcome.situations.iter().flat_map(of).collect()
}

/// `marts.sensitivity`: what each input moves, most first.
pub(super) fn sensitivity_table(outcome: &Outcome) -> Result<RecordBatch> {
    let bars = |s| {
        let s: &Situation = s;
        s.tornado.iter().enumerate().map(|(i, bar)| (s.market, i as i64 + 1, bar)).collect::<Vec<_>>()
    };
    let all: Vec<_> = outcome.situations.iter().flat_map(bars).collect();
    Columns::default()
        .text("market", all.iter().map(|(market, ..)| market.code().to_owned()))
        .int("place", all.iter().map(|(_, place, _)| *place))
        .text("input", all.iter().map(|(_, _, bar)| bar.0.name()))
        .float("low", all.iter().map(|(_, _, bar)| bar.1))
        .float("high", all.iter().map(|(_, _, bar)| bar.2))
        .batch()
}

/// `marts.decision_actions`.
pub(super) fn advice_table(rows: &[(Market, Advice)]) -> Result<RecordBatch> {
    let mut place: BTreeMap<(Market, &str), i64> = BTreeMap::new();
    let mut counted = Vec::new();
    for (at, (market, advice)) in rows.iter().enumerate() {
        let n = place.entry((*market, advice.kind.name())).or_default();
        *n += 1;
        counted.push((at, *n));
    }
    Columns::default()
        .text("market", rows.iter().map(|(m, _)| m.code().to_owned()))
        .int("place", counted.iter().map(|(_, n)| *n))
        .text("kind", rows.iter().map(|(_, a)| a.kind.name()))
        .text("en", rows.iter().map(|(_, a)| a.said.en.as_str()))
        .text("zh", rows.iter().map(|(_, a)| a.said.zh.as_str()))
        .batch()
}
