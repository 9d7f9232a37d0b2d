//! `portolan decide bids`: a log of auctions as a table, and the report over it. No workspace is needed.
//!
//! | column | meaning |
//! |---|---|
//! | `bid` | what was bid, per thousand impressions; without the column every auction was won and bid its price |
//! | `price` | what it cleared at, per thousand impressions; may be empty for a lost auction |
//! | `won`, `clicked` | 1 or 0, yes or no, true or false |
//! | `ordered` | the same; optional |
//! | `placement` | where it was shown; optional |
//! | `chance` | of a click, as estimated before the auction; optional |
//!
//! `--before` is a table of an earlier period, a row a price: `price`, `auctions`, and `clicks` in any row.
//!
//! Rows stand in the order of the auctions. Amounts have at most two decimals.

use crate::commands::csv_file::CsvFile;
use crate::exit::{Exit, Stop};
use crate::{cli, output};
use anyhow::Result;
use decide::bids::{Before, Fate, LoggedAuction, Outcome, Report, ReportParams};
use serde_json::{Value, json};
use std::path::Path;
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
    let before = args.before.as_deref().map(earlier).transpose()?;
    let shares = args.share.iter().map(|s| part(s)).collect::<Result<Vec<f64>>>()?;
    let params = ReportParams {
        learn: args.learn,
        episode: args.episode,
        budget: args.budget.map(|b| units(b) as u64),
        before,
        order_value: args.order_margin.map(|m| (units(m), 0.0)),
        ..ReportParams::default()
    };
    let wrong = |e: decide::SpendError| {
        Stop::error(Exit::BadInput, format!("{}: {e}", args.log.display()), "docs/decide.md has the columns of the log")
    };
    if shares.is_empty() {
        let report = params.report(&log).map_err(wrong)?;
        if args.json {
            output::json(&as_json(&report))?;
        } else {
            tell(&report);
        }
        return Ok(ExitCode::SUCCESS);
    }
    let mut all = Vec::new();
    for (said, share) in args.share.iter().zip(shares) {
        let report = ReportParams { share: Some(share), ..params.clone() }.report(&log).map_err(wrong)?;
        if args.json {
            all.push(json!({"share": said, "report": as_json(&report)}));
        } else {
            output::line(&format!("budget: {said} of what as many auctions cost before"));
            tell(&report);
        }
    }
    if args.json {
        output::json(&json!({"budgets": all}))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// `1/32` or `0.03125`.
fn part(text: &str) -> Result<f64> {
    let number = |t: &str| t.trim().parse::<f64>().ok().filter(|x| *x > 0.0 && x.is_finite());
    let value = match text.split_once('/') {
        Some((above, below)) => number(above).zip(number(below)).map(|(a, b)| a / b),
        None => number(text),
    };
    value.ok_or_else(|| Stop::error(Exit::Usage, format!("--share {text}"), "parts above 0, such as 1/8,1/32 or 0.125"))
}

/// A cell as cents; nothing where it is empty.
fn cents(file: &CsvFile, line: u64, column: usize, cell: &str) -> Result<Option<u32>> {
    if cell.is_empty() {
        return Ok(None);
    }
    let cents = cell.parse::<f64>().ok().map(|x| x * CENTS);
    let cents = cents.filter(|c| (0.0..=10_000_000.0).contains(c) && (c - c.round()).abs() < 1e-6);
    let right = "an amount from 0 to 100000 with at most two decimals, such as 1.25";
    cents.map(|c| Some(c.round() as u32)).ok_or_else(|| file.wrong(line, column, cell, right))
}

/// The table of an earlier period.
fn earlier(path: &Path) -> Result<Before> {
    let file = CsvFile::read(path)?;
    let (price, auctions, clicks) = (file.needed(&["price"])?, file.needed(&["auctions"])?, file.needed(&["clicks"])?);
    let (mut counts, mut n_clicks): (Vec<u64>, u64) = (Vec::new(), 0);
    for (line, cells) in file.records() {
        let whole = |column: usize| -> Result<u64> {
            let cell = cells[column].as_str();
            let wrong = || file.wrong(line, column, cell, "a whole number");
            if cell.is_empty() { Ok(0) } else { cell.parse().map_err(|_| wrong()) }
        };
        let at = cents(&file, line, price, &cells[price])?;
        let at = at.ok_or_else(|| file.wrong(line, price, "", "the price that the auctions cleared at"))? as usize;
        if counts.len() <= at {
            counts.resize(at + 1, 0);
        }
        counts[at] += whole(auctions)?;
        n_clicks += whole(clicks)?;
    }
    let n: u64 = counts.iter().sum();
    if n_clicks == 0 || n_clicks >= n {
        let what = format!("{}: {n_clicks} clicks of {n} auctions", path.display());
        return Err(Stop::error(Exit::BadInput, what, "at least one click, and fewer than auctions"));
    }
    Ok(Before { counts, click_rate: n_clicks as f64 / n as f64 })
}

fn read(args: &cli::Bids) -> Result<Vec<LoggedAuction>> {
    let file = CsvFile::read(&args.log)?;
    let (price, won, clicked) = (file.needed(&["price"])?, file.needed(&["won"])?, file.needed(&["clicked"])?);
    let [bid, ordered, placement, chance] = ["bid", "ordered", "placement", "chance"].map(|name| file.column(&[name]));
    let mut log = Vec::new();
    for (line, cells) in file.records() {
        let cell = |at: usize| cells[at].as_str();
        let wrong = |at: usize, right: &str| file.wrong(line, at, cell(at), right);
        let truth = |at: usize| match cell(at).to_lowercase().as_str() {
            "1" | "yes" | "true" | "y" => Ok(true),
            "0" | "no" | "false" | "n" | "" => Ok(false),
            _ => Err(wrong(at, "1 or 0, yes or no")),
        };
        let is_ordered = ordered.map_or(Ok(false), truth)?;
        let fate = match (truth(won)?, truth(clicked)?, is_ordered) {
            (false, false, false) => Fate::Lost,
            (false, ..) => return Err(wrong(won, "1: a lost auction has neither click nor order")),
            (true, false, true) => return Err(wrong(clicked, "1: an order follows a click")),
            (true, false, false) => Fate::Shown,
            (true, true, false) => Fate::Clicked,
            (true, true, true) => Fate::Ordered,
        };
        let price_of = cents(&file, line, price, cell(price))?;
        if price_of.is_none() && fate != Fate::Lost {
            return Err(wrong(price, "what was paid: only a lost auction may have none"));
        }
        let bid_of = match bid {
            Some(at) => cents(&file, line, at, cell(at))?.ok_or_else(|| wrong(at, "what was bid"))?,
            None if fate == Fate::Lost => return Err(wrong(won, "1: without a column `bid` nobody knows what lost")),
            None => price_of.unwrap_or_default(),
        };
        if price_of.is_some_and(|paid| fate != Fate::Lost && paid > bid_of) {
            return Err(wrong(price, &format!("at most the bid, which is {}", f64::from(bid_of) / CENTS)));
        }
        let chance = match chance.map(|at| (at, cell(at))) {
            None | Some((_, "")) => None,
            Some((at, text)) => {
                let chance = text.parse::<f64>().ok().filter(|c| (0.0..=1.0).contains(c));
                Some(chance.ok_or_else(|| wrong(at, "a chance from 0 to 1"))?)
            }
        };
        let placement = placement.map(cell).unwrap_or_default().to_owned();
        log.push(LoggedAuction { placement, bid: bid_of, price: price_of, fate, chance });
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
    let from = match report.learnt {
        0 => "an earlier period".to_owned(),
        n => format!("{} auctions", output::count(n as u64)),
    };
    output::line(&format!(
        "learnt from {from}, replayed {} in episodes of {} with {:.2} each",
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
    if !report.placements.is_empty() {
        output::table(&head, &[1, 2, 3, 4, 5], cells.collect());
    }
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
    if !report.placements.is_empty() && report.placements.iter().all(|p| p.value.is_none()) {
        output::hint(
            "--order-margin and a column `ordered` give the value of an impression: a bid above it loses money",
        );
    }
}
