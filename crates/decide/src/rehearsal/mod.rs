//! Rehearsal: a plan against many worlds that agree with what is known, before any money is spent.
//!
//! It takes plain numbers: expected demand with its interval for each product and week, prices, landed cost, elasticity
//! with interval or none, stock and deliveries, advertising with response curves and their resamples. It gives margin and
//! stock-outs with intervals, the money that has to be there, the chance of a loss, regret against other plans in the same
//! worlds, and which of the inputs the margin hangs on.

mod draw;
mod input;
mod planned;
mod report;
mod run;

pub use draw::Input;
pub use input::{AdChannel, Delivery, Estimate, Noise, Plan, Product, Promoted, World};
pub use planned::{Of, Planned};
pub use report::{Bar, Candidate, Rehearsal, RehearsalParams, Spread};
pub use run::Outcome;
