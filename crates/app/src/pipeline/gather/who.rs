//! Who buys: segments and how they buy, groups found by clustering, who came back and when.

use super::Gatherer;
use crate::pipeline::rows::Rows;
use anyhow::{Result, anyhow};
use audience::cohorts::{CohortCount, Retention, retention};
use audience::market_profile::{MarketCounts, Subject};
use audience::repeat::Replenishment;
use audience::{Month, Segment};
use decide::plan::{
    ClusterCandidate, ClusterEvidence, ClusterRow, Cohort, CohortEvidence, Metric, RepeatEvidence, SegmentEvidence,
    SegmentHabits, Trust,
};
use domain::{Amount, Decimal, Figure, Market, Money, Rounding};

impl Gatherer<'_> {
    pub(super) async fn segments(&self, market: Market) -> Result<Vec<SegmentEvidence>> {
        let query = format!("select * from marts.segment_summary where market = '{market}' order by segment");
        let rows = Rows::query(self.engine, &query).await?;
        let (keys, n, revenue) = (rows.texts("segment")?, rows.ints("n_shoppers")?, rows.amounts("revenue")?);
        let (orders, repeat) = (rows.ints("n_orders")?, rows.ints("n_repeat_shoppers")?);
        let (lines, units) = (rows.ints("n_lines")?, rows.ints("n_units")?);
        let (returned, sd) = (rows.amounts("returned")?, rows.floats("order_sd")?);
        let cohorts = self.segment_retention(market).await?;
        let all_shoppers: u64 = n.iter().map(|n| n.unsigned_abs()).sum();
        let all_revenue: Amount = revenue.iter().copied().sum();
        let mut out = Vec::new();
        for segment in Segment::ALL {
            let Some(i) = keys.iter().position(|k| k == segment.key()) else { continue };
            let shoppers = n[i].unsigned_abs();
            let counts = MarketCounts {
                market,
                currency: self.currency,
                n_orders: orders[i].unsigned_abs(),
                n_shoppers: shoppers,
                n_repeat_shoppers: repeat[i].unsigned_abs(),
                n_lines: lines[i].unsigned_abs(),
                n_units: units[i].unsigned_abs(),
                revenue_gross: revenue[i],
                revenue_returned: returned[i].min(Amount::ZERO),
                order_value_sd: sd[i],
                months: Vec::new(),
            };
            let curve = cohorts.iter().find(|(s, _)| *s == segment).map(|(_, curve)| curve.clone());
            out.push(SegmentEvidence {
                key: segment.key().to_owned(),
                shoppers: Metric::SegmentShoppers.number(shoppers as f64, shoppers, &query),
                revenue: Some(Metric::SegmentRevenue.money(self.money(revenue[i])?, shoppers, &query)),
                revenue_share: Metric::SegmentRevenueShare.number(
                    revenue[i].to_f64() / all_revenue.to_f64(),
                    all_shoppers,
                    &query,
                ),
                habits: Some(habits(&counts, segment, &query, curve.unwrap_or_default())?),
            });
        }
        Ok(out)
    }

    /// The pooled retention of each segment.
    async fn segment_retention(&self, market: Market) -> Result<Vec<(Segment, Vec<Figure>)>> {
        let query = format!(
            "select segment, cohort, months_since, n_shoppers from marts.segment_cohorts where market = '{market}' \
             order by segment, cohort, months_since"
        );
        let rows = Rows::query(self.engine, &query).await?;
        let keys = rows.texts("segment")?;
        let counts = cohort_counts(&rows)?;
        let mut out = Vec::new();
        for segment in Segment::ALL {
            let own: Vec<CohortCount> =
                counts.iter().zip(&keys).filter(|(_, key)| *key == segment.key()).map(|(count, _)| *count).collect();
            let retention = retention(&own, self.last_whole_month())?;
            let source = format!("{query} -- months up to {}", self.last_whole_month());
            out.push((segment, curve(&retention, Metric::SegmentRetention, &source)));
        }
        Ok(out)
    }

    pub(super) async fn clusters(&self, market: Market) -> Result<Option<ClusterEvidence>> {
        let query = format!(
            "select cluster, count(*) as n, median(cast(recency_days as double)) as recency, median(cast(frequency as double)) as frequency, \
             median(cast(monetary as double)) as monetary from marts.segments where market = '{market}' and cluster is not null \
             group by cluster order by n desc, cluster"
        );
        let rows = Rows::query(self.engine, &query).await?;
        let all = "select cluster, label, label_zh, n_shoppers, stability, stability_low, stability_high, \
                   cast(trusted as int) as trusted from marts.clusters order by cluster";
        let whole = Rows::query(self.engine, all).await?;
        if rows.len() == 0 || whole.len() == 0 {
            return Ok(None);
        }
        let n_all = whole.ints("n_shoppers")?.iter().map(|n| n.unsigned_abs()).sum();
        let at = |name: &str| Ok::<_, anyhow::Error>(whole.floats(name)?.first().copied().flatten());
        let (value, low, high) = (at("stability")?, at("stability_low")?, at("stability_high")?);
        let stability = value.map(|value| {
            let figure = Metric::ClusterStability.number(value, n_all, all);
            figure.interval(low.unwrap_or(f64::NAN), high.unwrap_or(f64::NAN), 0.95)
        });
        let numbers = whole.ints("cluster")?;
        let (english, chinese) = (whole.texts("label")?, whole.texts("label_zh")?);
        let label = |labels: &[String], cluster: i64| {
            let found = numbers.iter().position(|c| *c == cluster).and_then(|i| labels.get(i));
            found.cloned().unwrap_or_default()
        };
        let (clusters, n) = (rows.ints("cluster")?, rows.ints("n")?);
        let (recency, frequency, spend) =
            (rows.floats("recency")?, rows.floats("frequency")?, rows.floats("monetary")?);
        let groups = (0..rows.len())
            .map(|i| {
                let size = n[i].unsigned_abs();
                let spend = Decimal::from_f64_retain(spend[i].unwrap_or(0.0)).unwrap_or_default();
                let spend = Money::from_decimal(spend, self.currency, Rounding::HalfEven)?;
                Ok(ClusterRow {
                    label_en: label(&english, clusters[i]),
                    label_zh: label(&chinese, clusters[i]),
                    shoppers: Metric::ClusterShoppers.number(size as f64, size, &query),
                    recency: Metric::ClusterRecency.number(recency[i].unwrap_or(f64::NAN), size, &query),
                    frequency: Metric::ClusterFrequency.number(frequency[i].unwrap_or(f64::NAN), size, &query),
                    spend: Metric::ClusterSpend.money(spend, size, &query),
                })
            })
            .collect::<Result<_>>()?;
        let trust = trust(whole.ints("trusted")?.first().copied().unwrap_or(0));
        Ok(Some(ClusterEvidence { stability, trust, candidates: self.candidates(n_all).await?, rows: groups }))
    }

    async fn candidates(&self, n_shoppers: u64) -> Result<Vec<ClusterCandidate>> {
        let query = "select k, silhouette, stability, stability_low, stability_high, smallest, \
                     cast(trusted as int) as trusted from marts.cluster_candidates order by k";
        let rows = Rows::query(self.engine, query).await?;
        let (k, smallest, trusted) = (rows.ints("k")?, rows.ints("smallest")?, rows.ints("trusted")?);
        let (silhouette, stability) = (rows.floats("silhouette")?, rows.floats("stability")?);
        let (low, high) = (rows.floats("stability_low")?, rows.floats("stability_high")?);
        let number = |x: Option<f64>| x.unwrap_or(f64::NAN);
        let row = |i: usize| ClusterCandidate {
            k: u32::try_from(k[i]).unwrap_or_default(),
            silhouette: Metric::ClusterSilhouette.number(number(silhouette[i]), n_shoppers, query),
            stability: Metric::ClusterStability.number(number(stability[i]), n_shoppers, query).interval(
                number(low[i]),
                number(high[i]),
                0.95,
            ),
            smallest: Metric::ClusterSmallest.number(smallest[i] as f64, smallest[i].unsigned_abs(), query),
            trust: trust(trusted[i]),
        };
        Ok((0..rows.len()).map(row).collect())
    }

    pub(super) async fn cohorts(&self, market: Market) -> Result<Option<CohortEvidence>> {
        let query = format!(
            "select cohort, months_since, n_shoppers from marts.cohorts where market = '{market}' order by cohort, months_since"
        );
        let rows = Rows::query(self.engine, &query).await?;
        let retention = retention(&cohort_counts(&rows)?, self.last_whole_month())?;
        let rows: Vec<Cohort> = retention
            .cohorts()
            .iter()
            .map(|cohort| Cohort {
                month: cohort.cohort.first_day(),
                shoppers: cohort.size,
                active: cohort.cells.iter().skip(1).map(|cell| cell.n_active).collect(),
            })
            .collect();
        let source = format!("{query} -- months up to {}", self.last_whole_month());
        let (curve, steepest) = (curve(&retention, Metric::Retention, &source), retention.steepest_drop());
        let evidence = CohortEvidence { source: query, rows, curve, steepest: steepest.map(|(month, _)| month) };
        Ok((!evidence.rows.is_empty()).then_some(evidence))
    }

    /// When shoppers who come back do so, checked on the last quarter of the months.
    pub(super) async fn repeat(&self, market: Market) -> Result<Option<RepeatEvidence>> {
        let query = format!(
            "select month, gap_days, n_gaps from marts.repeat_gaps where market = '{market}' order by month, gap_days"
        );
        let rows = Rows::query(self.engine, &query).await?;
        let (months, days, n) = (rows.days("month")?, rows.ints("gap_days")?, rows.ints("n_gaps")?);
        let gaps = |keep: &dyn Fn(Month) -> bool| -> Vec<u32> {
            let kept = (0..rows.len()).filter(|&i| keep(Month::of(months[i])));
            let one = |i: usize| {
                let gap = u32::try_from(days[i]).unwrap_or_default();
                std::iter::repeat_n(gap, usize::try_from(n[i]).unwrap_or_default())
            };
            kept.flat_map(one).collect()
        };
        let timing = Replenishment::new(&gaps(&|_| true));
        if timing.n_gaps() == 0 {
            return Ok(None);
        }
        let n_gaps = timing.n_gaps() as u64;
        let due = timing.due_window().map(|(from, to)| {
            (Metric::RepeatDueFrom.number(from, n_gaps, &query), Metric::RepeatDueTo.number(to, n_gaps, &query))
        });
        let (first, last) = (Month::of(self.window.from), Month::of(self.window.to.plus(-1)));
        let split = first.plus((last.since(first) + 1) * 3 / 4);
        let earlier = Replenishment::new(&gaps(&|month| month < split));
        let source = format!("{query} -- learnt before {split}, checked from then on");
        let hit = earlier.backtest(&gaps(&|month| month >= split));
        Ok(Some(RepeatEvidence {
            gap: Metric::RepeatGap.adopt(timing.median(), &query),
            due,
            hit: hit.map(|figure| Metric::RepeatDueHit.adopt(figure, &source)),
        }))
    }

    /// The last month whose every day is in the data: a month cut off on its ninth day looks like a
    /// mass departure.
    fn last_whole_month(&self) -> Month {
        Month::of(self.window.to).plus(-1)
    }
}

fn trust(trusted: i64) -> Trust {
    if trusted == 0 { Trust::Orientation } else { Trust::Trusted }
}

fn cohort_counts(rows: &Rows) -> Result<Vec<CohortCount>> {
    let (cohort, since, n) = (rows.days("cohort")?, rows.ints("months_since")?, rows.ints("n_shoppers")?);
    let count = |i: usize| CohortCount {
        cohort: Month::of(cohort[i]),
        months_since: u32::try_from(since[i]).unwrap_or_default(),
        n_active: n[i].unsigned_abs(),
    };
    Ok((0..rows.len()).map(count).collect())
}

/// The pooled curve from one month after the first order on.
fn curve(retention: &Retention, metric: Metric, source: &str) -> Vec<Figure> {
    retention.curve().into_iter().skip(1).map(|figure| metric.adopt(figure, source)).collect()
}

fn habits(counts: &MarketCounts, segment: Segment, source: &str, retention: Vec<Figure>) -> Result<SegmentHabits> {
    let figures = counts.profile(Subject::Segment(segment))?;
    let adopt = |name: &str, metric: Metric| {
        let key = format!("segment.{}.{name}", segment.key());
        let found = figures.iter().find(|f| f.key == key).cloned();
        found.map(|f| metric.adopt(f, source)).ok_or_else(|| anyhow!("the profile has no `{key}`"))
    };
    Ok(SegmentHabits {
        orders: adopt("orders", Metric::SegmentOrders)?,
        basket: adopt("basket_value", Metric::SegmentBasket)?,
        repeat_rate: adopt("repeat_rate", Metric::SegmentRepeatRate)?,
        return_rate: adopt("return_rate", Metric::SegmentReturnRate)?,
        retention,
    })
}
