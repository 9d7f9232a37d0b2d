//! Who is signed in, signing in, first set-up.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What somebody may do. Each role may do what the one before may.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Looks.
    #[default]
    Viewer,
    /// Changes segments, catalogue and runs.
    Marketer,
    /// Keys, people, audit, erasure.
    Admin,
}

/// The visit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SessionInfo {
    /// Who is signed in.
    pub user: Option<SessionUser>,
    /// To be sent as `X-CSRF-Token` with every write.
    pub csrf: Option<String>,
    /// Whether the first admin is still to be made, with the one-time link that the server printed.
    pub setup_needed: bool,
}

/// Who is signed in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SessionUser {
    /// Name.
    pub name: String,
    /// Role.
    pub role: Role,
}

/// First set-up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Setup {
    /// From the one-time link.
    #[schema(max_length = 200)]
    pub token: String,
    /// Name of the first admin.
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    /// At least 12 characters.
    #[schema(min_length = 12, max_length = 200)]
    pub password: String,
}

/// Signing in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// Name.
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    /// Password.
    #[schema(min_length = 1, max_length = 200)]
    pub password: String,
}
