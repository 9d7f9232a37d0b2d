//! Events in: the tracking endpoints. They find and check the write key themselves, since it may stand in the body.

use crate::shared::AppState;
use utoipa_axum::router::OpenApiRouter;

/// Routes beside `/api`: no guard stands before them.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
}
