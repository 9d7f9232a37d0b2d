//! The segments of a workspace: `segments.toml` beside `portolan.toml`, and where their fields lie in the lake.

use crate::exit::{Exit, Stop};
use anyhow::{Context, Result};
use audience::segments::{Columns, Definition, Field, SegmentBook};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Name of the file.
pub(crate) const FILE: &str = "segments.toml";

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    #[serde(default)]
    segment: Vec<Definition>,
}

/// What a workspace starts with: useful anywhere, and examples of the language.
const STARTERS: [(&str, &str, &str); 6] = [
    ("repeat buyers", "orders.count >= 2", "came back at least once"),
    (
        "second order due",
        "orders.count = 1 and days_since_first_order between 14 and 60",
        "one order, not long ago: the next step is the second",
    ),
    (
        "big spenders asleep",
        "m >= 4 and days_since_last_order >= 90",
        "spent much and has been silent for three months",
    ),
    (
        "half-year regulars",
        "orders.count(180d) >= 2 and not returned_last",
        "at least two orders in half a year, nothing of the last came back",
    ),
    (
        "sends much back",
        "orders.count >= 2 and returns.share >= 0.3",
        "things came back from a third of the orders or more",
    ),
    ("may be written to", "consent and days_since_last_order <= 365", "agreed to mail and ordered within a year"),
];

/// A cell of a CSV file, quoted where it has to be.
pub(crate) fn csv_cell(text: &str) -> String {
    if text.contains([',', '"', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

pub(crate) fn path(root: &Path) -> PathBuf {
    root.join(FILE)
}

/// The definitions of the file; the starters where there is none.
pub(crate) fn definitions(root: &Path) -> Result<Vec<Definition>> {
    let path = path(root);
    if !path.exists() {
        let starter = |(name, rule, description): &(&str, &str, &str)| Definition {
            name: (*name).into(),
            rule: (*rule).into(),
            description: (*description).into(),
        };
        return Ok(STARTERS.iter().map(starter).collect());
    }
    let text = std::fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
    let raw: Raw = toml::from_str(&text).map_err(|e| {
        let next = "an entry is: [[segment]] with name = \"…\", rule = \"…\" and description = \"…\"";
        Stop::error(Exit::Usage, format!("{}: {}", path.display(), e.to_string().trim_end()), next)
    })?;
    Ok(raw.segment)
}

/// The checked segments.
pub(crate) fn book(root: &Path) -> Result<SegmentBook> {
    checked(&definitions(root)?, root)
}

fn checked(definitions: &[Definition], root: &Path) -> Result<SegmentBook> {
    SegmentBook::read(definitions).map_err(|e| {
        let next = "`portolan segments fields` lists what a rule can ask; docs/audience.md has the language";
        Stop::error(Exit::Usage, format!("{}: {e}", path(root).display()), next)
    })
}

/// Writes the definitions, checked together, in one step.
pub(crate) fn write(root: &Path, definitions: Vec<Definition>) -> Result<SegmentBook> {
    let book = checked(&definitions, root)?;
    let text = toml::to_string_pretty(&Raw { segment: definitions }).context("the segments as text")?;
    let (path, beside) = (path(root), root.join(".segments.toml.new"));
    std::fs::write(&beside, text).with_context(|| format!("writing {}", beside.display()))?;
    std::fs::rename(&beside, &path).with_context(|| format!("writing {}", path.display()))?;
    Ok(book)
}

/// Where the lake has the fields.
pub(crate) fn columns() -> Columns {
    let traits = "marts.shopper_traits";
    let outlook = "marts.shopper_outlook";
    Columns::default()
        .with(Field::Age, traits, "age")
        .with(Field::Sex, traits, "sex")
        .with(Field::Education, traits, "education")
        .with(Field::Job, traits, "job")
        .with(Field::Income, traits, "income")
        .with(Field::FavouriteHour, traits, "favourite_hour")
        .with(Field::FavouriteWeekday, traits, "favourite_weekday")
        .with(Field::PAlive, outlook, "p_alive")
        .with(Field::ExpectedValue, outlook, "expected_revenue")
        .with(Field::ChurnRisk, outlook, "churn_risk")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_starters_can_be_read_and_a_written_book_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        assert_eq!(book(root).unwrap().entries().count(), STARTERS.len());
        let mut all = definitions(root).unwrap();
        all.push(Definition::new("germans", "market = DE and segment(\"repeat buyers\")"));
        write(root, all.clone()).unwrap();
        assert_eq!(definitions(root).unwrap(), all);
        all.push(Definition::new("wrong", "ordrs.count > 1"));
        let error = write(root, all).unwrap_err().to_string();
        assert!(error.contains("did you mean"), "{error}");
        assert_eq!(definitions(root).unwrap().len(), STARTERS.len() + 1, "what was refused was not written");
    }

    #[test]
    fn a_file_with_an_unknown_key_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(path(folder.path()), "[[segment]]\nname = \"a\"\nrul = \"r = 5\"\n").unwrap();
        assert!(book(folder.path()).is_err());
    }
}
