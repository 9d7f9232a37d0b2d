//! `portolan decide rehearse`: how the plan fares with the stock there is, and what others in the same worlds would have brought.

use super::{Opened, none, objects};
use crate::output;
use anyhow::Result;
use domain::Market;
use serde_json::{Value, json};

pub(super) async fn rehearse(opened: &Opened, market: Market, json: bool) -> Result<()> {
    let sql = format!(
        "select figure, value, low, high, level, unit, n, formula from marts.decision_figures where market = '{market}' \
         and figure in ('decide.margin', 'decide.loss', 'decide.out_of_stock', 'decide.units_lost', 'decide.money_needed', \
         'decide.regret') order by figure"
    );
    let figures = objects(opened, &sql).await?;
    if figures.is_empty() {
        return Err(none(market, "no rehearsal"));
    }
    let sql = format!(
        "select place, candidate, margin, regret, best from marts.rehearsal where market = '{market}' order by place"
    );
    let others = objects(opened, &sql).await?;
    let sql = format!("select place, input, low, high from marts.sensitivity where market = '{market}' order by place");
    let inputs = objects(opened, &sql).await?;
    if json {
        return output::json(&json!({"market": market, "figures": figures, "plans": others, "inputs": inputs}));
    }
    let number = |v: &Value| match v.as_f64() {
        Some(x) if x.abs() >= 100.0 => format!("{x:.0}"),
        Some(x) => format!("{x:.2}"),
        None => String::new(),
    };
    let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
    let cells = figures.iter().map(|f| {
        vec![text(&f["figure"]), number(&f["value"]), number(&f["low"]), number(&f["high"]), text(&f["unit"])]
    });
    output::table(&["over the worlds", "mean", "from", "to", "unit"], &[1, 2, 3], cells.collect());
    if others.is_empty() {
        output::line(
            "nobody counted stock for this market, so nothing is said about empty shelves: `portolan ingest` takes a stock table",
        );
    } else {
        let cells = others
            .iter()
            .map(|r| vec![text(&r["candidate"]), number(&r["margin"]), number(&r["regret"]), number(&r["best"])]);
        output::table(&["plan", "mean margin", "mean regret", "best in"], &[1, 2, 3], cells.collect());
    }
    let cells = inputs.iter().map(|r| vec![text(&r["input"]), number(&r["low"]), number(&r["high"])]);
    output::table(&["what it hangs on", "margin at its 5 %", "at its 95 %"], &[1, 2], cells.collect());
    Ok(())
}
