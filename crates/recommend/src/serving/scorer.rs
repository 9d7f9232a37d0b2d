//! A saved model in the shape that answers fastest.
//!
//! Six models are nothing but links from item to item (see `links.rs`): for them the best items of a history are found
//! among what the history links to, some hundreds of items of a hundred thousand, by one sort of those links. Any other
//! model scores the whole catalogue. Both give what [`top_n`](crate::top_n) gives: the same items, order and scores.
//!
//! The catalogue that is served may have grown since the fit. Links are renumbered once, when the model is read; any
//! other model is asked through [`Named`], as everywhere.
//!
//! Cost: links, `O(L log L)` for `L = Σ_{i in history} |links(i)|`; others, one score of the catalogue.

use crate::links;
use crate::saved::{About, Named, load};
use crate::signal::distinct;
use crate::{ModelKind, Recommender};
use domain::{History, ItemIdx, Market, Reason};
use learn::Csr;
use learn::container::{ContainerError, Reader};

/// How to find the best items for a history.
pub struct Scorer {
    n_items: usize,
    hears: bool,
    inner: Inner,
}

enum Inner {
    Links { links: Csr, term: &'static str, rooted: bool },
    Model(Box<dyn Recommender>),
}

/// What the reasons of a model of links say, and whether it takes the roots of a history's weights.
fn of_links(name: &str) -> Option<(&'static str, bool)> {
    Some(match name {
        "item-knn" => ("bought together with", false),
        "swing" => ("bought by the same pairs of shoppers as", false),
        "rp3beta" => ("reached over shoppers who bought", false),
        "item-graph" => ("reached over the graph from", false),
        "slim" | "ease-sparse" => ("predicted from", true),
        _ => return None,
    })
}

impl Scorer {
    /// Reads a model for a catalogue, the names of its items in their order.
    ///
    /// # Errors
    /// [`ContainerError`] for bytes that are no model of this name.
    pub fn load<T: AsRef<str>>(name: &str, bytes: &[u8], catalogue: &[T]) -> Result<(Self, About), ContainerError> {
        let n_items = catalogue.len();
        let hears = ModelKind::of_file(name).is_none_or(|kind| kind.hears());
        let Some((term, rooted)) = of_links(name) else {
            let loaded = load(bytes)?;
            let (got, want) = (loaded.about.name.clone(), name.to_owned());
            if got != want {
                return Err(ContainerError::Kind { got, want });
            }
            let about = loaded.about.clone();
            let model: Box<dyn Recommender> = if begins(catalogue, &about.items) {
                loaded.model
            } else {
                Box::new(Named::new(loaded, &catalogue.iter().map(AsRef::as_ref).collect::<Vec<&str>>()))
            };
            return Ok((Self { n_items, hears, inner: Inner::Model(model) }, about));
        };
        let from = Reader::open(bytes)?;
        if from.kind() != name || ModelKind::named(name, Market::UNKNOWN).is_none() {
            return Err(ContainerError::Kind { got: from.kind().to_owned(), want: name.to_owned() });
        }
        let items = from.lines("item names")?;
        let about = About {
            name: name.to_owned(),
            parameters: from.text("parameters")?.to_owned(),
            trained_on: from.fingerprint(),
            items: items.iter().map(|i| (*i).to_owned()).collect(),
        };
        let links = links::load(&from)?;
        let links = if begins(catalogue, &items) { links } else { renumbered(&links, &items, catalogue) };
        Ok((Self { n_items, hears, inner: Inner::Links { links, term, rooted } }, about))
    }

    /// A model that was not saved, and that hears.
    #[must_use]
    pub fn of(model: Box<dyn Recommender>, n_items: usize) -> Self {
        Self { n_items, hears: true, inner: Inner::Model(model) }
    }

    /// Whether what it finds follows from the history: see [`ModelKind::hears`].
    pub const fn hears(&self) -> bool {
        self.hears
    }

    /// Whether the best items are found without looking at all of them.
    pub const fn is_sparse(&self) -> bool {
        matches!(self.inner, Inner::Links { .. })
    }

    /// The best `n` items that `open` lets through, best first, ties to the lower item. `open` is asked about every
    /// item that has a score.
    pub fn best(&self, history: History<'_>, n: usize, open: &mut dyn FnMut(ItemIdx) -> bool) -> Vec<(ItemIdx, f32)> {
        let mut found: Vec<(ItemIdx, f32)> = match &self.inner {
            Inner::Links { links, rooted, .. } => sums(links, &asked(links, *rooted, history)),
            Inner::Model(model) => {
                let all: Vec<ItemIdx> = (0..self.n_items as u32).map(ItemIdx).collect();
                let scores = model.score(history, &all);
                all.into_iter().zip(scores).filter_map(|(item, score)| Some((item, score?))).collect()
            }
        };
        found.retain(|(item, _)| item.at() < self.n_items && open(*item));
        let better = |a: &(ItemIdx, f32), b: &(ItemIdx, f32)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
        if n < found.len() {
            found.select_nth_unstable_by(n, better);
            found.truncate(n);
        }
        found.sort_unstable_by(better);
        found
    }

    /// One score a candidate, in the candidates' order; `None` is "cannot say".
    pub fn score(&self, history: History<'_>, candidates: &[ItemIdx]) -> Vec<Option<f32>> {
        match &self.inner {
            Inner::Links { links, rooted, .. } => {
                let sums = sums(links, &asked(links, *rooted, history));
                let of = |item: &ItemIdx| sums.binary_search_by_key(item, |s| s.0).ok().map(|at| sums[at].1);
                candidates.iter().map(of).collect()
            }
            Inner::Model(model) => model.score(history, candidates),
        }
    }

    /// The parts of a candidate's score, largest first.
    pub fn explain(&self, history: History<'_>, candidate: ItemIdx) -> Vec<Reason> {
        match &self.inner {
            Inner::Links { links, term, rooted } => {
                links::explain(links, &asked(links, *rooted, history), candidate, term)
            }
            Inner::Model(model) => model.explain(history, candidate),
        }
    }
}

fn asked(links: &Csr, rooted: bool, history: History<'_>) -> Vec<(ItemIdx, f32)> {
    let items = distinct(history, links.n_rows());
    if rooted { links::roots(items) } else { items }
}

/// What the items link to, items ascending, each with the sum of what they add, in the order of the items.
fn sums(links: &Csr, items: &[(ItemIdx, f32)]) -> Vec<(ItemIdx, f32)> {
    let mut parts: Vec<(ItemIdx, f32)> = Vec::with_capacity(items.iter().map(|(i, _)| links.row(i.at()).0.len()).sum());
    for (item, weight) in items {
        parts.extend(links.cells(item.at()).map(|(to, link)| (ItemIdx(to), weight * link)));
    }
    // Stable, so that a sum is added up in the order of the history, as `links::score` adds it.
    parts.sort_by_key(|part| part.0);
    let mut sums: Vec<(ItemIdx, f32)> = Vec::with_capacity(parts.len());
    for (item, part) in parts {
        match sums.last_mut() {
            Some(last) if last.0 == item => last.1 += part,
            _ => sums.push((item, part)),
        }
    }
    sums
}

/// Whether the catalogue begins with these names.
fn begins<T: AsRef<str>, U: AsRef<str>>(catalogue: &[T], names: &[U]) -> bool {
    names.len() <= catalogue.len() && names.iter().zip(catalogue).all(|(a, b)| a.as_ref() == b.as_ref())
}

/// The links in the catalogue's numbers; what the catalogue no longer has is left out.
fn renumbered<T: AsRef<str>>(links: &Csr, names: &[&str], catalogue: &[T]) -> Csr {
    let mut order: Vec<u32> = (0..catalogue.len() as u32).collect();
    order.sort_unstable_by_key(|at| catalogue[*at as usize].as_ref());
    let find = |name: &&str| {
        let at = order.binary_search_by(|at| catalogue[*at as usize].as_ref().cmp(name)).ok()?;
        Some(order[at])
    };
    let numbers: Vec<Option<u32>> = names.iter().map(find).collect();
    let mut rows: Vec<Vec<(u32, f32)>> = vec![Vec::new(); catalogue.len()];
    for (from, number) in numbers.iter().enumerate().take(links.n_rows()) {
        let Some(number) = number else { continue };
        let to = |(to, link): (u32, f32)| Some((numbers.get(to as usize).copied().flatten()?, link));
        rows[*number as usize] = links.cells(from).filter_map(to).collect();
    }
    Csr::from_rows(catalogue.len(), rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::saved::{fingerprint, save};
    use crate::{Owned, Shelf, TopNParams, top_n};
    use domain::{Interactions, Seed};
    use proptest::prelude::*;

    const NAMES: [&str; 9] = ["a", "b", "c", "d", "e", "f", "g", "h", "i"];
    const KINDS: [&str; 9] =
        ["item-knn", "swing", "rp3beta", "item-graph", "slim", "ease-sparse", "ials", "popularity", "user-knn"];

    fn saved(kind: &str, baskets: &[Vec<u32>]) -> (Box<dyn crate::Fitted>, Vec<u8>) {
        let kind = ModelKind::named(kind, Market::UNKNOWN).unwrap();
        let train = Interactions::from_baskets(NAMES.len(), baskets.iter().map(Vec::as_slice));
        let model = kind.fit_to_keep(&train, Seed(1)).unwrap();
        let bytes = save(&kind, model.as_ref(), fingerprint(&train), &NAMES);
        (model, bytes)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        /// Whatever the model, history and shelf: what `top_n` lists, in its order, with its scores.
        #[test]
        fn the_best_items_are_those_of_the_slow_way(
            baskets in prop::collection::vec(prop::collection::btree_set(0_u32..9, 1..6), 3..12),
            history in prop::collection::vec((0_u32..9, 0.1_f32..2.0), 0..5),
            shut in prop::collection::btree_set(0_u32..9, 0..4),
            n in 1_usize..9,
        ) {
            let baskets: Vec<Vec<u32>> = baskets.into_iter().map(|b| b.into_iter().collect()).collect();
            let (items, weights): (Vec<ItemIdx>, Vec<f32>) = history.into_iter().map(|(i, w)| (ItemIdx(i), w)).unzip();
            let history = History::weighted(&items, &weights);
            let shelf = Shelf::full(NAMES.len())
                .without_all(shut.iter().copied().map(ItemIdx), crate::Barred::OutOfStock);
            for kind in KINDS {
                let (model, bytes) = saved(kind, &baskets);
                let scorer = Scorer::load(kind, &bytes, &NAMES).unwrap().0;
                prop_assert_eq!(scorer.hears(), kind != "popularity");
                let params = TopNParams { n, owned: Owned::Include, n_reasons: 3 };
                let want = top_n(model.as_ref(), None, history, &shelf, &params);
                let got = scorer.best(history, n, &mut |item| !shut.contains(&item.0));
                let want_items: Vec<(ItemIdx, f32)> = want.ranked.iter().map(|r| (r.item, r.score)).collect();
                prop_assert_eq!(&got, &want_items, "{}", kind);
                for ranked in &want.ranked {
                    let mut reasons = scorer.explain(history, ranked.item);
                    reasons.truncate(3);
                    prop_assert_eq!(&reasons, &ranked.reasons, "{}", kind);
                }
                let all: Vec<ItemIdx> = (0..11).map(ItemIdx).collect();
                prop_assert_eq!(scorer.score(history, &all), model.score(history, &all), "{}", kind);
            }
        }
    }

    /// The catalogue has lost d, gained z, and stands in another order: scores go by name.
    #[test]
    fn links_are_renumbered_where_the_catalogue_is_another() {
        let baskets = [vec![0, 1], vec![0, 1, 3], vec![1, 2], vec![0, 3]];
        for kind in ["item-knn", "ials"] {
            let (model, bytes) = saved(kind, &baskets);
            let catalogue = ["z", "c", "b", "a"];
            let (scorer, about) = Scorer::load(kind, &bytes, &catalogue).unwrap();
            assert_eq!(about.items, NAMES);
            let want = model.score(History::of(&[ItemIdx(0)]), &[ItemIdx(1), ItemIdx(2)]);
            let all = [ItemIdx(0), ItemIdx(1), ItemIdx(2), ItemIdx(9)];
            let got = scorer.score(History::of(&[ItemIdx(3), ItemIdx(0)]), &all);
            assert_eq!(got, [None, want[1], want[0], None], "{kind}");
            let best = scorer.best(History::of(&[ItemIdx(3)]), 1, &mut |item| item != ItemIdx(3));
            assert_eq!(best[0].0, ItemIdx(2), "{kind}");
            assert_eq!(scorer.is_sparse(), kind == "item-knn");
        }
    }

    #[test]
    fn another_model_than_was_asked_for_is_refused() {
        let (_, bytes) = saved("item-knn", &[vec![0, 1]]);
        for name in ["swing", "ials"] {
            let Err(error) = Scorer::load(name, &bytes, &NAMES) else { panic!("{name}") };
            assert!(matches!(error, ContainerError::Kind { .. }), "{error}");
        }
        assert!(Scorer::load("item-knn", &bytes[..40], &NAMES).is_err());
    }
}
