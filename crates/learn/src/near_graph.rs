//! The vectors with the largest products with one query, found by following a graph of near vectors.
//!
//! The graph is `usearch`'s: Malkov and Yashunin, "Efficient and robust approximate nearest neighbor search using hierarchical
//! navigable small world graphs", IEEE TPAMI 42(4), 2020, with the inner product in the place of a distance. A search keeps the best
//! `width` vectors that it came across; the wider, the surer and the slower. How wide has to be known for these vectors: when the graph
//! is made, some of them and sums of two are looked for, by a scan too, and for each of several counts the least width is kept that
//! finds enough. Where none does at less than the cost of a scan, a scan is what answers: vectors without any order, and long lists out
//! of few vectors. Both ways are one [`Nearest`]; products are ours, with the bits of a scan.
//!
//! With a filter a search walks on until `width` vectors passed it, so it costs the more the fewer pass, and it finds less, because the
//! best that pass need not lie together. So widths are measured for several shares that pass, half of the questions with a filter by
//! lot and half with one that follows the vectors. A filter's share is taken from a sample, and what passes is scanned where that is
//! cheaper. The choice follows from counts alone, never from a clock, so the same vectors give the same answers at any number of
//! threads. The graph is built on one thread: an order of insertion gives one graph.
//!
//! Cost: building about `n · 128 · log n` products; memory a second copy of the vectors and some 150 bytes a vector; a search
//! about `16 width` products.

use crate::container::{ContainerError, Reader, Writer};
use crate::top_products::Found;
use crate::{LearnError, Nearest, Scan};
use domain::Seed;
use std::any::Any;
use std::cell::Cell;
use std::fmt::Display;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Condvar, Mutex, PoisonError};
use usearch::{Index, IndexOptions, MetricKind, ScalarKind};
use widths::{ASKED, NEARLY, SHARES, is_worth, measured};

mod widths;

/// How a graph is made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NearGraphParams {
    /// Vectors below which there is no graph.
    pub least: usize,
    /// Links of a vector, at least 2; twice as many on the lowest level.
    pub links: usize,
    /// Width of the search for a vector's links, at least 1.
    pub expansion: usize,
    /// Share of the best that a search has to find of a sample, in (0, 1].
    pub recall: f64,
}

impl Default for NearGraphParams {
    fn default() -> Self {
        Self { least: 10_000, links: 16, expansion: 128, recall: 0.97 }
    }
}

/// Vectors in a graph, all of them in reach of a scan.
pub struct NearGraph {
    scan: Scan,
    graph: Option<Graph>,
    /// Vectors whose skipping tells how many are skipped.
    probe: Vec<u32>,
}

struct Graph {
    library: Index,
    /// For each of [`SHARES`] and each of [`ASKED`], where the graph is worth following.
    measured: Vec<Option<Measured>>,
    slots: Slots,
}

/// What was measured when the graph was made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    /// Best vectors that a search keeps.
    pub width: usize,
    /// Share of the best that it found.
    pub recall: f64,
}

/// Vectors whose skipping is asked first.
const PROBE: usize = 1024;
/// What the sections are read by; another release of the library may write other ones.
const RELEASE: &str = "graph release";
const WIDTHS: &str = "graph widths by share";

impl NearGraph {
    /// Makes a graph of `n × n_factors` finite numbers, for at most 2³² vectors. Vectors of zeros are not in it: their product with
    /// everything is 0.
    ///
    /// # Errors
    /// [`LearnError`] for a number that is not finite, a parameter out of range, or where the library has no memory left.
    ///
    /// # Panics
    /// If `n_factors` is 0 or the length is no multiple of it.
    pub fn build(
        vectors: Vec<f32>,
        n_factors: usize,
        params: &NearGraphParams,
        seed: Seed,
    ) -> Result<Self, LearnError> {
        let rules = [
            ("links", "at least 2", params.links as f64, params.links >= 2),
            ("expansion", "at least 1", params.expansion as f64, params.expansion >= 1),
            ("recall", "above 0, at most 1", params.recall, params.recall > 0.0 && params.recall <= 1.0),
        ];
        if let Some((name, rule, got, _)) = rules.into_iter().find(|rule| !rule.3) {
            return Err(LearnError::Param { name, rule, got });
        }
        let mut whole = Self::scanning(Scan::new(vectors, n_factors), seed);
        if let Some(at) = whole.scan.values().iter().position(|v| !v.is_finite()) {
            let value = f64::from(whole.scan.values()[at]);
            return Err(LearnError::NotFinite { row: at / n_factors, column: at % n_factors, value });
        }
        let rows = there(&whole.scan);
        if rows.len() < params.least.max(1) {
            return Ok(whole);
        }
        let library = Index::new(&options(n_factors, params)).map_err(failed)?;
        // One slot while it is made: each slot draws the levels of its vectors by itself.
        library.reserve_capacity_and_threads(rows.len(), 1).map_err(failed)?;
        for row in &rows {
            library.add(u64::from(*row), whole.scan.row(*row)).map_err(failed)?;
        }
        let slots = Slots::default();
        library.reserve_capacity_and_threads(rows.len(), slots.n).map_err(failed)?;
        let mut graph = Graph { library, measured: Vec::new(), slots };
        graph.measured = measured(&whole.scan, &graph, &rows, params.recall, seed);
        whole.graph = graph.measured.iter().any(Option::is_some).then_some(graph);
        Ok(whole)
    }

    fn scanning(scan: Scan, seed: Seed) -> Self {
        let n = scan.len();
        let mut rng = seed.stream(1);
        let probe =
            if n <= PROBE { (0..n as u32).collect() } else { (0..PROBE).map(|_| rng.below(n) as u32).collect() };
        Self { scan, graph: None, probe }
    }

    /// What was measured for a search for `n` vectors with a filter that a share in [0, 1] passes, 1 without one; `None` where a scan
    /// answers.
    pub fn measured(&self, n: usize, passing: f64) -> Option<Measured> {
        let graph = self.graph.as_ref()?;
        let row = SHARES.iter().position(|share| passing >= share - NEARLY)?;
        let (at, last) = (ASKED.iter().position(|asked| n <= *asked), ASKED.len() - 1);
        let mut found = graph.measured[row * ASKED.len() + at.unwrap_or(last)]?;
        if at.is_none() {
            found.width = found.width.saturating_mul(n).div_ceil(ASKED[last]);
        }
        is_worth(found.width, passing, self.scan.len()).then_some(found)
    }

    /// Adds the graph to a file, without the vectors' own section.
    ///
    /// # Errors
    /// [`LearnError::Graph`] where the library cannot write.
    pub fn write(&self, to: &mut Writer) -> Result<(), LearnError> {
        let Some(graph) = &self.graph else { return Ok(()) };
        let mut bytes = vec![0; graph.library.serialized_length()];
        graph.library.save_to_buffer(&mut bytes).map_err(failed)?;
        to.text(RELEASE, usearch::version());
        to.u64s(WIDTHS, &graph.measured.iter().map(|m| m.map_or(0, |m| m.width as u64)).collect::<Vec<_>>());
        to.f64s("graph recall", &graph.measured.iter().map(|m| m.map_or(0.0, |m| m.recall)).collect::<Vec<_>>());
        to.bytes("graph", &bytes);
        Ok(())
    }

    /// Opens what was written beside these vectors, with the seed that it was made with. The library is handed nothing whose checksum
    /// does not fit.
    ///
    /// # Errors
    /// [`ContainerError`] for a graph of another release or of other vectors.
    ///
    /// # Panics
    /// As [`Self::build`].
    pub fn read(from: &Reader<'_>, vectors: Vec<f32>, n_factors: usize, seed: Seed) -> Result<Self, ContainerError> {
        let mut whole = Self::scanning(Scan::new(vectors, n_factors), seed);
        if !from.has(RELEASE) {
            return Ok(whole);
        }
        let wrong = |why: &str| ContainerError::content("graph", why);
        let (release, bytes) = (from.text(RELEASE)?, from.bytes("graph")?);
        if release != usearch::version() {
            return Err(wrong(&format!("it was made by usearch {release}, this release has {}", usearch::version())));
        }
        let rows = there(&whole.scan);
        if !from.has(WIDTHS) {
            return Err(wrong("widths were measured without filters; build it anew"));
        }
        let widths = from.sizes::<{ SHARES.len() * ASKED.len() }>(WIDTHS, u32::MAX as usize)?;
        let recalls = from.f64s("graph recall")?;
        let head = Index::metadata_from_buffer(bytes).map_err(unread)?;
        let same = head.dimensions == n_factors as u64
            && head.count_present == rows.len() as u64
            && head.count_deleted == 0
            && !head.multi
            && (head.metric, head.quantization) == (MetricKind::IP, ScalarKind::F32);
        if !same || recalls.len() != widths.len() {
            return Err(wrong("it is not of these vectors"));
        }
        let slots = Slots::default();
        let library = Index::new(&options(n_factors, &NearGraphParams::default())).map_err(unread)?;
        library.load_from_buffer(bytes).map_err(unread)?;
        library.reserve_capacity_and_threads(rows.len(), slots.n).map_err(unread)?;
        if library.size() != rows.len() || !rows.iter().all(|row| library.contains(u64::from(*row))) {
            return Err(wrong("it is not of these vectors"));
        }
        let measured = widths.iter().zip(recalls).map(|(w, recall)| (*w > 0).then_some(Measured { width: *w, recall }));
        whole.graph = Some(Graph { library, measured: measured.collect(), slots });
        Ok(whole)
    }

    /// The share of a sample of the vectors that is not skipped.
    fn passing(&self, skip: &dyn Fn(u32) -> bool) -> f64 {
        let left = self.probe.iter().filter(|id| !skip(**id)).count();
        left as f64 / self.probe.len().max(1) as f64
    }
}

impl Nearest for NearGraph {
    fn best(&self, query: &[f32], n: usize, skip: &dyn Fn(u32) -> bool) -> Vec<Found> {
        assert_eq!(query.len(), self.scan.n_factors(), "a query as long as the vectors");
        if let Some(graph) = &self.graph
            && query.iter().all(|v| v.is_finite())
            && let Some(Measured { width, .. }) = self.measured(n, self.passing(skip))
        {
            let ids = graph.near(query, width, skip);
            // Fewer than are wanted: what passes may lie where the walk did not come.
            if ids.len() >= n {
                return self.scan.best_of(query, n, &ids);
            }
        }
        self.scan.best(query, n, skip)
    }
}

/// Numbers of the vectors that are not zero.
fn there(scan: &Scan) -> Vec<u32> {
    (0..scan.len() as u32).filter(|row| scan.row(*row).iter().any(|v| *v != 0.0)).collect()
}

fn failed(error: impl Display) -> LearnError {
    LearnError::Graph { why: error.to_string() }
}

fn unread(error: impl Display) -> ContainerError {
    ContainerError::content("graph", error.to_string())
}

fn options(n_factors: usize, params: &NearGraphParams) -> IndexOptions {
    IndexOptions {
        dimensions: n_factors,
        metric: MetricKind::IP,
        quantization: ScalarKind::F32,
        connectivity: params.links,
        expansion_add: params.expansion,
        // A search is as wide as what it is asked for: that can differ from query to query, this cannot.
        expansion_search: 1,
        multi: false,
    }
}

impl Graph {
    /// At most `width` vectors near a query that are not skipped; none where the library has no memory left.
    fn near(&self, query: &[f32], width: usize, skip: &dyn Fn(u32) -> bool) -> Vec<u32> {
        let _slot = self.slots.take();
        // A panic must not travel through C++: it waits until the library has returned.
        let panic: Cell<Option<Box<dyn Any + Send>>> = Cell::new(None);
        let passes = |key: u64| {
            catch_unwind(AssertUnwindSafe(|| !skip(key as u32))).unwrap_or_else(|payload| {
                panic.set(Some(payload));
                false
            })
        };
        let found = self.library.filtered_search(query, width, passes);
        if let Some(payload) = panic.take() {
            resume_unwind(payload);
        }
        found.map_or_else(|_| Vec::new(), |found| found.keys.into_iter().map(|key| key as u32).collect())
    }
}

/// Searches that may be at work at once: the library has no more room than it was told of.
struct Slots {
    n: usize,
    free: Mutex<usize>,
    freed: Condvar,
}

impl Default for Slots {
    fn default() -> Self {
        let n = rayon::current_num_threads().max(4);
        Self { n, free: Mutex::new(n), freed: Condvar::new() }
    }
}

struct Slot<'a>(&'a Slots);

impl Slots {
    /// Waits for a free one.
    fn take(&self) -> Slot<'_> {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        while *free == 0 {
            free = self.freed.wait(free).unwrap_or_else(PoisonError::into_inner);
        }
        *free -= 1;
        Slot(self)
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        *self.0.free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.0.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Rng;

    const F: usize = 16;

    fn normal(rng: &mut Rng) -> Vec<f32> {
        (0..F).map(|_| rng.normal() as f32).collect()
    }

    /// Around 40 directions, with lengths that differ.
    fn tastes(n: usize, seed: u64) -> Vec<f32> {
        let directions: Vec<Vec<f32>> = (0..40).map(|at| normal(&mut Seed(1).stream(at))).collect();
        let one = |at: usize| {
            let mut rng = Seed(seed).stream(at as u64);
            let length = (0.2 * rng.normal()).exp() as f32;
            let noise = normal(&mut rng);
            directions[at % 40].iter().zip(noise).map(|(d, e)| length * (d + 0.6 * e)).collect::<Vec<f32>>()
        };
        (0..n).flat_map(one).collect()
    }

    fn without_order(n: usize, seed: u64) -> Vec<f32> {
        (0..n).flat_map(|at| normal(&mut Seed(seed).stream(at as u64))).collect()
    }

    fn graph(vectors: &[f32]) -> NearGraph {
        let params = NearGraphParams { least: 1000, ..NearGraphParams::default() };
        NearGraph::build(vectors.to_vec(), F, &params, Seed(3)).unwrap()
    }

    /// The share of what a scan finds.
    fn recall(graph: &NearGraph, queries: &[f32], n: usize, skip: &dyn Fn(u32) -> bool) -> f64 {
        let one = |query: &[f32]| {
            let (want, got) = (graph.scan.best(query, n, skip), graph.best(query, n, skip));
            assert_eq!((want.len(), got.len()), (n, n));
            assert!(got.iter().all(|(id, _)| !skip(*id)));
            assert!(got.iter().all(|(id, product)| graph.scan.best_of(query, 1, &[*id]) == [(*id, *product)]));
            want.iter().filter(|w| got.contains(w)).count()
        };
        queries.chunks_exact(F).map(one).sum::<usize>() as f64 / (n * queries.len() / F) as f64
    }

    #[test]
    fn few_vectors_have_no_graph_and_none_no_best() {
        let few = graph(&tastes(900, 2));
        assert_eq!((few.measured(10, 1.0), few.best(&[1.0; F], 3, &|_| false).len()), (None, 3));
        assert_eq!(graph(&[]).best(&[1.0; F], 5, &|_| false), []);
        assert_eq!(graph(&vec![0.0; 2000 * F]).best(&[1.0; F], 2, &|id| id == 0), [(1, 0.0), (2, 0.0)]);
    }

    #[test]
    fn what_cannot_be_built_is_said() {
        let build =
            |vectors: Vec<f32>, params| NearGraph::build(vectors, 2, &params, Seed(0)).err().unwrap().to_string();
        let fine = NearGraphParams::default();
        assert_eq!(build(vec![1.0, f32::NAN], fine), "row 0, column 1 is NaN, it has to be a finite number");
        let wrong = build(vec![], NearGraphParams { recall: 0.0, ..fine });
        assert_eq!(wrong, "parameter `recall` is 0, it has to be above 0, at most 1");
    }

    /// 12,000 vectors, all, half, a twentieth and two hundredths of which pass by lot, and those of every second direction.
    #[test]
    fn a_graph_finds_nearly_all_whatever_passes() {
        let graph = graph(&tastes(12_000, 2));
        let (measured, queries) = (graph.measured(10, 1.0).unwrap(), tastes(80, 4));
        assert!(measured.width >= 10 && measured.recall >= 0.97, "{measured:?}");
        let lot = |id: u32| Seed(9).stream(u64::from(id)).uniform();
        for share in [1.0, 0.5, 0.05, 0.02] {
            for n in [10, 40] {
                let found = recall(&graph, &queries, n, &|id| lot(id) >= share);
                assert!(found >= 0.95, "{share} pass, {n} wanted: {found}");
            }
        }
        assert!(recall(&graph, &queries, 10, &|id| id % 2 == 1) >= 0.95, "directions of even numbers");
        assert_eq!(graph.best(&queries[..F], 10, &|_| true), []);
        // A graph that is not followed would pass all of this.
        let near = graph.graph.as_ref().unwrap().near(&queries[..F], measured.width, &|id| id % 2 == 1);
        assert!(near.len() == measured.width && near.iter().all(|id| id % 2 == 0), "{near:?}");
    }

    /// A hundred vectors a direction, of 64 numbers: of half of them the best do not lie together, and a width that is enough for all
    /// is not.
    #[test]
    fn a_width_that_finds_all_is_not_trusted_behind_a_filter() {
        let wide = |rng: &mut Rng| (0..64).map(|_| rng.normal() as f32).collect::<Vec<f32>>();
        let directions: Vec<Vec<f32>> = (0..100).map(|at| wide(&mut Seed(1).stream(at))).collect();
        let around = |n: usize, seed: u64| -> Vec<Vec<f32>> {
            let one = |at: usize| {
                let mut rng = Seed(seed).stream(at as u64);
                let length = (0.3 * rng.normal()).exp() as f32;
                directions[at % 100].iter().zip(wide(&mut rng)).map(|(d, e)| length * (d + 0.6 * e)).collect()
            };
            (0..n).map(one).collect()
        };
        let graph = NearGraph::build(around(10_000, 2).concat(), 64, &NearGraphParams::default(), Seed(3)).unwrap();
        let (all, queries) = (graph.measured(20, 1.0).unwrap(), around(100, 4));
        let lot = |id: u32| Seed(9).stream(u64::from(id)).uniform() >= 0.5;
        let found = |search: &dyn Fn(&[f32]) -> Vec<Found>| {
            let hits = |q: &Vec<f32>| {
                let near = search(q);
                graph.scan.best(q, 20, &lot).iter().filter(|want| near.contains(want)).count()
            };
            queries.iter().map(hits).sum::<usize>() as f64 / 2000.0
        };
        let library = graph.graph.as_ref().unwrap();
        let too_narrow = found(&|q| graph.scan.best_of(q, 20, &library.near(q, all.width, &lot)));
        assert!(too_narrow < 0.95, "the case is too easy: {too_narrow}");
        assert!(found(&|q| graph.best(q, 20, &lot)) >= 0.95);
        assert_eq!(graph.measured(20, 0.19), None, "so few are scanned");
    }

    #[test]
    fn without_order_what_a_graph_misses_a_scan_finds() {
        let graph = graph(&without_order(6000, 2));
        let (queries, seen) = (without_order(60, 4), ASKED.map(|n| graph.measured(n, 1.0).is_some()));
        for n in ASKED {
            let found = recall(&graph, &queries, n, &|_| false);
            assert!(found >= 0.95, "{n} wanted: {found}");
        }
        // Long lists out of few vectors are quicker to scan for.
        assert!(!seen[5], "{seen:?}");
    }

    /// Twenty times the same: copies lie together and a graph hardly leads from one crowd to the next.
    #[test]
    fn copies_are_found_too() {
        let vectors: Vec<f32> = tastes(300, 2).chunks_exact(F).flat_map(|v| v.repeat(20)).collect();
        let (graph, queries) = (graph(&vectors), tastes(60, 4));
        for n in [10, 50] {
            let hits: usize = queries
                .chunks_exact(F)
                .map(|q| {
                    let (want, got) = (graph.scan.best(q, n, &|_| false), graph.best(q, n, &|_| false));
                    got.iter().filter(|f| f.1 >= want[n - 1].1).count()
                })
                .sum();
            assert!(hits * 100 >= 95 * 60 * n, "{hits} of {}", 60 * n);
        }
    }

    fn written(graph: &NearGraph) -> Vec<u8> {
        let mut to = Writer::default();
        graph.write(&mut to).unwrap();
        to.finish("test", 0)
    }

    #[test]
    fn a_graph_has_the_same_bytes_at_any_number_of_threads() {
        let vectors = tastes(12_000, 2);
        let at = |n: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(n).build().unwrap();
            pool.install(|| written(&graph(&vectors)))
        };
        let one = at(1);
        assert!(one.len() > vectors.len() * 4, "there is a graph in it");
        assert!(one == at(2));
    }

    #[test]
    fn a_read_graph_answers_alike_and_a_damaged_or_a_wrong_one_is_refused() {
        let vectors = tastes(12_000, 2);
        let graph = graph(&vectors);
        let bytes = written(&graph);
        let read = |bytes: &[u8], vectors: &[f32]| NearGraph::read(&Reader::open(bytes)?, vectors.to_vec(), F, Seed(3));
        let again = read(&bytes, &vectors).unwrap();
        assert!(again.graph.is_some());
        for query in tastes(20, 4).chunks_exact(F) {
            for n in [1, 10, 60, 500] {
                assert_eq!(again.best(query, n, &|id| id % 3 == 0), graph.best(query, n, &|id| id % 3 == 0));
            }
        }
        assert_eq!(ASKED.map(|n| again.measured(n, 1.0)), ASKED.map(|n| graph.measured(n, 1.0)));
        let mut damaged = bytes.clone();
        let at = damaged.len() / 2;
        damaged[at] ^= 1;
        let refused = read(&damaged, &vectors).err().unwrap();
        assert_eq!(refused, ContainerError::Checksum { part: "section `graph`".into() });
        let other = read(&bytes, &vectors[..vectors.len() - F]).err().unwrap().to_string();
        assert_eq!(other, "section `graph` is wrong: it is not of these vectors");
        // One vector less and another of zeros: as many in both, of which one is another.
        let mut moved = vectors.clone();
        moved[..F].fill(0.0);
        moved.extend([1.0; F]);
        assert!(read(&bytes, &moved).is_err());
        let mut to = Writer::default();
        to.text(RELEASE, "1.0.0");
        to.bytes("graph", &[]);
        let old = read(&to.finish("test", 0), &vectors).err().unwrap().to_string();
        assert!(old.starts_with("section `graph` is wrong: it was made by usearch 1.0.0"), "{old}");
        assert!(read(&Writer::default().finish("test", 0), &vectors).unwrap().graph.is_none());
    }

    #[test]
    fn a_filter_that_panics_reaches_its_caller_and_leaves_the_graph_usable() {
        let graph = graph(&tastes(12_000, 2));
        let followed = graph.graph.as_ref().unwrap();
        let query = tastes(1, 4);
        let before = followed.near(&query, 20, &|_| false);
        for _ in 0..2 * followed.slots.n {
            let thrown = catch_unwind(AssertUnwindSafe(|| followed.near(&query, 20, &|id| panic!("number {id}"))));
            let text = *thrown.unwrap_err().downcast::<String>().unwrap();
            assert!(text.starts_with("number "), "{text}");
        }
        assert_eq!(followed.near(&query, 20, &|_| false), before);
    }

    #[test]
    fn more_searches_at_once_than_there_is_room_for_wait() {
        let graph = graph(&tastes(12_000, 2));
        let queries = tastes(64, 4);
        let one = &|query: &[f32]| graph.best(query, 10, &|_| false);
        let alone: Vec<Vec<Found>> = queries.chunks_exact(F).map(one).collect();
        let together: Vec<Vec<Found>> = std::thread::scope(|scope| {
            let started: Vec<_> = queries.chunks_exact(F).map(|query| scope.spawn(move || one(query))).collect();
            started.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(together, alone);
    }
}
