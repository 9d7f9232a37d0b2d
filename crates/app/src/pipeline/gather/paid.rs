//! What the shoppers of each segment pay beside the usual price.

use super::Gatherer;
use crate::pipeline::rows::Rows;
use anyhow::Result;
use decide::plan::Metric;
use decide::price::segments::MIN_LINES;
use domain::{Figure, Market};
use learn::interval::two_sided;

/// Coverage of the intervals.
const LEVEL: f64 = 0.95;

/// Of every line of `{market}` what was paid for one and the usual price, which is the median of its product in the same month; a line that
/// was alone in its month is left out.
pub(crate) const LINES: &str = "select shopper_id, paid, median(paid) over (partition by product_id, month) as usual from (\
    select product_id, shopper_id, date_trunc('month', day) as month, cast(amount as double) / quantity as paid, \
    count(*) over (partition by product_id, date_trunc('month', day)) as n from clean.order_lines where settled and not repeat \
    and quantity > 0 and amount > 0 and product_id is not null and market = '{market}') where n > 1";

impl Gatherer<'_> {
    /// By the segment's key, those who pay most first; segments with too few lines are left out.
    pub(super) async fn paid(&self, market: Market) -> Result<Vec<(String, Figure)>> {
        let lines = LINES.replace("{market}", market.code());
        let query = format!(
            "select s.segment, count(*) as n, avg(l.paid / l.usual) as paid, stddev(l.paid / l.usual) as sd from ({lines}) l \
             join marts.segments s on s.shopper_id = l.shopper_id and s.market = '{market}' group by s.segment \
             having count(*) >= {MIN_LINES} order by paid desc, s.segment"
        );
        let rows = Rows::query(self.engine, &query).await?;
        let (segments, n) = (rows.texts("segment")?, rows.ints("n")?);
        let (paid, sd) = (rows.floats("paid")?, rows.floats("sd")?);
        let z = two_sided(LEVEL).unwrap_or(1.96);
        let one = |i: usize| {
            let (paid, n) = (paid[i]?, n[i].unsigned_abs());
            let reach = z * sd[i]? / (n as f64).sqrt();
            let figure = Metric::SegmentPaid.number_of(&segments[i], paid, n, &query);
            Some((segments[i].clone(), figure.interval(paid - reach, paid + reach, LEVEL)))
        };
        Ok((0..segments.len()).filter_map(one).collect())
    }
}
