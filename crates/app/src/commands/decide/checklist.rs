//! `portolan decide checklist`: what has to be done before the assortment may be sold in a market, rule by rule, with rough costs; and the
//! table to fill in for what is missing.

use super::Opened;
use crate::exit::{Exit, Stop};
use crate::pipeline::decisions::checklist as reckon;
use crate::{cli, output};
use anyhow::{Context, Result};
use decide::sellability::ChecklistItem;
use domain::Money;
use serde_json::{Value, json};

pub(super) async fn checklist(opened: &Opened, args: &cli::Checklist) -> Result<()> {
    let Some(list) = reckon(&opened.engine, &opened.workspace, opened.snapshot.currency, args.market).await? else {
        return Err(Stop::error(
            Exit::Missing,
            format!("there are no rules for {}", args.market),
            "`portolan rules` lists the markets with rules; rules.toml takes your own",
        ));
    };
    let draft = list.draft_csv();
    if let (Some(path), Some(draft)) = (&args.csv, &draft) {
        std::fs::write(path, draft).with_context(|| format!("writing {}", path.display()))?;
    }
    let range = |(low, high): &(Money, Money)| format!("{low} to {high}");
    if args.json {
        let item = |i: &ChecklistItem| {
            json!({"kind": i.kind, "rule": i.rule, "said": i.said, "products": i.products.len(),
                "cost": i.cost.iter().map(range).collect::<Vec<_>>()})
        };
        return output::json(&json!({
            "market": list.market, "day": list.day, "sell": list.sell.len(), "change": list.change.len(),
            "blocked": list.blocked.iter().map(|(id, rules)| json!({"product": id, "rules": rules})).collect::<Vec<Value>>(),
            "unknown": list.unknown.iter().map(|(id, missing)| json!({"product": id,
                "missing": missing.iter().map(|a| a.column()).collect::<Vec<_>>()})).collect::<Vec<Value>>(),
            "missing": draft.is_some(), "written": args.csv.as_ref().filter(|_| draft.is_some()),
            "to_do": list.items.iter().map(item).collect::<Vec<Value>>(),
        }));
    }
    output::line(&format!(
        "{} on {}: {} products may be sold as they are, {} after a change, {} must not be, of {} an attribute is missing",
        list.market,
        list.day,
        list.sell.len(),
        list.change.len(),
        list.blocked.len(),
        list.unknown.len()
    ));
    let cells = list.items.iter().map(|i| {
        let cost = i.cost.iter().map(range).collect::<Vec<_>>().join("; ");
        vec!["[ ]".to_owned(), i.said.en.clone(), i.products.len().to_string(), cost, i.rule.clone()]
    });
    output::table(&["", "to do", "products", "rough cost of all", "rule"], &[2], cells.collect());
    match (&args.csv, &draft) {
        (Some(path), Some(_)) => {
            output::line(&format!("{}: fill in where it says ?, then `portolan ingest` it", path.display()))
        }
        (None, Some(_)) => output::hint("--csv FILE drafts the table of what is missing"),
        (Some(path), None) => output::line(&format!(
            "nothing is missing: every attribute that the rules ask for is stated, so {} is not written",
            path.display()
        )),
        (None, None) => output::line("nothing is missing: every attribute that the rules ask for is stated"),
    }
    output::hint("rules that are general knowledge say \"verify\": `portolan rules show ID` has the source of each");
    Ok(())
}
