//! Control figures: what both sides of a comparison must agree on, to the last unit and digit.

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Figures by name. Whole numbers and decimal numbers as text, so that nothing is rounded.
pub(crate) type Control = BTreeMap<String, String>;

/// Our figures, each as the expression that computes it from the lake.
const FIGURES: &[(&str, &str)] = &[
    ("rows", "(select count(*) from order_lines)"),
    ("rejects", "(select count(*) from rejects.rows)"),
    ("orders", "(select count(*) from orders)"),
    ("shoppers", "(select count(*) from shoppers)"),
    ("products", "(select count(*) from products)"),
    ("codes_merged", "(select count(*) from merges where kind = 'product_code')"),
    ("repeats", "(select count(*) from order_lines where repeat)"),
    ("sum_amount", "(select cast(sum(amount) as varchar) from order_lines)"),
    ("settled", "(select count(*) from order_lines where settled)"),
    ("sum_settled", "(select cast(sum(amount) as varchar) from order_lines where settled)"),
    ("cancellations", "(select count(*) from order_lines where kind = 'cancellation')"),
    ("cancellations_matched", "(select count(reverses_line) from order_lines)"),
    ("units_returned", "(select sum(returned_quantity) from order_lines)"),
    ("services", "(select count(*) from order_lines where kind = 'service')"),
    ("bad_debts", "(select count(*) from order_lines where kind = 'bad_debt')"),
    ("adjustments", "(select count(*) from order_lines where kind = 'adjustment')"),
    ("gifts", "(select count(*) from order_lines where kind = 'gift')"),
    ("price_outliers", "(select count(*) from order_lines where flags like '%price_outlier%')"),
    ("quantity_outliers", "(select count(*) from order_lines where flags like '%quantity_outlier%')"),
];

/// The query whose single row holds all our figures.
pub(crate) fn query() -> String {
    let columns: Vec<String> = FIGURES.iter().map(|(name, expression)| format!("{expression} as {name}")).collect();
    format!("select {}", columns.join(", "))
}

/// Figures of a JSON object; an empty sum is 0.
pub(crate) fn of_object(object: &Map<String, Value>) -> Result<Control> {
    object
        .iter()
        .map(|(name, value)| {
            let text = match value {
                Value::Null => "0".to_owned(),
                Value::Number(number) => number.to_string(),
                Value::String(text) => text.clone(),
                other => bail!("control figure {name} is {other}, neither a number nor a text"),
            };
            Ok((name.clone(), canonical(&text)))
        })
        .collect()
}

/// Figures of a peer: the last line that it printed is a JSON object.
pub(crate) fn of_output(stdout: &str) -> Result<Control> {
    let line = stdout.lines().last().unwrap_or_default();
    let object =
        serde_json::from_str(line).with_context(|| format!("the peer's last line is no JSON object: `{line}`"))?;
    of_object(&object)
}

/// A decimal number without zeros that mean nothing: `12.50` is `12.5`, `3.000` is `3`.
fn canonical(text: &str) -> String {
    let text = text.trim();
    let short = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text };
    if matches!(short, "-0" | "") { "0".to_owned() } else { short.to_owned() }
}

/// What differs, one line each; a figure that only one side has differs, too.
pub(crate) fn differences(ours: &Control, theirs: &Control) -> Vec<String> {
    let absent = "absent".to_owned();
    let names: std::collections::BTreeSet<&String> = ours.keys().chain(theirs.keys()).collect();
    names
        .into_iter()
        .filter_map(|name| {
            let (a, b) = (ours.get(name).unwrap_or(&absent), theirs.get(name).unwrap_or(&absent));
            (a != b).then(|| format!("{name}: ours {a}, the peer's {b}"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn control(value: Value) -> Control {
        of_object(value.as_object().expect("an object")).expect("figures")
    }

    #[test]
    fn amounts_agree_as_decimal_numbers_not_as_text() {
        let ours = control(json!({"rows": 3, "sum": "9747747.934000", "none": null}));
        let theirs = control(json!({"rows": "3", "sum": "9747747.934", "none": 0}));
        assert_eq!(differences(&ours, &theirs), Vec::<String>::new());
    }

    #[test]
    fn a_unit_more_and_a_missing_figure_are_both_told() {
        let ours = control(json!({"rows": 3, "repeats": 1}));
        let theirs = control(json!({"rows": 4}));
        assert_eq!(differences(&ours, &theirs), ["repeats: ours 1, the peer's absent", "rows: ours 3, the peer's 4"]);
    }

    #[test]
    fn zeros_of_whole_numbers_stay() {
        assert_eq!(canonical("100"), "100");
        assert_eq!(canonical("100.00"), "100");
        assert_eq!(canonical("-0.000"), "0");
        assert_eq!(canonical("-12.50"), "-12.5");
    }

    #[test]
    fn a_peers_figures_are_its_last_line() {
        let control = of_output("reading\n{\"rows\": 2}\n").expect("figures");
        assert_eq!(control.get("rows").map(String::as_str), Some("2"));
        assert!(of_output("no figures").is_err());
        assert!(of_output("{\"rows\": [1]}").is_err());
    }
}
