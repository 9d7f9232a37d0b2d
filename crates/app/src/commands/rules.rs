//! `portolan rules`: what may be sold where goes by these; the program's, and the seller's over them.

use super::Environment;
use crate::cli::{self, RulesList, RulesWhat};
use crate::exit::{Exit, Stop};
use crate::output;
use crate::pipeline::decisions::tables::{FILES, rulebook};
use anyhow::Result;
use decide::sellability::{Demand, Retired, Rule, Rulebook};
use serde_json::{Value, json};
use std::process::ExitCode;

pub(crate) fn run(env: &Environment, args: &cli::Rules) -> Result<ExitCode> {
    match &args.what {
        None => list(&book(env)?, &RulesList::default())?,
        Some(RulesWhat::List(args)) => list(&book(env)?, args)?,
        Some(RulesWhat::Show { id, json }) => show(&book(env)?, id, *json)?,
        Some(RulesWhat::Check) => check(env)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The rules of the workspace; those of the program where there is no workspace and none was named.
fn book(env: &Environment) -> Result<Rulebook> {
    match env.workspace() {
        Ok(workspace) => rulebook(&workspace.root),
        Err(_) if env.workspace.is_none() => Ok(Rulebook::built_in()),
        Err(error) => Err(error),
    }
}

/// Where a rule comes from.
const fn origin(rule: &Rule) -> &'static str {
    if rule.own { "rules.toml" } else { "program" }
}

/// All fields of a rule, with where it comes from and whether it is to be verified.
pub(super) fn whole(book: &Rulebook, rule: &Rule) -> Result<Value> {
    let mut fields = rule.fields(book.kinds())?;
    fields["origin"] = json!(origin(rule));
    fields["verify"] = json!(rule.confidence.verify());
    let (state, reason) = match book.retired_as(rule) {
        None => ("in force", None),
        Some(Retired::Replaced) => ("replaced", None),
        Some(Retired::Removed(reason)) => ("removed", Some(reason)),
    };
    fields["state"] = json!(state);
    if let Some(reason) = reason {
        fields["reason"] = json!(reason);
    }
    Ok(fields)
}

/// What a rule asks for, in a word or two.
fn asks(demand: &Demand) -> String {
    match demand {
        Demand::Mains { .. } => "mains".to_owned(),
        Demand::Mark(any) => any.join(" or "),
        Demand::Languages(all) => all.join(" and "),
        Demand::OneLanguage(any) => any.join(" or "),
        Demand::Change => "a change".to_owned(),
        Demand::Blocked => "blocked".to_owned(),
        Demand::Note => "to know".to_owned(),
    }
}

fn fits(book: &Rulebook, rule: &Rule, args: &RulesList) -> bool {
    let here = args.market.is_none_or(|m| rule.markets.is_empty() || rule.markets.contains(&m));
    let of_family = args.family.is_none_or(|f| book.speaks_of(rule, f));
    let text = format!("{} {} {} {}", rule.id, rule.said.en, rule.said.zh, rule.source).to_lowercase();
    let words = args.text.as_deref().unwrap_or_default().to_lowercase();
    here && of_family && words.split_whitespace().all(|word| text.contains(word))
}

fn list(book: &Rulebook, args: &RulesList) -> Result<()> {
    let found: Vec<&Rule> = book.rules().iter().filter(|r| fits(book, r, args)).collect();
    if args.json {
        return output::json(&found.iter().map(|r| whole(book, r)).collect::<Result<Vec<_>>>()?);
    }
    if found.is_empty() {
        return Err(Stop::error(
            Exit::Missing,
            "no rule is like that",
            "`portolan rules` lists all; leave --market, --family or --text out",
        ));
    }
    let cells = found.iter().map(|rule| {
        let verify = if rule.confidence.verify() { "verify" } else { "" };
        vec![
            rule.id.clone(),
            markets(rule),
            asks(&rule.demand),
            rule.said.en.clone(),
            rule.from.to_string(),
            origin(rule).to_owned(),
            verify.to_owned(),
        ]
    });
    output::table(&["rule", "markets", "asks for", "what it says", "from", "comes with", ""], &[], cells.collect());
    let own = found.iter().filter(|r| r.own).count();
    output::line(&format!(
        "{}, {own} of them yours, version {}",
        output::counted(found.len(), "rule", "rules"),
        decide::sellability::RULES_VERSION
    ));
    output::hint("`portolan rules show ID` has every field, and how to replace or remove the rule");
    Ok(())
}

/// Up to four markets by code, of more their number.
fn markets(rule: &Rule) -> String {
    match rule.markets.len() {
        0 => "all".to_owned(),
        1..=4 => rule.markets.iter().map(|m| m.code().to_owned()).collect::<Vec<_>>().join(" "),
        n => format!("{n} markets"),
    }
}

fn show(book: &Rulebook, id: &str, json: bool) -> Result<()> {
    let Some(rule) = book.find(id) else {
        return Err(Stop::error(
            Exit::Missing,
            format!("there is no rule `{id}`"),
            "`portolan rules list --text WORDS` finds one; ids are written as `portolan rules` lists them",
        ));
    };
    let (fields, toml) = (whole(book, rule)?, rule.to_toml(book.kinds())?);
    if json {
        return output::json(&json!({"rule": fields, "toml": toml}));
    }
    for (key, value) in fields.as_object().into_iter().flatten() {
        output::line(&format!("{key}: {}", plain(value)));
    }
    if rule.confidence.verify() {
        output::line(
            "verify before you rely on it: general knowledge, no legal advice / 请核实后再依据：属一般常识，非法律意见",
        );
    }
    output::line(&format!(
        "\nIn {} of the workspace this replaces it (without `confidence` a rule of yours counts as stated):\n\n{toml}",
        FILES[0]
    ));
    output::line(&format!(
        "and this removes it:\n\n[[remove]]\nid = \"{id}\"\nreason = \"why it does not hold for you\""
    ));
    Ok(())
}

/// A field without quotes and brackets.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
        Value::Object(fields) => {
            fields.iter().map(|(key, value)| format!("{key} {}", plain(value))).collect::<Vec<_>>().join("; ")
        }
        other => other.to_string(),
    }
}

fn check(env: &Environment) -> Result<()> {
    let root = env.workspace()?.root;
    let book = rulebook(&root)?;
    let there = root.join(FILES[0]).is_file();
    output::line(&format!("{}: {}", FILES[0], if there { "read" } else { "not there; the built-in rules count" }));
    let own = book.rules().iter().filter(|r| r.own).count();
    let ways =
        |replaced: bool| book.retired().iter().filter(|(_, how)| (*how == Retired::Replaced) == replaced).count();
    output::line(&format!(
        "{} in force, {own} of them yours; {} of the program's replaced, {} removed",
        output::counted(book.rules().len(), "rule", "rules"),
        ways(true),
        ways(false)
    ));
    Ok(())
}
