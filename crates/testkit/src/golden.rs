//! Recorded figures: how a computed value is compared with what a reference implementation said.
//!
//! A golden file is JSON: `cases`, each with `id`, `params` and a list `expect` of
//! `{key, value, kind, rel, abs}`. With `v` recorded and `x` computed:
//!
//! | kind | passes when |
//! |---|---|
//! | `equal` | numbers: `abs(x - v) <= max(abs, rel * abs(v))`, a missing `rel` or `abs` is 0; lists element by element; records field by field; text and truth values exactly |
//! | `at_least` | `x >= v - rel * abs(v) - abs` |
//! | `at_most` | `x <= v + rel * abs(v) + abs` |
//! | `range` | `v[0] <= x <= v[1]` |
//! | `info` | always: shown for orientation |
//!
//! Amounts are text and compare as decimals, digit by digit (`"12.50"` is `"12.5"`), never as
//! binary floats. `{"special": "nan" | "+inf" | "-inf"}` stands for what is no finite number;
//! computed values say that with [`number`], or with `null` for "undefined". Cost: linear in the
//! size of the file.
//!
//! A test in another crate reads:
//!
//! ```
//! use testkit::golden::{Golden, number};
//!
//! let golden = Golden::parse(r#"{"cases": [{"id": "tiny", "expect": [
//!     {"key": "mean", "value": 2.5, "kind": "equal", "rel": 1e-9},
//!     {"key": "total", "value": "10.00", "kind": "equal"}]}]}"#)?;
//! let checked = golden.case("tiny")?.check(|key| match key {
//!     "mean" => Some(number((1.0 + 2.0 + 3.0 + 4.0) / 4.0)),
//!     "total" => Some("10".into()),
//!     _ => None, // not ours to compute: listed under `unanswered`
//! });
//! checked.assert_all();
//! # Ok::<(), testkit::golden::GoldenError>(())
//! ```

use crate::shared::shared_dir;
use serde_json::Value;
use std::fmt::Write as _;

/// Why a golden file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum GoldenError {
    /// The text is not JSON, or an item of it has an unexpected shape.
    #[error("golden file: {what}, found {found}")]
    Shape {
        /// What was looked for.
        what: String,
        /// What was there.
        found: String,
    },
    /// There is no such case.
    #[error("golden file has no case {id:?}; it has {known}")]
    NoCase {
        /// The case that was asked for.
        id: String,
        /// The cases there are.
        known: String,
    },
    /// The file exists but cannot be read.
    #[error("golden file {name}: {cause}")]
    Read {
        /// File name.
        name: String,
        /// What the system said.
        cause: std::io::Error,
    },
}

/// How a recorded value is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// Equal within the tolerance.
    Equal,
    /// Not lower, less the tolerance.
    AtLeast,
    /// Not higher, plus the tolerance.
    AtMost,
    /// Between two recorded ends, both included.
    Range,
    /// Not compared.
    Info,
}

/// One recorded figure.
#[derive(Clone, Debug, PartialEq)]
pub struct Expect {
    /// Name of the figure.
    pub key: String,
    /// What was recorded.
    pub value: Value,
    /// How it compares.
    pub kind: Comparison,
    /// Relative tolerance, 0 where none is recorded.
    pub rel: f64,
    /// Absolute tolerance, 0 where none is recorded.
    pub abs: f64,
}

/// One case: its parameters and its figures.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// Its name.
    pub id: String,
    /// Inputs that the case names, `null` where it names none.
    pub inputs: Value,
    /// Parameters, `null` where it has none.
    pub params: Value,
    /// Its figures.
    pub expect: Vec<Expect>,
}

/// A golden file.
#[derive(Clone, Debug, PartialEq)]
pub struct Golden {
    /// Its cases in order.
    pub cases: Vec<Case>,
}

/// The outcome of one case.
#[derive(Clone, Debug, PartialEq)]
pub struct Checked {
    /// The case.
    pub id: String,
    /// Figures compared and found right; `info` is not counted.
    pub passed: usize,
    /// One line for each figure that differs.
    pub failures: Vec<String>,
    /// Keys (other than `info`) that the test did not answer.
    pub unanswered: Vec<String>,
}

/// A computed number as golden files write it: what is not finite becomes `{"special": …}`.
pub fn number(x: f64) -> Value {
    serde_json::Number::from_f64(x).map_or_else(
        || {
            let word = if x.is_nan() {
                "nan"
            } else if x > 0.0 {
                "+inf"
            } else {
                "-inf"
            };
            serde_json::json!({ "special": word })
        },
        Value::Number,
    )
}

impl Golden {
    /// The file `golden/<topic>.json` of the optional data; `None`, and a printed reason, where the
    /// data is absent.
    ///
    /// # Errors
    /// [`GoldenError`] if the file cannot be read or has another shape.
    pub fn load(topic: &str) -> Result<Option<Self>, GoldenError> {
        let Some(shared) = shared_dir() else { return Ok(None) };
        let name = format!("{topic}.json");
        let text = std::fs::read_to_string(shared.join("golden").join(&name))
            .map_err(|cause| GoldenError::Read { name, cause })?;
        Self::parse(&text).map(Some)
    }

    /// Reads the text of a golden file.
    ///
    /// # Errors
    /// [`GoldenError::Shape`] if it is not JSON, has no `cases`, or a figure lacks key, value or kind.
    pub fn parse(text: &str) -> Result<Self, GoldenError> {
        let file: Value =
            serde_json::from_str(text).map_err(|e| GoldenError::Shape { what: "JSON".into(), found: e.to_string() })?;
        let cases = list(&file, "cases")?.iter().map(parse_case).collect::<Result<_, _>>()?;
        Ok(Self { cases })
    }

    /// The case of that name.
    ///
    /// # Errors
    /// [`GoldenError::NoCase`] with the names there are.
    pub fn case(&self, id: &str) -> Result<&Case, GoldenError> {
        self.cases.iter().find(|c| c.id == id).ok_or_else(|| GoldenError::NoCase {
            id: id.to_owned(),
            known: self.cases.iter().map(|c| c.id.as_str()).collect::<Vec<_>>().join(", "),
        })
    }
}

impl Case {
    /// Compares every figure with what `figure` computes for its key; `None` means that the test
    /// has no answer, which [`Checked::assert_all`] refuses and [`Checked::assert_answered`] allows.
    pub fn check(&self, mut figure: impl FnMut(&str) -> Option<Value>) -> Checked {
        let mut out = Checked { id: self.id.clone(), passed: 0, failures: Vec::new(), unanswered: Vec::new() };
        for expect in self.expect.iter().filter(|e| e.kind != Comparison::Info) {
            match figure(&expect.key) {
                None => out.unanswered.push(expect.key.clone()),
                Some(got) => match expect.compare(&got) {
                    Ok(()) => out.passed += 1,
                    Err(why) => out.failures.push(format!("{}: {why}", expect.key)),
                },
            }
        }
        out
    }
}

impl Checked {
    /// # Panics
    /// If a figure differs, if a figure has no answer, or if nothing was compared at all.
    pub fn assert_all(&self) {
        assert!(self.unanswered.is_empty(), "case {}: no answer for {}", self.id, self.unanswered.join(", "));
        self.assert_answered();
    }

    /// # Panics
    /// If a figure differs or if nothing was compared at all.
    pub fn assert_answered(&self) {
        let mut text = String::new();
        for line in &self.failures {
            let _ = write!(text, "\n  {line}");
        }
        assert!(self.failures.is_empty(), "case {}: {} differ:{text}", self.id, self.failures.len());
        assert!(self.passed > 0, "case {}: nothing was compared", self.id);
    }
}

impl Expect {
    /// Whether a computed value passes; the error says what was expected and what came.
    ///
    /// # Errors
    /// A sentence with both values.
    pub fn compare(&self, got: &Value) -> Result<(), String> {
        let passes = match self.kind {
            Comparison::Info => true,
            Comparison::Equal => self.equal(&self.value, got),
            Comparison::AtLeast => both(&self.value, got).is_some_and(|(v, x)| x >= v - self.rel * v.abs() - self.abs),
            Comparison::AtMost => both(&self.value, got).is_some_and(|(v, x)| x <= v + self.rel * v.abs() + self.abs),
            Comparison::Range => self.between(got),
        };
        if passes {
            return Ok(());
        }
        let tolerance = if self.rel == 0.0 && self.abs == 0.0 {
            String::new()
        } else {
            format!(" (rel {}, abs {})", self.rel, self.abs)
        };
        Err(format!("got {got}, want {:?} {}{tolerance}", self.kind, self.value))
    }

    fn between(&self, got: &Value) -> bool {
        let ends = self.value.as_array().and_then(|a| Some((a.first()?.as_f64()?, a.get(1)?.as_f64()?)));
        ends.zip(got.as_f64()).is_some_and(|((low, high), x)| low <= x && x <= high)
    }

    fn equal(&self, want: &Value, got: &Value) -> bool {
        if let Some(word) = special(want) {
            return got.is_null() || special(got) == Some(word);
        }
        match (want, got) {
            (Value::Array(w), Value::Array(g)) => w.len() == g.len() && w.iter().zip(g).all(|(w, g)| self.equal(w, g)),
            (Value::Object(w), Value::Object(g)) => w.iter().all(|(k, w)| g.get(k).is_some_and(|g| self.equal(w, g))),
            (Value::Number(w), Value::Number(g)) => self.equal_numbers(w, g),
            (Value::String(w), Value::String(g)) => w == g || decimal(w).is_some_and(|w| decimal(g) == Some(w)),
            _ => want == got,
        }
    }

    fn equal_numbers(&self, want: &serde_json::Number, got: &serde_json::Number) -> bool {
        // Whole numbers compare as such: a float of 53 bits would take neighbours for equal.
        if let (0.0, 0.0, Some(w), Some(g)) = (self.rel, self.abs, want.as_i128(), got.as_i128()) {
            return w == g;
        }
        let (Some(v), Some(x)) = (want.as_f64(), got.as_f64()) else { return false };
        (x - v).abs() <= self.abs.max(self.rel * v.abs())
    }
}

fn both(want: &Value, got: &Value) -> Option<(f64, f64)> {
    want.as_f64().zip(got.as_f64())
}

fn special(value: &Value) -> Option<&str> {
    value.get("special")?.as_str()
}

/// A plain decimal as (is negative, whole digits, digits after the point), without zeros that carry
/// nothing. `None` for other text and for leading zeros: `0123` is a code, not an amount.
fn decimal(text: &str) -> Option<(bool, &str, &str)> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let plain = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    if !plain(whole) || !plain(fraction) || (whole.len() > 1 && whole.starts_with('0')) {
        return None;
    }
    let fraction = fraction.trim_end_matches('0');
    let is_zero = whole == "0" && fraction.is_empty();
    Some((digits.len() < text.len() && !is_zero, whole, fraction))
}

fn list<'a>(value: &'a Value, name: &str) -> Result<&'a Vec<Value>, GoldenError> {
    value.get(name).and_then(Value::as_array).ok_or_else(|| shape(&format!("a list `{name}`"), value))
}

fn shape(what: &str, value: &Value) -> GoldenError {
    GoldenError::Shape { what: what.to_owned(), found: value.to_string().chars().take(120).collect() }
}

fn text(value: &Value, name: &str) -> Result<String, GoldenError> {
    let found = value.get(name).and_then(Value::as_str);
    found.map(str::to_owned).ok_or_else(|| shape(&format!("a text `{name}`"), value))
}

fn parse_case(case: &Value) -> Result<Case, GoldenError> {
    Ok(Case {
        id: text(case, "id")?,
        inputs: case.get("inputs").cloned().unwrap_or(Value::Null),
        params: case.get("params").cloned().unwrap_or(Value::Null),
        expect: list(case, "expect")?.iter().map(parse_expect).collect::<Result<_, _>>()?,
    })
}

fn parse_expect(e: &Value) -> Result<Expect, GoldenError> {
    let kind = match text(e, "kind")?.as_str() {
        "equal" => Comparison::Equal,
        "at_least" => Comparison::AtLeast,
        "at_most" => Comparison::AtMost,
        "range" => Comparison::Range,
        "info" => Comparison::Info,
        _ => return Err(shape("a kind: equal, at_least, at_most, range or info", e)),
    };
    let tolerance = |name: &str| e.get(name).and_then(Value::as_f64).unwrap_or(0.0);
    Ok(Expect {
        key: text(e, "key")?,
        value: e.get("value").cloned().ok_or_else(|| shape("a `value`", e))?,
        kind,
        rel: tolerance("rel"),
        abs: tolerance("abs"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn expect(value: Value, kind: Comparison, rel: f64, abs: f64) -> Expect {
        Expect { key: "x".into(), value, kind, rel, abs }
    }

    fn equal(want: Value, got: Value) -> bool {
        expect(want, Comparison::Equal, 0.0, 0.0).compare(&got).is_ok()
    }

    #[test] // Allowed distance is max(0.5, 0.01 · 100) = 1.
    fn the_wider_of_the_two_tolerances_counts() {
        let e = expect(json!(100.0), Comparison::Equal, 0.01, 0.5);
        assert!(e.compare(&json!(101.0)).is_ok() && e.compare(&json!(99.0)).is_ok());
        assert!(e.compare(&json!(101.01)).is_err() && e.compare(&json!(98.99)).is_err());
    }

    #[test]
    fn without_a_tolerance_whole_numbers_are_exact_beyond_the_reach_of_a_float() {
        assert!(equal(json!(9_007_199_254_740_993_i64), json!(9_007_199_254_740_993_i64)));
        assert!(!equal(json!(9_007_199_254_740_993_i64), json!(9_007_199_254_740_992_i64)));
        assert!(equal(json!(3), json!(3.0)));
        assert!(!equal(json!(3), json!("3")));
        assert!(!equal(json!(1), json!(true)));
    }

    #[test]
    fn amounts_compare_as_decimals_and_codes_as_text() {
        assert!(equal(json!("12.50"), json!("12.5")) && equal(json!("-0.00"), json!("0")));
        assert!(!equal(json!("12.50"), json!("12.51")) && !equal(json!("-1"), json!("1")));
        // A float would take these two for the same.
        assert!(!equal(json!("9747747.9340000000000001"), json!("9747747.934")));
        assert!(!equal(json!("0123"), json!("123")) && !equal(json!("1e3"), json!("1000")));
        assert!(!equal(json!("100"), json!("1")) && !equal(json!("10"), json!("10.01")));
        assert!(equal(json!("85123A"), json!("85123A")));
    }

    #[test]
    fn lists_and_records_compare_element_by_element_with_one_tolerance() {
        let e = expect(json!([{"if": "A", "lift": 2.0}, {"if": "B", "lift": 4.0}]), Comparison::Equal, 0.1, 0.0);
        assert!(e.compare(&json!([{"if": "A", "lift": 2.19}, {"lift": 3.61, "if": "B", "more": 1}])).is_ok());
        assert!(e.compare(&json!([{"if": "A", "lift": 2.21}, {"if": "B", "lift": 4.0}])).is_err());
        assert!(e.compare(&json!([{"if": "A", "lift": 2.0}])).is_err());
        assert!(e.compare(&json!([{"if": "A"}, {"if": "B", "lift": 4.0}])).is_err());
    }

    #[test] // -2 less 10 % of 2 is -2.2, whichever the sign of the recorded value.
    fn floors_and_ceilings_widen_away_from_the_value_also_below_zero() {
        let floor = expect(json!(-2.0), Comparison::AtLeast, 0.1, 0.0);
        assert!(floor.compare(&json!(-2.2)).is_ok() && floor.compare(&json!(-2.21)).is_err());
        let ceiling = expect(json!(2.0), Comparison::AtMost, 0.1, 0.05);
        assert!(ceiling.compare(&json!(2.25)).is_ok() && ceiling.compare(&json!(2.26)).is_err());
        let range = expect(json!([1.0, 2.0]), Comparison::Range, 0.0, 0.0);
        assert!(range.compare(&json!(1.0)).is_ok() && range.compare(&json!(2.01)).is_err());
        assert!(expect(json!(1), Comparison::Info, 0.0, 0.0).compare(&json!("anything")).is_ok());
    }

    #[test]
    fn an_undefined_value_is_matched_by_undefined_and_never_by_a_number() {
        for (word, x) in [("nan", f64::NAN), ("+inf", f64::INFINITY), ("-inf", f64::NEG_INFINITY)] {
            let want = json!({ "special": word });
            assert!(equal(want.clone(), number(x)) && equal(want.clone(), Value::Null));
            assert!(!equal(want, json!(0.0)));
        }
        assert!(!equal(json!({"special": "+inf"}), number(f64::NEG_INFINITY)));
        assert!(!equal(json!(0.0), number(f64::NAN)), "NaN is not 0");
        let floor = expect(json!(0.0), Comparison::AtLeast, 0.0, 0.0);
        assert!(floor.compare(&number(f64::NAN)).is_err() && floor.compare(&Value::Null).is_err());
    }

    #[test]
    fn a_file_is_read_and_its_cases_are_checked_by_key() {
        let golden = Golden::parse(
            r#"{"cases": [{"id": "a", "params": {"k": 2}, "expect": [
                {"key": "n", "value": 3, "kind": "equal"},
                {"key": "m", "value": 1.5, "kind": "at_least"},
                {"key": "shown", "value": 9, "kind": "info"}]}]}"#,
        )
        .unwrap();
        let case = golden.case("a").unwrap();
        assert_eq!(case.params["k"], 2);
        let checked = case.check(|key| (key == "n").then(|| json!(4)));
        assert_eq!((checked.passed, checked.unanswered.as_slice()), (0, ["m".to_owned()].as_slice()));
        assert_eq!(checked.failures, ["n: got 4, want Equal 3"]);
        case.check(|key| Some(if key == "n" { json!(3) } else { json!(1.6) })).assert_all();
        assert_eq!(golden.case("b").unwrap_err().to_string(), r#"golden file has no case "b"; it has a"#);
    }

    #[test]
    fn a_figure_of_unknown_kind_or_without_value_is_refused() {
        for e in
            [r#"{"key": "n", "value": 1, "kind": "roughly"}"#, r#"{"key": "n", "kind": "equal"}"#, r#"{"value": 1}"#]
        {
            let text = format!(r#"{{"cases": [{{"id": "a", "expect": [{e}]}}]}}"#);
            assert!(Golden::parse(&text).is_err(), "{e}");
        }
        assert!(Golden::parse("{").is_err() && Golden::parse("{}").is_err());
    }

    #[test]
    #[should_panic(expected = "nothing was compared")]
    fn a_case_without_any_comparison_does_not_pass() {
        Case { id: "a".into(), inputs: Value::Null, params: Value::Null, expect: Vec::new() }
            .check(|_| None)
            .assert_all();
    }

    #[test]
    fn every_recorded_file_can_be_read_and_agrees_with_itself() {
        let Some(shared) = shared_dir() else { return };
        let mut n_files = 0;
        for entry in std::fs::read_dir(shared.join("golden")).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|e| e != "json") {
                continue;
            }
            n_files += 1;
            for case in Golden::parse(&std::fs::read_to_string(&path).unwrap()).unwrap().cases {
                for e in case.expect.iter().filter(|e| e.kind != Comparison::Range) {
                    assert_eq!(e.compare(&e.value), Ok(()), "{} {}", case.id, e.key);
                }
            }
        }
        assert!(n_files >= 12, "{n_files} files");
    }

    proptest! {
        #[test]
        fn zeros_at_the_end_never_change_an_amount(whole in 0_u64..1_000_000, cents in 0_u32..100, zeros in 0_usize..6) {
            let a = format!("{whole}.{cents:02}");
            let b = format!("{a}{}", "0".repeat(zeros));
            let c = format!("{whole}.{:02}", (cents + 1) % 100);
            prop_assert!(equal(json!(a), json!(b)));
            prop_assert!(!equal(json!(a), json!(c)));
        }
    }
}
