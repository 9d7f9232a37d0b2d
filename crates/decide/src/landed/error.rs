//! Why a landed cost cannot be given.

use domain::{Currency, Day, Market, MoneyError};

/// What is missing or contradicts itself. Each says what to supply.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum LandedError {
    /// No tax row for the market on the day.
    #[error("no consumption tax is known for {market} on {day}: add a [[tax]] row to costs.toml")]
    NoTax {
        /// Market.
        market: Market,
        /// Day asked.
        day: Day,
    },
    /// No duty row for the code.
    #[error(
        "no duty rate is known for HS {hs} made in {origin} and sold in {market}: add a [[duty]] row to costs.toml"
    )]
    NoDuty {
        /// Market.
        market: Market,
        /// HS code.
        hs: String,
        /// Where it was made.
        origin: Market,
    },
    /// No rate between two currencies.
    #[error("no exchange rate from {from} to {to}: load rates for that day")]
    NoRate {
        /// From.
        from: Currency,
        /// To.
        to: Currency,
    },
    /// A weight or size that cannot be one.
    #[error("{what} is {got}: {right}")]
    Parcel {
        /// Which measure.
        what: &'static str,
        /// As given.
        got: String,
        /// What would be right.
        right: &'static str,
    },
    /// A parameter outside its range.
    #[error("{what} is {got}: {right}")]
    Param {
        /// Which one.
        what: &'static str,
        /// As given.
        got: String,
        /// What would be right.
        right: &'static str,
    },
    /// The lane does not carry the parcel.
    #[error("lane `{lane}` does not take this parcel: {why}")]
    Lane {
        /// Its id.
        lane: String,
        /// Why not.
        why: String,
    },
    /// No price earns the margin.
    #[error("no price earns it: fees, taxes and the asked margin take {taken_percent} % of each further unit of price")]
    NoPrice {
        /// Share of a price increase that is taken, in per cent, rounded.
        taken_percent: i64,
    },
    /// Arithmetic of money.
    #[error(transparent)]
    Money(#[from] MoneyError),
}
