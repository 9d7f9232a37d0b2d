//! Texts of two languages compared with each other, learnt from pairs that say the same.
//!
//! Both sides become TF-IDF rows of words and rows of letters, each with its own vocabulary, and a
//! [`KernelBridge`] over the pairs brings them together: which pairs is a text made of, seen from its own
//! language. No dictionary of words is needed: pairs of short names (categories, attributes) are one.
//! Cost: see there; some seconds for three thousand pairs.

use super::tf_idf::{TfIdf, TfIdfParams};
use learn::LearnError;
use learn::container::{ContainerError, Reader, Writer};
use learn::kernel_bridge::{KernelBridge, KernelBridgeParams, hubs_corrected, products};

/// How the bridge is built.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct TextBridgeParams {
    /// How texts of either side become rows.
    pub tf_idf: TfIdfParams,
    /// How the sides are brought together.
    pub bridge: KernelBridgeParams,
}

/// A fitted bridge from a source language to a target language.
#[derive(Clone, Debug, PartialEq)]
pub struct TextBridge {
    source: TfIdf,
    target: TfIdf,
    bridge: KernelBridge,
}

/// How close each source is to each target: row-major.
#[derive(Clone, Debug, PartialEq)]
pub struct Closeness {
    /// Targets, which is the length of a row.
    pub n_targets: usize,
    /// Higher is closer.
    pub values: Vec<f32>,
}

impl TextBridgeParams {
    /// Builds the bridge from pairs that say the same.
    ///
    /// # Errors
    /// [`LearnError`] for parameters out of range or no pairs.
    pub fn fit<S: AsRef<str> + Sync, T: AsRef<str> + Sync>(&self, pairs: &[(S, T)]) -> Result<TextBridge, LearnError> {
        let sources: Vec<&str> = pairs.iter().map(|(s, _)| s.as_ref()).collect();
        let targets: Vec<&str> = pairs.iter().map(|(_, t)| t.as_ref()).collect();
        let (source, target) = (self.tf_idf.fit(&sources)?, self.tf_idf.fit(&targets)?);
        let bridge = self.bridge.fit(&source.rows(&sources), &target.rows(&targets))?;
        Ok(TextBridge { source, target, bridge })
    }
}

impl TextBridge {
    /// The cosine of every source text with every target text over the bridge, −1 to 1; 0 for a text that shares
    /// nothing with the pairs.
    pub fn closeness<S: AsRef<str> + Sync, T: AsRef<str> + Sync>(&self, sources: &[S], targets: &[T]) -> Closeness {
        let from = self.bridge.from_source(&self.source.rows(sources));
        let to = self.bridge.from_target(&self.target.rows(targets));
        Closeness { n_targets: targets.len(), values: products(&from, &to, self.bridge.width()) }
    }

    /// Writes what [`Self::load`] reads.
    pub fn save(&self, to: &mut Writer) {
        self.source.save("source", to);
        self.target.save("target", to);
        self.bridge.save(to);
    }

    /// Reads a bridge.
    ///
    /// # Errors
    /// [`ContainerError`] for sections that are not there or do not fit together.
    pub fn load(from: &Reader<'_>) -> Result<Self, ContainerError> {
        let (source, target) = (TfIdf::load("source", from)?, TfIdf::load("target", from)?);
        // Asked before the bridge is built: it takes memory for every column that a damaged file claims to have.
        for (section, titles) in [("bridge source", &source), ("bridge target", &target)] {
            if from.csr(section)?.n_cols() != titles.n_features() {
                return Err(ContainerError::content(section, "as many columns as its titles have features"));
            }
        }
        Ok(Self { source, target, bridge: KernelBridge::load(from)? })
    }
}

impl Closeness {
    /// Takes from each value what is near to everything: see [`hubs_corrected`]. `k` neighbours say how near.
    #[must_use]
    pub fn without_hubs(mut self, k: usize) -> Self {
        hubs_corrected(&mut self.values, self.n_targets, k);
        self
    }

    /// The closest target of each source, the first among equals; `None` without targets.
    pub fn best(&self) -> Vec<Option<usize>> {
        let best = |row: &[f32]| (0..row.len()).max_by(|a, b| row[*a].total_cmp(&row[*b]).then(b.cmp(a)));
        if self.n_targets == 0 { Vec::new() } else { self.values.chunks_exact(self.n_targets).map(best).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAIRS: [(&str, &str); 7] = [
        ("hundefutter", "dog food"),
        ("hundeleine", "dog leash"),
        ("katzenfutter", "cat food"),
        ("katzenspielzeug", "cat toys"),
        ("vogelkäfig", "bird cage"),
        ("spielzeug", "toys"),
        ("hamsterkäfig", "hamster cage"),
    ];

    #[test]
    fn names_that_are_new_are_put_together_from_what_pairs_share() {
        let bridge = TextBridgeParams::default().fit(&PAIRS).unwrap();
        let targets = ["bird food", "dog cage", "hamster toys", "cat leash"];
        let sources = ["vogelfutter", "hundekäfig", "hamsterspielzeug", "katzenleine"];
        let found = bridge.closeness(&sources, &targets);
        assert_eq!(found.best(), [Some(0), Some(1), Some(2), Some(3)], "{found:?}");
        assert_eq!(found.clone().without_hubs(2).best(), [Some(0), Some(1), Some(2), Some(3)]);
        assert_eq!(bridge.closeness(&["xyz"], &targets).values, [0.0; 4]);
    }

    #[test]
    fn a_saved_bridge_gives_the_same_answers() {
        let bridge = TextBridgeParams::default().fit(&PAIRS).unwrap();
        let mut to = Writer::default();
        bridge.save(&mut to);
        let bytes = to.finish("text-bridge", 1);
        assert_eq!(TextBridge::load(&Reader::open(&bytes).unwrap()).unwrap(), bridge);
        // With the titles of another bridge it is none.
        let mut mixed = Writer::default();
        let other = TextBridgeParams::default().fit(&PAIRS[..4]).unwrap();
        other.source.save("source", &mut mixed);
        bridge.target.save("target", &mut mixed);
        bridge.bridge.save(&mut mixed);
        let bytes = mixed.finish("bridge", 1);
        let error = TextBridge::load(&Reader::open(&bytes).unwrap()).unwrap_err();
        assert!(error.to_string().contains("columns"), "{error}");
    }
}
