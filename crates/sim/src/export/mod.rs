//! The history as files: what a shop system, a marketplace, a tracker, a bank and a warehouse
//! would have exported, with the dirt that such files have.
//!
//! Everything goes through a [`Sink`], so that a test can keep the files in memory.

mod amazon;
mod canonical;
mod catalogue;
mod dirt;
mod indicators;
mod journal;
mod market;
mod noise;
mod papers;
mod questions;
mod shopify;
mod social;
mod table;
mod truth;

pub(crate) use catalogue::{SUPPLY, SupplyRules, near_duplicates};
pub use dirt::Dirt;
pub use indicators::{PublishedFact, published, visits_reported};
pub(crate) use market::{MARKET, MarketRules};
pub(crate) use noise::{NOISE, NoiseRules};
pub(crate) use papers::{PAPERS, PaperRules};
pub(crate) use social::{SOCIAL, SocialRules};
pub use table::Encoding;
pub(crate) use table::{push_digits, push_instant, push_int, push_minor};
pub use truth::truth_tables;

use crate::{Export, Merchant, SimError, pictures};
use rayon::prelude::*;
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::{self, Write};

/// Opens the files that are written, by their name relative to the folder asked for.
pub trait Sink {
    /// A new, empty file; names use `/`.
    ///
    /// # Errors
    /// Whatever the place where files lie says.
    fn create(&mut self, name: &str) -> io::Result<Box<dyn Write + '_>>;
}

/// Files in memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memory(
    /// Contents by name.
    pub BTreeMap<String, Vec<u8>>,
);

impl Sink for Memory {
    fn create(&mut self, name: &str) -> io::Result<Box<dyn Write + '_>> {
        let file = self.0.entry(name.to_owned()).or_default();
        file.clear();
        Ok(Box::new(file))
    }
}

/// What a file holds, as `truth.json` states it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FileFacts {
    /// Name relative to the folder.
    pub name: String,
    /// Layout: `canonical orders`, `shopify orders`, …
    pub layout: &'static str,
    /// Character encoding.
    pub encoding: &'static str,
    /// Rows (or lines) without the header, dirt included.
    pub rows: u64,
    /// Dirt in it, by kind.
    pub dirt: BTreeMap<Dirt, u64>,
    /// Identifiers of the rows that are no business: test orders and impossible rows.
    pub not_business: Vec<String>,
}

/// A file that is about to be written.
pub(crate) struct Facts(FileFacts);

impl Facts {
    pub(crate) fn new(name: String, layout: &'static str, encoding: Encoding) -> Self {
        let encoding = encoding.name();
        Self(FileFacts { name, layout, encoding, rows: 0, dirt: BTreeMap::new(), not_business: Vec::new() })
    }

    pub(crate) fn name(&self) -> String {
        self.0.name.clone()
    }

    pub(crate) fn count(&mut self, dirt: Dirt) {
        *self.0.dirt.entry(dirt).or_default() += 1;
    }

    pub(crate) fn not_business(&mut self, id: String, dirt: Dirt) {
        self.count(dirt);
        self.0.not_business.push(id);
    }

    pub(crate) fn finish(mut self, rows: u64) -> FileFacts {
        self.0.rows = rows;
        self.0
    }
}

/// Writes all files except those of the truth and reports each when it is done: name, rows.
///
/// # Errors
/// [`SimError::Write`] naming the file that could not be written.
pub fn all(
    merchant: &Merchant,
    sink: &mut dyn Sink,
    done: &mut dyn FnMut(&FileFacts),
) -> Result<Vec<FileFacts>, SimError> {
    let mut files = Vec::new();
    let mut add = |facts: FileFacts| {
        done(&facts);
        files.push(facts);
    };
    add(catalogue::products(merchant, sink)?);
    add(catalogue::costs(merchant, sink)?);
    add(catalogue::stock(merchant, sink)?);
    add(images(merchant, sink)?);
    add(rates(merchant, sink)?);
    for book in &merchant.books {
        match book.params.export {
            Export::Canonical => add(canonical::orders(merchant, book, sink)?),
            Export::Shopify => {
                add(shopify::orders(merchant, book, sink)?);
                add(shopify::customers(book, sink)?);
            }
            Export::Amazon => {
                add(amazon::orders(merchant, book, sink)?);
                add(canonical::orders(merchant, book, sink)?);
            }
        }
    }
    for facts in market::reviews(merchant, sink)? {
        add(facts);
    }
    add(market::ad_spend(merchant, sink)?);
    add(market::competitor_prices(merchant, sink)?);
    add(indicators::market_facts(merchant, sink)?);
    add(journal::events(merchant, sink)?);
    add(social::interactions(merchant, sink)?);
    add(questions::questions(merchant, sink)?);
    add(canonical::mixed_dates(merchant, sink)?);
    for facts in noise::noise(merchant, sink)? {
        add(facts);
    }
    Ok(files)
}

/// The pictures of all products; drawn in parallel, written in order.
fn images(merchant: &Merchant, sink: &mut dyn Sink) -> Result<FileFacts, SimError> {
    let facts = Facts::new("exports/images".to_owned(), "png pictures", Encoding::Utf8);
    let drawn: Vec<io::Result<Vec<u8>>> = merchant.catalogue.products.par_iter().map(pictures::png).collect();
    for (product, picture) in merchant.catalogue.products.iter().zip(drawn) {
        let name = format!("exports/{}", product.image_path());
        let write = || sink.create(&name)?.write_all(&picture?);
        write().map_err(SimError::write(&name))?;
    }
    Ok(facts.finish(merchant.catalogue.len() as u64))
}

/// Exchange rates in the layout of the ECB.
fn rates(merchant: &Merchant, sink: &mut dyn Sink) -> Result<FileFacts, SimError> {
    let facts = Facts::new("exports/eurofxref-hist.csv".to_owned(), "ECB reference rates", Encoding::Utf8);
    let name = facts.name();
    let rows = merchant.rates.write(&name, &mut *sink.create(&name).map_err(SimError::write(&name))?)?;
    Ok(facts.finish(rows))
}
