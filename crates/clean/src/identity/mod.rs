//! Identity resolution: which customer numbers, e-mails, phones, visitors and handles are one shopper.
//!
//! A row that bears several identities is evidence that they belong together: an edge. Shoppers
//! are the connected components (union-find by size, with path halving; near-linear time). Three
//! things keep wrong joins out:
//! - a customer number counts within its system only (`uci:17850` is not `shopify:17850`);
//! - an e-mail or phone with more than `max_shared` partners joins nobody (a call centre's number);
//! - a visitor (`anonymous`) or a handle on a network belongs to a shopper only when all its evidence points to one: a
//!   shared tablet, or an account of a family, is no proof that two people are one.
//!
//! What people did on networks ([`Evidence::hint`]) says which identities belong together, and makes nobody a shopper: an
//! address that only a comment ever showed is none of somebody who buys.
//!
//! A link that an operator took back removes all edges of that identity. An identity that joins
//! nobody and is never a row's strongest one is no shopper: all its rows are somebody's already.
//! What was taken back stays listed with each shopper it had been seen with. Each joined identity keeps
//! the row that proves it; the proofs form a spanning forest, walked from the component's smallest
//! identity. The shopper's name is the customer number itself where a component has exactly one and
//! no other system uses the same; else `s` and 12 hex digits of the SHA-256 of the smallest
//! identity. Neither depends on the order of the sources.

mod shoppers;
#[cfg(test)]
mod tests;

pub(crate) use shoppers::Identity;

use crate::CleanParams;
use crate::hash::{FastMap, Interner, NONE};

/// Kinds of identity, strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum KeyKind {
    CustomerId,
    Email,
    Phone,
    Anonymous,
    Handle,
}

pub(crate) const KINDS: [KeyKind; 5] =
    [KeyKind::CustomerId, KeyKind::Email, KeyKind::Phone, KeyKind::Anonymous, KeyKind::Handle];
/// Set in the first byte of a key whose 64 hex digits are kept as 32 bytes.
const PACKED: u8 = 0x80;

impl KeyKind {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::CustomerId => "customer_id",
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Anonymous => "anonymous",
            Self::Handle => "handle",
        }
    }

    /// Whether it is no person by itself and belongs to one shopper or to nobody.
    const fn is_weak(self) -> bool {
        matches!(self, Self::Anonymous | Self::Handle)
    }

    const fn reason(self) -> &'static str {
        match self {
            Self::CustomerId => "same_customer_id",
            Self::Email => "same_email",
            Self::Phone => "same_phone",
            Self::Anonymous => "same_visitor",
            Self::Handle => "same_handle",
        }
    }
}

/// Identities of one row, as its source wrote them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RowKeys<'a> {
    pub(crate) customer: Option<&'a str>,
    pub(crate) email: Option<&'a str>,
    pub(crate) phone: Option<&'a str>,
    pub(crate) anonymous: Option<&'a str>,
    /// Hash of the network and the handle there.
    pub(crate) handle: Option<&'a str>,
}

impl<'a> RowKeys<'a> {
    fn by_kind(&self) -> [Option<&'a str>; 5] {
        [self.customer, self.email, self.phone, self.anonymous, self.handle]
    }

    /// The customer number where there is nothing else.
    pub(crate) fn lone_customer(&self) -> Option<&'a str> {
        let Self { customer, email: None, phone: None, anonymous: None, handle: None } = self else { return None };
        *customer
    }

    /// The identity of one kind, alone.
    pub(crate) fn only(&self, kind: KeyKind) -> Self {
        let none = Self::default();
        match kind {
            KeyKind::CustomerId => Self { customer: self.customer, ..none },
            KeyKind::Email => Self { email: self.email, ..none },
            KeyKind::Phone => Self { phone: self.phone, ..none },
            KeyKind::Anonymous => Self { anonymous: self.anonymous, ..none },
            KeyKind::Handle => Self { handle: self.handle, ..none },
        }
    }
}

/// The row that proves something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Proof {
    pub(crate) source: u32,
    pub(crate) line: i64,
}

#[derive(Clone, Copy, Debug)]
struct Edge {
    a: u32,
    b: u32,
    proof: Proof,
}

/// The evidence while it is collected.
#[derive(Debug, Default)]
pub(crate) struct Evidence {
    keys: Interner,
    first: Vec<Proof>,
    /// Whether an identity is some row's strongest, of the rows that make a shopper.
    anchored: Vec<bool>,
    edges: Vec<Edge>,
    known_edges: FastMap<(u32, u32), ()>,
    scratch: Vec<u8>,
    /// System, text and number of the last customer.
    last: (u32, String, u32),
}

fn encode(scratch: &mut Vec<u8>, kind: KeyKind, system: u32, text: &str) {
    scratch.clear();
    scratch.push(kind as u8);
    let text = text.trim();
    match kind {
        KeyKind::CustomerId => {
            scratch.extend_from_slice(&system.to_be_bytes());
            scratch.extend_from_slice(text.as_bytes());
        }
        KeyKind::Email | KeyKind::Phone | KeyKind::Handle => match unhex(text) {
            Some(bytes) => {
                scratch[0] |= PACKED;
                scratch.extend_from_slice(&bytes);
            }
            None => scratch.extend_from_slice(text.as_bytes()),
        },
        KeyKind::Anonymous => scratch.extend_from_slice(text.as_bytes()),
    }
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let digit = |b: u8| match b {
        b'0'..=b'9' => Some(b - b'0'),
        b'a'..=b'f' => Some(b - b'a' + 10),
        _ => None,
    };
    let bytes: &[u8; 64] = text.as_bytes().try_into().ok()?;
    let mut out = [0; 32];
    for (o, pair) in out.iter_mut().zip(bytes.as_chunks::<2>().0) {
        *o = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(out)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

impl Evidence {
    /// Takes in a row. Returns the number of its first identity, or [`NONE`] without any.
    pub(crate) fn row(&mut self, keys: RowKeys<'_>, system: u32, proof: Proof) -> u32 {
        // Lines of an order stand together: nearly always the customer is that of the row before.
        if let Some(customer) = keys.lone_customer()
            && self.last.0 == system
            && self.last.1 == customer
            && !customer.is_empty()
        {
            return self.last.2;
        }
        let anchor = self.hint(keys, system, proof);
        if anchor != NONE {
            self.anchored[anchor as usize] = true;
            if let Some(customer) = keys.customer {
                self.last.0 = system;
                customer.clone_into(&mut self.last.1);
                self.last.2 = anchor;
            }
        }
        anchor
    }

    /// Takes in a row that says which identities belong together and makes nobody a shopper. Returns the number of its
    /// first identity, or [`NONE`] without any.
    pub(crate) fn hint(&mut self, keys: RowKeys<'_>, system: u32, proof: Proof) -> u32 {
        let mut anchor = NONE;
        for (kind, text) in KINDS.into_iter().zip(keys.by_kind()) {
            let Some(text) = text else { continue };
            encode(&mut self.scratch, kind, system, text);
            let id = self.keys.intern(&self.scratch);
            if id as usize == self.first.len() {
                self.first.push(proof);
                self.anchored.push(false);
            }
            if anchor == NONE {
                anchor = id;
            } else if anchor != id && self.known_edges.insert((anchor, id), ()).is_none() {
                self.edges.push(Edge { a: anchor, b: id, proof });
            }
        }
        anchor
    }

    /// Joins. `systems` are the names of the customer numbers' systems.
    pub(crate) fn resolve(self, systems: &Interner, params: &CleanParams) -> Identity {
        let n = self.keys.len();
        let Self { keys, first, anchored, edges, known_edges, mut scratch, .. } = self;
        drop(known_edges);
        let kind = |id: u32| kind_of(keys.bytes(id));

        let mut undone = vec![false; n];
        for undo in &params.undone {
            let Some(k) = KINDS.into_iter().find(|k| k.word() == undo.key_kind) else { continue };
            let (system, text) = match (k, undo.key.split_once(':')) {
                (KeyKind::CustomerId, Some((system, text))) => match systems.get(system.as_bytes()) {
                    Some(system) => (system, text),
                    None => continue,
                },
                _ => (0, undo.key.as_str()),
            };
            encode(&mut scratch, k, system, text);
            if let Some(id) = keys.get(&scratch) {
                undone[id as usize] = true;
            }
        }

        let mut partners = vec![0_usize; n];
        for edge in &edges {
            // A visitor is no person: what many visitors share is not shared by many shoppers.
            if !kind(edge.a).is_weak() && !kind(edge.b).is_weak() {
                partners[edge.a as usize] += 1;
                partners[edge.b as usize] += 1;
            }
        }
        let shared =
            |id: u32| matches!(kind(id), KeyKind::Email | KeyKind::Phone) && partners[id as usize] > params.max_shared;

        let mut forest = Forest::new(n);
        let (mut used, mut taken_back): (Vec<Edge>, Vec<Edge>) = (Vec::new(), Vec::new());
        let mut visitors: FastMap<u32, Vec<Edge>> = FastMap::default();
        for &edge in &edges {
            if undone[edge.a as usize] || undone[edge.b as usize] {
                taken_back.push(edge);
            } else if shared(edge.a) || shared(edge.b) {
                // Joins nobody.
            } else if kind(edge.b).is_weak() {
                visitors.entry(edge.b).or_default().push(edge);
            } else if forest.union(edge.a, edge.b) {
                used.push(edge);
            }
        }
        let mut n_shared = (0..n as u32).filter(|&id| shared(id)).count();
        let mut visitors: Vec<(u32, Vec<Edge>)> = visitors.into_iter().collect();
        visitors.sort_unstable_by_key(|(id, _)| *id);
        // Decided before any visitor is joined, so that one visitor cannot connect through another.
        let homes: Vec<bool> = visitors
            .iter()
            .map(|(_, evidence)| evidence.iter().all(|e| forest.find(e.a) == forest.find(evidence[0].a)))
            .collect();
        for ((_, evidence), one_home) in visitors.iter().zip(homes) {
            if !one_home {
                n_shared += 1;
            } else if forest.union(evidence[0].a, evidence[0].b) {
                used.push(evidence[0]);
            }
        }
        let evidence = Resolved { keys, first, anchored, undone, used, taken_back, n_shared };
        Identity::name(evidence, forest, systems)
    }
}

/// The evidence after joining.
struct Resolved {
    keys: Interner,
    first: Vec<Proof>,
    anchored: Vec<bool>,
    undone: Vec<bool>,
    used: Vec<Edge>,
    taken_back: Vec<Edge>,
    n_shared: usize,
}

fn kind_of(bytes: &[u8]) -> KeyKind {
    KINDS[usize::from(bytes[0] & !PACKED)]
}

/// Kind, system and payload: what identities are ordered by, whatever the order of arrival.
fn sort_key<'a>(bytes: &'a [u8], systems: &'a Interner) -> (KeyKind, &'a [u8], &'a [u8]) {
    match kind_of(bytes) {
        KeyKind::CustomerId => {
            let (system, text) = bytes[1..].split_at(4);
            let number = u32::from_be_bytes([system[0], system[1], system[2], system[3]]);
            (KeyKind::CustomerId, systems.bytes(number), text)
        }
        kind => (kind, &[], &bytes[1..]),
    }
}

/// An identity as text: `system:number` for a customer number, the hash for e-mail and phone.
fn key_text(bytes: &[u8], systems: &Interner) -> String {
    let (kind, system, text) = sort_key(bytes, systems);
    if bytes[0] & PACKED != 0 {
        return hex(text);
    }
    let text = String::from_utf8_lossy(text);
    match kind {
        KeyKind::CustomerId => format!("{}:{text}", String::from_utf8_lossy(system)),
        KeyKind::Email | KeyKind::Phone | KeyKind::Anonymous | KeyKind::Handle => text.into_owned(),
    }
}

/// Disjoint sets.
#[derive(Debug)]
struct Forest {
    parent: Vec<u32>,
    size: Vec<u32>,
}

impl Forest {
    fn new(n: usize) -> Self {
        Self { parent: (0..n as u32).collect(), size: vec![1; n] }
    }

    fn find(&mut self, mut id: u32) -> u32 {
        while self.parent[id as usize] != id {
            let up = self.parent[self.parent[id as usize] as usize];
            self.parent[id as usize] = up;
            id = up;
        }
        id
    }

    /// Whether they were apart.
    fn union(&mut self, a: u32, b: u32) -> bool {
        let (mut a, mut b) = (self.find(a), self.find(b));
        if a == b {
            return false;
        }
        if self.size[a as usize] < self.size[b as usize] {
            std::mem::swap(&mut a, &mut b);
        }
        self.parent[b as usize] = a;
        self.size[a as usize] += self.size[b as usize];
        true
    }
}
