//! Prices that do not fit together: between channels of a market, and between markets.
//!
//! [`channels`] finds channels that undercut each other and wars between them; [`arbitrage`] finds routes on which it pays to buy in
//! one market and sell, or use, in another.

pub mod arbitrage;
pub mod channels;
