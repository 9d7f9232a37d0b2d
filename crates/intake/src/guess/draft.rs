//! The draft as a mapping and as TOML with a reason on each line.

use super::{Draft, Looked, Trial};
use crate::date::Evidence;
use crate::mapping::Mapping;
use crate::options::ReadOptions;
use domain::country_by_name;
use schema::Kind;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Writes the best of the trials down.
pub(super) fn write(file: &str, looked: &Looked, trials: &[Trial], options: &ReadOptions) -> Draft {
    let best = &trials[0];
    let table = best.candidate.table;
    let mut mapping = Mapping { table: table.into(), ..Mapping::default() };
    let mut confidence = BTreeMap::new();
    let mut reasons = vec![chosen_table(looked, trials)];
    let mut toml = format!(
        "# Drafted from {file}; check every line, those marked `?` twice, then: portolan ingest {file} --map THIS_FILE\n"
    );
    let _ = writeln!(toml, "# {}", reasons[0]);
    let _ = writeln!(toml, "table = \"{table}\"");
    toml.push_str("# system = \"erp\"   # whose customer and order numbers these are; the same name joins files\n");
    if best.candidate.returns {
        toml.push_str("rows = \"returns\"   # goods that came back: counted against the sales they take back\n");
        mapping.rows = Some("returns".into());
    }
    toml.push_str("\n[columns]\n");
    for (want, choice) in &best.chosen {
        let (name, header) = (best.candidate.wants[*want].column, &looked.header[choice.column]);
        let sure = if choice.confidence >= 0.95 {
            "sure"
        } else if choice.confidence >= 0.75 {
            "likely"
        } else {
            "?"
        };
        let _ = writeln!(toml, "{name} = {}   # {sure} ({:.2}): {}", quoted(header), choice.confidence, choice.why);
        reasons.push(format!("{name} = `{header}`: {}", choice.why));
        mapping.columns.insert(name.to_owned(), header.clone());
        confidence.insert(name.to_owned(), choice.confidence);
    }
    for name in &best.lacking {
        let _ = writeln!(toml, "# {name} = \"?\"   # required, and no column looks like it");
        reasons.push(format!("{name}: no column looks like it; it is required"));
    }
    let used: Vec<usize> = best.chosen.values().map(|c| c.column).collect();
    for (_, name) in looked.header.iter().enumerate().filter(|(i, n)| !used.contains(i) && !n.is_empty()) {
        let _ = writeln!(toml, "# not used: {}", quoted(name).replace('\n', " "));
    }
    toml.push_str("\n[constants]\n");
    constants(best, looked, options, &mut mapping, &mut toml, &mut reasons);
    toml.push_str("\n[read]\n");
    reading(best, looked, options, &mut mapping, &mut toml);
    Draft { mapping, toml, reasons, confidence }
}

/// Which table and sheet were chosen, and what came next.
fn chosen_table(looked: &Looked, trials: &[Trial]) -> String {
    let best = &trials[0];
    let of = looked.header.len();
    let mut why = format!("{} of {of} columns fit {}", best.chosen.len(), best.candidate.words);
    if let Some(next) = trials.get(1) {
        let _ = write!(why, " (weight {:.1}; next {} with {:.1})", best.score, next.candidate.words, next.score);
    }
    if let Some((name, of)) = &looked.sheet {
        let _ = write!(why, "; sheet `{name}` is the best of {of}");
    }
    why
}

fn constants(
    best: &Trial,
    looked: &Looked,
    options: &ReadOptions,
    mapping: &mut Mapping,
    toml: &mut String,
    reasons: &mut Vec<String>,
) {
    if best.candidate.table == "interactions" {
        of_interactions(mapping, toml);
    }
    let column = |name: &str| schema::table(schema::Zone::Raw, best.candidate.table).and_then(|t| t.column(name));
    if best.candidate.table == "events" && !mapping.columns.contains_key("kind") {
        toml.push_str("kind = \"track\"   # no column says the kind: each row is something that a visitor did\n");
        mapping.constants.insert("kind".into(), "track".into());
    }
    let amounts = mapping.columns.keys().any(|c| column(c).is_some_and(|c| c.kind == Kind::Amount));
    let Some(currency_column) = column("currency").filter(|_| !mapping.columns.contains_key("currency")) else {
        return;
    };
    if !amounts && currency_column.nullable {
        return;
    }
    let given = options.defaults.currency.map(|c| (c.code().to_owned(), "given by --currency".to_owned()));
    match given.or_else(|| currency(best, looked)) {
        Some((code, why)) => {
            let _ = writeln!(toml, "currency = \"{code}\"   # ? no column says the currency; {why}: check");
            reasons.push(format!("currency = {code}: {why}; check"));
            mapping.constants.insert("currency".into(), code);
        }
        None => toml.push_str("# currency = \"EUR\"   # required: nothing in the file says the currency\n"),
    }
}

/// What a file of one network says nowhere, because all its rows are of it.
fn of_interactions(mapping: &mut Mapping, toml: &mut String) {
    if !mapping.columns.contains_key("kind") && mapping.columns.contains_key("text") {
        toml.push_str("kind = \"comment\"   # no column says the kind: what has a text is a comment\n");
        mapping.constants.insert("kind".into(), "comment".into());
    }
    if !mapping.columns.contains_key("platform") {
        toml.push_str("# platform = \"instagram\"   # required: the network that the file is from\n");
    }
}

fn reading(best: &Trial, looked: &Looked, options: &ReadOptions, mapping: &mut Mapping, toml: &mut String) {
    if looked.delimiter != 0 {
        let delimiter =
            if looked.delimiter == b'\t' { "\\t".to_owned() } else { char::from(looked.delimiter).to_string() };
        let _ = writeln!(toml, "delimiter = {}   # gives rows as wide as the header", quoted(&delimiter));
        mapping.read.delimiter = Some(delimiter);
    }
    let _ = writeln!(toml, "decimal = \"{}\"   # as the numbers of the first rows are written", looked.mark.char());
    mapping.read.decimal = Some(looked.mark.char().to_string());
    let mut evidence = Evidence::default();
    for (want, choice) in &best.chosen {
        let column = schema::table(schema::Zone::Raw, best.candidate.table)
            .and_then(|t| t.column(best.candidate.wants[*want].column));
        if column.is_some_and(|c| matches!(c.kind, Kind::Day | Kind::Instant)) {
            looked.columns[choice.column].iter().for_each(|c| evidence.see(c, 0));
        }
    }
    if let Some(order) = options.defaults.date_order {
        let _ = writeln!(toml, "date_order = \"{}\"   # as asked for", order.name());
        mapping.read.date_order = Some(order.name().into());
    } else if evidence.undecided() {
        let example = evidence.example.as_ref().map_or("", |(_, text)| text.as_str());
        let _ = writeln!(
            toml,
            "# date_order = \"day-first\"   # ? `{example}` can be read in two ways, and no date of the first rows decides"
        );
    }
    if let Some((name, _)) = &looked.sheet {
        let _ = writeln!(toml, "sheet = {}", quoted(name));
        mapping.read.sheet = Some(name.clone());
    }
}

/// A TOML basic string.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// The currency by a sign in the amounts, else by the country of most rows.
fn currency(best: &Trial, looked: &Looked) -> Option<(String, String)> {
    let column = |name: &str| {
        let found = best.chosen.iter().find(|(w, _)| best.candidate.wants[**w].column == name);
        found.map(|(_, choice)| &looked.columns[choice.column])
    };
    let amounts = ["unit_price", "amount", "price", "cost", "spend"].into_iter().find_map(column);
    for (sign, code) in
        [("€", "EUR"), ("£", "GBP"), ("₹", "INR"), ("₫", "VND"), ("฿", "THB"), ("zł", "PLN"), ("R$", "BRL")]
    {
        if amounts.is_some_and(|a| a.iter().filter(|p| p.contains(sign)).count() * 2 > a.len()) {
            return Some((code.to_owned(), format!("the prices carry {sign}")));
        }
    }
    let mut counts: BTreeMap<&str, (usize, &str)> = BTreeMap::new();
    for country in column("country").or_else(|| column("market"))?.iter().filter_map(|c| country_by_name(c)) {
        counts.entry(country.currency.code()).or_insert((0, country.name)).0 += 1;
    }
    let (code, (_, name)) = counts.into_iter().max_by_key(|(_, (n, _))| *n)?;
    Some((code.to_owned(), format!("most rows are from countries with it, such as {name}")))
}
