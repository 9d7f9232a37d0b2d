//! Offers compared by vectors of their texts, whoever made them: one more way of saying how near two offers are as a
//! whole, also where they share no word.
//!
//! A view stands beside the three that [`Tables`](super::Tables) make themselves: its cosine is a column of a pair, its rivals are
//! columns, and its nearest offers are candidates. An offer without a vector is near nobody.
//! Cost: `n_left · n_right · width` operations for the candidates of each direction; there is no index.

use super::offer::Offer;
use super::table::{Pair, Side};
use crate::Vectors;
use learn::LearnError;
use learn::lanes::dot;

/// Which text of an offer a vector stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ViewOf {
    /// The title.
    Title,
    /// Title, brand, model number and description, one behind the other.
    Whole,
}

impl ViewOf {
    /// Every one, ascending.
    pub const ALL: [Self; 2] = [Self::Title, Self::Whole];

    /// What is to be encoded of an offer; empty where it has nothing.
    pub fn text(self, offer: &Offer) -> String {
        match self {
            Self::Title => offer.title.clone(),
            Self::Whole => offer.joined(),
        }
    }
}

/// Vectors of the offers of two tables.
#[derive(Clone, Debug, PartialEq)]
pub struct View {
    of: ViewOf,
    left: Vectors,
    right: Vectors,
}

impl View {
    /// From one row an offer, missing where it has no text; rows are scaled to length 1.
    ///
    /// # Errors
    /// [`LearnError::Shape`] for vectors of two lengths.
    pub fn new(of: ViewOf, left: Vectors, right: Vectors) -> Result<Self, LearnError> {
        if left.width() != right.width() {
            return Err(LearnError::Shape {
                what: "a vector of the right table",
                got: right.width(),
                need: left.width(),
            });
        }
        Ok(Self { of, left: left.unit(), right: right.unit() })
    }

    /// What its vectors are of.
    pub const fn of(&self) -> ViewOf {
        self.of
    }

    /// Vectors of the left table and of the right one.
    pub(super) fn n_rows(&self) -> (usize, usize) {
        (self.left.len(), self.right.len())
    }

    /// The cosine of two offers, NaN where one has no vector.
    pub(super) fn likeness(&self, (left, right): Pair) -> f32 {
        match (self.left.row(left as usize), self.right.row(right as usize)) {
            (Some(left), Some(right)) => dot(left, right),
            _ => f32::NAN,
        }
    }

    /// Cosines of an offer with all offers of the other table, NaN where there is none.
    pub(super) fn near(&self, side: Side, at: u32) -> Vec<f32> {
        let (own, others) = match side {
            Side::Left => (&self.left, &self.right),
            Side::Right => (&self.right, &self.left),
        };
        let own = own.row(at as usize);
        others.rows().map(|row| own.zip(row).map_or(f32::NAN, |(own, row)| dot(own, row))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{BlockParams, Look, Tables};
    use super::*;

    fn offer(title: &str) -> Offer {
        Offer { title: title.to_owned(), ..Offer::default() }
    }

    fn rows(rows: &[Option<[f32; 2]>]) -> Vectors {
        Vectors::from_rows(2, rows.iter().copied()).unwrap()
    }

    fn seen() -> Tables {
        let left = ["Wasserkocher", "Leuchte", ""].map(offer);
        let right = ["kettle", "lamp", "drill"].map(offer);
        let view = View::new(
            ViewOf::Title,
            rows(&[Some([3.0, 4.0]), Some([4.0, -3.0]), None]),
            rows(&[Some([1.0, 0.0]), Some([2.0, 0.0]), Some([0.0, 1.0])]),
        );
        Tables::new(&left, &right).with_view(view.unwrap()).unwrap()
    }

    /// (3, 4) is (.6, .8) at length 1: .6, .6 and .8 to the three. Of the drill .8 is the nearest right offer, .2 ahead of the next;
    /// (4, −3) is (.8, −.6), so that the drill has no other left offer above 0 and is .8 ahead.
    #[test]
    fn what_words_do_not_share_is_near_by_vectors_worked_by_hand() {
        let tables = seen();
        let columns = tables.columns(Look::Rivals);
        let names = columns.names();
        assert_eq!((names.len(), columns.n()), (85 + 9, 85 + 9));
        let at = |name: &str| names.iter().position(|other| *other == name).unwrap();
        let features = tables.features(&[(0, 2), (0, 0), (2, 0)], Look::Rivals).unwrap();
        let near = |row: usize, name: &str, right: f32| {
            let got = features.row(row)[at(name)];
            assert!((got - right).abs() < 1e-6, "{name} of row {row}: {got}, not {right}");
        };
        assert_eq!(columns.likeness_by(ViewOf::Title), Some(at("likeness of what the titles mean")));
        assert_eq!(columns.likeness_by(ViewOf::Whole), None);
        near(0, "likeness of what the titles mean", 0.8);
        near(0, "right offers nearer by what titles mean", 0.0);
        near(0, "ahead of other right offers by what titles mean", 0.2);
        near(0, "ahead of other left offers by what titles mean", 0.8);
        near(1, "likeness of what the titles mean", 0.6);
        near(1, "right offers nearer by what titles mean", 1.0);
        near(1, "share of the nearest right offer by what titles mean", 0.75);
        near(1, "near left offers by what titles mean", 1.0);
        assert!(features.row(2)[at("likeness of what the titles mean")].is_nan(), "no vector says nothing");
    }

    #[test]
    fn the_nearest_by_vectors_are_candidates_and_what_does_not_fit_is_refused() {
        let tables = seen();
        let one = BlockParams { per_list: 1, ..BlockParams::default() };
        assert_eq!(tables.candidates(&one), [(0, 2), (1, 0), (1, 1)], "by words there is none");
        assert!((tables.likeness((0, 2)) - 0.2).abs() < 1e-6, "a quarter of .8: words share nothing");
        let view = |n: usize| View::new(ViewOf::Title, rows(&vec![None; n]), rows(&[None; 3])).unwrap();
        assert!(matches!(seen().with_view(view(3)), Err(LearnError::Param { .. })), "twice the same");
        let bare = Tables::new(&[offer("a")], &["b", "c", "d"].map(offer));
        assert!(matches!(bare.with_view(view(2)), Err(LearnError::Shape { got: 2, need: 1, .. })));
        assert!(View::new(ViewOf::Whole, Vectors::new(2), Vectors::new(3)).is_err());
    }

    #[test]
    fn the_text_of_a_view_is_the_title_or_all_there_is() {
        let offer = Offer { brand: Some("acme".to_owned()), description: Some("red".to_owned()), ..offer("kettle") };
        assert_eq!(ViewOf::ALL.map(|of| of.text(&offer)), ["kettle", "kettle acme red"]);
    }
}
