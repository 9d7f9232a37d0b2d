//! A series as methods want it: from its first value to its last, without holes.
//!
//! Values that are not finite count as missing. Missing values before the first one are dropped.
//! Holes are filled: with the mean of the values one period before and after where both are there, else
//! on the straight line between the neighbours of the hole. Missing values after the last one stay missing; a
//! forecast starts right after the last value and bridges them. Leading zeros are no demand where the
//! product was not yet sold, so they can be dropped. What was done is counted. Cost: linear.

/// Whether zeros before the first other value belong to the series.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LeadingZeros {
    /// They do.
    #[default]
    Keep,
    /// They come from the time before the product was sold.
    Drop,
}

/// A series without holes.
#[derive(Clone, Debug, PartialEq)]
pub struct History {
    values: Vec<f64>,
    n_dropped: usize,
    n_filled: usize,
    n_trailing: usize,
}

impl History {
    /// From values in time order; `period` is the season that holes are filled from, 1 for none.
    pub fn new(raw: &[f64], period: usize, zeros: LeadingZeros) -> Self {
        let known = |v: &f64| v.is_finite();
        let counts = |v: &f64| known(v) && (zeros == LeadingZeros::Keep || *v != 0.0);
        // A series of zeros only is a series, not the time before one.
        let start = raw.iter().position(counts).or_else(|| raw.iter().position(known)).unwrap_or(raw.len());
        let end = raw.iter().rposition(known).map_or(start, |last| last + 1);
        let part = &raw[start..end];
        let mut values = part.to_vec();
        let mut n_filled = 0;
        let mut t = 0;
        while t < part.len() {
            if part[t].is_finite() {
                t += 1;
                continue;
            }
            // The first and the last value of the part are known, so every hole has both neighbours.
            let until = t + part[t..].iter().position(known).unwrap_or(1);
            let (before, after) = (values[t - 1], part[until]);
            for at in t..until {
                let line = before + (after - before) * (at + 1 - t) as f64 / (until + 1 - t) as f64;
                let season = (period > 1 && at >= period).then(|| part.get(at + period)).flatten();
                let season = season.map(|later| (part[at - period] + later) / 2.0).filter(|v| v.is_finite());
                values[at] = season.unwrap_or(line);
                n_filled += 1;
            }
            t = until;
        }
        Self { values, n_dropped: start, n_filled, n_trailing: raw.len() - end }
    }

    /// The values, all finite.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// Steps dropped before the first value.
    pub const fn n_dropped(&self) -> usize {
        self.n_dropped
    }

    /// Holes filled.
    pub const fn n_filled(&self) -> usize {
        self.n_filled
    }

    /// Missing values after the last known one.
    pub const fn n_trailing(&self) -> usize {
        self.n_trailing
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    const NONE: f64 = f64::NAN;

    #[test]
    fn ends_are_cut_and_holes_are_filled() {
        let h = History::new(&[NONE, 2.0, NONE, NONE, 8.0, f64::INFINITY, 10.0, NONE, NONE], 1, LeadingZeros::Keep);
        assert_eq!(h.values(), [2.0, 4.0, 6.0, 8.0, 9.0, 10.0]);
        assert_eq!((h.n_dropped(), h.n_filled(), h.n_trailing()), (1, 3, 2));
    }

    #[test] // The hole at 2 lies between 7 and 9 one period away; that at 3 has no known value after it.
    fn a_hole_takes_the_season_where_there_is_one() {
        let h = History::new(&[7.0, 1.0, NONE, NONE, 9.0, NONE, 11.0], 2, LeadingZeros::Keep);
        assert_eq!(h.values()[2], 8.0);
        assert_eq!(h.values()[3], 1.0 + (9.0 - 1.0) * 2.0 / 3.0);
    }

    #[test]
    fn zeros_before_the_launch_are_dropped_only_on_request_and_never_all_of_them() {
        let raw = [0.0, 0.0, 3.0, 0.0, 4.0];
        assert_eq!(History::new(&raw, 1, LeadingZeros::Keep).values(), raw);
        assert_eq!(History::new(&raw, 1, LeadingZeros::Drop).values(), [3.0, 0.0, 4.0]);
        assert_eq!(History::new(&[0.0; 3], 1, LeadingZeros::Drop).values(), [0.0; 3]);
        assert!(History::new(&[], 1, LeadingZeros::Drop).values().is_empty());
        assert!(History::new(&[NONE; 3], 1, LeadingZeros::Drop).values().is_empty());
    }
}
