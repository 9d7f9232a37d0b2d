//! Where to sell: ranking, a market's page, its launch plan, what transfers.

use super::super::Serving;
use super::super::snapshot::Snapshot;
use super::{country, market, refused, tables};
use crate::exit::{Exit, Stop};
use crate::people_pages;
use crate::pipeline::gather::Gatherer;
use crate::pipeline::{self, rows::Rows, said};
use crate::workspace::Workspace;
use anyhow::Result;
use audience::entry::attractiveness::Criterion as Asked;
use bytes::Bytes;
use decide::plan::{LaunchPlan, Minimums};
use domain::Market;
use lake::{Engine, EngineOptions};
use serve::answers::{Answer, AnswerError, Document, MarketAnswers};
use serve::wire::figure::Words;
use serve::wire::markets::{Criterion, Lang, MarketPage, MarketRanking, MarketReason, RankedMarket, TransferReport};
use serve::wire::table::{NamedTable, Report};

fn whole(n: i64) -> Option<u32> {
    u32::try_from(n).ok()
}

async fn ranking(now: &Snapshot) -> Result<MarketRanking> {
    let rows = Rows::query(&now.engine, "select * from marts.market_ranking order by rank").await?;
    let (markets, ranks, statuses) = (rows.markets("market")?, rows.ints("rank")?, rows.texts("status")?);
    let (scores, lows, highs) = (rows.floats("score")?, rows.floats("low")?, rows.floats("high")?);
    let (best, worst) = (rows.ints("rank_low")?, rows.ints("rank_high")?);
    let criteria: Vec<(&str, Vec<Option<f64>>)> =
        Asked::ALL.iter().map(|c| Ok((c.key(), rows.floats(c.key())?))).collect::<Result<_>>()?;
    let ranked = |at: usize| RankedMarket {
        market: markets[at].code().to_owned(),
        name: country(markets[at]),
        rank: whole(ranks[at]),
        status: if Some(markets[at]) == now.home { "home".to_owned() } else { statuses[at].clone() },
        score: scores[at],
        low: lows[at],
        high: highs[at],
        rank_low: whole(best[at]),
        rank_high: whole(worst[at]),
        criteria: criteria.iter().map(|(key, values)| ((*key).to_owned(), values[at])).collect(),
    };
    let found =
        Rows::query(&now.engine, "select market, en, zh from marts.market_reasons order by market, place").await?;
    let (of, en, zh) = (found.texts("market")?, found.texts("en")?, found.texts("zh")?);
    let reason = |at: usize| MarketReason {
        market: of[at].clone(),
        side: "note".to_owned(),
        text: Words::new(&en[at], &zh[at]),
    };
    let weights = &now.workspace.attractiveness.weights;
    let total: f64 = weights.values().sum();
    let criterion = |(asked, weight): (&Asked, &f64)| {
        let (en, zh) = asked.words();
        Criterion { name: asked.key().to_owned(), weight: weight / total, meaning: Words::new(en, zh) }
    };
    Ok(MarketRanking {
        ranking: (0..markets.len()).map(ranked).collect(),
        reasons: (0..of.len()).map(reason).collect(),
        criteria: weights.iter().map(criterion).collect(),
        notes: not_computed(now, "entry", None).await?,
    })
}

/// What a stage could not compute, for a market and for all.
pub(super) async fn not_computed(now: &Snapshot, stage: &str, of: Option<Market>) -> Result<Vec<Words>> {
    let all = pipeline::not_computed(&now.engine).await?;
    let wanted = |row: &pipeline::NotComputed| {
        row.stage == stage && of.is_none_or(|market| row.market == market || row.market == Market::UNKNOWN)
    };
    let told = |row: &pipeline::NotComputed| {
        let of = if row.market == Market::UNKNOWN { String::new() } else { format!(" ({})", row.market) };
        Words::new(
            format!("Not computed: {}{of}: {}", row.what, row.why),
            format!("未计算:{}{of}:{}", said::zh(&row.what), said::zh(&row.why)),
        )
    };
    Ok(all.iter().filter(|row| wanted(row)).map(told).collect())
}

/// Tables of a market's page: name, mart, order, heading.
const TABLES: [(&str, &str, &str, &str, &str); 24] = [
    ("actions", "decision_actions", "kind, place", "What to do next", "下一步"),
    ("budget", "budget", "channel", "Budget by channel, a week", "各渠道每周预算"),
    ("media", "media", "channel", "What advertising brought", "广告效果"),
    ("prices", "prices", "advised is null, product_id", "Prices", "价格"),
    ("promotions", "promotions", "place", "What to offer and to bundle", "促销与捆绑"),
    (
        "parity",
        "parity",
        "abs(gap) desc, product_id, market, other, who",
        "Prices that do not fit together",
        "价格不一致与窜货",
    ),
    ("clearance", "clearance", "coalesce(gain, 0) desc, product_id", "Stock to clear", "清仓"),
    ("first_send", "first_send", "margin desc, product_id", "First order to send", "首批发货"),
    ("budget_weeks", "budget_weeks", "week, channel", "The budget week by week", "按周分配预算"),
    ("sensitivity", "sensitivity", "place", "What the margin hangs on", "毛利取决于什么"),
    ("rehearsal", "rehearsal", "place", "Other plans in the same worlds", "相同情形下的其他方案"),
    ("sellable", "sellability", "verdict, product_id", "What may be sold", "可售性"),
    ("stock", "stock_advice", "state, product_id", "Stock", "库存"),
    ("calendar", "calendar", "day, event", "Calendar", "营销日历"),
    ("planned", "planned", "subject <> 'market', subject", "What the plan makes of the forecast", "计划对预测的影响"),
    (
        "category_demand",
        "category_demand",
        "category, week",
        "Expected demand of categories by week",
        "各品类每周预期需求",
    ),
    ("months", "market_months", "month", "Sales by month", "月度销售"),
    ("segments", "segment_summary", "revenue desc, segment", "Segments", "顾客分群"),
    ("offers", "recommendations", "rank", "Products to offer first", "优先推荐商品"),
    ("bundles", "rules", "lift desc, antecedent, consequent", "Bought together", "搭配购买"),
    ("retention", "retention", "curve, days", "Who comes back, who stays", "回购与留存"),
    ("levers", "levers", "rank", "What goes with coming back", "与回购相关的因素"),
    ("themes", "review_themes", "voice, rank", "What reviews say", "评论主题"),
    ("returns", "return_reasons", "value, product_id, reason", "What comes back", "退货原因"),
];
/// Rows of one of them.
const ROWS: usize = 200;

async fn page(now: &Snapshot, of: Market) -> Result<MarketPage> {
    let mut ranking = ranking(now).await?;
    let mut figures = Vec::new();
    for mart in ["market_figures", "market_outlook", "decision_figures"] {
        let sql = format!("select * from marts.{mart} where market = '{of}'");
        figures.extend(people_pages::figures(&now.engine, &sql).await?.iter().map(|(_, figure)| figure.into()));
    }
    let mut all = Vec::new();
    for (name, mart, order, en, zh) in TABLES {
        // A grey route concerns the market that the goods leave and the one where they turn up.
        let also = if mart == "parity" { format!(" or (kind = 'route' and other = '{of}')") } else { String::new() };
        let sql = format!("select * from marts.{mart} where market = '{of}'{also} order by {order} limit {ROWS}");
        let table = tables::query(&now.engine, tables::mart(mart), &sql).await?;
        if !table.rows.is_empty() {
            all.push(NamedTable { name: name.to_owned(), title: Words::new(en, zh), table });
        }
    }
    let sql = format!("select market from marts.market_summary where market = '{of}'");
    let has_plan = Rows::query(&now.engine, &sql).await?.len() > 0;
    ranking.reasons.retain(|reason| reason.market == of.code());
    let words = country(of);
    let mut notes = Vec::new();
    for stage in ["offers", "transfer", "outlook", "personas", "entry", "decisions"] {
        notes.extend(not_computed(now, stage, Some(of)).await?);
    }
    Ok(MarketPage {
        market: of.code().to_owned(),
        ranked: ranking.ranking.into_iter().find(|ranked| ranked.market == of.code()),
        reasons: ranking.reasons,
        report: Report { title: words.clone(), figures, tables: all, notes },
        name: words,
        has_plan,
    })
}

/// Versions of the lake that are looked through for the one before the last cleaning.
const LOOK_BACK: usize = 500;

/// The plan of what was computed last. A run that a gate stopped, or one that goes on, has cleaned and not computed: then it is
/// that of the clean tables before, with which what was computed belongs together.
async fn plan(now: &Snapshot, of: Market) -> Result<LaunchPlan> {
    let Err(changed) = pipeline::computed_together(&now.workspace, &now.lake, "plan") else {
        return written(&now.engine, &now.workspace, &now.lake, of).await;
    };
    let lake = now.workspace.lake()?;
    let numbers = lake::Snapshot::numbers(&lake).await?;
    for number in numbers.into_iter().rev().filter(|n| *n < now.lake.number).take(LOOK_BACK) {
        let before = lake::Snapshot::load(&lake, number).await?;
        if pipeline::computed_together(&now.workspace, &before, "plan").is_ok() {
            let engine = Engine::open(&lake, &before, &EngineOptions::default()).await?;
            return written(&engine, &now.workspace, &before, of).await;
        }
    }
    Err(changed)
}

async fn written(engine: &Engine, workspace: &Workspace, lake: &lake::Snapshot, of: Market) -> Result<LaunchPlan> {
    let currency = lake.currency.ok_or_else(|| {
        Stop::error(
            Exit::Missing,
            "the lake was cleaned by an earlier release",
            "start a run: it cleans the lake again",
        )
    })?;
    let home = pipeline::home(engine, workspace).await?;
    let gatherer = Gatherer::new(engine, home, currency).await?;
    if !gatherer.knows(of) {
        let known = gatherer.markets(0).iter().map(Market::to_string).collect::<Vec<_>>().join(", ");
        let what = format!("{of} has no sale yet");
        return Err(Stop::error(Exit::Missing, what, format!("the markets with sales are {known}")));
    }
    Ok(LaunchPlan::build(&gatherer.evidence(of).await?, Minimums::default()))
}

async fn transfer(now: &Snapshot) -> Result<TransferReport> {
    Ok(TransferReport {
        sources: tables::all(now, "transfer_sources", "market, source, part").await?,
        methods: tables::all(now, "transfer_methods", "market, value desc, method").await?,
        curve: tables::all(now, "transfer_curve", "market, purchases").await?,
        notes: not_computed(now, "transfer", None).await?,
    })
}

fn unknown(of: Market) -> AnswerError {
    AnswerError::not_found(format!("nothing is known of {of}"), "GET /api/v1/markets lists the markets")
}

impl MarketAnswers for Serving {
    fn markets(&self) -> Answer<'_, MarketRanking> {
        Box::pin(async move {
            let now = self.current.get();
            now.remember("markets", || ranking(&now)).await.map_err(refused)
        })
    }

    fn market<'a>(&'a self, code: &'a str) -> Answer<'a, MarketPage> {
        Box::pin(async move {
            let (now, of) = (self.current.get(), market(code)?);
            let page = now.remember(&format!("market {of}"), || page(&now, of)).await.map_err(refused)?;
            let is_known = page.has_plan || page.ranked.is_some() || !page.report.tables.is_empty();
            if is_known { Ok(page) } else { Err(unknown(of)) }
        })
    }

    fn plan<'a>(&'a self, code: &'a str) -> Answer<'a, serde_json::Value> {
        Box::pin(async move {
            let (now, of) = (self.current.get(), market(code)?);
            let text = now.remember(&format!("plan {of}"), || async { Ok(plan(&now, of).await?.json()) }).await;
            serde_json::from_str(&text.map_err(refused)?).map_err(AnswerError::internal)
        })
    }

    fn plan_page<'a>(&'a self, code: &'a str, lang: Lang) -> Answer<'a, Document> {
        Box::pin(async move {
            let (now, of) = (self.current.get(), market(code)?);
            let lang = match lang {
                Lang::En => decide::plan::Lang::En,
                Lang::Zh => decide::plan::Lang::Zh,
            };
            let key = format!("plan page {of} {}", lang.code());
            let page = || async {
                let plan = plan(&now, of).await?;
                let offered = plan.products.iter().map(|p| p.id.as_str());
                let pictures = crate::looks::thumbnails(&now.workspace, &now.engine, offered).await?;
                Ok(plan.html_with(lang, &pictures))
            };
            let page = now.remember(&key, page).await.map_err(refused)?;
            Ok(Document { content_type: "text/html; charset=utf-8".to_owned(), bytes: Bytes::from(page) })
        })
    }

    fn transfer(&self) -> Answer<'_, TransferReport> {
        Box::pin(async move {
            let now = self.current.get();
            now.remember("transfer", || transfer(&now)).await.map_err(refused)
        })
    }
}
