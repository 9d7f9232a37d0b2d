//! A training as bytes, to be taken up again where it was.
//!
//! A [container](crate::container) of kind `training` whose fingerprint is that of the examples and parameters: counters,
//! sums, and each matrix with the moments of its optimiser, the best ones without. Reading and writing files is
//! the caller's.

use super::Trainer;
use crate::container::{ContainerError, Reader, Writer};

const KIND: &str = "training";

/// Why bytes are no checkpoint of this training.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// Not the bytes that were written.
    #[error(transparent)]
    Damaged(#[from] ContainerError),
    /// Of a training of something else.
    #[error("the checkpoint is of a training with other {0}")]
    Other(&'static str),
}

/// The section of a matrix.
fn place(whose: &str, name: &str) -> String {
    format!("{whose}: {name}")
}

impl Trainer {
    /// Everything that is needed to go on.
    pub fn checkpoint(&self) -> Vec<u8> {
        let mut to = Writer::default();
        let counters = [self.epoch, self.step_in_epoch, self.worse].map(|n| n as u64);
        to.u64s("counters", &[&counters[..], &[self.seed.0, self.n_updates]].concat());
        to.f64s("sums", &[self.sums.0, self.sums.1]);
        to.f64s("best metric", &self.best.iter().map(|(metric, _)| *metric).collect::<Vec<f64>>());
        for d in self.weights.each() {
            for (whose, values) in [("now", &d.values), ("mean", &d.m), ("square", &d.v)] {
                to.f32s(&place(whose, &d.name), values);
            }
        }
        for d in self.best.iter().flat_map(|(_, best)| best.each()) {
            to.f32s(&place("best", &d.name), &d.values);
        }
        to.finish(KIND, self.of)
    }

    /// Takes a training up. `self` is a new one of the same examples with the same parameters, matrices and seed.
    ///
    /// # Errors
    /// [`CheckpointError`]; the training is then as it was.
    pub fn resume(&mut self, bytes: &[u8]) -> Result<(), CheckpointError> {
        let from = Reader::open(bytes)?;
        if from.kind() != KIND {
            return Err(ContainerError::Kind { got: from.kind().to_owned(), want: KIND.to_owned() }.into());
        }
        if from.fingerprint() != self.of {
            return Err(CheckpointError::Other("examples or parameters"));
        }
        let counters = from.u64s("counters")?;
        let [epoch, step, worse, seed, n_updates] = counters[..] else {
            return Err(ContainerError::content("counters", "5 numbers").into());
        };
        if seed != self.seed.0 {
            return Err(CheckpointError::Other("seed"));
        }
        let sums = from.f64s("sums")?;
        let [loss, weight] = sums[..] else { return Err(ContainerError::content("sums", "2 numbers").into()) };
        let read = |whose: &str, name: &str, need: usize| -> Result<Vec<f32>, CheckpointError> {
            let values = from.f32s(&place(whose, name)).map_err(|e| match e {
                ContainerError::Section { .. } => CheckpointError::Other("matrices"),
                other => other.into(),
            })?;
            if values.len() == need { Ok(values) } else { Err(CheckpointError::Other("matrices")) }
        };
        let mut weights = self.weights.clone();
        for d in weights.each_mut() {
            let n = d.values.len();
            for (whose, values) in [("now", &mut d.values), ("mean", &mut d.m), ("square", &mut d.v)] {
                *values = read(whose, &d.name, n)?;
            }
        }
        let mut best = None;
        if let [metric] = from.f64s("best metric")?[..] {
            let mut kept = self.weights.clone().settled();
            for d in kept.each_mut() {
                d.values = read("best", &d.name, d.values.len())?;
            }
            best = Some((metric, kept));
        }
        (self.weights, self.best, self.worse) = (weights, best, worse as usize);
        (self.epoch, self.step_in_epoch, self.n_updates) = (epoch as usize, step as usize, n_updates);
        self.sums = (loss, weight);
        Ok(())
    }
}
