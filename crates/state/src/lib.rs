//! State that changes row by row: keys, people, visits, the audit log, consents, kept replies, settings.
//!
//! SQLite in one file of the workspace by default (`state.db`; write-ahead log, every commit synced), PostgreSQL by
//! URL. Nothing here knows HTTP, and nothing asks for the time: each call is told what time it is. Secrets are never
//! kept, only hashes of them: SHA-256 for what is 256 random bits, argon2id for what a person thought up.
//!
//! | file | story |
//! |---|---|
//! | [`store`] | opening, migrations |
//! | [`keys`] | API keys: make, find by secret, rotate, revoke |
//! | [`users`] | people who may sign in, their passwords |
//! | [`sessions`] | visits: tokens, idle and absolute end |
//! | [`lockout`] | wrong passwords, counted by account and address |
//! | [`setup`] | the one-time link that makes the first admin |
//! | [`audit`] | who did what, as a chain of hashes |
//! | [`consent`] | what a person allowed, as history |
//! | [`replies`] | replies kept under idempotency keys |
//! | [`settings`] | small values by name |

#[allow(unreachable_pub, missing_docs)] // the derives need public items; nobody outside sees them
mod entity;
mod migration;

pub mod audit;
pub mod consent;
mod error;
pub mod keys;
pub mod lockout;
mod password;
pub mod replies;
pub mod secret;
pub mod sessions;
pub mod settings;
pub mod setup;
pub mod store;
mod times;
pub mod users;

pub use error::StateError;
pub use store::Store;
