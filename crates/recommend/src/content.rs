//! Likeness in what is known of the products themselves: words and attributes, so that a product without
//! a single sale can be recommended.
//!
//! Each product is a bag of features: the [words](crate::tokens()) of its text, and attributes such as brand and
//! colour. A feature `t` weighs `field · (1 + ln tf) · ln((1 + N) / (1 + df))`, `N` products of which `df` have it,
//! and the vector `v` is scaled to length 1. The profile of a history is `p = Σ w_i v_i`, and the score of a
//! product the cosine `p · v_j / ‖p‖`: every part of it belongs to one product of the history and one field, and
//! [`Content::shared`] names the features themselves. What only one product has can never be shared and
//! is left out; a product of which nothing remains, or which shares nothing with the history, has no score.
//!
//! Source: Salton and Buckley, "Term-weighting approaches in automatic text retrieval", Information
//! Processing & Management 24(5), 1988; profiles as in Pazzani and Billsus, "Content-based recommendation
//! systems", The Adaptive Web, 2007. Cost: one pass over the texts; scoring adds the features of the history
//! and of the candidates.

use crate::links;
use crate::saved::Save;
use crate::signal::distinct;
use crate::tokens::tokens;
use domain::{Explain, FitError, History, ItemIdx, Reason, Score};
use learn::Csr;
use learn::container::{ContainerError, Reader, Writer};
use std::collections::BTreeMap;

/// What a feature is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// A word of the title or description.
    Words,
    /// The category.
    Category,
    /// The brand.
    Brand,
    /// The colour.
    Colour,
    /// Anything else that products state, such as the plug.
    Attribute,
}

impl Field {
    const ALL: [Self; 5] = [Self::Words, Self::Category, Self::Brand, Self::Colour, Self::Attribute];

    /// How a reason calls it, before the product of the history.
    const fn term(self) -> &'static str {
        match self {
            Self::Words => "described in the same words as",
            Self::Category => "in the same category as",
            Self::Brand => "of the same brand as",
            Self::Colour => "of the same colour as",
            Self::Attribute => "shares an attribute with",
        }
    }
}

/// What is known of a product.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ItemText {
    /// Title, description, or both.
    pub text: String,
    /// Attributes; [`Field::Words`] is split like the text, every other value is one feature, letter case aside.
    pub attributes: Vec<(Field, String)>,
}

/// How features are weighted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ContentParams {
    /// Weight of a word, at least 0.
    pub words: f32,
    /// Weight of an attribute, at least 0.
    pub attributes: f32,
}

impl Default for ContentParams {
    fn default() -> Self {
        Self { words: 1.0, attributes: 1.0 }
    }
}

/// Fitted model: `vectors` is items × features, rows of length 1 or empty.
#[derive(Clone, Debug, PartialEq)]
pub struct Content {
    vectors: Csr,
    /// Field and text of each feature.
    features: Vec<(Field, String)>,
}

impl ContentParams {
    /// Learns the features of a catalogue, one text an item in the order of their numbers.
    ///
    /// # Errors
    /// [`FitError::Param`] for a weight outside its range.
    pub fn fit(&self, items: &[ItemText]) -> Result<Content, FitError> {
        links::at_least_0("words", self.words)?;
        links::at_least_0("attributes", self.attributes)?;
        let bags: Vec<BTreeMap<(Field, String), u32>> = items.iter().map(bag).collect();
        let mut spread: BTreeMap<&(Field, String), u32> = BTreeMap::new();
        bags.iter().flat_map(BTreeMap::keys).for_each(|feature| *spread.entry(feature).or_default() += 1);
        spread.retain(|_, n| *n > 1);
        let number: BTreeMap<&(Field, String), (u32, f32)> = (0_u32..)
            .zip(&spread)
            .map(|(at, (feature, n))| (*feature, (at, self.rarity(feature.0, *n, items.len()))))
            .collect();
        let row = |bag: &BTreeMap<(Field, String), u32>| {
            let cells = bag.iter().filter_map(|(feature, n)| {
                let (at, rarity) = *number.get(feature)?;
                Some((at, rarity * (1.0 + (*n as f32).ln())))
            });
            let mut cells: Vec<(u32, f32)> = cells.filter(|(_, weight)| *weight > 0.0).collect();
            let length = cells.iter().map(|(_, w)| w * w).sum::<f32>().sqrt();
            cells.iter_mut().for_each(|(_, w)| *w /= length);
            cells
        };
        let vectors = Csr::from_rows(spread.len(), bags.iter().map(row));
        Ok(Content { vectors, features: spread.into_keys().cloned().collect() })
    }

    fn rarity(&self, field: Field, n: u32, n_items: usize) -> f32 {
        let weight = if field == Field::Words { self.words } else { self.attributes };
        weight * ((1.0 + n_items as f32) / (1.0 + n as f32)).ln()
    }
}

/// The features of a product with how often each occurs.
fn bag(item: &ItemText) -> BTreeMap<(Field, String), u32> {
    let mut bag = BTreeMap::new();
    let mut add = |field: Field, feature: String| *bag.entry((field, feature)).or_default() += 1;
    tokens(&item.text).into_iter().for_each(|word| add(Field::Words, word));
    for (field, value) in &item.attributes {
        match field {
            Field::Words => tokens(value).into_iter().for_each(|word| add(Field::Words, word)),
            _ => {
                let value = value.trim().to_lowercase().replace('\n', " ");
                if !value.is_empty() {
                    add(*field, value);
                }
            }
        }
    }
    bag
}

/// The profile of a history: what each feature weighs, and the length of the whole.
struct Profile {
    items: Vec<(ItemIdx, f32)>,
    weights: Vec<f32>,
    length: f32,
}

impl Content {
    /// Products × features, rows of length 1 or empty.
    pub(crate) const fn vectors(&self) -> &Csr {
        &self.vectors
    }

    /// Whether anything is known of an item that another one shares.
    pub fn knows(&self, item: ItemIdx) -> bool {
        item.at() < self.vectors.n_rows() && !self.vectors.row(item.at()).0.is_empty()
    }

    /// The features that two items share, with the part of the cosine that each makes up, largest first.
    pub fn shared(&self, a: ItemIdx, b: ItemIdx) -> Vec<(Field, &str, f32)> {
        if !self.knows(a) || !self.knows(b) {
            return Vec::new();
        }
        let ((columns, values), other) = (self.vectors.row(b.at()), self.vectors.cells(a.at()));
        let part = |(feature, x): (u32, f32)| {
            let at = columns.binary_search(&feature).ok()?;
            let (field, text) = &self.features[feature as usize];
            Some((*field, text.as_str(), x * values[at]))
        };
        let mut parts: Vec<(Field, &str, f32)> = other.filter_map(part).collect();
        parts.sort_by(|a, b| b.2.total_cmp(&a.2).then((a.0, a.1).cmp(&(b.0, b.1))));
        parts
    }

    fn profile(&self, history: History<'_>) -> Profile {
        let items: Vec<(ItemIdx, f32)> =
            distinct(history, self.vectors.n_rows()).into_iter().filter(|(item, _)| self.knows(*item)).collect();
        let mut weights = vec![0.0; self.vectors.n_cols()];
        for &(item, weight) in &items {
            self.vectors.cells(item.at()).for_each(|(feature, x)| weights[feature as usize] += weight * x);
        }
        let length = weights.iter().map(|w| w * w).sum::<f32>().sqrt();
        Profile { items, weights, length }
    }

    fn cosine(&self, profile: &Profile, candidate: ItemIdx) -> Option<f32> {
        if !self.knows(candidate) || profile.length == 0.0 {
            return None;
        }
        let sum: f32 = self.vectors.cells(candidate.at()).map(|(t, x)| profile.weights[t as usize] * x).sum();
        (sum > 0.0).then_some(sum / profile.length)
    }
}

impl Score for Content {
    fn score(&self, history: History<'_>, candidates: &[ItemIdx]) -> Vec<Option<f32>> {
        let profile = self.profile(history);
        candidates.iter().map(|c| self.cosine(&profile, *c)).collect()
    }
}

impl Explain for Content {
    fn explain(&self, history: History<'_>, candidate: ItemIdx) -> Vec<Reason> {
        let profile = self.profile(history);
        if self.cosine(&profile, candidate).is_none() {
            return Vec::new();
        }
        let mut parts: BTreeMap<(ItemIdx, Field), f32> = BTreeMap::new();
        for &(item, weight) in &profile.items {
            for (field, _, part) in self.shared(item, candidate) {
                *parts.entry((item, field)).or_default() += weight * part / profile.length;
            }
        }
        let reason =
            |((item, field), part): ((ItemIdx, Field), f32)| Reason { term: field.term(), item: Some(item), part };
        links::sorted(parts.into_iter().map(reason).collect())
    }
}

impl Save for Content {
    fn save(&self, to: &mut Writer) {
        to.u32s("fields", &self.features.iter().map(|(field, _)| *field as u32).collect::<Vec<u32>>());
        to.lines("features", &self.features.iter().map(|(_, text)| text).collect::<Vec<&String>>());
        to.csr("vectors", &self.vectors);
    }

    fn load(from: &Reader<'_>) -> Result<Self, ContainerError> {
        let fields = from.u32s("fields")?;
        let field = |code: &u32| Field::ALL.into_iter().find(|field| *field as u32 == *code);
        let texts = from.lines("features")?;
        let vectors = from.csr("vectors")?;
        let wrong = || ContainerError::content("features", "a known field and a text for each column");
        if texts.len() != fields.len() || vectors.n_cols() != fields.len() {
            return Err(wrong());
        }
        let feature = |(code, text): (&u32, &str)| Some((field(code)?, text.to_owned()));
        let features = fields.iter().zip(texts).map(feature).collect::<Option<Vec<_>>>().ok_or_else(wrong)?;
        Ok(Self { vectors, features })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(text: &str, brand: &str) -> ItemText {
        ItemText { text: text.into(), attributes: vec![(Field::Brand, brand.into())] }
    }

    fn sample() -> Content {
        let items = [
            item("red kettle", "Acme"),
            item("red toaster", "Bolt"),
            item("blue kettle", "ACME "),
            item("garden gnome", "Zeta"),
            ItemText::default(),
        ];
        ContentParams::default().fit(&items).unwrap()
    }

    /// Five items; red, kettle and acme occur twice and weigh ln(6/3) each, blue, toaster, … once and not at
    /// all. Item 0 is (red, kettle, acme)/√3, item 1 red, item 2 (kettle, acme)/√2. So cos(0, 1) = 1/√3 and
    /// cos(0, 2) = 2/√6; items 1 and 2 share nothing, 3 has nothing that anybody else has.
    #[test]
    fn likeness_by_hand() {
        let model = sample();
        let all: Vec<ItemIdx> = (0..6).map(ItemIdx).collect();
        let got = model.score(History::of(&[ItemIdx(0)]), &all);
        assert!((got[1].unwrap() - 3_f32.sqrt().recip()).abs() < 1e-6, "{got:?}");
        assert!((got[2].unwrap() - 2.0 / 6_f32.sqrt()).abs() < 1e-6, "{got:?}");
        assert_eq!((got[3], got[4], got[5]), (None, None, None));
        assert_eq!(model.score(History::of(&[ItemIdx(1)]), &all)[2], None);
        assert_eq!(model.score(History::EMPTY, &all), vec![None; 6]);
        let shared: Vec<(Field, &str)> = model.shared(ItemIdx(0), ItemIdx(2)).iter().map(|s| (s.0, s.1)).collect();
        assert_eq!(shared, [(Field::Words, "kettle"), (Field::Brand, "acme")]);
    }

    #[test]
    fn reasons_name_field_and_product_and_add_up() {
        let model = sample();
        let history = [ItemIdx(0), ItemIdx(1), ItemIdx(3)];
        let reasons = model.explain(History::weighted(&history, &[1.0, 0.5, 1.0]), ItemIdx(2));
        let score = model.score(History::weighted(&history, &[1.0, 0.5, 1.0]), &[ItemIdx(2)])[0].unwrap();
        assert!((reasons.iter().map(|r| r.part).sum::<f32>() - score).abs() < 1e-6);
        let mut terms: Vec<&str> = reasons.iter().map(|r| r.term).collect();
        terms.sort_unstable();
        assert_eq!(terms, ["described in the same words as", "of the same brand as"]);
        assert!(reasons.iter().all(|r| r.item == Some(ItemIdx(0))));
        assert_eq!(model.explain(History::of(&history), ItemIdx(4)), []);
    }

    #[test]
    fn a_product_nobody_bought_is_scored_in_any_language() {
        let text = |text: &str| ItemText { text: text.into(), attributes: vec![] };
        let items = [text("不锈钢水壶"), text("玻璃水壶"), text("园艺手套"), text("thé vert"), text("Thé noir")];
        let model = ContentParams::default().fit(&items).unwrap();
        let got = model.score(History::of(&[ItemIdx(0)]), &[1, 2, 3].map(ItemIdx));
        assert!(got[0].is_some_and(|s| s > 0.9) && got[1].is_none() && got[2].is_none(), "{got:?}");
        assert!(model.score(History::of(&[ItemIdx(3)]), &[ItemIdx(4)])[0].is_some());
    }

    #[test]
    fn weights_outside_their_range_are_named() {
        let params = ContentParams { words: -1.0, ..ContentParams::default() };
        assert!(matches!(params.fit(&[]), Err(FitError::Param { name: "words", .. })));
    }
}
