//! Shoppers: the components of the evidence, their names, and why each identity belongs to one.

use super::{Edge, Forest, KINDS, KeyKind, Proof, Resolved, RowKeys, encode, hex, key_text, kind_of, sort_key};
use crate::columns::{batch, bool_array, clean_table, must_ints, must_texts};
use crate::hash::{FastMap, Interner, NONE, Texts};
use arrow_array::RecordBatch;
use sha2::{Digest, Sha256};

/// Shoppers and their identities.
#[derive(Debug)]
pub(crate) struct Identity {
    keys: Interner,
    first: Vec<Proof>,
    undone: Vec<bool>,
    /// Evidence that an operator took back.
    taken_back: Vec<Edge>,
    /// Shopper of each identity; [`NONE`] for a visitor or handle that no shopper is known for and for identities of
    /// which none is the strongest of a row that makes a shopper.
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
    pub(super) fn name(evidence: Resolved, mut forest: Forest, systems: &Interner) -> Self {
        let Resolved { keys, first, anchored, undone, used, taken_back, n_shared } = evidence;
        let n = keys.len();
        let mut order: Vec<u32> = (0..n as u32).collect();
        order.sort_unstable_by(|&a, &b| sort_key(keys.bytes(a), systems).cmp(&sort_key(keys.bytes(b), systems)));

        let mut is_anchored = vec![false; n];
        for id in (0..n as u32).filter(|&id| anchored[id as usize]) {
            is_anchored[forest.find(id) as usize] = true;
        }
        let mut n_numbers = vec![0_u32; n];
        let mut same_number: FastMap<&[u8], u32> = FastMap::default();
        for &id in &order {
            let (kind, _, text) = sort_key(keys.bytes(id), systems);
            let root = forest.find(id) as usize;
            if kind == KeyKind::CustomerId && is_anchored[root] {
                n_numbers[root] += 1;
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
                if kind.is_weak() || !is_anchored[root] {
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
