//! `portolan catalogue views`: what texts, pictures and purchases each say of what is bought next, and how they are joined.

use super::super::Environment;
use crate::looks::Looks;
use crate::output::{self, Bar};
use crate::search::Found;
use crate::views::{Sort, ViewRow, Views};
use anyhow::Result;
use eval::Estimate;
use serde_json::json;
use std::process::ExitCode;

pub(super) async fn run(env: &Environment, is_json: bool) -> Result<ExitCode> {
    let (found, _) = Found::open(env, is_json).await?;
    let opened = env.opened().await?;
    let bar = Bar::new(env.quiet || is_json);
    let looks = Looks::load(&opened.workspace, &opened.engine, &opened.snapshot, &found.ids, &bar).await?;
    let views = Views::load(&opened.workspace, &opened.engine, &opened.snapshot, (&found, &looks), &bar).await?;
    let study = &views.study;
    if is_json {
        let used = study
            .used
            .as_ref()
            .map(|(sorts, weighed)| json!({"views": sorts, "weights": weighed.weights(), "means": weighed.means()}));
        output::json(&json!({
            "products": {"all": found.ids.len(), "texts": found.search().vectors().map_or(0, content::Vectors::n_present),
                "pictures": looks.likeness.n_present(), "bought": views.n_bought()},
            "ablation": study.rows, "used": used, "why": study.why,
        }))?;
        return Ok(ExitCode::SUCCESS);
    }
    output::line(&format!(
        "{} products; {} were bought beside another one, {} have a picture",
        found.ids.len(),
        views.n_bought(),
        looks.likeness.n_present()
    ));
    if !study.rows.is_empty() {
        let header = ["compared by", "validation", "test", "95 %", "on texts", "purchases add"];
        output::table(&header, &[1, 2, 3, 4, 5], study.rows.iter().map(row).collect());
        output::line(
            "nDCG@10 of what a shopper buys next, asked by its last product; each vector and weight is older than what is asked",
        );
    }
    output::line(&study.why);
    if let Some((sorts, weighed)) = &study.used {
        let part = |(sort, weight): (&Sort, &f32)| format!("{} {weight:.2}", sort.name());
        let parts: Vec<String> = sorts.iter().zip(weighed.weights()).map(part).collect();
        output::line(&format!("weights of a likeness of 1: {}", parts.join(", ")));
    }
    Ok(ExitCode::SUCCESS)
}

fn row(row: &ViewRow) -> Vec<String> {
    let names: Vec<&str> = row.views.iter().map(|sort| sort.name()).collect();
    let name = if names.is_empty() { "ranks of texts and pictures".to_owned() } else { names.join(" + ") };
    let difference = |of: &Option<Estimate>| {
        of.as_ref()
            .map_or_else(String::new, |e| format!("{:+.4} [{:+.4}, {:+.4}]", e.mean, e.interval.low, e.interval.high))
    };
    let test = &row.test;
    vec![
        name,
        format!("{:.4}", row.validation),
        format!("{:.4}", test.mean),
        format!("[{:.4}, {:.4}]", test.interval.low, test.interval.high),
        difference(&row.gain),
        difference(&row.bought_adds),
    ]
}
