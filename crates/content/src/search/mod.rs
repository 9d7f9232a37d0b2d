//! Finding products by what somebody types, in any of the catalogue's languages.
//!
//! [`WordIndex`] finds by words, [`Meaning`] by vectors of texts that hold a product's titles in all
//! languages, so that a word of one language leads to what another one calls so; [`Search`] joins both lists by ranks.

mod error;
mod meaning;
mod words;

pub use error::SearchError;
pub use meaning::Meaning;
pub use words::{Reading, Spelling, WordHits, WordIndex};

use crate::Vectors;
use domain::Seed;
use learn::container::{ContainerError, Fingerprint, Reader, Writer};
use tantivy::Directory;

/// What is known of a product, to be found by. Empty texts are fine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// Its titles in all languages, one a line.
    pub titles: String,
    /// Its brand.
    pub brand: String,
    /// Its category.
    pub category: String,
    /// Colour, plug and the like.
    pub attributes: String,
    /// Its descriptions in all languages.
    pub description: String,
}

impl Listing {
    /// All of it, titles first.
    fn text(&self) -> String {
        [&self.titles, &self.brand, &self.category, &self.attributes, &self.description].map(String::as_str).join("\n")
    }
}

/// A product that was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hit {
    /// Its row in the catalogue that was indexed.
    pub row: u32,
    /// `1 / (60 + rank)` by words and 0.4 of that by meaning, added up; only its order means anything.
    pub score: f64,
    /// Its rank among those found by words, from 1.
    pub by_words: Option<u32>,
    /// Its rank among those found by meaning, from 1.
    pub by_meaning: Option<u32>,
}

/// What was found, and what was made of the words.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    /// Best first.
    pub hits: Vec<Hit>,
    /// Words as they were read.
    pub words: Vec<Spelling>,
}

/// Ranks of lists are joined as in Cormack, Clarke and Büttcher, "Reciprocal rank fusion outperforms Condorcet and
/// individual rank learning methods", SIGIR 2009, with its constant.
const RANK_OFFSET: f64 = 60.0;
/// What a rank by meaning counts beside one by words: who types a colour wants that colour, and likeness blurs it.
const MEANING: f64 = 0.4;
/// Products of each list that are joined.
const DEPTH: usize = 200;
/// A product by meaning alone needs this cosine with the query: below it, everything is a little alike.
const LEAST_ALIKE: f32 = 0.3;
const KIND: &str = "search";

/// Both ways of finding over one catalogue.
pub struct Search {
    words: WordIndex,
    meaning: Option<Meaning>,
}

impl Search {
    /// Indexes a catalogue into an empty directory. Where texts have nothing in common, there is no meaning to
    /// find by, and words are all there is.
    ///
    /// # Errors
    /// [`SearchError`] when the directory cannot be written, or there is no memory left for the graph of the vectors.
    pub fn build(
        directory: impl Into<Box<dyn Directory>>,
        listings: &[Listing],
        seed: Seed,
    ) -> Result<Self, SearchError> {
        let texts: Vec<String> = listings.iter().map(Listing::text).collect();
        Ok(Self { words: WordIndex::build(directory, listings)?, meaning: Meaning::fit(&texts, seed)? })
    }

    /// The same with vectors of another encoder, one row a listing; queries then come with theirs
    /// ([`Self::find_with`]).
    ///
    /// # Errors
    /// As [`Self::build`]; [`SearchError::Apart`] for another number of rows.
    pub fn build_with(
        directory: impl Into<Box<dyn Directory>>,
        listings: &[Listing],
        vectors: Vectors,
    ) -> Result<Self, SearchError> {
        if vectors.len() != listings.len() {
            return Err(SearchError::Apart { vectors: vectors.len(), words: listings.len() });
        }
        Ok(Self { words: WordIndex::build(directory, listings)?, meaning: Some(Meaning::of(vectors)?) })
    }

    /// Products of the catalogue.
    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// Whether the catalogue is empty.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What [`Self::open`] needs beside the directory.
    ///
    /// # Errors
    /// [`SearchError::Graph`] where there is no memory left for it.
    pub fn to_bytes(&self) -> Result<Vec<u8>, SearchError> {
        let mut writer = Writer::default();
        writer.u64s("products", &[self.len() as u64]);
        if let Some(meaning) = &self.meaning {
            meaning.write(&mut writer)?;
        }
        Ok(writer.finish(KIND, Fingerprint::default().value()))
    }

    /// Opens what was built before.
    ///
    /// # Errors
    /// [`SearchError`] for bytes or a directory that are damaged or do not belong together.
    pub fn open(directory: impl Into<Box<dyn Directory>>, bytes: &[u8]) -> Result<Self, SearchError> {
        let reader = Reader::open(bytes)?;
        if reader.kind() != KIND {
            let (got, want) = (reader.kind().to_owned(), KIND.to_owned());
            return Err(ContainerError::Kind { got, want }.into());
        }
        let words = WordIndex::open(directory)?;
        let [n] = reader.sizes::<1>("products", usize::MAX)?;
        if n != words.len() {
            return Err(SearchError::Apart { vectors: n, words: words.len() });
        }
        let meaning = if reader.has("lsa width") || reader.has("outside width") {
            Some(Meaning::read(&reader, n)?)
        } else {
            None
        };
        Ok(Self { words, meaning })
    }

    /// The best `n` products for a query among those that are `allowed`, one flag a row.
    ///
    /// # Errors
    /// [`SearchError`] when the index cannot be read, or there are not as many flags as products.
    pub fn find(&self, query: &str, n: usize, allowed: &[bool]) -> Result<Answer, SearchError> {
        self.answer(query, n, allowed, |meaning, depth| meaning.find(query, depth, allowed))
    }

    /// As [`Self::find`] with the query's vector by the encoder whose vectors the products have.
    ///
    /// # Errors
    /// As [`Self::find`].
    pub fn find_with(&self, query: &str, vector: &[f32], n: usize, allowed: &[bool]) -> Result<Answer, SearchError> {
        self.answer(query, n, allowed, |meaning, depth| meaning.near(vector, depth, allowed))
    }

    fn answer(
        &self,
        query: &str,
        n: usize,
        allowed: &[bool],
        by_meaning: impl Fn(&Meaning, usize) -> Vec<(u32, f32)>,
    ) -> Result<Answer, SearchError> {
        // The words come first: they refuse flags that do not belong to the products.
        let by_words = self.words.find(query, DEPTH.max(n), allowed)?;
        let by_meaning = self.meaning.as_ref().map_or_else(Vec::new, |meaning| by_meaning(meaning, DEPTH.max(n)));
        let near = by_meaning.into_iter().filter(|(_, cosine)| *cosine >= LEAST_ALIKE).map(|(row, _)| row);
        let hits = joined(by_words.hits.iter().map(|(row, _)| *row), near, n);
        Ok(Answer { hits, words: by_words.words })
    }

    /// A vector of length 1 of each product's texts; `None` where texts have nothing in common.
    pub fn vectors(&self) -> Option<&Vectors> {
        self.meaning.as_ref().map(Meaning::vectors)
    }

    /// The `n` products whose texts are most like those of a product, with their cosines.
    pub fn similar(&self, row: u32, n: usize, allowed: &[bool]) -> Vec<(u32, f32)> {
        self.meaning.as_ref().map_or_else(Vec::new, |m| m.similar(row, n, allowed))
    }
}

/// Lists of rows, best first, joined by their ranks, each list alike: rows with what they come to, best first.
/// Ties go to the lower row.
pub fn fuse(lists: &[Vec<u32>]) -> Vec<(u32, f64)> {
    let mut scores = std::collections::BTreeMap::<u32, f64>::new();
    for (rank, row) in lists.iter().flat_map(|list| (1..).zip(list)) {
        *scores.entry(*row).or_default() += 1.0 / (RANK_OFFSET + f64::from(rank));
    }
    let mut fused: Vec<(u32, f64)> = scores.into_iter().collect();
    fused.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    fused
}

/// Two lists joined by ranks; ties go to the lower row.
fn joined(by_words: impl Iterator<Item = u32>, by_meaning: impl Iterator<Item = u32>, n: usize) -> Vec<Hit> {
    let mut hits = std::collections::BTreeMap::<u32, Hit>::new();
    let empty = |row| Hit { row, score: 0.0, by_words: None, by_meaning: None };
    for (rank, row) in (1..).zip(by_words) {
        let hit = hits.entry(row).or_insert_with(|| empty(row));
        (hit.by_words, hit.score) = (Some(rank), hit.score + 1.0 / (RANK_OFFSET + f64::from(rank)));
    }
    for (rank, row) in (1..).zip(by_meaning) {
        let hit = hits.entry(row).or_insert_with(|| empty(row));
        (hit.by_meaning, hit.score) = (Some(rank), hit.score + MEANING / (RANK_OFFSET + f64::from(rank)));
    }
    let mut hits: Vec<Hit> = hits.into_values().collect();
    hits.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.row.cmp(&b.row)));
    hits.truncate(n);
    hits
}

#[cfg(test)]
mod tests;
