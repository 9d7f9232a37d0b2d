//! What visitors do now.
//!
//! Everything is computed from *timelines*: for each identifier the last steps, in the order of their times, however late
//! and in whatever order they came. Sessions, carts and wish lists are pure functions of a timeline, so out-of-order events give the state that sorted ones give, and taking back a link between two identifiers
//! takes back what followed from it.

mod bounded;
mod cart;
mod counters;
mod identity;
mod live;
mod queries;
mod session;
mod store;
mod timeline;
mod wish;

pub use cart::{Cart, CartLine, CartParams, CartStatus, cart};
pub use counters::{CountersView, Minute};
pub use identity::{Identity, Link, LinkId};
pub use live::{Live, LiveCart, LiveParams, Person};
pub use queries::{QueriesAsked, QueryCount, QueryKey};
pub use session::{Page, Session, SessionParams, sessions};
pub use store::{Visitors, VisitorsParams};
pub use timeline::{Step, Timeline};
pub use wish::{Wish, wishes};
