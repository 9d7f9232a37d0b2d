//! `portolan decide budget`: weekly spend by channel and market, what the next unit brings, the weeks ahead, other forms of the
//! model, and why the advice moved.

use super::objects;
use crate::commands::Opened;
use crate::exit::{Exit, Stop};
use crate::pipeline::decisions::why_moved;
use crate::{cli, output};
use anyhow::Result;
use domain::{Currency, Day};
use serde_json::{Value, json};

const ROWS: &str = "\
select b.market, b.channel, b.now, b.advised, b.low, b.high, b.marginal, b.marginal_low, b.marginal_high, m.roas,
  m.low / nullif(m.spend, 0) as roas_low, m.high / nullif(m.spend, 0) as roas_high, m.marginal as marginal_now,
  m.marginal_low as marginal_now_low, m.marginal_high as marginal_now_high, m.n_experiments, m.n_weeks, b.en, b.zh
from marts.budget b left join marts.media m on m.market = b.market and m.channel = b.channel";

pub(super) async fn budget(opened: &Opened, args: &cli::Budget) -> Result<()> {
    let of = |table: &str| args.market.get().map_or_else(String::new, |m| format!(" where {table}.market = '{m}'"));
    let rows = objects(opened, &format!("{ROWS}{} order by b.market, b.channel", of("b"))).await?;
    if rows.is_empty() {
        let place = args.market.get().map_or_else(|| "the lake".to_owned(), |m| m.to_string());
        return Err(Stop::error(
            Exit::Missing,
            format!("there is no advertising spend in {place}"),
            "`portolan ingest` takes a table of day, market, channel, spend",
        ));
    }
    if let Some(since) = args.since {
        return why(opened, args, since).await;
    }
    let weeks = format!(
        "select w.market, w.channel, w.week, cast(w.spend as double) as spend, w.season from marts.budget_weeks w{} \
         order by w.market, w.channel, w.week",
        of("w")
    );
    let forms = format!(
        "select f.market, f.channel, f.form, f.roas, f.marginal, f.rmse from marts.media_forms f{} order by f.market, f.channel, f.form",
        of("f")
    );
    let (weeks, forms) = (objects(opened, &weeks).await?, objects(opened, &forms).await?);
    if args.json {
        let curves = format!("select * from marts.media_curves c{} order by c.market, c.channel, c.spend", of("c"));
        let curves = objects(opened, &curves).await?;
        return output::json(&json!({"budget": rows, "weeks": weeks, "curves": curves, "forms": forms}));
    }
    if args.weekly {
        let cells = weeks.iter().map(|r| {
            vec![text(r, "market"), text(r, "channel"), text(r, "week"), number(&r["spend"]), number(&r["season"])]
        });
        output::table(&["market", "channel", "week of", "spend", "season"], &[3, 4], cells.collect());
        return Ok(());
    }
    if args.forms {
        let cells = forms.iter().map(|r| {
            let form = text(r, "form").replace('_', " ");
            vec![
                text(r, "market"),
                text(r, "channel"),
                form,
                number(&r["roas"]),
                number(&r["marginal"]),
                number(&r["rmse"]),
            ]
        });
        let head = ["market", "channel", "carry-over", "sales / spend", "next unit now", "error of a week"];
        output::table(&head, &[3, 4, 5], cells.collect());
        output::line(
            "geometric decides; where another form with as small an error says otherwise, only an experiment tells",
        );
        return Ok(());
    }
    let cells = rows.iter().map(|r| {
        vec![
            text(r, "market"),
            text(r, "channel"),
            number(&r["now"]),
            number(&r["advised"]),
            between(r, "roas", "roas_low", "roas_high"),
            between(r, "marginal_now", "marginal_now_low", "marginal_now_high"),
            between(r, "marginal", "marginal_low", "marginal_high"),
            text(r, "en"),
        ]
    });
    output::table(
        &[
            "market",
            "channel",
            "a week now",
            "advised",
            "sales / spend",
            "next unit now, sales",
            "next unit then, margin",
            "why",
        ],
        &[2, 3, 4, 5, 6],
        cells.collect(),
    );
    output::hint("--weekly splits it over the season, --forms has other models, --since DAY says why it moved");
    Ok(())
}

async fn why(opened: &Opened, args: &cli::Budget, since: Day) -> Result<()> {
    let base: Currency = opened.snapshot.currency.ok_or_else(|| {
        Stop::error(Exit::Missing, "the lake was cleaned by an earlier release", "`portolan run` cleans it again")
    })?;
    let (mut moved, mut fresh) = why_moved(&opened.workspace, &opened.engine, base, since).await?;
    moved.retain(|m| args.market.get().is_none_or(|market| m.market == market));
    fresh.retain(|(_, m)| args.market.get().is_none_or(|market| *m == market));
    let fresh: Vec<String> = fresh.iter().map(|(channel, market)| format!("{channel} in {market}")).collect();
    if args.json {
        return output::json(&json!({"since": since, "moved": moved, "not_told_then": fresh}));
    }
    if moved.is_empty() {
        output::line(&format!(
            "no channel could be told both at {since} and now, so nothing can be said of what moved"
        ));
    } else {
        let cells = moved.iter().map(|m| {
            let signed = |x: f64| format!("{x:+.2}");
            vec![
                m.market.to_string(),
                m.channel.clone(),
                format!("{:.2}", m.from),
                format!("{:.2}", m.to),
                signed(m.by_budget),
                signed(m.by_limits),
                signed(m.by_returns),
            ]
        });
        let head = ["market", "channel", "advised then", "advised now", "by budget", "by limits", "by what was learnt"];
        output::table(&head, &[2, 3, 4, 5, 6], cells.collect());
    }
    if !fresh.is_empty() {
        output::line(&format!("could not be told at {since}, so it is not compared: {}", fresh.join(", ")));
    }
    Ok(())
}

pub(super) fn text(row: &Value, key: &str) -> String {
    row[key].as_str().unwrap_or_default().to_owned()
}

pub(super) fn number(value: &Value) -> String {
    value.as_f64().map_or_else(String::new, |x| format!("{x:.2}"))
}

fn between(row: &Value, key: &str, low: &str, high: &str) -> String {
    match (row[key].as_f64(), row[low].as_f64(), row[high].as_f64()) {
        (Some(x), Some(low), Some(high)) => format!("{x:.2} ({low:.2}–{high:.2})"),
        (Some(x), _, _) => format!("{x:.2}"),
        (None, ..) => String::new(),
    }
}
