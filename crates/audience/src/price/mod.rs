//! How price moves what a market buys, read from its own history; no claim about what a new price would do.
//!
//! [`grid`] lays sales out by product and week and says which prices are known; [`hidden`] estimates the response with the
//! prices of weeks without a sale treated as what they are, unknown; [`response`] turns it into figures, by segment and
//! beside other markets; [`deals`] is the plain share of units bought below the product's usual price.

pub mod deals;
pub mod grid;
pub mod hidden;
pub mod response;
