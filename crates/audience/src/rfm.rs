//! Recency, frequency, monetary value: three scores from 1 to 5 for every shopper.
//!
//! - R: whole days from the last order's day to the snapshot day. A shopper who ordered on the last
//!   day that the snapshot may see has R = 1. Scored on `-days`, so 5 is recent.
//! - F: distinct orders. M: revenue. 5 is most.
//!
//! Source: Hughes, "Strategic Database Marketing", 1994; the named segments are [`Segment`]'s.
//! Two ways to cut a column into five:
//! - [`ScoreMethod::RankQuintiles`]: by rank, ties broken by shopper id, so every score holds a fifth
//!   of the shoppers. Two shoppers with equal values may get neighbouring scores.
//! - [`ScoreMethod::QuantileEdges`]: by the quantiles 0.2, 0.4, 0.6, 0.8 of the values (linear
//!   interpolation); the score is 1 + the number of edges strictly below the value. Equal values get
//!   equal scores, but where most shoppers order once the scores are uneven.
//!
//! Scores are relative to the shoppers handed in: pool the markets to compare them, or hand in one
//! market to rank its own shoppers. Cost: a sort by identifier and one a column, `O(n log n)`; a column of few distinct values
//! (days, orders) is counted instead, `O(n)`.

use crate::shopper::checked;
use crate::{AudienceError, Segment, ShopperSummary};
use domain::{Amount, Day, Market, ShopperId};
use learn::quantile::{edge_bucket, quantile_sorted};
use std::collections::BTreeMap;

/// How a column is cut into five scores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ScoreMethod {
    /// Fifths of the ranking.
    RankQuintiles,
    /// Between the quintiles of the values.
    QuantileEdges,
}

/// How to score.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RfmParams {
    /// First day that may not be seen: the cutoff.
    pub snapshot: Day,
    /// How columns are cut.
    pub method: ScoreMethod,
}

/// One shopper's values and scores.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RfmRow {
    /// Who.
    pub shopper: ShopperId,
    /// Home market.
    pub market: Market,
    /// Days from the last order to the snapshot, at least 1.
    pub recency_days: u32,
    /// Distinct orders.
    pub frequency: u32,
    /// Revenue in the reporting currency.
    pub monetary: Amount,
    /// Recency score, 1 to 5, 5 most recent.
    pub r: u8,
    /// Frequency score, 1 to 5.
    pub f: u8,
    /// Monetary score, 1 to 5.
    pub m: u8,
    /// Named segment.
    pub segment: Segment,
}

/// Upper ends of the scores, ascending, in original units. For days the smallest edge is where
/// score 5 ends, for orders and revenue it is where score 1 ends.
#[derive(Clone, Debug, PartialEq)]
pub struct RfmEdges {
    /// Days since the last order.
    pub days: [f64; 4],
    /// Orders.
    pub orders: [f64; 4],
    /// Revenue.
    pub revenue: [f64; 4],
}

/// What a segment holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentTotal {
    /// The segment.
    pub segment: Segment,
    /// Shoppers in it.
    pub n_shoppers: u64,
    /// Their orders.
    pub n_orders: u64,
    /// Their revenue.
    pub revenue: Amount,
}

/// All shoppers scored at one snapshot.
#[derive(Clone, Debug, PartialEq)]
pub struct Rfm {
    rows: Vec<RfmRow>,
    edges: RfmEdges,
}

impl RfmParams {
    /// Scores the shoppers; the order of the input does not matter.
    ///
    /// # Errors
    /// [`AudienceError::TooLittleData`] without a shopper; as [`checked`] for a row that
    /// contradicts itself, lies after the snapshot or repeats a shopper.
    pub fn score(&self, shoppers: &[ShopperSummary]) -> Result<Rfm, AudienceError> {
        let ordered = checked(shoppers, self.snapshot)?;
        let days: Vec<i64> = ordered.iter().map(|s| i64::from(self.snapshot.since(s.last_day))).collect();
        let newness = Column::new(days.iter().map(|d| -d).collect(), |x| x as f64)?;
        let orders = Column::new(ordered.iter().map(|s| i64::from(s.n_orders)).collect(), |x| x as f64)?;
        let micros = ordered.iter().map(|s| s.revenue.micros()).collect();
        let revenue = Column::new(micros, |x| Amount::from_micros(x).to_f64())?;
        let [r, f, m] = [newness.scores(self.method), orders.scores(self.method), revenue.scores(self.method)];
        let row = |at: usize| RfmRow {
            shopper: ordered[at].shopper.clone(),
            market: ordered[at].market,
            recency_days: days[at] as u32,
            frequency: ordered[at].n_orders,
            monetary: ordered[at].revenue,
            r: r[at],
            f: f[at],
            m: m[at],
            segment: Segment::of(r[at], f[at]),
        };
        let mut recent = newness.edges.map(|edge| -edge);
        recent.reverse();
        let edges = RfmEdges { days: recent, orders: orders.edges, revenue: revenue.edges };
        Ok(Rfm { rows: (0..ordered.len()).map(row).collect(), edges })
    }
}

impl RfmRow {
    /// The three scores side by side: `555` is best.
    pub fn code(&self) -> String {
        format!("{}{}{}", self.r, self.f, self.m)
    }
}

impl Rfm {
    /// One row a shopper, in the order of [`crate::shopper::id_order`].
    pub fn rows(&self) -> &[RfmRow] {
        &self.rows
    }

    /// The quintiles of the values, whichever method scored.
    pub fn edges(&self) -> &RfmEdges {
        &self.edges
    }

    /// Shoppers, orders and revenue of each segment, in the order of [`Segment::ALL`], empty
    /// segments included. `None` takes all markets together.
    pub fn totals(&self, market: Option<Market>) -> Vec<SegmentTotal> {
        let empty = |segment| SegmentTotal { segment, n_shoppers: 0, n_orders: 0, revenue: Amount::ZERO };
        let mut totals: BTreeMap<Segment, SegmentTotal> = Segment::ALL.into_iter().map(|s| (s, empty(s))).collect();
        for row in self.rows.iter().filter(|row| market.is_none_or(|m| m == row.market)) {
            let total = totals.get_mut(&row.segment).expect("every segment is listed");
            total.n_shoppers += 1;
            total.n_orders += u64::from(row.frequency);
            total.revenue += row.monetary;
        }
        Segment::ALL.into_iter().map(|s| totals[&s]).collect()
    }
}

/// A column with its quintiles. Ranks compare the exact values, edges their floats.
struct Column {
    values: Vec<i64>,
    /// Rows by value, ties in the order of the rows.
    ranking: Vec<u32>,
    float: fn(i64) -> f64,
    edges: [f64; 4],
}

impl Column {
    fn new(values: Vec<i64>, float: fn(i64) -> f64) -> Result<Self, AudienceError> {
        let ranking = ranking(&values);
        let ascending: Vec<f64> = ranking.iter().map(|&at| float(values[at as usize])).collect();
        let edges: Option<Vec<f64>> = [0.2, 0.4, 0.6, 0.8].iter().map(|&p| quantile_sorted(&ascending, p)).collect();
        let edges = edges.and_then(|q| <[f64; 4]>::try_from(q).ok());
        let edges = edges.ok_or(AudienceError::TooLittleData { what: "shoppers", have: 0, need: 1 })?;
        Ok(Self { values, ranking, float, edges })
    }

    fn scores(&self, method: ScoreMethod) -> Vec<u8> {
        let n = self.values.len();
        match method {
            // Rows are in id order already, so the position breaks ties by id.
            ScoreMethod::RankQuintiles => {
                let mut scores = vec![0; n];
                for (rank, &at) in self.ranking.iter().enumerate() {
                    scores[at as usize] = 1 + (5 * rank / n) as u8;
                }
                scores
            }
            ScoreMethod::QuantileEdges => {
                self.values.iter().map(|&x| edge_bucket(&self.edges, (self.float)(x))).collect()
            }
        }
    }
}

/// Positions of the values in ascending order, equal ones in their own order. Days and orders span few numbers and are counted;
/// amounts are sorted.
fn ranking(values: &[i64]) -> Vec<u32> {
    let least = values.iter().copied().min().unwrap_or(0);
    let span = values.iter().copied().max().unwrap_or(0).checked_sub(least).and_then(|span| usize::try_from(span).ok());
    match span {
        Some(span) if span < 2 * values.len() => counted(values, least, span),
        _ => {
            let mut pairs: Vec<(i64, u32)> = values.iter().copied().zip(0..).collect();
            pairs.sort_unstable();
            pairs.into_iter().map(|(_, at)| at).collect()
        }
    }
}

/// Counting sort of values from `least` to `least + span`.
fn counted(values: &[i64], least: i64, span: usize) -> Vec<u32> {
    let at = |x: i64| (x - least) as usize;
    let mut next = vec![0_usize; span + 2];
    values.iter().for_each(|&x| next[at(x) + 1] += 1);
    for i in 1..next.len() {
        next[i] += next[i - 1];
    }
    let mut ranking = vec![0; values.len()];
    for (row, &x) in (0_u32..).zip(values) {
        ranking[next[at(x)]] = row;
        next[at(x)] += 1;
    }
    ranking
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shopper::tests::shopper;
    use proptest::prelude::*;

    const RANKS: RfmParams = RfmParams { snapshot: Day(101), method: ScoreMethod::RankQuintiles };
    const EDGES: RfmParams = RfmParams { snapshot: Day(101), method: ScoreMethod::QuantileEdges };

    fn five() -> Vec<ShopperSummary> {
        vec![
            shopper("10", (100, 100), 1, 50),
            shopper("2", (10, 100), 6, 90),
            shopper("3", (0, 71), 1, 10),
            shopper("4", (0, 41), 3, 20),
            shopper("5", (0, 1), 1, 30),
        ]
    }

    // In id order 2 3 4 5 10: R = 1 30 60 100 1, F = 6 1 3 1 1, M = 90 10 20 30 50.
    // Ranks of -R: 5 (-100), 4, 3, then 2 before 10 by id: 1 2 3 4 5. F: 3, 5, 10 (ties by id), 4, 2. M: 3 4 5 10 2.
    #[test]
    fn rank_quintiles_of_five_shoppers() {
        let rfm = RANKS.score(&five()).unwrap();
        let codes: Vec<String> = rfm.rows().iter().map(|row| format!("{} {}", row.shopper, row.code())).collect();
        assert_eq!(codes, ["2 455", "3 311", "4 242", "5 123", "10 534"]);
        let segments: Vec<Segment> = rfm.rows().iter().map(|row| row.segment).collect();
        use Segment::{AtRisk, Champions, Hibernating, NeedAttention, Potential};
        assert_eq!(segments, [Champions, NeedAttention, AtRisk, Hibernating, Potential]);
    }

    // -R ascending -100 -60 -30 -1 -1, positions 0.8 1.6 2.4 3.2: -68, -42, -18.4, -1. So -1 is above three edges: 4.
    // F ascending 1 1 1 3 6: 1, 1, 1.8, 3.6. M ascending 10 20 30 50 90: 18, 26, 38, 58.
    #[test]
    fn quantile_edges_of_five_shoppers() {
        let rfm = EDGES.score(&five()).unwrap();
        let codes: Vec<String> = rfm.rows().iter().map(|row| format!("{} {}", row.shopper, row.code())).collect();
        assert_eq!(codes, ["2 455", "3 311", "4 242", "5 113", "10 414"]);
        let near = |got: [f64; 4], want: [f64; 4]| got.iter().zip(want).all(|(a, b)| (a - b).abs() < 1e-9);
        assert!(near(rfm.edges().days, [1.0, 18.4, 42.0, 68.0]), "{:?}", rfm.edges());
        assert!(near(rfm.edges().orders, [1.0, 1.0, 1.8, 3.6]));
        assert!(near(rfm.edges().revenue, [18.0, 26.0, 38.0, 58.0]));
    }

    #[test]
    fn totals_hold_every_segment_and_every_shopper() {
        let rfm = RANKS.score(&five()).unwrap();
        let totals = rfm.totals(None);
        assert_eq!(totals.iter().map(|t| t.segment).collect::<Vec<_>>(), Segment::ALL);
        assert_eq!(totals.iter().map(|t| t.revenue).sum::<Amount>(), Amount::from_micros(200_000_000));
        assert_eq!(totals.iter().map(|t| (t.n_shoppers, t.n_orders)).max(), Some((1, 6)));
        assert!(rfm.totals("DE".parse().ok()).iter().all(|t| t.n_shoppers == 0));
    }

    #[test]
    fn no_shopper_and_a_purchase_after_the_snapshot_are_refused() {
        assert!(matches!(RANKS.score(&[]), Err(AudienceError::TooLittleData { .. })));
        let future = RfmParams { snapshot: Day(100), ..RANKS };
        assert!(matches!(future.score(&five()), Err(AudienceError::AfterCutoff { .. })));
    }

    proptest! {
        // Narrow columns are counted, wide ones sorted: both as a stable sort has them.
        #[test]
        fn rankings_are_those_of_a_stable_sort(
            values in prop::collection::vec(-20_i64..20, 0..80), wide in prop::collection::vec(any::<i64>(), 0..40),
        ) {
            for column in [values, wide] {
                let mut stable: Vec<u32> = (0..column.len() as u32).collect();
                stable.sort_by_key(|&at| column[at as usize]);
                prop_assert_eq!(ranking(&column), stable);
            }
        }

        #[test]
        fn the_order_of_rows_does_not_matter_and_scores_follow_values(
            rows in prop::collection::vec((0_i32..100, 1_u32..9, 0_i64..500), 1..60), turn in 0_usize..60,
        ) {
            let shoppers: Vec<ShopperSummary> =
                rows.iter().enumerate().map(|(i, &(day, n, euros))| shopper(&i.to_string(), (0, day), n, euros)).collect();
            let mut turned = shoppers.clone();
            turned.rotate_left(turn % shoppers.len());
            for params in [RANKS, EDGES] {
                let rfm = params.score(&shoppers).unwrap();
                prop_assert_eq!(&rfm, &params.score(&turned).unwrap());
                for a in rfm.rows() {
                    for b in rfm.rows() {
                        prop_assert!(a.recency_days >= b.recency_days || a.r >= b.r);
                        prop_assert!(a.frequency <= b.frequency || a.f >= b.f);
                        prop_assert!(a.monetary <= b.monetary || a.m >= b.m);
                    }
                }
            }
        }
    }
}
