//! The index that `search` and `similar` ask: made from the clean products when it is first needed, kept in
//! `models/search`, and made again when the products have changed.
//!
//! It is a cache: a folder named after what it was made from, written beside its place and renamed. One that
//! cannot be read is made again.

use crate::commands::{Environment, Opened};
use crate::encoders::{self, Named};
use crate::output::{self, Bar};
use crate::pipeline::rows::Rows;
use crate::pipeline::shelves::Stock;
use crate::workspace::Workspace;
use anyhow::{Context, Result};
use content::search::{Answer, Listing, Search};
use content::{Encode, Vectors};
use domain::{Currency, Market, Seed};
use lake::{Engine, Snapshot};
use pretrained::text::TextEncoder;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use tantivy::directory::MmapDirectory;

/// The products as people see them, in the order of the index.
pub(crate) struct Found {
    pub(crate) ids: Vec<String>,
    pub(crate) names: Vec<String>,
    pub(crate) categories: Vec<String>,
    pub(crate) brands: Vec<String>,
    /// Median of what was paid, in [`Self::currency`]; empty where nothing was sold.
    pub(crate) prices: Vec<String>,
    /// The reporting currency.
    pub(crate) currency: Option<Currency>,
    texts: Vec<String>,
    service: Vec<bool>,
    search: Search,
    /// What queries are read with, where it is not learnt from the catalogue.
    encoder: Option<TextEncoder>,
}

/// What the vectors and the rest of the index lie in.
const WORDS: &str = "words";
const VECTORS: &str = "vectors.model";

impl Found {
    /// The products of a workspace as they are now, and what is on hand of them.
    pub(crate) async fn open(env: &Environment, is_silent: bool) -> Result<(Self, Stock)> {
        let Opened { workspace, snapshot, engine } = env.opened().await?;
        let bar = Bar::new(env.quiet || is_silent);
        let encoder = encoders::sentences(&workspace)?;
        Ok((Self::load(&workspace.root, &engine, &snapshot, &bar, encoder).await?, Stock::load(&engine).await?))
    }

    /// The products of an opened workspace.
    pub(crate) async fn of(workspace: &Workspace, engine: &Engine, snapshot: &Snapshot) -> Result<Self> {
        Self::load(&workspace.root, engine, snapshot, &Bar::new(true), encoders::sentences(workspace)?).await
    }

    /// Opens the index, making it where it is not there.
    async fn load(
        root: &Path,
        engine: &Engine,
        snapshot: &Snapshot,
        bar: &Bar,
        encoder: Option<Named<TextEncoder>>,
    ) -> Result<Self> {
        let rows = Rows::query(
            engine,
            "select product_id, name, description, category, brand, colour, plug, texts, service, \
             cast(median_price as double) as median_price \
             from clean.products order by product_id",
        )
        .await?;
        let column = |name: &str| rows.texts(name);
        let (ids, names, texts) = (column("product_id")?, column("name")?, column("texts")?);
        let (descriptions, colours, plugs) = (column("description")?, column("colour")?, column("plug")?);
        let (categories, brands) = (column("category")?, column("brand")?);
        let listing = |at: usize| {
            let (titles, other) = by_language(&texts[at]);
            Listing {
                titles: format!("{}\n{titles}", names[at]),
                brand: brands[at].clone(),
                category: categories[at].clone(),
                attributes: format!("{} {}", colours[at], plugs[at]),
                description: format!("{}\n{other}", descriptions[at]),
            }
        };
        let key = key(snapshot, ids.len(), encoder.as_ref().map_or("", |e| e.digest.as_str()));
        let place = root.join("models/search").join(&key);
        let search = match open(&place) {
            Some(Ok(search)) if search.len() == ids.len() => search,
            found => {
                if let Some(Err(why)) = found {
                    output::note(&format!(
                        "the index of {} cannot be read ({why:#}); it is made again",
                        place.display()
                    ));
                }
                bar.step("indexing", "products", 0, 1);
                let listings: Vec<Listing> = (0..ids.len()).map(listing).collect();
                let search = build(&place, &listings, encoder.as_ref().map(|e| &e.encoder), bar)?;
                bar.clear();
                search
            }
        };
        let prices = rows.floats("median_price")?;
        let prices = prices.into_iter().map(|p| p.map_or_else(String::new, |p| format!("{p:.2}"))).collect();
        let service = rows.truths("service")?;
        let (currency, encoder) = (snapshot.currency, encoder.map(|e| e.encoder));
        Ok(Self { ids, names, categories, brands, prices, currency, texts, service, search, encoder })
    }

    /// The best `n` products for a query among those that are allowed.
    pub(crate) fn find(&self, query: &str, n: usize, allowed: &[bool]) -> Result<Answer> {
        let Some(encoder) = &self.encoder else { return Ok(self.search.find(query, n, allowed)?) };
        let vectors = encoder.for_queries().try_encode(&[Some(query)])?;
        Ok(match vectors.row(0) {
            Some(vector) => self.search.find_with(query, vector, n, allowed)?,
            None => self.search.find(query, n, allowed)?,
        })
    }

    /// Both ways of finding.
    pub(crate) const fn search(&self) -> &Search {
        &self.search
    }

    /// Which products may be shown in a market: no services, and nothing that is out of stock there.
    pub(crate) fn allowed(&self, stock: &Stock, market: Option<Market>) -> Vec<bool> {
        let there =
            |(id, service): (&String, &bool)| !service && !market.is_some_and(|market| stock.is_out(id, market));
        self.ids.iter().zip(&self.service).map(there).collect()
    }

    /// Whether a row is postage, a fee, a voucher: nothing that has a picture or a category.
    pub(crate) fn is_service(&self, row: usize) -> bool {
        self.service[row]
    }

    /// The row of a product, whatever the case of its letters.
    pub(crate) fn row(&self, product: &str) -> Option<u32> {
        let product = product.to_uppercase();
        self.ids.iter().position(|id| id.to_uppercase() == product).map(|at| at as u32)
    }

    /// Whether a product has a title in a language.
    pub(crate) fn has_title(&self, row: usize, language: &str) -> bool {
        let texts: serde_json::Value = serde_json::from_str(&self.texts[row]).unwrap_or_default();
        texts[language]["name"].is_string()
    }

    /// The title in one of these languages, the first that there is, else the name.
    pub(crate) fn title(&self, row: usize, languages: &[&str]) -> String {
        let texts: serde_json::Value = serde_json::from_str(&self.texts[row]).unwrap_or_default();
        let title = |language: &&str| texts[language]["name"].as_str().map(str::to_owned);
        languages.iter().find_map(title).unwrap_or_else(|| self.names[row].clone())
    }
}

/// Titles, and everything else, of all languages.
pub(crate) fn by_language(texts: &str) -> (String, String) {
    let Ok(serde_json::Value::Object(languages)) = serde_json::from_str(texts) else {
        return (String::new(), String::new());
    };
    let (mut titles, mut other) = (Vec::new(), Vec::new());
    for (kind, text) in languages.values().filter_map(serde_json::Value::as_object).flatten() {
        let Some(text) = text.as_str() else { continue };
        if kind == "name" { titles.push(text) } else { other.push(text) }
    }
    (titles.join("\n"), other.join("\n"))
}

/// Products that are encoded between two steps of the progress bar.
const TOGETHER: usize = 256;

/// The listings by a sentence encoder: titles, brand and category. Descriptions would multiply the time and drown them.
fn encoded(encoder: &TextEncoder, listings: &[Listing], bar: &Bar) -> Result<Vectors> {
    let passages = encoder.for_passages();
    let mut all = Vectors::new(passages.width());
    for (part, listings) in listings.chunks(TOGETHER).enumerate() {
        bar.step("reading", "products", (part * TOGETHER) as u64, listings.len() as u64);
        let texts: Vec<String> =
            listings.iter().map(|l| format!("{}\n{}\n{}", l.titles, l.brand, l.category)).collect();
        let items: Vec<Option<&str>> = texts.iter().map(|t| Some(t.as_str())).collect();
        for row in passages.try_encode(&items)?.rows() {
            match row {
                Some(row) => all.push(row)?,
                None => all.push_missing(),
            }
        }
    }
    Ok(all)
}

/// Names a cache by what it was made from: the clean tables, so many products, an encoder, and this release.
pub(crate) fn key(snapshot: &Snapshot, n: usize, with: &str) -> String {
    let clean = snapshot.stages.get("clean").map_or("", String::as_str);
    let hash = Sha256::digest(format!("{clean}\n{n}\n{}\n3\n{with}", env!("CARGO_PKG_VERSION")));
    hash[..8].iter().map(|b| format!("{b:02x}")).collect()
}

/// What is there, or why it cannot be read; `None` where nothing is.
fn open(place: &Path) -> Option<Result<Search, anyhow::Error>> {
    if !place.is_dir() {
        return None;
    }
    let opened = || -> Result<Search> {
        let bytes = std::fs::read(place.join(VECTORS))?;
        Ok(Search::open(MmapDirectory::open(place.join(WORDS))?, &bytes)?)
    };
    Some(opened())
}

/// Writes an index beside its place, puts it there, and takes earlier ones away.
fn build(place: &Path, listings: &[Listing], encoder: Option<&TextEncoder>, bar: &Bar) -> Result<Search> {
    let telling = || format!("writing {}", place.display());
    let parent = place.parent().context("a place in a folder")?;
    let beside: PathBuf = crate::caches::beside(place);
    if beside.exists() {
        std::fs::remove_dir_all(&beside).with_context(telling)?;
    }
    std::fs::create_dir_all(beside.join(WORDS)).with_context(telling)?;
    let directory = MmapDirectory::open(beside.join(WORDS)).with_context(telling)?;
    let made = match encoder {
        Some(encoder) => Search::build_with(directory, listings, encoded(encoder, listings, bar)?)?,
        None => Search::build(directory, listings, Seed(1))?,
    };
    std::fs::write(beside.join(VECTORS), made.to_bytes()?).with_context(telling)?;
    drop(made);
    crate::caches::remove_others(parent, &[&beside]);
    if let Err(error) = std::fs::rename(&beside, place) {
        // Another process put the same index there in the meantime.
        if !place.is_dir() {
            return Err(error).with_context(telling);
        }
        std::fs::remove_dir_all(&beside).with_context(telling)?;
    }
    open(place).context("the index that was just written")?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_are_told_from_descriptions() {
        let texts = r#"{"en": {"name": "kettle", "description": "steel"}, "zh": {"name": "水壶"}}"#;
        assert_eq!(by_language(texts), ("kettle\n水壶".to_owned(), "steel".to_owned()));
        assert_eq!(by_language("{"), (String::new(), String::new()));
    }
}
