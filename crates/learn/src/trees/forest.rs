//! Random forest: the mean of many deep trees, each on rows drawn with replacement, each question
//! on a few columns drawn anew.
//!
//! A tree never saw about a third of the rows (`(1 − 1/n)^n → 1/e`). Averaging for each row only the
//! trees that did not see it gives a prediction as honest as one on new data, without a test set: the
//! *out-of-bag* estimate.
//!
//! Source: Breiman, "Random forests", Machine Learning 45(1), 2001. As in its later implementations,
//! leaves average shares instead of casting votes.
//! Cost: `O(n_trees · n_rows · columns drawn · depth)`; trees are grown side by side, each from its own
//! stream of the seed, and added in their order.

use super::bins::Bins;
use super::cart::{Impurity, check_growth, label_cells, mean_rules};
use super::features::{Features, Samples, same_length};
use super::grow::{Data, Look, Plan, grow};
use super::shap::Contributions;
use super::tree::{Tree, add_values};
use crate::LearnError;
use domain::Seed;
use rayon::prelude::*;

/// How a forest is grown.
#[derive(Clone, Debug, PartialEq)]
pub struct ForestParams {
    /// What makes a question good; [`Impurity::Variance`] for labels other than 0 and 1.
    pub impurity: Impurity,
    /// Trees, at least 1.
    pub n_trees: usize,
    /// Columns drawn for a question, at least 1; `None` for the square root of all.
    pub n_drawn: Option<usize>,
    /// Questions from the root to a leaf at most; `None` for no limit.
    pub max_depth: Option<usize>,
    /// Rows of a leaf at least, at least 1.
    pub min_rows: usize,
    /// Bins of a column at most, 2 to 255.
    pub max_bins: usize,
}

impl Default for ForestParams {
    fn default() -> Self {
        Self { impurity: Impurity::Gini, n_trees: 300, n_drawn: None, max_depth: None, min_rows: 5, max_bins: 255 }
    }
}

/// Fitted forest with the out-of-bag prediction of every training row.
#[derive(Clone, Debug, PartialEq)]
pub struct Forest {
    trees: Vec<Tree>,
    n_columns: usize,
    out_of_bag: Vec<Option<f64>>,
    out_of_bag_error: Option<f64>,
}

impl ForestParams {
    /// Grows the trees.
    ///
    /// # Errors
    /// [`LearnError::Param`] for a parameter or label outside its range.
    pub fn fit(&self, train: Samples<'_>, seed: Seed) -> Result<Forest, LearnError> {
        self.impurity.check(&train)?;
        check_growth(self.max_depth, self.min_rows, train.n_rows())?;
        for (name, got) in [("n_trees", self.n_trees), ("n_drawn", self.n_drawn.unwrap_or(1))] {
            if got == 0 {
                return Err(LearnError::Param { name, rule: "at least 1", got: 0.0 });
            }
        }
        let bins = Bins::new(train.features(), self.max_bins, seed.derive(1))?;
        let n_columns = bins.n_columns();
        let n_drawn = self.n_drawn.unwrap_or((n_columns as f64).sqrt() as usize).clamp(1, n_columns);
        let grown: Vec<(Tree, Vec<u32>)> = (0..self.n_trees)
            .into_par_iter()
            .map(|t| self.tree(&train, &bins, n_drawn, seed.derive(2).derive(t as u64)))
            .collect();
        let (mut sums, mut counts) = (vec![0.0; train.n_rows()], vec![0_u32; train.n_rows()]);
        let mut trees = Vec::with_capacity(self.n_trees);
        for (tree, times) in grown {
            for row in (0..train.n_rows()).filter(|&row| times[row] == 0) {
                sums[row] += f64::from(tree.value(train.features().row(row)));
                counts[row] += 1;
            }
            trees.push(tree);
        }
        let mean = |(sum, count): (f64, u32)| (count > 0).then(|| sum / f64::from(count));
        let out_of_bag: Vec<Option<f64>> = sums.into_iter().zip(counts).map(mean).collect();
        let out_of_bag_error = mean_error(&train, &out_of_bag);
        Ok(Forest { trees, n_columns, out_of_bag, out_of_bag_error })
    }

    /// A tree, and how often each row was drawn for it.
    fn tree(&self, train: &Samples<'_>, bins: &Bins, n_columns: usize, seed: Seed) -> (Tree, Vec<u32>) {
        let (n_rows, mut rng) = (train.n_rows(), seed.stream(0));
        let mut times = vec![0; n_rows];
        (0..n_rows).for_each(|_| times[rng.below(n_rows)] += 1);
        let (cells, scale) = label_cells(train, |row| times[row]);
        let rows = (0..n_rows as u32).filter(|&row| times[row as usize] > 0).collect();
        let plan = Plan {
            rules: mean_rules(self.impurity, self.min_rows),
            max_leaves: usize::MAX,
            max_depth: self.max_depth.unwrap_or(usize::MAX),
            look: Look::Drawn { n_columns, seed: seed.derive(1) },
        };
        (grow(Data { bins, cells: &cells, scale, values: None }, rows, &plan).tree, times)
    }
}

/// Mean squared error by weight, over the rows that have a prediction.
fn mean_error(train: &Samples<'_>, predictions: &[Option<f64>]) -> Option<f64> {
    let (mut sum, mut weights) = (0.0, 0.0);
    for (row, prediction) in predictions.iter().enumerate() {
        if let Some(p) = prediction {
            let (weight, miss) = (f64::from(train.weight(row)), p - f64::from(train.labels()[row]));
            sum += weight * miss * miss;
            weights += weight;
        }
    }
    (weights > 0.0).then(|| sum / weights)
}

impl Forest {
    /// The trees, in the order of their seeds.
    pub fn trees(&self) -> &[Tree] {
        &self.trees
    }

    /// Columns of a row.
    pub const fn n_columns(&self) -> usize {
        self.n_columns
    }

    /// For every training row the mean of the trees that did not see it; `None` for a row that all
    /// of them saw, which happens only with a handful of trees.
    pub fn out_of_bag(&self) -> &[Option<f64>] {
        &self.out_of_bag
    }

    /// Mean squared error of the out-of-bag predictions by weight (of shares: the Brier score).
    /// `None` where there are no such predictions.
    pub const fn out_of_bag_error(&self) -> Option<f64> {
        self.out_of_bag_error
    }

    /// The mean answer of the trees: a share of ones, or a mean.
    ///
    /// # Panics
    /// If the row has fewer columns than the training table.
    pub fn predict(&self, row: &[f32]) -> f64 {
        self.trees.iter().map(|tree| f64::from(tree.value(row))).sum::<f64>() / self.trees.len() as f64
    }

    /// The prediction for every row.
    ///
    /// # Errors
    /// [`LearnError::Shape`] when a row has not as many columns as the training table.
    pub fn predictions(&self, features: &Features) -> Result<Vec<f64>, LearnError> {
        same_length("a row", features.n_columns(), self.n_columns)?;
        let mut sums = vec![0.0; features.n_rows()];
        add_values(&self.trees, features, &mut sums);
        sums.iter_mut().for_each(|sum| *sum /= self.trees.len() as f64);
        Ok(sums)
    }

    /// Why a row has its prediction; the parts add up to it.
    ///
    /// # Panics
    /// As [`Self::predict`].
    pub fn contributions(&self, row: &[f32]) -> Contributions {
        let mut sum = Contributions { base: 0.0, parts: vec![0.0; self.n_columns] };
        self.trees.iter().for_each(|tree| tree.contribute(row, &mut sum));
        let n = self.trees.len() as f64;
        Contributions { base: sum.base / n, parts: sum.parts.into_iter().map(|part| part / n).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two useful columns of five; one label in ten is turned over.
    fn rows(n: usize, seed: u64) -> (Features, Vec<f32>) {
        let mut rng = Seed(seed).stream(0);
        let values: Vec<f32> = (0..n * 5).map(|_| rng.uniform() as f32).collect();
        let label = |row: &[f32], noise: f64| {
            let one = (row[0] > 0.5) != (row[1] > 0.3);
            f32::from(u8::from(one != (noise < 0.1)))
        };
        let labels = values.chunks(5).map(|row| label(row, rng.uniform())).collect();
        (Features::new(values, 5).unwrap(), labels)
    }

    fn small() -> ForestParams {
        ForestParams { n_trees: 60, n_drawn: Some(2), ..ForestParams::default() }
    }

    // A forest that knew the truth would have a Brier score of 0.1 · 0.9 = 0.09, a coin has 0.25.
    #[test]
    fn the_out_of_bag_error_is_that_on_new_rows_and_not_that_on_known_ones() {
        let (table, labels) = rows(2000, 1);
        let model = small().fit(Samples::new(&table, &labels).unwrap(), Seed(7)).unwrap();
        let (new, new_labels) = rows(4000, 2);
        let brier = |table: &Features, labels: &[f32]| {
            let predictions = model.predictions(table).unwrap();
            let squares = predictions.iter().zip(labels).map(|(p, y)| (p - f64::from(*y)).powi(2));
            squares.sum::<f64>() / labels.len() as f64
        };
        let (honest, fresh, known) =
            (model.out_of_bag_error().unwrap(), brier(&new, &new_labels), brier(&table, &labels));
        assert!((honest - fresh).abs() < 0.015, "{honest} {fresh}");
        assert!(known < honest - 0.03 && fresh < 0.16, "{known} {honest} {fresh}");
    }

    #[test] // Each row is left out by about 1/e = 37 % of 60 trees: by none hardly ever.
    fn rows_are_left_out_by_a_third_of_the_trees_and_reasons_add_up() {
        let (table, labels) = rows(500, 3);
        let model = small().fit(Samples::new(&table, &labels).unwrap(), Seed(1)).unwrap();
        assert!(model.out_of_bag().iter().all(Option::is_some));
        let row = table.row(11);
        assert!((model.contributions(row).total() - model.predict(row)).abs() < 1e-9);
        let one = ForestParams { n_trees: 1, ..small() }.fit(Samples::new(&table, &labels).unwrap(), Seed(1)).unwrap();
        let left_out = one.out_of_bag().iter().flatten().count();
        assert!((150..220).contains(&left_out), "{left_out}");
    }

    #[test]
    fn the_forest_is_the_same_at_any_number_of_threads() {
        let (table, labels) = rows(600, 4);
        let at = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| small().fit(Samples::new(&table, &labels).unwrap(), Seed(5)).unwrap())
        };
        assert_eq!(at(1), at(3));
    }

    #[test]
    fn parameters_outside_their_range_are_refused() {
        let (table, labels) = rows(20, 5);
        let samples = Samples::new(&table, &labels).unwrap();
        assert!(ForestParams { n_trees: 0, ..small() }.fit(samples, Seed(0)).is_err());
        assert!(ForestParams { n_drawn: Some(0), ..small() }.fit(samples, Seed(0)).is_err());
        assert!(ForestParams { max_bins: 1, ..small() }.fit(samples, Seed(0)).is_err());
    }
}
