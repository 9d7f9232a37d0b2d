use super::*;
use proptest::prelude::*;

type Rows = Vec<(u64, Vec<String>)>;

fn read_with(text: &str, params: CsvParams, width: Option<usize>) -> (Rows, Vec<BadRow>) {
    let mut records = Records::new(text, String::new(), params);
    records.width = width;
    let (mut rows, mut bad) = (Vec::new(), Vec::new());
    loop {
        match records.next().unwrap() {
            Next::Row(record) => rows.push((record.line, record.to_vec())),
            Next::Bad(row) => bad.push(row),
            Next::End => return (rows, bad),
        }
    }
}

fn cells(text: &str) -> Vec<Vec<String>> {
    read_with(text, CsvParams::default(), None).0.into_iter().map(|(_, row)| row).collect()
}

#[test]
fn quotes_doubled_quotes_and_line_ends_inside_quotes_are_read() {
    let text = "a,\"b\"\"c\"\"\",\"d,\ne\"\r\n,\"\",x\n\n\"last\"";
    let expected: Vec<Vec<&str>> = vec![vec!["a", "b\"c\"", "d,\ne"], vec!["", "", "x"], vec!["last"]];
    assert_eq!(cells(text), expected);
}

#[test]
fn text_behind_a_closing_quote_and_quotes_inside_a_cell_are_kept() {
    assert_eq!(cells("\"a\"b,c\"d\"\n"), [["ab", "c\"d\""]]);
    assert_eq!(cells("\"a\"\"\"b,c\n"), [["a\"b", "c"]]);
}

#[test]
fn lines_are_counted_as_an_editor_does() {
    let (rows, _) = read_with("h\n\n\"x\ny\nz\"\nlast\n", CsvParams::default(), None);
    assert_eq!(rows.iter().map(|r| r.0).collect::<Vec<_>>(), [1, 3, 6]);
}

#[test]
fn old_mac_line_ends_are_line_ends_and_a_stray_one_is_data() {
    let params = CsvParams { cr_only: true, ..CsvParams::default() };
    let (rows, _) = read_with("a,b\r1,2\r", params, None);
    assert_eq!(rows, [(1, vec!["a".to_owned(), "b".into()]), (2, vec!["1".into(), "2".into()])]);
    assert_eq!(cells("a\rb,c\n"), [["a\rb", "c"]]);
}

#[test]
fn a_ragged_row_is_put_aside_and_empty_cells_on_the_right_are_not_ragged() {
    let (rows, bad) = read_with("1,2\n1\n1,2,3\n3,4,,\n", CsvParams::default(), Some(2));
    assert_eq!(rows.iter().map(|r| r.0).collect::<Vec<_>>(), [1, 4]);
    assert_eq!(bad.iter().map(|b| (b.line, b.rule)).collect::<Vec<_>>(), [(2, "ragged_row"), (3, "ragged_row")]);
    assert_eq!((bad[0].value.as_str(), bad[0].expected.as_str()), ("1 cells: 1", "2 cells, as in the header"));
}

#[test]
fn an_unclosed_quote_keeps_the_rows_before_and_names_the_line_where_it_opened() {
    let (rows, bad) = read_with("1,2\n\"x\ny\",\"open\n3,4\n5,6\n", CsvParams::default(), Some(2));
    assert_eq!(rows.len(), 1);
    assert_eq!(bad.len(), 1);
    assert_eq!((bad[0].line, bad[0].rule), (3, "unclosed_quote"));
}

#[test]
fn an_unclosed_quote_in_a_long_file_costs_one_line_and_not_the_file() {
    let text = format!("1,\"open\n{}", "3,4\n".repeat(200));
    let (rows, bad) = read_with(&text, CsvParams { max_record: 100, ..CsvParams::default() }, Some(2));
    assert_eq!((rows.len(), rows[0].0), (200, 2));
    assert_eq!((bad.len(), bad[0].line, bad[0].rule), (1, 1, "unclosed_quote"));
}

#[test]
fn a_record_beyond_the_limit_is_skipped_and_counted() {
    for cell in ["x".repeat(500), format!("\"{}\"", "x".repeat(498))] {
        let text = format!("1,2\n{cell},2\n3,4\n");
        let (rows, bad) = read_with(&text, CsvParams { max_record: 100, ..CsvParams::default() }, Some(2));
        assert_eq!(rows.iter().map(|r| r.0).collect::<Vec<_>>(), [1, 3]);
        assert_eq!((bad[0].line, bad[0].rule), (2, "record_too_long"));
        assert!(bad[0].value.starts_with("503 bytes: "), "{}", bad[0].value);
    }
}

#[test]
fn a_nul_byte_rejects_its_row_only() {
    let (rows, bad) = read_with("1,2\n3,\0\n5,6\n", CsvParams::default(), Some(2));
    assert_eq!(rows.len(), 2);
    assert_eq!((bad[0].line, bad[0].rule, bad[0].value.as_str()), (2, "nul_byte", "3,·"));
}

/// Hands its text out in pieces, so that records end at every place of a chunk.
struct Pieces<'a> {
    left: &'a str,
    size: usize,
}

impl TextSource for Pieces<'_> {
    fn more(&mut self, into: &mut String) -> Result<bool, IntakeError> {
        let mut end = self.size.min(self.left.len());
        while !self.left.is_char_boundary(end) {
            end += 1;
        }
        into.push_str(&self.left[..end]);
        self.left = &self.left[end..];
        Ok(end > 0)
    }
}

fn written(rows: &[Vec<String>], delimiter: char, end: &str) -> String {
    let quoted = |cell: &String| format!("\"{}\"", cell.replace('"', "\"\""));
    rows.iter().map(|r| r.iter().map(quoted).collect::<Vec<_>>().join(&delimiter.to_string()) + end).collect()
}

proptest! {
    #[test]
    fn what_was_written_is_read_back_in_any_pieces(
        rows in prop::collection::vec(prop::collection::vec("[a-c,;\"\r\n£中 ]{0,6}", 3), 1..6),
        size in 1_usize..40,
        windows in any::<bool>(),
    ) {
        let text = written(&rows, ';', if windows { "\r\n" } else { "\n" });
        let params = CsvParams { delimiter: b';', ..CsvParams::default() };
        let mut records = Records::new(Pieces { left: &text, size }, String::new(), params);
        let mut back = Vec::new();
        while let Next::Row(record) = records.next().unwrap() {
            back.push(record.to_vec());
        }
        prop_assert_eq!(back, rows);
    }

    #[test]
    fn any_text_is_read_without_panic_and_to_its_end(text in "[a,\"\r\n\0x]{0,60}", size in 1_usize..9, cr_only in any::<bool>()) {
        let params = CsvParams { max_record: 20, cr_only, ..CsvParams::default() };
        let mut records = Records::new(Pieces { left: &text, size }, String::new(), params);
        records.width = Some(2);
        let mut steps = 0;
        while !matches!(records.next().unwrap(), Next::End) {
            steps += 1;
            prop_assert!(steps <= text.len() + 1);
        }
    }
}
