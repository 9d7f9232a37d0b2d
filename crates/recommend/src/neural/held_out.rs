//! Stopping in time for networks of independent examples: every tenth one is kept aside, and training stops when the
//! loss on those no longer falls.

use super::Training;
use domain::{FitError, Rng, Seed};
use learn::net::{Leaves, Loss, Mode, Network, Pool, Rows, Stop, Tape, Watch, Weights};
use rayon::prelude::*;

/// Every how many examples one is kept aside.
const ASIDE: usize = 10;
/// Examples whose loss is taken together; a loss of a batch, such as that of two towers, depends on it.
const BLOCK: usize = 128;

/// Some examples of a network as a network.
struct Part<'a, N> {
    whole: &'a N,
    examples: Vec<u32>,
}

impl<N> Part<'_, N> {
    fn named(&self, examples: &[u32]) -> Vec<u32> {
        examples.iter().map(|e| self.examples[*e as usize]).collect()
    }
}

impl<N: Network> Network for Part<'_, N> {
    type Shared = N::Shared;

    fn n_examples(&self) -> usize {
        self.examples.len()
    }

    fn share(&self, examples: &[u32], rng: &mut Rng) -> (N::Shared, Vec<Rows>) {
        self.whole.share(&self.named(examples), rng)
    }

    fn loss(
        &self,
        tape: &mut Tape<'_>,
        leaves: Leaves<'_>,
        shared: &N::Shared,
        examples: &[u32],
        rng: &mut Rng,
    ) -> Option<Loss> {
        self.whole.loss(tape, leaves, shared, &self.named(examples), rng)
    }
}

/// The mean loss of some examples, in the order in which they are given.
fn mean_loss<N: Network>(network: &N, weights: &Weights, examples: &[u32]) -> f64 {
    let block = |examples: &[u32]| {
        let mut rng = Rng::new(0);
        let (shared, _) = network.share(examples, &mut rng);
        let mut tape = Tape::new(Pool::default(), Mode::Infer);
        let (dense, tables) = tape.lend(weights);
        let whole = vec![Rows::All; tables.len()];
        let loss = network.loss(&mut tape, Leaves::new(&dense, &tables, &whole), &shared, examples, &mut rng);
        loss.map_or((0.0, 0.0), |loss| (f64::from(tape.value(loss.sum)[0]), loss.weight))
    };
    let losses: Vec<(f64, f64)> = examples.par_chunks(BLOCK).map(block).collect();
    let (sum, weight) = losses.iter().fold((0.0, 0.0), |(sum, weight), l| (sum + l.0, weight + l.1));
    sum / weight.max(f64::MIN_POSITIVE)
}

impl Training {
    /// Trains to the last epoch, or until the loss on examples kept aside has not fallen for `patience` epochs; 0 keeps
    /// nothing aside. The metric that `watch` hears is the negative loss.
    pub(super) fn run_in_time<N: Network>(
        mut self,
        lessons: &N,
        patience: usize,
        watch: &mut dyn Watch,
    ) -> Result<Weights, FitError> {
        let mut order: Vec<u32> = (0..lessons.n_examples() as u32).collect();
        if patience == 0 || order.len() < ASIDE {
            return self.run(lessons, &mut |_| None, watch);
        }
        Seed(self.seed.0).derive(2).stream(0).shuffle(&mut order);
        let aside = order.split_off(order.len() - order.len() / ASIDE);
        self.how.stop = Stop::After(patience);
        let part = Part { whole: lessons, examples: order };
        self.run(&part, &mut |weights| Some(-mean_loss(lessons, weights, &aside)), watch)
    }
}
