//! What the merchant and its markets intend: tastes, prices and promotions, advertising.

mod ads;
mod prices;
mod taste;

pub(crate) use ads::{ADS, AdRules};
pub use ads::{AdBook, AdChannel, CHANNELS};
pub use prices::PriceBook;
pub(crate) use prices::{PRICES, PriceRules};
pub(crate) use taste::{ChoiceTables, SIZE_AT, TASTE, TasteRules};
pub use taste::{MarketTaste, SharedTaste, TIER_SHARES, TIER_WEIGHTS, TIERS};
