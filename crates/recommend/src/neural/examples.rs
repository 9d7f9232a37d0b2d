//! Histories and products as described rows: what networks over features learn from.
//!
//! The newest items of a shopper are cut into up to five parts, and what lies in a part is asked of the rest: what is
//! asked for is never among what is read. An item is known by its number and by hashed words of its text and
//! attributes. Every fourth question names items by their words alone, so that words learn to speak for an item
//! that nobody has bought. Cost: memory for five times a history, and for the questions.

use super::Described;
use super::described::{hashed, hashed_words};
use crate::content::ItemText;
use domain::{FitError, Interactions, Kind, Rng};
use learn::Csr;

/// Parts that a history is cut into at most.
const PARTS: usize = 5;
/// Every how many questions one leaves the numbers of its items out.
const BY_WORDS: usize = 4;

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Question {
    /// The row of [`Examples::histories`].
    pub(super) history: u32,
    /// The item that was in the part left out.
    pub(super) item: u32,
    /// What was done with it.
    pub(super) kind: Kind,
    /// Whose it is, a row of `Examples::baskets`.
    basket: u32,
}

/// Questions with what they are asked of.
#[derive(Clone, Debug)]
pub(super) struct Examples {
    pub(super) histories: Described,
    pub(super) questions: Vec<Question>,
    /// Whether an item is in a question.
    pub(super) known: Vec<bool>,
    /// Items of each shopper, ascending.
    baskets: Vec<Vec<u32>>,
}

/// Rows of owned items, ascending: one field of their numbers.
pub(super) fn owned(n_items: usize, rows: &[Vec<u32>]) -> Result<Described, FitError> {
    let row = |items: &Vec<u32>| {
        let weight = 1.0 / (items.len().max(1) as f32).sqrt();
        items.iter().map(|i| (*i, weight)).collect()
    };
    Described::new(rows.len()).words("owned", n_items, rows.iter().map(row))
}

/// Hashed words and attributes of each item, items × `n_words`; without texts nothing is known of any.
pub(super) fn words_of(texts: &[ItemText], n_items: usize, n_words: usize) -> Result<Csr, FitError> {
    if !texts.is_empty() && texts.len() != n_items {
        return Err(FitError::Param { name: "texts", rule: "one an item, or none", got: texts.len() as f64 });
    }
    let row = |item: usize| {
        let mut values = Vec::new();
        if let Some(ItemText { text, attributes }) = texts.get(item) {
            values = hashed_words(text, n_words);
            let stated = attributes.iter().filter(|(_, value)| !value.trim().is_empty());
            values.extend(stated.map(|(field, value)| {
                let whole = format!("{field:?}={}", value.trim().to_lowercase());
                (hashed(whole.chars(), n_words), 0.5)
            }));
        }
        values
    };
    Ok(Csr::from_rows(n_words, (0..n_items).map(row)))
}

/// Two rows an item: row `i` has the number of a known item and its words, row `n_items + i` its words alone.
pub(super) fn items(known: &[bool], words: &Csr) -> Result<Described, FitError> {
    let n = known.len();
    let number = |row: usize| if row < n && known[row] { vec![(row as u32, 1.0)] } else { Vec::new() };
    let rows = Described::new(2 * n).words("item", n, (0..2 * n).map(number))?;
    rows.words("words", words.n_cols(), (0..2 * n).map(|row| words.cells(row % n).collect()))
}

impl Examples {
    /// From the newest `max_len + 1` items of each shopper.
    pub(super) fn new(train: &Interactions, max_len: usize) -> Result<Self, FitError> {
        let mut rows: Vec<Vec<(u32, Kind)>> = vec![Vec::new(); train.n_shoppers()];
        for cell in train.iter() {
            let row = &mut rows[cell.shopper.at()];
            let mut kind = cell.kind;
            // An item stands where it was last.
            if let Some(at) = row.iter().position(|(item, _)| *item == cell.item.0) {
                kind = kind.max(row.remove(at).1);
            }
            row.push((cell.item.0, kind));
        }
        let (mut lists, mut questions, mut baskets) = (Vec::new(), Vec::new(), Vec::new());
        let mut known = vec![false; train.n_items()];
        for row in rows.iter().filter(|row| row.len() > 1) {
            let newest = &row[row.len().saturating_sub(max_len + 1)..];
            let n_parts = PARTS.min(newest.len());
            for part in 0..n_parts {
                let history = lists.len() as u32;
                let (mut list, basket) = (Vec::new(), baskets.len() as u32);
                for (at, (item, kind)) in newest.iter().enumerate() {
                    if at % n_parts == part {
                        questions.push(Question { history, item: *item, kind: *kind, basket });
                    } else {
                        list.push(*item);
                    }
                }
                list.sort_unstable();
                lists.push(list);
            }
            newest.iter().for_each(|(item, _)| known[*item as usize] = true);
            let mut basket: Vec<u32> = row.iter().map(|(item, _)| *item).collect();
            basket.sort_unstable();
            baskets.push(basket);
        }
        Ok(Self { histories: owned(train.n_items(), &lists)?, questions, known, baskets })
    }

    /// The row of an item in question `q`, see [`items`].
    fn row(&self, q: usize, item: u32, words: &Csr) -> u32 {
        let by_words = q % BY_WORDS == BY_WORDS - 1 && words.cells(item as usize).len() > 0;
        item + if by_words { self.known.len() as u32 } else { 0 }
    }

    /// History and item of each question.
    pub(super) fn pairs(&self, words: &Csr) -> Vec<(u32, u32)> {
        let pair = |(q, of): (usize, &Question)| (of.history, self.row(q, of.item, words));
        self.questions.iter().enumerate().map(pair).collect()
    }

    /// Each question with `n` drawn items after it, those left out that its shopper has; what was done with each.
    pub(super) fn against_drawn(&self, n: usize, words: &Csr, rng: &mut Rng) -> (Vec<(u32, u32)>, Vec<Option<Kind>>) {
        let items: Vec<u32> = (0..self.known.len() as u32).filter(|i| self.known[*i as usize]).collect();
        let (mut pairs, mut done) = (Vec::new(), Vec::new());
        for (q, of) in self.questions.iter().enumerate() {
            pairs.push((of.history, self.row(q, of.item, words)));
            done.push(Some(of.kind));
            for _ in 0..n {
                let drawn = items[rng.below(items.len())];
                if self.baskets[of.basket as usize].binary_search(&drawn).is_err() {
                    pairs.push((of.history, self.row(q, drawn, words)));
                    done.push(None);
                }
            }
        }
        (pairs, done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::Field;

    fn members(d: &Described, row: u32) -> Vec<u32> {
        d.members(0, row).iter().map(|(i, _)| *i).collect()
    }

    /// Items 0, 1, 2 in this order, the first again at the end: 1, 2, 0 in three parts of one item each. Of seven
    /// items the newest six are read, in five parts: items 1 and 6 are asked of 2 to 5.
    #[test]
    fn what_is_asked_for_is_never_among_what_is_read() {
        let train = Interactions::from_baskets(9, [&[0, 1, 2, 0][..], &[8], &[0, 1, 2, 3, 4, 5, 6]]);
        let all = Examples::new(&train, 5).unwrap();
        let of = |q: &Question| (q.item, members(&all.histories, q.history));
        let want = [(1, vec![0, 2]), (2, vec![0, 1]), (0, vec![1, 2]), (1, vec![2, 3, 4, 5]), (6, vec![2, 3, 4, 5])];
        assert_eq!(all.questions[..5].iter().map(of).collect::<Vec<_>>(), want);
        assert!(all.questions.iter().all(|q| !members(&all.histories, q.history).contains(&q.item)));
        assert_eq!((all.questions.len(), all.known[7], all.known[8]), (9, false, false), "one item has no rest");
        let (pairs, done) = all.against_drawn(3, &words_of(&[], 9, 4).unwrap(), &mut Rng::new(1));
        assert_eq!(done.iter().filter(|kind| kind.is_some()).count(), 9);
        let bought: Vec<u32> = all.questions.iter().map(|q| q.history).collect();
        let drawn = pairs.iter().zip(&done).filter(|(_, kind)| kind.is_none());
        assert!(drawn.clone().count() > 0);
        for ((history, item), _) in drawn {
            let own = if *history < 3 { 0..3 } else { 0..7 };
            assert!(bought.contains(history) && !own.contains(item), "{history} {item}");
        }
    }

    #[test]
    fn every_fourth_question_is_by_words_where_there_are_any() {
        let train = Interactions::from_baskets(3, [&[0, 1][..], &[0, 1], &[1, 2]]);
        let text = |text: &str| ItemText { text: text.into(), attributes: vec![(Field::Brand, " Acme".into())] };
        let words = words_of(&[text("red mug"), text("mug"), ItemText::default()], 3, 1 << 14).unwrap();
        assert_eq!(words.cells(2).len(), 0);
        // `mug` and the brand; the words of the other one are `red`, `mug`.
        assert_eq!((words.cells(0).len(), words.cells(1).len()), (3, 2));
        let all = Examples::new(&train, 5).unwrap();
        // Questions: 0 of 1, 1 of 0, 0 of 1, 1 of 0, 1 of 2, 2 of 1.
        let rows: Vec<u32> = all.pairs(&words).into_iter().map(|p| p.1).collect();
        assert_eq!(rows, [0, 1, 0, 4, 1, 2]);
        let described = items(&[true, true, false], &words).unwrap();
        assert_eq!((members(&described, 1), members(&described, 4), members(&described, 2)), (vec![1], vec![], vec![]));
        assert_eq!(described.members(1, 4), described.members(1, 1));
        assert!(words_of(&[ItemText::default()], 3, 8).is_err());
    }
}
