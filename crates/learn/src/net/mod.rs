//! Networks: a tape that knows the derivatives, an optimiser, and one training loop for all of them.
//!
//! Read in this order: [`Tape`] records a forward pass over matrices and walks it backwards, its
//! operations lie in `ops/`, one file each, the hot ones (attention, recurrent cells, softmax losses)
//! fused with a backward pass of their own; [`Weights`] holds what is learnt, dense matrices and
//! tables of which a step touches a few rows, both with the moments of Adam; [`Trainer`] runs
//! epochs over a [`Network`], splits a step into shards that threads work on, stops early, and can be
//! written to bytes and taken up again.
//!
//! Why our own and no framework: matrix products of this size run at 100 to 200 billion operations a
//! second and core on `faer`, which the program has anyway; what costs in a framework is everything
//! between them. ARCHITECTURE.md has the figures.
//!
//! The same data, parameters and seed give the same bits at any number of threads: a step is split
//! into a fixed number of shards whose gradients are added in their order.

mod checkpoint;
mod gemm;
mod math;
mod ops;
mod optim;
mod pool;
mod tape;
mod train;
mod weights;

#[cfg(test)]
mod gradient_tests;

pub use checkpoint::CheckpointError;
pub use ops::{Activation, Attention, Cell, Conv, Groups, Targets};
pub use optim::AdamParams;
pub use pool::Pool;
pub use tape::{Mode, Tape, Var};
pub use train::{Cooling, Flow, Leaves, Loss, Network, Progress, Rows, Stop, TrainParams, Trainer, Watch};
pub use weights::{Dense, Start, Table, Weights};
