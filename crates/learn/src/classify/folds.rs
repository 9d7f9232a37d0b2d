//! Scores of rows that the model has not seen: each part of the rows is scored by a model of the others.
//!
//! Rows of a group (the same shopper at several cutoffs) stay together, else a model would know a row by its
//! sibling. Groups with a one and groups without are dealt out separately, so that each part has its
//! share of ones. Source: Stone, "Cross-validatory choice and assessment of statistical predictions", JRSS B
//! 36(2), 1974. Cost: one fit a part.

use crate::LearnError;
use crate::trees::{Features, Samples};
use domain::Seed;

/// Some rows of a table with their labels, weights and groups.
#[derive(Clone, Debug)]
pub struct Subset {
    features: Features,
    labels: Vec<f32>,
    weights: Option<Vec<f32>>,
    groups: Vec<usize>,
}

impl Subset {
    /// The named rows in ascending order.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn new(of: &Samples<'_>, rows: &[usize]) -> Self {
        let group_of = group_of(of);
        let groups = if of.groups().is_empty() {
            Vec::new()
        } else {
            rows.chunk_by(|&a, &b| group_of[a] == group_of[b]).map(<[usize]>::len).collect()
        };
        Self {
            features: of.features().select(rows),
            labels: rows.iter().map(|&row| of.labels()[row]).collect(),
            weights: of.weights().map(|weights| rows.iter().map(|&row| weights[row]).collect()),
            groups,
        }
    }

    /// As samples to learn from.
    ///
    /// # Errors
    /// [`LearnError::TooLittleData`] without a row.
    pub fn samples(&self) -> Result<Samples<'_>, LearnError> {
        let samples = Samples::new(&self.features, &self.labels)?;
        let samples = if self.groups.is_empty() { samples } else { samples.grouped(&self.groups)? };
        match &self.weights {
            Some(weights) => samples.weighted(weights),
            None => Ok(samples),
        }
    }
}

/// The group of each row; a row alone is a group of its own.
fn group_of(samples: &Samples<'_>) -> Vec<usize> {
    if samples.groups().is_empty() {
        return (0..samples.n_rows()).collect();
    }
    samples.groups().iter().enumerate().flat_map(|(group, &size)| std::iter::repeat_n(group, size)).collect()
}

/// Which part each row belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folds {
    of_row: Vec<usize>,
    n_folds: usize,
}

impl Folds {
    /// Deals the groups out.
    ///
    /// # Errors
    /// [`LearnError::Param`] for fewer than 2 folds, [`LearnError::TooLittleData`] for fewer groups than folds.
    pub fn new(samples: &Samples<'_>, n_folds: usize, seed: Seed) -> Result<Self, LearnError> {
        if n_folds < 2 {
            return Err(LearnError::Param { name: "n_folds", rule: "at least 2", got: n_folds as f64 });
        }
        let group_of = group_of(samples);
        let n_groups = group_of.last().map_or(0, |last| last + 1);
        if n_groups < n_folds {
            return Err(LearnError::TooLittleData { what: "groups of rows", have: n_groups, need: n_folds });
        }
        let mut has_one = vec![false; n_groups];
        for (group, label) in group_of.iter().zip(samples.labels()) {
            has_one[*group] |= *label > 0.5;
        }
        let (mut with, mut without): (Vec<usize>, Vec<usize>) = (0..n_groups).partition(|&group| has_one[group]);
        seed.stream(0).shuffle(&mut with);
        seed.stream(1).shuffle(&mut without);
        let mut fold_of = vec![0; n_groups];
        for (at, group) in with.into_iter().chain(without).enumerate() {
            fold_of[group] = at % n_folds;
        }
        Ok(Self { of_row: group_of.into_iter().map(|group| fold_of[group]).collect(), n_folds })
    }

    /// Parts.
    pub const fn n_folds(&self) -> usize {
        self.n_folds
    }

    /// The part of each row.
    pub fn of_row(&self) -> &[usize] {
        &self.of_row
    }

    /// Rows to learn from when part `fold` is scored, and the rows to score.
    pub fn split(&self, fold: usize) -> (Vec<usize>, Vec<usize>) {
        (0..self.of_row.len()).partition(|&row| self.of_row[row] != fold)
    }

    /// The models of each part's complement and every row's score by the model that has not seen it.
    ///
    /// # Errors
    /// What `fit` says.
    pub fn score<M>(
        &self,
        samples: &Samples<'_>,
        fit: impl Fn(Samples<'_>, usize) -> Result<M, LearnError>,
        score: impl Fn(&M, &Features) -> Vec<f64>,
    ) -> Result<(Vec<M>, Vec<f64>), LearnError> {
        let (mut models, mut scores) = (Vec::with_capacity(self.n_folds), vec![0.0; samples.n_rows()]);
        for fold in 0..self.n_folds {
            let (train, held) = self.split(fold);
            let train = Subset::new(samples, &train);
            let model = fit(train.samples()?, fold)?;
            for (row, value) in held.iter().zip(score(&model, &samples.features().select(&held))) {
                scores[*row] = value;
            }
            models.push(model);
        }
        Ok((models, scores))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_stay_together_and_ones_are_spread() {
        let table = Features::new((0..60).map(|x| x as f32).collect(), 1).unwrap();
        let labels: Vec<f32> = (0..60).map(|i| f32::from(u8::from(i % 12 == 0))).collect(); // 5 groups of 20 with a one
        let samples = Samples::new(&table, &labels).unwrap().grouped(&[3; 20]).unwrap();
        let folds = Folds::new(&samples, 5, Seed(1)).unwrap();
        for fold in 0..5 {
            let (train, held) = folds.split(fold);
            assert_eq!((train.len(), held.len()), (48, 12));
            assert!(held.iter().all(|row| held.contains(&(row / 3 * 3)) && !train.contains(&(row / 3 * 3 + 2))));
            assert_eq!(held.iter().map(|&row| labels[row]).sum::<f32>(), 1.0);
            assert_eq!(Subset::new(&samples, &train).samples().unwrap().groups(), [3; 16]);
        }
        assert!(Folds::new(&samples, 1, Seed(1)).is_err() && Folds::new(&samples, 21, Seed(1)).is_err());
    }

    #[test] // The model is the mean of its rows: of two parts each row gets the mean of the other part.
    fn a_row_is_scored_by_those_that_have_not_seen_it() {
        let table = Features::new(vec![1.0, 2.0, 3.0, 4.0], 1).unwrap();
        let samples = Samples::new(&table, &[0.0, 1.0, 0.0, 1.0]).unwrap();
        let folds = Folds::new(&samples, 2, Seed(3)).unwrap();
        let mean = |s: Samples<'_>, _| Ok(s.features().values().iter().map(|x| f64::from(*x)).sum::<f64>() / 2.0);
        let (models, scores) = folds.score(&samples, mean, |m, f| vec![*m; f.n_rows()]).unwrap();
        let (_, first) = folds.split(0);
        assert!((0..4).all(|row| scores[row] == models[usize::from(!first.contains(&row))]));
        assert_eq!(models[0] + models[1], 5.0);
    }
}
