//! One type for every fitted kind, so that it can be kept, compared and asked without knowing which.

use super::calibrate::Calibrator;
use super::classifier::{Classifier, ClassifierKind, PartUnit};
use super::{LinearSvm, Logistic, RbfSvm, sigmoid};
use crate::trees::{Boosted, Cart, Features, Forest, NodeView};

/// A fitted classifier of any kind.
#[derive(Clone, Debug, PartialEq)]
pub enum FittedClassifier {
    /// One decision tree, its leaves pulled towards the share of ones.
    Tree(PulledTree),
    /// Many trees, averaged.
    Forest(Forest),
    /// Many trees, each correcting the ones before.
    Boosting(Boosted),
    /// Logistic regression.
    Logistic(Logistic),
    /// Support vector machine with a straight boundary, and its curve.
    LinearSvm(Svm<LinearSvm>),
    /// Support vector machine with the radial kernel, and its curve.
    RbfSvm(Svm<RbfSvm>),
}

/// A tree whose leaves are never certain: `(ones + 2 · share) / (n + 2)` with the share of ones of all training rows. A leaf
/// of twenty zeros has seen no one, which is not the same as that there are none.
///
/// Source: Cestnik, "Estimating probabilities: a crucial task in machine learning", ECAI 1990.
#[derive(Clone, Debug, PartialEq)]
pub struct PulledTree {
    pub(super) tree: Cart,
    pub(super) share: f64,
}

/// Rows that the share of all counts as in a leaf.
const PULL: f64 = 2.0;

impl PulledTree {
    /// The tree as grown.
    pub const fn tree(&self) -> &Cart {
        &self.tree
    }

    fn probability(&self, row: &[f32]) -> f64 {
        match self.tree.tree().node(self.tree.tree().leaf(row)) {
            NodeView::Leaf { value, n_rows } => {
                (f64::from(value) * f64::from(n_rows) + PULL * self.share) / (f64::from(n_rows) + PULL)
            }
            NodeView::Split { .. } => self.share, // a row always ends in a leaf
        }
    }
}

/// A boundary with the curve from its decision to a probability.
#[derive(Clone, Debug, PartialEq)]
pub struct Svm<M> {
    pub(super) model: M,
    pub(super) curve: Calibrator,
}

impl<M> Svm<M> {
    /// The boundary.
    pub const fn model(&self) -> &M {
        &self.model
    }

    /// The curve.
    pub const fn curve(&self) -> &Calibrator {
        &self.curve
    }
}

impl FittedClassifier {
    /// Which kind it is.
    pub const fn kind(&self) -> ClassifierKind {
        match self {
            Self::Tree(_) => ClassifierKind::Tree,
            Self::Forest(_) => ClassifierKind::Forest,
            Self::Boosting(_) => ClassifierKind::Boosting,
            Self::Logistic(_) => ClassifierKind::Logistic,
            Self::LinearSvm(_) => ClassifierKind::LinearSvm,
            Self::RbfSvm(_) => ClassifierKind::RbfSvm,
        }
    }
}

/// One in ten thousand is as sure as a forest may be, however pure its leaves.
pub(super) const SUREST: f64 = 1e-4;

fn sure(p: f64) -> f64 {
    p.clamp(SUREST, 1.0 - SUREST)
}

/// Largest first, ties by column; what adds nothing is left out.
pub(super) fn ranked(parts: Vec<f64>) -> Vec<(usize, f64)> {
    let mut parts: Vec<(usize, f64)> = parts.into_iter().enumerate().filter(|(_, part)| *part != 0.0).collect();
    parts.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()).then(a.0.cmp(&b.0)));
    parts
}

fn sloped(parts: Vec<f64>, slope: f64) -> Vec<f64> {
    parts.into_iter().map(|part| part * slope).collect()
}

impl Classifier for FittedClassifier {
    fn n_columns(&self) -> usize {
        match self {
            Self::Tree(model) => model.tree.n_columns(),
            Self::Forest(model) => model.n_columns(),
            Self::Boosting(model) => model.n_columns(),
            Self::Logistic(model) => model.columns().n_raw(),
            Self::LinearSvm(svm) => svm.model.columns().n_raw(),
            Self::RbfSvm(svm) => svm.model.columns().n_raw(),
        }
    }

    fn probability(&self, row: &[f32]) -> f64 {
        match self {
            Self::Tree(model) => model.probability(row),
            Self::Forest(model) => sure(model.predict(row)),
            Self::Boosting(model) => sigmoid(model.score(row)),
            Self::Logistic(model) => sigmoid(model.score(row)),
            Self::LinearSvm(svm) => svm.curve.probability(svm.model.decision(row)),
            Self::RbfSvm(svm) => svm.curve.probability(svm.model.decision(row)),
        }
    }

    fn reasons(&self, row: &[f32]) -> Vec<(usize, f64)> {
        ranked(match self {
            Self::Tree(model) => model.tree.contributions(row).parts,
            Self::Forest(model) => model.contributions(row).parts,
            Self::Boosting(model) => model.contributions(row).parts,
            Self::Logistic(model) => model.parts(row),
            Self::LinearSvm(svm) => sloped(svm.model.parts(row), svm.curve.slope(svm.model.decision(row))),
            Self::RbfSvm(svm) => sloped(svm.model.parts(row), svm.curve.slope(svm.model.decision(row))),
        })
    }

    fn part_unit(&self) -> PartUnit {
        match self {
            Self::Tree(_) | Self::Forest(_) => PartUnit::Probability,
            Self::Boosting(_) | Self::Logistic(_) | Self::LinearSvm(_) => PartUnit::LogOdds,
            Self::RbfSvm(_) => PartUnit::LogOddsAlone,
        }
    }

    fn probabilities(&self, features: &Features) -> Vec<f64> {
        // Ensembles are asked tree by tree, which is kinder to the cache than row by row.
        let asked = match self {
            Self::Forest(model) => model.predictions(features).map(|p| p.into_iter().map(sure).collect()),
            Self::Boosting(model) => model.predictions(features),
            Self::RbfSvm(svm) => {
                return svm.model.decisions(features).into_iter().map(|f| svm.curve.probability(f)).collect();
            }
            Self::Tree(_) | Self::Logistic(_) | Self::LinearSvm(_) => {
                return features.rows().map(|row| self.probability(row)).collect();
            }
        };
        // More columns than in training: row by row the first ones are read, as for a single row.
        asked.unwrap_or_else(|_| features.rows().map(|row| self.probability(row)).collect())
    }
}
