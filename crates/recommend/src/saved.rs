//! Keeping fitted models: bytes that can be read back to the same scores, bit by bit.
//!
//! A saved model is a [`container`](learn::container) whose kind is the model's name and whose fingerprint is
//! that of the training data ([`fingerprint`]). It holds the parameters as text, the numbers that scoring
//! needs, and, where the caller gives them, the names of the items, so that a model can be asked about a
//! catalogue that has changed since ([`Named`]). Files are the caller's matter: here are bytes.
//!
//! Bytes from anywhere can be handed to [`load`]: it answers with a model whose every method returns, or
//! with an error that says what is wrong. Cost: one pass over the numbers each way; for `user-knn` and `ials`
//! also what follows from them, a transpose or a Gram matrix.

use crate::{Fitted, ModelKind, Recommender};
use domain::{Explain, History, Interactions, ItemIdx, Reason, Score, ShopperIdx};
use learn::container::{ContainerError, Fingerprint, Reader, Writer};
use std::collections::BTreeMap;

/// Numbers of a vector that a file may ask for at most.
pub(crate) const MAX_FACTORS: usize = 1 << 12;
/// Passes, steps or trials that a file may ask for at most: a fold-in has to come to an end.
pub(crate) const MAX_STEPS: usize = 1 << 12;

/// Writes a fitted model into sections of a container and reads it back.
pub trait Save {
    /// Writes what scoring needs.
    fn save(&self, to: &mut Writer);

    /// Reads what [`Save::save`] wrote.
    ///
    /// # Errors
    /// [`ContainerError`] for a section that is not there or numbers that are no model. Whatever is
    /// returned can be asked anything without a panic.
    fn load(from: &Reader<'_>) -> Result<Self, ContainerError>
    where
        Self: Sized;
}

/// What a saved model says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// Its name, as [`ModelKind::name`].
    pub name: String,
    /// Its parameters, for people and for comparison: equal parameters are equal text.
    pub parameters: String,
    /// What it was trained on, see [`fingerprint`].
    pub trained_on: u128,
    /// Names of the items, in the order of their numbers; empty where the caller gave none.
    pub items: Vec<String>,
}

/// A model that was read, with what it says about itself.
pub struct Loaded {
    /// What the file says.
    pub about: About,
    /// The model.
    pub model: Box<dyn Fitted>,
}

/// The fingerprint of training data: of every cell, in order, and the shoppers' markets. The same rows
/// in another order have the same one.
pub fn fingerprint(train: &Interactions) -> u128 {
    let mut print = Fingerprint::default();
    print.add(train.n_items() as u64);
    print.add(train.n_shoppers() as u64);
    for (s, market) in train.markets().iter().enumerate() {
        print.add_text(market.code());
        print.add(train.row(ShopperIdx(s as u32)).len() as u64);
    }
    for cell in train.iter() {
        print.add(u64::from(cell.item.0) << 32 | u64::from(cell.weight.to_bits()));
        print.add((cell.kind as u64) << 32 | u64::from(cell.day.0 as u32));
    }
    print.value()
}

/// The bytes of a fitted model of this kind. `items` are the names of the items, or nothing.
///
/// # Panics
/// If a name has a line break.
pub fn save<T: AsRef<str>>(kind: &ModelKind, model: &dyn Fitted, trained_on: u128, items: &[T]) -> Vec<u8> {
    let mut to = Writer::default();
    to.text("parameters", &format!("{kind:?}"));
    to.lines("item names", items);
    model.save(&mut to);
    to.finish(kind.name(), trained_on)
}

/// Reads a model.
///
/// # Errors
/// [`ContainerError`] says what is wrong; nothing that bytes can hold makes it panic or take more memory
/// than a few times their number.
pub fn load(bytes: &[u8]) -> Result<Loaded, ContainerError> {
    let from = Reader::open(bytes)?;
    let unknown = || {
        let want = "a model of this release".to_owned();
        ContainerError::Kind { got: from.kind().to_owned(), want }
    };
    let kind = ModelKind::of_file(from.kind()).ok_or_else(unknown)?;
    let about = About {
        name: from.kind().to_owned(),
        parameters: from.text("parameters")?.to_owned(),
        trained_on: from.fingerprint(),
        items: from.lines("item names")?.into_iter().map(str::to_owned).collect(),
    };
    Ok(Loaded { about, model: kind.load(&from)? })
}

/// Reads a model of this name.
///
/// # Errors
/// As [`load`]; [`ContainerError::Kind`] for a model of another name.
pub fn load_as(name: &str, bytes: &[u8]) -> Result<Loaded, ContainerError> {
    let got = Reader::open(bytes)?.kind().to_owned();
    if got == name { load(bytes) } else { Err(ContainerError::Kind { got, want: name.to_owned() }) }
}

/// Vectors of `n_factors` numbers each.
pub(crate) fn vectors(from: &Reader<'_>, name: &str, n_factors: usize) -> Result<Vec<f32>, ContainerError> {
    let values = from.f32s(name)?;
    let fine = (1..=MAX_FACTORS).contains(&n_factors) && values.len().is_multiple_of(n_factors);
    let why = || format!("whole vectors of {n_factors} numbers, at least 1 and at most {MAX_FACTORS}");
    if fine { Ok(values) } else { Err(ContainerError::content(name, why())) }
}

/// Exactly `N` whole numbers of any size.
pub(crate) fn exactly<const N: usize>(from: &Reader<'_>, name: &str) -> Result<[u64; N], ContainerError> {
    from.u64s(name)?.as_slice().try_into().map_err(|_| ContainerError::content(name, format!("{N} numbers")))
}

/// Item numbers that ascend and are in the catalogue.
pub(crate) fn ascending(items: &[u32], n_items: usize, name: &str) -> Result<(), ContainerError> {
    let fine = items.windows(2).all(|w| w[0] < w[1]) && items.last().is_none_or(|last| (*last as usize) < n_items);
    if fine { Ok(()) } else { Err(ContainerError::content(name, "ascending item numbers of the catalogue")) }
}

/// A model asked in the item numbers of another catalogue: products are matched by name. What only one
/// side knows has no score and says nothing in a history.
pub struct Named {
    inner: Box<dyn Recommender>,
    /// The model's number of each item of the catalogue.
    inward: Vec<Option<ItemIdx>>,
    /// The catalogue's number of each item of the model.
    outward: BTreeMap<ItemIdx, ItemIdx>,
}

impl Named {
    /// Matches the names of the model's items with those of the catalogue in use.
    pub fn new<T: AsRef<str>>(loaded: Loaded, catalogue: &[T]) -> Self {
        let own: BTreeMap<&str, ItemIdx> =
            loaded.about.items.iter().enumerate().map(|(i, name)| (name.as_str(), ItemIdx(i as u32))).collect();
        let inward: Vec<Option<ItemIdx>> = catalogue.iter().map(|name| own.get(name.as_ref()).copied()).collect();
        let outward = (0_u32..).zip(&inward).filter_map(|(to, from)| Some(((*from)?, ItemIdx(to)))).collect();
        Self { inner: loaded.model, inward, outward }
    }

    fn number(&self, item: ItemIdx) -> Option<ItemIdx> {
        self.inward.get(item.at()).copied().flatten()
    }

    fn history(&self, history: History<'_>) -> (Vec<ItemIdx>, Vec<f32>) {
        history.iter().filter_map(|(item, weight)| Some((self.number(item)?, weight))).unzip()
    }
}

impl Score for Named {
    fn score(&self, history: History<'_>, candidates: &[ItemIdx]) -> Vec<Option<f32>> {
        let (items, weights) = self.history(history);
        let asked: Vec<Option<ItemIdx>> = candidates.iter().map(|c| self.number(*c)).collect();
        let known: Vec<ItemIdx> = asked.iter().copied().flatten().collect();
        let mut scores = self.inner.score(History::weighted(&items, &weights), &known).into_iter();
        asked.into_iter().map(|c| c.and_then(|_| scores.next().flatten())).collect()
    }
}

impl Explain for Named {
    fn explain(&self, history: History<'_>, candidate: ItemIdx) -> Vec<Reason> {
        let Some(candidate) = self.number(candidate) else { return Vec::new() };
        let (items, weights) = self.history(history);
        let reasons = self.inner.explain(History::weighted(&items, &weights), candidate);
        let outward = |r: Reason| Reason { item: r.item.and_then(|i| self.outward.get(&i).copied()), ..r };
        reasons.into_iter().map(outward).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{Interaction, Market, Seed};

    fn train() -> Interactions {
        Interactions::from_baskets(4, [&[0, 1][..], &[0, 1, 2], &[1, 2], &[0, 3]])
    }

    #[test]
    fn a_fingerprint_is_of_the_rows_and_not_of_their_order() {
        let mut rows: Vec<Interaction> = train().iter().collect();
        rows.reverse();
        let of = |rows: Vec<Interaction>| fingerprint(&Interactions::new(4, train().markets().to_vec(), rows).unwrap());
        assert_eq!(of(rows.clone()), fingerprint(&train()));
        rows[0].weight = 1.000_000_1;
        assert_ne!(of(rows.clone()), fingerprint(&train()));
        rows.remove(0);
        assert_ne!(of(rows), fingerprint(&train()));
    }

    #[test]
    fn a_file_says_what_it_holds_and_another_name_is_refused() {
        let kind = ModelKind::named("item-knn", Market::UNKNOWN).unwrap();
        let model = kind.fit_to_keep(&train(), Seed(1)).unwrap();
        let bytes = save(&kind, model.as_ref(), fingerprint(&train()), &["a", "b", "c", "d"]);
        let about = load(&bytes).unwrap().about;
        assert_eq!((about.name.as_str(), about.trained_on), ("item-knn", fingerprint(&train())));
        assert_eq!(
            (about.parameters, about.items),
            (format!("{kind:?}"), ["a", "b", "c", "d"].map(str::to_owned).to_vec())
        );
        let error = load_as("ials", &bytes).map(|_| ()).unwrap_err();
        assert_eq!(error.to_string(), "this holds `item-knn`, wanted is `ials`");
        assert!(load_as("item-knn", &bytes).is_ok());
        let error = load(&Writer::default().finish("oracle", 0)).map(|_| ()).unwrap_err();
        assert_eq!(error.to_string(), "this holds `oracle`, wanted is `a model of this release`");
    }

    /// The catalogue in use is [z, b, a]: the model's 1 and 0, and a product that it does not know.
    #[test]
    fn a_model_is_asked_by_the_names_of_its_items() {
        let kind = ModelKind::named("item-knn", Market::UNKNOWN).unwrap();
        let model = kind.fit_to_keep(&train(), Seed(1)).unwrap();
        let want = model.score(History::of(&[ItemIdx(0)]), &[ItemIdx(1)]);
        assert!(want[0].is_some());
        let bytes = save(&kind, model.as_ref(), 0, &["a", "b", "c", "d"]);
        let named = Named::new(load(&bytes).unwrap(), &["z", "b", "a"]);
        let history = [ItemIdx(0), ItemIdx(2), ItemIdx(9)];
        let all = [ItemIdx(0), ItemIdx(1), ItemIdx(9)];
        assert_eq!(named.score(History::of(&history), &all), [None, want[0], None]);
        let reasons = named.explain(History::of(&history), ItemIdx(1));
        assert_eq!(reasons.iter().map(|r| r.item).collect::<Vec<_>>(), [Some(ItemIdx(2))]);
        assert_eq!(named.explain(History::of(&history), ItemIdx(0)), []);
    }
}
