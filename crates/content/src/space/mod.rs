//! One space for what products say, show and are bought with.
//!
//! [`Aligned`] brings two modalities together by what belonging pairs share; [`Fusion`] makes one vector of
//! several modalities, whichever of them are there, for a stated purpose; [`Weighed`] joins the likenesses of several views, purchases among
//! them; [`ablation`] says what each modality brings, also where the answer is nothing.

mod ablation;
mod aligned;
mod fusion;
mod network;
mod weighed;

pub use ablation::{Ablated, ablation};
pub use aligned::{Aligned, AlignedParams};
pub use fusion::{Fusion, FusionError, FusionParams, Goal, Join};
pub use weighed::{View, Weighed, WeighedParams};
