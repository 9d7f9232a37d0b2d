//! The named segments of a workspace: read, checked against each other, versioned, counted.
//!
//! A definition is a name, a description and a text. Its version is a hash of the canonical text and of
//! the versions of the segments that it refers to, so that a version names exactly one meaning; a
//! comment or a blank changes nothing. Intersections, unions and exclusions are definitions like any other.

use super::ast::{Expr, Literal, Op, Term, Test};
use super::columns::Columns;
use super::error::{SegmentError, nearest};
use super::evaluate::{Explanation, evaluate, explain};
use super::facts::{Around, ShopperFacts};
use super::groups::Grouping;
use super::parser::parse;
use super::sql::{Compiled, Named, compile};
use domain::Day;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// What a person writes: one entry of a file of segments.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Definition {
    /// Name, unique in the book.
    pub name: String,
    /// The rule.
    pub rule: String,
    /// What it is for, in words.
    #[serde(default)]
    pub description: String,
}

/// A definition that has been read.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    name: String,
    description: String,
    rule: Expr,
    version: String,
    depends_on: Vec<String>,
}

/// Why a book is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BookError {
    /// A rule that cannot be read.
    #[error("segment `{name}`, {error}")]
    Rule {
        /// The segment.
        name: String,
        /// What is wrong.
        error: SegmentError,
    },
    /// A name that is none.
    #[error("`{0}` is no name of a segment: 1 to 80 characters without line breaks or quotes are")]
    Name(String),
    /// Two definitions of one name.
    #[error("segment `{0}` is defined twice")]
    Twice(String),
    /// A reference to nothing.
    #[error("segment `{name}` refers to `{missing}`, which is not defined{}", .near.as_ref().map(|n| format!("; did you mean `{n}`?")).unwrap_or_default())]
    Unknown {
        /// Who refers.
        name: String,
        /// To what.
        missing: String,
        /// A name that is near.
        near: Option<String>,
    },
    /// A rule about groups that there are not.
    #[error("segment `{name}` asks for `{asked}`, and {there}")]
    Group {
        /// Who asks.
        name: String,
        /// For what.
        asked: String,
        /// What there is instead.
        there: String,
    },
    /// Segments that refer to each other in a circle.
    #[error("segments refer to each other in a circle: {}", .0.join(" → "))]
    Cycle(Vec<String>),
}

/// All segments, each checked, none referring to itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SegmentBook {
    /// Groupings that a rule can ask for, by name.
    groupings: BTreeMap<String, Grouping>,
    /// By name.
    entries: BTreeMap<String, Entry>,
    /// Names, each after those that it refers to.
    order: Vec<String>,
}

/// Two or more segments put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Combination {
    /// In all of them.
    Intersection,
    /// In one of them.
    Union,
    /// In the first and in none of the others.
    Exclusion,
}

impl Definition {
    /// A definition without a description.
    pub fn new(name: impl Into<String>, rule: impl Into<String>) -> Self {
        Self { name: name.into(), rule: rule.into(), description: String::new() }
    }

    /// Segments put together by name; `None` without any.
    pub fn combined(name: impl Into<String>, how: Combination, of: &[&str]) -> Option<Self> {
        let member = |name: &&str| Expr::Test(Test::Yes(Term::Segment((*name).to_owned())));
        let (first, rest) = of.split_first()?;
        let all = || of.iter().map(member).collect();
        let rule = match how {
            Combination::Intersection => Expr::and(all()),
            Combination::Union => Expr::or(all()),
            Combination::Exclusion => {
                let out = rest.iter().map(|name| member(name).negated());
                Expr::and(std::iter::once(member(first)).chain(out).collect())
            }
        };
        Some(Self::new(name, rule.to_string()))
    }
}

impl Entry {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it is for.
    pub fn description(&self) -> &str {
        &self.description
    }

    /// Its rule.
    pub fn rule(&self) -> &Expr {
        &self.rule
    }

    /// The canonical text of its rule.
    pub fn text(&self) -> String {
        self.rule.to_string()
    }

    /// Sixteen hexadecimal digits that change with the meaning.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Segments that it refers to itself.
    pub fn depends_on(&self) -> &[String] {
        &self.depends_on
    }
}

impl SegmentBook {
    /// Reads the definitions.
    ///
    /// # Errors
    /// [`BookError`] for a rule that cannot be read, a name that is none or used twice, a reference to
    /// nothing or in a circle.
    pub fn read(definitions: &[Definition]) -> Result<Self, BookError> {
        Self::with_groupings(definitions, Vec::new())
    }

    /// Reads the definitions, which may ask for groups; of two groupings of one name the later counts.
    ///
    /// # Errors
    /// As [`Self::read`]; [`BookError::Group`] for a grouping, or a group of one, that there is not.
    pub fn with_groupings(definitions: &[Definition], groupings: Vec<Grouping>) -> Result<Self, BookError> {
        let mut rules: BTreeMap<&str, (&Definition, Expr)> = BTreeMap::new();
        for definition in definitions {
            let name = definition.name.as_str();
            let fits = (1..=80).contains(&name.chars().count()) && name.trim() == name;
            if !fits || name.chars().any(|c| c.is_control() || matches!(c, '"' | '\\')) {
                return Err(BookError::Name(name.to_owned()));
            }
            let rule = parse(&definition.rule).map_err(|error| BookError::Rule { name: name.to_owned(), error })?;
            if rules.insert(name, (definition, rule)).is_some() {
                return Err(BookError::Twice(name.to_owned()));
            }
        }
        for (name, (_, rule)) in &rules {
            if let Some(missing) = rule.depends_on().into_iter().find(|d| !rules.contains_key(d.as_str())) {
                let near = nearest(&missing, rules.keys().copied().filter(|k| k != name)).map(str::to_owned);
                return Err(BookError::Unknown { name: (*name).to_owned(), missing, near });
            }
        }
        let groupings = groupings.into_iter().map(|g| (g.name.clone(), g)).collect();
        let mut book = Self { groupings, ..Self::default() };
        for (name, (_, rule)) in &rules {
            rule.tests().into_iter().try_for_each(|test| book.check_groups(name, test))?;
        }
        for name in rules.keys() {
            book.add(name, &rules, &mut Vec::new())?;
        }
        Ok(book)
    }

    /// Whether a statement asks for groups that there are.
    fn check_groups(&self, segment: &str, test: &Test) -> Result<(), BookError> {
        let Term::Group(name) = test.term() else { return Ok(()) };
        let wrong = |asked: String, there: String| Err(BookError::Group { name: segment.to_owned(), asked, there });
        let Some(grouping) = self.groupings.get(name) else {
            let there = match nearest(name, self.groupings.keys().map(String::as_str)) {
                Some(near) => format!("there is no such grouping; did you mean `{near}`?"),
                None if self.groupings.is_empty() => "there is no grouping yet".to_owned(),
                None => "there is no such grouping".to_owned(),
            };
            return wrong(test.term().to_string(), there);
        };
        let asked: Vec<&Literal> = match test {
            Test::Compare(_, Op::Eq | Op::Ne, literal) => vec![literal],
            Test::In(_, literals) => literals.iter().collect(),
            _ => Vec::new(),
        };
        let is_one = |literal: &&Literal| {
            let k = grouping.groups.len();
            matches!(literal, Literal::Number(n) if n.fract() == 0.0 && (1.0..=k as f64).contains(n))
        };
        match asked.into_iter().find(|literal| !is_one(literal)) {
            None => Ok(()),
            Some(literal) => {
                wrong(format!("{} = {literal}", test.term()), format!("its groups are 1 to {}", grouping.groups.len()))
            }
        }
    }

    /// Adds a segment after those that it refers to; `path` leads to it.
    fn add(
        &mut self,
        name: &str,
        rules: &BTreeMap<&str, (&Definition, Expr)>,
        path: &mut Vec<String>,
    ) -> Result<(), BookError> {
        if self.entries.contains_key(name) {
            return Ok(());
        }
        if let Some(start) = path.iter().position(|p| p == name) {
            let mut circle = path[start..].to_vec();
            circle.push(name.to_owned());
            return Err(BookError::Cycle(circle));
        }
        path.push(name.to_owned());
        let (definition, rule) = &rules[name];
        let depends_on = rule.depends_on();
        for below in &depends_on {
            self.add(below, rules, path)?;
        }
        path.pop();
        let mut meaning = rule.to_string();
        for below in &depends_on {
            let _ = write!(meaning, "\n{below} {}", self.entries[below].version);
        }
        for grouping in rule.groupings() {
            let _ = write!(meaning, "\n{grouping} {}", self.groupings[&grouping].meaning());
        }
        let entry = Entry {
            name: name.to_owned(),
            description: definition.description.clone(),
            rule: rule.clone(),
            version: format!("{:016x}", hash(meaning.as_bytes())),
            depends_on,
        };
        self.entries.insert(name.to_owned(), entry);
        self.order.push(name.to_owned());
        Ok(())
    }

    /// All groupings by name.
    pub fn groupings(&self) -> impl Iterator<Item = &Grouping> {
        self.groupings.values()
    }

    /// One grouping.
    pub fn grouping(&self, name: &str) -> Option<&Grouping> {
        self.groupings.get(name)
    }

    /// All segments by name.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values()
    }

    /// One segment.
    pub fn get(&self, name: &str) -> Option<&Entry> {
        self.entries.get(name)
    }

    /// Rules by name, each after those that it refers to.
    pub fn in_order(&self) -> Vec<Named> {
        self.order.iter().map(|name| Named { name: name.clone(), rule: self.entries[name].rule.clone() }).collect()
    }

    /// One query for all segments before `as_of`, the first day that is not seen.
    pub fn compile(&self, columns: &Columns, as_of: Day) -> Compiled {
        compile(&self.in_order(), &self.groupings, columns, as_of)
    }

    /// One query for a segment and those that it refers to; `None` where it is not defined.
    pub fn compile_one(&self, name: &str, columns: &Columns, as_of: Day) -> Option<Compiled> {
        self.entries.get(name)?;
        let mut wanted: BTreeSet<&str> = BTreeSet::from([name]);
        for below in self.order.iter().rev() {
            if wanted.contains(below.as_str()) {
                wanted.extend(self.entries[below].depends_on.iter().map(String::as_str));
            }
        }
        let rules: Vec<Named> = self.in_order().into_iter().filter(|n| wanted.contains(n.name.as_str())).collect();
        Some(compile(&rules, &self.groupings, columns, as_of))
    }

    /// The segments that a shopper is in, by the reference evaluator.
    pub fn members_of(&self, facts: &ShopperFacts, as_of: Day) -> BTreeSet<String> {
        let mut inside = BTreeSet::new();
        for name in &self.order {
            let member = |other: &str| inside.contains(other);
            let around = Around { member: &member, groupings: &self.groupings };
            let answer = evaluate(&self.entries[name].rule, facts, as_of, around);
            if answer == Some(true) {
                inside.insert(name.clone());
            }
        }
        inside
    }

    /// Why a shopper is in a segment or not, statement by statement; `None` where it is not defined.
    pub fn explain(&self, name: &str, facts: &ShopperFacts, as_of: Day) -> Option<Explanation> {
        let entry = self.entries.get(name)?;
        let inside = self.members_of(facts, as_of);
        let member = |other: &str| inside.contains(other);
        let around = Around { member: &member, groupings: &self.groupings };
        Some(explain(&entry.rule, facts, as_of, around))
    }
}

/// FNV-1a of 64 bits: a name for a text, no protection against a forger. Source: Fowler, Noll, Vo and
/// Eastlake, "The FNV non-cryptographic hash algorithm", IETF draft, 2019.
fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(*b)).wrapping_mul(0x0000_0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn book(definitions: &[(&str, &str)]) -> Result<SegmentBook, BookError> {
        let definitions: Vec<Definition> = definitions.iter().map(|(n, r)| Definition::new(*n, *r)).collect();
        SegmentBook::read(&definitions)
    }

    #[test]
    fn a_version_follows_the_meaning_and_not_the_blanks() {
        let version = |rule: &str| {
            let book = book(&[("a", rule), ("b", "segment(\"a\") and r >= 4")]).unwrap();
            (book.get("a").unwrap().version().to_owned(), book.get("b").unwrap().version().to_owned())
        };
        let first = version("market in [FR, DE]");
        assert_eq!(first, version("market   in [de, fr] # the same"));
        let other = version("market in [FR]");
        assert!(first.0 != other.0 && first.1 != other.1, "what is built on it changes too");
        // FNV-1a's own test values.
        assert_eq!((hash(b""), hash(b"a")), (0xcbf2_9ce4_8422_2325, 0xaf63_dc4c_8601_ec8c));
    }

    #[test]
    fn circles_gaps_and_repeats_are_refused() {
        let circle = book(&[("a", "segment(b)"), ("b", "segment(c) or r = 1"), ("c", "not segment(a)")]);
        assert_eq!(circle.unwrap_err().to_string(), "segments refer to each other in a circle: a → b → c → a");
        let own = book(&[("a", "segment(a)")]).unwrap_err();
        assert_eq!(own, BookError::Cycle(vec!["a".into(), "a".into()]));
        let gap = book(&[("loyal", "r = 5"), ("b", "segment(loyl)")]).unwrap_err();
        assert!(gap.to_string().ends_with("refers to `loyl`, which is not defined; did you mean `loyal`?"), "{gap}");
        assert_eq!(book(&[("a", "r = 5"), ("a", "r = 4")]), Err(BookError::Twice("a".into())));
        assert!(matches!(book(&[(" a", "r = 5")]), Err(BookError::Name(_))));
        let wrong = book(&[("a", "ordrs.count >= 2")]).unwrap_err().to_string();
        assert!(wrong.starts_with("segment `a`, column 1: unknown field `ordrs.count`"), "{wrong}");
    }

    #[test]
    fn rules_come_after_those_they_refer_to_and_combine() {
        let both = Definition::combined("both", Combination::Intersection, &["z", "y"]).unwrap();
        let rest = Definition::combined("rest", Combination::Exclusion, &["y", "z", "both"]).unwrap();
        assert_eq!(rest.rule, "segment(\"y\") and not segment(\"z\") and not segment(\"both\")");
        let any = Definition::combined("any", Combination::Union, &["y", "z"]).unwrap();
        assert!(Definition::combined("none", Combination::Union, &[]).is_none());
        let all = [both, rest, any, Definition::new("y", "r >= 4"), Definition::new("z", "f >= 4")];
        let book = SegmentBook::read(&all).unwrap();
        let order: Vec<String> = book.in_order().into_iter().map(|n| n.name).collect();
        let at = |name: &str| order.iter().position(|n| n == name).unwrap();
        assert!(at("both") > at("y") && at("both") > at("z") && at("rest") > at("both"));
        assert_eq!(book.compile_one("both", &Columns::default(), Day(0)).unwrap().columns.len(), 3);
        assert!(book.compile_one("nobody", &Columns::default(), Day(0)).is_none());
    }
}
