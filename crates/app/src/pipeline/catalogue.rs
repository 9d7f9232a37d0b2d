//! All products that can be offered, sold or not, and how those without a single sale are found.
//!
//! Models learn from purchases and know nothing of a product that nobody has bought. Such a product is
//! offered by likeness in its words and attributes ([`Content`]) to what a shopper bought, and in its picture where there are
//! pictures; to a shopper who has bought nothing, by likeness to what sells in the market. These products stand on a list of their
//! own, or after the others: nothing could be measured of them, and no measured list is changed.

use super::purchases::Purchases;
use super::rows::Rows;
use anyhow::Result;
use content::picture::Likeness;
use domain::{Explain, History, ItemIdx, Reason, Score};
use lake::Engine;
use recommend::serving::LikeBy;
use recommend::{Content, ContentParams, Field, ItemText, Recommender, Shelf};
use std::collections::{BTreeMap, BTreeSet};

/// Best sellers that stand for a shopper without a history.
const POPULAR: usize = 20;

/// The products: first those of the purchases with their numbers, then those without a sale, by code.
pub(crate) struct Catalogue {
    ids: Vec<String>,
    numbers: BTreeMap<String, ItemIdx>,
    n_sold: usize,
    content: Content,
    /// All codes, those of services too, by code; and the place of each product among them.
    listed: Vec<String>,
    rows: Vec<Option<usize>>,
}

/// A product without a sale, with its score and reasons.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Newcomer {
    pub(crate) item: ItemIdx,
    pub(crate) score: f32,
    pub(crate) reasons: Vec<Reason>,
}

impl Catalogue {
    pub(crate) async fn load(engine: &Engine, purchases: &Purchases) -> Result<Self> {
        let rows = Rows::query(
            engine,
            "select p.product_id, p.name, p.description, p.category, p.brand, p.colour, p.plug, p.texts, s.product_id is not null as sold \
             from clean.products p left join (select distinct product_id from marts.product_market) s on s.product_id = p.product_id \
             where not p.service order by p.product_id",
        )
        .await?;
        let (ids, sold) = (rows.texts("product_id")?, rows.texts("sold")?);
        let text = described(&rows)?;
        let mut known: Vec<String> = purchases.products.iter().map(ToString::to_string).collect();
        let n_sold = known.len();
        let new = ids.iter().zip(&sold).filter(|(id, sold)| *sold == "false" && known.binary_search(id).is_err());
        let new: Vec<String> = new.map(|(id, _)| id.clone()).collect();
        known.extend(new);
        let numbers: BTreeMap<String, ItemIdx> = known.iter().cloned().zip((0..).map(ItemIdx)).collect();
        let mut items = vec![ItemText::default(); known.len()];
        for (id, text) in ids.iter().zip(text) {
            if let Some(item) = numbers.get(id) {
                items[item.at()] = text;
            }
        }
        let content = ContentParams::default().fit(&items)?;
        let listed = Rows::query(engine, "select product_id from clean.products order by product_id").await?;
        let listed = listed.texts("product_id")?;
        let rows = known.iter().map(|id| listed.binary_search(id).ok()).collect();
        Ok(Self { ids: known, numbers, n_sold, content, listed, rows })
    }

    /// Products, sold or not.
    pub(crate) fn len(&self) -> usize {
        self.ids.len()
    }

    /// The number of a product.
    pub(crate) fn find(&self, id: &str) -> Option<ItemIdx> {
        self.numbers.get(id).copied()
    }

    /// The code of a product.
    pub(crate) fn id(&self, item: ItemIdx) -> &str {
        &self.ids[item.at()]
    }

    /// Likeness in words and attributes.
    pub(crate) const fn content(&self) -> &Content {
        &self.content
    }

    /// The products without a sale that the shelf has.
    pub(crate) fn new_on(&self, shelf: &Shelf) -> Vec<ItemIdx> {
        let new = (self.n_sold as u32..self.ids.len() as u32).map(ItemIdx);
        new.filter(|item| shelf.barred(*item).is_none()).collect()
    }

    /// The products without a sale that are most like a history, or like what `popular` scores highest where
    /// there is none.
    pub(crate) fn newcomers(
        &self,
        history: &[ItemIdx],
        popular: &dyn Recommender,
        shelf: &Shelf,
        n: usize,
        pictures: Option<&Likeness>,
    ) -> Vec<Newcomer> {
        let new = self.new_on(shelf);
        let best_sellers = if history.is_empty() { self.best_sellers(popular) } else { Vec::new() };
        let like = History::of(if history.is_empty() { &best_sellers } else { history });
        let scores = self.content.score(like, &new);
        let mut looks = pictures.map_or_else(BTreeMap::new, |pictures| self.looks(pictures, like.items(), &new));
        let one = |(item, score): (ItemIdx, Option<f32>)| {
            let seen = looks.remove(&item).unwrap_or_default();
            let score = (score.is_some() || !seen.is_empty())
                .then(|| score.unwrap_or(0.0) + seen.iter().map(|reason| reason.part).sum::<f32>())?;
            Some((item, score, seen))
        };
        let mut found: Vec<(ItemIdx, f32, Vec<Reason>)> = new.into_iter().zip(scores).filter_map(one).collect();
        found.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        found.truncate(n);
        let newcomer = |(item, score, seen): (ItemIdx, f32, Vec<Reason>)| {
            let mut reasons = self.content.explain(like, item);
            reasons.extend(seen);
            reasons.sort_by(|a, b| b.part.total_cmp(&a.part).then(a.item.cmp(&b.item)));
            reasons.truncate(3);
            Newcomer { item, score, reasons }
        };
        found.into_iter().map(newcomer).collect()
    }

    /// How much more than the others each new product looks like those of a history: the likeness of pictures less its mean over
    /// the new products, where that is more than nothing, shared among the history. Any two pictures on white are somewhat alike.
    fn looks(&self, pictures: &Likeness, history: &[ItemIdx], new: &[ItemIdx]) -> BTreeMap<ItemIdx, Vec<Reason>> {
        let row = |item: &ItemIdx| self.rows.get(item.at()).copied().flatten();
        let of_row: BTreeMap<usize, ItemIdx> = new.iter().filter_map(|item| Some((row(item)?, *item))).collect();
        let mut allowed = vec![false; pictures.len()];
        of_row.keys().filter(|row| **row < pictures.len()).for_each(|row| allowed[*row] = true);
        let distinct: BTreeSet<ItemIdx> = history.iter().copied().collect();
        let mut parts: BTreeMap<ItemIdx, Vec<Reason>> = BTreeMap::new();
        for item in &distinct {
            let Some(own) = row(item).filter(|row| *row < pictures.len()) else { continue };
            let near = pictures.like_row(own, pictures.len(), &allowed);
            let mean = near.iter().map(|alike| alike.likeness).sum::<f32>() / near.len().max(1) as f32;
            for alike in near.iter().filter(|alike| alike.likeness > mean) {
                let part = (alike.likeness - mean) / distinct.len() as f32;
                let reason = Reason { term: LikeBy::Picture.term(), item: Some(*item), part };
                parts.entry(of_row[&alike.row]).or_default().push(reason);
            }
        }
        parts
    }

    /// Codes in the order in which pictures are kept: all products, services among them.
    pub(crate) fn pictured(&self) -> &[String] {
        &self.listed
    }

    fn best_sellers(&self, popular: &dyn Recommender) -> Vec<ItemIdx> {
        let sold: Vec<ItemIdx> = (0..self.n_sold as u32).map(ItemIdx).collect();
        let scores = popular.score(History::EMPTY, &sold);
        let mut best: Vec<(ItemIdx, f32)> = sold.into_iter().zip(scores).filter_map(|(i, s)| Some((i, s?))).collect();
        best.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        best.into_iter().take(POPULAR).map(|(item, _)| item).collect()
    }
}

/// Text and attributes of each row of products.
fn described(rows: &Rows) -> Result<Vec<ItemText>> {
    let column = |name: &str| rows.texts(name);
    let texts = [column("name")?, column("description")?, column("texts")?];
    let attributes = [
        (Field::Category, column("category")?),
        (Field::Brand, column("brand")?),
        (Field::Colour, column("colour")?),
        (Field::Attribute, column("plug")?),
    ];
    let text = |at: usize| ItemText {
        text: format!("{} {} {}", texts[0][at], texts[1][at], all_languages(&texts[2][at])),
        attributes: attributes.iter().map(|(field, values)| (*field, values[at].clone())).collect(),
    };
    Ok((0..rows.len()).map(text).collect())
}

/// What is known of the products that were bought, in the order of their numbers.
pub(crate) async fn texts(engine: &Engine, purchases: &Purchases) -> Result<Vec<ItemText>> {
    let sql = "select product_id, name, description, category, brand, colour, plug, texts from clean.products";
    let rows = Rows::query(engine, sql).await?;
    let mut items = vec![ItemText::default(); purchases.products.len()];
    for (id, text) in rows.texts("product_id")?.iter().zip(described(&rows)?) {
        if let Some(item) = purchases.product(id) {
            items[item.at()] = text;
        }
    }
    Ok(items)
}

/// Titles and descriptions of all languages, from the JSON of a product's `texts`.
pub(super) fn all_languages(texts: &str) -> String {
    let Ok(serde_json::Value::Object(languages)) = serde_json::from_str(texts) else { return String::new() };
    let words = languages.values().filter_map(|texts| texts.as_object()).flat_map(|texts| texts.values());
    let distinct: BTreeSet<&str> = words.filter_map(serde_json::Value::as_str).collect();
    distinct.into_iter().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_texts_of_all_languages_are_read_and_broken_ones_passed_over() {
        let texts = r#"{"en": {"name": "kettle", "description": "steel"}, "zh": {"name": "水壶"}}"#;
        assert_eq!(all_languages(texts), "kettle steel 水壶");
        assert_eq!((all_languages("{"), all_languages("")), (String::new(), String::new()));
    }
}
