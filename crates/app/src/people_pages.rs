//! The pages about customers and markets, from their marts.

use crate::pipeline::rows::Rows;
use anyhow::{Context, Result};
use audience::persona::page::{Entry, Persona, Said};
use decide::plan::{
    CohortMonth, Flow, Lang, MarketPlace, MarketsPage, PeoplePage, PersonaPart, PersonaStatement, RfmField,
    SurvivalPoint,
};
use domain::{Currency, Day, Decimal, Figure, FigureValue, Market, Money, Rounding, Unit};
use lake::Engine;
use std::collections::BTreeMap;

/// Moves between segments that a page shows.
const MOST_FLOWS: usize = 12;
/// Months of first orders that a page shows, and months after each.
const MOST_COHORTS: usize = 13;
const MONTHS_BACK: i64 = 12;

/// What the figures of a market's outlook are called.
const LABELS: [(&str, &str, &str); 8] = [
    ("value.orders", "days with an order in the next 90 days", "未来 90 天的下单天数"),
    ("value.revenue", "sales in the next 90 days", "未来 90 天的销售额"),
    ("value.margin", "margin in the next 90 days", "未来 90 天的毛利"),
    ("value.clv_mean", "lifetime value of a shopper, mean", "每位顾客的平均终身价值"),
    ("value.share_alive", "shoppers who are still customers", "仍活跃的顾客比例"),
    ("predict.market", "no order in the next 90 days", "未来 90 天不下单的概率"),
    ("value.newcomer_orders", "further orders of a new shopper in 90 days", "新客 90 天内的后续下单天数"),
    ("value.newcomer_revenue", "further sales to a new shopper in 90 days", "新客 90 天内的后续销售额"),
];

/// The page of a market's customers; `None` for a market of which nothing is expected.
pub(crate) async fn people(engine: &Engine, market: Market, lang: Lang) -> Result<Option<PeoplePage>> {
    let zh = lang == Lang::Zh;
    let say = |said: &Said| if zh { said.zh.clone() } else { said.en.clone() };
    let sql = format!("select page from marts.personas where market = '{market}'");
    let page = Rows::query(engine, &sql).await?.texts("page")?.into_iter().next();
    let persona: Option<Persona> = page.map(|p| serde_json::from_str(&p)).transpose().context("a persona as JSON")?;
    let figures = figures(engine, &format!("select * from marts.market_outlook where market = '{market}'")).await?;
    let outlook: Vec<(String, Figure)> = LABELS
        .iter()
        .filter_map(|(key, en, chinese)| {
            let (_, figure) = figures.iter().find(|(_, f)| f.key == *key)?;
            Some(((if zh { *chinese } else { *en }).to_owned(), figure.clone()))
        })
        .collect();
    if persona.is_none() && outlook.is_empty() {
        return Ok(None);
    }
    let statement = |entry: &Entry| PersonaStatement {
        text: say(&entry.statement),
        figure: entry.figure.clone(),
        quotes: entry.quotes.iter().take(3).map(|q| q.text.clone()).collect(),
    };
    let part = |title: (&str, &str), entries: &[Entry]| PersonaPart {
        title: (if zh { title.1 } else { title.0 }).to_owned(),
        statements: entries.iter().map(statement).collect(),
    };
    let parts = persona.as_ref().map_or_else(Vec::new, |p| {
        vec![
            part(("Basics", "基本情况"), &p.basics),
            part(("Consumption", "消费"), &p.consumption),
            part(("Interests", "兴趣"), &p.interests),
            part(("Motives", "动机"), &p.motives),
            part(("What is said, in every language", "各种语言的评价"), &p.concerns),
        ]
    });
    Ok(Some(PeoplePage {
        market,
        name: persona.as_ref().map(|p| say(&p.name)).unwrap_or_default(),
        rules: persona.as_ref().map(|p| p.name_rules.iter().map(say).collect()).unwrap_or_default(),
        parts,
        unknown: persona.as_ref().map(|p| p.unknown.iter().map(say).collect()).unwrap_or_default(),
        outlook,
        not_returned: curve(engine, market).await?,
        values: values(engine, market).await?,
        rfm: rfm(engine, market).await?,
        cohorts: cohorts(engine, market).await?,
        flows: flows(engine, lang).await?,
    }))
}

async fn curve(engine: &Engine, market: Market) -> Result<Vec<SurvivalPoint>> {
    let sql = format!(
        "select days, share, low, high from marts.retention where market = '{market}' and curve = 'not_returned' order by days"
    );
    let rows = Rows::query(engine, &sql).await?;
    let (days, shares, lows, highs) =
        (rows.floats("days")?, rows.floats("share")?, rows.floats("low")?, rows.floats("high")?);
    let point = |i: usize| Some(SurvivalPoint { days: days[i]?, share: shares[i]?, low: lows[i]?, high: highs[i]? });
    Ok((0..days.len()).filter_map(point).collect())
}

async fn values(engine: &Engine, market: Market) -> Result<Vec<f64>> {
    let sql = format!("select lifetime_value from marts.shopper_outlook where market = '{market}' order by shopper_id");
    Ok(Rows::query(engine, &sql).await?.floats("lifetime_value")?.into_iter().flatten().collect())
}

async fn rfm(engine: &Engine, market: Market) -> Result<Vec<RfmField>> {
    let sql =
        format!("select r, f, count(*) as n from marts.segments where market = '{market}' group by r, f order by r, f");
    let rows = Rows::query(engine, &sql).await?;
    let score = |n: i64| u8::try_from(n).unwrap_or(0);
    let fields = rows.ints("r")?.into_iter().zip(rows.ints("f")?).zip(rows.ints("n")?);
    Ok(fields.map(|((r, f), n)| RfmField { r: score(r), f: score(f), n: n.unsigned_abs() }).collect())
}

/// The last months of first orders. A month of few is joined to nothing: its shares are left out.
async fn cohorts(engine: &Engine, market: Market) -> Result<Vec<CohortMonth>> {
    let sql = format!(
        "select cohort, months_since, n_shoppers, (select max(last_day) from marts.market_summary) as last \
         from marts.cohorts where market = '{market}' order by cohort, months_since"
    );
    let rows = Rows::query(engine, &sql).await?;
    let (months, since) = (rows.days("cohort")?, rows.ints("months_since")?);
    let (n, last) = (rows.ints("n_shoppers")?, rows.optional_days("last")?.into_iter().flatten().next());
    let mut of: BTreeMap<Day, BTreeMap<i64, u64>> = BTreeMap::new();
    for ((month, since), n) in months.into_iter().zip(since).zip(n) {
        of.entry(month).or_default().insert(since, n.unsigned_abs());
    }
    let index = |day: Day| (i64::from(day.year_month().0), i64::from(day.year_month().1));
    let between = |(y0, m0): (i64, i64), (y1, m1): (i64, i64)| (y1 - y0) * 12 + m1 - m0;
    let Some(last) = last else { return Ok(Vec::new()) };
    let row = |(month, back): (&Day, &BTreeMap<i64, u64>)| {
        let n = back.get(&0).copied().unwrap_or(0);
        // The month of the last day is not over; what is missing from a month that is, is nobody.
        let over = between(index(*month), index(last)) - 1;
        let share = |k: i64| {
            (k <= over && n >= audience::figures::MIN_OBSERVATIONS)
                .then(|| back.get(&k).copied().unwrap_or(0) as f64 / n as f64)
        };
        let (year, number) = month.year_month();
        CohortMonth { month: format!("{year}-{number:02}"), n, back: (1..=MONTHS_BACK).map(share).collect() }
    };
    Ok(of.iter().rev().take(MOST_COHORTS).map(row).rev().collect())
}

async fn flows(engine: &Engine, lang: Lang) -> Result<Vec<Flow>> {
    let sql = format!(
        "select from_segment, to_segment, n_shoppers from marts.segment_flows where kind = 'rfm' and from_segment <> to_segment \
         order by n_shoppers desc, from_segment, to_segment limit {MOST_FLOWS}"
    );
    let rows = Rows::query(engine, &sql).await?;
    let (from, to, n) = (rows.texts("from_segment")?, rows.texts("to_segment")?, rows.ints("n_shoppers")?);
    let language = if lang == Lang::Zh { domain::Language::ZH } else { domain::Language::EN };
    let name = |key: &str| {
        let known = audience::Segment::ALL.iter().find(|s| s.key() == key);
        known.map_or_else(
            || if lang == Lang::Zh { "尚无订单" } else { "no order yet" }.to_owned(),
            |s| s.name(language).to_owned(),
        )
    };
    Ok((0..n.len()).map(|i| Flow { from: name(&from[i]), to: name(&to[i]), n: n[i].unsigned_abs() }).collect())
}

/// The page over markets; `None` where there is no ranking.
pub(crate) async fn markets(
    engine: &Engine,
    weights: &BTreeMap<audience::entry::attractiveness::Criterion, f64>,
    lang: Lang,
) -> Result<Option<MarketsPage>> {
    let rows = Rows::query(engine, "select * from marts.market_ranking order by rank").await?;
    let (markets, ranks, statuses) = (rows.markets("market")?, rows.ints("rank")?, rows.texts("status")?);
    let (scores, lows, highs) = (rows.floats("score")?, rows.floats("low")?, rows.floats("high")?);
    let (best, worst) = (rows.ints("rank_low")?, rows.ints("rank_high")?);
    let (first, known) = (rows.floats("first")?, rows.floats("known")?);
    let (size, cost) = (rows.floats("size")?, rows.floats("cost")?);
    if markets.is_empty() {
        return Ok(None);
    }
    let sizes = figures(engine, "select * from marts.market_figures where figure like 'market.%'").await?;
    let reasons = Rows::query(engine, "select market, en, zh from marts.market_reasons order by market, place").await?;
    let text = reasons.texts(if lang == Lang::Zh { "zh" } else { "en" })?;
    let reasons: Vec<(Market, String)> = reasons.markets("market")?.into_iter().zip(text).collect();
    let whole = |n: i64| u32::try_from(n).unwrap_or(u32::MAX);
    let place = |i: usize| MarketPlace {
        market: markets[i],
        rank: whole(ranks[i]),
        served: statuses[i] == "served",
        score: scores[i].unwrap_or(0.0),
        low: lows[i].unwrap_or(0.0),
        high: highs[i].unwrap_or(0.0),
        within: (whole(best[i]), whole(worst[i])),
        first: first[i].unwrap_or(0.0),
        known: known[i].unwrap_or(0.0),
        size: size[i],
        cost: cost[i],
        sizes: sizes.iter().filter(|(m, _)| *m == markets[i]).map(|(_, f)| f.clone()).collect(),
        why: reasons.iter().filter(|(m, _)| *m == markets[i]).map(|(_, t)| t.clone()).collect(),
    };
    let weights = weights.iter().map(|(c, w)| (c.key().to_owned(), *w)).collect();
    Ok(Some(MarketsPage { places: (0..markets.len()).map(place).collect(), weights }))
}

/// Rows of a mart of figures as figures again.
pub(crate) async fn figures(engine: &Engine, sql: &str) -> Result<Vec<(Market, Figure)>> {
    let rows = Rows::query(engine, &format!("{sql} order by market, figure")).await?;
    let (markets, keys, units) = (rows.markets("market")?, rows.texts("figure")?, rows.texts("unit")?);
    let (values, lows, highs, levels) =
        (rows.floats("value")?, rows.floats("low")?, rows.floats("high")?, rows.floats("level")?);
    let (n, formulas) = (rows.ints("n")?, rows.texts("formula")?);
    let mut all = Vec::new();
    for i in 0..keys.len() {
        let unit = match units[i].as_str() {
            "count" => Unit::Count,
            "share" => Unit::Share,
            "days" => Unit::Days,
            "ratio" => Unit::Ratio,
            "score" => Unit::Score,
            _ => Unit::Money,
        };
        let mut figure = Figure::number(&keys[i], unit, values[i].unwrap_or(f64::NAN), n[i].unsigned_abs(), 0);
        if let (Unit::Money, Some(value), Ok(currency)) = (unit, values[i], units[i].parse::<Currency>()) {
            let money =
                Decimal::try_from(value).ok().and_then(|d| Money::from_decimal(d, currency, Rounding::HalfEven).ok());
            figure.value = money.map_or(FigureValue::Undefined, FigureValue::Money);
        }
        if let (Some(low), Some(high), Some(level)) = (lows[i], highs[i], levels[i]) {
            figure = figure.interval(low, high, level);
        }
        all.push((markets[i], figure.formula(formulas[i].clone()).source(sql.to_owned())));
    }
    Ok(all)
}
