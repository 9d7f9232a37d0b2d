//! What every shopper bought and looked at, small enough to keep in memory and quick to read from a file.
//!
//! Names lie in one text, sorted, found by halving; a shopper's items lie in one array, oldest first, four bytes an
//! item. A million shoppers with twelve bytes of name and eight purchases each take 50 MB. What was done beside buying
//! has a weight as well, eight bytes an item.
//!
//! Cost: reading is one pass over the bytes; a look-up `log₂ n` comparisons.

use crate::Context;
use domain::{ItemIdx, Market};
use learn::container::{ContainerError, Reader, Writer};

/// The shoppers of a workspace.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Histories {
    names: String,
    /// Where each name ends; one more than shoppers, from 0.
    ends: Vec<u32>,
    markets: Vec<Market>,
    /// Place in `markets`, one a shopper.
    of_market: Vec<u32>,
    starts: Vec<u32>,
    items: Vec<u32>,
    seen_starts: Vec<u32>,
    seen: Vec<u32>,
    weights: Vec<f32>,
}

/// Why shoppers cannot be kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HistoriesError {
    /// Names out of order, or one twice.
    #[error("shopper `{0}` does not come after the one before it: shoppers come sorted by name, each once")]
    Order(String),
    /// More than the numbers of the format reach.
    #[error("more than 2³² {0} in one store")]
    Large(&'static str),
}

/// One shopper.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Past<'a> {
    /// Market of most orders.
    pub market: Market,
    items: &'a [u32],
    seen: &'a [u32],
    weights: &'a [f32],
}

impl Past<'_> {
    /// Distinct products bought, oldest first.
    pub fn bought(&self) -> Vec<ItemIdx> {
        self.items.iter().copied().map(ItemIdx).collect()
    }

    /// What was done beside buying.
    pub fn context(&self) -> Context {
        Context::new(self.seen.iter().copied().map(ItemIdx).zip(self.weights.iter().copied()))
    }
}

const KIND: &str = "histories";

impl Histories {
    /// Takes one more shopper, whose name comes after all others. `bought` are distinct products, oldest first.
    ///
    /// # Errors
    /// [`HistoriesError`] for a name out of order, or too much of it all.
    pub fn push(
        &mut self,
        name: &str,
        market: Market,
        bought: &[ItemIdx],
        context: &[(ItemIdx, f32)],
    ) -> Result<(), HistoriesError> {
        if self.len().checked_sub(1).is_some_and(|last| self.name(last) >= name) {
            return Err(HistoriesError::Order(name.to_owned()));
        }
        let reach = |n: usize, what| u32::try_from(n).map_err(|_| HistoriesError::Large(what));
        let end = reach(self.names.len() + name.len(), "bytes of names")?;
        let (bought_end, seen_end) =
            (reach(self.items.len() + bought.len(), "purchases")?, reach(self.seen.len() + context.len(), "events")?);
        for starts in [&mut self.ends, &mut self.starts, &mut self.seen_starts] {
            if starts.is_empty() {
                starts.push(0);
            }
        }
        self.names.push_str(name);
        self.ends.push(end);
        let place = self.markets.iter().position(|m| *m == market).unwrap_or_else(|| {
            self.markets.push(market);
            self.markets.len() - 1
        });
        self.of_market.push(place as u32);
        self.items.extend(bought.iter().map(|item| item.0));
        self.starts.push(bought_end);
        self.seen.extend(context.iter().map(|(item, _)| item.0));
        self.weights.extend(context.iter().map(|(_, weight)| *weight));
        self.seen_starts.push(seen_end);
        Ok(())
    }

    /// How many shoppers there are.
    pub const fn len(&self) -> usize {
        self.of_market.len()
    }

    /// Whether nobody is known.
    pub const fn is_empty(&self) -> bool {
        self.of_market.is_empty()
    }

    /// The markets of the shoppers, each once.
    pub fn markets(&self) -> &[Market] {
        &self.markets
    }

    /// Bytes that the shoppers take in memory.
    pub const fn bytes(&self) -> usize {
        self.names.len()
            + 4 * (self.ends.len() + self.of_market.len() + self.starts.len() + self.items.len())
            + 4 * (self.seen_starts.len() + self.seen.len() + self.weights.len())
    }

    fn name(&self, at: usize) -> &str {
        &self.names[self.ends[at] as usize..self.ends[at + 1] as usize]
    }

    /// A shopper by name.
    pub fn find(&self, name: &str) -> Option<Past<'_>> {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low.midpoint(high);
            match self.name(middle).cmp(name) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => return Some(self.at(middle)),
            }
        }
        None
    }

    fn at(&self, at: usize) -> Past<'_> {
        let range = |starts: &[u32]| starts[at] as usize..starts[at + 1] as usize;
        Past {
            market: self.markets[self.of_market[at] as usize],
            items: &self.items[range(&self.starts)],
            seen: &self.seen[range(&self.seen_starts)],
            weights: &self.weights[range(&self.seen_starts)],
        }
    }

    /// As sections of a container; `fingerprint` says what they were made from.
    pub fn to_bytes(&self, fingerprint: u128) -> Vec<u8> {
        let mut to = Writer::default();
        to.bytes("names", self.names.as_bytes());
        to.u32s("ends", &self.ends);
        to.lines("markets", &self.markets.iter().map(Market::code).collect::<Vec<_>>());
        to.u32s("market of each", &self.of_market);
        to.u32s("starts", &self.starts);
        to.u32s("items", &self.items);
        to.u32s("seen starts", &self.seen_starts);
        to.u32s("seen", &self.seen);
        to.f32s("weights", &self.weights);
        to.finish(KIND, fingerprint)
    }

    /// Reads what [`Self::to_bytes`] wrote, and what it was made from.
    ///
    /// # Errors
    /// [`ContainerError`] says what is wrong; whatever is returned can be asked anything without a panic.
    pub fn from_bytes(bytes: &[u8]) -> Result<(Self, u128), ContainerError> {
        let from = Reader::open(bytes)?;
        if from.kind() != KIND {
            return Err(ContainerError::Kind { got: from.kind().to_owned(), want: KIND.to_owned() });
        }
        let names = std::str::from_utf8(from.bytes("names")?);
        let names = names.map_err(|_| ContainerError::content("names", "text in UTF-8"))?.to_owned();
        let market = |code: &str| code.parse::<Market>().map_err(|e| ContainerError::content("markets", e.to_string()));
        let read = Self {
            names,
            ends: from.u32s("ends")?,
            markets: from.lines("markets")?.into_iter().map(market).collect::<Result<_, _>>()?,
            of_market: from.u32s("market of each")?,
            starts: from.u32s("starts")?,
            items: from.u32s("items")?,
            seen_starts: from.u32s("seen starts")?,
            seen: from.u32s("seen")?,
            weights: from.f32s("weights")?,
        };
        read.check()?;
        Ok((read, from.fingerprint()))
    }

    fn check(&self) -> Result<(), ContainerError> {
        let n = self.len();
        let ascending = |starts: &[u32], n_cells: usize| {
            (n == 0 && starts.is_empty() && n_cells == 0)
                || starts.len() == n + 1
                    && starts[0] == 0
                    && starts[n] as usize == n_cells
                    && starts.windows(2).all(|w| w[0] <= w[1])
        };
        let wrong = |section: &str, what: &str| Err(ContainerError::content(section, what));
        if !ascending(&self.ends, self.names.len())
            || !self.ends.iter().all(|e| self.names.is_char_boundary(*e as usize))
        {
            return wrong("ends", "where the names of all shoppers end");
        }
        if !ascending(&self.starts, self.items.len()) {
            return wrong("starts", "where the items of all shoppers begin");
        }
        if !ascending(&self.seen_starts, self.seen.len()) || self.seen.len() != self.weights.len() {
            return wrong("seen starts", "where the events of all shoppers begin, each with a weight");
        }
        if !self.of_market.iter().all(|m| (*m as usize) < self.markets.len()) {
            return wrong("market of each", "places in the list of markets");
        }
        if !self.weights.iter().all(|w| *w > 0.0 && w.is_finite()) {
            return wrong("weights", "numbers above 0");
        }
        if (1..n).any(|at| self.name(at - 1) >= self.name(at)) {
            return wrong("names", "sorted names, each once");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn items(list: &[u32]) -> Vec<ItemIdx> {
        list.iter().copied().map(ItemIdx).collect()
    }

    fn store() -> Histories {
        let [de, fr] = ["DE", "FR"].map(|m| m.parse().unwrap());
        let mut store = Histories::default();
        store.push("anna", de, &items(&[3, 1]), &[(ItemIdx(2), 0.5)]).unwrap();
        store.push("bert", fr, &items(&[]), &[]).unwrap();
        store.push("王", de, &items(&[7]), &[]).unwrap();
        store
    }

    #[test]
    fn a_shopper_is_found_by_name_with_all_that_is_known() {
        let store = store();
        let anna = store.find("anna").unwrap();
        assert_eq!((anna.market.code(), anna.bought()), ("DE", items(&[3, 1])));
        assert_eq!(anna.context(), Context::new([(ItemIdx(2), 0.5)]));
        assert_eq!(store.find("王").unwrap().bought(), items(&[7]));
        assert_eq!((store.find("an"), store.find(""), store.find("zoe")), (None, None, None));
        // Names 4 + 4 + 3, four arrays of 4 numbers but that of markets with 3, items 3, seen 1 with its weight.
        assert_eq!(store.bytes(), 11 + 4 * (4 + 3 + 4 + 3) + 4 * (4 + 1 + 1));
    }

    #[test]
    fn a_name_out_of_order_is_refused_and_changes_nothing() {
        let mut store = store();
        let before = store.clone();
        for name in ["bert", "王", ""] {
            let error = store.push(name, Market::UNKNOWN, &[], &[]).unwrap_err();
            assert_eq!(error, HistoriesError::Order(name.to_owned()));
        }
        assert_eq!(store, before);
    }

    #[test]
    fn damage_is_found_and_never_panics() {
        let bytes = store().to_bytes(9);
        assert_eq!(Histories::from_bytes(&bytes).unwrap(), (store(), 9));
        for at in 0..bytes.len() {
            let mut broken = bytes.clone();
            broken[at] ^= 1;
            assert!(Histories::from_bytes(&broken).is_err(), "byte {at}");
        }
        let mut unsorted = store();
        unsorted.names = "王bertanna".into();
        unsorted.ends = vec![0, 3, 7, 11];
        let error = Histories::from_bytes(&unsorted.to_bytes(0)).unwrap_err().to_string();
        assert!(error.contains("sorted names"), "{error}");
        let mut outside = store();
        outside.of_market[0] = 2;
        assert!(Histories::from_bytes(&outside.to_bytes(0)).is_err());
        let mut cut = store();
        cut.ends = vec![0, 4, 9, 11];
        assert!(Histories::from_bytes(&cut.to_bytes(0)).is_err(), "inside a letter");
        let empty = Histories::default();
        assert_eq!(Histories::from_bytes(&empty.to_bytes(1)).unwrap().0, empty);
        assert!(empty.is_empty() && empty.find("a").is_none());
    }

    proptest! {
        #[test]
        fn what_is_pushed_is_found(people in prop::collection::btree_map("[a-c]{0,4}", prop::collection::vec(0_u32..50, 0..6), 0..20)) {
            let people: BTreeMap<String, Vec<u32>> = people;
            let mut store = Histories::default();
            for (name, bought) in &people {
                store.push(name, Market::UNKNOWN, &items(bought), &[]).unwrap();
            }
            let (read, _) = Histories::from_bytes(&store.to_bytes(0)).unwrap();
            for (name, bought) in &people {
                prop_assert_eq!(read.find(name).map(|p| p.bought()), Some(items(bought)));
                let other = format!("{name}x");
                prop_assert_eq!(read.find(&other).is_some(), people.contains_key(&other));
            }
        }
    }
}
