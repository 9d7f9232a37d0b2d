//! Everything live, behind one door: events go in, questions are answered.

use super::cart::{Cart, CartParams, CartStatus, cart, moves_cart};
use super::counters::{Counters, CountersView};
use super::identity::{Identity, Link, LinkId};
use super::queries::{Queries, QueriesAsked, QueryCount, QueryKey};
use super::session::{Session, SessionParams, sessions};
use super::store::{Visitors, VisitorsParams};
use super::timeline::{Step, Timeline};
use super::wish::{Wish, wishes};
use crate::event::ShopEvent;
use crate::time::Micros;
use crate::vocabulary::CallKind;
use std::collections::BTreeMap;

/// Rules and bounds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LiveParams {
    /// How much is kept.
    pub visitors: VisitorsParams,
    /// What a session is.
    pub session: SessionParams,
    /// What a cart is.
    pub cart: CartParams,
}

/// What is known of one person now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The shopper, or the visitor where nobody is known.
    pub id: String,
    /// Whether `id` is a shopper's.
    pub known: bool,
    /// All identifiers whose steps are in here.
    pub ids: Vec<String>,
    /// Sessions, the oldest first.
    pub sessions: Vec<Session>,
    /// The cart.
    pub cart: Cart,
    /// The wish list.
    pub wishes: Vec<Wish>,
}

/// A cart and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveCart {
    /// The shopper or visitor.
    pub id: String,
    /// Whether that is a shopper.
    pub known: bool,
    /// Where it stands.
    pub status: CartStatus,
    /// The cart.
    pub cart: Cart,
}

/// The live state. See [`VisitorsParams`] for how much is kept.
#[derive(Clone, Debug)]
pub struct Live {
    visitors: Visitors,
    identity: Identity,
    counters: Counters,
    queries: Queries,
    params: LiveParams,
}

impl Live {
    /// Nothing has happened yet.
    pub fn new(params: LiveParams) -> Self {
        Self {
            identity: Identity::new(params.visitors.visitors, params.visitors.bytes / 4),
            visitors: Visitors::new(params.visitors.clone()),
            counters: Counters::default(),
            queries: Queries::default(),
            params,
        }
    }

    /// Takes in an event of before a restart: everything but the counters, which are of what arrives.
    pub fn recall(&mut self, event: &ShopEvent, key: u128) {
        self.place(event, key);
    }

    fn place(&mut self, event: &ShopEvent, key: u128) {
        if let (Some(visitor), Some(user)) = (&event.anonymous, &event.user)
            && event.kind != CallKind::Group
        {
            self.identity.observe(visitor, user, event.at, key);
        }
        self.visitors.insert(event, key);
    }

    /// Takes an event in; `key` is the 128-bit hash of its identifier, `received` when it came.
    pub fn apply(&mut self, event: &ShopEvent, key: u128, received: Micros) {
        self.place(event, key);
        let owner_hash = Visitors::owner(event).map_or(0, |o| crate::private::hash128(o.as_bytes()) as u64);
        self.counters.add(event, owner_hash, received);
        self.queries.add(event, received);
    }

    /// What is known of the person behind an identifier, a shopper's or a visitor's.
    pub fn person(&self, id: &str) -> Option<Person> {
        // Of a visitor who is somebody now, that somebody.
        let whole = self.identity.user_of(id, Micros::MAX).unwrap_or(id);
        let mut ids: Vec<String> = vec![whole.to_owned()];
        ids.extend(self.identity.visitors_of(whole).into_iter().map(str::to_owned));
        if !ids.iter().any(|known| known == id) {
            ids.push(id.to_owned());
        }
        ids.sort();
        ids.retain(|id| self.visitors.get(id).is_some());
        if ids.is_empty() {
            return None;
        }
        let belongs = |owner: &str, step: &Step| self.identity.user_of(owner, step.at).unwrap_or(owner) == whole;
        let gather = |of: fn(&super::store::Visitor) -> &Timeline| {
            let parts = ids.iter().filter_map(|id| Some((id, self.visitors.get(id)?)));
            parts.flat_map(|(id, v)| of(v).steps().iter().filter(move |s| belongs(id, s))).collect::<Vec<_>>()
        };
        let (looks, deals) = (gather(|v| &v.looks), gather(|v| &v.deals));
        let all = Timeline::merged(looks.iter().copied().chain(deals.iter().copied()));
        let deals = Timeline::merged(deals.into_iter());
        Some(Person {
            known: whole != id || self.visitors.get(whole).is_some_and(|v| v.known),
            id: whole.to_owned(),
            ids,
            sessions: sessions(&all, &self.params.session),
            cart: cart(&deals, &self.params.cart),
            wishes: wishes(&deals),
        })
    }

    /// Carts that are or were not empty, those touched last first, at most `n`. Cost: one pass over all carts' steps.
    pub fn carts(&self, now: Micros, status: Option<CartStatus>, n: usize) -> Vec<LiveCart> {
        let mut by_person: BTreeMap<&str, Vec<&Step>> = BTreeMap::new();
        let mut known: BTreeMap<&str, bool> = BTreeMap::new();
        for (owner, visitor) in self.visitors.iter() {
            for step in visitor.deals.steps().iter().filter(|s| moves_cart(s.deed)) {
                let user = self.identity.user_of(owner, step.at);
                let whose = user.unwrap_or(owner);
                by_person.entry(whose).or_default().push(step);
                *known.entry(whose).or_default() |= user.is_some() || visitor.known;
            }
        }
        let mut carts: Vec<LiveCart> = by_person
            .into_iter()
            .map(|(id, steps)| {
                let cart = cart(&Timeline::merged(steps.into_iter()), &self.params.cart);
                let status = cart.status(now, &self.params.cart);
                LiveCart { id: id.to_owned(), known: known.get(id).copied().unwrap_or(false), status, cart }
            })
            .filter(|c| status.map_or(c.status != CartStatus::Empty, |wanted| c.status == wanted))
            .collect();
        carts.sort_by(|a, b| b.cart.touched.cmp(&a.cart.touched).then_with(|| a.id.cmp(&b.id)));
        carts.truncate(n);
        carts
    }

    /// The counters.
    pub fn counters(&self, now: Micros) -> CountersView {
        self.counters.view(now)
    }

    /// What was searched for most often over the last three hours, at most `n` searches.
    pub fn queries(&self, asked: QueriesAsked, now: Micros, n: usize) -> Vec<(QueryKey, QueryCount)> {
        self.queries.top(asked, now, n)
    }

    /// Every link of an identifier.
    pub fn links(&self, visitor: &str) -> &[Link] {
        self.identity.history(visitor)
    }

    /// Every link to a shopper, those that were taken back too.
    pub fn links_to(&self, shopper: &str) -> Vec<Link> {
        self.identity.links_to(shopper).into_iter().cloned().collect()
    }

    /// Takes a link back: the visitor's steps, the earliest too, are the visitor's own again.
    pub fn undo_link(&mut self, visitor: &str, id: LinkId, now: Micros) -> bool {
        self.identity.undo(visitor, id, now)
    }

    /// Takes that back.
    pub fn redo_link(&mut self, visitor: &str, id: LinkId) -> bool {
        self.identity.redo(visitor, id)
    }

    /// Forgets everything of a person; gives the identifiers that were theirs.
    pub fn forget(&mut self, id: &str) -> Vec<String> {
        let ids = self.person(id).map_or_else(|| vec![id.to_owned()], |p| p.ids);
        for id in &ids {
            self.visitors.forget(id);
            self.identity.forget(id);
        }
        ids
    }

    /// Bytes that visitors and who is who take; the counters take some more, see `counters`.
    pub fn bytes(&self) -> usize {
        self.visitors.bytes() + self.identity.bytes()
    }

    /// Visitors kept, and steps that came too late for what is kept.
    pub fn sizes(&self) -> (usize, u64) {
        (self.visitors.len(), self.visitors.n_late())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const S: Micros = 1_000_000;

    fn event(second: i64, who: serde_json::Value, call: serde_json::Value) -> ShopEvent {
        let mut line = json!({"type": "track", "timestamp": second});
        for part in [who, call] {
            line.as_object_mut().unwrap().extend(part.as_object().unwrap().clone());
        }
        ShopEvent::from_line(&line).unwrap()
    }

    fn added(second: i64, who: serde_json::Value, code: &str) -> ShopEvent {
        event(second, who, json!({"event": "Product Added", "properties": {"product_id": code}}))
    }

    fn live(events: &[ShopEvent]) -> Live {
        let mut live = Live::new(LiveParams::default());
        events.iter().enumerate().for_each(|(i, e)| live.apply(e, i as u128 + 1, e.at));
        live
    }

    fn codes(person: &Person) -> Vec<&str> {
        person.cart.lines.iter().map(|l| l.code.as_str()).collect()
    }

    #[test]
    fn the_cart_of_before_the_login_is_the_shoppers_and_undo_takes_it_back() {
        let who = json!({"anonymousId": "a"});
        let login = event(20, json!({"anonymousId": "a", "userId": "u"}), json!({"type": "identify"}));
        let mut live = live(&[added(10, who, "kettle"), login, added(30, json!({"userId": "u"}), "fryer")]);
        let person = live.person("u").unwrap();
        assert_eq!((codes(&person), person.ids.len(), person.known), (vec!["fryer", "kettle"], 2, true));
        assert_eq!(live.person("a").unwrap(), person, "asked by either identifier");
        let carts = live.carts(31 * S, None, 9);
        assert_eq!((carts.len(), carts[0].id.as_str(), carts[0].status), (1, "u", CartStatus::Open));

        let link = live.links("a")[0].id;
        assert!(live.undo_link("a", link, 40 * S));
        assert_eq!(codes(&live.person("u").unwrap()), ["fryer"]);
        assert_eq!(codes(&live.person("a").unwrap()), ["kettle"]);
        assert_eq!(live.carts(31 * S, None, 9).len(), 2);
        assert!(live.redo_link("a", link));
        assert_eq!(codes(&live.person("u").unwrap()), ["fryer", "kettle"]);
    }

    #[test]
    fn abandoned_carts_are_listed_by_who_has_them() {
        let live = live(&[
            added(0, json!({"anonymousId": "gone"}), "a"),
            added(3_000, json!({"anonymousId": "here"}), "b"),
            event(
                0,
                json!({"anonymousId": "looker"}),
                json!({"event": "Product Viewed", "properties": {"product_id": "a"}}),
            ),
        ]);
        let ids = |status| live.carts(3_601 * S, Some(status), 9).into_iter().map(|c| c.id).collect::<Vec<_>>();
        assert_eq!(ids(CartStatus::Abandoned), ["gone"]);
        assert_eq!(ids(CartStatus::Open), ["here"]);
    }

    #[test]
    fn a_forgotten_person_is_not_found_under_any_name() {
        let mut live = live(&[
            added(0, json!({"anonymousId": "a"}), "kettle"),
            event(1, json!({"anonymousId": "a", "userId": "u"}), json!({"type": "identify"})),
        ]);
        assert_eq!(live.forget("u"), ["a", "u"]);
        assert_eq!((live.person("a"), live.person("u")), (None, None));
        assert_eq!(live.carts(0, None, 9), []);
    }

    proptest::proptest! {
        /// A restart in the middle: what went into the lake is recalled, in any order, the log is applied; some events are in
        /// both, because the server was killed in between.
        #[test]
        fn what_is_live_after_a_restart_is_what_was_live_before_it(
            deeds in proptest::collection::vec((0_i64..5_000, 0_usize..4, 0_usize..5, 0_usize..3), 1..50),
            split in 0_usize..50, both in 0_usize..10, seed in proptest::prelude::any::<u64>(),
        ) {
            let names = ["Product Added", "Product Removed", "Checkout Started", "Order Completed", "identify"];
            let events: Vec<ShopEvent> = deeds.iter().enumerate().map(|(i, (second, who, name, code))| {
                let user = format!("u{}", who % 2);
                let who = if *name == 4 { json!({"anonymousId": format!("v{who}"), "userId": user}) }
                    else { json!({"anonymousId": format!("v{who}")}) };
                let call = if *name == 4 { json!({"type": "identify", "messageId": format!("m{i}")}) } else {
                    json!({"event": names[*name], "messageId": format!("m{i}"), "properties": {
                        "product_id": (["a", "b", "c"][*code]), "quantity": (1 + code), "order_id": format!("o{i}")}})
                };
                event(*second, who, call)
            }).collect();
            let key = |e: &ShopEvent| crate::message_key(&e.message_id);
            let mut before = Live::new(LiveParams::default());
            events.iter().for_each(|e| before.apply(e, key(e), e.at));
            let split = split.min(events.len());
            let mut in_lake: Vec<&ShopEvent> = events[..split].iter().collect();
            in_lake.sort_by_key(|e| (key(e) as u64).wrapping_mul(seed | 1));
            let mut after = Live::new(LiveParams::default());
            in_lake.iter().for_each(|e| after.recall(e, key(e)));
            events[split.saturating_sub(both)..].iter().for_each(|e| after.apply(e, key(e), e.at));
            proptest::prop_assert_eq!(before.carts(6_000 * S, None, 99), after.carts(6_000 * S, None, 99));
            for who in ["v0", "v1", "v2", "v3", "u0", "u1"] {
                proptest::prop_assert_eq!(before.person(who), after.person(who));
            }
        }
    }

    /// The worst case: everybody does as much as is kept, with long addresses. 40 visitors of 100 steps of a kilobyte and
    /// more would be 4 MB and more; a fourth of it is allowed, and who came last is there.
    #[test]
    fn memory_is_bounded_whoever_comes_and_whatever_they_do() {
        let params = VisitorsParams { bytes: 1 << 20, ..VisitorsParams::default() };
        let mut live = Live::new(LiveParams { visitors: params.clone(), ..LiveParams::default() });
        let url = format!("https://shop.example/{}", "a".repeat(1_000));
        for n in 0..4_000_i64 {
            let (visitor, user) = (format!("v{}", n / 100), format!("u{n}"));
            let who = if n % 2 == 0 {
                json!({"anonymousId": visitor})
            } else {
                json!({"anonymousId": visitor, "userId": user})
            };
            live.apply(&event(n, who, json!({"type": "page", "properties": {"url": url}})), n as u128 + 1, n * S);
            assert!(live.bytes() <= params.bytes * 5 / 4 + (1 << 16), "{} after {n}", live.bytes());
        }
        assert!(live.person("v39").is_some());
        assert!(live.person("v0").is_none());
    }
}
