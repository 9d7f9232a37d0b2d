//! Vectors of texts by an encoder that the caller hands in: each distinct text once, the shortest first.

use super::Asked;
use crate::ProtocolError;
use content::{Encode, Vectors};
use std::collections::HashMap;

/// Texts that are encoded between two reports of progress.
const BATCH: usize = 256;

/// An encoder of texts that others trained, by the name that reports give it.
#[derive(Clone, Copy)]
pub struct NamedEncoder<'a> {
    /// As reports call it.
    pub name: &'a str,
    /// What encodes.
    pub texts: &'a dyn Encode<Item = str>,
}

impl std::fmt::Debug for NamedEncoder<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NamedEncoder").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A vector a text for each list, and how many distinct texts were encoded. A text of nothing but blanks has none.
///
/// # Errors
/// [`ProtocolError::Recipe`] where the encoder has no vector for a text that says something.
pub(super) fn encoded<const N: usize>(
    asked: &mut Asked<'_>,
    encoder: NamedEncoder<'_>,
    task: &'static str,
    what: &str,
    lists: &[Vec<String>; N],
) -> Result<([Vectors; N], usize), ProtocolError> {
    let mut distinct: Vec<&str> = lists.iter().flatten().map(|text| text.trim()).filter(|t| !t.is_empty()).collect();
    distinct.sort_unstable_by_key(|text| (text.len(), *text));
    distinct.dedup();
    let refused = |why: String| ProtocolError::Recipe { config: encoder.name.to_owned(), task: task.to_owned(), why };
    let mut of: HashMap<&str, Vec<f32>> = HashMap::new();
    for batch in distinct.chunks(BATCH) {
        (asked.step)(what, of.len() as u64, distinct.len() as u64);
        let items: Vec<Option<&str>> = batch.iter().map(|text| Some(*text)).collect();
        let vectors = encoder.texts.encode(&items);
        for (at, text) in batch.iter().enumerate() {
            let row = if vectors.len() == batch.len() { vectors.row(at) } else { None };
            let none = || refused(format!("it has no vector for `{}`", text.chars().take(60).collect::<String>()));
            of.insert(text, row.ok_or_else(none)?.to_vec());
        }
    }
    let mut all = lists.each_ref().map(|_| Vectors::new(encoder.texts.width()));
    for (vectors, list) in all.iter_mut().zip(lists) {
        let rows = list.iter().map(|text| of.get(text.trim()));
        *vectors = Vectors::from_rows(encoder.texts.width(), rows).map_err(|why| refused(why.to_string()))?;
    }
    Ok((all, distinct.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Seed;
    use std::cell::RefCell;
    use std::path::Path;

    /// Letters and blanks of a text; none for a text that it does not like.
    struct Counts(RefCell<Vec<String>>);

    impl Encode for Counts {
        type Item = str;

        fn width(&self) -> usize {
            2
        }

        fn encode(&self, items: &[Option<&str>]) -> Vectors {
            let texts: Vec<&str> = items.iter().flatten().copied().collect();
            self.0.borrow_mut().extend(texts.iter().map(|text| (*text).to_owned()));
            let row = |text: &&str| (*text != "bad").then(|| [text.len() as f32, text.matches(' ').count() as f32]);
            Vectors::from_rows(2, texts.iter().map(row)).unwrap()
        }
    }

    #[test]
    fn each_text_is_encoded_once_the_shortest_first_and_every_list_gets_its_rows() {
        let counts = Counts(RefCell::default());
        let encoder = NamedEncoder { name: "counts", texts: &counts };
        let mut heard = Vec::new();
        let mut step = |step: &str, done: u64, total: u64| heard.push((step.to_owned(), done, total));
        let mut asked = Asked { dir: Path::new("."), seed: Seed(1), cpu_s: &|| 0.0, step: &mut step, encoder: None };
        let list = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<String>>();
        let lists = [list(&["red kettle", "lamp", " "]), list(&["lamp ", "a b c"])];
        let ([left, right], n) = encoded(&mut asked, encoder, "task", "texts", &lists).unwrap();
        assert_eq!((left.len(), left.row(0), left.row(2)), (3, Some(&[10.0, 1.0][..]), None));
        assert_eq!((right.row(0), right.row(1), n), (left.row(1), Some(&[5.0, 2.0][..]), 3));
        assert_eq!(*counts.0.borrow(), ["lamp", "a b c", "red kettle"]);
        let refused = encoded(&mut asked, encoder, "task", "texts", &[list(&["bad"])]);
        assert!(matches!(refused, Err(ProtocolError::Recipe { why, .. }) if why.contains("`bad`")));
        assert_eq!(heard[0], ("texts".to_owned(), 0, 3));
    }
}
