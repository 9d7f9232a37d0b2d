//! `portolan markets areas`: what can be said of places where a marketplace keeps its shoppers to itself.
//!
//! Orders by postcode area, region or city: how lately, how often, for how much, what is expected of the next 90 days, whether it
//! grows, and in words what is lost by not knowing who bought. With `--treated` and `--from`: what something that was done in
//! some areas from a month on did to their sales, the other areas standing for what would have been.

use super::super::Opened;
use crate::exit::{Exit, Stop};
use crate::output;
use crate::pipeline::areas::{self, Areas, floor, month, name};
use anyhow::Result;
use audience::Month;
use audience::cohort_level::{AreaRow, CohortLevel, effect, not_identifiable};
use domain::{Figure, Market};
use serde_json::json;

/// Something that was done in some areas.
pub(super) struct Treated<'a> {
    /// Their names.
    pub(super) areas: &'a [String],
    /// The month from which on.
    pub(super) from: &'a str,
    /// The last month that is looked at; the last whole one where none is given.
    pub(super) to: Option<&'a str>,
}

pub(super) async fn areas(
    opened: &Opened,
    market: Option<Market>,
    column: Option<&'static str>,
    treated: Option<Treated<'_>>,
    json: bool,
) -> Result<()> {
    let column = match (column, market) {
        (Some(column), _) => column,
        (None, Some(market)) => areas::column(&opened.engine, market).await?,
        (None, None) => "region",
    };
    let none = || {
        let what = market.map_or_else(|| "there is no sale".to_owned(), |m| format!("there is no sale in {m}"));
        Stop::error(Exit::Missing, what, "`portolan ingest FILE` takes orders")
    };
    let currency = opened.snapshot.currency.ok_or_else(none)?;
    let found = areas::group(&opened.engine, market, column, currency).await?.ok_or_else(none)?;
    match treated {
        Some(treated) => did(&found.level, &treated, column, json),
        None => tell(&found, column, json),
    }
}

fn shown_name(row: &AreaRow, column: &str) -> String {
    match name(&row.area).as_str() {
        "" => format!("no {column} given"),
        "*" => format!("areas of fewer than {} orders, together", floor()),
        name => name.to_owned(),
    }
}

fn tell(found: &Areas, column: &str, json: bool) -> Result<()> {
    let level = &found.level;
    let lost = not_identifiable();
    if json {
        let items: Vec<_> = level
            .rows()
            .iter()
            .map(|row| {
                json!({"market": row.marketplace, "area": shown_name(row, column), "orders": row.n_orders,
                    "scores": row.scores, "recency_days": row.recency_days, "figures": level.figures(row)})
            })
            .collect();
        let (en, zh): (Vec<&str>, Vec<&str>) = lost.iter().map(|w| (w.en.as_str(), w.zh.as_str())).unzip();
        return output::json(
            &json!({"by": column, "orders": found.n_orders, "orders_without_shopper": found.n_unknown,
            "areas": items, "areas_joined": level.n_joined(), "lost_en": en, "lost_zh": zh}),
        );
    }
    output::line(&format!(
        "{} orders by {}, {} of them without a shopper; {} areas of too few orders stand together",
        output::count(found.n_orders as u64),
        column.replace('_', " "),
        output::count(found.n_unknown as u64),
        level.n_joined()
    ));
    let of = |figures: &[Figure], key: &str| figures.iter().find(|f| f.key == key).cloned();
    let shown = |figure: Option<&Figure>| {
        let value = figure.and_then(Figure::as_f64).filter(|v| v.is_finite());
        value.map_or_else(|| "too little data".to_owned(), |v| format!("{v:.2}"))
    };
    let between = |figure: Option<&Figure>| match figure.filter(|f| f.as_f64().is_some()).and_then(|f| f.interval) {
        Some(i) => format!("{} ({:.0}–{:.0})", shown(figure), i.low, i.high),
        None => shown(figure),
    };
    let cells = level.rows().iter().map(|row| {
        let figures = level.figures(row);
        let scores = row.scores.map_or_else(String::new, |(r, f, m)| format!("{r} {f} {m}"));
        vec![
            row.marketplace.clone(),
            shown_name(row, column),
            output::count(row.n_orders),
            shown(of(&figures, "area.order_value").as_ref()),
            shown(of(&figures, "area.value_a_month").as_ref()),
            between(of(&figures, "area.next_90_days").as_ref()),
            shown(of(&figures, "area.growth").as_ref()),
            row.recency_days.to_string(),
            scores,
        ]
    });
    let head = [
        "market",
        "area",
        "orders",
        "an order",
        "a month",
        "next 90 days (95 %)",
        "later half / earlier",
        "days silent",
        "R F M",
    ];
    output::table(&head, &[2, 3, 4, 5, 6, 7], cells.collect());
    output::hint("the next 90 days are the pace of the last 180, without season or trend");
    if found.n_unknown > 0 {
        output::line("What cannot be said of orders without a shopper:");
        lost.iter().for_each(|words| output::line(&format!("  · {}", words.en)));
        lost.iter().for_each(|words| output::line(&format!("  · {}", words.zh)));
    }
    Ok(())
}

/// The months after something was done and as many before it.
fn months(level: &CohortLevel, treated: &Treated<'_>) -> Result<((Month, Month), (Month, Month))> {
    let read =
        |text: &str| month(text).map_err(|what| Stop::error(Exit::Usage, what, "a month is a year and a number"));
    let (first, last) = level.whole_months();
    let from = read(treated.from)?;
    let to = treated.to.map_or(Ok(last), read)?;
    let n = to.since(from) + 1;
    let before = (from.plus(-n), from.plus(-1));
    if n < 1 || to > last || before.0 < first {
        let what = format!(
            "{from} to {to} with as many months before has to lie in the whole months of the data, {first} to {last}"
        );
        return Err(Stop::error(Exit::Usage, what, "another `--from`, or an earlier `--to`"));
    }
    Ok((before, (from, to)))
}

/// Before and after, there and elsewhere.
fn did(level: &CohortLevel, treated: &Treated<'_>, column: &str, json: bool) -> Result<()> {
    let wanted: Vec<String> = treated.areas.iter().map(|a| a.trim().to_lowercase()).collect();
    let names: Vec<String> = level.rows().iter().map(|row| name(&row.area)).collect();
    if let Some(at) = wanted.iter().position(|w| !names.iter().any(|n| n.to_lowercase() == *w)) {
        let known: Vec<&str> = names.iter().map(String::as_str).filter(|n| !n.is_empty() && *n != "*").collect();
        let what =
            format!("no area of enough orders is called `{}`; there are {}", treated.areas[at], known.join(", "));
        return Err(Stop::error(Exit::Usage, what, "`portolan markets areas` lists them; --by says what an area is"));
    }
    let (before, after) = months(level, treated)?;
    let there = |row: &AreaRow| wanted.contains(&name(&row.area).to_lowercase());
    let sales = |months| (level.sales(there, months), level.sales(|row| !there(row), months));
    let ((own_before, others_before), (own_after, others_after)) = (sales(before), sales(after));
    let figure = effect((own_before, own_after), (others_before, others_after));
    let spans = [before, after].map(|(a, b)| format!("{a} to {b}"));
    let verdict = verdict(&figure);
    if json {
        return output::json(&json!({"by": column, "treated": treated.areas, "before": spans[0], "after": spans[1],
            "figure": figure, "verdict_en": verdict.0, "verdict_zh": verdict.1}));
    }
    output::line(&format!("{}: {} against {}", treated.areas.join(", "), spans[1], spans[0]));
    output::line(&verdict.0);
    output::line(&verdict.1);
    output::hint(&figure.formula);
    output::hint("it holds where the areas would have gone the same way: draw them by lot before you begin");
    Ok(())
}

/// What a figure of an effect says, in both languages.
fn verdict(figure: &Figure) -> (String, String) {
    let Some((ratio, i)) = figure.as_f64().filter(|x| x.is_finite()).zip(figure.interval) else {
        let n = figure.n;
        return (
            format!("too little data: {n} orders in the weakest of the four parts"),
            format!("数据太少：四个部分中最弱者只有 {n} 笔订单"),
        );
    };
    let (en, zh) = match (i.low > 1.0, i.high < 1.0) {
        (true, _) => ("more than without it", "高于未实施时"),
        (_, true) => ("less than without it", "低于未实施时"),
        _ => ("which chance alone could be", "可能只是偶然"),
    };
    (
        format!(
            "sales there were {ratio:.2} times what they would have been ({:.2} to {:.2}, 95 %): {en}",
            i.low, i.high
        ),
        format!("当地销售额为未实施时的 {ratio:.2} 倍（95 % 区间 {:.2} 至 {:.2}）：{zh}", i.low, i.high),
    )
}
