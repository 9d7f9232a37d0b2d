//! What goes over the wire: types of its own, so that the domain can move without breaking callers.
//!
//! Every type derives its schema, and the document at `/openapi.json` is made from them. Days are `YYYY-MM-DD`,
//! instants RFC 3339 in UTC, markets ISO 3166-1 alpha-2, currencies ISO 4217. Amounts carry their minor units.

pub mod admin;
pub mod audience;
pub mod catalogue;
pub mod data;
pub mod figure;
pub mod markets;
pub mod overview;
pub mod persons;
pub mod problem;
pub mod recommend;
pub mod session;
pub mod table;
