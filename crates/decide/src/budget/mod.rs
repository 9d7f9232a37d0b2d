//! Where money goes: response curves, allocation under limits, and why an allocation moved.

mod allocate;
mod envelope;
mod flow;
mod grid;
mod polish;
pub mod response;

pub use allocate::{AllocateParams, Allocation, Held, Share};
pub use grid::{Cell, Grid, Limits, Line, Total};
pub use response::Response;
