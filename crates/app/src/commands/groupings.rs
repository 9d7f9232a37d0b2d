//! `portolan segments fit | groupings | unfit`: segments that are a model.

use super::{Environment, Opened};
use crate::cli::GroupBy;
use crate::exit::{Exit, Stop};
use crate::pipeline::rows::Rows;
use crate::{output, segments};
use anyhow::{Context, Result};
use audience::AudienceError;
use audience::segments::ast::Term;
use audience::segments::group_fit::GroupParams;
use audience::segments::groups::{Method, Tried};
use audience::segments::{Grouping, measures, parse_measures};
use domain::Seed;
use learn::LearnError;
use serde_json::json;

pub(super) async fn fit(
    env: &Environment,
    name: &str,
    by_method: GroupBy,
    by: &str,
    k: Option<usize>,
    json: bool,
) -> Result<()> {
    let Opened { workspace, engine, .. } = env.opened().await?;
    let terms = parse_measures(by).map_err(|e| {
        Stop::error(Exit::Usage, format!("--by, {e}"), "`portolan segments fields` lists what is known of a shopper")
    })?;
    let as_of = segments::cutoff(&engine).await?;
    let asked = measures(&terms, &segments::columns_of(&engine).await?, as_of);
    if let Some(field) = asked.absent.first() {
        let what = format!("no table of the lake has `{}`", field.name());
        return Err(Stop::error(Exit::Missing, what, "`portolan run` computes what it can; group by something else"));
    }
    let bar = output::Bar::new(env.quiet || json);
    bar.step("grouping", "shoppers", 0, 1);
    let rows = Rows::query(&engine, &format!("{} order by shopper_id", asked.sql)).await?;
    let columns: Vec<Vec<Option<f64>>> =
        asked.columns.iter().map(|(_, column)| rows.floats(column)).collect::<Result<_>>()?;
    let values: Vec<Vec<Option<f64>>> =
        (0..rows.len()).map(|at| columns.iter().map(|column| column[at]).collect()).collect();
    let method = match by_method {
        GroupBy::Kmeans => Method::KMeans,
        GroupBy::Mixture => Method::Mixture,
        GroupBy::Hierarchical => Method::Hierarchical,
    };
    let params = GroupParams { k, ..GroupParams::new(method) };
    let fitted = params.fit(name, &terms, &values, as_of, Seed(1));
    bar.clear();
    let grouping = fitted.map_err(|e| refused(e, &terms, &values))?;
    let book = segments::keep_grouping(&workspace.root, grouping.clone())?;
    if json {
        return output::json(&as_json(&grouping));
    }
    show(&grouping);
    let first = grouping.rule_name(1);
    let version = book.get(&first).map(|e| e.version().to_owned()).unwrap_or_default();
    output::line(&format!(
        "kept in {} and as segments `{first}` … in {} (version {})",
        segments::groupings_path(&workspace.root).display(),
        segments::path(&workspace.root).display(),
        version.chars().take(8).collect::<String>()
    ));
    output::hint("portolan run counts the members and looks a year back; rules can join and exclude the groups");
    Ok(())
}

/// What is wrong, with the measure that most shoppers lack where that is it.
fn refused(error: AudienceError, terms: &[Term], values: &[Vec<Option<f64>>]) -> anyhow::Error {
    let known = |at: usize| values.iter().filter(|row| row[at].is_some()).count();
    match error {
        AudienceError::TooLittleData { .. } | AudienceError::Learn(LearnError::TooLittleData { .. }) => {
            let rarest = (0..terms.len()).min_by_key(|at| known(*at));
            let rarest =
                rarest.map(|at| format!("{} of {} shoppers have a known {}", known(at), values.len(), terms[at]));
            let next = format!("{}; group by what more of them have", rarest.unwrap_or_default());
            Stop::error(Exit::Missing, error.to_string(), next)
        }
        AudienceError::Param { .. } => Stop::error(Exit::Usage, error.to_string(), "-k takes the number of groups"),
        other => other.into(),
    }
}

/// What is said of how far a grouping can be trusted.
fn worth(grouping: &Grouping, tried: &Tried) -> String {
    let of = format!(
        "{} groups: silhouette {:.2}, {:.2} of the pairs put together again on resamples (at least {:.2})",
        grouping.groups.len(),
        tried.trust.silhouette,
        tried.trust.stability,
        tried.trust.stability_interval.low
    );
    if tried.trust.trusted {
        format!("{of}: separated, reproducible, none too small")
    } else {
        format!("{of}: for orientation, not for decisions that hang on one group")
    }
}

fn show(grouping: &Grouping) {
    let rows = grouping.groups.iter().enumerate().map(|(at, group)| {
        let share = 100.0 * group.n_shoppers as f64 / grouping.n_shoppers as f64;
        vec![
            grouping.rule_name(at + 1),
            output::count(group.n_shoppers as i64),
            format!("{share:.0} %"),
            group.label.clone(),
        ]
    });
    output::table(&["segment", "shoppers", "share", "what sets it apart (median)"], &[1, 2], rows.collect());
    if let Some(chosen) = grouping.tried.iter().find(|t| t.k == grouping.groups.len()) {
        output::line(&worth(grouping, chosen));
    }
    if grouping.tried.len() > 1 {
        let rows = grouping.tried.iter().map(|t| {
            vec![
                t.k.to_string(),
                format!("{:.3}", t.trust.silhouette),
                format!("{:.3}", t.trust.stability),
                output::count(t.trust.smallest as i64),
                t.bic.map_or_else(String::new, |bic| format!("{bic:.0}")),
                if t.trust.trusted { "yes".to_owned() } else { String::new() },
            ]
        });
        let heads = ["groups", "silhouette", "reproduced", "smallest", "BIC", "trusted"];
        output::table(&heads, &[0, 1, 2, 3, 4], rows.collect());
    }
    if grouping.n_missing > 0 {
        output::note(&format!(
            "{} shoppers lack one of the measures and are in no group: group(\"{}\") is missing",
            output::count(grouping.n_missing as i64),
            grouping.name
        ));
    }
}

fn as_json(grouping: &Grouping) -> serde_json::Value {
    let rules: Vec<String> = grouping.rules().into_iter().map(|d| d.name).collect();
    json!({"grouping": grouping, "segments": rules})
}

pub(super) fn list(env: &Environment, json: bool) -> Result<()> {
    let root = env.workspace()?.root;
    let all = segments::groupings(&root)?;
    if json {
        return output::json(&json!({"groupings": all.iter().map(as_json).collect::<Vec<_>>()}));
    }
    if all.is_empty() {
        output::line("there is no grouping yet");
        output::hint("portolan segments fit NAME groups shoppers by how often, how much and how lately they buy");
        return Ok(());
    }
    for grouping in &all {
        let by: Vec<String> = grouping.measures.iter().map(|m| m.term.to_string()).collect();
        output::line(&format!(
            "{}: {} by {}, fitted on orders before {}",
            grouping.name,
            grouping.method.name(),
            by.join(", "),
            grouping.fitted_before
        ));
        show(grouping);
    }
    Ok(())
}

pub(super) fn unfit(env: &Environment, name: &str) -> Result<()> {
    let root = env.workspace()?.root;
    if segments::drop_grouping(&root, name).context("taking the grouping away")? {
        output::line(&format!("removed the grouping `{name}` and the segments of its groups"));
        return Ok(());
    }
    let names: Vec<String> = segments::groupings(&root)?.into_iter().map(|g| g.name).collect();
    let there = if names.is_empty() { "there are none".to_owned() } else { format!("there are: {}", names.join(", ")) };
    Err(Stop::error(Exit::Missing, format!("there is no grouping `{name}`"), there))
}
