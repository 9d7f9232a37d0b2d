//! Whether a picture and a title belong together, measured against the catalogue they come from.
//!
//! The product of the two vectors alone says little: some pictures are near to every title. So it is compared with the
//! products of the picture with other titles and of the title with other pictures,
//! `z = (s − ½(m_p + m_t)) / ½(d_p + d_t)` with their means and deviations, and a pair is flagged where `z` is below what
//! all but a chosen share of pairs that were looked at have. Give it pairs that the encoder did not learn from: with
//! those it learnt from it is too sure. Source of the comparison with both sides: Conneau et al., "Word translation
//! without parallel data", ICLR 2018 (CSLS). Cost: 512 products a question.

use crate::Vectors;

/// Vectors that a question is compared with at most.
const OTHERS: usize = 256;

/// What pairs of a catalogue are like.
#[derive(Clone, Debug, PartialEq)]
pub struct PairCheck {
    pictures: Vectors,
    titles: Vectors,
    least: f64,
}

/// Why pairs say nothing.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PairCheckError {
    /// Rows that are not those of pairs.
    #[error("{pictures} pictures and {titles} titles with {wide} and {also_wide} numbers are no pairs")]
    Shape {
        /// Rows of pictures.
        pictures: usize,
        /// Rows of titles.
        titles: usize,
        /// Numbers of a picture's row.
        wide: usize,
        /// Numbers of a title's row.
        also_wide: usize,
    },
    /// Too few pairs of which both are there.
    #[error("{have} pairs, at least {need} are needed")]
    TooFew {
        /// Pairs there are.
        have: usize,
        /// Pairs needed.
        need: usize,
    },
    /// A share outside its range.
    #[error("a share of {got} false alarms, it has to be above 0 and below 1")]
    Share {
        /// What was given.
        got: f64,
    },
}

fn product(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(a, b)| f64::from(a * b)).sum()
}

/// Mean and deviation of the products with a row.
fn level(row: &[f32], others: &Vectors) -> (f64, f64) {
    let products: Vec<f64> = others.rows().flatten().map(|other| product(row, other)).collect();
    let n = products.len().max(1) as f64;
    let mean = products.iter().sum::<f64>() / n;
    (mean, (products.iter().map(|p| (p - mean).powi(2)).sum::<f64>() / n).sqrt().max(1e-9))
}

impl PairCheck {
    /// From pairs, row by row, of which at most this share is to be flagged wrongly.
    ///
    /// # Errors
    /// [`PairCheckError`] for rows that do not fit, fewer than 20 pairs, or a share outside its range.
    pub fn fit(pictures: &Vectors, titles: &Vectors, false_alarms: f64) -> Result<Self, PairCheckError> {
        if pictures.len() != titles.len() || pictures.width() != titles.width() {
            let (wide, also_wide) = (pictures.width(), titles.width());
            return Err(PairCheckError::Shape { pictures: pictures.len(), titles: titles.len(), wide, also_wide });
        }
        if !(false_alarms > 0.0 && false_alarms < 1.0) {
            return Err(PairCheckError::Share { got: false_alarms });
        }
        let pairs: Vec<(&[f32], &[f32])> =
            pictures.rows().zip(titles.rows()).filter_map(|(p, t)| Some((p?, t?))).collect();
        if pairs.len() < 20 {
            return Err(PairCheckError::TooFew { have: pairs.len(), need: 20 });
        }
        let step = pairs.len().div_ceil(OTHERS);
        let mut check =
            Self { pictures: Vectors::new(pictures.width()), titles: Vectors::new(titles.width()), least: 0.0 };
        for (picture, title) in pairs.iter().step_by(step) {
            for (kept, row) in [(&mut check.pictures, picture), (&mut check.titles, title)] {
                // Rows of `Vectors` are finite and of one length.
                if kept.push(row).is_err() {
                    kept.push_missing();
                }
            }
        }
        let mut found: Vec<f64> = pairs.iter().map(|(p, t)| check.score(p, t)).collect();
        found.sort_by(f64::total_cmp);
        check.least = found[((false_alarms * found.len() as f64) as usize).min(found.len() - 1)];
        Ok(check)
    }

    /// How much better the two fit together than each does with others, in deviations.
    pub fn score(&self, picture: &[f32], title: &[f32]) -> f64 {
        let (of_picture, of_title) = (level(picture, &self.titles), level(title, &self.pictures));
        (product(picture, title) - (of_picture.0 + of_title.0) / 2.0) / ((of_picture.1 + of_title.1) / 2.0)
    }

    /// What a pair's score has to reach.
    pub const fn least(&self) -> f64 {
        self.least
    }

    /// For each pair whether it is flagged; `None` where one of the two is missing.
    pub fn flags(&self, pictures: &Vectors, titles: &Vectors) -> Vec<Option<bool>> {
        let pairs = pictures.rows().zip(titles.rows());
        pairs.map(|(p, t)| Some(self.score(p?, t?) < self.least)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Rng;

    /// Pairs of noisy copies of one random vector; `swapped` ones have the title of the next.
    fn pairs(n: usize, swapped: usize, seed: u64) -> (Vectors, Vectors) {
        let mut rng = Rng::new(seed);
        let like: Vec<Vec<f32>> = (0..n).map(|_| (0..16).map(|_| rng.normal() as f32).collect()).collect();
        let mut noisy = |row: &Vec<f32>| row.iter().map(|v| v + 0.6 * rng.normal() as f32).collect::<Vec<f32>>();
        let pictures: Vec<Option<Vec<f32>>> = like.iter().map(|row| Some(noisy(row))).collect();
        let whose = |i: usize| if i < swapped { (i + 1) % n } else { i };
        let titles: Vec<Option<Vec<f32>>> = (0..n).map(|i| Some(noisy(&like[whose(i)]))).collect();
        let rows = |rows| Vectors::from_rows(16, rows).unwrap().unit();
        (rows(pictures), rows(titles))
    }

    #[test]
    fn swapped_titles_are_flagged_and_few_others() {
        let (pictures, titles) = pairs(300, 0, 1);
        let check = PairCheck::fit(&pictures, &titles, 0.05).unwrap();
        let own = check.flags(&pictures, &titles).iter().filter(|f| **f == Some(true)).count();
        assert!((13..=15).contains(&own), "{own} of 300 at five in a hundred");
        let (pictures, titles) = pairs(200, 40, 2);
        let flags = check.flags(&pictures, &titles);
        let found = flags[..40].iter().filter(|f| **f == Some(true)).count();
        let wrong = flags[40..].iter().filter(|f| **f == Some(true)).count();
        assert!(found >= 34 && wrong <= 20, "{found} of 40, {wrong} of 160");
    }

    #[test]
    fn what_is_no_catalogue_is_refused_and_what_is_missing_is_not_flagged() {
        let (pictures, titles) = pairs(30, 0, 3);
        assert!(matches!(PairCheck::fit(&pictures, &titles, 0.0), Err(PairCheckError::Share { .. })));
        assert!(matches!(PairCheck::fit(&pictures, &Vectors::new(16), 0.1), Err(PairCheckError::Shape { .. })));
        let few = pairs(19, 0, 4);
        assert_eq!(PairCheck::fit(&few.0, &few.1, 0.1), Err(PairCheckError::TooFew { have: 19, need: 20 }));
        let check = PairCheck::fit(&pictures, &titles, 0.1).unwrap();
        let mut missing = Vectors::new(16);
        missing.push_missing();
        assert_eq!(check.flags(&missing, &missing), [None]);
    }
}
