//! The operations of a tape, one file a family.

mod attention;
mod conv;
mod gather;
mod group_norm;
mod linear;
mod losses;
mod mixture;
mod norm;
mod pointwise;
mod pool_pixels;
mod recurrent;
mod sampled;
mod shape;
mod softmax_loss;

pub use attention::Attention;
pub use conv::Conv;
pub use group_norm::Groups;
pub use pointwise::Activation;
pub use recurrent::Cell;
pub use sampled::Targets;
