//! Events in: the tracking endpoints, and what follows from them live.
//!
//! The endpoints find and check the write key themselves, since it may stand in the body; no guard stands before them.

mod intake;
mod live;
mod metrics;
mod read_body;
mod reply;
mod routes;
mod script;

use crate::shared::AppState;
pub use intake::{Allows, Counts, Intake, IntakeError, IntakeParams, KeepsUndone, Listener, Sender};
pub use reply::{IngestFailure, IngestReply, RefusedCall, WarnedCall};
pub use script::SCRIPT;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Routes beside `/api`.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(routes::segment))
        .routes(routes!(routes::collect))
        .routes(routes!(script::script))
}
