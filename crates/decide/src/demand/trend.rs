//! Growth of a market or category over the year, with its uncertainty, and which grow fastest.
//!
//! Growth is this year's 52 weeks over the 52 before, less 1. Weeks out of stock are left out of both years together, so that an
//! empty shelf is no decline. Its interval resamples the pairs of weeks (this year's and last year's) in runs of eight that
//! wrap around (Politis and Romano, "A circular block-resampling procedure for stationary data", 1992), because neighbouring
//! weeks hang together. A half of a year, or fewer than 26 pairs with sales, gives no number. Cost: weeks × resamples.

use super::weeks::DemandSeries;
use crate::price::Said;
use domain::{Figure, Seed, Unit};

/// How growth is measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TrendParams {
    /// Resamples.
    pub n_resamples: usize,
    /// Weeks of a run.
    pub run: usize,
    /// Coverage.
    pub level: f64,
    /// Fewest pairs of weeks.
    pub min_pairs: usize,
}

impl Default for TrendParams {
    fn default() -> Self {
        Self { n_resamples: 999, run: 8, level: 0.9, min_pairs: 26 }
    }
}

/// Growth of one series.
#[derive(Clone, Debug, PartialEq)]
pub struct Growth {
    /// Series.
    pub series: u32,
    /// Figure `demand.growth`: a share, 0.10 for a tenth more.
    pub figure: Figure,
    /// Which way it goes for sure.
    pub direction: Direction,
    /// For people.
    pub said: Said,
}

/// Which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The whole interval lies above 0.
    Up,
    /// Below 0.
    Down,
    /// It holds 0.
    NotClear,
    /// Too little is known.
    Unknown,
}

impl TrendParams {
    /// Growth of each series, the surest growth (largest lower end) first, unknown last, ties by number.
    pub fn rank(&self, panel: &[DemandSeries], seed: Seed) -> Vec<Growth> {
        let mut out: Vec<Growth> = panel.iter().map(|s| self.growth(s, seed)).collect();
        let low = |g: &Growth| g.figure.interval.map_or(f64::NEG_INFINITY, |i| i.low);
        out.sort_by(|a, b| low(b).total_cmp(&low(a)).then(a.series.cmp(&b.series)));
        out
    }

    /// Growth of one series.
    pub fn growth(&self, series: &DemandSeries, seed: Seed) -> Growth {
        let n = series.units.len();
        let from = n.saturating_sub(52).max(52);
        let pairs: Vec<(f64, f64)> = (from..n)
            .map(|t| (series.units[t], series.units[t - 52]))
            .filter(|(a, b)| a.is_finite() && b.is_finite())
            .collect();
        let ratio = |at: &mut dyn Iterator<Item = usize>| {
            let (a, b) = at.fold((0.0, 0.0), |(a, b), i| (a + pairs[i].0, b + pairs[i].1));
            if b > 0.0 { a / b - 1.0 } else { f64::NAN }
        };
        let value = ratio(&mut (0..pairs.len()));
        let mut figure = Figure::number("demand.growth", Unit::Share, value, pairs.len() as u64, self.min_pairs as u64)
            .formula(
                "units of the last 52 weeks / units of the 52 weeks before − 1; weeks out of stock left out of both",
            )
            .source("clean.order_lines by week");
        if figure.as_f64().is_some() && self.run > 0 {
            let mut draws: Vec<f64> = Vec::with_capacity(self.n_resamples);
            let mut rng = seed.stream(u64::from(series.series));
            for _ in 0..self.n_resamples {
                let mut picks = Vec::with_capacity(pairs.len() + self.run);
                while picks.len() < pairs.len() {
                    let start = rng.below(pairs.len());
                    picks.extend((0..self.run).map(|i| (start + i) % pairs.len()));
                }
                draws.push(ratio(&mut picks.into_iter().take(pairs.len())));
            }
            draws.retain(|d| d.is_finite());
            let tail = (1.0 - self.level) / 2.0;
            if let Some(ends) = learn::quantile::quantiles(&draws, &[tail, 1.0 - tail]) {
                figure = figure.interval(ends[0], ends[1], self.level);
            }
        }
        let direction = match figure.interval {
            Some(i) if i.low > 0.0 => Direction::Up,
            Some(i) if i.high < 0.0 => Direction::Down,
            Some(_) => Direction::NotClear,
            None => Direction::Unknown,
        };
        let percent = 100.0 * value;
        let said = match direction {
            Direction::Up => {
                Said::new(format!("grew by {percent:.0} % over the year"), format!("一年增长 {percent:.0} %"))
            }
            Direction::Down => {
                Said::new(format!("fell by {:.0} % over the year", -percent), format!("一年下降 {:.0} %", -percent))
            }
            Direction::NotClear => Said::new(
                format!("changed by {percent:+.0} % over the year, which may be chance"),
                format!("一年变化 {percent:+.0} %，可能只是偶然波动"),
            ),
            Direction::Unknown => Said::new(
                format!("{} pairs of weeks a year apart, {} are needed", pairs.len(), self.min_pairs),
                format!("相隔一年的成对周数为 {}，至少需要 {}", pairs.len(), self.min_pairs),
            ),
        };
        Growth { series: series.series, figure, direction, said }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Day;

    fn series(number: u32, units: Vec<f64>) -> DemandSeries {
        let n = units.len();
        DemandSeries { series: number, first: Day(4), units, price: vec![0.0; n], promoted: vec![0.0; n], n_masked: 0 }
    }

    /// Two years of Poisson weeks, the second `growth` larger.
    fn made(number: u32, growth: f64) -> DemandSeries {
        let mut rng = Seed(21).stream(u64::from(number));
        let at = |t: usize| {
            60.0 * (1.0 + 0.4 * (t as f64 / 52.0 * std::f64::consts::TAU).sin())
                * if t < 52 { 1.0 } else { 1.0 + growth }
        };
        series(number, (0..104).map(|t| rng.poisson(at(t)) as f64).collect())
    }

    #[test] // 52 weeks of 10, then 52 of 12, one of them out of stock: 51 pairs, 12/10 − 1 = .2 without any doubt.
    fn growth_by_hand() {
        let mut units = vec![10.0; 52];
        units.extend(vec![12.0; 52]);
        units[70] = f64::NAN;
        let got = TrendParams::default().growth(&series(0, units), Seed(1));
        assert_eq!((got.figure.n, got.direction), (51, Direction::Up));
        assert!((got.figure.as_f64().unwrap() - 0.2).abs() < 1e-12);
        assert!(got.said.en.contains("20 %") && got.said.zh.contains("20 %"));
        let short = TrendParams::default().growth(&series(0, vec![1.0; 77]), Seed(1));
        assert_eq!((short.direction, short.figure.as_f64()), (Direction::Unknown, None));
    }

    #[test] // 60 series for each growth: the interval at 90 % covers, and no growth is called growth in few.
    fn the_interval_covers_and_ranks() {
        let (mut covered, mut called) = (0, 0);
        for i in 0..60 {
            let growing = TrendParams::default().growth(&made(i, 0.15), Seed(2));
            let interval = growing.figure.interval.unwrap();
            covered += u32::from(interval.low <= 0.15 && 0.15 <= interval.high);
            let still = TrendParams::default().growth(&made(1_000 + i, 0.0), Seed(2));
            called += u32::from(still.direction != Direction::NotClear);
        }
        assert!((48..=60).contains(&covered) && called <= 14, "{covered} {called}");
        let ranked =
            TrendParams::default().rank(&[made(1, -0.3), made(2, 0.5), made(3, 0.0), series(4, vec![])], Seed(3));
        assert_eq!(ranked.iter().map(|g| g.series).collect::<Vec<_>>(), [2, 3, 1, 4]);
    }
}
