//! Series of numbers in time: what comes next, how sure that is, and which method to ask.
//!
//! Read in this order: [`History`] is a series without holes; `naive` and `season` are the benchmarks;
//! `ets`, `theta`, `stl`, `mstl` and `intermittent` the methods; [`Method`] is one door to all of them.
//! [`AutoParams`] forecasts a panel: `combine` says how much of each method, `conformal` how sure that is.
//! [`GlobalParams`] learns one model from many series, with what is known ahead.
//! `dual` and `bfgs` are what the likelihoods are searched with.

mod auto;
mod bfgs;
mod combine;
mod conformal;
mod dual;
pub mod ets;
mod global;
mod history;
pub mod intermittent;
mod loess;
mod method;
mod mstl;
pub mod naive;
pub mod season;
mod stl;
mod theta;

pub use auto::{Answer, AutoParams, Basis, Reason};
pub use conformal::{Band, Conformal, Scores};
pub use global::{Global, GlobalParams, Member};
pub use history::{History, LeadingZeros};
pub use method::{Method, Outlook, Scale};
pub use mstl::{MstlParams, Seasons};
pub use stl::{Decomposition, Degree, StlParams};
pub use theta::{ThetaFit, ThetaKind, ThetaParams};
