//! Drafts a mapping for an unknown table: which table it is and which of its columns is what, with
//! reasons.
//!
//! Each column is compared with each column of each raw table by name ([`words`], in nine languages) and by
//! the shape of its values. A shape that contradicts a name wins over it: a column called `date` without
//! dates is no date. The pairs of a table are then taken best first; the table whose pairs weigh most,
//! less what it requires and the file lacks, is the draft's. Of a workbook every sheet is tried. What stays
//! open is written into the draft as a comment, never invented.

mod draft;
mod shape;
mod tables;
mod words;

use crate::bytes::{Member, members};
use crate::error::IntakeError;
use crate::format::raw_table;
use crate::header::key;
use crate::mapping::Mapping;
use crate::number::{self, DecimalMark};
use crate::options::ReadOptions;
use crate::rows::{Opened, open as open_rows, sheets};
use shape::{Shape, looks_numeric, says, shape};
use std::collections::BTreeMap;
use std::io;
use tables::{CANDIDATES, Candidate};

/// A drafted mapping.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// The mapping, ready to be fed back.
    pub mapping: Mapping,
    /// The same as TOML with a comment on each line that says why.
    pub toml: String,
    /// One sentence a decision.
    pub reasons: Vec<String>,
    /// How sure each column is, from 0.5 (hardly) to 1 (named so and shaped so).
    pub confidence: BTreeMap<String, f64>,
}

/// A column of the file that was chosen for a column of the table.
pub(super) struct Choice {
    column: usize,
    why: String,
    confidence: f64,
}

/// A table that was tried on a file.
pub(super) struct Trial {
    candidate: &'static Candidate,
    /// By position among the candidate's wants.
    chosen: BTreeMap<usize, Choice>,
    /// Required columns that no column of the file looks like.
    lacking: Vec<&'static str>,
    score: f64,
}

/// The first rows of a table, column by column.
pub(super) struct Looked {
    header: Vec<String>,
    /// Filled cells of each column.
    columns: Vec<Vec<String>>,
    shapes: Vec<Shape>,
    mark: DecimalMark,
    delimiter: u8,
    line: u64,
    /// The sheet, and of how many, where the file is a workbook of several.
    sheet: Option<(String, usize)>,
}

/// Weight of a required column that is not there: more than any one that is.
const LACKING: f64 = 1.5;

/// Drafts a mapping.
///
/// # Errors
/// As [`crate::read`] for a file that is no table; [`IntakeError::UnknownFormat`] when too few of
/// its columns can be told.
pub fn draft_mapping(
    open: &dyn Fn() -> io::Result<Box<dyn io::Read + Send>>,
    file_name: &str,
    options: &ReadOptions,
) -> Result<Draft, IntakeError> {
    let (_, members) = members(open, file_name)?;
    let member = members.first().ok_or_else(|| IntakeError::Empty { file: file_name.to_owned() })?;
    let mut best: Option<(Looked, Vec<Trial>)> = None;
    for looked in look(member, options)? {
        let mut trials: Vec<Trial> = CANDIDATES.iter().filter_map(|c| trial(c, &looked)).collect();
        // Stable: of equals the first candidate.
        trials.sort_by(|a, b| b.score.total_cmp(&a.score));
        let score = |t: &[Trial]| t.first().map_or(f64::NEG_INFINITY, |t| t.score);
        if best.as_ref().is_none_or(|(_, b)| score(&trials) > score(b)) {
            best = Some((looked, trials));
        }
    }
    match best {
        Some((looked, trials)) if !trials.is_empty() => Ok(draft::write(file_name, &looked, &trials, options)),
        Some((looked, _)) => {
            let (file, found) = (file_name.to_owned(), crate::error::list(&looked.header));
            Err(IntakeError::UnknownFormat { file, line: looked.line, found })
        }
        None => Err(IntakeError::Empty { file: file_name.to_owned() }),
    }
}

/// The tables that a member holds: one, or one a sheet.
fn look(member: &Member<'_>, options: &ReadOptions) -> Result<Vec<Looked>, IntakeError> {
    let names = sheets(member)?;
    let mut found = Vec::new();
    for name in &names {
        let mut mapping = Mapping::default();
        mapping.read.sheet = Some(name.clone());
        let of_sheet = ReadOptions { mapping: Some(mapping), ..options.clone() };
        match open_rows(member, &of_sheet) {
            Ok(opened) => {
                let sheet = (names.len() > 1).then(|| (name.clone(), names.len()));
                found.push(looked(&opened, sheet));
            }
            Err(IntakeError::Empty { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    if names.is_empty() {
        found.push(looked(&open_rows(member, options)?, None));
    }
    Ok(found)
}

fn looked(opened: &Opened, sheet: Option<(String, usize)>) -> Looked {
    let header = opened.rows.header().to_vec();
    let rows = &opened.sample.rows;
    let filled = |i: usize| {
        let cells = rows.iter().map(|(_, r)| r.get(i).map_or("", |c| c.trim()));
        cells.filter(|c| !c.is_empty()).map(str::to_owned).collect::<Vec<_>>()
    };
    let columns: Vec<Vec<String>> = (0..header.len()).map(filled).collect();
    let mut evidence = number::Evidence::default();
    columns.iter().flatten().filter(|c| looks_numeric(c)).for_each(|c| evidence.see(c));
    let (mark, _) = evidence.decide(opened.delimiter);
    let shapes =
        columns.iter().map(|c| shape(&c.iter().map(String::as_str).collect::<Vec<_>>(), rows.len(), mark)).collect();
    Looked { header, columns, shapes, mark, delimiter: opened.delimiter, line: opened.rows.header_line(), sheet }
}

/// Pairs the columns of a file with those of a table; `None` where too little agrees.
fn trial(candidate: &'static Candidate, looked: &Looked) -> Option<Trial> {
    let mut pairs: Vec<(f64, usize, usize, String)> = Vec::new();
    for (w, want) in candidate.wants.iter().enumerate() {
        for (i, name) in looked.header.iter().enumerate() {
            let shape = &looked.shapes[i];
            if shape.filled == 0.0 || !(want.fits)(shape) {
                continue;
            }
            let (by_name, why) = name_score(name, want.idea);
            let (by_shape, shape_why) = says(want.column, shape);
            if by_name + by_shape >= 0.5 {
                let why = [why, shape_why].into_iter().filter(|t| !t.is_empty()).collect::<Vec<_>>().join("; ");
                pairs.push((by_name + by_shape, w, i, why));
            }
        }
    }
    pairs.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)).then(a.2.cmp(&b.2)));
    let mut chosen: BTreeMap<usize, Choice> = BTreeMap::new();
    let mut used = vec![false; looked.header.len()];
    let mut score = 0.0;
    for (weight, want, column, why) in pairs {
        if !chosen.contains_key(&want) && !used[column] {
            used[column] = true;
            // What the values alone say counts little for the choice of a table: any table has dates.
            score += if weight > 0.8 { weight.min(1.2) } else { 0.5 * weight };
            chosen.insert(want, Choice { column, why, confidence: weight.min(1.0) });
        }
    }
    let has = |name: &str| chosen.keys().any(|w| candidate.wants[*w].column == name);
    let required = raw_table(candidate.table)?.columns.iter().skip(2).filter(|c| !c.nullable);
    // A currency may be given, an event without a kind is tracked, what has a text under a post is a comment, a part is
    // counted; the price of what came back is that of its sale.
    let has_kind = candidate.table != "interactions" || has("text");
    let given = |name: &str| match name {
        "currency" | "part" => true,
        "kind" => has_kind,
        "unit_price" => candidate.returns,
        _ => false,
    };
    let lacking: Vec<&str> = required.map(|c| c.name).filter(|name| !has(name) && !given(name)).collect();
    let enough = chosen.len() >= 3 || (chosen.len() == 2 && lacking.is_empty() && looked.header.len() <= 4);
    if !enough || !candidate.one_of.iter().any(|name| has(name)) {
        return None;
    }
    score -= LACKING * lacking.len() as f64;
    Some(Trial { candidate, chosen, lacking, score })
}

/// How well a header agrees with the names of an idea, and why.
fn name_score(name: &str, idea: &str) -> (f64, String) {
    let plain = key(name);
    if plain.is_empty() {
        return (0.0, String::new());
    }
    let mut best = (0.0, String::new());
    for (i, known) in words::names(idea).enumerate() {
        let wanted = key(known);
        let length = wanted.chars().count();
        // Two characters of a script without letters are a word, four letters are one.
        let is_word = length >= 4 || (length >= 2 && wanted.chars().any(|c| c >= '\u{2e80}'));
        let (score, how) = if plain == wanted {
            // The names are listed best first.
            (1.0 - i as f64 * 0.001, "named so")
        } else if is_word && plain.contains(&wanted) {
            // The more of the header it is, the better.
            (0.5 + 0.2 * length as f64 / plain.chars().count() as f64, "named alike")
        } else if plain.chars().count() >= 5 && strsim::jaro_winkler(&plain, &wanted) > 0.93 {
            (0.55, "spelt nearly so")
        } else {
            continue;
        };
        if score > best.0 {
            best = (score, format!("{how}: {known}"));
        }
    }
    best
}
