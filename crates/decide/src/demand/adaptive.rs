//! Conformal intervals whose level follows what earlier intervals held.
//!
//! Errors made at earlier origins say how wide an interval has to be as long as the weeks ahead are like those. Whether they are can
//! be seen on the way: at each origin but the oldest, the interval that older errors would have given is held against what came.
//! With `L` the level promised, `a` the level asked of the errors and `c` the share held at an origin with `n` values,
//!
//! `a ← a + γ (L − c)`, `γ = n / (n + 50)`, kept within `L − 0.1 … 0.995`, oldest origin first.
//!
//! One origin with many values settles the level; a handful hardly moves it. Source: Gibbs & Candès, "Adaptive conformal
//! inference under distribution shift", NeurIPS 2021, whose update this is, made once an origin for all its values together.
//! Cost: one sort an origin.

use learn::series::{Band, Conformal, Outlook, Scores};

/// Values at which an origin moves the level by half of what was missed.
const HALF: f64 = 50.0;
/// How far below the promise the level may go.
const LESS: f64 = 0.1;
/// The highest level.
const MOST: f64 = 0.995;

/// Forecasts of each origin with what came, oldest origin first.
#[derive(Clone, Debug, Default)]
pub(super) struct Record {
    origins: Vec<Vec<(Outlook, Vec<f64>)>>,
}

/// Errors with the level that each promise asks of them.
#[derive(Clone, Debug)]
pub(super) struct Adapted {
    scores: Conformal,
    /// Promised, asked.
    levels: Vec<(f64, f64)>,
}

impl Record {
    /// The next origin begins.
    pub(super) fn begin(&mut self) {
        self.origins.push(Vec::new());
    }

    /// A forecast of the present origin and what came.
    pub(super) fn add(&mut self, outlook: Outlook, actual: Vec<f64>) {
        if let Some(origin) = self.origins.last_mut() {
            origin.push((outlook, actual));
        }
    }

    /// Ready for `levels`.
    pub(super) fn adapted(&self, levels: &[f64]) -> Adapted {
        let mut asked: Vec<f64> = levels.to_vec();
        let mut scores = Scores::default();
        for origin in &self.origins {
            let older = scores.clone().sorted();
            for (promised, asked) in levels.iter().zip(&mut asked) {
                let (held, n) = held(&older, origin, *asked);
                if n > 0 {
                    let step = n as f64 / (n as f64 + HALF) * (promised - held as f64 / n as f64);
                    *asked = (*asked + step).clamp((promised - LESS).min(MOST), MOST.max(*promised));
                }
            }
            origin.iter().for_each(|(outlook, actual)| scores.add(outlook, actual));
        }
        Adapted { scores: scores.sorted(), levels: levels.iter().copied().zip(asked).collect() }
    }
}

/// Values inside the intervals of older errors, of how many.
fn held(older: &Conformal, origin: &[(Outlook, Vec<f64>)], level: f64) -> (usize, usize) {
    let (mut inside, mut all) = (0, 0);
    for (outlook, actual) in origin {
        let Some(band) = older.band(outlook, level) else { continue };
        for (h, y) in actual.iter().enumerate().filter(|(_, y)| y.is_finite()) {
            inside += usize::from((band.low[h]..=band.high[h]).contains(y));
            all += 1;
        }
    }
    (inside, all)
}

impl Adapted {
    /// The interval around an outlook that promises `level`; `None` where the errors are too few.
    pub(super) fn band(&self, outlook: &Outlook, level: f64) -> Option<Band> {
        let asked = self.levels.iter().find(|l| l.0 == level).map_or(level, |l| l.1);
        // Too few errors for the level asked may do for the one promised.
        let band = self.scores.band(outlook, asked).or_else(|| self.scores.band(outlook, level))?;
        Some(Band { level, ..band })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outlook() -> Outlook {
        Outlook { mean: vec![0.0], deviation: vec![1.0] }
    }

    /// Errors 1 to `n`, times `size`.
    fn record(sizes: &[f64], n: usize) -> Record {
        let mut record = Record::default();
        for size in sizes {
            record.begin();
            (1..=n).for_each(|i| record.add(outlook(), vec![size * i as f64]));
        }
        record
    }

    // 100 errors an origin, the second twice as large: of 2, 4 … 200 the old 80 % interval (the ⌈101 · .8⌉ = 81st: 81) holds 40. The
    // level goes to .8 + 100/150 · .4 = 1.07, kept at .995.
    #[test]
    fn errors_that_grew_ask_for_a_higher_level_and_those_that_did_not_for_the_same() {
        let grown = record(&[1.0, 2.0], 100).adapted(&[0.8]);
        assert_eq!(grown.levels, [(0.8, 0.995)]);
        // 81 of 100 inside: .8 − 100/150 · .01.
        let same = record(&[1.0, 1.0], 100).adapted(&[0.8]);
        assert!((same.levels[0].1 - (0.8 - 0.01 / 1.5)).abs() < 1e-12, "{:?}", same.levels);
        let wide = |a: &Adapted| a.band(&outlook(), 0.8).unwrap().high[0];
        assert!(wide(&grown) > 1.5 * wide(&same));
        assert_eq!(grown.band(&outlook(), 0.8).unwrap().level, 0.8);
    }

    #[test]
    fn a_handful_of_values_hardly_moves_the_level_and_one_origin_does_not() {
        let few = record(&[1.0, 9.0], 5).adapted(&[0.8]);
        // Nothing inside of 5: .8 + 5/55 · .8 = .8727.
        assert!((few.levels[0].1 - (0.8 + 0.8 / 11.0)).abs() < 1e-12);
        assert_eq!(record(&[1.0], 100).adapted(&[0.8]).levels, [(0.8, 0.8)]);
    }
}
