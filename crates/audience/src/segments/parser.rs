//! Reads a rule and checks it: what comes out can be evaluated.
//!
//! ```text
//! rule    = all ("or" all)*                      loosest
//! all     = part ("and" part)*
//! part    = "not" part | "(" rule ")" | test     tightest
//! test    = term
//!         | term ("=" | "!=" | "<" | "<=" | ">" | ">=") value
//!         | term ["not"] "in" "[" value ("," value)* "]"
//!         | term ["not"] "between" value "and" value
//!         | term "is" ["not"] "missing"
//! term    = field | measure ["(" duration ")"]
//!         | ("bought" | "viewed") "(" ("category" | "brand" | "product") text ["," duration] ")"
//!         | "searched" "(" text ["," duration] ")"
//!         | "cart_abandoned" ["(" duration ")"]
//!         | ("tag" | "segment" | "interest" | "value" | "group") "(" text ")"
//! value   = number | text | word | date | duration "ago"
//! ```
//!
//! `not a and b or c` is `((not a) and b) or c`. A word may stand without quotes where it is a value.

use super::ast::{Deed, Expr, Literal, Measure, Op, ProductBy, Term, Test};
use super::error::{SegmentError, nearest, suggest};
use super::field::{Field, Kind};
use super::groups::can_measure;
use super::lexer::{Lexeme, Token, lex};
use super::print::KEYWORDS;
use crate::tags::Tag;

/// Deepest nesting of parentheses and `not`.
const MAX_DEPTH: usize = 100;

/// Reads a rule.
///
/// # Errors
/// [`SegmentError`] with the place, the word and what would be right.
pub fn parse(text: &str) -> Result<Expr, SegmentError> {
    let mut parser = Parser { lexemes: lex(text)?, next: 0, depth: 0 };
    let rule = parser.rule()?;
    let rest = parser.peek().clone();
    if rest.token == Token::End {
        return Ok(rule);
    }
    let error = SegmentError::new(rest.at, &rest.word, format!("`{}` stands after the end of a rule", rest.word));
    Err(match &rest.token {
        Token::Sign(")") => error.instead("no parenthesis is open"),
        _ => error.instead("join two statements by `and` or `or`"),
    })
}

/// Reads what shoppers can be grouped by: terms that are numbers, separated by commas.
///
/// # Errors
/// [`SegmentError`] as [`parse`], also for a term that is no number and for one that stands twice.
pub fn parse_measures(text: &str) -> Result<Vec<Term>, SegmentError> {
    let mut parser = Parser { lexemes: lex(text)?, next: 0, depth: 0 };
    let mut terms: Vec<Term> = Vec::new();
    loop {
        let here = parser.peek().clone();
        let term = parser.term()?;
        let wrong = |what: String| SegmentError::new(here.at, &here.word, what);
        if !can_measure(&term) {
            let error = wrong(format!("`{term}` is no number that shoppers could be grouped by"));
            return Err(error.instead("orders.count, orders.average(365d), days_since_last_order, age … are"));
        }
        if terms.contains(&term) {
            return Err(wrong(format!("`{term}` stands twice")).instead("once is right"));
        }
        terms.push(term);
        if parser.peek().token == Token::End {
            return Ok(terms);
        }
        parser.need_sign(",")?;
    }
}

struct Parser {
    lexemes: Vec<Lexeme>,
    next: usize,
    depth: usize,
}

type Parsed<T> = Result<T, SegmentError>;

impl Parser {
    fn peek(&self) -> &Lexeme {
        &self.lexemes[self.next.min(self.lexemes.len() - 1)]
    }

    fn take(&mut self) -> Lexeme {
        let lexeme = self.peek().clone();
        self.next += 1;
        lexeme
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(&self.peek().token, Token::Word(w) if w.eq_ignore_ascii_case(word))
    }

    fn is_sign(&self, sign: &str) -> bool {
        matches!(&self.peek().token, Token::Sign(s) if *s == sign)
    }

    fn skip_word(&mut self, word: &str) -> bool {
        let found = self.is_word(word);
        self.next += usize::from(found);
        found
    }

    fn skip_sign(&mut self, sign: &str) -> bool {
        let found = self.is_sign(sign);
        self.next += usize::from(found);
        found
    }

    /// What stands here is not what should.
    fn unexpected<T>(&self, want: &str) -> Parsed<T> {
        let here = self.peek();
        let what = match here.token {
            Token::End => "the rule ends too early".to_owned(),
            _ => format!("`{}` is not expected here", here.word),
        };
        Err(SegmentError::new(here.at, &here.word, what).instead(format!("{want} has to come")))
    }

    fn need_sign(&mut self, sign: &str) -> Parsed<()> {
        if self.skip_sign(sign) { Ok(()) } else { self.unexpected(&format!("`{sign}`")) }
    }

    fn rule(&mut self) -> Parsed<Expr> {
        let mut members = vec![self.all()?];
        while self.skip_word("or") {
            members.push(self.all()?);
        }
        Ok(Expr::or(members))
    }

    fn all(&mut self) -> Parsed<Expr> {
        let mut members = vec![self.part()?];
        while self.skip_word("and") {
            members.push(self.part()?);
        }
        Ok(Expr::and(members))
    }

    fn part(&mut self) -> Parsed<Expr> {
        let here = self.peek().clone();
        if self.depth == MAX_DEPTH {
            return Err(SegmentError::new(here.at, &here.word, format!("more than {MAX_DEPTH} levels of nesting")));
        }
        if self.skip_word("not") {
            self.depth += 1;
            let inner = self.part()?;
            self.depth -= 1;
            return Ok(inner.negated());
        }
        if self.skip_sign("(") {
            self.depth += 1;
            let inner = self.rule()?;
            self.depth -= 1;
            self.need_sign(")")?;
            return Ok(inner);
        }
        self.test()
    }

    fn test(&mut self) -> Parsed<Expr> {
        let start = self.peek().clone();
        let term = self.term()?;
        let after = self.peek().clone();
        if self.skip_word("is") {
            let present = self.skip_word("not");
            if !self.skip_word("missing") {
                return self.unexpected("`missing`");
            }
            if !term.may_be_missing() {
                let what = format!("`{term}` is never missing");
                let instead =
                    if term.kind() == Kind::Number { "it is 0 where there is nothing" } else { "it is yes or no" };
                return Err(SegmentError::new(start.at, &start.word, what).instead(instead));
            }
            let test = Expr::Test(Test::Missing(term));
            return Ok(if present { test.negated() } else { test });
        }
        let negated = self.skip_word("not");
        let test = if self.skip_word("in") {
            let values = self.list(&term)?;
            Test::In(term, values)
        } else if self.skip_word("between") {
            let low_at = self.peek().clone();
            let low = self.value(&term, Op::Le)?;
            if !self.skip_word("and") {
                return self.unexpected("`and`");
            }
            let high = self.value(&term, Op::Le)?;
            Self::check_range(&low_at, &low, &high)?;
            Test::Between(term, low, high)
        } else if negated {
            return self.unexpected("`in` or `between`");
        } else if let Token::Sign(sign) = &after.token
            && let Some(op) = Op::ALL.into_iter().find(|op| op.sign() == *sign)
        {
            self.next += 1;
            let value = self.value(&term, op)?;
            Test::Compare(term, op, value)
        } else if term.kind() == Kind::Yes {
            Test::Yes(term)
        } else {
            let example = Self::example(&term);
            return self.unexpected(&format!("a comparison such as `{term} {example}`"));
        };
        if test.term().kind() == Kind::Yes && !matches!(test, Test::Yes(_)) {
            let term = test.term();
            let what = format!("`{term}` is yes or no and is not compared");
            let instead = format!("write `{term}` or `not {term}`");
            return Err(SegmentError::new(after.at, &after.word, what).instead(instead));
        }
        let test = Expr::Test(test);
        Ok(if negated { test.negated() } else { test })
    }

    fn example(term: &Term) -> &'static str {
        match term.kind() {
            Kind::Number => ">= 2",
            Kind::Day => ">= 2025-01-31",
            Kind::Text | Kind::Word => "in [..]",
            Kind::Yes => "",
        }
    }

    fn check_range(at: &Lexeme, low: &Literal, high: &Literal) -> Parsed<()> {
        let upside_down = match (low, high) {
            (Literal::Number(a), Literal::Number(b)) => a > b,
            (Literal::Day(a), Literal::Day(b)) => a > b,
            (Literal::Ago(a), Literal::Ago(b)) => a < b,
            _ => false,
        };
        if upside_down {
            let what = format!("nothing lies between {low} and {high}");
            return Err(SegmentError::new(at.at, &at.word, what).instead("the lower end comes first"));
        }
        Ok(())
    }

    fn list(&mut self, term: &Term) -> Parsed<Vec<Literal>> {
        self.need_sign("[")?;
        let mut values = vec![self.value(term, Op::Eq)?];
        while self.skip_sign(",") {
            values.push(self.value(term, Op::Eq)?);
        }
        if !self.is_sign("]") {
            return self.unexpected("`,` or `]`");
        }
        self.next += 1;
        Ok(as_set(values))
    }

    fn value(&mut self, term: &Term, op: Op) -> Parsed<Literal> {
        let here = self.take();
        let wrong = |what: String| SegmentError::new(here.at, &here.word, what);
        let kind = term.kind();
        let literal = match (&here.token, kind) {
            (_, Kind::Yes) => return Ok(Literal::Number(0.0)), // Refused by the caller, which knows the better words.
            (Token::Number(n), Kind::Number) => Literal::Number(n + 0.0),
            (Token::Date(day), Kind::Day) => Literal::Day(*day),
            (Token::Days(days), Kind::Day) => {
                if !self.skip_word("ago") {
                    return self.unexpected("`ago`");
                }
                Literal::Ago(*days)
            }
            (Token::Days(days), Kind::Number) => {
                return Err(
                    wrong(format!("`{}` is a duration", here.word)).instead(format!("write the number, {days}"))
                );
            }
            (Token::Text(text), Kind::Text | Kind::Word) => Self::spelt(term, text, &here)?,
            (Token::Word(word), Kind::Text | Kind::Word) if !KEYWORDS.contains(&word.as_str()) => {
                Self::spelt(term, word, &here)?
            }
            (Token::End, _) => {
                self.next -= 1;
                return self.unexpected("a value");
            }
            (_, kind) => {
                let want = match kind {
                    Kind::Number => "a number",
                    Kind::Day => "a date such as 2025-01-31, or `90d ago`",
                    Kind::Text | Kind::Word | Kind::Yes => "a word, or a text in double quotes",
                };
                return Err(wrong(format!("`{}` is no value of `{term}`", here.word)).instead(format!("{want} is")));
            }
        };
        if matches!(kind, Kind::Text | Kind::Word) && !matches!(op, Op::Eq | Op::Ne) {
            let what = format!("the words of `{term}` have no order");
            return Err(wrong(what).instead("use `=`, `!=` or `in [..]`"));
        }
        Ok(literal)
    }

    fn spelt(term: &Term, word: &str, here: &Lexeme) -> Parsed<Literal> {
        let Term::Field(field) = term else { return Ok(Literal::Text(word.to_owned())) };
        field.spelling(word).map(Literal::Text).map_err(|known| {
            let error = SegmentError::new(here.at, word, format!("`{word}` is no value of `{}`", field.name()));
            match (field, suggest(word, known.iter().map(String::as_str))) {
                (_, Some(text)) => error.instead(text),
                (Field::Market, None) => error.instead("a code of ISO 3166-1 is, such as DE or GB"),
                (Field::Language, None) => error.instead("a code of ISO 639-1 is, such as de or en"),
                (_, None) => error,
            }
        })
    }

    fn term(&mut self) -> Parsed<Term> {
        let here = self.peek().clone();
        let Token::Word(word) = &here.token else { return self.unexpected("a field") };
        let lower = word.to_lowercase();
        if KEYWORDS.contains(&lower.as_str()) {
            return self.unexpected("a field");
        }
        self.next += 1;
        let lower = if lower == "interests" { "interest".to_owned() } else { lower };
        if let Some(measure) = Measure::ALL.into_iter().find(|m| m.name() == lower) {
            return Ok(Term::Measure(measure, self.own_window()?));
        }
        if lower == "cart_abandoned" {
            return Ok(Term::CartAbandoned(self.own_window()?));
        }
        if let Some(deed) = [Deed::Bought, Deed::Viewed].into_iter().find(|d| d.name() == lower) {
            self.need_sign("(")?;
            let by = self.take();
            let known = ProductBy::ALL.map(ProductBy::name);
            let by = ProductBy::ALL.into_iter().find(|b| by.word.eq_ignore_ascii_case(b.name())).ok_or_else(|| {
                let what = format!("`{}` does not name products", by.word);
                let error = SegmentError::new(by.at, &by.word, what);
                match suggest(&by.word, known) {
                    Some(text) => error.instead(text),
                    None => error,
                }
            })?;
            let name = self.text()?;
            let window = self.optional_window()?;
            return Ok(Term::Product(deed, by, name, window));
        }
        let of_text = |parser: &mut Self| {
            parser.need_sign("(")?;
            let at = parser.peek().clone();
            let text = parser.text()?;
            Ok((at, text))
        };
        match lower.as_str() {
            "searched" => {
                let (_, words) = of_text(self)?;
                let window = self.optional_window()?;
                Ok(Term::Searched(words, window))
            }
            "tag" => {
                let (at, name) = of_text(self)?;
                self.need_sign(")")?;
                Self::tag(&at, &name)
            }
            "segment" => {
                let (_, name) = of_text(self)?;
                self.need_sign(")")?;
                Ok(Term::Segment(name))
            }
            "interest" => {
                let (_, name) = of_text(self)?;
                self.need_sign(")")?;
                Ok(Term::Interest(name.to_lowercase()))
            }
            "value" => {
                let (_, name) = of_text(self)?;
                self.need_sign(")")?;
                Ok(Term::Value(name.to_lowercase()))
            }
            "group" => {
                let (_, name) = of_text(self)?;
                self.need_sign(")")?;
                Ok(Term::Group(name))
            }
            _ => match Field::of(&lower) {
                Some(field) => {
                    if self.is_sign("(") {
                        let what = format!("`{lower}` takes nothing in parentheses");
                        return Err(SegmentError::new(self.peek().at, "(", what));
                    }
                    Ok(Term::Field(field))
                }
                None => Err(unknown(&here)),
            },
        }
    }

    fn tag(at: &Lexeme, name: &str) -> Parsed<Term> {
        let known: Vec<String> = Tag::ALL.iter().map(|t| t.key().to_owned()).collect();
        let lower = name.to_lowercase();
        if known.contains(&lower) {
            return Ok(Term::Tag(lower));
        }
        let error = SegmentError::new(at.at, name, format!("unknown tag `{name}`"));
        Err(match suggest(name, known.iter().map(String::as_str)) {
            Some(text) => error.instead(text),
            None => error,
        })
    }

    /// The text of a product, tag, segment or search.
    fn text(&mut self) -> Parsed<String> {
        match self.peek().token.clone() {
            Token::Text(text) | Token::Word(text) if !text.trim().is_empty() => {
                self.next += 1;
                Ok(text)
            }
            _ => self.unexpected("a text in double quotes"),
        }
    }

    fn duration(&mut self) -> Parsed<u32> {
        match self.peek().token {
            Token::Days(days) => {
                self.next += 1;
                Ok(days)
            }
            Token::Number(n) => {
                let here = self.peek();
                let error = SegmentError::new(here.at, &here.word, format!("`{}` has no unit of time", here.word));
                Err(error.instead(format!("`{n}d` is days, `w` weeks, `m` months of 30 days")))
            }
            _ => self.unexpected("a duration such as `180d`"),
        }
    }

    /// `(180d)`, `()` or nothing.
    fn own_window(&mut self) -> Parsed<Option<u32>> {
        if !self.skip_sign("(") {
            return Ok(None);
        }
        let window = if self.is_sign(")") { None } else { Some(self.duration()?) };
        self.need_sign(")")?;
        Ok(window)
    }

    fn optional_window(&mut self) -> Parsed<Option<u32>> {
        let window = if self.skip_sign(",") { Some(self.duration()?) } else { None };
        if self.is_sign(")") {
            self.next += 1;
            return Ok(window);
        }
        self.unexpected(if window.is_some() { "`)`" } else { "`,` and a duration, or `)`" })
    }
}

/// A word that names nothing that is known of a shopper.
fn unknown(here: &Lexeme) -> SegmentError {
    let error = SegmentError::new(here.at, &here.word, format!("unknown field `{}`", here.word));
    let families = [
        "orders",
        "returns",
        "bought",
        "viewed",
        "searched",
        "cart_abandoned",
        "tag",
        "segment",
        "interest",
        "value",
        "group",
        "consent",
    ];
    let names = Field::ALL.iter().map(|f| f.name()).chain(Measure::ALL.iter().map(|m| m.name())).chain(families);
    match nearest(&here.word, names) {
        Some(family @ ("orders" | "returns")) => {
            let members: Vec<&str> =
                Measure::ALL.iter().map(|m| m.name()).filter(|name| name.starts_with(family)).collect();
            let is_it = here.word.eq_ignore_ascii_case(family);
            let which = if is_it { String::new() } else { format!("did you mean `{family}`? ") };
            error.instead(format!("{which}{} are measured", members.join(", ")))
        }
        Some(near) => error.instead(format!("did you mean `{near}`?")),
        None => error,
    }
}

/// Sorted, each once.
pub(super) fn as_set(mut values: Vec<Literal>) -> Vec<Literal> {
    values.sort_by(order);
    values.dedup();
    values
}

fn order(a: &Literal, b: &Literal) -> std::cmp::Ordering {
    match (a, b) {
        (Literal::Number(x), Literal::Number(y)) => x.total_cmp(y),
        (Literal::Text(x), Literal::Text(y)) => x.cmp(y),
        (Literal::Day(x), Literal::Day(y)) => x.cmp(y),
        (Literal::Ago(x), Literal::Ago(y)) => y.cmp(x),
        // Days of the calendar before days ago: the one mixture that a list may have.
        (Literal::Day(_), _) => std::cmp::Ordering::Less,
        (_, Literal::Day(_)) => std::cmp::Ordering::Greater,
        _ => std::cmp::Ordering::Equal,
    }
}
