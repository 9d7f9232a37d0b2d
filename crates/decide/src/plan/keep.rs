//! Evidence to rows of the plan: the key of the row, the dictionary's formula where none was given,
//! and the minimum of data on every figure.

use super::evidence::{
    BundleEvidence, CaveatEvidence, ClusterCandidate, ClusterRow, Cohort, CohortEvidence, CurveEvidence, Glance,
    MonthEvidence, ProductEvidence, ReasonEvidence, RepeatEvidence, SegmentEvidence, SegmentHabits, ServingEvidence,
    Span, TrainedOn, TransferEvidence, TransferRow, TransferVerdict,
};
use super::launch::{Bundle, Caveat, CohortRow, Measured, MonthRow, Product, Reason, Season, SegmentRow};
use super::launch::{CurvePoint, Serving, Transfer};
use super::metric::Metric;
use super::minimums::Minimums;
use super::reach::{Reach, ReachRow};
use domain::{Day, Figure, FigureValue};

/// Buyers, or orders where nobody is known.
fn buyers_metric(figure: &Figure) -> Metric {
    let base = figure.key.split('[').next().unwrap_or_default();
    if base == Metric::ProductOrdersHere.key() { Metric::ProductOrdersHere } else { Metric::ProductBuyersHere }
}

/// Turns evidence into rows of the plan: key of the row, formula where none was given, minimum.
pub(super) struct Keep<'a>(pub(super) &'a Minimums);

impl Keep<'_> {
    pub(super) fn one(&self, figure: &Figure, metric: Metric) -> Figure {
        self.keyed(figure, metric, metric.key().to_owned())
    }

    fn row(&self, figure: &Figure, metric: Metric, row: &str) -> Figure {
        self.keyed(figure, metric, metric.row_key(row))
    }

    fn keyed(&self, figure: &Figure, metric: Metric, key: String) -> Figure {
        let mut figure = Figure { key, ..figure.clone() };
        if figure.formula.is_empty() {
            metric.formula_words().en.clone_into(&mut figure.formula);
        }
        self.0.apply(figure)
    }

    pub(super) fn glance(&self, glance: &Glance, row: Option<&str>) -> Glance {
        let keep = |figure: &Option<Figure>, metric: Metric| {
            figure.as_ref().map(|f| match row {
                Some(row) => self.row(f, metric, row),
                None => self.one(f, metric),
            })
        };
        Glance {
            revenue: keep(&glance.revenue, Metric::Revenue),
            orders: keep(&glance.orders, Metric::Orders),
            shoppers: keep(&glance.shoppers, Metric::Shoppers),
            basket: keep(&glance.basket, Metric::Basket),
            repeat_rate: keep(&glance.repeat_rate, Metric::RepeatRate),
            return_rate: keep(&glance.return_rate, Metric::ReturnRate),
            growth: keep(&glance.growth, Metric::Growth),
            growth_against: glance.growth_against,
            sales_share: keep(&glance.sales_share, Metric::SalesShare),
        }
    }

    pub(super) fn month(&self, month: &MonthEvidence) -> MonthRow {
        let row = year_month(month.month);
        MonthRow {
            month: month.month,
            span: month.span,
            revenue: self.row(&month.revenue, Metric::MonthRevenue, &row),
            orders: month.orders.as_ref().map(|f| self.row(f, Metric::MonthOrders, &row)),
        }
    }

    /// The strongest whole month against the mean of the whole months; ties go to the earlier.
    pub(super) fn season(&self, months: &[MonthEvidence]) -> Option<Season> {
        let whole: Vec<(&MonthEvidence, f64)> =
            months.iter().filter(|m| m.span == Span::Whole).filter_map(|m| Some((m, m.revenue.as_f64()?))).collect();
        let (best, top) = whole.iter().copied().reduce(|best, next| if next.1 > best.1 { next } else { best })?;
        let mean = whole.iter().map(|(_, revenue)| revenue).sum::<f64>() / whole.len() as f64;
        let span = whole.first().zip(whole.last()).map(|(a, b)| (year_month(a.0.month), year_month(b.0.month)));
        let (first, last) = span.unwrap_or_default();
        let source = format!("{} -- whole months {first} to {last}", best.revenue.source);
        let peak = Metric::SeasonPeak.number(top / mean, whole.len() as u64, &source);
        Some(Season { month: best.month, peak: self.0.apply(peak) })
    }

    /// January is row `01`.
    pub(super) fn seasonality(&self, indices: &[Figure]) -> Vec<Figure> {
        let row = |(i, figure): (usize, &Figure)| self.row(figure, Metric::SeasonIndex, &format!("{:02}", i + 1));
        indices.iter().enumerate().map(row).collect()
    }

    pub(super) fn segments(&self, segments: &[SegmentEvidence]) -> Vec<SegmentRow> {
        let count = |s: &SegmentEvidence| s.shoppers.as_f64().unwrap_or(0.0);
        let all: f64 = segments.iter().map(count).sum();
        let row = |segment: &SegmentEvidence| {
            // Shares rest on all shoppers that were divided up, not on the few in one part.
            let share = Metric::SegmentShopperShare.number(count(segment) / all, all as u64, &segment.shoppers.source);
            let revenue_share = Figure { n: all as u64, ..segment.revenue_share.clone() };
            SegmentRow {
                key: segment.key.clone(),
                shoppers: self.row(&segment.shoppers, Metric::SegmentShoppers, &segment.key),
                shopper_share: self.row(&share, Metric::SegmentShopperShare, &segment.key),
                revenue: segment.revenue.as_ref().map(|f| self.row(f, Metric::SegmentRevenue, &segment.key)),
                revenue_share: self.row(&revenue_share, Metric::SegmentRevenueShare, &segment.key),
                habits: segment.habits.as_ref().map(|habits| self.habits(habits, &segment.key)),
            }
        };
        segments.iter().map(row).collect()
    }

    fn habits(&self, habits: &SegmentHabits, key: &str) -> SegmentHabits {
        let later =
            |(k, figure): (usize, &Figure)| self.row(figure, Metric::SegmentRetention, &format!("{key}+{}", k + 1));
        SegmentHabits {
            orders: self.row(&habits.orders, Metric::SegmentOrders, key),
            basket: self.row(&habits.basket, Metric::SegmentBasket, key),
            repeat_rate: self.row(&habits.repeat_rate, Metric::SegmentRepeatRate, key),
            return_rate: self.row(&habits.return_rate, Metric::SegmentReturnRate, key),
            retention: habits.retention.iter().enumerate().map(later).collect(),
        }
    }

    pub(super) fn clusters(&self, rows: &[ClusterRow]) -> Vec<ClusterRow> {
        let row = |(i, cluster): (usize, &ClusterRow)| {
            let row = (i + 1).to_string();
            ClusterRow {
                label_en: cluster.label_en.clone(),
                label_zh: cluster.label_zh.clone(),
                shoppers: self.row(&cluster.shoppers, Metric::ClusterShoppers, &row),
                recency: self.row(&cluster.recency, Metric::ClusterRecency, &row),
                frequency: self.row(&cluster.frequency, Metric::ClusterFrequency, &row),
                spend: self.row(&cluster.spend, Metric::ClusterSpend, &row),
            }
        };
        rows.iter().enumerate().map(row).collect()
    }

    pub(super) fn candidates(&self, candidates: &[ClusterCandidate]) -> Vec<ClusterCandidate> {
        let row = |candidate: &ClusterCandidate| {
            let row = format!("k={}", candidate.k);
            ClusterCandidate {
                silhouette: self.row(&candidate.silhouette, Metric::ClusterSilhouette, &row),
                stability: self.row(&candidate.stability, Metric::ClusterStability, &row),
                smallest: self.row(&candidate.smallest, Metric::ClusterSmallest, &row),
                ..candidate.clone()
            }
        };
        candidates.iter().map(row).collect()
    }

    /// One month later is row `+1`.
    pub(super) fn retention(&self, curve: &[Figure]) -> Vec<Figure> {
        let row = |(k, figure): (usize, &Figure)| self.row(figure, Metric::Retention, &format!("+{}", k + 1));
        curve.iter().enumerate().map(row).collect()
    }

    /// The month that retention falls most into, where the fall is more than noise: the interval of the
    /// month before lies wholly above its own.
    pub(super) fn drop(&self, cohorts: &CohortEvidence) -> Option<usize> {
        let month = cohorts.steepest?;
        let at = |month: usize| cohorts.curve.get(month.checked_sub(1)?)?.interval;
        let (before, after) = (at(month.checked_sub(1)?)?, at(month)?);
        (after.high < before.low).then_some(month)
    }

    pub(super) fn repeat(&self, repeat: &RepeatEvidence) -> RepeatEvidence {
        RepeatEvidence {
            gap: self.one(&repeat.gap, Metric::RepeatGap),
            due: repeat
                .due
                .as_ref()
                .map(|(from, to)| (self.one(from, Metric::RepeatDueFrom), self.one(to, Metric::RepeatDueTo))),
            hit: repeat.hit.as_ref().map(|hit| self.one(hit, Metric::RepeatDueHit)),
        }
    }

    pub(super) fn cohorts(&self, cohorts: &CohortEvidence) -> Vec<CohortRow> {
        let source = &cohorts.source;
        let row = |cohort: &Cohort| {
            let start = year_month(cohort.month);
            let n = cohort.shoppers;
            let share = |(k, &active): (usize, &u64)| {
                let row = format!("{start}+{}", k + 1);
                self.0.apply(Metric::CohortRetention.number_of(&row, active as f64 / n as f64, n, source))
            };
            CohortRow {
                month: cohort.month,
                shoppers: Metric::CohortShoppers.number_of(&start, n as f64, n, source),
                retained: cohort.active.iter().enumerate().map(share).collect(),
            }
        };
        cohorts.rows.iter().map(row).collect()
    }

    pub(super) fn product(&self, product: &ProductEvidence) -> Product {
        let id = product.id.as_str();
        let keep = |figure: &Figure, metric| self.row(figure, metric, id);
        let optional = |figure: &Option<Figure>, metric| figure.as_ref().map(|f| keep(f, metric));
        let reason = |(i, reason): (usize, &ReasonEvidence)| {
            let row = format!("{id}#{}", i + 1);
            let part = Metric::ProductReason.number_of(&row, reason.part, reason.n, &product.score.source);
            Reason { term: reason.term.clone(), text: reason.text.clone(), part }
        };
        Product {
            id: product.id.clone(),
            name: product.name.clone(),
            buyers: keep(&product.buyers, buyers_metric(&product.buyers)),
            buyers_home: optional(&product.buyers_home, Metric::ProductBuyersHome),
            score: keep(&product.score, Metric::ProductScore),
            scorer: product.scorer.clone(),
            reasons: product.reasons.iter().enumerate().map(reason).collect(),
            uptake: keep(&product.uptake, Metric::ProductUptake),
            price: optional(&product.price, Metric::ProductPrice),
            stock: optional(&product.stock, Metric::ProductStock),
            margin: optional(&product.margin, Metric::ProductMargin),
        }
    }

    pub(super) fn reach(&self, reach: &Reach) -> Reach {
        let (size, value) = reach.metrics();
        let row = |row: &ReachRow| {
            let optional = |figure: &Option<Figure>, metric| figure.as_ref().map(|f| self.row(f, metric, &row.key));
            ReachRow {
                key: row.key.clone(),
                label: row.label.clone(),
                size: self.row(&row.size, size, &row.key),
                contactable: optional(&row.contactable, Metric::ReachContactable),
                listed: optional(&row.listed, Metric::ReachListed),
                value: self.row(&row.value, value, &row.key),
                order_value: optional(&row.order_value, Metric::ReachOrderValue),
                growth: optional(&row.growth, Metric::ReachGrowth),
            }
        };
        Reach { rows: reach.rows.iter().map(row).collect(), ..reach.clone() }
    }

    pub(super) fn bundle(&self, i: usize, bundle: &BundleEvidence) -> Bundle {
        let row = (i + 1).to_string();
        // A rule stands on the baskets that hold both sides, however many baskets were looked at.
        let both = bundle.baskets.as_f64().map_or(0, |n| n.max(0.0) as u64);
        let rule = |figure: &Figure, metric| self.row(&Figure { n: both, ..figure.clone() }, metric, &row);
        Bundle {
            antecedent: bundle.antecedent.clone(),
            consequent: bundle.consequent.clone(),
            baskets: self.row(&bundle.baskets, Metric::BundleBaskets, &row),
            confidence: rule(&bundle.confidence, Metric::BundleConfidence),
            lift: rule(&bundle.lift, Metric::BundleLift),
        }
    }

    /// Below the minimum of held-out shoppers nothing is accepted or refused, whatever was handed in:
    /// the never "a transfer is never applied where the evidence does not carry it" ends here. It is
    /// the figure that decided that has to carry it, not the one that was measured later.
    pub(super) fn transfer(&self, transfer: &TransferEvidence) -> Transfer {
        let together = transfer.together.as_ref().map(|all| Box::new(self.transfer_of(all, Some("all"))));
        Transfer { together, ..self.transfer_of(transfer, None) }
    }

    fn transfer_of(&self, transfer: &TransferEvidence, of: Option<&str>) -> Transfer {
        let row = |row: &TransferRow| {
            let data = match row.trained_on {
                TrainedOn::Local => "local",
                TrainedOn::Home => "home",
                TrainedOn::Pooled => "pooled",
                TrainedOn::Weighted => "weighted",
            };
            let key = format!("{}:{data}{}", row.model, of.map_or_else(String::new, |of| format!("@{of}")));
            let keep = |figure: &Option<Figure>, metric| figure.as_ref().map(|f| self.row(f, metric, &key));
            let n = row.ndcg.n;
            Measured {
                model: row.model.clone(),
                trained_on: row.trained_on,
                source_weight: keep(&row.source_weight, Metric::SourceWeight),
                ndcg: self.row(&row.ndcg, Metric::TransferNdcg, &key),
                recall: keep(&row.recall, Metric::TransferRecall),
                test_shoppers: Metric::TestShoppers.number_of(&key, n as f64, n, &row.ndcg.source),
            }
        };
        let one = |figure: &Option<Figure>, metric| {
            figure.as_ref().map(|f| of.map_or_else(|| self.one(f, metric), |of| self.row(f, metric, of)))
        };
        let decided = one(&transfer.decided, Metric::TransferDecided);
        let carried = decided.as_ref().is_some_and(|f| !matches!(f.value, FigureValue::TooLittleData { .. }));
        let verdict = match transfer.verdict {
            TransferVerdict::Accepted | TransferVerdict::Refused if !carried => TransferVerdict::TooLittleData,
            verdict => verdict,
        };
        let point = |p: &CurveEvidence| {
            let key = p.purchases.to_string();
            CurvePoint {
                purchases: p.purchases,
                alone: self.row(&p.alone, Metric::CurveAlone, &key),
                transferred: self.row(&p.transferred, Metric::CurveTransferred, &key),
                saved: self.row(&p.saved, Metric::CurveSaved, &key),
                at_least: p.at_least,
            }
        };
        Transfer {
            rows: transfer.rows.iter().map(row).collect(),
            verdict,
            decided,
            gain: one(&transfer.gain, Metric::TransferGain),
            periods: transfer.periods,
            together: None,
            curve: transfer.curve.iter().map(point).collect(),
        }
    }

    pub(super) fn serving(&self, serving: &ServingEvidence) -> Serving {
        Serving {
            model: serving.model.clone(),
            trained_on: serving.trained_on,
            source_weight: serving.source_weight.as_ref().map(|f| self.row(f, Metric::SourceWeight, "serving")),
            basis: serving.basis,
            why: serving.why.clone(),
            why_zh: serving.why_zh.clone(),
        }
    }

    pub(super) fn caveat(&self, caveat: &CaveatEvidence) -> Caveat {
        let rows = self.row(&caveat.rows, Metric::CaveatRows, &caveat.rule);
        let here = caveat.here.as_ref().map(|here| self.row(here, Metric::CaveatRowsHere, &caveat.rule));
        Caveat { rule: caveat.rule.clone(), rows, here, sample: caveat.sample.clone() }
    }
}

/// `2011-10`, the row of a month's figures.
fn year_month(day: Day) -> String {
    let (year, month) = day.year_month();
    format!("{year}-{month:02}")
}
