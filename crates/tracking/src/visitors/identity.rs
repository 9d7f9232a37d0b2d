//! Who is who: which shopper an anonymous visitor turned out to be, with history and undo.
//!
//! A *link* says that from some moment on a visitor's identifier was a shopper's. A step of the visitor at time `t` belongs to
//! the last link at or before `t`; before the first link, to the first: what was done before logging in was done by who
//! then logged in. On a shared device the links follow each other, and each shopper has the time since theirs. Nothing is
//! rewritten when a link is made: who a step belongs to is asked when it is needed, so undoing a link gives the steps back,
//! the earliest ones too.
//!
//! Calls that only repeat what holds at their time make no link. Memory is bounded: identifiers not touched for longest are
//! forgotten, with at most [`LINKS`] links each.

use super::bounded::{Bounded, Weigh, text_bytes};
use crate::time::Micros;
use std::collections::BTreeSet;

/// Links kept of one identifier, and visitors of one shopper.
const LINKS: usize = 32;

/// Aliases of aliases that are followed.
const DEPTH: usize = 8;

/// Number of a link: the hash of the event that made it, so the same events give the same numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LinkId(pub u128);

/// A visitor's identifier was a shopper's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Its number.
    pub id: LinkId,
    /// Since when.
    pub at: Micros,
    /// The visitor, or the former identifier of an alias.
    pub visitor: String,
    /// The shopper.
    pub user: String,
    /// When it was taken back.
    pub undone: Option<Micros>,
}

impl Weigh for Vec<Link> {
    fn bytes(&self) -> usize {
        let texts = |link: &Link| text_bytes(&link.visitor) + text_bytes(&link.user);
        self.capacity() * size_of::<Link>() + self.iter().map(texts).sum::<usize>()
    }
}

/// All links.
#[derive(Clone, Debug)]
pub struct Identity {
    links: Bounded<String, Vec<Link>>,
    visitors: Bounded<String, BTreeSet<String>>,
    undone: Bounded<LinkId, Option<Micros>>,
}

impl Identity {
    /// Keeps links of at most so many identifiers, in at most so many bytes.
    pub fn new(limit: usize, bytes: usize) -> Self {
        Self {
            links: Bounded::new(limit, bytes / 2),
            visitors: Bounded::new(limit, bytes / 2),
            undone: Bounded::new(limit.clamp(2, 100_000), usize::MAX),
        }
    }

    /// An event said that this visitor is this shopper. Gives the link where that is new.
    pub fn observe(&mut self, visitor: &str, user: &str, at: Micros, key: u128) -> Option<LinkId> {
        if visitor == user {
            return None;
        }
        let id = LinkId(key);
        let undone = self.undone.get(&id).copied().flatten();
        let is_new = self.links.change(&visitor.to_owned(), |links| {
            let known = |l: &Link| l.id == id;
            let holds = links.iter().rfind(|l| l.at <= at && l.undone.is_none());
            if links.iter().any(known) || holds.is_some_and(|l| l.user == user) {
                return false;
            }
            let link = Link { id, at, visitor: visitor.to_owned(), user: user.to_owned(), undone };
            let place = links.partition_point(|l| (l.at, l.id) < (at, id));
            links.insert(place, link);
            if links.len() > LINKS {
                links.remove(0);
            }
            true
        });
        if !is_new {
            return None;
        }
        self.visitors.change(&user.to_owned(), |of_user| {
            of_user.insert(visitor.to_owned());
            if of_user.len() > LINKS {
                of_user.pop_first();
            }
        });
        Some(id)
    }

    /// Bytes that the links take.
    pub fn bytes(&self) -> usize {
        self.links.bytes() + self.visitors.bytes() + self.undone.bytes()
    }

    /// Takes a link back, for good: the event that made it does not make it again. `false` where there is none.
    pub fn undo(&mut self, visitor: &str, id: LinkId, now: Micros) -> bool {
        self.undone.change(&id, |undone| *undone = Some(now));
        self.set(visitor, id, Some(now))
    }

    /// Takes back that a link was taken back.
    pub fn redo(&mut self, visitor: &str, id: LinkId) -> bool {
        self.undone.remove(&id);
        self.set(visitor, id, None)
    }

    fn set(&mut self, visitor: &str, id: LinkId, undone: Option<Micros>) -> bool {
        self.links.change(&visitor.to_owned(), |links| {
            let found = links.iter_mut().find(|l| l.id == id);
            found.map(|link| link.undone = undone).is_some()
        })
    }

    /// Whom a visitor's step at this time belongs to, aliases followed; `None` where nobody is known.
    pub fn user_of(&self, visitor: &str, at: Micros) -> Option<&str> {
        let mut asked = visitor;
        let mut found = None;
        for _ in 0..DEPTH {
            let Some(links) = self.links.get(asked) else { break };
            let valid = || links.iter().filter(|l| l.undone.is_none());
            let Some(link) = valid().rfind(|l| l.at <= at).or_else(|| valid().next()) else { break };
            if link.user == visitor || found == Some(link.user.as_str()) {
                break;
            }
            found = Some(link.user.as_str());
            asked = &link.user;
        }
        found
    }

    /// Every link to a shopper, in order of time, those that were taken back too.
    pub fn links_to(&self, user: &str) -> Vec<&Link> {
        let of = |visitor: &String| self.history(visitor).iter().filter(|link| link.user == user);
        let mut links: Vec<&Link> = self.visitors.get(user).into_iter().flatten().flat_map(of).collect();
        links.sort_by_key(|link| (link.at, link.id));
        links
    }

    /// Identifiers that were this shopper's at some time, the former ones of aliases too; not those whose links were all taken
    /// back.
    pub fn visitors_of(&self, user: &str) -> Vec<&str> {
        let mut found: Vec<&str> = Vec::new();
        let mut asked = vec![user];
        for _ in 0..DEPTH {
            let next: Vec<&str> = asked
                .iter()
                .flat_map(|user| self.visitors.get(*user).into_iter().flatten().map(move |v| (*user, v.as_str())))
                .filter(|(of, v)| self.history(v).iter().any(|link| link.user == **of && link.undone.is_none()))
                .map(|(_, v)| v)
                .filter(|v| *v != user && !found.contains(v))
                .collect();
            if next.is_empty() {
                break;
            }
            found.extend(&next);
            asked = next;
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Every link of an identifier, in order of time, those that were taken back too.
    pub fn history(&self, visitor: &str) -> &[Link] {
        self.links.get(visitor).map_or(&[], Vec::as_slice)
    }

    /// Forgets an identifier and every link from or to it.
    pub fn forget(&mut self, id: &str) {
        for link in self.links.remove(id).unwrap_or_default() {
            self.visitors.change(&link.user, |visitors| visitors.remove(id));
        }
        for visitor in self.visitors.remove(id).unwrap_or_default() {
            self.links.change(&visitor, |links| links.retain(|l| l.user != id));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_reaches_what_was_done_before_it_and_undo_gives_it_back() {
        let mut who = Identity::new(100, 1 << 20);
        let link = who.observe("browser", "anna", 100, 1).unwrap();
        assert_eq!(who.user_of("browser", 5), Some("anna"), "before the login");
        assert_eq!(who.user_of("browser", 500), Some("anna"));
        assert!(who.undo("browser", link, 600));
        assert_eq!(who.user_of("browser", 5), None);
        assert!(who.visitors_of("anna").is_empty(), "nor is it forgotten with her");
        assert_eq!(who.links_to("anna").len(), 1, "but that it was hers once is told");
        assert_eq!(who.history("browser")[0].undone, Some(600));
        assert_eq!(who.observe("browser", "anna", 100, 1), None, "the event comes again: the undo holds");
        assert_eq!(who.user_of("browser", 5), None);
        assert!(who.redo("browser", link));
        assert_eq!(who.user_of("browser", 5), Some("anna"));
        assert!(!who.undo("browser", LinkId(9), 1));
    }

    #[test]
    fn on_a_shared_device_each_has_the_time_since_their_login_in_any_order_of_arrival() {
        for order in [[(10, "anna", 1), (20, "ben", 2)], [(20, "ben", 2), (10, "anna", 1)]] {
            let mut who = Identity::new(100, 1 << 20);
            order.iter().for_each(|(at, user, key)| {
                who.observe("device", user, *at, *key);
            });
            let at = |t: Micros| who.user_of("device", t);
            assert_eq!((at(5), at(15), at(20), at(99)), (Some("anna"), Some("anna"), Some("ben"), Some("ben")));
            assert_eq!(who.visitors_of("ben"), ["device"]);
        }
    }

    #[test]
    fn aliases_are_followed_and_a_circle_ends() {
        let mut who = Identity::new(100, 1 << 20);
        who.observe("browser", "old-number", 1, 1);
        who.observe("old-number", "new-number", 2, 2);
        assert_eq!(who.user_of("browser", 9), Some("new-number"));
        assert_eq!(who.visitors_of("new-number"), ["browser", "old-number"]);
        who.observe("new-number", "old-number", 3, 3);
        assert!(who.user_of("browser", 9).is_some());
    }

    #[test]
    fn forgetting_leaves_no_trace() {
        let mut who = Identity::new(100, 1 << 20);
        who.observe("browser", "anna", 1, 1);
        who.forget("anna");
        assert_eq!(who.user_of("browser", 9), None);
        assert!(who.history("browser").is_empty());
        assert!(who.visitors_of("anna").is_empty());
    }
}
