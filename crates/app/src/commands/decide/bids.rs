//! `portolan decide bids`: a log of auctions as a table, and the report over it. No workspace is needed.
//!
//! | column | meaning |
//! |---|---|
//! | `bid` | what was bid, per thousand impressions |
//! | `price` | what it cleared at, per thousand impressions; may be empty for a lost auction |
//! | `won`, `clicked` | 1 or 0, yes or no, true or false |
//! | `ordered` | the same; optional |
//! | `placement` | where it was shown; optional |
//!
//! Rows stand in the order of the auctions. Amounts have at most two decimals.

use crate::exit::{Exit, Stop};
use crate::{cli, output};
use anyhow::{Context, Result};
use decide::bids::{Fate, LoggedAuction, Outcome, Report, ReportParams};
use serde_json::{Value, json};
use std::process::ExitCode;

/// Units of a price: cents.
const CENTS: f64 = 100.0;

pub(super) fn bids(args: &cli::Bids) -> Result<ExitCode> {
    let log = read(args)?;
    // One unit of money is a thousand units of what an impression costs at a price per thousand.
    let units = |amount: f64| amount * CENTS * 1_000.0;
    for (name, amount) in [("--budget", args.budget), ("--order-margin", args.order_margin)] {
        if let Some(x) = amount.filter(|x| !(*x > 0.0 && *x < 1e12)) {
            return Err(Stop::error(Exit::Usage, format!("{name} {x}"), "an amount above 0"));
        }
    }
    if !(args.learn > 0.0 && args.learn < 1.0) {
        return Err(Stop::error(
            Exit::Usage,
            format!("--learn {}", args.learn),
            "a share between 0 and 1, such as 0.5",
        ));
    }
    let params = ReportParams {
        learn: args.learn,
        episode: args.episode,
        budget: args.budget.map(|b| units(b) as u64),
        order_value: args.order_margin.map(|m| (units(m), 0.0)),
        ..ReportParams::default()
    };
    let wrong = |e: decide::SpendError| {
        Stop::error(Exit::BadInput, format!("{}: {e}", args.log.display()), "docs/decide.md has the columns of the log")
    };
    let report = params.report(&log).map_err(wrong)?;
    if args.json {
        output::json(&as_json(&report))?
    } else {
        tell(&report)
    }
    Ok(ExitCode::SUCCESS)
}

fn read(args: &cli::Bids) -> Result<Vec<LoggedAuction>> {
    let path = args.log.display();
    let stop = |what: String| Stop::error(Exit::BadInput, what, "docs/decide.md has the columns of the log");
    let file = std::fs::File::open(&args.log).with_context(|| format!("reading {path}"))?;
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(file);
    let head: Vec<String> = reader
        .headers()
        .map_err(|e| stop(format!("{path}: {e}")))?
        .iter()
        .map(|h| h.trim_start_matches('\u{feff}').to_lowercase())
        .collect();
    let find = |name: &str| head.iter().position(|h| h == name);
    let must = |name: &str| {
        find(name).ok_or_else(|| stop(format!("{path}: there is no column `{name}`: {} are", head.join(", "))))
    };
    let (bid, price, won, clicked) = (must("bid")?, must("price")?, must("won")?, must("clicked")?);
    let (ordered, placement) = (find("ordered"), find("placement"));
    let mut log = Vec::new();
    for (n, row) in reader.records().enumerate() {
        let row = row.map_err(|e| stop(format!("{path}: {e}")))?;
        // The head is line 1.
        let line = row.position().map_or(n as u64 + 2, csv::Position::line);
        let cell = |at: usize| row.get(at).unwrap_or_default();
        let wrong =
            |name: &str, at: usize, right: &str| stop(format!("{path}:{line}: `{name}` is `{}`: {right}", cell(at)));
        let amount = |name: &str, at: usize| -> Result<Option<u32>> {
            if cell(at).is_empty() {
                return Ok(None);
            }
            let cents = cell(at).parse::<f64>().ok().map(|x| x * CENTS);
            let cents = cents.filter(|c| (0.0..=10_000_000.0).contains(c) && (c - c.round()).abs() < 1e-6);
            let right = "an amount from 0 to 100000 with at most two decimals, such as 1.25";
            cents.map(|c| Some(c.round() as u32)).ok_or_else(|| wrong(name, at, right))
        };
        let truth = |name: &str, at: usize| match cell(at).to_lowercase().as_str() {
            "1" | "yes" | "true" | "y" => Ok(true),
            "0" | "no" | "false" | "n" | "" => Ok(false),
            _ => Err(wrong(name, at, "1 or 0, yes or no")),
        };
        let is_ordered = ordered.map_or(Ok(false), |at| truth("ordered", at))?;
        let fate = match (truth("won", won)?, truth("clicked", clicked)?, is_ordered) {
            (false, false, false) => Fate::Lost,
            (false, ..) => return Err(wrong("won", won, "a lost auction has neither click nor order")),
            (true, false, true) => return Err(wrong("clicked", clicked, "an order follows a click")),
            (true, false, false) => Fate::Shown,
            (true, true, false) => Fate::Clicked,
            (true, true, true) => Fate::Ordered,
        };
        let price_of = amount("price", price)?;
        if price_of.is_none() && fate != Fate::Lost {
            return Err(wrong("price", price, "what was paid: only a lost auction may have none"));
        }
        let bid_of = amount("bid", bid)?.ok_or_else(|| wrong("bid", bid, "what was bid"))?;
        if price_of.is_some_and(|paid| fate != Fate::Lost && paid > bid_of) {
            return Err(wrong("price", price, &format!("at most the bid, which is {}", f64::from(bid_of) / CENTS)));
        }
        let placement = placement.map(cell).unwrap_or_default().to_owned();
        log.push(LoggedAuction { placement, bid: bid_of, price: price_of, fate });
    }
    Ok(log)
}

/// Units of what impressions cost as money.
fn money(units: f64) -> f64 {
    units / (CENTS * 1_000.0)
}

fn outcome(rule: &str, o: &Outcome) -> Value {
    json!({"rule": rule, "won": o.won, "clicks": o.clicks, "expected_clicks": o.expected_clicks, "paid": money(o.paid as f64),
        "burn": o.burn(), "most_paid_in_an_episode": money(o.most_paid as f64),
        "paid_for_an_expected_click": (o.expected_clicks > 0.0).then(|| money(o.paid as f64) / o.expected_clicks)})
}

fn as_json(report: &Report) -> Value {
    let placements: Vec<Value> = report
        .placements
        .iter()
        .map(|p| {
            json!({"placement": p.placement, "impressions": p.seen.impressions, "clicks": p.seen.clicks, "orders": p.seen.orders,
                "click_rate": p.click_rate, "order_rate": p.value.map(|v| v.order_rate),
                "value_of_a_thousand": p.value.map(|v| 1_000.0 * money(v.value)),
                "low": p.value.map(|v| 1_000.0 * money(v.interval.low)),
                "high": p.value.map(|v| 1_000.0 * money(v.interval.high)), "level": p.value.map(|v| v.interval.level)})
        })
        .collect();
    let rules: Vec<Value> = report.rules.iter().map(|t| outcome(&t.rule, &t.outcome)).collect();
    json!({"learnt_from": report.learnt, "replayed": report.replayed, "lost_at_an_untold_price": report.untold,
        "episode": {"auctions": report.whole.auctions, "budget": money(report.whole.budget as f64)},
        "click_rate": report.average, "placements": placements, "as_logged": outcome("as logged", &report.logged), "rules": rules})
}

fn tell(report: &Report) {
    output::line(&format!(
        "learnt from {} auctions, replayed {} in episodes of {} with {:.2} each",
        output::count(report.learnt as u64),
        output::count(report.replayed as u64),
        output::count(report.whole.auctions),
        money(report.whole.budget as f64)
    ));
    let worth = |p: &decide::bids::PlacementValue| {
        p.value.map_or_else(String::new, |v| {
            let thousand = |x: f64| 1_000.0 * money(x);
            format!("{:.2} ({:.2}–{:.2})", thousand(v.value), thousand(v.interval.low), thousand(v.interval.high))
        })
    };
    let cells = report.placements.iter().map(|p| {
        vec![
            if p.placement.is_empty() { "all".to_owned() } else { p.placement.clone() },
            output::count(p.seen.impressions),
            output::count(p.seen.clicks),
            output::count(p.seen.orders),
            format!("{:.3} %", 100.0 * p.click_rate),
            worth(p),
        ]
    });
    let head = ["placement", "impressions", "clicks", "orders", "click rate", "worth a thousand"];
    output::table(&head, &[1, 2, 3, 4, 5], cells.collect());
    let row = |rule: &str, o: &Outcome| {
        let paid = money(o.paid as f64);
        let each = if o.expected_clicks > 0.0 { format!("{:.3}", paid / o.expected_clicks) } else { String::new() };
        vec![
            rule.to_owned(),
            output::count(o.won),
            output::count(o.clicks),
            format!("{:.1}", o.expected_clicks),
            format!("{paid:.2}"),
            format!("{:.0} %", 100.0 * o.burn()),
            each,
        ]
    };
    let logged = std::iter::once(row("as logged", &report.logged));
    let rows = logged.chain(report.rules.iter().map(|t| row(&t.rule, &t.outcome))).collect();
    let head = ["rule", "won", "clicks seen", "clicks expected", "paid", "of the budget", "paid a click"];
    output::table(&head, &[1, 2, 3, 4, 5, 6], rows);
    if report.untold > 0 {
        output::line(&format!(
            "{} replayed auctions were lost at a price that nobody told: no rule wins them, so rules are judged too low rather than too high",
            output::count(report.untold as u64)
        ));
    }
    if report.placements.iter().all(|p| p.value.is_none()) {
        output::hint(
            "--order-margin and a column `ordered` give the value of an impression: a bid above it loses money",
        );
    }
}
