//! What tracked shoppers did in the web shop: searches, views, baskets, orders.
//!
//! A session is a search (in the market's language), some views of products drawn from the
//! shopper's own choice model, and an end: nothing, an abandoned basket, or the order. A tracked
//! shopper has on average two sessions without an order for each with one, and some search afterwards for something
//! that is not sold. Every session starts anonymous; `identify` comes with the first order and `userId` stays from then on.

use super::orders::DAY;
use crate::catalogue::Words;
use crate::part::{Part, market_seed};
use crate::plan::ChoiceTables;
use crate::{Book, SimParams};
use domain::{Day, Market, Rng};
use serde::Serialize;

/// How tracked shoppers look around, in every market.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct EventRules {
    /// Mean number of sessions without an order before each order.
    idle_sessions: f64,
    /// Mean days by which they precede it.
    idle_days: f64,
    /// Mean number of further views in such a session.
    idle_views: f64,
    /// Share of them that leave a product in the basket.
    abandoned: f64,
    /// Mean number of views of other products before an order.
    views: f64,
    /// Share of shoppers who afterwards search for something that is not sold.
    vain: f64,
    /// Share of those who search for what their market wants most; the others for any of [`WANTED`].
    most_wanted: f64,
    /// Mean days after the last order.
    vain_days: f64,
}

/// What the catalogue has not, in the languages of the catalogue.
pub static WANTED: [Words; 4] = [
    ["蒸汽拖把", "steam mop", "Dampfmopp", "cây lau nhà hơi nước", "ไม้ถูพื้นไอน้ำ", "ممسحة بخار للأرضيات"],
    ["冰淇淋机", "ice cream maker", "Eismaschine", "máy làm kem", "เครื่องทำไอศกรีม", "آلة الآيس كريم"],
    ["筋膜枪", "massage gun", "Massagepistole", "súng massage", "ปืนนวด", "مسدس تدليك"],
    ["割草机器人", "robot lawn mower", "Mähroboter", "robot cắt cỏ", "หุ่นยนต์ตัดหญ้า", "روبوت جز العشب"],
];

/// The row of [`WANTED`] that a market searches for most.
pub fn most_wanted(market: Market) -> usize {
    market.code().bytes().map(usize::from).sum::<usize>() % WANTED.len()
}

pub(crate) const EVENTS: EventRules = EventRules {
    idle_sessions: 2.0,
    idle_days: 6.0,
    idle_views: 1.5,
    abandoned: 0.25,
    views: 1.0,
    vain: 0.2,
    most_wanted: 0.7,
    vain_days: 10.0,
};

/// What happened in an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// The shopper gave an e-mail address.
    Identify,
    /// Searched for a product's type.
    Searched(u16),
    /// Searched for a row of [`WANTED`] and found nothing.
    Missed(usize),
    /// Looked at a product.
    Viewed(u16),
    /// Put a product into the basket; with its quantity.
    Added(u16, i32),
    /// Went to the till with the order at this position.
    CheckoutStarted(u32),
    /// Bought the order at this position.
    Completed(u32),
}

/// An event of a tracked shopper.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// Seconds since 1970, UTC.
    pub at: i64,
    /// Number of the shopper.
    pub shopper: u32,
    /// Position among the shopper's events; makes the message id.
    pub sequence: u32,
    /// Whether the shopper is known by then.
    pub known: bool,
    /// Came by an advertisement: 0 no, else 1 + row of [`crate::plan::CHANNELS`].
    pub source: u8,
    /// What.
    pub action: Action,
}

/// One shopper's events while they are written down.
struct Diary<'a> {
    rng: Rng,
    all: &'a mut Vec<Event>,
    now: Event,
}

impl Diary<'_> {
    fn note(&mut self, action: Action) {
        self.now.at += 5 + (60.0 * self.rng.exponential()) as i64;
        self.now.sequence += 1;
        self.all.push(Event { action, ..self.now });
    }
}

/// All events of a market by time.
pub(crate) fn of_market(params: &SimParams, book: &Book, choice: &ChoiceTables, kinds: &[u16]) -> Vec<Event> {
    let seed = market_seed(params.seed, Part::Events, book.profile.market);
    let mut by_shopper: Vec<(u32, u32)> = Vec::new();
    for (o, order) in book.orders.iter().enumerate() {
        if book.shoppers[order.shopper as usize].tracked {
            by_shopper.push((order.shopper, o as u32));
        }
    }
    by_shopper.sort_unstable();
    let vain = market_seed(params.seed, Part::Wanted, book.profile.market);
    let end = i64::from(params.end().0) * DAY;
    let mut all = Vec::new();
    for orders in by_shopper.chunk_by(|a, b| a.0 == b.0) {
        let number = orders[0].0;
        let shopper = &book.shoppers[number as usize];
        let start = Event {
            at: 0,
            shopper: number,
            sequence: 0,
            known: false,
            source: shopper.source,
            action: Action::Identify,
        };
        let mut diary = Diary { rng: seed.stream(u64::from(number)), all: &mut all, now: start };
        let pick = |at: i64, rng: &mut Rng| {
            let week = Day::of_micros(at * 1_000_000).since(params.from).clamp(0, params.days as i32 - 1) / 7;
            choice.pick(week as usize, usize::from(shopper.cluster), usize::from(shopper.tier), rng) as u16
        };
        for (i, (_, o)) in orders.iter().enumerate() {
            let order = &book.orders[*o as usize];
            // Idle visits before the order, newest last; the first ones brought the shopper here.
            let mut idle: Vec<i64> = (0..diary.rng.poisson(EVENTS.idle_sessions))
                .map(|_| (diary.rng.exponential() * EVENTS.idle_days * DAY as f64) as i64 + 7200)
                .collect();
            idle.sort_unstable_by(|a, b| b.cmp(a));
            let open = params.from.plus(book.params.opens_after as i32);
            let earliest = if i == 0 { i64::from(open.0) * DAY } else { diary.now.at + 600 };
            for before in idle {
                let at = order.at - before;
                if at <= earliest || at <= diary.now.at {
                    continue;
                }
                diary.now.at = at;
                let first = pick(at, &mut diary.rng);
                diary.note(Action::Searched(kinds[usize::from(first)]));
                diary.note(Action::Viewed(first));
                for _ in 0..diary.rng.poisson(EVENTS.idle_views) {
                    let seen = pick(at, &mut diary.rng);
                    diary.note(Action::Viewed(seen));
                }
                if diary.rng.uniform() < EVENTS.abandoned {
                    diary.note(Action::Added(first, 1));
                }
                diary.now.source = 0;
            }
            let lines = &book.lines[order.first_line as usize..(order.first_line + order.n_lines) as usize];
            diary.now.at = diary.now.at.max(order.at - 1500);
            diary.note(Action::Searched(kinds[usize::from(lines[0].product)]));
            for _ in 0..diary.rng.poisson(EVENTS.views) {
                let seen = pick(order.at, &mut diary.rng);
                diary.note(Action::Viewed(seen));
            }
            for line in lines {
                diary.note(Action::Viewed(line.product));
                diary.note(Action::Added(line.product, line.quantity));
            }
            diary.note(Action::CheckoutStarted(*o));
            if i == 0 {
                diary.note(Action::Identify);
                diary.now.known = true;
                if let Some(last) = diary.all.last_mut() {
                    last.known = true;
                }
            }
            diary.now.at = diary.now.at.max(order.at - 5);
            diary.note(Action::Completed(*o));
            diary.now.source = 0;
        }
        let mut rng = vain.stream(u64::from(number));
        if rng.uniform() < EVENTS.vain {
            let most = most_wanted(book.profile.market);
            let wanted = if rng.uniform() < EVENTS.most_wanted { most } else { rng.below(WANTED.len()) };
            diary.now.at += 7_200 + (rng.exponential() * EVENTS.vain_days * DAY as f64) as i64;
            if diary.now.at + DAY < end {
                diary.note(Action::Missed(wanted));
            }
        }
    }
    all.sort_by_key(|e| (e.at, e.shopper, e.sequence));
    all
}
