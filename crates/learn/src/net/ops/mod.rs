//! The operations of a tape, one file a family.

mod attention;
mod gather;
mod linear;
mod losses;
mod mixture;
mod norm;
mod pointwise;
mod recurrent;
mod sampled;
mod shape;
mod softmax_loss;

pub use attention::Attention;
pub use pointwise::Activation;
pub use recurrent::Cell;
pub use sampled::Targets;
