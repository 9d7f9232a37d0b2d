//! Few runs in two numbers: the median and how far the others lie.

use serde::Serialize;

/// Median, smallest and largest of some runs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
}

impl Spread {
    /// Of the values; with an even number of them the median is the mean of the middle two.
    /// `None` without any.
    pub(crate) fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut sorted: Vec<f64> = values.into_iter().collect();
        sorted.sort_by(f64::total_cmp);
        let (&min, &max) = (sorted.first()?, sorted.last()?);
        let middle = sorted.len() / 2;
        let median = if sorted.len() % 2 == 1 { sorted[middle] } else { (sorted[middle - 1] + sorted[middle]) / 2.0 };
        Some(Self { median, min, max })
    }

    /// `median (min-max) unit` with so many decimals.
    pub(crate) fn text(self, decimals: usize, unit: &str) -> String {
        format!("{:.decimals$} ({:.decimals$}-{:.decimals$}){unit}", self.median, self.min, self.max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_an_even_number_lies_between_the_middle_two() {
        assert_eq!(Spread::of([3.0, 1.0, 2.0]), Some(Spread { median: 2.0, min: 1.0, max: 3.0 }));
        // (2 + 4) / 2 = 3.
        assert_eq!(Spread::of([4.0, 1.0, 2.0, 9.0]), Some(Spread { median: 3.0, min: 1.0, max: 9.0 }));
        assert_eq!(Spread::of([]), None);
        assert_eq!(Spread { median: 1.25, min: 1.0, max: 2.0 }.text(1, " s"), "1.2 (1.0-2.0) s");
    }
}
