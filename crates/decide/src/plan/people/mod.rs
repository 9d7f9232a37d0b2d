//! The pages about customers and markets that stand beside the launch plans: who buys in a market and what they will be
//! worth ([`people_html`]), and which market to enter ([`markets_html`]).

mod buyers;
mod charts;
mod maps;
mod markets;

pub use buyers::{Flow, PeoplePage, PersonaPart, PersonaStatement, people_html};
pub use charts::CurvePoint as SurvivalPoint;
pub use maps::{CohortMonth, RfmField};
pub use markets::{MarketPlace, MarketsPage, markets_html};
