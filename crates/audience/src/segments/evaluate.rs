//! What a rule means, in memory, and why a shopper is in a segment.
//!
//! Three values: yes, no, unknown (Kleene, "Introduction to metamathematics", 1952, which SQL has too).
//! A statement about a missing value is unknown, except `is missing`. `not` of unknown is unknown;
//! `and` is the least, `or` the most of its members, with no < unknown < yes. **A shopper is in a
//! segment where the rule says yes**: missing is not a match, neither of a test nor of its opposite.
//! `segment("x")`, `tag("x")` and `bought(..)` are always yes or no, so `not segment("x")` is everybody
//! else, and the sizes of a segment and of its exclusion add up to all shoppers.

use super::ast::{Expr, Literal, Op, Term, Test};
use super::facts::{Around, ShopperFacts, Value};
use super::groups::Beside;
use domain::{Day, Language};
use std::cmp::Ordering;

/// The answer of a rule: `None` is unknown.
pub type Answer = Option<bool>;

/// Evaluates a rule for one shopper before `as_of`. [`super::SegmentBook`] hands in what is around it.
pub fn evaluate(rule: &Expr, facts: &ShopperFacts, as_of: Day, around: Around<'_>) -> Answer {
    match rule {
        Expr::And(members) => all(members.iter().map(|m| evaluate(m, facts, as_of, around))),
        Expr::Or(members) => all(members.iter().map(|m| evaluate(m, facts, as_of, around).map(|b| !b))).map(|b| !b),
        Expr::Not(inner) => evaluate(inner, facts, as_of, around).map(|b| !b),
        Expr::Test(test) => holds(test, facts.value(test.term(), as_of, around).as_ref(), as_of),
    }
}

/// Kleene's `and`.
fn all(answers: impl Iterator<Item = Answer>) -> Answer {
    let mut unknown = false;
    for answer in answers {
        match answer {
            Some(false) => return Some(false),
            None => unknown = true,
            Some(true) => {}
        }
    }
    if unknown { None } else { Some(true) }
}

/// One statement about a value.
fn holds(test: &Test, value: Option<&Value>, as_of: Day) -> Answer {
    if let Test::Missing(_) = test {
        return Some(value.is_none());
    }
    let value = value?;
    let order = |literal: &Literal| compared(value, literal, as_of);
    match test {
        Test::Yes(_) => match value {
            Value::Yes(yes) => Some(*yes),
            Value::Number(_) | Value::Text(_) | Value::Day(_) => None,
        },
        Test::Compare(_, op, literal) => order(literal).map(|o| op.holds(o)),
        Test::In(_, literals) => {
            let orders: Option<Vec<Ordering>> = literals.iter().map(order).collect();
            orders.map(|o| o.iter().any(|o| o.is_eq()))
        }
        Test::Between(_, low, high) => Some(order(low)?.is_ge() && order(high)?.is_le()),
        Test::Missing(_) => Some(false),
    }
}

/// `None` where the two are of different kinds, as a wrong column would give.
fn compared(value: &Value, literal: &Literal, as_of: Day) -> Option<Ordering> {
    match (value, literal) {
        (Value::Number(a), Literal::Number(b)) => a.partial_cmp(b),
        (Value::Text(a), Literal::Text(b)) => Some(a.to_lowercase().cmp(&b.to_lowercase())),
        (Value::Day(a), Literal::Day(b)) => Some(a.cmp(b)),
        (Value::Day(a), Literal::Ago(days)) => Some(a.cmp(&as_of.plus(-(*days as i32)))),
        _ => None,
    }
}

/// A rule with the shopper's own values beside it.
#[derive(Clone, Debug, PartialEq)]
pub enum Explanation {
    /// One statement.
    Leaf {
        /// The statement.
        test: Test,
        /// The shopper's value; `None` where it is missing.
        value: Option<Value>,
        /// What the statement says of it.
        answer: Answer,
        /// Of a group: the shopper's measures beside those that are typical of it.
        beside: Vec<Beside>,
    },
    /// Statements joined.
    Node {
        /// How.
        join: Join,
        /// The parts.
        parts: Vec<Explanation>,
        /// What the whole says.
        answer: Answer,
    },
}

/// How the parts of an explanation are joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Join {
    /// All have to hold.
    All,
    /// One has to hold.
    Any,
    /// The one part must not hold.
    Not,
}

/// Evaluates every statement of a rule, also those that no longer decide.
pub fn explain(rule: &Expr, facts: &ShopperFacts, as_of: Day, around: Around<'_>) -> Explanation {
    let parts = |members: &[Expr]| members.iter().map(|m| explain(m, facts, as_of, around)).collect::<Vec<_>>();
    let node = |join, parts| Explanation::Node { join, parts, answer: evaluate(rule, facts, as_of, around) };
    match rule {
        Expr::And(members) => node(Join::All, parts(members)),
        Expr::Or(members) => node(Join::Any, parts(members)),
        Expr::Not(inner) => node(Join::Not, parts(std::slice::from_ref(inner))),
        Expr::Test(test) => {
            let value = facts.value(test.term(), as_of, around);
            let answer = holds(test, value.as_ref(), as_of);
            let beside = match (test.term(), &value) {
                (Term::Group(name), Some(Value::Number(group))) => {
                    let grouping = around.groupings.get(name);
                    grouping.map(|g| g.beside(*group as usize, |t| facts.number(t, as_of))).unwrap_or_default()
                }
                _ => Vec::new(),
            };
            Explanation::Leaf { test: test.clone(), value, answer, beside }
        }
    }
}

impl Explanation {
    /// What it comes to.
    pub fn answer(&self) -> Answer {
        match self {
            Self::Leaf { answer, .. } | Self::Node { answer, .. } => *answer,
        }
    }

    /// One line a statement, indented by two blanks a level; English where the language is not Chinese.
    pub fn lines(&self, language: Language) -> Vec<String> {
        let mut lines = Vec::new();
        self.write(language, 0, &mut lines);
        lines
    }

    /// The statements alone, with the shopper's values, left to right.
    pub fn statements(&self, language: Language) -> Vec<String> {
        match self {
            Self::Leaf { test, value, .. } => vec![statement(test, value.as_ref(), language == Language::ZH)],
            Self::Node { parts, .. } => parts.iter().flat_map(|p| p.statements(language)).collect(),
        }
    }

    fn write(&self, language: Language, depth: usize, lines: &mut Vec<String>) {
        let zh = language == Language::ZH;
        let (colon, verdict) = (if zh { "：" } else { ": " }, verdict(self.answer(), zh));
        let indent = "  ".repeat(depth);
        match self {
            Self::Leaf { test, value, beside, .. } => {
                lines.push(format!("{indent}{}{colon}{verdict}", statement(test, value.as_ref(), zh)));
                lines.extend(beside.iter().map(|b| format!("{indent}  {}", b.line(language))));
            }
            Self::Node { join, parts, .. } => {
                let word = match (join, zh) {
                    (Join::All, false) => "all of",
                    (Join::Any, false) => "any of",
                    (Join::Not, false) => "not",
                    (Join::All, true) => "全部满足",
                    (Join::Any, true) => "任一满足",
                    (Join::Not, true) => "不满足",
                };
                lines.push(format!("{indent}{word}{colon}{verdict}"));
                parts.iter().for_each(|p| p.write(language, depth + 1, lines));
            }
        }
    }
}

fn verdict(answer: Answer, zh: bool) -> &'static str {
    match (answer, zh) {
        (Some(true), false) => "true",
        (Some(false), false) => "false",
        (None, false) => "unknown, so no match",
        (Some(true), true) => "是",
        (Some(false), true) => "否",
        (None, true) => "未知，视为不符合",
    }
}

/// `orders.count(180d) is 3, at least 2`.
fn statement(test: &Test, value: Option<&Value>, zh: bool) -> String {
    let term = test.term();
    let shown = match value {
        None if zh => "缺失".to_owned(),
        None => "missing".to_owned(),
        Some(Value::Number(n)) => format!("{}", (n * 1e4).round() / 1e4),
        Some(Value::Text(text)) => text.clone(),
        Some(Value::Day(day)) => day.to_string(),
        Some(Value::Yes(yes)) => match (yes, zh) {
            (true, false) => "yes".to_owned(),
            (false, false) => "no".to_owned(),
            (true, true) => "是".to_owned(),
            (false, true) => "否".to_owned(),
        },
    };
    let days = matches!(term, Term::Field(f) if f.kind() == super::field::Kind::Day);
    let asked = match (test, zh) {
        (Test::Yes(_) | Test::Missing(_), _) => String::new(),
        (Test::Compare(_, op, v), false) => {
            let word = match (op, days) {
                (Op::Eq, _) => "exactly",
                (Op::Ne, _) => "anything but",
                (Op::Lt, false) => "less than",
                (Op::Le, false) => "at most",
                (Op::Gt, false) => "more than",
                (Op::Ge, false) => "at least",
                (Op::Lt, true) => "before",
                (Op::Le, true) => "on or before",
                (Op::Gt, true) => "after",
                (Op::Ge, true) => "on or after",
            };
            format!(", {word} {v}")
        }
        (Test::Compare(_, op, v), true) => {
            let word = match (op, days) {
                (Op::Eq, _) => "等于",
                (Op::Ne, _) => "不等于",
                (Op::Lt, false) => "小于",
                (Op::Le, false) => "至多",
                (Op::Gt, false) => "大于",
                (Op::Ge, false) => "至少",
                (Op::Lt, true) => "早于",
                (Op::Le, true) => "不晚于",
                (Op::Gt, true) => "晚于",
                (Op::Ge, true) => "不早于",
            };
            format!("，{word} {v}")
        }
        (Test::In(_, list), _) => {
            let list: Vec<String> = list.iter().map(ToString::to_string).collect();
            if zh { format!("，属于 {}", list.join("、")) } else { format!(", one of {}", list.join(", ")) }
        }
        (Test::Between(_, low, high), false) => format!(", between {low} and {high}"),
        (Test::Between(_, low, high), true) => format!("，介于 {low} 与 {high} 之间"),
    };
    match (test, zh) {
        (Test::Missing(_), false) => format!("{term} is {shown}, missing is asked for"),
        (Test::Missing(_), true) => format!("{term} 为 {shown}，要求缺失"),
        (_, false) => format!("{term} is {shown}{asked}"),
        (_, true) => format!("{term} 为 {shown}{asked}"),
    }
}
