//! What is known of products, as numbers: a vector of what they say, their kind, brand and colour.

use crate::{ContentParams, Field, ItemText};
use domain::{FitError, Seed};
use learn::low_rank::{LowRankParams, low_rank};
use std::collections::BTreeMap;

/// Of a product of which it is not said.
pub(super) const UNSAID: u32 = u32::MAX;

/// Products by rows.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Goods {
    pub(super) width: usize,
    /// `n × width`, rows of length 1, or of zeros where nothing is said.
    pub(super) vectors: Vec<f32>,
    /// Categories, numbered.
    pub(super) kinds: Vec<u32>,
    pub(super) n_kinds: usize,
    pub(super) brands: Vec<u32>,
    pub(super) colours: Vec<u32>,
}

/// One number for each value of a field, letter case aside.
fn numbered(texts: &[ItemText], field: Field) -> (Vec<u32>, usize) {
    let value = |text: &ItemText| {
        let found = text.attributes.iter().find(|(of, value)| *of == field && !value.trim().is_empty());
        found.map(|(_, value)| value.trim().to_lowercase())
    };
    let values: Vec<Option<String>> = texts.iter().map(value).collect();
    let mut numbers: BTreeMap<&str, u32> = values.iter().flatten().map(|value| (value.as_str(), 0)).collect();
    numbers.values_mut().zip(0..).for_each(|(number, at)| *number = at);
    let number = |value: &Option<String>| value.as_deref().map_or(UNSAID, |value| numbers[value]);
    (values.iter().map(number).collect(), numbers.len())
}

impl Goods {
    /// The leading `width` directions of words and attributes, and the fields.
    pub(super) fn of(texts: &[ItemText], width: usize, seed: Seed) -> Result<Self, FitError> {
        let content = ContentParams::default().fit(texts)?;
        let bags = content.vectors();
        let params = LowRankParams { rank: width, ..LowRankParams::default() };
        let found = low_rank(bags, &bags.transpose(), &params, seed)
            .map_err(|why| FitError::Diverged(format!("directions of what products say, {why}")))?;
        let mut vectors = vec![0.0_f32; texts.len() * width];
        for (item, row) in vectors.chunks_exact_mut(width).enumerate() {
            for (feature, x) in bags.cells(item) {
                let direction = &found.vectors[feature as usize * found.rank..][..found.rank];
                row.iter_mut().zip(direction).for_each(|(v, d)| *v += x * d);
            }
            let length = row.iter().map(|v| v * v).sum::<f32>().sqrt();
            if length > 0.0 {
                row.iter_mut().for_each(|v| *v /= length);
            }
        }
        let (kinds, n_kinds) = numbered(texts, Field::Category);
        let (brands, colours) = (numbered(texts, Field::Brand).0, numbered(texts, Field::Colour).0);
        Ok(Self { width, vectors, kinds, n_kinds, brands, colours })
    }

    pub(super) fn len(&self) -> usize {
        self.kinds.len()
    }

    /// Some of them, in this order.
    pub(super) fn pick(&self, items: &[u32]) -> Self {
        let of = |values: &[u32]| items.iter().map(|item| values[*item as usize]).collect();
        Self {
            width: self.width,
            vectors: items.iter().flat_map(|item| self.row(*item)).copied().collect(),
            kinds: of(&self.kinds),
            n_kinds: self.n_kinds,
            brands: of(&self.brands),
            colours: of(&self.colours),
        }
    }

    pub(super) fn row(&self, item: u32) -> &[f32] {
        &self.vectors[item as usize * self.width..][..self.width]
    }
}
