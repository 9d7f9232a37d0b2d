//! clean.ad_spend: what a campaign spent on a day.

use super::{At, Origin, Placed, Sweep, TableOut};
use crate::columns::{Reader, batch, clean_table, day_array, int_array, must_amounts, must_ints, must_texts};
use crate::rules::text::normalize;
use crate::rules::{Rule, missing_key};
use crate::survey::Surveyed;
use crate::{CleanError, CleanParams};
use arrow_array::RecordBatch;
use domain::{Currency, Day};
use std::collections::BTreeMap;

struct Row {
    at: At,
    spend: i64,
    currency: Currency,
    impressions: Option<i64>,
    clicks: Option<i64>,
}

impl Placed for Row {
    fn at(&self) -> &At {
        &self.at
    }
}

/// Cleans raw.ad_spend. Rows of one day, market, channel and campaign replace each other: platforms
/// restate yesterday's spend in the next export. A channel or campaign without a name is `none`.
///
/// # Errors
/// [`CleanError`] for batches of another layout.
pub fn ad_spend(batches: &[RecordBatch], surveyed: &Surveyed, params: &CleanParams) -> Result<TableOut, CleanError> {
    let mut sweep = Sweep::new("ad_spend", surveyed, params);
    let mut kept: BTreeMap<(Day, String, String, String), Row> = BTreeMap::new();
    for raw in batches {
        let r = Reader::new("ad_spend", raw);
        let origin = Origin::new(r)?;
        let (day, market, channel, campaign) =
            (r.days("day")?, r.text("market")?, r.text("channel")?, r.text("campaign")?);
        let (spend, currency) = (r.amounts("spend")?, r.text("currency")?);
        let (impressions, clicks) = (r.ints("impressions")?, r.ints("clicks")?);
        for row in 0..raw.num_rows() {
            let rules = [
                Rule::MissingValue,
                Rule::FutureDate,
                Rule::ImpossiblePrice,
                Rule::Currency,
                Rule::Country,
                Rule::RecordRepeat,
            ];
            let at = sweep.row(&origin, row, &rules);
            let Some(day) = day.get(row) else {
                sweep.reject(missing_key::missing("day", "the day of the spend"));
                continue;
            };
            let Some(day) = sweep.past(Day(day), "day") else { continue };
            let Some(currency) = sweep.currency(currency.get(row)) else { continue };
            let Some(spend) = sweep.not_negative(spend.get(row), "spend") else { continue };
            let market = sweep.market(market.get(row)).code().to_owned();
            let word = |text: Option<&str>| text.map_or_else(|| "none".to_owned(), |t| normalize(t).into_owned());
            let key = (day, market, word(channel.get(row)), word(campaign.get(row)));
            let name = format!("{} {} {} {}", key.0, key.1, key.2, key.3);
            let new = Row { at, spend, currency, impressions: impressions.get(row), clicks: clicks.get(row) };
            sweep.keep_later(&mut kept, key, &name, new);
        }
    }
    let table = batch(
        clean_table("ad_spend"),
        vec![
            day_array(kept.keys().map(|k| Some(k.0.0))),
            must_texts(kept.keys().map(|k| &k.1)),
            must_texts(kept.keys().map(|k| &k.2)),
            must_texts(kept.keys().map(|k| &k.3)),
            must_amounts(kept.values().map(|r| r.spend)),
            must_texts(kept.values().map(|r| r.currency.code().to_owned())),
            int_array(kept.values().map(|r| r.impressions)),
            int_array(kept.values().map(|r| r.clicks)),
            must_texts(kept.values().map(|r| &r.at.source)),
            must_ints(kept.values().map(|r| r.at.line)),
        ],
    );
    Ok(sweep.finish(table))
}
