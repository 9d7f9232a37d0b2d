//! Products by the words of their titles, in every language of the catalogue.

use super::catalogue::all_languages;
use super::rows::Rows;
use anyhow::Result;
use lake::Engine;
use recommend::tokens;
use std::collections::{BTreeMap, BTreeSet};

/// Titles of all that is sold, services aside.
pub(super) struct Titles {
    /// Ids, position by position.
    pub(super) products: Vec<String>,
    by_word: BTreeMap<String, BTreeSet<usize>>,
}

impl Titles {
    pub(super) async fn load(engine: &Engine) -> Result<Self> {
        let sql = "select product_id, name, texts from clean.products where not service order by product_id";
        let rows = Rows::query(engine, sql).await?;
        let (products, names, texts) = (rows.texts("product_id")?, rows.texts("name")?, rows.texts("texts")?);
        let mut by_word: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
        for i in 0..products.len() {
            for word in tokens(&format!("{} {}", names[i], all_languages(&texts[i]))) {
                by_word.entry(word).or_default().insert(i);
            }
        }
        Ok(Self { products, by_word })
    }

    /// Positions of the products whose title has all words of a search; `None` where it has no word.
    pub(super) fn with_all_words(&self, search: &str) -> Option<BTreeSet<usize>> {
        let none = BTreeSet::new();
        let mut found: Option<BTreeSet<usize>> = None;
        for word in tokens(search) {
            let with = self.by_word.get(&word).unwrap_or(&none);
            found = Some(found.map_or_else(|| with.clone(), |found| &found & with));
        }
        found
    }
}
