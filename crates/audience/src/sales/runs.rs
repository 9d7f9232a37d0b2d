//! Columns, and where equal values stand together in them.
//!
//! Of values that hardly ever change from one line to the next, as days do in an export, one is kept for all neighbours. Texts are kept
//! one by one and compared many at a time: the bytes of a run are those of the run moved by one text.

/// Values of which equal neighbours are kept once.
#[derive(Clone, Debug)]
pub(super) struct Repeated<T>(
    /// A value, and the line behind its last neighbour.
    Vec<(T, usize)>,
);

impl<T> Default for Repeated<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Copy + PartialEq> Repeated<T> {
    pub(super) fn push(&mut self, value: T) {
        match self.0.last_mut() {
            Some((last, end)) if *last == value => *end += 1,
            last => {
                let end = last.map_or(0, |(_, end)| *end) + 1;
                self.0.push((value, end));
            }
        }
    }

    /// Goes through the lines from the first one on.
    pub(super) fn runs(&self) -> impl FnMut(usize) -> (T, usize) {
        let mut rest = self.0.as_slice();
        move |line| {
            while rest[0].1 <= line {
                rest = &rest[1..];
            }
            rest[0]
        }
    }
}

/// Texts one after the other.
#[derive(Clone, Debug, Default)]
pub(super) struct Texts {
    text: String,
    /// In bytes.
    lengths: Repeated<usize>,
}

impl Texts {
    pub(super) fn push(&mut self, text: &str) {
        self.text.push_str(text);
        self.lengths.push(text.len());
    }

    /// Goes through the lines as [`Repeated::runs`] does, but passes over no run: every line asked for lies in the run asked for before,
    /// or is the first behind it.
    pub(super) fn runs<'a>(&'a self) -> impl FnMut(usize) -> (&'a str, usize) {
        let mut lengths = self.lengths.runs();
        // The line asked for last, where its text begins, how long it is, and the line behind those that have it.
        let (mut last, mut at, mut length, mut end) = (0, 0, 0, 0);
        move |line| {
            at += (line - last) * length;
            last = line;
            if line >= end {
                let (new, alike) = lengths(line);
                let texts = &self.text.as_bytes()[at..at + new * (alike - line)];
                // Texts of no bytes are all equal.
                let n = n_shared(texts, &texts[new..]).checked_div(new).map_or(alike - line, |n| n + 1);
                (length, end) = (new, line + n);
            }
            (&self.text[at..at + length], end)
        }
    }
}

/// How many bytes from the beginning two texts share.
fn n_shared(a: &[u8], b: &[u8]) -> usize {
    let (a_parts, _) = a.as_chunks::<32>();
    let (b_parts, _) = b.as_chunks::<32>();
    let n = 32 * a_parts.iter().zip(b_parts).take_while(|(a, b)| a == b).count();
    let (a_eights, _) = a[n..].as_chunks::<8>();
    let (b_eights, _) = b[n..].as_chunks::<8>();
    let mut m = n;
    for (a, b) in a_eights.iter().zip(b_eights) {
        let differ = u64::from_le_bytes(*a) ^ u64::from_le_bytes(*b);
        if differ != 0 {
            return m + differ.trailing_zeros() as usize / 8;
        }
        m += 8;
    }
    m + a[m..].iter().zip(&b[m..]).take_while(|(a, b)| a == b).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        // Few values, each up to twenty times, and texts of several lengths, of none as well; lines are asked for at the ends of runs
        // and between.
        #[test]
        fn runs_end_where_another_value_stands(
            values in prop::collection::vec((0_usize..4, 1_usize..20), 1..20),
            steps in prop::collection::vec(1_usize..9, 0..400),
        ) {
            let names = ["", "ab", "ac", "abab and more than eight bytes: é"];
            let values: Vec<usize> = values.into_iter().flat_map(|(value, n)| std::iter::repeat_n(value, n)).collect();
            let mut texts = Texts::default();
            values.iter().for_each(|value| texts.push(names[*value]));
            let mut numbers = Repeated::default();
            values.iter().for_each(|value| numbers.push(*value));
            let (mut number, mut name) = (numbers.runs(), texts.runs());
            let (mut line, mut steps) = (0, steps.into_iter());
            while line < values.len() {
                let end = (line..values.len()).find(|at| values[*at] != values[line]).unwrap_or(values.len());
                prop_assert_eq!(number(line), (values[line], end));
                prop_assert_eq!(name(line), (names[values[line]], end));
                line = end.min(line + steps.next().unwrap_or(usize::MAX / 2));
            }
        }
    }
}
