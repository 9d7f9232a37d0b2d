//! What the merchant and its markets intend: tastes, prices and promotions, advertising.

mod ads;
mod prices;
mod taste;

pub use ads::{AdBook, AdChannel, CHANNELS};
pub use prices::PriceBook;
pub(crate) use taste::ChoiceTables;
pub use taste::{MarketTaste, SharedTaste, TIER_SHARES, TIER_WEIGHTS, TIERS};
