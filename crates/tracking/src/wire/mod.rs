//! What comes over HTTP, and what of it is accepted.

mod accept;
mod body;
mod measurement;

pub use accept::{Accept, Accepted, Limits, Refused, Taken, Warning};
pub use body::{Body, BodyError, Endpoint, basic_write_key};
pub use measurement::{Measurement, MeasurementParams};
