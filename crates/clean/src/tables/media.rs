//! clean.media: pictures, sounds and videos with the products whose catalogue records name them.
//!
//! A record says `images/A-1.png` or `https://shop.example/p/images/A-1.png?v=2`, the file lay in
//! `images/A-1.png`: they are the same where the file names are, and of several files of one name the one
//! that shares most folders counts. Where two files share equally many, the record means neither: nobody
//! can say which.

use super::{Origin, Sweep, TableOut};
use crate::columns::{Reader, batch, clean_table, float_array, int_array, must_ints, must_texts, text_array};
use crate::rules::Rule;
use crate::survey::Surveyed;
use crate::{CleanError, CleanParams};
use arrow_array::RecordBatch;
use std::collections::BTreeMap;

struct Row {
    source: String,
    line: i64,
    path: String,
    kind: String,
    format: String,
    size: (Option<i64>, Option<i64>),
    seconds: Option<f64>,
    print: Option<String>,
}

/// Cleans raw.media: every place, once for each product that it shows.
///
/// # Errors
/// [`CleanError`] for batches of another layout.
pub fn media(batches: &[RecordBatch], surveyed: &Surveyed, params: &CleanParams) -> Result<TableOut, CleanError> {
    let mut sweep = Sweep::new("media", surveyed, params);
    let mut rows: Vec<Row> = Vec::new();
    for raw in batches {
        let r = Reader::new("media", raw);
        let origin = Origin::new(r)?;
        let (path, kind, format, print) = (r.text("path")?, r.text("kind")?, r.text("format")?, r.text("print")?);
        let (width, height, seconds) = (r.ints("width")?, r.ints("height")?, r.floats("seconds")?);
        for row in 0..raw.num_rows() {
            let at = sweep.row(&origin, row, &[Rule::MissingValue]);
            rows.push(Row {
                source: at.source,
                line: at.line,
                path: path.get(row).unwrap_or_default().to_owned(),
                kind: kind.get(row).unwrap_or_default().to_owned(),
                format: format.get(row).unwrap_or_default().to_owned(),
                size: (width.get(row), height.get(row)),
                seconds: seconds.get(row),
                print: print.get(row).map(str::to_owned),
            });
        }
    }
    rows.sort_by(|a, b| (&a.source, a.line).cmp(&(&b.source, b.line)));
    let paths: Vec<&str> = rows.iter().map(|r| r.path.as_str()).collect();
    let shown = shown(&paths, &surveyed.pictures());
    let out: Vec<(&Row, Option<&str>)> = rows
        .iter()
        .zip(&shown)
        .flat_map(|(row, products)| {
            let named = products.iter().map(move |p| (row, Some(p.as_str())));
            named.chain(products.is_empty().then_some((row, None)))
        })
        .collect();
    let table = batch(
        clean_table("media"),
        vec![
            must_texts(out.iter().map(|(r, _)| &r.source)),
            must_ints(out.iter().map(|(r, _)| r.line)),
            must_texts(out.iter().map(|(r, _)| &r.path)),
            must_texts(out.iter().map(|(r, _)| &r.kind)),
            must_texts(out.iter().map(|(r, _)| &r.format)),
            int_array(out.iter().map(|(r, _)| r.size.0)),
            int_array(out.iter().map(|(r, _)| r.size.1)),
            float_array(out.iter().map(|(r, _)| r.seconds)),
            text_array(out.iter().map(|(r, _)| r.print.as_deref())),
            text_array(out.iter().map(|(_, product)| *product)),
        ],
    );
    Ok(sweep.finish(table))
}

/// File name and folders, innermost first, in small letters; what follows a `?` or `#` is no part of it.
fn parts(path: &str) -> Vec<String> {
    let path = path.split(['?', '#']).next().unwrap_or_default().replace('\\', "/").to_lowercase();
    path.rsplit('/').filter(|part| !part.is_empty() && *part != ".").map(str::to_owned).collect()
}

/// The products that each path shows, in the order of `named`.
fn shown(paths: &[&str], named: &[(&str, &str)]) -> Vec<Vec<String>> {
    let split: Vec<Vec<String>> = paths.iter().map(|p| parts(p)).collect();
    let mut by_name: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, parts) in split.iter().enumerate() {
        if let Some(name) = parts.first() {
            by_name.entry(name).or_default().push(at);
        }
    }
    let mut shown = vec![Vec::new(); paths.len()];
    for (product, image) in named {
        let wanted = parts(image);
        let Some(files) = wanted.first().and_then(|name| by_name.get(name.as_str())) else { continue };
        let common = |at: usize| split[at].iter().zip(&wanted).take_while(|(a, b)| a == b).count();
        let most = files.iter().map(|&at| common(at)).max().unwrap_or(0);
        let mut best = files.iter().filter(|&&at| common(at) == most);
        if let (Some(&at), None) = (best.next(), best.next()) {
            shown[at].push((*product).to_owned());
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_means_the_file_that_shares_its_name_and_most_folders() {
        let paths = ["images/A-1.png", "old/A-1.png", "images/b.PNG", "x/c.jpg", "y/c.jpg"];
        let named = [
            ("A", "https://shop.example/images/A-1.png?v=2"),
            ("B", ".\\images\\b.png"),
            ("C", "c.jpg"),
            ("D", "images/none.png"),
            ("E", "images/b.png"),
        ];
        let shown = shown(&paths, &named);
        assert_eq!(shown[0], ["A"]);
        assert!(shown[1].is_empty());
        assert_eq!(shown[2], ["B", "E"]);
        assert!(shown[3].is_empty() && shown[4].is_empty(), "two files fit equally well");
    }
}
