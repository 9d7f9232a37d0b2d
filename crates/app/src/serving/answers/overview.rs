//! The home page: counts, freshness, gates, what to do next.

use super::super::Serving;
use super::super::snapshot::Snapshot;
use super::{country, refused, tables};
use crate::output::count;
use crate::pipeline::{self, rows::Rows};
use anyhow::Result;
use domain::Market;
use serve::answers::{Answer, OverviewAnswers};
use serve::wire::figure::Words;
use serve::wire::overview::{Action, Counts, Freshness, Gate, Overview};

/// Tables whose newest day is told, and the expression for it.
const DATED: [(&str, &str); 10] = [
    ("clean.orders", "max(day)"),
    ("clean.events", "cast(max(occurred_at) as date)"),
    ("clean.reviews", "cast(max(reviewed_at) as date)"),
    ("clean.questions", "cast(max(asked_at) as date)"),
    ("clean.interactions", "cast(max(occurred_at) as date)"),
    ("clean.stock", "max(as_of)"),
    ("clean.competitor_prices", "max(day)"),
    ("clean.ad_spend", "max(day)"),
    ("clean.market_facts", "max(known_on)"),
    ("clean.fx_rates", "max(day)"),
];

fn action(en: impl Into<String>, zh: impl Into<String>, link: &str) -> Action {
    Action { en: en.into(), zh: zh.into(), link: link.to_owned() }
}

async fn overview(now: &Snapshot) -> Result<Overview> {
    let rows = |table: &str| now.lake.tables.get(table).map_or(0, |t| t.rows);
    let mut freshness = Vec::new();
    for (table, newest) in DATED {
        let rows = rows(table);
        let last_day = if rows == 0 {
            None
        } else {
            let found = Rows::query(&now.engine, &format!("select {newest} as day from {table}")).await?;
            found.optional_days("day")?.into_iter().flatten().next().map(|day| day.to_string())
        };
        freshness.push(Freshness { table: table.to_owned(), last_day, rows });
    }
    let found = Rows::query(&now.engine, "select * from marts.gates order by gate").await?;
    let (names, results, says) = (found.texts("gate")?, found.texts("result")?, found.texts("says")?);
    // A workspace of an earlier version has the English sentences alone until its next run.
    let zh = found.optional_texts("says_zh")?;
    let gate = |at: usize| Gate {
        name: names[at].clone(),
        passed: !matches!(results[at].as_str(), "fail" | "allowed"),
        result: results[at].clone(),
        detail: Words::new(&says[at], zh[at].as_ref().unwrap_or(&says[at])),
    };
    let gates: Vec<Gate> = (0..names.len()).map(gate).collect();
    let markets =
        Rows::query(&now.engine, "select market from marts.market_summary order by n_shoppers desc, market").await?;
    let mart = tables::mart("market_months");
    let months = tables::query(&now.engine, mart, "select * from marts.market_months order by month, market").await?;
    Ok(Overview {
        workspace: name(now),
        base_currency: now.lake.currency.map_or_else(String::new, |c| c.to_string()),
        home_market: now.home.map_or_else(String::new, |m| m.code().to_owned()),
        markets: markets.texts("market")?,
        snapshot: (now.versions.lake > 0).then(|| now.versions.lake.to_string()),
        counts: Counts {
            orders: rows("clean.orders"),
            shoppers: rows("clean.shoppers"),
            products: rows("clean.products"),
            events: rows("clean.events"),
            reviews: rows("clean.reviews"),
            rejects: rows("rejects.rows"),
        },
        freshness,
        actions: actions(now, &gates).await?,
        gates,
        months,
    })
}

fn name(now: &Snapshot) -> String {
    let root = std::fs::canonicalize(&now.workspace.root).unwrap_or_else(|_| now.workspace.root.clone());
    root.file_name().map_or_else(|| "workspace".to_owned(), |name| name.to_string_lossy().into_owned())
}

/// What to do next, most urgent first.
async fn actions(now: &Snapshot, gates: &[Gate]) -> Result<Vec<Action>> {
    let mut actions = Vec::new();
    if now.lake.tables.is_empty() {
        let en = "The lake is empty: `portolan ingest FILES` takes orders, products and more";
        return Ok(vec![action(en, "数据湖为空:用 `portolan ingest 文件` 导入订单、商品等", "/data")]);
    }
    let failed: Vec<&str> = gates.iter().filter(|g| g.result == "fail").map(|g| g.name.as_str()).collect();
    if !failed.is_empty() {
        let names = failed.join(", ");
        let en = format!("Mend the data: quality gates fail ({names})");
        actions.push(action(en, format!("修正数据:质量检查未通过({names})"), "/data"));
    }
    if pipeline::members_computed(&now.workspace, &now.lake, "serve").is_err() {
        let en = "Start a run: data or settings changed since the last one, and its figures do not know";
        actions.push(action(en, "启动运行:数据或设置在上次运行后有变化,现有数字尚未反映", "/data"));
    }
    let rejects = now.lake.tables.get("rejects.rows").map_or(0, |t| t.rows);
    if rejects > 0 {
        let n = count(rejects);
        let en = format!("Look at {n} rows that were put aside, each with the reason");
        actions.push(action(en, format!("查看 {n} 行被搁置的数据及原因"), "/data"));
    }
    let sql = "select market from marts.market_ranking where status = 'candidate' order by rank limit 1";
    if let Some(code) = Rows::query(&now.engine, sql).await?.texts("market")?.into_iter().next() {
        let words = country(code.parse().unwrap_or(Market::UNKNOWN));
        let en = format!("Consider {}: it ranks first among the markets you do not serve yet", words.en);
        actions.push(action(en, format!("考虑{}:在尚未进入的市场中排名第一", words.zh), &format!("/markets/{code}")));
    }
    let sql = "select market from marts.market_summary order by revenue desc, market limit 6";
    let largest = Rows::query(&now.engine, sql).await?.markets("market")?;
    if let Some(market) = largest.into_iter().find(|market| Some(*market) != now.home && *market != Market::UNKNOWN) {
        let words = country(market);
        let en = format!("Read the launch plan of {}", words.en);
        actions.push(action(en, format!("阅读{}的上市计划", words.zh), &format!("/plan/{}", market.code())));
    }
    Ok(actions)
}

impl OverviewAnswers for Serving {
    fn overview(&self) -> Answer<'_, Overview> {
        Box::pin(async move {
            let now = self.current.get();
            now.remember("overview", || overview(&now)).await.map_err(refused)
        })
    }

    fn ready(&self) -> Answer<'_, ()> {
        // Serving is made with an open version, and one that cannot be opened never takes its place.
        Box::pin(async { Ok(()) })
    }
}
