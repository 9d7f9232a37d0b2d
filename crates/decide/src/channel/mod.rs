//! Channels and partners: where to advertise, whom it reaches, with whom to work, and how running adverts do.

mod choice;
mod exposure;
mod facts_file;
mod partner;
mod platform;
mod watch;

pub use choice::{Pays, Ranked, choose};
pub use exposure::{Exposure, GroupReach, group_reach};
pub use facts_file::{ChannelFacts, OwnRow, PlatformRow};
pub use partner::{PartnerFacts, PartnerParams, RankedPartner, Suspicion};
pub use platform::{Outlook, OutlookParams, OwnResults, PlatformFacts};
pub use watch::{AdDay, Alarm, Watch, WatchParams};
