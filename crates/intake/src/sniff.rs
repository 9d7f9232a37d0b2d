//! Which delimiter and which line ends a text uses, from its first rows.
//!
//! A delimiter is judged by how many of the first rows have as many cells as the header, then by
//! how many cells that is. A header of one cell says nothing, so `,` is taken then.

use crate::csv::{CsvParams, Records};
use crate::record::Next;

const CANDIDATES: [u8; 4] = [b',', b'\t', b';', b'|'];
const ROWS: usize = 60;

/// The layout of a text that begins with `sample`.
pub(crate) fn sniff(sample: &str, delimiter: Option<u8>, max_record: usize) -> CsvParams {
    let cr_only = !sample.contains('\n') && sample.contains('\r');
    let base = CsvParams { cr_only, max_record, ..CsvParams::default() };
    if let Some(delimiter) = delimiter {
        return CsvParams { delimiter, ..base };
    }
    // A row that the sample cuts in the middle would count as ragged.
    let whole = match sample.rfind(if cr_only { '\r' } else { '\n' }) {
        Some(end) => &sample[..=end],
        None => sample,
    };
    let judged = CANDIDATES.map(|delimiter| (agreement(whole, CsvParams { delimiter, ..base }), delimiter));
    let best = judged.iter().filter(|((_, width), _)| *width > 1).max_by_key(|((share, width), delimiter)| {
        // The earlier candidate wins a tie.
        (*share, *width, std::cmp::Reverse(CANDIDATES.iter().position(|c| c == delimiter)))
    });
    CsvParams { delimiter: best.map_or(b',', |(_, delimiter)| *delimiter), ..base }
}

/// Share of the first rows as wide as the header (in thousandths), and that width.
fn agreement(text: &str, params: CsvParams) -> (usize, usize) {
    let mut records = Records::new("", text.to_owned(), params);
    let (mut width, mut rows, mut same) = (0, 0, 0);
    while rows < ROWS {
        match records.next() {
            Ok(Next::Row(record)) if width == 0 => width = record.len(),
            Ok(Next::Row(record)) => {
                rows += 1;
                same += usize::from(record.len() == width);
            }
            Ok(Next::Bad(_)) => rows += 1,
            Ok(Next::End) | Err(_) => break,
        }
    }
    ((same * 1000).checked_div(rows).unwrap_or(1000), width)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delimiter_that_gives_even_rows_wins() {
        let check = |text: &str, delimiter: u8| assert_eq!(sniff(text, None, 1000).delimiter, delimiter, "{text}");
        check("a,b,c\n1,2,3\n", b',');
        check("a;b;c\n1,5;2,5;3,5\n", b';');
        check("a\tb\n\"x,y,z\"\t2\n", b'\t');
        check("a|b\n1|2\n", b'|');
        check("title\nx\n", b',');
        check("Name;Price, EUR;Qty\nx;1,50;2\n", b';');
    }

    #[test]
    fn carriage_returns_alone_end_lines_only_where_there_is_no_line_feed() {
        assert!(sniff("a,b\r1,2\r", None, 1000).cr_only);
        assert!(!sniff("a,b\r\n1,2\r\n", None, 1000).cr_only);
    }
}
