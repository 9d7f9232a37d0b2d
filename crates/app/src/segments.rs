//! The segments of a workspace: `segments.toml` beside `portolan.toml`, and where their fields lie in the lake.

use crate::exit::{Exit, Stop};
use crate::pipeline::rows::Rows;
use anyhow::{Context, Result};
use audience::segments::ast::{Expr, Op, Term, Test};
use audience::segments::{BookError, Columns, Definition, Field, Grouping, SegmentBook};
use domain::Day;
use lake::Engine;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

mod laid;

pub(crate) use laid::{about, answer};

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

/// Name of the file with what was fitted for `group("…")`.
pub(crate) const GROUPINGS: &str = "groupings.json";

pub(crate) fn groupings_path(root: &Path) -> PathBuf {
    root.join(GROUPINGS)
}

/// The groupings that rules can ask for; none where there is no file.
pub(crate) fn groupings(root: &Path) -> Result<Vec<Grouping>> {
    let path = groupings_path(root);
    if !path.exists() {
        return Ok(Vec::new());
    }
    let text = std::fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
    let wrong = |e: String| {
        let next = "`portolan segments fit` writes it; without the file there are no groupings";
        Stop::error(Exit::Usage, format!("{}: {e}", path.display()), next)
    };
    let read: Vec<Grouping> = serde_json::from_str(&text).map_err(|e| wrong(e.to_string()))?;
    read.into_iter().map(|grouping| grouping.check().map_err(wrong)).collect()
}

fn write_groupings(root: &Path, groupings: &[Grouping]) -> Result<()> {
    let text = serde_json::to_string_pretty(groupings).context("the groupings as text")?;
    replace(&groupings_path(root), &text)
}

/// Keeps a grouping with a segment a group, in the place of one of the same name. Nothing is written where a rule asks
/// for a group that the new one does not have.
pub(crate) fn keep_grouping(root: &Path, grouping: Grouping) -> Result<SegmentBook> {
    let name = grouping.name.clone();
    let mut all = groupings(root)?;
    let old = all.iter().position(|g| g.name == name).map(|at| all.remove(at));
    let own: BTreeSet<String> = old.iter().chain([&grouping]).flat_map(Grouping::rules).map(|d| d.name).collect();
    let mut bare = definitions(root)?;
    let (replaced, rest): (Vec<Definition>, Vec<Definition>) =
        bare.drain(..).partition(|d| own.contains(&d.name) && asks_only_for(&d.rule, &name));
    let still = |d: &Definition| replaced.iter().any(|r| r.name == d.name);
    let new = grouping.rules();
    if let Some(taken) = new.iter().find(|d| rest.iter().any(|r| r.name == d.name)) {
        let what = format!("there is another segment `{}` already, with a rule of its own", taken.name);
        return Err(Stop::error(Exit::Usage, what, "give the grouping another name"));
    }
    let all_of = |groups: &[Definition]| [&rest[..], groups].concat();
    all.push(grouping);
    let book = checked_with(&all_of(&new), all.clone(), root)?;
    // Every step leaves files that can be read together: rules that only the old one has go first, those that only
    // the new one has come last.
    let common: Vec<Definition> = new.iter().filter(|d| still(d)).cloned().collect();
    write_definitions(root, all_of(&common))?;
    write_groupings(root, &all)?;
    write_definitions(root, all_of(&new))?;
    Ok(book)
}

/// Takes a grouping and the segments of its groups away; `false` where there is none of that name.
pub(crate) fn drop_grouping(root: &Path, name: &str) -> Result<bool> {
    let mut all = groupings(root)?;
    let Some(at) = all.iter().position(|g| g.name == name) else { return Ok(false) };
    let own: BTreeSet<String> = all.remove(at).rules().into_iter().map(|d| d.name).collect();
    let mut rest = definitions(root)?;
    rest.retain(|d| !(own.contains(&d.name) && asks_only_for(&d.rule, name)));
    checked_with(&rest, all.clone(), root)?;
    write_definitions(root, rest)?;
    write_groupings(root, &all)?;
    Ok(true)
}

/// Whether a rule is `group("name") = …` and nothing else, as it was made for a group.
fn asks_only_for(rule: &str, name: &str) -> bool {
    let of = |rule: Expr| matches!(rule, Expr::Test(Test::Compare(Term::Group(g), Op::Eq, _)) if g == name);
    audience::segments::parse(rule).is_ok_and(of)
}

/// The checked segments.
pub(crate) fn book(root: &Path) -> Result<SegmentBook> {
    checked(&definitions(root)?, root)
}

fn checked(definitions: &[Definition], root: &Path) -> Result<SegmentBook> {
    checked_with(definitions, groupings(root)?, root)
}

fn checked_with(definitions: &[Definition], groupings: Vec<Grouping>, root: &Path) -> Result<SegmentBook> {
    SegmentBook::with_groupings(definitions, groupings).map_err(|e| {
        let next = "`portolan segments fields` lists what a rule can ask; docs/audience.md has the language";
        Stop::error(Exit::Usage, format!("{}: {e}", path(root).display()), next)
    })
}

/// Writes the definitions, checked together, in one step.
pub(crate) fn write(root: &Path, definitions: Vec<Definition>) -> Result<SegmentBook> {
    let book = checked(&definitions, root)?;
    write_definitions(root, definitions)?;
    Ok(book)
}

fn write_definitions(root: &Path, definitions: Vec<Definition>) -> Result<()> {
    let text = toml::to_string_pretty(&Raw { segment: definitions }).context("the segments as text")?;
    replace(&path(root), &text)
}

/// Writes a file beside its place and moves it there.
fn replace(path: &Path, text: &str) -> Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    std::fs::write(&beside, text).with_context(|| format!("writing {}", beside.display()))?;
    std::fs::rename(&beside, path).with_context(|| format!("writing {}", path.display()))
}

/// Where this lake has the fields. A lake that an earlier release cleaned has no numbers of shoppers: it is asked by name
/// until it is cleaned again, which the next `portolan run` does.
pub(crate) async fn columns_of(engine: &Engine) -> Result<Columns> {
    let numbered = "select 1 as one from clean.shoppers where shopper_no is not null limit 1";
    let numbered = Rows::query(engine, numbered).await?.len() > 0;
    Ok(if numbered { columns() } else { columns().by_name() })
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
        .with_carts("marts.carts")
        .with_interests("marts.shopper_interests", "category", "share")
        .with_values("marts.shopper_values", "value", "score")
}

/// Below this a segment of people by age, sex, education, job or income is not counted out.
pub(crate) const PRIVACY_FLOOR: u64 = 10;

/// The count, `None` where it would say who a few people are.
pub(crate) fn shown(book: &SegmentBook, name: &str, n: i64) -> Option<i64> {
    let hidden = book.is_demographic(name) && n > 0 && (n as u64) < PRIVACY_FLOOR;
    (!hidden).then_some(n)
}

/// First day that rules do not see: the day after the last sale.
pub(crate) async fn cutoff(engine: &Engine) -> Result<Day> {
    let rows = Rows::query(engine, "select max(day) as day from clean.order_lines where settled").await?;
    let last = rows.optional_days("day")?.into_iter().flatten().next();
    last.map(|day| day.plus(1))
        .ok_or_else(|| Stop::error(Exit::Missing, "the lake has no sale yet", "`portolan ingest FILE` takes orders"))
}

/// How many shoppers a rule finds now.
pub(crate) struct Counted {
    book: SegmentBook,
    /// The rule in canonical form.
    pub(crate) text: String,
    /// First day that it does not see.
    pub(crate) as_of: Day,
    pub(crate) n: i64,
    /// Of those, with consent to mail.
    pub(crate) consent: i64,
    /// By home market: those it finds, and all shoppers.
    pub(crate) by_market: Vec<(String, i64, i64)>,
    /// Fields that no table has.
    pub(crate) missing: Vec<&'static str>,
    /// Fields and interests that the rule asks for and nobody has a value of.
    pub(crate) of_nobody: Vec<String>,
}

impl Counted {
    /// A count, `None` where it would say who a few people are.
    pub(crate) fn shown(&self, n: i64) -> Option<i64> {
        shown(&self.book, TRIED, n)
    }
}

/// What a rule is called that is only tried.
const TRIED: &str = "this rule";

/// Reads a rule beside the segments of the workspace.
pub(crate) fn tried(root: &Path, rule: &str) -> Result<std::result::Result<SegmentBook, BookError>> {
    let mut definitions = definitions(root)?;
    definitions.push(Definition::new(TRIED, rule));
    Ok(SegmentBook::with_groupings(&definitions, groupings(root)?))
}

/// Counts the shoppers that a rule finds now.
pub(crate) async fn count(engine: &Engine, root: &Path, rule: &str) -> Result<Counted> {
    let book = tried(root, rule)?
        .map_err(|e| Stop::error(Exit::Usage, e.to_string(), "`portolan segments fields` lists what a rule can ask"))?;
    let (as_of, columns) = tokio::try_join!(cutoff(engine), columns_of(engine))?;
    let compiled = book.compile_one(TRIED, &columns, as_of).context("the rule that was just read")?;
    let column = compiled.columns.iter().find(|(name, _)| name == TRIED).map(|(_, c)| c.as_str()).unwrap_or("s0");
    let counts = |members: &str| {
        format!(
            "select market, count(case when {column} then 1 end) as n, count(*) as n_all, \
             count(case when {column} and accepts_marketing then 1 end) as n_consent \
             from ({members}) members group by market order by market"
        )
    };
    let (rows, of_nobody) =
        tokio::try_join!(about(engine, &compiled, counts), known_of_nobody(engine, &book, &columns))?;
    let (markets, found, all) = (rows.texts("market")?, rows.ints("n")?, rows.ints("n_all")?);
    let text = book.get(TRIED).map(|e| e.text()).unwrap_or_default();
    let missing = compiled.absent.iter().map(|f| f.name()).collect();
    let (n, consent) = (found.iter().sum(), rows.ints("n_consent")?.iter().sum());
    let by_market =
        markets.into_iter().zip(found).zip(all).map(|((market, found), all)| (market, found, all)).collect();
    Ok(Counted { text, as_of, n, consent, by_market, missing, of_nobody, book })
}

/// What the tried rule, and the segments that it refers to, ask for and no shopper has: a count of none is then no finding.
async fn known_of_nobody(engine: &Engine, book: &SegmentBook, columns: &Columns) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for term in terms(book) {
        let asked = match &term {
            Term::Field(field) => columns.fields.get(field).map(|(table, column)| {
                (field.name().to_owned(), format!("select 1 as one from {table} where {column} is not null limit 1"))
            }),
            Term::Interest(name) => columns.interests.as_ref().map(|(table, column, _)| {
                let quoted = name.replace('\'', "''");
                (term.to_string(), format!("select 1 as one from {table} where lower({column}) = '{quoted}' limit 1"))
            }),
            Term::Value(name) => columns.values.as_ref().map(|(table, column, _)| {
                let quoted = name.replace('\'', "''");
                (term.to_string(), format!("select 1 as one from {table} where lower({column}) = '{quoted}' limit 1"))
            }),
            Term::CartAbandoned(_) => columns.carts.as_ref().map(|table| {
                (term.to_string(), format!("select 1 as one from {table} where shopper_id is not null limit 1"))
            }),
            _ => None,
        };
        if let Some((name, sql)) = asked
            && Rows::query(engine, &sql).await?.len() == 0
        {
            found.push(name);
        }
    }
    Ok(found)
}

/// The terms of the tried rule and of the segments that it refers to, each once.
fn terms(book: &SegmentBook) -> Vec<Term> {
    let (mut terms, mut open, mut seen) = (Vec::new(), vec![TRIED.to_owned()], BTreeSet::new());
    while let Some(name) = open.pop() {
        let Some(entry) = book.get(&name).filter(|_| seen.insert(name.clone())) else { continue };
        for term in entry.rule().tests().into_iter().map(|test| test.term()) {
            if let Term::Segment(other) = term {
                open.push(other.clone());
            }
            if let Term::Group(grouping) = term {
                let measures = book.grouping(grouping).into_iter().flat_map(|g| &g.measures);
                let new: Vec<Term> = measures.map(|m| m.term.clone()).filter(|term| !terms.contains(term)).collect();
                terms.extend(new);
                continue;
            }
            if !terms.contains(term) {
                terms.push(term.clone());
            }
        }
    }
    terms
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
    fn the_terms_of_a_tried_rule_are_those_of_its_segments_too_each_once() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), vec![Definition::new("women", "sex = female and market = DE")]).unwrap();
        let book = tried(folder.path(), "segment(\"women\") and sex = female or interest(\"Toaster\") > 0.5")
            .unwrap()
            .unwrap();
        let found: Vec<String> = terms(&book).iter().map(ToString::to_string).collect();
        assert_eq!(found, ["segment(\"women\")", "sex", "interest(\"toaster\")", "market"]);
    }

    #[test]
    fn a_file_with_an_unknown_key_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(path(folder.path()), "[[segment]]\nname = \"a\"\nrul = \"r = 5\"\n").unwrap();
        assert!(book(folder.path()).is_err());
    }
}
