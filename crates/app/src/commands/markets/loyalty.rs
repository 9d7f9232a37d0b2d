//! `portolan markets loyalty`: how satisfied and loyal the shoppers of a market are, part by part, and what of a first order goes
//! with a second one.

use super::super::Opened;
use super::customers::why;
use crate::exit::{Exit, Stop};
use crate::output;
use crate::pipeline::rows::Rows;
use anyhow::Result;
use audience::levers::NOTE;
use domain::Market;
use serde_json::json;

/// What the parts are called: key, English, Chinese.
const PARTS: [(&str, &str, &str); 6] = [
    ("index", "index, of 100", "指数（满分 100）"),
    ("rating", "stars of reviews", "评价星级"),
    ("sentiment", "mood of reviews", "评价情绪"),
    ("kept", "lines that were kept", "未退回的订单行"),
    ("repeat", "orders followed by another in 180 days", "180 天内再次下单的订单"),
    ("recommend", "would recommend", "愿意推荐"),
];

/// A number with its interval, or why there is none.
fn shown(value: Option<f64>, ends: Option<(f64, f64)>, digits: usize) -> String {
    match (value, ends) {
        (Some(value), Some((low, high))) => format!("{value:.digits$} ({low:.digits$}–{high:.digits$})"),
        (Some(value), None) => format!("{value:.digits$}"),
        (None, _) => "too little data".to_owned(),
    }
}

pub(super) async fn loyalty(opened: &Opened, market: Market, json: bool) -> Result<()> {
    let parts = Rows::query(&opened.engine, &format!("select * from marts.loyalty where market = '{market}'")).await?;
    let (keys, n) = (parts.texts("part")?, parts.ints("n")?);
    let (values, lows, highs) = (parts.floats("value")?, parts.floats("low")?, parts.floats("high")?);
    let sql = format!("select * from marts.levers where market = '{market}' order by rank");
    let levers = Rows::query(&opened.engine, &sql).await?;
    let (names, of, against) = (levers.texts("lever")?, levers.texts("value")?, levers.texts("against")?);
    let (rates, odds, gains) = (levers.floats("rate")?, levers.floats("odds")?, levers.floats("gain")?);
    let (odds_low, odds_high) = (levers.floats("odds_low")?, levers.floats("odds_high")?);
    let (q, found, n_first) = (levers.floats("q_value")?, levers.truths("found")?, levers.ints("n")?);
    if keys.is_empty() && names.is_empty() {
        let why = why(opened, market, "personas", "satisfaction and loyalty").await?;
        let what = format!("nothing is known of the loyalty of {market} ({why})");
        return Err(Stop::error(Exit::Missing, what, "`portolan markets areas` says what orders of guests tell"));
    }
    if json {
        let of_parts: Vec<_> = PARTS
            .iter()
            .filter_map(|(key, en, zh)| {
                let i = keys.iter().position(|k| k == key)?;
                Some(json!({"part": key, "en": en, "zh": zh, "value": values[i], "low": lows[i], "high": highs[i], "n": n[i]}))
            })
            .collect();
        let of_levers: Vec<_> = (0..names.len())
            .map(|i| {
                json!({"lever": names[i], "value": of[i], "against": against[i], "rate": rates[i], "odds": odds[i],
                    "odds_low": odds_low[i], "odds_high": odds_high[i], "gain": gains[i], "q_value": q[i], "found": found[i],
                    "n": n_first[i]})
            })
            .collect();
        return output::json(
            &json!({"market": market, "parts": of_parts, "levers": of_levers, "note_en": NOTE.0, "note_zh": NOTE.1}),
        );
    }
    let cells = PARTS.iter().filter_map(|(key, en, zh)| {
        let i = keys.iter().position(|k| k == key)?;
        let digits = if *key == "index" { 0 } else { 2 };
        let value = shown(values[i], lows[i].zip(highs[i]), digits);
        Some(vec![(*en).to_owned(), (*zh).to_owned(), value, output::count(n[i].unsigned_abs())])
    });
    output::table(&["part", "内容", "value", "observations"], &[2, 3], cells.collect());
    let cells = (0..names.len()).map(|i| {
        let what = if of[i].is_empty() { names[i].clone() } else { format!("{} {}", names[i], of[i]) };
        vec![
            what,
            against[i].clone(),
            rates[i].map_or_else(String::new, |r| format!("{:.0}", 100.0 * r)),
            shown(odds[i], odds_low[i].zip(odds_high[i]), 2),
            gains[i].map_or_else(String::new, |g| format!("{g:.0}")),
            if found[i] { "yes" } else { "no" }.to_owned(),
        ]
    });
    let head = ["first order", "against", "% came back", "odds", "second orders more", "beyond chance"];
    output::table(&head, &[2, 3, 4], cells.collect());
    output::hint(NOTE.0);
    output::hint(NOTE.1);
    Ok(())
}
