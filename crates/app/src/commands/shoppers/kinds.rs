//! `portolan shoppers quality --kinds`: every kind of model side by side, also those that lost.

use super::super::{Environment, Opened};
use crate::output;
use crate::pipeline::outlook::{Compared, Kind, compare};
use anyhow::Result;
use audience::predict::Target;
use domain::{Figure, Seed};
use serde_json::{Value, json};

pub(super) async fn kinds(env: &Environment, opened: &Opened, json: bool) -> Result<()> {
    let bar = output::Bar::new(env.quiet || json);
    let tell = |kind: &str, done: usize, of: usize| bar.step("trying", kind, done as u64, of as u64);
    let compared = compare(&opened.engine, opened.snapshot.currency, Seed(1), tell).await?;
    bar.clear();
    if json {
        return output::json(&json!({"targets": compared.iter().map(as_json).collect::<Vec<_>>()}));
    }
    for one in &compared {
        show(one);
    }
    output::note(
        "seconds and memory are those of this machine just now; the best on the validation period is what `portolan run` \
         takes, of all but the support vector machines",
    );
    Ok(())
}

fn name(target: Target) -> &'static str {
    match target {
        Target::Churn { .. } => "churn",
        Target::SecondOrder { .. } => "second order",
        _ => "purchase",
    }
}

/// The kind that would be chosen.
fn best(kinds: &[Kind]) -> Option<&Kind> {
    kinds.iter().min_by(|a, b| a.validation.total_cmp(&b.validation))
}

fn as_json(one: &Compared) -> Value {
    let kind = |k: &Kind| {
        let interval = k.test.auc().interval;
        let bins: Vec<Value> = k
            .test
            .bins()
            .iter()
            .filter(|b| b.n > 0)
            .map(|b| json!({"promised": b.mean_predicted, "happened": b.observed(), "shoppers": b.n}))
            .collect();
        json!({
            "model": k.kind.name(), "settings": k.settings, "validation_log_loss": k.validation, "auc": k.test.auc().as_f64(),
            "auc_low": interval.map(|i| i.low), "auc_high": interval.map(|i| i.high), "log_loss": k.test.log_loss().as_f64(),
            "base_log_loss": k.test.base_log_loss().as_f64(), "calibration_error": k.test.calibration_error().as_f64(),
            "calibration": bins, "seconds": k.seconds, "memory_bytes": k.memory,
        })
    };
    match &one.kinds {
        Ok(kinds) => {
            json!({"target": name(one.target), "rows": one.n_rows, "chosen": best(kinds).map(|k| k.kind.name()),
            "models": kinds.iter().map(kind).collect::<Vec<_>>()})
        }
        Err(why) => json!({"target": name(one.target), "not_computed": why}),
    }
}

fn show(one: &Compared) {
    let kinds = match &one.kinds {
        Ok(kinds) => kinds,
        Err(why) => {
            output::line(&format!("{}: not computed, {why}", name(one.target)));
            return;
        }
    };
    let chosen = best(kinds);
    output::line(&format!(
        "{}, learnt from {} rows (shoppers and cutoffs), marked on the test period",
        name(one.target),
        output::count(one.n_rows as i64)
    ));
    let number = |f: Figure| f.as_f64().map_or_else(|| "–".to_owned(), |x| format!("{x:.3}"));
    let cells = kinds.iter().map(|k| {
        let within = k.test.auc().interval.map_or_else(String::new, |i| format!("{:.3}–{:.3}", i.low, i.high));
        let mark = if chosen.is_some_and(|c| c.kind == k.kind) { " ←" } else { "" };
        vec![
            format!("{}{mark}", k.kind.name()),
            format!("{:.4}", k.validation),
            number(k.test.auc()),
            within,
            number(k.test.log_loss()),
            number(k.test.calibration_error()),
            format!("{:.2}", k.seconds),
            k.memory.map_or_else(|| "–".to_owned(), |m| format!("{:.0}", m as f64 / 1e6)),
        ]
    });
    let heads = ["model", "log loss, validation", "AUC", "95 %", "log loss", "calibration error", "seconds", "MB more"];
    output::table(&heads, &[1, 2, 4, 5, 6, 7], cells.collect());
    if let Some(kind) = chosen {
        calibration(kind);
    }
}

/// Promise and outcome as lines: a bar of what happened, a mark where the promise lies.
fn calibration(kind: &Kind) {
    const WIDTH: usize = 40;
    let cells = kind.test.bins().iter().filter(|b| b.n > 0).map(|b| {
        let happened = b.observed().unwrap_or(0.0);
        let at = |x: f64| ((x * WIDTH as f64).round() as usize).min(WIDTH);
        let mut bar: Vec<char> = (0..=WIDTH).map(|i| if i < at(happened) { '█' } else { ' ' }).collect();
        bar[at(b.mean_predicted)] = '┃';
        vec![
            format!("{:.0} %", 100.0 * b.mean_predicted),
            format!("{:.0} %", 100.0 * happened),
            output::count(b.n as i64),
            bar.into_iter().collect::<String>().trim_end().to_owned(),
        ]
    });
    output::table(
        &["promised", "happened", "shoppers", &format!("{}: what happened, ┃ what was promised", kind.kind.name())],
        &[0, 1, 2],
        cells.collect(),
    );
}
