//! Pictures, sounds and videos among the files: kept byte for byte like any other, with one row in `raw.media`
//! for each place where one was found.
//!
//! The table is small (a row a file) and is written whole at every change, as `raw.sources` is; a data file for
//! each picture would be thousands. What a picture shows is told by the caller's [`Look`]: the lake decodes
//! nothing.

use super::write_file;
use crate::parquet_io::Pick;
use crate::raw::RawTable;
use crate::table::FileEntry;
use crate::{Lake, LakeError, Snapshot};
use arrow::array::{ArrayRef, AsArray, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{Float64Type, Int64Type};
use schema::{TableDef, Zone};
use std::collections::BTreeMap;
use std::path::{Component, Path};
use std::sync::Arc;

/// Looks at a file: `None` when it is no picture, sound or video by its first bytes or its name.
pub type Look = fn(&Path) -> Option<Looked>;

/// What a look at a picture, sound or video gave.
#[derive(Clone, Debug, PartialEq)]
pub enum Looked {
    /// It can be used.
    Usable(MediaFacts),
    /// It cannot: why, as a sentence that says what would be right, and its first bytes.
    Broken {
        /// picture, sound or video.
        kind: &'static str,
        /// What is wrong.
        why: String,
        /// Its first bytes in hexadecimal.
        first: String,
    },
}

/// What is known of a picture, sound or video; the columns of `raw.media`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MediaFacts {
    /// picture, sound or video.
    pub kind: String,
    /// jpeg, png, wav …
    pub format: String,
    /// Pixels of a row and rows.
    pub size: Option<(u32, u32)>,
    /// How long it lasts, seconds.
    pub seconds: Option<f64>,
    /// What a picture looks like, hexadecimal.
    pub print: Option<String>,
    /// What the reader should know.
    pub notes: Vec<String>,
}

/// What is written of a file that was looked at.
pub(super) struct Seen {
    pub(super) summary: intake::ReadSummary,
    pub(super) reject: Option<Reject>,
}

/// A row of `raw.rejects`.
pub(super) struct Reject {
    pub(super) def: &'static TableDef,
    pub(super) row: RecordBatch,
}

/// Source, number of the place, place, and what is known.
type Row<'a> = (&'a str, usize, &'a str, &'a MediaFacts);

/// The rows of `raw.media` while files come in.
#[derive(Default)]
pub(super) struct Media {
    files: BTreeMap<String, (MediaFacts, Vec<String>)>,
    pub(super) changed: bool,
}

fn def() -> Result<&'static TableDef, LakeError> {
    schema::table(Zone::Raw, "media").ok_or_else(|| LakeError::NoTable("raw.media".into()))
}

/// Folder and name of a file: what a catalogue would call it. More folders would be those of this machine.
fn place(path: &Path) -> String {
    let parts: Vec<_> = path
        .components()
        .filter_map(|c| if let Component::Normal(part) = c { Some(part.to_string_lossy()) } else { None })
        .collect();
    parts[parts.len().saturating_sub(2)..].join("/")
}

impl Media {
    pub(super) fn load(lake: &Lake, snapshot: &Snapshot) -> Result<Self, LakeError> {
        let mut files: BTreeMap<String, (MediaFacts, Vec<String>)> = BTreeMap::new();
        RawTable::new(lake, snapshot, def()?.name)?.each(Pick::default(), &mut |b| {
            let damaged = |what: &str| LakeError::Damaged { table: "raw.media".into(), why: format!("no {what}") };
            let text = |name: &str| -> Result<Vec<Option<String>>, LakeError> {
                let column = b.column_by_name(name).and_then(|c| c.as_string_opt::<i32>());
                Ok(column.ok_or_else(|| damaged(name))?.iter().map(|t| t.map(str::to_owned)).collect())
            };
            let int = |name: &str| -> Result<Vec<Option<i64>>, LakeError> {
                let column = b.column_by_name(name).and_then(|c| c.as_primitive_opt::<Int64Type>());
                Ok(column.ok_or_else(|| damaged(name))?.iter().collect())
            };
            let seconds = b.column_by_name("seconds").and_then(|c| c.as_primitive_opt::<Float64Type>());
            let seconds: Vec<Option<f64>> = seconds.ok_or_else(|| damaged("seconds"))?.iter().collect();
            let (source, path, kind, format) = (text("source")?, text("path")?, text("kind")?, text("format")?);
            let (width, height, print) = (int("width")?, int("height")?, text("print")?);
            for row in 0..b.num_rows() {
                let size = width[row].zip(height[row]);
                let facts = || MediaFacts {
                    kind: kind[row].clone().unwrap_or_default(),
                    format: format[row].clone().unwrap_or_default(),
                    size: size.and_then(|(w, h)| Some((u32::try_from(w).ok()?, u32::try_from(h).ok()?))),
                    seconds: seconds[row],
                    print: print[row].clone(),
                    notes: Vec::new(),
                };
                let source = source[row].clone().unwrap_or_default();
                let path = path[row].clone().unwrap_or_default();
                files.entry(source).or_insert_with(|| (facts(), Vec::new())).1.push(path);
            }
            Ok(())
        })?;
        Ok(Self { files, changed: false })
    }

    /// An equal file lies in another place too.
    pub(super) fn also_at(&mut self, source: &str, path: &Path) {
        let place = place(path);
        if let Some((_, places)) = self.files.get_mut(source)
            && !places.contains(&place)
        {
            places.push(place);
            self.changed = true;
        }
    }

    /// Takes in a file that was looked at.
    pub(super) fn take(&mut self, source: &str, path: &Path, looked: Looked) -> Seen {
        let mut summary = intake::ReadSummary {
            format: String::new(),
            table: "media".into(),
            system: "media".into(),
            encoding: "binary".into(),
            compression: "none",
            rows: 0,
            rejected: 0,
            converted: 0,
            notes: Vec::new(),
        };
        match looked {
            Looked::Usable(mut facts) => {
                summary.format.clone_from(&facts.format);
                summary.rows = 1;
                summary.notes = std::mem::take(&mut facts.notes);
                let place = place(path);
                let known = self.files.entry(source.to_owned()).or_insert_with(|| (facts.clone(), Vec::new()));
                known.0 = facts;
                if !known.1.contains(&place) {
                    known.1.push(place);
                }
                self.changed = true;
                Seen { summary, reject: None }
            }
            Looked::Broken { kind, why, first } => {
                kind.clone_into(&mut summary.format);
                summary.rejected = 1;
                summary.notes = vec![why.clone()];
                self.forget(source);
                Seen { summary, reject: reject(source, kind, &why, &first) }
            }
        }
    }

    /// Takes a file out.
    pub(super) fn forget(&mut self, source: &str) {
        self.changed |= self.files.remove(source).is_some();
    }

    pub(super) async fn write(
        &mut self,
        lake: &Lake,
    ) -> Result<Option<(&'static TableDef, Vec<FileEntry>)>, LakeError> {
        self.changed = false;
        let def = def()?;
        let rows: Vec<Row<'_>> = self
            .files
            .iter()
            .flat_map(|(source, (facts, places))| {
                places.iter().zip(1..).map(move |(place, line)| (source.as_str(), line, place.as_str(), facts))
            })
            .collect();
        let text = |f: &dyn Fn(&Row<'_>) -> Option<String>| -> ArrayRef {
            Arc::new(rows.iter().map(f).collect::<StringArray>())
        };
        let int =
            |f: &dyn Fn(&Row<'_>) -> Option<i64>| -> ArrayRef { Arc::new(rows.iter().map(f).collect::<Int64Array>()) };
        let columns = vec![
            text(&|r| Some(r.0.to_owned())),
            int(&|r| i64::try_from(r.1).ok()),
            text(&|r| Some(r.2.to_owned())),
            text(&|r| Some(r.3.kind.clone())),
            text(&|r| Some(r.3.format.clone())),
            int(&|r| r.3.size.map(|s| i64::from(s.0))),
            int(&|r| r.3.size.map(|s| i64::from(s.1))),
            Arc::new(rows.iter().map(|r| r.3.seconds).collect::<Float64Array>()) as ArrayRef,
            text(&|r| r.3.print.clone()),
        ];
        let batch = RecordBatch::try_new(def.arrow_schema(), columns)
            .map_err(|e| LakeError::Internal(format!("raw.media: {e}")))?;
        Ok(Some((def, vec![write_file(lake, def, 0, &[vec![batch]]).await?])))
    }
}

/// The row of `raw.rejects` of a file that cannot be used.
fn reject(source: &str, kind: &str, why: &str, first: &str) -> Option<Reject> {
    let def = schema::table(Zone::Raw, "rejects")?;
    let columns: Vec<ArrayRef> = def
        .columns
        .iter()
        .map(|column| -> ArrayRef {
            let text = |value: &str| -> ArrayRef { Arc::new(StringArray::from(vec![value.to_owned()])) };
            match column.name {
                "source" => text(source),
                "line" => Arc::new(Int64Array::from(vec![1])),
                "table_name" => text("media"),
                "rule" => text("unreadable_media"),
                "column" => text(kind),
                "value" => text(first),
                _ => text(why),
            }
        })
        .collect();
    Some(Reject { def, row: RecordBatch::try_new(def.arrow_schema(), columns).ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(format: &str) -> Looked {
        Looked::Usable(MediaFacts { kind: "picture".into(), format: format.into(), ..MediaFacts::default() })
    }

    #[test]
    fn a_place_is_a_folder_and_a_name_and_nothing_of_the_machine() {
        assert_eq!(place(Path::new("some/where/shop/images/A-1.png")), "images/A-1.png");
        assert_eq!(place(Path::new("A-1.png")), "A-1.png");
    }

    #[test]
    fn equal_files_in_two_places_are_one_file_with_two_rows() {
        let mut media = Media::default();
        media.take("aa", Path::new("x/a.png"), picture("png"));
        media.changed = false;
        media.also_at("aa", Path::new("x/a.png"));
        assert!(!media.changed);
        media.also_at("aa", Path::new("y/b.png"));
        media.also_at("never seen", Path::new("y/b.png"));
        assert!(media.changed);
        assert_eq!(media.files["aa"].1, ["x/a.png", "y/b.png"]);
        assert_eq!(media.files.len(), 1);
    }

    #[test] // Read again with another verdict, nothing of the earlier one stays.
    fn a_file_that_turns_out_broken_is_put_aside_with_the_reason() {
        let mut media = Media::default();
        media.take("aa", Path::new("x/a.png"), picture("png"));
        let broken = Looked::Broken { kind: "picture", why: "the file is empty".into(), first: String::new() };
        let seen = media.take("aa", Path::new("x/a.png"), broken);
        assert_eq!((seen.summary.rows, seen.summary.rejected), (0, 1));
        let row = seen.reject.unwrap().row;
        let at = |name: &str| row.column_by_name(name).unwrap().as_string::<i32>().value(0).to_owned();
        assert_eq!(
            (at("source"), at("rule"), at("expected")),
            ("aa".into(), "unreadable_media".into(), "the file is empty".into())
        );
        assert!(media.files.is_empty());
    }
}
