//! The line under a table whose figures rest on rows of general knowledge.

use super::objects;
use crate::commands::Opened;
use crate::output;
use anyhow::Result;
use domain::Market;

/// Whether a landed cost of the market, or of any, rests on a row that the seller has not stated.
pub(super) async fn floors(opened: &Opened, market: Option<Market>) -> Result<bool> {
    let here = market.map_or_else(String::new, |m| format!(" and market = '{m}'"));
    let sql = format!("select count(*) as n from marts.landed_costs where how like '%verify%'{here}");
    Ok(objects(opened, &sql).await?.first().and_then(|r| r["n"].as_i64()).unwrap_or(0) > 0)
}

/// Says so, in both languages.
pub(super) fn say(verify: bool) {
    if verify {
        output::line(
            "verify: floors, freight, duties and fees rest on general knowledge until lanes.toml and costs.toml have your own",
        );
        output::line("请核实：在 lanes.toml 与 costs.toml 填入自己的数据之前，底价、运费、关税与费用仅依据一般常识");
    }
}
