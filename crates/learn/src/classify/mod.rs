//! Telling ones from zeros: six kinds of model behind one small role, with probabilities that keep
//! their promise and reasons.
//!
//! Read in this order: [`Classifier`] is the role and [`ClassifierKind`] the registry; [`ClassifierParams`] says
//! how each is learnt. `columns` makes a table ready for models that multiply; `logistic`, `svm_linear`,
//! `svm_rbf` are such models, trees are in [`crate::trees`]. `calibrate` turns scores into probabilities,
//! `folds` makes scores of rows that a model has not seen, `calibrated` joins both. `marks` says how good it all is.

mod calibrate;
mod calibrated;
mod classifier;
mod columns;
mod fitted;
mod folds;
mod logistic;
mod marks;
mod svm_linear;
mod svm_rbf;

pub use calibrate::{Calibration, Calibrator};
pub use calibrated::{Calibrated, CalibratedParams, jackknife_sd};
pub use classifier::{Classifier, ClassifierKind, ClassifierParams, PartUnit};
pub use columns::Columns;
pub use fitted::{FittedClassifier, PulledTree, Svm};
pub use folds::{Folds, Subset};
pub use logistic::{Logistic, LogisticParams, logit, sigmoid};
pub use marks::{
    Confusion, ReliabilityBin, auc, average_precision, brier, calibration_error, log_loss, log_loss_of, reliability,
};
pub use svm_linear::{LinearSvm, LinearSvmParams};
pub use svm_rbf::{RbfSvm, RbfSvmParams};
