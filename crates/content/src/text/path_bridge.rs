//! Categories of one language found among those of another: the same tree, named twice, half of it known.
//!
//! A category is a path, `Animals > Dogs > Dog food`. From pairs of paths that mean the same follow pairs of names (the levels
//! of a pair of equal depth), which build a [`TextBridge`], and pairs of ancestors: where `a > b` begins a known
//! path, its translation is known. A candidate is described by ten signs (how close the names of the leaves and
//! of their parents are over the bridge, whether the known ancestors agree, whether the depths do, whether a
//! name is known to be the other's) and scored by a conditional logit whose weights are learnt on every fifth pair by a bridge of
//! the other four.
//!
//! Source of the weights: McFadden 1974, see [`learn::choice`]. Cost: two bridges to learn; answering, the products of all
//! different names of either side, and ten signs a pair.

use super::bridge::{Closeness, TextBridge, TextBridgeParams};
use learn::LearnError;
use learn::choice::{ChoiceParams, Sign};
use learn::container::{ContainerError, Reader, Writer};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What parts the levels of a path.
pub const LEVEL: &str = " > ";
/// Signs that describe a pair of paths.
const N_SIGNS: usize = 10;
/// Neighbours that say how near to everything a name is.
const N_NEAR: usize = 10;

/// How paths are matched.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PathBridgeParams {
    /// The bridge between names.
    pub names: TextBridgeParams,
    /// How the weights of the signs are learnt.
    pub choice: ChoiceParams,
}

impl Default for PathBridgeParams {
    fn default() -> Self {
        let choice = ChoiceParams { l2: 1e-4, sign: Sign::Free, ..ChoiceParams::default() };
        Self { names: TextBridgeParams::default(), choice }
    }
}

/// A fitted matcher of paths.
#[derive(Clone, Debug, PartialEq)]
pub struct PathBridge {
    pairs: Vec<(String, String)>,
    known: Known,
    weights: Vec<f64>,
}

/// What pairs of paths say about names and ancestors.
#[derive(Clone, Debug, PartialEq)]
struct Known {
    bridge: TextBridge,
    /// Source path of an ancestor, to the target's.
    ancestors: HashMap<String, String>,
    /// Target paths that are the translation of some source path.
    taken: BTreeSet<String>,
    /// Names of the source that were seen, with their translations.
    names: BTreeSet<(String, String)>,
}

fn levels(path: &str) -> Vec<&str> {
    path.split(LEVEL).map(str::trim).collect()
}

/// The first `depth` levels of a path.
fn ancestor(levels: &[&str], depth: usize) -> String {
    levels[..depth].join(LEVEL)
}

impl Known {
    fn of(pairs: &[&(String, String)], names: &TextBridgeParams) -> Result<Self, LearnError> {
        let mut of_names = BTreeSet::new();
        let (mut ancestors, mut taken) = (HashMap::new(), BTreeSet::new());
        for (source, target) in pairs {
            let (s, t) = (levels(source), levels(target));
            if s.len() == t.len() {
                for (depth, (a, b)) in (1..).zip(s.iter().zip(&t)) {
                    of_names.insert(((*a).to_owned(), (*b).to_owned()));
                    taken.insert(ancestor(&t, depth));
                    ancestors.entry(ancestor(&s, depth)).or_insert_with(|| ancestor(&t, depth));
                }
            } else if let (Some(a), Some(b)) = (s.last(), t.last()) {
                of_names.insert(((*a).to_owned(), (*b).to_owned()));
            }
        }
        let list: Vec<(&str, &str)> = of_names.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        Ok(Self { bridge: names.fit(&list)?, ancestors, taken, names: of_names })
    }

    fn compare<'a, S: AsRef<str>, T: AsRef<str>>(&'a self, sources: &'a [S], targets: &'a [T]) -> Compared<'a> {
        let split = |paths: Vec<&'a str>| -> (Vec<Vec<&'a str>>, Vec<&'a str>) {
            let all: Vec<Vec<&str>> = paths.into_iter().map(levels).collect();
            let names: BTreeSet<&str> = all.iter().flat_map(|l| l.iter().rev().take(2)).copied().collect();
            (all, names.into_iter().collect())
        };
        let (sources, source_names) = split(sources.iter().map(AsRef::as_ref).collect());
        let (targets, target_names) = split(targets.iter().map(AsRef::as_ref).collect());
        let close = self.bridge.closeness(&source_names, &target_names);
        let place = |names: &[&'a str]| (0..).zip(names).map(|(i, n)| (*n, i)).collect();
        let of_source: BTreeMap<&str, usize> = place(&source_names);
        let of_target: BTreeMap<&str, usize> = place(&target_names);
        let leaf_and_parent = |l: &Vec<&str>, at: &BTreeMap<&str, usize>| {
            let n = l.len();
            (at[l[n - 1]], (n > 1).then(|| at[l[n - 2]]))
        };
        let targets_as = targets.iter().map(|l| Side::of(l, leaf_and_parent(l, &of_target))).collect();
        let sources_as = sources.iter().map(|l| Side::of(l, leaf_and_parent(l, &of_source))).collect();
        let mut leaves = BTreeSet::new();
        let mut known_names: HashMap<usize, Vec<usize>> = HashMap::new();
        for (a, b) in &self.names {
            if let Some(s) = of_source.get(a.as_str()) {
                leaves.insert(*s);
                if let Some(t) = of_target.get(b.as_str()) {
                    known_names.entry(*s).or_default().push(*t);
                }
            }
        }
        let corrected = close.clone().without_hubs(N_NEAR);
        Compared { known: self, sources: sources_as, targets: targets_as, close, corrected, leaves, known_names }
    }
}

/// A path as it is compared.
struct Side {
    owned: Vec<String>,
    leaf: usize,
    parent: Option<usize>,
}

impl Side {
    fn of(levels: &[&str], (leaf, parent): (usize, Option<usize>)) -> Self {
        let owned = (1..=levels.len()).map(|depth| ancestor(levels, depth)).collect();
        Self { owned, leaf, parent }
    }

    fn depth(&self) -> usize {
        self.owned.len()
    }
}

struct Compared<'a> {
    known: &'a Known,
    sources: Vec<Side>,
    targets: Vec<Side>,
    close: Closeness,
    corrected: Closeness,
    leaves: BTreeSet<usize>,
    known_names: HashMap<usize, Vec<usize>>,
}

impl Compared<'_> {
    /// The signs of one source with every target.
    fn signs(&self, source: usize) -> Vec<f32> {
        let s = &self.sources[source];
        let translated: Vec<Option<&String>> = s.owned.iter().map(|a| self.known.ancestors.get(a)).collect();
        let deepest = (0..s.depth().saturating_sub(1)).rev().find(|d| translated[*d].is_some());
        let itself = translated.last().copied().flatten();
        let leaf_is_known = self.leaves.contains(&s.leaf);
        let n = self.close.n_targets;
        let mut out = Vec::with_capacity(self.targets.len() * N_SIGNS);
        for t in &self.targets {
            let flag = |is: bool| f32::from(u8::from(is));
            let agrees = |d: usize| translated[d].is_some_and(|a| t.depth() > d + 1 && t.owned[d] == *a);
            let leaf = self.close.values[s.leaf * n + t.leaf];
            let parent = match (s.parent, t.parent) {
                (Some(a), Some(b)) => self.close.values[a * n + b],
                (None, None) => 1.0,
                (Some(_), None) | (None, Some(_)) => 0.0,
            };
            let is_itself = itself.is_some_and(|a| t.owned.last() == Some(a));
            let is_taken = t.owned.last().is_some_and(|path| self.known.taken.contains(path));
            let named = leaf_is_known && self.known_names.get(&s.leaf).is_some_and(|to| to.contains(&t.leaf));
            out.extend([
                leaf,
                self.corrected.values[s.leaf * n + t.leaf],
                parent,
                flag(deepest.is_some_and(agrees)),
                flag(deepest.is_some() && translated[0].is_some() && agrees(0)),
                flag(deepest.is_some_and(|d| d + 2 == s.depth() && agrees(d))),
                flag(s.depth() == t.depth()),
                flag(named),
                flag(is_itself),
                flag(is_taken && !is_itself),
            ]);
        }
        out
    }

    fn score(&self, weights: &[f64]) -> Closeness {
        let n = self.targets.len();
        let mut values = vec![0.0_f32; self.sources.len() * n];
        let fill = |(source, out): (usize, &mut [f32])| {
            let signs = self.signs(source);
            for (out, signs) in out.iter_mut().zip(signs.chunks_exact(N_SIGNS)) {
                *out = signs.iter().zip(weights).map(|(x, w)| x * *w as f32).sum();
            }
        };
        values.par_chunks_mut(n.max(1)).enumerate().for_each(fill);
        Closeness { n_targets: n, values }
    }
}

impl PathBridgeParams {
    /// Learns from pairs of paths that mean the same, source first.
    ///
    /// # Errors
    /// [`LearnError`] for parameters out of range or fewer than ten pairs.
    pub fn fit(&self, pairs: &[(String, String)]) -> Result<PathBridge, LearnError> {
        if pairs.len() < 10 {
            return Err(LearnError::TooLittleData { what: "pairs of paths", have: pairs.len(), need: 10 });
        }
        let is_asked = |at: usize| at % 5 == 4;
        let split = |asked: bool| (0..pairs.len()).filter(move |at| is_asked(*at) == asked).map(|at| &pairs[at]);
        let asked: Vec<&(String, String)> = split(true).collect();
        let inner = Known::of(&split(false).collect::<Vec<_>>(), &self.names)?;
        let (sources, targets): (Vec<&str>, Vec<&str>) = asked.iter().map(|(a, b)| (a.as_str(), b.as_str())).unzip();
        let compared = inner.compare(&sources, &targets);
        let x: Vec<f32> = (0..sources.len()).into_par_iter().flat_map_iter(|s| compared.signs(s)).collect();
        let chosen: Vec<usize> = (0..sources.len()).collect();
        let weights = self.choice.fit(&x, N_SIGNS, &vec![targets.len(); sources.len()], &chosen)?;
        let known = Known::of(&pairs.iter().collect::<Vec<_>>(), &self.names)?;
        Ok(PathBridge { pairs: pairs.to_vec(), known, weights })
    }
}

impl PathBridge {
    /// How well each target path translates each source path: logarithms of odds, comparable within a source.
    pub fn closeness<S: AsRef<str>, T: AsRef<str>>(&self, sources: &[S], targets: &[T]) -> Closeness {
        self.known.compare(sources, targets).score(&self.weights)
    }

    /// The bridge between the names of levels.
    pub fn names(&self) -> &TextBridge {
        &self.known.bridge
    }

    /// Whether a source path, or one below it, was among the pairs, so that its translation is known.
    pub fn knows(&self, source: &str) -> bool {
        self.known.ancestors.contains_key(&levels(source).join(LEVEL))
    }

    /// The weights of the signs, in their order: what a score is made of.
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// Writes what [`Self::load`] reads: the pairs and the weights; the bridge between names follows from the pairs.
    pub fn save(&self, to: &mut Writer) {
        let (sources, targets): (Vec<&str>, Vec<&str>) =
            self.pairs.iter().map(|(a, b)| (a.as_str(), b.as_str())).unzip();
        to.lines("path sources", &sources);
        to.lines("path targets", &targets);
        to.f64s("path weights", &self.weights);
    }

    /// Reads a matcher that was fitted with these parameters for names.
    ///
    /// # Errors
    /// [`ContainerError`] for sections that are not there or do not fit together.
    pub fn load(from: &Reader<'_>, names: &TextBridgeParams) -> Result<Self, ContainerError> {
        let (sources, targets) = (from.lines("path sources")?, from.lines("path targets")?);
        let weights = from.f64s("path weights")?;
        if sources.len() != targets.len() || weights.len() != N_SIGNS || weights.iter().any(|w| !w.is_finite()) {
            return Err(ContainerError::content("path weights", "as many sources as targets and a weight a sign"));
        }
        let pairs: Vec<(String, String)> =
            sources.iter().zip(&targets).map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        let wrong = |why: LearnError| ContainerError::content("path sources", why.to_string());
        let known = Known::of(&pairs.iter().collect::<Vec<_>>(), names).map_err(wrong)?;
        Ok(Self { pairs, known, weights })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two trees of animals and things, 5 × 5.
    fn pairs() -> Vec<(String, String)> {
        let animals =
            [("hunde", "dogs"), ("katzen", "cats"), ("vögel", "birds"), ("hamster", "hamsters"), ("fische", "fish")];
        let things = [
            ("futter", "food"),
            ("käfige", "cages"),
            ("spielzeug", "toys"),
            ("betten", "beds"),
            ("bürsten", "brushes"),
        ];
        let of = |(a, b): (&str, &str), (c, d): (&str, &str)| {
            (format!("tiere > {a} > {a}{c}"), format!("animals > {b} > {b} {d}"))
        };
        animals.iter().flat_map(|a| things.iter().map(|t| of(*a, *t))).collect()
    }

    #[test]
    fn hidden_categories_are_found_by_names_and_ancestors() {
        let all = pairs();
        let (shown, hidden): (Vec<_>, Vec<_>) = (0..all.len()).partition(|at| at % 3 != 1);
        let shown: Vec<_> = shown.into_iter().map(|at| all[at].clone()).collect();
        let bridge = PathBridgeParams::default().fit(&shown).unwrap();
        let (sources, targets): (Vec<&str>, Vec<&str>) =
            hidden.iter().map(|at| (all[*at].0.as_str(), all[*at].1.as_str())).unzip();
        let found = bridge.closeness(&sources, &targets).best();
        let right = found.iter().enumerate().filter(|(i, f)| **f == Some(*i)).count();
        assert!(right + 1 >= sources.len(), "{right} of {}", sources.len());
        assert!(bridge.knows("tiere > hunde") && !bridge.knows("tiere > hunde > x"));
        assert_eq!(bridge.weights().len(), N_SIGNS);
        let mut to = Writer::default();
        bridge.save(&mut to);
        let bytes = to.finish("path-bridge", 1);
        let names = PathBridgeParams::default().names;
        assert_eq!(PathBridge::load(&Reader::open(&bytes).unwrap(), &names).unwrap(), bridge);
    }

    #[test]
    fn too_few_pairs_are_refused() {
        assert!(matches!(PathBridgeParams::default().fit(&pairs()[..5]), Err(LearnError::TooLittleData { .. })));
    }
}
