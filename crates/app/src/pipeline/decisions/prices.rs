//! How units follow price, and from that, cost and competitors the price advised for each product of each market.

use super::Taught;
use super::costs::Costed;
use super::inputs::{Carried, Inputs};
use crate::pipeline::batch::Columns;
use crate::pipeline::rows::Rows;
use anyhow::Result;
use arrow::array::RecordBatch;
use decide::Said;
use decide::price::corridor::{Answer, BoundKind, Corridor, CorridorInput, CorridorParams, Rests, corridor};
use decide::price::elasticity::{Elasticities, Elasticity, ElasticityParams};
use decide::price::endings::{ENDINGS, nearest};
use decide::price::panel::Sale;
use decide::price::trial::{self, STEP, Trial};
use domain::{Amount, Currency, Decimal, Figure, Money, Rounding};
use lake::Engine;
use std::collections::BTreeMap;

/// Best sellers of a market whose lines are looked at one by one.
const PRODUCTS: usize = 300;
/// Weeks with sales that the present price is the median of.
const RECENT: usize = 8;
/// Weeks whose units say how long a price test takes.
const TRIED: usize = 26;

/// Lines of the best sellers of each market; what was paid, not what the shelf said.
const LINES: &str = "\
with best as (
  select market, product_id, row_number() over (partition by market order by count(*) desc, product_id) as nth
  from clean.order_lines where settled and not repeat and product_id is not null group by market, product_id
)
select l.market, l.product_id, l.day, l.currency, cast(l.quantity as double) as units,
  cast(l.amount as double) / l.quantity as price
from clean.order_lines l join best b on b.market = l.market and b.product_id = l.product_id
where l.settled and not l.repeat and b.nth <= ";

/// How demand answers to price.
pub(super) struct Answers {
    elasticities: Elasticities,
    /// By place of market and product.
    by_key: BTreeMap<(usize, usize), Elasticity>,
}

impl Answers {
    /// Where nothing was sold nobody knows.
    pub(super) fn none() -> Self {
        let elasticities = Elasticities { products: Vec::new(), markets: BTreeMap::new() };
        Self { elasticities, by_key: BTreeMap::new() }
    }

    pub(super) fn of(&self, key: (usize, usize)) -> Option<&Elasticity> {
        self.by_key.get(&key)
    }

    /// How demand answers, as decisions take it.
    pub(super) fn answer(&self, key: (usize, usize)) -> Answer {
        self.of(key).map_or_else(|| Answer::Refused(Vec::new()), Elasticity::answer)
    }
}

/// The price of a product in a market.
pub(super) struct PriceRow {
    pub(super) market: usize,
    pub(super) product: usize,
    pub(super) now: Option<Money>,
    pub(super) floor: Option<Money>,
    pub(super) corridor: Option<Corridor>,
    pub(super) rivals: Vec<Money>,
    /// Where a test would tell what to ask.
    pub(super) trial: Option<Trial>,
    pub(super) why: Said,
}

impl PriceRow {
    /// What the advised price rests on.
    pub(super) fn rests(&self) -> Option<Rests> {
        self.corridor.as_ref().and_then(|c| c.rests)
    }

    /// The price advised; what it is sold at where there is no advice.
    pub(super) fn price(&self) -> Option<Money> {
        self.corridor.as_ref().and_then(|c| c.asked).or(self.now)
    }
}

pub(super) async fn answers(engine: &Engine, inputs: &Inputs, taught: Taught) -> Result<Answers> {
    let sales = lines(engine, inputs).await?;
    let params = ElasticityParams::default();
    let elasticities = match taught {
        Taught::Together => params.estimate(&sales)?,
        Taught::Alone => {
            let mut all = Elasticities { products: Vec::new(), markets: BTreeMap::new() };
            for market in 0..inputs.markets.len() as u32 {
                let own: Vec<Sale> = sales.iter().filter(|s| s.market == market).copied().collect();
                if !own.is_empty() {
                    let found = params.estimate(&own)?;
                    all.products.extend(found.products);
                    all.markets.extend(found.markets);
                }
            }
            all
        }
    };
    let key = |e: &Elasticity| (e.market as usize, e.product as usize);
    let by_key = elasticities.products.iter().map(|e| (key(e), e.clone())).collect();
    Ok(Answers { elasticities, by_key })
}

/// The price of every product that was sold there, that a competitor sells, or that could be brought from another market.
pub(super) fn prices(inputs: &Inputs, answers: &Answers, costs: &[Costed]) -> Result<Vec<PriceRow>> {
    let costed: BTreeMap<(usize, usize), &Costed> = costs.iter().map(|c| ((c.market, c.product), c)).collect();
    let recent = recent(inputs);
    let late = late(inputs);
    let leaves = leaves(inputs, &recent, &late, &costed);
    let mut rivals: BTreeMap<(usize, usize), Vec<Money>> = BTreeMap::new();
    for rival in &inputs.rivals {
        let Some(market) = inputs.markets.iter().position(|m| m.market == rival.market) else { continue };
        if let Some(price) = money(rival.price, inputs.markets[market].currency) {
            rivals.entry((market, rival.product)).or_default().push(price);
        }
    }
    let mut carried = inputs.carried.clone();
    carried.extend(elsewhere(inputs, &recent, &late, &costed));
    let mut keys: Vec<(usize, usize)> = recent.keys().chain(rivals.keys()).chain(carried.keys()).copied().collect();
    keys.sort_unstable();
    keys.dedup();
    let one = |key: (usize, usize)| {
        let rivals = rivals.get(&key).cloned().unwrap_or_default();
        let (late, leaves) = (late.get(&key).map(Vec::as_slice), leaves.get(&key.0).copied());
        let seen = Seen { recent: recent.get(&key), late, leaves, rivals, carried: carried.get(&key) };
        row(inputs, key, costed.get(&key).copied(), answers.answer(key), seen)
    };
    keys.into_iter().map(one).collect()
}

/// What is not sold in a market yet and is in another one starts from the price of now where most of it is sold, if its cost is known: so
/// what is brought there, or recommended there, has a floor and a price like everything else.
fn elsewhere(
    inputs: &Inputs,
    recent: &BTreeMap<(usize, usize), Recent>,
    late: &BTreeMap<(usize, usize), Vec<f64>>,
    costed: &BTreeMap<(usize, usize), &Costed>,
) -> BTreeMap<(usize, usize), Carried> {
    let units = |key: &(usize, usize)| late.get(key).map_or(0.0, |weeks| weeks.iter().sum::<f64>());
    let mut best: BTreeMap<usize, (usize, f64)> = BTreeMap::new();
    for key in recent.keys() {
        let (market, product) = *key;
        let sold = units(key);
        if best.get(&product).is_none_or(|(_, most)| sold > *most) {
            best.insert(product, (market, sold));
        }
    }
    let one = |&(market, product): &(usize, usize)| {
        let (from, _) = *best.get(&product)?;
        let (here, there) = (&inputs.markets[market], &inputs.markets[from]);
        let now = recent.get(&(from, product))?.now;
        let price = now * inputs.rate(there.currency, here.currency)?;
        Some(((market, product), Carried { price, asked: money(now, there.currency)?, source: there.market }))
    };
    costed.keys().filter(|key| !recent.contains_key(key)).filter_map(one).collect()
}

async fn lines(engine: &Engine, inputs: &Inputs) -> Result<Vec<Sale>> {
    let rows = Rows::query(engine, &format!("{LINES}{PRODUCTS}")).await?;
    let (markets, ids, days) = (rows.markets("market")?, rows.texts("product_id")?, rows.days("day")?);
    let (currencies, units, prices) = (rows.texts("currency")?, rows.floats("units")?, rows.floats("price")?);
    let at: BTreeMap<&str, usize> = inputs.products.iter().enumerate().map(|(i, p)| (p.id.as_str(), i)).collect();
    let mut sales = Vec::with_capacity(ids.len());
    for i in 0..ids.len() {
        let Some(market) = inputs.markets.iter().position(|m| m.market == markets[i]) else { continue };
        let (Some(&product), Some(units), Some(price)) = (at.get(ids[i].as_str()), units[i], prices[i]) else {
            continue;
        };
        let before = days[i] < inputs.as_of;
        if before
            && units > 0.0
            && price > 0.0
            && price.is_finite()
            && inputs.markets[market].currency.code() == currencies[i]
        {
            let (product, market) = (u32::try_from(product)?, u32::try_from(market)?);
            sales.push(Sale { product, market, day: days[i], units, price, promoted: 0.0 });
        }
    }
    Ok(sales)
}

/// Median price of the last weeks with sales, and the lowest and highest week of all.
struct Recent {
    now: f64,
    low: f64,
    high: f64,
}

fn recent(inputs: &Inputs) -> BTreeMap<(usize, usize), Recent> {
    let mut weeks: BTreeMap<(usize, usize), Vec<f64>> = BTreeMap::new();
    for week in &inputs.weeks {
        weeks.entry((week.market, week.product)).or_default().push(week.price);
    }
    let one = |prices: Vec<f64>| {
        let last = &prices[prices.len().saturating_sub(RECENT)..];
        let now = learn::quantile::median(last)?;
        let low = prices.iter().copied().fold(f64::INFINITY, f64::min);
        let high = prices.iter().copied().fold(0.0, f64::max);
        Some(Recent { now, low, high })
    };
    weeks.into_iter().filter_map(|(key, prices)| Some((key, one(prices)?))).collect()
}

/// Units of each of the last weeks, oldest first, those without a sale included, as far back as the product was sold.
fn late(inputs: &Inputs) -> BTreeMap<(usize, usize), Vec<f64>> {
    let until = super::demand::first_week(inputs);
    let mut units: BTreeMap<(usize, usize), Vec<f64>> = BTreeMap::new();
    for week in inputs.weeks.iter().filter(|w| w.week < until) {
        let back = (until.since(week.week) / 7) as usize;
        let weeks = units.entry((week.market, week.product)).or_default();
        if weeks.len() < back.min(TRIED) {
            weeks.resize(back.min(TRIED), 0.0);
        }
        if (1..=TRIED).contains(&back) {
            weeks[back - 1] += week.units as f64;
        }
    }
    units.values_mut().for_each(|weeks| weeks.reverse());
    units
}

/// What was seen of a product.
struct Seen<'a> {
    recent: Option<&'a Recent>,
    late: Option<&'a [f64]>,
    /// What a unit of its market leaves in the mean, minor units.
    leaves: Option<f64>,
    rivals: Vec<Money>,
    /// Where the price may start from when nothing was sold.
    carried: Option<&'a Carried>,
}

/// What a unit leaves in the mean of the last weeks at the prices of now, minor units, over each market's products whose cost is known.
fn leaves(
    inputs: &Inputs,
    recent: &BTreeMap<(usize, usize), Recent>,
    late: &BTreeMap<(usize, usize), Vec<f64>>,
    costed: &BTreeMap<(usize, usize), &Costed>,
) -> BTreeMap<usize, f64> {
    let mut sums: BTreeMap<usize, (f64, f64)> = BTreeMap::new();
    for (key, weeks) in late {
        let now = recent.get(key).and_then(|r| money(r.now, inputs.markets[key.0].currency));
        let margin = costed.get(key).zip(now).and_then(|(costed, now)| costed.landed.margin(now).ok());
        if let Some(margin) = margin {
            let (units, sum) = (weeks.iter().sum::<f64>(), sums.entry(key.0).or_default());
            *sum = (sum.0 + units * margin.minor as f64, sum.1 + units);
        }
    }
    sums.into_iter().filter(|(_, (_, units))| *units > 0.0).map(|(at, (left, units))| (at, left / units)).collect()
}

/// What a price has to be higher by to leave so many minor units more, at the share that is left of it now.
fn dearer_by(costed: &Costed, price: Money, leaves: f64) -> Option<Money> {
    let (bill, margin) = (costed.landed.bill(price).ok()?, costed.landed.margin(price).ok()?);
    let kept = (bill.landed_cost().minor + margin.minor) as f64 / price.minor as f64;
    (kept > 0.0).then(|| Money { minor: (leaves.max(0.0) / kept).round() as i64, ..price })
}

fn row(
    inputs: &Inputs,
    (market, product): (usize, usize),
    costed: Option<&Costed>,
    answer: Answer,
    Seen { recent, late, leaves, rivals, carried }: Seen<'_>,
) -> Result<PriceRow> {
    let currency = inputs.markets[market].currency;
    let now = recent.and_then(|r| money(r.now, currency));
    let start = carried.and_then(|c| money(c.price, currency)).filter(|m| m.minor > 0);
    let seen = recent.and_then(|r| Some((money(r.low, currency)?, money(r.high, currency)?)));
    let floor = costed.map(|c| c.floor.floor);
    let Some(costed) = costed else {
        let why = Said::new(
            "No advice: what one unit costs to land is not known (cost, weight and size are needed).",
            "无建议：单件到岸成本未知（需要成本、重量与尺寸）。",
        );
        return Ok(PriceRow { market, product, now, floor, corridor: None, rivals, trial: None, why });
    };
    let known = matches!(answer, Answer::Known(_));
    let break_even = costed.landed.floor(Decimal::ZERO)?.floor;
    let present = now.or(start);
    let input = CorridorInput {
        floor: costed.floor.floor,
        break_even,
        answer,
        elsewhere: present.zip(leaves).and_then(|(present, leaves)| dearer_by(costed, present, leaves)),
        seen,
        competitors: rivals.clone(),
        present,
    };
    let corridor = corridor(&input, &CorridorParams::default())?;
    let mut why = why(&corridor, (now, input.floor));
    let asked = corridor.asked.filter(|_| !known && corridor.rests != Some(Rests::Rivals));
    let tried = asked.zip(late).map(|(asked, late)| tried(costed, asked, late)).transpose()?.flatten();
    if let Some((trial, dearer)) = tried {
        let test = test(&trial, dearer)?;
        why = Said::new(format!("{}; {}", why.en, test.en), format!("{}；{}", why.zh, test.zh));
    }
    if let (Some(carried), Some(start)) = (carried, start) {
        let (asked, source) = (carried.asked, carried.source);
        why.en.insert_str(0, &format!("never sold here: starts from {asked} in {source}, which is {start}; "));
        why.zh.insert_str(0, &format!("此前未在此销售：以 {source} 的 {asked}（合 {start}）为起点；"));
    }
    let trial = tried.map(|t| t.0);
    Ok(PriceRow { market, product, now, floor, corridor: Some(corridor), rivals, trial, why })
}

/// A test of a dearer price than the one asked, and that price; `None` where nothing of it can be tested.
fn tried(costed: &Costed, asked: Money, late: &[f64]) -> Result<Option<(Trial, Money)>> {
    let minor = (asked.minor as f64 * (1.0 + STEP)).round() as i64;
    let exact = Money { minor, ..asked };
    let dearer = nearest(exact, asked, None, ENDINGS).filter(|p| p.minor > asked.minor).unwrap_or(exact);
    let (now, then) = (costed.landed.margin(asked)?, costed.landed.margin(dearer)?);
    Ok(Trial::of(late, now.minor as f64, then.minor as f64).map(|trial| (trial, dearer)))
}

/// What a test of one product takes.
fn test(trial: &Trial, dearer: Money) -> Result<Said> {
    Ok(match trial::weeks(&[*trial])? {
        Some(weeks) => Said::new(
            format!(
                "a test of {dearer} in every other week tells in {weeks} weeks whether it earns more (it does while more than {:.0} % of the units stay)",
                100.0 * trial.even
            ),
            format!(
                "隔周试行 {dearer}，{weeks} 周可判断收益是否更高（件数保留超过 {:.0} % 即更高）",
                100.0 * trial.even
            ),
        ),
        None => Said::new(
            "it sells too little for a price test of its own: test it together with others",
            "销量太少，无法单独试价：请与其他商品一起试",
        ),
    })
}

/// The bounds that made the price, the present price's own bound aside.
fn why(corridor: &Corridor, (now, floor): (Option<Money>, Money)) -> Said {
    let told: Vec<&Said> = corridor
        .bounds
        .iter()
        .filter(|b| b.kind != BoundKind::Present && b.kind != BoundKind::Ending)
        .map(|b| &b.said)
        .collect();
    let mut said = Said::new(
        told.iter().map(|s| s.en.as_str()).collect::<Vec<_>>().join("; "),
        told.iter().map(|s| s.zh.as_str()).collect::<Vec<_>>().join("；"),
    );
    if let Some(rests) = corridor.rests {
        let rests = rests.said();
        said = Said::new(format!("{}: {}", rests.en, said.en), format!("{}：{}", rests.zh, said.zh));
    }
    if now.is_some_and(|now| now.minor < floor.minor) {
        said.en.insert_str(0, "It sells below the floor now: each sale leaves less than the asked margin; ");
        said.zh.insert_str(0, "现价低于底价，每笔销售的毛利不足；");
    }
    said
}

pub(super) fn money(value: f64, currency: Currency) -> Option<Money> {
    Money::from_decimal(Decimal::try_from(value).ok()?, currency, Rounding::HalfEven).ok()
}

fn amount(money: Option<Money>) -> Option<Amount> {
    money.and_then(|m| Amount::from_decimal(m.to_decimal()))
}

/// `marts.prices`.
pub(super) fn table(inputs: &Inputs, rows: &[PriceRow]) -> Result<RecordBatch> {
    let currency = |r: &PriceRow| inputs.markets[r.market].currency;
    let optimum = |r: &PriceRow, end: fn(&Figure) -> Option<f64>| {
        r.corridor.as_ref().and_then(|c| end(&c.optimum)).and_then(|x| amount(money(x, currency(r))))
    };
    let rival = |r: &PriceRow, q: f64| {
        let minors: Vec<f64> = r.rivals.iter().map(|m| m.minor as f64).collect();
        let at = *learn::quantile::quantiles(&minors, &[q])?.first()?;
        amount(Some(Money { minor: at.round() as i64, currency: currency(r) }))
    };
    Columns::default()
        .text("market", rows.iter().map(|r| inputs.markets[r.market].market.code().to_owned()))
        .text("product_id", rows.iter().map(|r| inputs.products[r.product].id.as_str()))
        .text("currency", rows.iter().map(|r| currency(r).to_string()))
        .optional_amount("price", rows.iter().map(|r| amount(r.now)))?
        .optional_amount("floor", rows.iter().map(|r| amount(r.floor)))?
        .optional_amount("optimum", rows.iter().map(|r| optimum(r, Figure::as_f64)))?
        .optional_amount("optimum_low", rows.iter().map(|r| optimum(r, |f| f.interval.map(|i| i.low))))?
        .optional_amount("optimum_high", rows.iter().map(|r| optimum(r, |f| f.interval.map(|i| i.high))))?
        .optional_amount("rivals_low", rows.iter().map(|r| rival(r, 0.25)))?
        .optional_amount("rivals_mid", rows.iter().map(|r| rival(r, 0.5)))?
        .optional_amount("rivals_high", rows.iter().map(|r| rival(r, 0.75)))?
        .optional_amount("advised", rows.iter().map(|r| amount(r.corridor.as_ref().and_then(|c| c.asked))))?
        .text("en", rows.iter().map(|r| r.why.en.as_str()))
        .text("zh", rows.iter().map(|r| r.why.zh.as_str()))
        .batch()
}

/// `marts.elasticities`: products, then one row a market for all of them together.
pub(super) fn elasticity_table(inputs: &Inputs, answers: &Answers) -> Result<RecordBatch> {
    struct Row {
        market: usize,
        product: String,
        value: Option<f64>,
        ends: Option<(f64, f64)>,
        weeks: i64,
        refused: Option<String>,
    }
    let mut rows: Vec<Row> = Vec::new();
    for e in &answers.elasticities.products {
        let reasons: Vec<String> = e.reasons().into_iter().map(|s| s.en).collect();
        rows.push(Row {
            market: e.market as usize,
            product: inputs.products[e.product as usize].id.clone(),
            value: e.shown.map(|s| s.value),
            ends: e.interval(),
            weeks: i64::try_from(e.n_weeks)?,
            refused: e.shown.is_none().then(|| reasons.join("; ")),
        });
    }
    for (market, estimate) in &answers.elasticities.markets {
        let z = learn::interval::two_sided(0.95).unwrap_or(1.96);
        rows.push(Row {
            market: *market as usize,
            product: String::new(),
            value: Some(estimate.value),
            ends: Some((estimate.value - z * estimate.se, estimate.value + z * estimate.se)),
            weeks: 0,
            refused: None,
        });
    }
    rows.sort_by(|a, b| (a.market, &a.product).cmp(&(b.market, &b.product)));
    Columns::default()
        .text("market", rows.iter().map(|r| inputs.markets[r.market].market.code().to_owned()))
        .text("product_id", rows.iter().map(|r| r.product.as_str()))
        .optional_float("elasticity", rows.iter().map(|r| r.value))
        .optional_float("low", rows.iter().map(|r| r.ends.map(|e| e.0)))
        .optional_float("high", rows.iter().map(|r| r.ends.map(|e| e.1)))
        .int("n_weeks", rows.iter().map(|r| r.weeks))
        .optional_text("refused", rows.iter().map(|r| r.refused.clone()))
        .batch()
}
