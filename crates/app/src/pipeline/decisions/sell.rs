//! What may be sold where: every product of the catalogue against the rules of every market.

use super::inputs::Inputs;
use crate::pipeline::batch::Columns;
use anyhow::Result;
use arrow::array::RecordBatch;
use decide::sellability::{CatalogueRow, Explained, ExplainedChange, ProductFacts, Rulebook};
use domain::{Day, Market};
use serde_json::{Value, json};

/// The verdict for a product in a market.
pub(super) struct Verdict {
    pub(super) market: Market,
    /// Place in [`Inputs::products`].
    pub(super) product: usize,
    pub(super) explained: Explained,
    /// Columns of the catalogue that would tell more.
    missing: Vec<&'static str>,
}

/// Facts of every product, in the order of [`Inputs::products`].
pub(super) fn facts(inputs: &Inputs, rules: &Rulebook) -> Vec<ProductFacts> {
    let row = |p: &super::inputs::Product| {
        let [range, marks, languages, battery, liquid] = p.stated.each_ref().map(Option::as_deref);
        let row = CatalogueRow {
            name: &p.name,
            description: &p.description,
            category: &p.category,
            voltage_v: p.voltage_v,
            voltage_range: range,
            plug: p.plug.as_deref(),
            wattage_w: p.wattage_w,
            sides_cm: p.size_cm,
            weight_kg: p.weight_kg,
            marks,
            label_languages: languages,
            battery,
            battery_wh: p.battery_wh,
            liquid,
        };
        ProductFacts::from_catalogue(&row, rules.kinds())
    };
    inputs.products.iter().map(row).collect()
}

/// Verdicts of the day, by market, then product. A market without rules has none.
pub(super) fn judge(rules: &Rulebook, facts: &[ProductFacts], markets: &[Market], day: Day) -> Vec<Verdict> {
    let mut all = Vec::new();
    for &market in markets {
        let here = rules.market(market, day);
        if !here.is_known() {
            continue;
        }
        all.extend(facts.iter().enumerate().map(|(product, facts)| {
            let judgement = here.judge(facts);
            let missing = judgement.missing_columns().into_iter().collect();
            Verdict { market, product, explained: rules.explain(&judgement), missing }
        }));
    }
    all
}

/// A change with its rough cost in major units, which is null where the rule states none.
fn change(change: &ExplainedChange) -> Value {
    let [low, high] =
        [change.cost.map(|c| c.0), change.cost.map(|c| c.1)].map(|m| m.map(|m| m.to_decimal().to_string()));
    json!({
        "kind": change.kind,
        "rule": change.rule,
        "en": change.said.en,
        "zh": change.said.zh,
        "cost_low": low,
        "cost_high": high,
        "currency": change.cost.map(|c| c.0.currency.to_string()),
    })
}

/// `marts.sellability`.
pub(super) fn table(inputs: &Inputs, verdicts: &[Verdict]) -> Result<RecordBatch> {
    let rules = |v: &Verdict| v.explained.cited.iter().map(|c| c.id.as_str()).collect::<Vec<_>>().join(" ");
    let changes = |v: &Verdict| Value::from(v.explained.changes.iter().map(change).collect::<Vec<_>>()).to_string();
    Columns::default()
        .text("market", verdicts.iter().map(|v| v.market.code().to_owned()))
        .text("product_id", verdicts.iter().map(|v| inputs.products[v.product].id.as_str()))
        .text("verdict", verdicts.iter().map(|v| v.explained.code))
        .text("rules", verdicts.iter().map(rules))
        .truth("verify", verdicts.iter().map(|v| v.explained.verify))
        .text("en", verdicts.iter().map(|v| v.explained.said.en.as_str()))
        .text("zh", verdicts.iter().map(|v| v.explained.said.zh.as_str()))
        .text("missing", verdicts.iter().map(|v| v.missing.join(" ")))
        .optional_text("changes", verdicts.iter().map(|v| Some(changes(v))))
        .batch()
}
