//! Identity resolution: which customer numbers, e-mails, phones and visitors are one shopper.
//!
//! A row that bears several identities is evidence that they belong together: an edge. Shoppers
//! are the connected components (union-find by size, with path halving; near-linear time). Three
//! things keep wrong joins out:
//! - a customer number counts within its system only (`uci:17850` is not `shopify:17850`);
//! - an e-mail or phone with more than `max_shared` partners joins nobody (a call centre's number);
//! - a visitor (`anonymous`) belongs to a shopper only when all its evidence points to one: a shared
//!   tablet is no proof that two people are one.
//!
//! A link that an operator took back removes all edges of that identity. An identity that joins
//! nobody and is never a row's strongest one is no shopper: all its rows are somebody's already.
//! What was taken back stays listed with each shopper it had been seen with. Each joined identity keeps
//! the row that proves it; the proofs form a spanning forest, walked from the component's smallest
//! identity. The shopper's name is the customer number itself where a component has exactly one and
//! no other system uses the same; else `s` and 12 hex digits of the SHA-256 of the smallest
//! identity. Neither depends on the order of the sources.

use crate::CleanParams;
use crate::columns::{batch, bool_array, clean_table, must_ints, must_texts};
use crate::hash::{FastMap, Interner, NONE, Texts};
use arrow_array::RecordBatch;
use sha2::{Digest, Sha256};

/// Kinds of identity, strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum KeyKind {
    CustomerId,
    Email,
    Phone,
    Anonymous,
}

const KINDS: [KeyKind; 4] = [KeyKind::CustomerId, KeyKind::Email, KeyKind::Phone, KeyKind::Anonymous];
/// Set in the first byte of a key whose 64 hex digits are kept as 32 bytes.
const PACKED: u8 = 0x80;

impl KeyKind {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::CustomerId => "customer_id",
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Anonymous => "anonymous",
        }
    }

    const fn reason(self) -> &'static str {
        match self {
            Self::CustomerId => "same_customer_id",
            Self::Email => "same_email",
            Self::Phone => "same_phone",
            Self::Anonymous => "same_visitor",
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
}

impl<'a> RowKeys<'a> {
    fn by_kind(&self) -> [Option<&'a str>; 4] {
        [self.customer, self.email, self.phone, self.anonymous]
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
    /// Whether an identity is some row's strongest.
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
        KeyKind::Email | KeyKind::Phone => match unhex(text) {
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
        let mut anchor = NONE;
        // Lines of an order stand together: nearly always the customer is that of the row before.
        if let (Some(customer), None, None, None) = (keys.customer, keys.email, keys.phone, keys.anonymous)
            && self.last.0 == system
            && self.last.1 == customer
            && !customer.is_empty()
        {
            return self.last.2;
        }
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
                self.anchored[id as usize] = true;
                if kind == KeyKind::CustomerId {
                    self.last.0 = system;
                    text.clone_into(&mut self.last.1);
                    self.last.2 = id;
                }
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
            if kind(edge.a) != KeyKind::Anonymous && kind(edge.b) != KeyKind::Anonymous {
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
            } else if kind(edge.b) == KeyKind::Anonymous {
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
        KeyKind::Email | KeyKind::Phone | KeyKind::Anonymous => text.into_owned(),
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

/// Shoppers and their identities.
#[derive(Debug)]
pub(crate) struct Identity {
    keys: Interner,
    first: Vec<Proof>,
    undone: Vec<bool>,
    /// Evidence that an operator took back.
    taken_back: Vec<Edge>,
    /// Shopper of each identity; [`NONE`] for a visitor that no shopper is known for and for an
    /// identity that joins nobody and is no row's strongest.
    shopper: Vec<u32>,
    /// The identity from which each one was reached, and the row that proves it.
    reached: Vec<Option<(u32, Proof)>>,
    /// Shopper names, in ascending order of their smallest identity.
    names: Texts,
    /// Identities of each shopper.
    sizes: Vec<u32>,
    systems: Interner,
    n_shared: usize,
}

impl Identity {
    fn name(evidence: Resolved, mut forest: Forest, systems: &Interner) -> Self {
        let Resolved { keys, first, anchored, undone, used, taken_back, n_shared } = evidence;
        let n = keys.len();
        let mut order: Vec<u32> = (0..n as u32).collect();
        order.sort_unstable_by(|&a, &b| sort_key(keys.bytes(a), systems).cmp(&sort_key(keys.bytes(b), systems)));

        let mut n_numbers = vec![0_u32; n];
        let mut same_number: FastMap<&[u8], u32> = FastMap::default();
        for &id in &order {
            let (kind, _, text) = sort_key(keys.bytes(id), systems);
            if kind == KeyKind::CustomerId {
                n_numbers[forest.find(id) as usize] += 1;
                if systems.len() > 1 {
                    *same_number.entry(text).or_default() += 1;
                }
            }
        }

        let mut names = Interner::default();
        let mut shopper_of_root = vec![NONE; n];
        let mut shopper = vec![NONE; n];
        let mut sizes: Vec<u32> = Vec::new();
        let mut smallest: Vec<u32> = Vec::new();
        for &id in &order {
            let root = forest.find(id) as usize;
            let (kind, _, text) = sort_key(keys.bytes(id), systems);
            if shopper_of_root[root] == NONE {
                let joins_nobody = forest.size[root] == 1;
                if kind == KeyKind::Anonymous || (joins_nobody && !anchored[id as usize]) {
                    continue;
                }
                let only_number = kind == KeyKind::CustomerId
                    && n_numbers[root] == 1
                    && same_number.get(text).is_none_or(|count| *count == 1);
                let readable = String::from_utf8_lossy(text);
                let name = if only_number && names.get(readable.as_bytes()).is_none() {
                    readable.into_owned()
                } else {
                    hashed_name(&names, kind, &key_text(keys.bytes(id), systems))
                };
                shopper_of_root[root] = names.intern(name.as_bytes());
                sizes.push(0);
                smallest.push(id);
            }
            shopper[id as usize] = shopper_of_root[root];
            sizes[shopper_of_root[root] as usize] += 1;
        }
        let reached = walk(n, &used, &smallest);
        drop(same_number);
        Self {
            keys,
            first,
            undone,
            taken_back,
            shopper,
            reached,
            names: Texts::of(&names),
            sizes,
            systems: systems.clone(),
            n_shared,
        }
    }

    /// The shopper of a row: of its strongest identity that is known.
    pub(crate) fn shopper(&self, keys: RowKeys<'_>, system: u32, scratch: &mut Vec<u8>) -> u32 {
        KINDS
            .into_iter()
            .zip(keys.by_kind())
            .filter_map(|(kind, text)| {
                encode(scratch, kind, system, text?);
                Some(self.shopper[self.keys.get(scratch)? as usize])
            })
            .find(|&shopper| shopper != NONE)
            .unwrap_or(NONE)
    }

    /// The shopper of an identity by number.
    pub(crate) fn shopper_of_key(&self, key: u32) -> u32 {
        self.shopper[key as usize]
    }

    /// How many shoppers there are.
    pub(crate) fn n_shoppers(&self) -> usize {
        self.names.len()
    }

    /// The shopper's name.
    pub(crate) fn name_of(&self, shopper: u32) -> &str {
        self.names.get(shopper)
    }

    /// How many identities a shopper has.
    pub(crate) fn n_keys(&self, shopper: u32) -> u32 {
        self.sizes[shopper as usize]
    }

    /// E-mails, phones and visitors that were not used because too many share them.
    pub(crate) fn n_shared(&self) -> usize {
        self.n_shared
    }

    /// Identities whose link was taken back.
    pub(crate) fn n_undone(&self) -> usize {
        self.undone.iter().filter(|u| **u).count()
    }

    /// Identities in all, and those that were joined to another.
    pub(crate) fn n_identities(&self) -> (usize, usize) {
        (self.keys.len(), self.reached.iter().flatten().count())
    }

    /// One joined identity as an example, without personal data.
    pub(crate) fn sample(&self) -> Option<(Proof, String)> {
        let (id, (from, proof)) = self.reached.iter().enumerate().find_map(|(i, r)| r.map(|r| (i as u32, r)))?;
        let (joined, by) = (kind_of(self.keys.bytes(id)), kind_of(self.keys.bytes(from)));
        Some((proof, format!("{} joined by {}", joined.word(), by.reason())))
    }

    /// The table clean.identity_links, by shopper, kind and identity.
    pub(crate) fn links(&self, sources: &Interner) -> RecordBatch {
        struct Link<'a> {
            key: (&'a str, KeyKind, String),
            reason: &'static str,
            proof: Proof,
            undone: bool,
        }
        let link = |shopper: u32, id: u32, reason: &'static str, proof: Proof| {
            let bytes = self.keys.bytes(id);
            let key = (self.name_of(shopper), kind_of(bytes), key_text(bytes, &self.systems));
            Link { key, reason, proof, undone: self.undone[id as usize] }
        };
        let own = (0..self.keys.len() as u32).filter(|&id| self.shopper[id as usize] != NONE).map(|id| {
            let at = id as usize;
            match self.reached[at] {
                Some((from, proof)) => link(self.shopper[at], id, kind_of(self.keys.bytes(from)).reason(), proof),
                None => link(self.shopper[at], id, "first_seen", self.first[at]),
            }
        });
        let taken_back = self.taken_back.iter().filter(|edge| self.undone[edge.b as usize]).filter_map(|edge| {
            let shopper = self.shopper[edge.a as usize];
            (shopper != NONE).then(|| link(shopper, edge.b, kind_of(self.keys.bytes(edge.a)).reason(), edge.proof))
        });
        let mut links: Vec<Link<'_>> = own.chain(taken_back).collect();
        links.sort_unstable_by(|a, b| (&a.key, a.proof).cmp(&(&b.key, b.proof)));
        links.dedup_by(|later, earlier| later.key == earlier.key);
        batch(
            clean_table("identity_links"),
            vec![
                must_texts(links.iter().map(|l| l.key.0)),
                must_texts(links.iter().map(|l| l.key.1.word())),
                must_texts(links.iter().map(|l| &l.key.2)),
                must_texts(links.iter().map(|l| l.reason)),
                must_texts(links.iter().map(|l| sources.text(l.proof.source))),
                must_ints(links.iter().map(|l| l.proof.line)),
                bool_array(links.iter().map(|l| Some(l.undone))),
            ],
        )
    }
}

/// `s` and 12 hex digits, more in the rare case that the name is taken.
fn hashed_name(names: &Interner, kind: KeyKind, text: &str) -> String {
    let digest = hex(&Sha256::digest(format!("{}|{text}", kind.word())));
    (12..=digest.len())
        .map(|digits| format!("s{}", &digest[..digits]))
        .find(|name| names.get(name.as_bytes()).is_none())
        .unwrap_or_else(|| format!("s{digest}"))
}

/// Walks the spanning forest from the roots, breadth first: from where each identity is reached.
fn walk(n: usize, edges: &[Edge], roots: &[u32]) -> Vec<Option<(u32, Proof)>> {
    let mut start = vec![0_usize; n + 1];
    for edge in edges {
        start[edge.a as usize + 1] += 1;
        start[edge.b as usize + 1] += 1;
    }
    for i in 0..n {
        start[i + 1] += start[i];
    }
    let mut next = start.clone();
    let mut ends = vec![(0_u32, Proof { source: 0, line: 0 }); edges.len() * 2];
    for edge in edges {
        for (from, to) in [(edge.a, edge.b), (edge.b, edge.a)] {
            ends[next[from as usize]] = (to, edge.proof);
            next[from as usize] += 1;
        }
    }
    let mut reached = vec![None; n];
    let mut queue: std::collections::VecDeque<(u32, u32)> = roots.iter().map(|&r| (r, NONE)).collect();
    while let Some((id, from)) = queue.pop_front() {
        for &(to, proof) in &ends[start[id as usize]..start[id as usize + 1]] {
            if to != from {
                reached[to as usize] = Some((id, proof));
                queue.push_back((to, id));
            }
        }
    }
    reached
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params::Undone;
    use domain::Seed;

    /// Rows as (system, customer, email, phone, visitor); an empty text is a missing identity.
    fn resolve(rows: &[(&str, &str, &str, &str, &str)], params: &CleanParams) -> (Identity, Interner) {
        let (mut evidence, mut systems) = (Evidence::default(), Interner::default());
        for (line, row) in rows.iter().enumerate() {
            let system = systems.intern(row.0.as_bytes());
            evidence.row(keys(row), system, Proof { source: 0, line: line as i64 });
        }
        (evidence.resolve(&systems, params), systems)
    }

    fn keys<'a>(row: &(&'a str, &'a str, &'a str, &'a str, &'a str)) -> RowKeys<'a> {
        let some = |t: &'a str| (!t.is_empty()).then_some(t);
        RowKeys { customer: some(row.1), email: some(row.2), phone: some(row.3), anonymous: some(row.4) }
    }

    fn names(rows: &[(&str, &str, &str, &str, &str)], params: &CleanParams) -> Vec<String> {
        let (identity, systems) = resolve(rows, params);
        let mut scratch = Vec::new();
        rows.iter()
            .map(|row| {
                let system = systems.get(row.0.as_bytes()).unwrap();
                match identity.shopper(keys(row), system, &mut scratch) {
                    NONE => String::new(),
                    shopper => identity.name_of(shopper).to_owned(),
                }
            })
            .collect()
    }

    #[test]
    fn a_customer_number_counts_within_its_system_and_keeps_its_name_when_it_is_the_only_one() {
        let d = CleanParams::default();
        assert_eq!(names(&[("uci", "17850", "", "", ""), ("uci", "13047", "", "", "")], &d), ["17850", "13047"]);
        let two = names(&[("uci", "17850", "", "", ""), ("shopify", "17850", "", "", "")], &d);
        assert_ne!(two[0], two[1]);
        assert!(two.iter().all(|n| n.starts_with('s') && n.len() == 13), "{two:?}");
    }

    #[test]
    fn an_email_joins_and_a_chain_joins_its_ends() {
        let d = CleanParams::default();
        let same = names(&[("uci", "1", "e", "", ""), ("shopify", "9", "e", "", "")], &d);
        assert_eq!(same[0], same[1]);
        // 1 - e1 - p - e2 - 9: no row bears both ends.
        let chain = names(
            &[("a", "1", "e1", "", ""), ("b", "", "e1", "p", ""), ("b", "", "e2", "p", ""), ("c", "9", "e2", "", "")],
            &d,
        );
        assert!(chain.iter().all(|n| *n == chain[0]), "{chain:?}");
    }

    #[test]
    fn an_undone_link_joins_nobody_and_is_still_listed() {
        let rows = [("uci", "1", "e", "", ""), ("shopify", "9", "e", "", "")];
        let undone = |kind: &str, key: &str| CleanParams {
            undone: vec![Undone { key_kind: kind.to_owned(), key: key.to_owned() }],
            ..CleanParams::default()
        };
        for p in [undone("email", "e"), undone("customer_id", "shopify:9")] {
            let apart = names(&rows, &p);
            assert_ne!(apart[0], apart[1], "{p:?}");
            let (identity, _) = resolve(&rows, &p);
            assert_eq!((identity.n_undone(), identity.n_shoppers()), (1, 2));
        }
        // Taken back, the address is still listed with both shoppers it had been seen with.
        let (identity, _) = resolve(&rows, &undone("email", "e"));
        let mut sources = Interner::default();
        sources.intern(b"ff");
        let links = identity.links(&sources);
        let text = |i: usize| links.column(i).as_any().downcast_ref::<arrow_array::StringArray>().unwrap().clone();
        let undone_column = links.column(6).as_any().downcast_ref::<arrow_array::BooleanArray>().unwrap();
        let listed: Vec<_> = (0..links.num_rows())
            .map(|i| (text(0).value(i).to_owned(), text(2).value(i).to_owned(), undone_column.value(i)))
            .collect();
        let of = |shopper: &str, key: &str, undone| (shopper.to_owned(), key.to_owned(), undone);
        assert_eq!(
            listed,
            [of("1", "uci:1", false), of("1", "e", true), of("9", "shopify:9", false), of("9", "e", true)]
        );
        assert_eq!(names(&rows, &undone("email", "other")).iter().collect::<std::collections::BTreeSet<_>>().len(), 1);
    }

    #[test]
    fn a_number_that_many_share_joins_nobody() {
        let p = CleanParams { max_shared: 2, ..CleanParams::default() };
        let three = [("a", "1", "", "hotline", ""), ("a", "2", "", "hotline", ""), ("a", "3", "", "hotline", "")];
        assert_eq!(names(&three, &p), ["1", "2", "3"]);
        assert_eq!(resolve(&three, &p).0.n_shared(), 1);
        assert_eq!(resolve(&three, &p).0.n_shoppers(), 3, "the number itself is nobody");
        let two = names(&three[..2], &p);
        assert_eq!(two[0], two[1]);
    }

    #[test]
    fn a_visitor_belongs_to_one_shopper_or_to_nobody() {
        let d = CleanParams::default();
        let own = names(&[("a", "1", "", "", "v"), ("a", "", "", "", "v"), ("a", "", "", "", "w")], &d);
        assert_eq!(own, ["1", "1", ""]);
        let tablet = names(&[("a", "1", "", "", "v"), ("a", "2", "", "", "v"), ("a", "", "", "", "v")], &d);
        assert_eq!(tablet, ["1", "2", ""]);
    }

    #[test]
    fn every_link_has_its_reason_and_its_proof() {
        let mail = "62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f";
        let (identity, _) = resolve(
            &[("a", "1", "", "", ""), ("b", "9", mail, "", ""), ("a", "1", mail, "", "")],
            &CleanParams::default(),
        );
        let mut sources = Interner::default();
        sources.intern(b"ff");
        let links = identity.links(&sources);
        let column = |i: usize| -> Vec<String> {
            let array: &arrow_array::StringArray = links.column(i).as_any().downcast_ref().unwrap();
            array.iter().map(|v| v.unwrap().to_owned()).collect()
        };
        // By shopper, then kind, then identity: a:1 is the smallest; the mail came with it in row 2,
        // b:9 by the mail in row 1.
        assert_eq!(column(1), ["customer_id", "customer_id", "email"]);
        assert_eq!(column(2), ["a:1", "b:9", mail]);
        assert_eq!(column(3), ["first_seen", "same_email", "same_customer_id"]);
        let lines: &arrow_array::Int64Array = links.column(5).as_any().downcast_ref().unwrap();
        assert_eq!(lines.values().to_vec(), [0, 1, 2]);
    }

    #[test]
    fn names_do_not_depend_on_the_order_of_rows() {
        let mut rows = vec![
            ("uci", "1", "e", "", ""),
            ("shopify", "9", "e", "p", ""),
            ("seg", "u7", "", "p", "v"),
            ("uci", "2", "", "", ""),
        ];
        let d = CleanParams::default();
        let forward = names(&rows, &d);
        rows.reverse();
        let mut backward = names(&rows, &d);
        backward.reverse();
        assert_eq!(forward, backward);
    }

    // 2,000 people with a number in each of two systems. Each row shows the person's e-mail with
    // probability 0.9 and phone with 0.5; one person in ten has a new e-mail in the second system;
    // 40 people share a reception's phone. A pair can be found if its rows share a key.
    #[test]
    fn on_labelled_people_precision_is_whole_and_recall_is_what_the_keys_allow() {
        let mut rng = Seed(11).stream(0);
        let mut rows: Vec<(String, String, String, String)> = Vec::new();
        let mut findable = 0;
        for person in 0..2_000 {
            let moved = rng.below(10) == 0;
            let phone = if person < 40 { "reception".to_owned() } else { format!("p{person}") };
            let seen: Vec<(bool, bool)> = (0..2).map(|_| (rng.uniform() < 0.9, rng.uniform() < 0.5)).collect();
            findable += usize::from((seen[0].0 && seen[1].0 && !moved) || (seen[0].1 && seen[1].1 && person >= 40));
            for (system, (mail, tel)) in ["a", "b"].into_iter().zip(seen) {
                let email = if moved && system == "b" { format!("new{person}") } else { format!("e{person}") };
                rows.push((
                    system.to_owned(),
                    person.to_string(),
                    if mail { email } else { String::new() },
                    if tel { phone.clone() } else { String::new() },
                ));
            }
        }
        let refs: Vec<_> = rows.iter().map(|r| (r.0.as_str(), r.1.as_str(), r.2.as_str(), r.3.as_str(), "")).collect();
        let names = names(&refs, &CleanParams { max_shared: 10, ..CleanParams::default() });
        let found = names.chunks(2).filter(|pair| pair[0] == pair[1]).count();
        let shoppers: std::collections::BTreeSet<_> = names.iter().collect();
        // Precision 1: joining is right only, so each found pair removes exactly one shopper of 4,000.
        assert_eq!(shoppers.len(), 4_000 - found);
        assert_eq!(found, findable);
        assert!(found > 1_500, "{found} of 2,000");
    }
}
