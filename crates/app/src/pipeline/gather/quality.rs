//! What cleaning found: in this market, where an order line shows it, and in all data.

use super::Gatherer;
use crate::pipeline::rows::Rows;
use anyhow::Result;
use decide::plan::{CaveatEvidence, Metric, SourceEvidence};
use domain::Market;
use std::collections::BTreeMap;

/// Rules of cleaning, and of reading, whose rows are in the rejects alone. A rejected value may be
/// personal, so only the samples of cleaning are shown.
const ALL: &str = "select rule, sum(touched) as n, min(sample) as sample from (\
    select rule, touched, sample from clean.rule_counts \
    union all select rule, 1 as touched, cast(null as varchar) as sample from rejects.rows where stage = 'read'\
    ) group by rule having sum(touched) > 0 order by n desc, rule";

/// Gates that failed and were allowed.
const ALLOWED: &str = "select gate, failing, says from marts.gates where result = 'allowed' order by gate";

impl Gatherer<'_> {
    /// Gates that an operator overrode, then rules that touched something, this market's first, then by rows in all data.
    pub(super) async fn caveats(&self, market: Market) -> Result<Vec<CaveatEvidence>> {
        let rows = Rows::query(self.engine, ALL).await?;
        let (rules, n, samples) = (rows.texts("rule")?, rows.ints("n")?, rows.texts("sample")?);
        let query = format!(
            "select rule, n_lines from marts.market_quality where market = '{market}' order by n_lines desc, rule"
        );
        let here = Rows::query(self.engine, &query).await?;
        let here: BTreeMap<String, i64> = here.texts("rule")?.into_iter().zip(here.ints("n_lines")?).collect();
        let mut caveats: Vec<CaveatEvidence> = (0..rows.len())
            .map(|i| CaveatEvidence {
                rule: rules[i].clone(),
                rows: Metric::CaveatRows.number(n[i] as f64, n[i].unsigned_abs(), ALL),
                here: here.get(&rules[i]).map(|&n| Metric::CaveatRowsHere.number(n as f64, n.unsigned_abs(), &query)),
                sample: samples[i].clone(),
            })
            .collect();
        // Stable: the order of the query stays inside each part.
        caveats.sort_by_key(|c| std::cmp::Reverse(c.here.as_ref().map_or(0, |f| f.n)));
        // What an operator overrode comes before everything that rules found.
        let rows = Rows::query(self.engine, ALLOWED).await?;
        let (gates, n, says) = (rows.texts("gate")?, rows.ints("failing")?, rows.texts("says")?);
        let allowed = (0..rows.len()).map(|i| CaveatEvidence {
            rule: format!("failed gate {}", gates[i]),
            rows: Metric::CaveatRows.number(n[i] as f64, n[i].unsigned_abs(), ALLOWED),
            here: None,
            sample: says[i].clone(),
        });
        Ok(allowed.chain(caveats).collect())
    }
}

impl Gatherer<'_> {
    /// The files that all data came from; orders of a market say so, because a model may learn from all.
    pub(super) async fn sources(&self, market: Market) -> Result<Vec<SourceEvidence>> {
        let query = format!(
            "select s.name, s.source, s.table_name, s.licence, s.origin, coalesce(cast(s.obtained as varchar), '') as obtained, \
             case when s.table_name <> 'order_lines' or l.source is not null then 1 else 0 end as here \
             from raw.sources s left join (select distinct source from clean.order_lines where market = '{market}') l \
             on l.source = s.source order by s.sequence"
        );
        let rows = Rows::query(self.engine, &query).await?;
        let (names, sources, tables) = (rows.texts("name")?, rows.texts("source")?, rows.texts("table_name")?);
        let (licences, origins) = (rows.optional_texts("licence")?, rows.optional_texts("origin")?);
        let (days, here) = (rows.texts("obtained")?, rows.ints("here")?);
        Ok((0..rows.len())
            .map(|i| SourceEvidence {
                name: names[i].clone(),
                source: sources[i].clone(),
                table: tables[i].clone(),
                here: here[i] == 1,
                licence: licences[i].clone(),
                origin: origins[i].clone(),
                obtained: days[i].parse().ok(),
            })
            .collect())
    }
}

/// The caveat about products with more buyers than the market has shoppers.
pub(super) fn contradiction(products: &[String], source: &str) -> Option<CaveatEvidence> {
    let n = products.len() as u64;
    products.first().map(|first| CaveatEvidence {
        rule: "buyers_exceed_shoppers".to_owned(),
        rows: Metric::CaveatRows
            .number(n as f64, n, source)
            .formula("number of listed products with more buyers than the market has shoppers"),
        here: Some(Metric::CaveatRowsHere.number(n as f64, n, source)),
        sample: first.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contradicting_products_are_counted_and_the_first_is_named() {
        assert_eq!(contradiction(&[], "q"), None);
        let caveat = contradiction(&["A".to_owned(), "B".to_owned()], "q").unwrap();
        assert_eq!((caveat.rows.as_f64(), caveat.sample.as_str()), (Some(2.0), "A"));
    }
}
