//! `portolan shoppers`: what is known and expected of one shopper, and whom to address first.

mod interests;
mod kinds;
mod likely;
mod replenish;
mod traits;
mod visits;

use super::{Environment, Opened};
use crate::cli::{self, ShoppersWhat};
use crate::exit::{Exit, Stop};
use crate::pipeline::rows::Rows;
use crate::{output, pipeline};
use anyhow::Result;
use domain::Market;
use serde_json::json;
use std::process::ExitCode;

pub(crate) async fn run(env: &Environment, args: &cli::Shoppers) -> Result<ExitCode> {
    let opened = env.opened().await?;
    // One shopper's page names the segments that it is in.
    let fresh =
        if matches!(args.what, ShoppersWhat::Show { .. }) { pipeline::members_computed } else { pipeline::computed };
    fresh(&opened.workspace, &opened.snapshot, "shoppers")?;
    match &args.what {
        ShoppersWhat::Show { shopper, json } => show(&opened, shopper, *json).await?,
        ShoppersWhat::First { market, n, json } => first(&opened, *market, *n, *json).await?,
        ShoppersWhat::Interests { shopper, json } => interests::interests(&opened, shopper, *json).await?,
        ShoppersWhat::Carts { state, n, json } => visits::carts(&opened, state.as_deref(), *n, *json).await?,
        ShoppersWhat::Channels { json } => visits::channels(&opened, *json).await?,
        ShoppersWhat::Likely { category, market, within, n, out, json } => {
            let asked = likely::Asked {
                category: category.as_deref(),
                market: *market,
                within: *within,
                n: *n,
                out: out.as_deref(),
                json: *json,
            };
            likely::likely_buyers(env, &opened, &asked).await?;
        }
        ShoppersWhat::Replenish { market, by, within, out, json } => {
            let asked =
                replenish::Asked { market: *market, by: *by, within: *within, out: out.as_deref(), json: *json };
            replenish::replenish(&opened, &asked).await?;
        }
        ShoppersWhat::Quality { kinds: true, json } => kinds::kinds(env, &opened, *json).await?,
        ShoppersWhat::Quality { kinds: false, json } => quality(&opened, *json).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn show(opened: &Opened, shopper: &str, json: bool) -> Result<()> {
    let quoted = shopper.replace('\'', "''");
    let sql = format!(
        "select o.*, s.n_orders, cast(s.revenue as double) as revenue, s.first_day, s.last_day, g.segment, g.tags \
         from marts.shopper_outlook o join marts.shopper_summary s on s.shopper_id = o.shopper_id \
         join marts.segments g on g.shopper_id = o.shopper_id where o.shopper_id = '{quoted}'"
    );
    let rows = Rows::query(&opened.engine, &sql).await?;
    if rows.len() == 0 {
        let next = "`portolan sql \"select shopper_id from marts.shopper_summary limit 10\"` shows some";
        return Err(Stop::error(Exit::Missing, format!("no shopper `{shopper}` has bought yet"), next));
    }
    let number = |name: &str| -> Result<Option<f64>> { Ok(rows.floats(name)?[0]) };
    let day = |name: &str| -> Result<Option<domain::Day>> { Ok(rows.optional_days(name)?[0]) };
    let inside =
        format!("select segment, since from marts.segment_members where shopper_id = '{quoted}' order by segment");
    let inside = Rows::query(&opened.engine, &inside).await?;
    let segments: Vec<(String, domain::Day)> =
        inside.texts("segment")?.into_iter().zip(inside.days("since")?).collect();
    let reasons = rows.optional_texts("churn_reasons")?[0].clone();
    let reasons: serde_json::Value = reasons.and_then(|r| serde_json::from_str(&r).ok()).unwrap_or_default();
    let tags: serde_json::Value = serde_json::from_str(&rows.texts("tags")?[0]).unwrap_or_default();
    if json {
        output::json(&json!({
            "shopper": shopper, "market": rows.texts("market")?[0], "orders": rows.ints("n_orders")?[0], "revenue": number("revenue")?,
            "first_day": day("first_day")?, "last_day": day("last_day")?, "rfm": rows.texts("segment")?[0], "tags": tags,
            "p_alive": number("p_alive")?, "expected_orders": number("expected_orders")?, "orders_low": number("orders_low")?,
            "orders_high": number("orders_high")?, "expected_revenue": number("expected_revenue")?, "expected_margin": number("expected_margin")?,
            "lifetime_value": number("lifetime_value")?, "pace": number("pace")?, "currency": rows.optional_texts("currency")?[0],
            "local_revenue": number("local_revenue")?, "local_margin": number("local_margin")?, "local_value": number("local_value")?,
            "value_basis": rows.optional_texts("value_basis")?[0], "churn_risk": number("churn_risk")?,
            "churn_low": number("churn_low")?, "churn_high": number("churn_high")?, "churn_reasons": reasons, "next_order": day("next_order")?,
            "next_order_from": day("next_order_from")?, "next_order_to": day("next_order_to")?,
            "segments": segments.iter().map(|(name, since)| json!({"segment": name, "since": since})).collect::<Vec<_>>(),
        }))?;
        return Ok(());
    }
    let share = |x: Option<f64>| x.map_or_else(|| "not known".to_owned(), |x| format!("{:.0} %", 100.0 * x));
    let amount = |x: Option<f64>| x.map_or_else(|| "not known".to_owned(), |x| format!("{x:.2}"));
    let currency = rows.optional_texts("currency")?[0].clone();
    let base = opened.workspace.currency.map(|c| format!(" {c}")).unwrap_or_default();
    // In the reporting currency and, where that is another, in the market's.
    let both = |x: Option<f64>, local: Option<f64>| match (x, local, &currency) {
        (Some(x), Some(local), Some(currency)) if format!(" {currency}") != base => {
            format!("{x:.2}{base} ({local:.2} {currency})")
        }
        (Some(x), ..) => format!("{x:.2}{base}"),
        (None, ..) => "not known".to_owned(),
    };
    let days = |d: Option<domain::Day>| d.map_or_else(|| "not in ten years".to_owned(), |d| d.to_string());
    let lines = [
        ("market", rows.texts("market")?[0].clone()),
        (
            "bought",
            format!(
                "{} orders worth {}, the last on {}",
                rows.ints("n_orders")?[0],
                both(number("revenue")?, None),
                days(day("last_day")?)
            ),
        ),
        ("RFM", rows.texts("segment")?[0].clone()),
        ("still a customer", share(number("p_alive")?)),
        (
            "next 90 days",
            format!(
                "{} orders ({}–{}), sales {}",
                amount(number("expected_orders")?),
                amount(number("orders_low")?),
                amount(number("orders_high")?),
                both(number("expected_revenue")?, number("local_revenue")?)
            ),
        ),
        ("lifetime value", both(number("lifetime_value")?, number("local_value")?)),
        (
            "first order",
            number("pace")?.map_or_else(
                || "says nothing of how often".to_owned(),
                |pace| format!("lets expect {pace:.2} times as many orders as those of its market"),
            ),
        ),
        ("rests on", rows.optional_texts("value_basis")?[0].clone().unwrap_or_default()),
        (
            "leaves",
            format!(
                "{} ({}–{})",
                share(number("churn_risk")?),
                share(number("churn_low")?),
                share(number("churn_high")?)
            ),
        ),
        (
            "next order",
            format!(
                "by {} (between {} and {})",
                days(day("next_order")?),
                days(day("next_order_from")?),
                days(day("next_order_to")?)
            ),
        ),
    ];
    output::table(&[shopper, ""], &[], lines.into_iter().map(|(a, b)| vec![a.to_owned(), b]).collect());
    for reason in reasons["en"].as_array().into_iter().flatten().filter_map(|r| r.as_str()) {
        output::line(&format!("  risk: {reason}"));
    }
    for (name, since) in &segments {
        output::line(&format!("  in `{name}` since {since}"));
    }
    for tag in tags.as_array().into_iter().flatten() {
        output::line(&format!(
            "  tag {}: {}",
            tag["tag"].as_str().unwrap_or_default(),
            tag["reason"].as_str().unwrap_or_default()
        ));
    }
    Ok(())
}

async fn first(opened: &Opened, market: Market, n: usize, json: bool) -> Result<()> {
    let sql = format!("select * from marts.shortlist where market = '{market}' and rank <= {n} order by rank");
    let rows = Rows::query(&opened.engine, &sql).await?;
    let (ids, ranks) = (rows.texts("shopper_id")?, rows.ints("rank")?);
    let (chances, values, scores) = (rows.floats("probability")?, rows.floats("order_value")?, rows.floats("score")?);
    if ids.is_empty() {
        return Err(Stop::error(
            Exit::Missing,
            format!("there is no list of {market}"),
            "`portolan quality` and marts.not_computed say what is missing",
        ));
    }
    if json {
        let items: Vec<_> = (0..ids.len())
            .map(|i| json!({"rank": ranks[i], "shopper": ids[i], "probability": chances[i], "order_value": values[i], "score": scores[i]}))
            .collect();
        output::json(&json!({"market": market, "shoppers": items}))?;
        return Ok(());
    }
    let number = |x: Option<f64>, digits: usize| x.map_or_else(String::new, |x| format!("{x:.digits$}"));
    let cells = (0..ids.len()).map(|i| {
        vec![
            ranks[i].to_string(),
            ids[i].clone(),
            number(chances[i].map(|p| 100.0 * p), 0),
            number(values[i], 2),
            number(scores[i], 2),
        ]
    });
    output::table(&["", "shopper", "orders within 90 days, %", "worth", "expected"], &[0, 2, 3, 4], cells.collect());
    Ok(())
}

async fn quality(opened: &Opened, json: bool) -> Result<()> {
    let rows = Rows::query(&opened.engine, "select * from marts.predictors order by target, metric").await?;
    let (targets, models, metrics) = (rows.texts("target")?, rows.texts("model")?, rows.texts("metric")?);
    let (values, lows, highs, n) = (rows.floats("value")?, rows.floats("low")?, rows.floats("high")?, rows.ints("n")?);
    let first = traits::First::load(opened).await?;
    if json {
        let items: Vec<_> = (0..targets.len())
            .map(|i| json!({"target": targets[i], "model": models[i], "metric": metrics[i], "value": values[i], "low": lows[i], "high": highs[i], "n": n[i]}))
            .collect();
        output::json(&json!({"predictors": items, "first_orders": first.json()}))?;
        return Ok(());
    }
    let number = |x: Option<f64>| x.map_or_else(|| "–".to_owned(), |x| format!("{x:.3}"));
    let cells = (0..targets.len()).map(|i| {
        let within = lows[i].zip(highs[i]).map_or_else(String::new, |(a, b)| format!("{a:.3}–{b:.3}"));
        vec![
            targets[i].clone(),
            models[i].clone(),
            metrics[i].trim_start_matches("predict.").to_owned(),
            number(values[i]),
            within,
            output::count(n[i]),
        ]
    });
    output::table(&["what", "model", "mark", "test", "95 %", "shoppers"], &[3, 5], cells.collect());
    first.tell();
    Ok(())
}
