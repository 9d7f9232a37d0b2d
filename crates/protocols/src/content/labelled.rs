//! Texts whose kinds are known: read from files, and answers about them marked.

use super::Measure;
use crate::ProtocolError;
use crate::files::Text;
use domain::Seed;
use learn::LearnError;
use learn::bootstrap::{BootstrapParams, bootstrap};
use std::collections::HashSet;
use std::path::Path;

/// Texts and what they are, 0 or 1.
#[derive(Clone, Debug, Default)]
pub(super) struct Labelled {
    pub(super) texts: Vec<String>,
    pub(super) is: Vec<bool>,
}

/// One `true` and `false` a class as `1` and `0`.
fn label(text: &Text, line: usize, found: &str) -> Result<bool, ProtocolError> {
    match found {
        "1" => Ok(true),
        "0" => Ok(false),
        _ => Err(text.wrong(line, found, "a label, 0 or 1")),
    }
}

impl Labelled {
    /// Lines of a text, a tab and a label, under a header.
    pub(super) fn from_tsv(path: &Path) -> Result<Self, ProtocolError> {
        let text = Text::read(path)?;
        let mut out = Self::default();
        for (n, line) in text.lines(1) {
            let (said, is) = line.rsplit_once('\t').ok_or_else(|| text.wrong(n, line, "a text, a tab, a label"))?;
            out.is.push(label(&text, n, is)?);
            out.texts.push(plain(said));
        }
        Ok(out)
    }

    pub(super) fn len(&self) -> usize {
        self.is.len()
    }

    pub(super) fn positives(&self) -> usize {
        self.is.iter().filter(|is| **is).count()
    }

    /// Those that are none of these texts.
    pub(super) fn without(&self, texts: &HashSet<&String>) -> Self {
        let rows = self.texts.iter().zip(&self.is).filter(|(text, _)| !texts.contains(text));
        let (texts, is) = rows.map(|(text, is)| (text.clone(), *is)).unzip();
        Self { texts, is }
    }

    /// Both, one after the other.
    pub(super) fn with(mut self, other: &Self) -> Self {
        self.texts.extend_from_slice(&other.texts);
        self.is.extend_from_slice(&other.is);
        self
    }
}

/// Records of a CSV file with quotes: its named columns, and the line that each record begins in.
pub(super) fn csv_columns<const N: usize>(
    path: &Path,
    names: [&'static str; N],
) -> Result<Vec<(usize, [String; N])>, ProtocolError> {
    let text = Text::read(path)?;
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.whole().as_bytes());
    let wrong = |line: u64, why: String| text.wrong(line as usize, &why, "a record of comma-separated cells");
    let header = reader.headers().map_err(|why| wrong(1, why.to_string()))?.clone();
    let mut at = [0; N];
    for (at, name) in at.iter_mut().zip(names) {
        let found = header.iter().position(|cell| cell.trim_start_matches('\u{feff}') == name);
        *at = found.ok_or_else(|| text.wrong(1, &header.iter().collect::<Vec<_>>().join(","), name))?;
    }
    let read = |record: Result<csv::StringRecord, csv::Error>| {
        let record = record.map_err(|why| wrong(why.position().map_or(0, csv::Position::line), why.to_string()))?;
        let line = record.position().map_or(0, csv::Position::line);
        Ok((line as usize, at.map(|at| record.get(at).unwrap_or_default().to_owned())))
    };
    reader.records().map(read).collect()
}

/// A label of a record.
pub(super) fn csv_label(path: &Path, line: usize, found: &str) -> Result<bool, ProtocolError> {
    match found {
        "1" => Ok(true),
        "0" => Ok(false),
        _ => Err(ProtocolError::Line {
            path: path.to_path_buf(),
            line,
            found: found.chars().take(60).collect(),
            wanted: "a label, 0 or 1",
        }),
    }
}

/// The few marks of web pages that stand in texts as names.
fn plain(text: &str) -> String {
    let pairs = [("&#34;", "\""), ("&#39;", "'"), ("&quot;", "\""), ("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")];
    pairs.iter().fold(text.to_owned(), |text, (name, mark)| text.replace(name, mark))
}

/// What a learner refused, on a task.
pub(super) fn refused(task: &'static str) -> impl Fn(LearnError) -> ProtocolError {
    move |why| ProtocolError::Recipe { config: "learning".to_owned(), task: task.to_owned(), why: why.to_string() }
}

/// A statistic of answers, each right or wrong about a yes or a no.
#[derive(Clone, Copy)]
pub(super) enum Mark {
    Accuracy,
    F1,
    /// Matthews' correlation.
    Mcc,
}

impl Mark {
    fn name(self) -> &'static str {
        match self {
            Self::Accuracy => "accuracy",
            Self::F1 => "F1",
            Self::Mcc => "MCC",
        }
    }

    /// Of cells: 0 rightly no, 1 wrongly yes, 2 wrongly no, 3 rightly yes.
    fn of(self, cells: &[f64]) -> f64 {
        let mut n = [0.0_f64; 4];
        cells.iter().for_each(|cell| n[*cell as usize] += 1.0);
        let [no, false_yes, false_no, yes] = n;
        let share = |a: f64, b: f64| if b > 0.0 { a / b } else { 0.0 };
        match self {
            Self::Accuracy => share(no + yes, cells.len() as f64),
            Self::F1 => share(2.0 * yes, 2.0 * yes + false_yes + false_no),
            Self::Mcc => {
                let below = (yes + false_yes) * (yes + false_no) * (no + false_yes) * (no + false_no);
                share(yes * no - false_yes * false_no, below.sqrt())
            }
        }
    }

    /// The figure with its interval.
    pub(super) fn measure(self, said: &[bool], is: &[bool], seed: Seed) -> Measure {
        let cell = |(said, is): (&bool, &bool)| f64::from(u8::from(*said) + 2 * u8::from(*is));
        let cells: Vec<f64> = said.iter().zip(is).map(cell).collect();
        let value = self.of(&cells);
        match bootstrap(&cells, |cells| self.of(cells), &BootstrapParams::default(), seed) {
            Ok(interval) => Measure::within(self.name(), value, interval.low, interval.high),
            Err(_) => Measure::none(self.name()),
        }
    }

    /// How much more these answers reach than others to the same questions, with the interval that drawing the questions anew gives.
    pub(super) fn gain(self, name: &str, [said, than]: [&[bool]; 2], is: &[bool], seed: Seed) -> Measure {
        let cell = |((said, than), is): ((&bool, &bool), &bool)| {
            f64::from(u8::from(*said) + 2 * u8::from(*is) + 4 * u8::from(*than))
        };
        let cells: Vec<f64> = said.iter().zip(than).zip(is).map(cell).collect();
        let own = |cell: &f64| *cell as u8 & 3;
        let other = |cell: &f64| (*cell as u8 & 2) | (*cell as u8 >> 2);
        let gain = |cells: &[f64]| {
            let of =
                |cell: &dyn Fn(&f64) -> u8| self.of(&cells.iter().map(|c| f64::from(cell(c))).collect::<Vec<f64>>());
            of(&own) - of(&other)
        };
        match bootstrap(&cells, gain, &BootstrapParams::default(), seed) {
            Ok(interval) => Measure::within(name, gain(&cells), interval.low, interval.high),
            Err(_) => Measure::none(name),
        }
    }

    /// The value alone.
    pub(super) fn value(self, said: &[bool], is: &[bool]) -> f64 {
        let cell = |(said, is): (&bool, &bool)| f64::from(u8::from(*said) + 2 * u8::from(*is));
        self.of(&said.iter().zip(is).map(cell).collect::<Vec<f64>>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 4 yes of which 3 are said so, 6 no of which 1 is said yes: accuracy 8/10, F1 6/8, MCC (3·5 − 1·1) /
    /// √(4·4·6·6) = 14/24.
    #[test]
    fn marks_are_worked_by_hand() {
        let is = [true, true, true, true, false, false, false, false, false, false];
        let said = [true, true, true, false, true, false, false, false, false, false];
        assert!((Mark::Accuracy.value(&said, &is) - 0.8).abs() < 1e-12);
        assert!((Mark::F1.value(&said, &is) - 0.75).abs() < 1e-12);
        assert!((Mark::Mcc.value(&said, &is) - 14.0 / 24.0).abs() < 1e-12);
        assert_eq!(Mark::Mcc.value(&[true, true], &[true, false]), 0.0, "who always says yes knows nothing");
    }

    /// F1 6/8 as above against 2 of 4 found and none wrong, 4/6: 1/12 more. Answers that are the same gain exactly nothing.
    #[test]
    fn a_gain_is_worked_by_hand_and_of_nothing_is_nothing() {
        let is = [true, true, true, true, false, false, false, false, false, false];
        let said = [true, true, true, false, true, false, false, false, false, false];
        let than = [true, true, false, false, false, false, false, false, false, false];
        let gain = Mark::F1.gain("gain", [&said, &than], &is, Seed(1));
        assert!((gain.value.unwrap() - 1.0 / 12.0).abs() < 1e-12, "{gain:?}");
        let (low, high) = gain.interval.unwrap();
        assert!(low < 0.0 && high > 1.0 / 12.0, "ten answers prove nothing: {low} {high}");
        let none = Mark::F1.gain("gain", [&said, &said], &is, Seed(1));
        assert_eq!((none.value, none.interval), (Some(0.0), Some((0.0, 0.0))));
    }

    #[test]
    fn files_are_read_and_what_is_wrong_names_its_line() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.tsv");
        std::fs::write(&path, "sentence\tis\nI &amp; you\t1\na\tb\t0\n").unwrap();
        let read = Labelled::from_tsv(&path).unwrap();
        assert_eq!((read.texts, read.is), (vec!["I & you".to_owned(), "a\tb".to_owned()], vec![true, false]));
        std::fs::write(&path, "sentence\tis\nx\t2\n").unwrap();
        assert!(matches!(Labelled::from_tsv(&path), Err(ProtocolError::Line { line: 2, .. })));
        std::fs::write(&path, "\u{feff}cat,label,review\nx,1,\"two\nlines, one cell\"\ny,0,b\n").unwrap();
        let rows = csv_columns(&path, ["review", "cat"]).unwrap();
        assert_eq!(rows[0], (2, ["two\nlines, one cell".to_owned(), "x".to_owned()]));
        assert_eq!(rows[1], (4, ["b".to_owned(), "y".to_owned()]));
        assert!(csv_columns(&path, ["missing"]).is_err());
    }
}
