//! The words every other crate shares: markets, money, time, identifiers, interactions, figures
//! and the small traits that models implement.
//!
//! Nothing here does IO, reads a clock or the environment, or starts a thread.

mod country;
mod currency_codes;
mod figure;
mod history;
mod ids;
mod interactions;
mod locale;
mod market;
mod money;
mod origin;
mod price_text;
mod roles;
mod seed;
mod spoken;
mod time;

pub use country::{COUNTRIES, Country, country, country_by_name, market_by_name};
pub use figure::{Figure, FigureValue, Interval, Unit};
pub use history::{History, Recency};
pub use ids::{ItemIdx, OrderId, ProductId, ShopperId, ShopperIdx};
pub use interactions::{Interaction, Interactions, InteractionsError, Kind};
pub use locale::{Locale, LocaleError, Nearness, accept_language};
pub use market::{Language, LanguageError, Market, MarketError};
pub use money::{Amount, Currency, FxRate, Money, MoneyError, Rounding, allocate};
pub use origin::TRACKING_ORIGIN;
pub use price_text::price_text;
pub use roles::{Explain, Fit, FitError, Reason, Score};
pub use seed::{Rng, Seed};
pub use spoken::languages;
pub use time::{Day, Window};

/// Exact decimal numbers, for prices and rates as they are printed.
pub use rust_decimal::Decimal;
