//! `portolan shoppers likely`: who will probably buy, anything or of a category, and what the ranking is worth.

use super::super::{Environment, Opened, serve as server};
use crate::exit::{Exit, Stop};
use crate::output;
use crate::pipeline::outlook::{Likely, One, Why, likely};
use crate::segments::csv_cell;
use ::serve::consents::{Consents, MARKETING};
use anyhow::{Context, Result};
use domain::{Language, Market, Seed};
use serde_json::json;
use std::path::Path;

/// What was asked.
pub(super) struct Asked<'a> {
    pub(super) category: Option<&'a str>,
    pub(super) market: Option<Market>,
    pub(super) within: u16,
    pub(super) n: usize,
    pub(super) out: Option<&'a Path>,
    pub(super) json: bool,
}

pub(super) async fn likely_buyers(env: &Environment, opened: &Opened, asked: &Asked<'_>) -> Result<()> {
    let bar = output::Bar::new(env.quiet || asked.json);
    bar.step("learning", "who will buy", 0, 1);
    let (days, seed) = (i32::from(asked.within), Seed(1));
    let found =
        likely(&opened.engine, opened.snapshot.currency, seed, asked.category, asked.market, days, asked.n).await?;
    bar.clear();
    let found = found.map_err(|why| refused(why, asked))?;
    let decided = server::consents(&opened.workspace.root).await?;
    let written = asked.out.map(|out| write(out, &found, asked, &decided)).transpose()?;
    let shown: Vec<&One> = found.shoppers.iter().take(asked.n).collect();
    if asked.json {
        let items: Vec<_> = shown
            .iter()
            .map(|o| {
                let p = &o.foreseen;
                json!({"shopper": p.shopper, "market": p.market, "probability": p.probability, "low": p.interval.low,
                    "high": p.interval.high, "why": o.reasons(Language::EN), "why_zh": o.reasons(Language::ZH)})
            })
            .collect();
        return output::json(&json!({
            "as_of": found.cutoff, "category": asked.category, "market": asked.market, "within_days": asked.within, "model": found.model,
            "auc": found.quality.auc().as_f64(), "log_loss": found.quality.log_loss().as_f64(),
            "base_log_loss": found.quality.base_log_loss().as_f64(), "calibration_error": found.quality.calibration_error().as_f64(),
            "shoppers": items, "file": asked.out, "written": written,
        }));
    }
    let percent = |x: f64| format!("{:.0} %", 100.0 * x);
    let cells = shown.iter().map(|o| {
        let p = &o.foreseen;
        vec![
            p.shopper.as_str().to_owned(),
            p.market.map_or_else(String::new, |m| m.code().to_owned()),
            percent(p.probability),
            format!("{}–{}", percent(p.interval.low), percent(p.interval.high)),
            o.reasons(Language::EN).join("; "),
        ]
    });
    output::table(&["shopper", "market", "will buy", "95 %", "why"], &[2, 3], cells.collect());
    let what = asked.category.map_or_else(|| "anything".to_owned(), |c| format!("something of {c}"));
    output::line(&format!(
        "chance of buying {what} within {} days of {}, by {}",
        asked.within, found.cutoff, found.model
    ));
    worth(&found);
    match (written, asked.out) {
        (Some(n), Some(out)) => {
            output::line(&format!("{}: {} shoppers who agreed to marketing", out.display(), output::count(n as i64)));
        }
        _ => output::hint("--out FILE writes the first -n of those who agreed to marketing"),
    }
    Ok(())
}

/// What the ranking and the chances came to where they had not been seen.
fn worth(found: &Likely) {
    let number = |f: domain::Figure| f.as_f64().map_or_else(|| "too few".to_owned(), |x| format!("{x:.3}"));
    let (loss, base) = (found.quality.log_loss(), found.quality.base_log_loss());
    output::line(&format!(
        "on a period that it had not seen: AUC {}, log loss {} (saying the average to all: {}), calibration error {}",
        number(found.quality.auc()),
        number(loss.clone()),
        number(base.clone()),
        number(found.quality.calibration_error())
    ));
    if let (Some(loss), Some(base)) = (loss.as_f64(), base.as_f64())
        && loss >= base
    {
        output::note(
            "the chances are no better than the average said to all: use the order of the list, not the numbers",
        );
    }
}

fn refused(why: Why, asked: &Asked<'_>) -> anyhow::Error {
    match why {
        Why::Category(known) => {
            let name = asked.category.unwrap_or_default();
            let near =
                known.iter().map(|k| (strsim::damerau_levenshtein(&k.to_lowercase(), &name.to_lowercase()), k)).min();
            let meant =
                near.filter(|(d, _)| *d <= 3).map_or_else(String::new, |(_, k)| format!("; did you mean `{k}`?"));
            let what = format!("nothing of a category `{name}` was bought{meant}");
            Stop::error(Exit::Missing, what, format!("the categories are: {}", known.join(", ")))
        }
        Why::TooLittle(what) => {
            let next = "a wider category, more days (--within), or more orders";
            Stop::error(Exit::Missing, format!("who will buy cannot be learnt: {what}"), next)
        }
    }
}

/// Writes the likeliest `n` of those who agreed.
fn write(out: &Path, found: &Likely, asked: &Asked<'_>, decided: &Consents) -> Result<usize> {
    let mut text = String::from("shopper_id,market,probability\n");
    // What a person decided over HTTP counts more than what a file said.
    let may = |o: &&One| decided.of(o.foreseen.shopper.as_str(), MARKETING).or(o.consent).unwrap_or(false);
    let chosen: Vec<&One> = found.shoppers.iter().filter(may).take(asked.n).collect();
    for o in &chosen {
        let market = o.foreseen.market.map_or_else(String::new, |m| m.code().to_owned());
        text.push_str(&format!("{},{market},{:.4}\n", csv_cell(o.foreseen.shopper.as_str()), o.foreseen.probability));
    }
    std::fs::write(out, text).with_context(|| format!("writing {}", out.display()))?;
    Ok(chosen.len())
}
