//! Bids in auctions: what an impression is worth, what the market asks, how much to bid so that a budget lasts.

mod bidder;
mod feedback;
mod learning;
mod lookahead;
mod prices;
mod replay;
mod report;
mod value;

pub use bidder::{Bid, Form, Pace, Rule, Standing};
pub use feedback::{Feedback, FeedbackParams};
pub use learning::{Learning, LearningParams};
pub use lookahead::{Lookahead, LookaheadParams, Trust};
pub use prices::{MarketPrices, Seen};
pub use replay::{Auction, Clicked, Outcome, replay};
pub use report::{Before, Fate, LoggedAuction, PlacementValue, Report, ReportParams, Tried};
pub use value::{Funnel, ImpressionValue, ValueParams};
