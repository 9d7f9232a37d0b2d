//! The events that shops, sites and apps send.
//!
//! `wire` reads what comes over HTTP (Segment's calls, the Measurement Protocol) and says what is accepted and why not;
//! what is accepted becomes a *line*, one Segment call in canonical form, which the log keeps and the lake reads like any
//! export of such calls, and a [`ShopEvent`], what everything live works with. `access_log` makes the same of a web
//! server's log. `visitors` keeps what visitors do now: sessions, carts, wish lists, who is who; `replay` reads a
//! log back into that.

mod access_log;
mod agents;
mod clock;
mod event;
mod private;
mod replay;
mod time;
mod visitors;
mod vocabulary;
mod wire;

pub use access_log::{AccessLogParams, AccessLogReport, BotSign, LogFault, LogLine, read_access_log};
pub use agents::machine_word;
pub use clock::{ClockFault, ClockParams, Correction, correct};
pub use event::{EventFault, EventRow, Item, Millis, ShopEvent};
pub use private::{email_hash, message_key, phone_hash};
pub use replay::replay;
pub use time::{Micros, parse_time, write_time};
pub use visitors::{
    Cart, CartLine, CartParams, CartStatus, CountersView, Identity, Link, LinkId, Live, LiveCart, LiveParams, Minute,
    Page, Person, QueriesAsked, QueryCount, QueryKey, Session, SessionParams, Step, Timeline, Visitors, VisitorsParams,
    Wish, cart, sessions, wishes,
};
pub use vocabulary::{CallKind, Deed};
pub use wire::{
    Accept, Accepted, Body, BodyError, Endpoint, Limits, Measurement, MeasurementParams, Refused, Taken, Warning,
    basic_write_key,
};
