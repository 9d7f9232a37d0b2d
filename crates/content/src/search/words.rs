//! Finding by words: an inverted index scored by BM25, by `tantivy`.
//!
//! Texts are cut into [`words`](crate::text::words()) by us, script by script, and handed to the index as they are. A word
//! counts where it helps most: of the fields that hold it the best one, titles above brands above categories,
//! attributes and descriptions, and a third of the others. A word that no product has is looked for with one letter wrong, when it is long
//! enough. Source: Robertson and Zaragoza, "The probabilistic relevance framework: BM25 and beyond", FnTIR 3(4),
//! 2009. One segment, written in the order of the catalogue on the caller's thread: a product's number in the
//! index is its row.

use super::{Listing, SearchError};
use crate::text::words;
use std::sync::Arc;
use tantivy::collector::{Collector, SegmentCollector};
use tantivy::query::{BooleanQuery, BoostQuery, DisjunctionMaxQuery, FuzzyTermQuery, Occur, Query, TermQuery};
use tantivy::schema::{Field, IndexRecordOption, Schema, TextFieldIndexing, TextOptions};
use tantivy::{
    Directory, DocId, Index, IndexReader, ReloadPolicy, Score, SegmentOrdinal, SegmentReader, TantivyDocument, Term,
};

/// A field with how much a word in it counts, and how a listing tells it.
struct Part {
    name: &'static str,
    weight: Score,
    of: fn(&Listing) -> &str,
}

const PARTS: [Part; 5] = [
    Part { name: "titles", weight: 3.0, of: |l| &l.titles },
    Part { name: "brand", weight: 2.0, of: |l| &l.brand },
    Part { name: "category", weight: 1.5, of: |l| &l.category },
    Part { name: "attributes", weight: 1.0, of: |l| &l.attributes },
    Part { name: "description", weight: 0.7, of: |l| &l.description },
];
/// What fields beside the best one count of what they would.
const OTHER_FIELDS: Score = 0.3;
/// Letters from which a word may have one wrong.
const LONG_ENOUGH: usize = 5;
/// Memory for words while an index is written, bytes.
const BUDGET: usize = 64 << 20;

/// How a word of a query was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// As it stands.
    Exact,
    /// No product has it; words that differ in one letter were taken.
    Near,
    /// No product has anything like it.
    Unknown,
}

/// A word of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spelling {
    /// The word.
    pub word: String,
    /// How it was read.
    pub reading: Reading,
}

/// Products found by words.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WordHits {
    /// Rows and scores, best first.
    pub hits: Vec<(u32, f32)>,
    /// The query's words.
    pub words: Vec<Spelling>,
}

/// The index.
pub struct WordIndex {
    reader: IndexReader,
    fields: [Field; PARTS.len()],
}

impl WordIndex {
    /// Indexes listings into an empty directory.
    ///
    /// # Errors
    /// [`SearchError::Words`] when it cannot be written.
    pub fn build(directory: impl Into<Box<dyn Directory>>, listings: &[Listing]) -> Result<Self, SearchError> {
        let mut schema = Schema::builder();
        let indexing = TextFieldIndexing::default()
            .set_tokenizer("whitespace")
            .set_index_option(IndexRecordOption::WithFreqs)
            .set_fieldnorms(true);
        let options = TextOptions::default().set_indexing_options(indexing);
        let fields = PARTS.each_ref().map(|part| schema.add_text_field(part.name, options.clone()));
        let builder = Index::builder().schema(schema.build());
        let mut writer = builder.single_segment_index_writer::<TantivyDocument>(directory, BUDGET)?;
        for listing in listings {
            let mut document = TantivyDocument::default();
            for (part, field) in PARTS.iter().zip(fields) {
                document.add_text(field, words((part.of)(listing)).join(" "));
            }
            writer.add_document(document)?;
        }
        Self::of(&writer.finalize()?)
    }

    /// Opens an index that was built before.
    ///
    /// # Errors
    /// [`SearchError`] where there is none, or one of another release.
    pub fn open(directory: impl Into<Box<dyn Directory>>) -> Result<Self, SearchError> {
        Self::of(&Index::open(directory)?)
    }

    fn of(index: &Index) -> Result<Self, SearchError> {
        let schema = index.schema();
        let mut fields = [Field::from_field_id(0); PARTS.len()];
        for (field, part) in fields.iter_mut().zip(&PARTS) {
            *field = schema.get_field(part.name).map_err(|_| SearchError::Field { field: part.name })?;
        }
        // Nothing is added behind our back: no thread watches for it.
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        Ok(Self { reader, fields })
    }

    /// Products.
    pub fn len(&self) -> usize {
        self.reader.searcher().num_docs() as usize
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The best `n` products that hold words of the query, among those that are allowed.
    ///
    /// # Errors
    /// [`SearchError`] when the index cannot be read, or there are not as many flags as products.
    pub fn find(&self, query: &str, n: usize, allowed: &[bool]) -> Result<WordHits, SearchError> {
        if allowed.len() != self.len() {
            return Err(SearchError::Flags { got: allowed.len(), need: self.len() });
        }
        if self.is_empty() {
            return Ok(WordHits::default());
        }
        let searcher = self.reader.searcher();
        let mut asked = words(query);
        let mut seen = std::collections::BTreeSet::new();
        asked.retain(|word| seen.insert(word.clone()));
        let (mut spellings, mut clauses) = (Vec::new(), Vec::<(Occur, Box<dyn Query>)>::new());
        for word in asked {
            let term = |field: &Field| Term::from_field_text(*field, &word);
            let mut known = 0;
            for field in &self.fields {
                known += searcher.doc_freq(&term(field))?;
            }
            let long = word.chars().count() >= LONG_ENOUGH && word.chars().all(char::is_alphabetic);
            let reading = match known {
                0 if long => Reading::Near,
                0 => Reading::Unknown,
                _ => Reading::Exact,
            };
            let of_field = |(field, part): (&Field, &Part)| -> Box<dyn Query> {
                let query: Box<dyn Query> = match reading {
                    Reading::Near => Box::new(FuzzyTermQuery::new(term(field), 1, true)),
                    Reading::Exact | Reading::Unknown => {
                        Box::new(TermQuery::new(term(field), IndexRecordOption::WithFreqs))
                    }
                };
                Box::new(BoostQuery::new(query, part.weight))
            };
            if reading != Reading::Unknown {
                let fields = self.fields.iter().zip(&PARTS).map(of_field).collect();
                let best = DisjunctionMaxQuery::with_tie_breaker(fields, OTHER_FIELDS);
                clauses.push((Occur::Should, Box::new(best)));
            }
            spellings.push(Spelling { word, reading });
        }
        let best = Best { n, allowed: allowed.into() };
        let hits = if clauses.is_empty() || n == 0 {
            Vec::new()
        } else {
            searcher.search(&BooleanQuery::new(clauses), &best)?
        };
        if hits.is_empty() {
            // Nothing differs in one letter either.
            spellings.iter_mut().filter(|s| s.reading == Reading::Near).for_each(|s| s.reading = Reading::Unknown);
        }
        Ok(WordHits { hits, words: spellings })
    }
}

/// Collects the best of the products that are allowed.
struct Best {
    n: usize,
    allowed: Arc<[bool]>,
}

/// The same within a segment.
struct BestOfSegment {
    n: usize,
    allowed: Arc<[bool]>,
    /// Not more than twice `n`, cut back when it is full.
    found: Vec<(u32, f32)>,
}

fn cut(found: &mut Vec<(u32, f32)>, n: usize) {
    found.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    found.truncate(n);
}

impl Collector for Best {
    type Fruit = Vec<(u32, f32)>;
    type Child = BestOfSegment;

    fn for_segment(&self, _: SegmentOrdinal, _: &SegmentReader) -> tantivy::Result<BestOfSegment> {
        Ok(BestOfSegment { n: self.n, allowed: Arc::clone(&self.allowed), found: Vec::new() })
    }

    fn requires_scoring(&self) -> bool {
        true
    }

    fn merge_fruits(&self, fruits: Vec<Vec<(u32, f32)>>) -> tantivy::Result<Vec<(u32, f32)>> {
        let mut all: Vec<_> = fruits.into_iter().flatten().collect();
        cut(&mut all, self.n);
        Ok(all)
    }
}

impl SegmentCollector for BestOfSegment {
    type Fruit = Vec<(u32, f32)>;

    fn collect(&mut self, row: DocId, score: Score) {
        if self.allowed.get(row as usize) != Some(&true) {
            return;
        }
        self.found.push((row, score));
        if self.found.len() >= 2 * self.n {
            cut(&mut self.found, self.n);
        }
    }

    fn harvest(mut self) -> Vec<(u32, f32)> {
        cut(&mut self.found, self.n);
        self.found
    }
}
