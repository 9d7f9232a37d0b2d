//! Keys, people and the audit log.

use super::session::Role;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a key may do. An admin key may do all; a read key asks, a write key sends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum KeyKind {
    /// Sends events; may stand in a web page.
    #[default]
    Write,
    /// Asks for recommendations and answers.
    Read,
    /// Changes things.
    Admin,
}

/// A key, without its secret.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ApiKey {
    /// Its id.
    pub id: String,
    /// What it is for.
    pub name: String,
    /// What it may do.
    pub kind: KeyKind,
    /// Its first characters, to tell it apart.
    pub prefix: String,
    /// The only market it may ask about; all without.
    pub market: Option<String>,
    /// Web origins that may use it from a page; none: no page may.
    pub origins: Vec<String>,
    /// When it was made, RFC 3339.
    pub created: String,
    /// When it was last used, to the hour.
    pub last_used: Option<String>,
    /// When its secret was last changed.
    pub rotated: Option<String>,
    /// When it was revoked.
    pub revoked: Option<String>,
}

/// A key to make.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewKey {
    /// What it is for.
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    /// What it may do.
    pub kind: KeyKind,
    /// The only market it may ask about.
    #[schema(pattern = "^[A-Z]{2}$")]
    pub market: Option<String>,
    /// Web origins that may use it from a page, such as `https://shop.example`.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub origins: Vec<String>,
}

/// A key with its secret: shown once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct KeyWithSecret {
    /// The key.
    pub key: ApiKey,
    /// The secret; only its hash is kept.
    pub secret: String,
}

/// The keys.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Keys {
    /// Newest first.
    pub keys: Vec<ApiKey>,
}

/// A person who may sign in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct User {
    /// Id.
    pub id: String,
    /// Name, unique.
    pub name: String,
    /// Role.
    pub role: Role,
    /// When it was made, RFC 3339.
    pub created: String,
    /// Last sign-in.
    pub last_seen: Option<String>,
    /// Until when sign-in is refused after too many wrong passwords.
    pub locked_until: Option<String>,
}

/// The people who may sign in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Users {
    /// By name.
    pub users: Vec<User>,
}

/// A person to add.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewUser {
    /// Name, unique.
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    /// Role.
    pub role: Role,
    /// At least 12 characters.
    #[schema(min_length = 12, max_length = 200)]
    pub password: String,
}

/// What to change; what is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserChange {
    /// The new role.
    pub role: Option<Role>,
    /// The new password; ends all visits of the person.
    #[schema(min_length = 12, max_length = 200)]
    pub password: Option<String>,
    /// `true` lifts a lock-out.
    pub unlock: Option<bool>,
}

/// A page of the audit log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Audit {
    /// Newest first.
    pub entries: Vec<AuditEntry>,
    /// Entries in all.
    pub total: u64,
    /// Whether the chain of hashes is whole.
    pub intact: bool,
    /// Where it is broken, when it is.
    pub broken_at: Option<u64>,
}

/// Who did what.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditEntry {
    /// Number, from 1 without gaps.
    pub number: u64,
    /// When, RFC 3339.
    pub at: String,
    /// Who: `user:NAME`, `key:PREFIX`, `system`.
    pub actor: String,
    /// What: `key.created`, `user.role_changed`, …
    pub action: String,
    /// On what.
    pub subject: String,
    /// More about it, without personal data.
    pub detail: String,
    /// Hash of this entry and the one before, hexadecimal.
    pub hash: String,
}
