//! A title as members of a bag: places of its hashed words, pairs of words and letters in a row.

use learn::TextGrams;

/// Reads titles for the text tower.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TitleWords {
    grams: TextGrams,
}

impl TitleWords {
    /// Pieces hashed into `2^log2_size` places, 8 to 24.
    pub const fn new(log2_size: u32) -> Self {
        let log2_size = if log2_size < 8 { 8 } else { log2_size };
        Self { grams: TextGrams { log2_size: if log2_size > 24 { 24 } else { log2_size } } }
    }

    /// Places of the table.
    pub const fn n_places(&self) -> usize {
        1 << self.grams.log2_size
    }

    /// The title's places, ascending, each once; empty where it has no letters.
    pub fn places(&self, title: &str) -> Vec<u32> {
        self.grams.places(title)
    }
}
