//! Finding by vectors of texts ([`Lsa`]).
//!
//! A product's text holds its titles in all languages, so words of different languages that are used for the same
//! products lie together, and a query in one language finds products that have a title in another one only. Source:
//! Dumais et al., "Automatic cross-language retrieval using latent semantic indexing", AAAI spring symposium 1997.
//! Few products are all looked at, many stand in a graph ([`NearGraph`]), which is kept beside the vectors: making it takes longer
//! than all of the rest. Cost: learning as [`LsaParams`], a query one pass over the vectors, or a walk through the graph.

use crate::text::{Lsa, LsaParams};
use crate::{Encode, Vectors};
use domain::Seed;
use learn::container::{ContainerError, Reader, Writer};
use learn::{LearnError, NearGraph, NearGraphParams, Nearest};

/// Numbers of a vector at most.
const WIDEST: usize = 128;

/// Vectors of a catalogue's texts, and the encoder of queries.
pub struct Meaning {
    /// What learnt from the catalogue; `None` where the vectors are another encoder's, which its owner asks.
    encoder: Option<Lsa>,
    vectors: Vectors,
    nearest: NearGraph,
}

/// What the graph's choices are drawn from, whatever the encoder's.
const SEED: Seed = Seed(1);

fn nearest(vectors: &Vectors) -> Result<NearGraph, LearnError> {
    NearGraph::build(vectors.values().to_vec(), vectors.width(), &NearGraphParams::default(), SEED)
}

impl Meaning {
    /// Learns from a catalogue; `None` where its texts have nothing in common.
    ///
    /// # Errors
    /// As [`NearGraph::build`].
    pub(super) fn fit(texts: &[String], seed: Seed) -> Result<Option<Self>, LearnError> {
        // With a direction for every product, nothing would lie together but what shares its words.
        let params = LsaParams { width: (texts.len() / 3).clamp(1, WIDEST), ..LsaParams::default() };
        let Some(encoder) = params.fit(texts, seed).ok().filter(|encoder| encoder.width() > 0) else { return Ok(None) };
        let items: Vec<Option<&str>> = texts.iter().map(|text| Some(text.as_str())).collect();
        let vectors = encoder.encode(&items);
        let nearest = nearest(&vectors)?;
        Ok(Some(Self { encoder: Some(encoder), vectors, nearest }))
    }

    /// With vectors of another encoder.
    ///
    /// # Errors
    /// As [`NearGraph::build`].
    pub(super) fn of(vectors: Vectors) -> Result<Self, LearnError> {
        let vectors = vectors.unit();
        let nearest = nearest(&vectors)?;
        Ok(Self { encoder: None, vectors, nearest })
    }

    /// Products nearest to a query with their cosines, best first; none where the encoder is somebody else's.
    pub(super) fn find(&self, query: &str, n: usize, allowed: &[bool]) -> Vec<(u32, f32)> {
        let query = self.encoder.as_ref().map(|encoder| encoder.encode(&[Some(query)]));
        query.map_or_else(Vec::new, |query| query.row(0).map_or_else(Vec::new, |row| self.near(row, n, allowed)))
    }

    /// Products nearest to the vector of a query.
    pub(super) fn near(&self, query: &[f32], n: usize, allowed: &[bool]) -> Vec<(u32, f32)> {
        if query.len() != self.vectors.width() {
            return Vec::new();
        }
        self.best(query, n, |row| allowed[row as usize])
    }

    /// The vectors of the products.
    pub(super) const fn vectors(&self) -> &Vectors {
        &self.vectors
    }

    /// Products nearest to a product.
    pub(super) fn similar(&self, row: u32, n: usize, allowed: &[bool]) -> Vec<(u32, f32)> {
        let Some(query) = self.vectors.row(row as usize) else { return Vec::new() };
        self.best(query, n, |other| other != row && allowed[other as usize])
    }

    fn best(&self, query: &[f32], n: usize, allowed: impl Fn(u32) -> bool) -> Vec<(u32, f32)> {
        let skip = |row: u32| !self.vectors.is_present(row as usize) || !allowed(row);
        self.nearest.best(query, n, &skip)
    }

    /// # Errors
    /// As [`NearGraph::write`].
    pub(super) fn write(&self, to: &mut Writer) -> Result<(), LearnError> {
        match &self.encoder {
            Some(encoder) => encoder.save(to),
            None => to.u64s("outside width", &[self.vectors.width() as u64]),
        }
        to.f32s("vectors", self.vectors.values());
        let present: Vec<u32> =
            (0..self.vectors.len() as u32).filter(|r| self.vectors.is_present(*r as usize)).collect();
        to.u32s("present", &present);
        self.nearest.write(to)
    }

    pub(super) fn read(from: &Reader<'_>, n: usize) -> Result<Self, ContainerError> {
        let encoder = if from.has("outside width") { None } else { Some(Lsa::load(from)?) };
        let width = match &encoder {
            Some(encoder) => encoder.width(),
            None => from.sizes::<1>("outside width", 1 << 16)?[0],
        };
        let (values, present) = (from.f32s("vectors")?, from.u32s("present")?);
        if values.len() != n * width || width == 0 {
            return Err(ContainerError::content("vectors", format!("{n} rows of {width} numbers are wanted")));
        }
        let mut rows = present.into_iter().peekable();
        let mut vectors = Vectors::new(width);
        for (at, row) in (0..n as u32).zip(values.chunks_exact(width)) {
            if rows.next_if_eq(&at).is_none() {
                vectors.push_missing();
            } else if vectors.push(row).is_err() {
                return Err(ContainerError::content("vectors", "a number that is not finite"));
            }
        }
        if rows.next().is_some() {
            return Err(ContainerError::content("present", "ascending rows of the catalogue are wanted"));
        }
        let nearest = NearGraph::read(from, vectors.values().to_vec(), width, SEED)?;
        Ok(Self { encoder, vectors, nearest })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 12,000 products around 40 directions, a tenth of which say nothing.
    #[test]
    fn the_graph_of_many_products_is_kept_beside_their_vectors() {
        let direction = |at: u64| Seed(1).stream(at);
        let row = |at: u64| {
            let (mut around, mut noise) = (direction(at % 40), Seed(2).stream(at));
            (0..16).map(|_| (around.normal() + 0.6 * noise.normal()) as f32).collect::<Vec<f32>>()
        };
        let vectors = Vectors::from_rows(16, (0..12_000).map(|at| (at % 10 > 0).then(|| row(at)))).unwrap();
        let meaning = Meaning::of(vectors).unwrap();
        let mut to = Writer::default();
        meaning.write(&mut to).unwrap();
        let bytes = to.finish("test", 0);
        let from = Reader::open(&bytes).unwrap();
        assert!(from.has("graph"), "it is made again whenever the index is opened");
        let again = Meaning::read(&from, 12_000).unwrap();
        let allowed: Vec<bool> = (0..12_000).map(|at| at % 3 > 0).collect();
        for at in 0..20 {
            let query = row(100_000 + at);
            let found = meaning.near(&query, 10, &allowed);
            assert_eq!((found.len(), &again.near(&query, 10, &allowed)), (10, &found));
            assert!(found.iter().all(|(row, _)| row % 3 > 0 && row % 10 > 0), "{found:?}");
        }
    }
}
