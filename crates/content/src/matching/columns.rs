//! Which columns a pair of offers has, in their order, and what they are called.
//!
//! First what the comparison itself says, one column more for each [`View`](super::view::View) of the tables; then, where rivals are looked at,
//! eight for each way in which offers are compared as a whole. What the crossed words say and what the second look
//! sees comes behind these.

use super::second::SECOND;
use super::view::ViewOf;

/// A column: what it is called in a reason.
pub type Column = &'static str;

/// Columns of the comparison itself, in their order.
pub(super) const COMPARED: [Column; 61] = [
    "shared words of the titles",
    "shared letters of the titles",
    "shared words of all texts",
    "share of the left title's words in the right title",
    "share of the right title's words in the left title",
    "share of the left title's words in all of the right text",
    "share of the right title's words in all of the left text",
    "likely misspelt words of the left title found",
    "likely misspelt words of the right title found",
    "likeness of words, left to right",
    "likeness of words, right to left",
    "likeness of the whole titles",
    "likeness of the beginnings of the titles",
    "longest common stretch of the titles",
    "longest common stretch in the shorter title",
    "words that both titles have",
    "words of the left title alone",
    "words of the right title alone",
    "rarest word that both titles have",
    "rarest word of the left title alone",
    "rarest word of the right title alone",
    "weight of the words of the left title alone",
    "weight of the words of the right title alone",
    "weight of the words that both titles have",
    "rarest word of the left title that is nowhere in the right text",
    "rarest word of the right title that is nowhere in the left text",
    "words of the left title",
    "words of the right title",
    "first words agree",
    "order of shared words",
    "numbers that both titles have",
    "numbers of the left title alone",
    "numbers of the right title alone",
    "numbers contradict each other",
    "years contradict each other",
    "version numbers contradict each other",
    "model codes agree",
    "model codes of all texts agree",
    "model code of the left title is in the right text",
    "model code of the right title is in the left text",
    "longest model code found in the other text",
    "model codes of the left title",
    "model codes of the right title",
    "longest digits that both codes have",
    "sizes agree",
    "sizes contradict each other",
    "brands agree",
    "left brand is in the right title",
    "right brand is in the left title",
    "brands that are given",
    "price ratio",
    "price difference in logarithms",
    "prices that are given",
    "left price",
    "right price",
    "words of the description in the other title, left",
    "words of the description in the other title, right",
    "shared words of the descriptions",
    "length of the left description",
    "length of the right description",
    "edits between the titles",
];

/// Columns about rivals, for each of the three ways of comparing offers as a whole.
const RIVALS: [Column; 24] = [
    "right offers nearer by title words",
    "left offers nearer by title words",
    "ahead of other right offers by title words",
    "ahead of other left offers by title words",
    "share of the nearest right offer by title words",
    "share of the nearest left offer by title words",
    "near right offers by title words",
    "near left offers by title words",
    "right offers nearer by title letters",
    "left offers nearer by title letters",
    "ahead of other right offers by title letters",
    "ahead of other left offers by title letters",
    "share of the nearest right offer by title letters",
    "share of the nearest left offer by title letters",
    "near right offers by title letters",
    "near left offers by title letters",
    "right offers nearer by all words",
    "left offers nearer by all words",
    "ahead of other right offers by all words",
    "ahead of other left offers by all words",
    "share of the nearest right offer by all words",
    "share of the nearest left offer by all words",
    "near right offers by all words",
    "near left offers by all words",
];

/// What is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// The two offers of a pair and nothing else (but how rare a word is, in both tables).
    Pair,
    /// The rivals of both offers as well.
    Rivals,
    /// And then once more, knowing how probable the rivals are.
    Twice,
}

/// The likeness of two offers by a view of the tables.
const fn seen(of: ViewOf) -> Column {
    match of {
        ViewOf::Title => "likeness of what the titles mean",
        ViewOf::Whole => "likeness of what all texts mean",
    }
}

/// Columns about rivals by a view.
const fn seen_rivals(of: ViewOf) -> [Column; 8] {
    match of {
        ViewOf::Title => [
            "right offers nearer by what titles mean",
            "left offers nearer by what titles mean",
            "ahead of other right offers by what titles mean",
            "ahead of other left offers by what titles mean",
            "share of the nearest right offer by what titles mean",
            "share of the nearest left offer by what titles mean",
            "near right offers by what titles mean",
            "near left offers by what titles mean",
        ],
        ViewOf::Whole => [
            "right offers nearer by what all texts mean",
            "left offers nearer by what all texts mean",
            "ahead of other right offers by what all texts mean",
            "ahead of other left offers by what all texts mean",
            "share of the nearest right offer by what all texts mean",
            "share of the nearest left offer by what all texts mean",
            "near right offers by what all texts mean",
            "near left offers by what all texts mean",
        ],
    }
}

/// The columns of pairs of some tables at first sight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns {
    pub(super) look: Look,
    /// Ascending.
    pub(super) views: Vec<ViewOf>,
}

impl Columns {
    /// What each is called, in their order.
    pub fn names(&self) -> Vec<Column> {
        let mut names = COMPARED.to_vec();
        names.extend(self.views.iter().map(|of| seen(*of)));
        if self.look != Look::Pair {
            names.extend(RIVALS);
            names.extend(self.views.iter().flat_map(|of| seen_rivals(*of)));
        }
        names
    }

    /// How many there are.
    pub const fn n(&self) -> usize {
        let (alone, rivals) = (COMPARED.len() + self.views.len(), RIVALS.len() + 8 * self.views.len());
        match self.look {
            Look::Pair => alone,
            Look::Rivals | Look::Twice => alone + rivals,
        }
    }

    /// Where the likeness by a view stands; `None` for a view that the tables do not have.
    pub fn likeness_by(&self, of: ViewOf) -> Option<usize> {
        self.views.iter().position(|view| *view == of).map(|at| COMPARED.len() + at)
    }

    /// The names with those that come behind: what the words say, then the second look.
    pub(super) fn all_names(&self) -> Vec<Column> {
        let mut names = self.names();
        names.push("which words differ");
        names.extend(SECOND);
        names
    }
}
