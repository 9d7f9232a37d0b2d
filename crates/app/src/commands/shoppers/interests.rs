//! `portolan shoppers interests`: how one shopper's attention is spread over categories, and what its goods speak for.
//!
//! Interests come from purchases, views and searches that fade; values from the words of the goods that it bought and of
//! the reviews that it wrote ([`crate::values`]), with the words around as evidence. It is no test of a personality.

use super::super::Opened;
use crate::exit::{Exit, Stop};
use crate::output;
use crate::pipeline::queries::{VIEWS, names};
use crate::pipeline::rows::Rows;
use crate::values::Searched;
use anyhow::Result;
use audience::segments::interests::{InterestDeed, InterestKind, InterestParams, Interests, ValueScore};
use serde_json::json;

/// What a shopper did with categories: purchases, views, and searches that name one.
async fn deeds(opened: &Opened, quoted: &str) -> Result<Vec<InterestDeed>> {
    let views = names(VIEWS);
    let sql = format!(
        "select 'b' as kind, l.day, coalesce(p.category, '') as category from clean.order_lines l \
         join clean.products p on p.product_id = l.product_id where l.settled and l.shopper_id = '{quoted}' \
         union all select 'v', cast(e.occurred_at as date), coalesce(p.category, '') from clean.events e \
         join clean.products p on p.product_id = e.product_id where e.shopper_id = '{quoted}' and e.name in ({views}) \
         union all select 's', cast(e.occurred_at as date), c.category from clean.events e \
         join (select distinct category, lower(split_part(category, ' > ', 1)) as head from clean.products where category is not null) c \
         on strpos(lower(e.query), c.head) > 0 where e.shopper_id = '{quoted}' and e.query is not null"
    );
    let rows = Rows::query(&opened.engine, &sql).await?;
    let (kinds, days, categories) = (rows.texts("kind")?, rows.days("day")?, rows.texts("category")?);
    let deed = |i: usize| InterestDeed {
        day: days[i],
        category: categories[i].clone(),
        kind: match kinds[i].as_str() {
            "b" => InterestKind::Bought,
            "v" => InterestKind::Viewed,
            _ => InterestKind::Searched,
        },
    };
    Ok((0..kinds.len()).filter(|i| !categories[*i].is_empty()).map(deed).collect())
}

pub(super) async fn interests(opened: &Opened, shopper: &str, json: bool) -> Result<()> {
    let quoted = shopper.replace('\'', "''");
    let known = format!("select 1 as one from clean.shoppers where shopper_id = '{quoted}'");
    if Rows::query(&opened.engine, &known).await?.len() == 0 {
        let next = "`portolan sql \"select shopper_id from clean.shoppers limit 10\"` shows some";
        return Err(Stop::error(Exit::Missing, format!("there is no shopper `{shopper}`"), next));
    }
    let as_of = crate::segments::cutoff(&opened.engine).await?;
    let Interests { shares, evidence } = InterestParams::default().of(&deeds(opened, &quoted).await?, as_of)?;
    let bought = format!(
        "select distinct product_id as id from clean.order_lines where settled and shopper_id = '{quoted}' \
         and product_id is not null order by product_id"
    );
    let bought = Rows::query(&opened.engine, &bought).await?.texts("id")?;
    let written =
        format!("select review_id as id from clean.reviews where shopper_id = '{quoted}' order by source, line");
    let written = Rows::query(&opened.engine, &written).await?.texts("id")?;
    let (bought, written): (Vec<&str>, Vec<&str>) =
        (bought.iter().map(String::as_str).collect(), written.iter().map(String::as_str).collect());
    let values = Searched::load(&opened.engine, &opened.workspace.root).await?.of(&bought, &written);
    let speaking: Vec<&ValueScore> = values.iter().filter(|v| v.hits > 0 && v.lift > 1.0).collect();
    if json {
        let shares: Vec<_> = shares.iter().map(|(name, share)| json!({"category": name, "share": share})).collect();
        let values: Vec<_> = values
            .iter()
            .map(|v| {
                json!({"value": v.value, "score": v.score, "lift": v.lift, "hits": v.hits, "texts": v.texts,
                    "evidence": v.evidence})
            })
            .collect();
        return output::json(&json!({"shopper": shopper, "as_of": as_of, "interests": shares, "evidence": evidence,
            "values": values}));
    }
    if shares.is_empty() {
        output::line(&format!("{shopper} has bought, viewed and searched nothing whose category is known"));
    } else {
        let cells = shares.iter().map(|(name, share)| vec![name.clone(), format!("{:.0} %", 100.0 * share)]);
        output::table(&["interest", "share of the attention"], &[1], cells.collect());
        output::line(&format!("It rests on {evidence:.1} purchases of today's weight."));
    }
    if speaking.is_empty() {
        output::line("No value is spoken for by its goods more than by all goods.");
    }
    for v in speaking {
        output::line(&format!(
            "{}: {} of {} goods and reviews, {:.1} times the usual",
            v.value, v.hits, v.texts, v.lift
        ));
        v.evidence.iter().for_each(|words| output::line(&format!("    “{words}”")));
    }
    Ok(())
}
