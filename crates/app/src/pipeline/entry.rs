//! Stage `entry`: which market to enter next, how sure that is, how large each is, and why one stands where it stands.
//!
//! Candidates are all markets that anything is known of: orders, visits, searches, or a row of `clean.market_facts`.
//! Money in facts is compared in US dollars at the newest rates of the lake. Weights are those of `[markets.weights]` in
//! portolan.toml.

use super::batch::Columns;
use super::figure_rows::figure_rows;
use super::queries::PLACED_EVENTS;
use super::rates::Rates;
use super::rows::Rows;
use super::{Stage, Tables};
use anyhow::Result;
use audience::entry::attractiveness::Criterion;
use audience::entry::capacity::{Capacity, CapacityParams, Reach, Whole, Win};
use audience::entry::facts::Fact;
use audience::entry::market_facts::{
    Candidate, FactParams, FactRow, FactTable, MarketStatus, OwnEvidence, PartEvidence,
};
use audience::entry::plan::{EntryPlan, Findings, Target};
use audience::entry::platform::PlatformParams;
use audience::entry::ranking::MarketRanking;
use audience::entry::winnable::{ServedMarket, winnable};
use audience::entry::{EntryError, Estimate};
use domain::{Currency, Day, Figure, Market, Money, Rounding, Seed};
use lake::Engine;
use std::collections::{BTreeMap, BTreeSet};

pub(super) async fn compute(stage: &Stage<'_>) -> Result<Tables> {
    let ranked = rank(stage).await?;
    let Some(Ranked { ranking, sizes, plans }) = ranked else {
        return tables(None, &[], &[], &[]);
    };
    let mut figures: Vec<(Market, Figure)> = Vec::new();
    for place in ranking.markets() {
        let market = place.candidate.market();
        figures.extend(ranking.figures(market)?.into_iter().map(|f| (market, f)));
    }
    for (market, _, size) in &sizes {
        figures.extend(size.iter().cloned().map(|f| (*market, f)));
    }
    let mut why = Vec::new();
    for place in ranking.markets() {
        let market = place.candidate.market();
        why.extend(ranking.explain(market)?.sentences.into_iter().zip(1_i64..).map(|(words, at)| (market, at, words)));
    }
    tables(Some(&ranking), &figures, &why, &plans)
}

/// Everything that the stage and the command say.
struct Ranked {
    ranking: MarketRanking,
    /// TAM, SAM and SOM of the markets whose facts suffice.
    sizes: Vec<SizedMarket>,
    /// Steps of every market.
    plans: Vec<(Market, EntryPlan)>,
}

/// A market that can be sized.
type SizedMarket = (Market, Capacity, Vec<Figure>);

async fn rank(stage: &Stage<'_>) -> Result<Option<Ranked>> {
    let engine = &stage.engine;
    let home = super::home(engine, stage.workspace).await?;
    let as_of = last_day(engine).await?.plus(1);
    let dollars = Rates::load(engine).await?.all_in(usd());
    let table = facts(stage, as_of, &dollars).await?;
    let own = own(engine).await?;
    let transfer = transfer(engine).await?;
    let markets: BTreeSet<Market> =
        table.markets.keys().chain(own.keys()).copied().filter(|m| domain::country(*m).is_some()).collect();
    let mut candidates = Vec::new();
    for market in markets {
        let evidence = own.get(&market).copied().unwrap_or_default();
        let status = match evidence.orders {
            _ if market == home => MarketStatus::Home,
            Some(n) if n > 0 => MarketStatus::Served,
            _ => MarketStatus::Candidate,
        };
        // Nobody can order where nothing is delivered: no orders there say nothing.
        let evidence =
            if status == MarketStatus::Candidate { OwnEvidence { orders: None, ..evidence } } else { evidence };
        let parts = PartEvidence { transfer_gain: transfer.get(&market).copied(), ..PartEvidence::default() };
        match Candidate::new(market, status, &table, evidence, parts, home) {
            Ok(candidate) => candidates.push(candidate),
            Err(error) => stage.not_computed(market, "its place among the markets", &error.to_string()),
        }
    }
    let abroad: Vec<Candidate> = candidates.iter().filter(|c| c.status() != MarketStatus::Home).cloned().collect();
    let params = &stage.workspace.attractiveness;
    let ranking = match params.rank(&abroad, stage.seed) {
        Ok(ranking) => ranking,
        Err(error @ EntryError::TooLittle { .. }) => {
            let why = format!("{error}; `portolan markets template` drafts the table to fill");
            stage.not_computed(Market::UNKNOWN, "which market to enter", &why);
            return Ok(None);
        }
        Err(error) => return Err(error.into()),
    };
    for (market, known) in ranking.unranked() {
        let why =
            format!("only {:.0} % of the weight is known, {:.0} % are needed", 100.0 * known, 100.0 * params.min_known);
        stage.not_computed(*market, "its place among the markets", &why);
    }
    let sizes = sizes(stage, &candidates, &own, as_of).await?;
    let plans = plans(stage, &candidates, &ranking, &sizes).await?;
    Ok(Some(Ranked { ranking, sizes, plans }))
}

async fn last_day(engine: &Engine) -> Result<Day> {
    let rows = Rows::query(engine, "select max(last_day) as day from marts.market_summary").await?;
    Ok(rows.optional_days("day")?.into_iter().flatten().next().unwrap_or(Day(0)))
}

fn usd() -> Currency {
    Currency::new(*b"USD")
}

async fn facts(stage: &Stage<'_>, as_of: Day, dollars: &BTreeMap<Currency, f64>) -> Result<FactTable> {
    let sql = "select market, fact, day, known_on, value, text, unit from clean.market_facts order by market, fact, day, known_on";
    let rows = Rows::query(&stage.engine, sql).await?;
    let (markets, facts) = (rows.markets("market")?, rows.texts("fact")?);
    let (days, known) = (rows.days("day")?, rows.days("known_on")?);
    let (values, texts, units) = (rows.floats("value")?, rows.optional_texts("text")?, rows.optional_texts("unit")?);
    let rows: Vec<FactRow> = (0..facts.len())
        .map(|i| FactRow {
            market: markets[i],
            fact: facts[i].clone(),
            day: days[i],
            known_on: known[i],
            value: values[i],
            text: texts[i].clone(),
            unit: units[i].clone(),
        })
        .collect();
    let params = FactParams { dollars: dollars.clone(), ..FactParams::as_of(as_of) };
    let table = params.read(&rows);
    let mut refused: BTreeMap<(Market, String), usize> = BTreeMap::new();
    for row in &table.refused {
        *refused.entry((row.market, format!("`{}`: {}", rows[row.row].fact, row.refusal))).or_default() += 1;
    }
    for ((market, why), n) in refused {
        stage.not_computed(
            market,
            "a fact about the market",
            &format!("{why} ({n} {})", if n == 1 { "row" } else { "rows" }),
        );
    }
    Ok(table)
}

/// What the seller's own data say: visits are visitors and days with an event, in the months that events cover.
async fn own(engine: &Engine) -> Result<BTreeMap<Market, OwnEvidence>> {
    let mut all: BTreeMap<Market, OwnEvidence> = BTreeMap::new();
    let span =
        "select min(cast(occurred_at as date)) as first, max(cast(occurred_at as date)) as last from clean.events";
    let rows = Rows::query(engine, span).await?;
    let (first, last) = (rows.optional_days("first")?, rows.optional_days("last")?);
    let tracked = first.first().copied().flatten().zip(last.first().copied().flatten());
    let tracked = tracked.map(|(first, last)| f64::from(last.since(first) + 1) / 30.4);
    let sql = format!(
        "with e as ({PLACED_EVENTS}) select market, \
          count(distinct concat(coalesce(anonymous_id, shopper_id, message_id), ' ', cast(day as varchar))) as visits, \
          count(distinct case when written is not null then message_id end) as searches \
        from e group by market order by market"
    );
    let rows = Rows::query(engine, &sql).await?;
    for ((market, visits), searches) in
        rows.markets("market")?.into_iter().zip(rows.ints("visits")?).zip(rows.ints("searches")?)
    {
        let evidence = all.entry(market).or_default();
        evidence.visits = u64::try_from(visits).ok();
        evidence.searches = u64::try_from(searches).ok();
        evidence.months = tracked.unwrap_or(0.0);
    }
    let sql = "select market, n_orders, cast(revenue as double) as revenue, cast(returned as double) as returned, \
        first_day, last_day from marts.market_summary order by market";
    let rows = Rows::query(engine, sql).await?;
    let (markets, orders) = (rows.markets("market")?, rows.ints("n_orders")?);
    let (revenue, returned) = (rows.floats("revenue")?, rows.floats("returned")?);
    let (first, last) = (rows.days("first_day")?, rows.days("last_day")?);
    for i in 0..markets.len() {
        let evidence = all.entry(markets[i]).or_default();
        let sold = f64::from(last[i].since(first[i]) + 1) / 30.4;
        // Counts of one market share its months: of two spans the longer, with the other's count drawn out to it.
        let months = evidence.months.max(sold);
        let drawn_out = |over: f64| if over > 0.0 { months / over } else { 1.0 };
        let stretch = |n: u64, over: f64| (n as f64 * drawn_out(over)).round() as u64;
        evidence.visits = evidence.visits.map(|n| stretch(n, evidence.months));
        evidence.searches = evidence.searches.map(|n| stretch(n, evidence.months));
        evidence.orders = u64::try_from(orders[i]).ok().map(|n| stretch(n, sold));
        let money = revenue[i].zip(returned[i]).map(|(r, back)| (r, (-back).clamp(0.0, r.max(0.0))));
        evidence.revenue_and_refunds = money.map(|(r, back)| (r * drawn_out(sold), back * drawn_out(sold)));
        evidence.months = months;
    }
    Ok(all)
}

/// What the other markets promise each target: the best score of a set of sources, as the transfer stage found it.
async fn transfer(engine: &Engine) -> Result<BTreeMap<Market, Estimate>> {
    let sql = "select market, max(value) as score from marts.transfer_sources where part = 'score' group by market";
    let rows = Rows::query(engine, sql).await?;
    // The score was off by about a tenth of a gain in the published tasks (docs/transfer.md).
    const OFF: f64 = 0.1;
    let estimate = |value: f64| Estimate { value, low: value - OFF, high: value + OFF };
    let scores = rows.markets("market")?.into_iter().zip(rows.floats("score")?);
    Ok(scores.filter_map(|(market, score)| Some((market, estimate(score?)))).collect())
}

/// What is missing where a market cannot be sized.
const SIZE: &str = "the size of the market";

/// A market that can be reached: its whole, the currency of that, and what of it is reached.
type Reached = BTreeMap<Market, (Whole, Currency, Reach)>;

/// TAM, SAM and SOM of every market whose facts suffice. Of a market with own sales those of a year can be won, of a
/// candidate the most modest share that a served market abroad has of its own SAM (see [`winnable`]).
async fn sizes(
    stage: &Stage<'_>,
    candidates: &[Candidate],
    own: &BTreeMap<Market, OwnEvidence>,
    as_of: Day,
) -> Result<Vec<SizedMarket>> {
    let params = CapacityParams::default();
    let Some(base) = stage.currency else { return Ok(Vec::new()) };
    let rates = Rates::load(&stage.engine).await?;
    let fx = |from: Currency, to: Currency| rates.fx(from, to, as_of.plus(-1));
    let mut reached = Reached::new();
    for candidate in candidates {
        let market = candidate.market();
        match Whole::spending(candidate) {
            Ok((whole, currency)) => _ = reached.insert(market, (whole, currency, reach(candidate))),
            Err(error) => stage.not_computed(market, SIZE, &error.to_string()),
        }
    }
    let to = |currency: Currency| rates.rate(base, currency);
    let served = served(candidates, own, &reached, to, (&params, stage.seed));
    if served.is_empty() {
        if !reached.is_empty() {
            let why = "no served market has sales, facts about its size and an exchange rate to compare with";
            stage.not_computed(Market::UNKNOWN, "what can be won of a market", why);
        }
        return Ok(Vec::new());
    }
    for beyond in served.iter().filter(|s| s.share() > 1.0) {
        let why = "own sales of a year are more than what can be reached (SAM), so a fact about its size is too low";
        stage.not_computed(beyond.market, SIZE, why);
    }
    let mut sizes = Vec::new();
    for (market, (whole, currency, reach)) in &reached {
        let Some(win) = winnable(*market, &served) else { continue };
        let size = params.size((*market, *currency), whole, reach, &win, stage.seed);
        match size.and_then(|size| Ok((size.figures(fx(*currency, base).as_ref())?, size))) {
            Ok((figures, size)) => sizes.push((*market, size, figures)),
            Err(error) => stage.not_computed(*market, SIZE, &error.to_string()),
        }
    }
    Ok(sizes)
}

/// The markets with own sales whose SAM is known. `to` gives units of a currency for one of the reporting currency.
fn served(
    candidates: &[Candidate],
    own: &BTreeMap<Market, OwnEvidence>,
    reached: &Reached,
    to: impl Fn(Currency) -> Option<f64>,
    (params, seed): (&CapacityParams, Seed),
) -> Vec<ServedMarket> {
    let of = |candidate: &Candidate| {
        let market = candidate.market();
        let ((whole, currency, reach), evidence) = reached.get(&market).zip(own.get(&market))?;
        let (revenue, _) = evidence.revenue_and_refunds.filter(|(revenue, _)| *revenue > 0.0)?;
        let rate = to(*currency)?;
        // Its own figures say what is wrong with them.
        let all = Win::Share(Estimate::exact(1.0));
        let sam = *params.size((market, *currency), whole, reach, &all, seed).ok()?.sam();
        let own_sales = revenue / evidence.months.max(1.0) * 12.0 * rate;
        Some(ServedMarket { market, home: candidate.status() == MarketStatus::Home, own_sales, sam })
    };
    candidates.iter().filter(|c| c.status() != MarketStatus::Candidate).filter_map(of).collect()
}

/// What of a market can be reached: online retail's share, where it is known. What share reads the languages of the
/// catalogue is not weighed yet, nor what may be sold: verdicts are found by a later stage, from what this one says.
fn reach(candidate: &Candidate) -> Reach {
    let unknown = Estimate { value: 0.15, low: 0.03, high: 0.4 };
    let channel = candidate.estimate(Fact::EcommerceShare).filter(|e| e.value > 0.0).unwrap_or(unknown);
    // A share that is known to some hundredths has an interval that ends above 0, however small it is.
    let channel = Estimate { low: channel.low.max(channel.value * 0.2), ..channel };
    Reach { channel, language: None, sellable: candidate.estimate(Fact::SellableShare) }
}

/// The steps of every market. Platforms are those of `platforms.toml`, compared on the mean order of all markets.
async fn plans(
    stage: &Stage<'_>,
    candidates: &[Candidate],
    ranking: &MarketRanking,
    sizes: &[SizedMarket],
) -> Result<Vec<(Market, EntryPlan)>> {
    let facts = crate::commands::platforms::read(&stage.workspace.root)?.unwrap_or_default();
    let sql = "select sum(cast(revenue as double)) / sum(n_orders) as mean from marts.market_summary";
    let mean = Rows::query(&stage.engine, sql).await?.floats("mean")?.into_iter().flatten().next();
    let dollars = Rates::load(&stage.engine).await?.all_in(usd());
    let order = |market: Market| {
        let (own, there) = (stage.currency?, domain::country(market)?.currency);
        let value = mean? * dollars.get(&own)? / dollars.get(&there)?;
        Money::from_decimal(domain::Decimal::try_from(value).ok()?, there, Rounding::HalfEven).ok()
    };
    let mut plans = Vec::new();
    for candidate in candidates {
        let market = candidate.market();
        let platforms = match order(market).filter(|order| order.minor > 0) {
            Some(order) => crate::commands::platforms::choose(&facts, market, order, &PlatformParams::default())?,
            None => None,
        };
        let capacity = sizes.iter().find(|(of, _, _)| *of == market).map(|(_, size, _)| size);
        let found = Findings { ranking: Some(ranking), capacity, platforms: platforms.as_ref() };
        plans.push((market, EntryPlan::of(candidate, &Target::Market, &found)));
    }
    Ok(plans)
}

fn status(status: MarketStatus) -> &'static str {
    match status {
        MarketStatus::Home => "home",
        MarketStatus::Served => "served",
        MarketStatus::Candidate => "candidate",
    }
}

fn tables(
    ranking: Option<&MarketRanking>,
    figures: &[(Market, Figure)],
    why: &[(Market, i64, audience::entry::Words)],
    plans: &[(Market, EntryPlan)],
) -> Result<Tables> {
    let places = ranking.map_or(&[][..], |r| r.markets());
    let criterion = |criterion: Criterion| {
        places.iter().map(move |p| p.scored.criteria[criterion as usize]).collect::<Vec<Option<f64>>>()
    };
    let ranked = Columns::default()
        .text("market", places.iter().map(|p| p.candidate.market_code().to_owned()))
        .int("rank", places.iter().map(|p| p.rank as i64))
        .text("status", places.iter().map(|p| status(p.candidate.status())))
        .float("score", places.iter().map(|p| p.score.value))
        .float("low", places.iter().map(|p| p.score.low))
        .float("high", places.iter().map(|p| p.score.high))
        .int("rank_low", places.iter().map(|p| p.rank_within.0 as i64))
        .int("rank_high", places.iter().map(|p| p.rank_within.1 as i64))
        .float("first", places.iter().map(|p| p.first))
        .float("top_three", places.iter().map(|p| p.top_three))
        .float("known", places.iter().map(|p| p.scored.known))
        .optional_float("demand", criterion(Criterion::Demand))
        .optional_float("size", criterion(Criterion::Size))
        .optional_float("competition", criterion(Criterion::Competition))
        .optional_float("distance", criterion(Criterion::Distance))
        .optional_float("cost", criterion(Criterion::Cost))
        .optional_float("transfer", criterion(Criterion::Transfer))
        .batch()?;
    let mut pairs = Vec::new();
    for (at, a) in places.iter().enumerate() {
        for b in &places[at + 1..] {
            let (a, b) = (a.candidate.market(), b.candidate.market());
            if let Some(ranking) = ranking {
                pairs.push((a, b, ranking.probability_above(a, b)?));
            }
        }
    }
    let pairs = Columns::default()
        .text("better", pairs.iter().map(|(a, _, _)| a.code().to_owned()))
        .text("worse", pairs.iter().map(|(_, b, _)| b.code().to_owned()))
        .float("probability", pairs.iter().map(|(_, _, p)| *p))
        .batch()?;
    let why = Columns::default()
        .text("market", why.iter().map(|(m, _, _)| m.code().to_owned()))
        .int("place", why.iter().map(|(_, at, _)| *at))
        .text("en", why.iter().map(|(_, _, w)| w.in_language(domain::Language::EN)))
        .text("zh", why.iter().map(|(_, _, w)| w.in_language(domain::Language::ZH)))
        .batch()?;
    let texts = plans.iter().map(|(_, plan)| serde_json::to_string(plan)).collect::<Result<Vec<_>, _>>()?;
    let plans = Columns::default()
        .text("market", plans.iter().map(|(m, _)| m.code().to_owned()))
        .text("status", plans.iter().map(|(_, plan)| status(plan.status)))
        .text("plan", texts)
        .batch()?;
    Ok(vec![
        ("entry_plans", vec![plans]),
        ("market_ranking", vec![ranked]),
        ("market_pairs", vec![pairs]),
        ("market_reasons", vec![why]),
        ("market_figures", vec![figure_rows(figures)?]),
    ])
}
