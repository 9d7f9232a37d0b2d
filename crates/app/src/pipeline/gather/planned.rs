//! What the plan's own prices and promotions make of the forecast, from `marts.planned`.

use super::Gatherer;
use super::decided::money;
use crate::pipeline::rows::Rows;
use anyhow::Result;
use decide::Said;
use decide::plan::{Metric, PlannedRow, PlannedSubject};
use domain::{Currency, Figure, Market};

/// Categories and products that are shown.
const CATEGORIES: usize = 40;
const PRODUCTS: usize = 20;

/// Cells of a column.
type Column = Vec<Option<f64>>;

impl Gatherer<'_> {
    /// The market, its categories by sales, and the products that move most.
    pub(super) async fn planned_rows(&self, market: Market) -> Result<Vec<PlannedRow>> {
        let query = format!(
            "select * from marts.planned where market = '{market}' order by case when subject = 'market' then 0 \
             when subject like 'category:%' then 1 else 2 end, case when subject like 'product:%' then abs(units - units_now) \
             else coalesce(sales, 0) end desc, subject"
        );
        let rows = Rows::query(self.engine, &query).await?;
        let (subjects, currencies, level) = (rows.texts("subject")?, rows.texts("currency")?, rows.floats("level")?);
        let [now, now_low, now_high] = ["units_now", "units_now_low", "units_now_high"].map(|c| rows.floats(c));
        let [units, units_low, units_high] = ["units", "units_low", "units_high"].map(|c| rows.floats(c));
        let [sales, sales_low, sales_high] = ["sales", "sales_low", "sales_high"].map(|c| rows.floats(c));
        let [margin, margin_low, margin_high] = ["margin", "margin_low", "margin_high"].map(|c| rows.floats(c));
        let (now, units, sales, margin) = (
            (now?, now_low?, now_high?),
            (units?, units_low?, units_high?),
            (sales?, sales_low?, sales_high?),
            (margin?, margin_low?, margin_high?),
        );
        let (by_price, by_promotion) = (rows.floats("by_price")?, rows.floats("by_promotion")?);
        let (en, zh) = (rows.texts("en")?, rows.texts("zh")?);
        let mut left = [1, CATEGORIES, PRODUCTS];
        let mut found = Vec::new();
        for i in 0..subjects.len() {
            let Some((subject, id)) = PlannedSubject::of(&subjects[i]) else { continue };
            let room = &mut left[subject as usize];
            let still = subject == PlannedSubject::Product && by_price[i] == Some(0.0) && by_promotion[i] == Some(0.0);
            if *room == 0 || still {
                continue;
            }
            *room -= 1;
            let level = level[i].unwrap_or(0.9);
            let count = |metric: Metric, x: Option<f64>| {
                metric.number_of(&subjects[i], x.unwrap_or(f64::NAN).round(), 0, &query)
            };
            let between = |figure: Figure, low: Option<f64>, high: Option<f64>| {
                low.zip(high).map_or(figure.clone(), |(low, high)| figure.interval(low, high, level))
            };
            let whole = |x: Option<f64>, to: fn(f64) -> f64| x.map(to);
            let amount = |metric: Metric, of: &(Column, Column, Column)| {
                let currency: Currency = currencies[i].parse().ok()?;
                let figure = metric.money_of(&subjects[i], money(of.0[i]?, currency)?, 0, &query);
                Some(between(figure, of.1[i], of.2[i]))
            };
            found.push(PlannedRow {
                subject,
                name: if subject == PlannedSubject::Product { self.product(id).1 } else { id.to_owned() },
                now: between(
                    count(Metric::PlannedNow, now.0[i]),
                    whole(now.1[i], f64::floor),
                    whole(now.2[i], f64::ceil),
                ),
                units: between(
                    count(Metric::PlannedUnits, units.0[i]),
                    whole(units.1[i], f64::floor),
                    whole(units.2[i], f64::ceil),
                ),
                by_price: count(Metric::PlannedByPrice, by_price[i]),
                by_promotion: count(Metric::PlannedByPromotion, by_promotion[i]),
                sales: amount(Metric::PlannedSales, &sales),
                margin: amount(Metric::PlannedMargin, &margin),
                why: Said::new(en[i].clone(), zh[i].clone()),
            });
        }
        Ok(found)
    }
}
