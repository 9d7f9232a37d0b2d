//! A set of rules as one query over the lake.
//!
//! ```text
//! sale     orders by shopper: every distinct sum and count of every window, in one pass   clean.orders
//! goods    products that a rule names, one flag a condition                               clean.products
//! bought   flags of the lines with such a product by shopper                              clean.order_lines
//! seen     the same for events, and searches                                              clean.events
//! cart     flags of the carts that stand abandoned by shopper                             marts.carts
//! facts    a row a shopper, a column a term                                                clean.shoppers ⟕ …
//! scaled, formed, grouped   the group of each shopper where a rule asks for one, see [`super::groups`]
//! level0…  facts and a column a segment; a segment stands one level above those it refers to
//! ```
//!
//! The parts that come from clean tables are grouped and joined by the shopper's number, which is half the work of its name;
//! marts may be older than the clean tables beside them, so they are joined by name but for those that are known to be in step.
//!
//! Where the clean tables number their shoppers the same answer can be had with less work, see [`laid`].
//!
//! A part that no rule needs is not written. SQL's three values of logic are those of
//! [`super::evaluate()`]; `coalesce(…, false)` makes a column of members of them. An order is a row of
//! `clean.orders` of kind `sale`; it came back in part where it has `returned_units`, on its own day. Days are counted against the cutoff, which is written into the text: the same
//! rules, columns and cutoff give the same bytes. Rows come in no order.
//!
//! Cost: one scan of the orders with one sum a distinct aggregate, and of lines and events only where
//! they are asked for.

use super::ast::{Deed, Expr, Literal, Measure, Term, Test};
use super::columns::Columns;
use super::expressions::{as_number, date, null_type, text};
use super::field::{Field, Kind};
use super::groups::Grouping;
use super::needs::{Aggregate, Needs};
use domain::Day;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

pub mod laid;
mod parts;

pub use laid::Laid;

/// A rule under its name.
#[derive(Clone, Debug, PartialEq)]
pub struct Named {
    /// Name of the segment.
    pub name: String,
    /// Its rule.
    pub rule: Expr,
}

/// A query and what its columns mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compiled {
    /// One row a shopper, also those in no segment: `shopper_id`, `market`, `accepts_marketing`, then a boolean a segment,
    /// never null.
    pub sql: String,
    /// The same answer without the engine's joins and groups, where clean tables number their shoppers.
    pub laid: Option<Laid>,
    /// Name of each segment with its column, in the order of the columns.
    pub columns: Vec<(String, String)>,
    /// Tables that it reads, in order.
    pub tables: Vec<String>,
    /// Fields that a rule asks for and no table has: missing for every shopper.
    pub absent: Vec<Field>,
}

/// Compiles rules, each after those that it refers to, as [`super::SegmentBook::in_order`] lists them;
/// a segment that is not among them has no member.
pub fn compile(segments: &[Named], groupings: &BTreeMap<String, Grouping>, columns: &Columns, as_of: Day) -> Compiled {
    let asked: BTreeSet<String> = segments.iter().flat_map(|s| s.rule.groupings()).collect();
    let groupings: Vec<&Grouping> = asked.iter().filter_map(|name| groupings.get(name)).collect();
    let mut needs = Needs::default();
    for test in segments.iter().flat_map(|s| s.rule.tests()) {
        needs.term(test.term());
    }
    for measure in groupings.iter().flat_map(|g| &g.measures) {
        needs.term(&measure.term);
    }
    let mut writer = Writer::new(columns, as_of, &needs, &groupings);
    let joined = writer.facts_and_parts();
    let sql = writer.levels(joined, segments);
    let laid = columns.numbered.then(|| writer.laid(segments));
    let names = (0..segments.len()).map(|at| format!("s{at}"));
    Compiled {
        sql,
        laid,
        columns: segments.iter().map(|s| s.name.clone()).zip(names).collect(),
        tables: writer.tables.into_iter().collect(),
        absent: writer.absent.into_iter().collect(),
    }
}

/// How many references lie below each segment, at most.
fn levels(segments: &[Named]) -> Vec<usize> {
    let mut levels: Vec<usize> = Vec::with_capacity(segments.len());
    for segment in segments {
        let below = segment.rule.depends_on().into_iter().filter_map(|name| {
            let at = segments[..levels.len()].iter().position(|s| s.name == name)?;
            Some(levels[at] + 1)
        });
        let level = below.max().unwrap_or(0);
        levels.push(level);
    }
    levels
}

/// A table of one row a shopper, and the columns that are asked of it.
struct Mart {
    table: String,
    alias: String,
    columns: Vec<String>,
}

/// Where the columns of the facts come from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Over {
    /// Parts and marts that the engine joins.
    Joined,
    /// One table that has them side by side.
    Laid,
}

/// A column for every term, and the tables that they come from.
#[derive(Default)]
struct Shape {
    columns: Vec<String>,
    /// Parts by name and alias.
    parts: Vec<(&'static str, &'static str)>,
    marts: Vec<Mart>,
    /// Fields of `clean.shoppers`.
    own: Vec<String>,
}

/// Whether a part comes from a mart that tells shoppers by name.
fn by_name(part: &str) -> bool {
    matches!(part, "cart" | "interest" | "worth")
}

struct Writer<'a> {
    columns: &'a Columns,
    as_of: Day,
    needs: &'a Needs,
    groupings: &'a [&'a Grouping],
    tables: BTreeSet<String>,
    absent: BTreeSet<Field>,
}

/// A query for numbers of every shopper: `shopper_id`, then `v0`, `v1` … as doubles, null where one is missing.
pub fn measures(terms: &[Term], columns: &Columns, as_of: Day) -> Compiled {
    let mut needs = Needs::default();
    terms.iter().for_each(|term| needs.term(term));
    let mut writer = Writer::new(columns, as_of, &needs, &[]);
    let mut sql = writer.facts_and_parts();
    let names: Vec<String> = (0..terms.len()).map(|at| format!("v{at}")).collect();
    let values =
        terms.iter().zip(&names).map(|(term, name)| format!("cast({} as double) as {name}", writer.term(term, &[])));
    let _ = write!(sql, "\nselect shopper_id, {}\nfrom facts", values.collect::<Vec<_>>().join(", "));
    Compiled {
        sql,
        laid: None,
        columns: terms.iter().map(ToString::to_string).zip(names).collect(),
        tables: writer.tables.into_iter().collect(),
        absent: writer.absent.into_iter().collect(),
    }
}

impl<'a> Writer<'a> {
    fn new(columns: &'a Columns, as_of: Day, needs: &'a Needs, groupings: &'a [&'a Grouping]) -> Self {
        Self { columns, as_of, needs, groupings, tables: BTreeSet::new(), absent: BTreeSet::new() }
    }

    /// `with …, facts as (…)`.
    fn facts_and_parts(&mut self) -> String {
        let mut sql = String::from("with ");
        let parts =
            [self.sale(), self.goods(), self.bought(), self.seen(), self.carts(), self.interests(), self.values()];
        for part in parts.into_iter().flatten() {
            let _ = write!(sql, "{part}, ");
        }
        sql.push_str(&self.facts());
        sql
    }

    /// Adds the group of every shopper in each grouping as a column `n…`; the name of the last part.
    fn groups(&self, sql: &mut String) -> &'static str {
        if self.groupings.is_empty() {
            return "facts";
        }
        let (mut scaled, mut forms, mut groups) = (Vec::new(), Vec::new(), Vec::new());
        for (at, grouping) in self.groupings.iter().enumerate() {
            let columns: Vec<String> = (0..grouping.measures.len()).map(|m| format!("x{at}_{m}")).collect();
            let measures = grouping.measures.iter().zip(&columns);
            scaled.extend(measures.map(|(m, column)| format!("{} as {column}", m.sql(&self.term(&m.term, &[])))));
            forms.extend(
                grouping.groups.iter().enumerate().map(|(g, group)| format!("{} as y{at}_{g}", group.sql(&columns))),
            );
            let k = grouping.groups.len();
            let best = |g: usize| {
                let least = (0..k)
                    .filter(|other| *other != g)
                    .map(|other| format!("y{at}_{g} {} y{at}_{other}", if other < g { ">" } else { ">=" }));
                format!("when {} then {}", least.chain(["true".to_owned()]).collect::<Vec<_>>().join(" and "), g + 1)
            };
            let known: Vec<String> = columns.iter().map(|column| format!("{column} is null")).collect();
            let cases: Vec<String> = (0..k).map(best).collect();
            groups.push(format!("case when {} then null {} end as n{at}", known.join(" or "), cases.join(" ")));
        }
        for (name, from, columns) in
            [("scaled", "facts", scaled), ("formed", "scaled", forms), ("grouped", "formed", groups)]
        {
            let _ = write!(sql, ", {name} as (\n  select *,\n    {}\n  from {from}\n)", columns.join(",\n    "));
        }
        "grouped"
    }

    /// The column that tells shoppers of clean tables apart.
    fn key(&self) -> &'static str {
        if self.columns.numbered { "shopper_no" } else { "shopper_id" }
    }

    fn table(&mut self, name: &str) -> String {
        self.tables.insert(name.to_owned());
        name.to_owned()
    }

    /// A column for every term, and where it comes from.
    fn shape(&mut self, over: Over) -> Shape {
        let needs = self.needs;
        // Laid side by side, every column has a name of its own in one table.
        let of = |alias: &'static str| if over == Over::Laid { "s" } else { alias };
        let mut shape = Shape::default();
        shape.columns.extend(["s.shopper_id", "s.market", "s.accepts_marketing"].map(str::to_owned));
        for (at, sum) in needs.sums.iter().enumerate() {
            let counted = matches!(
                sum,
                Aggregate::Count(_) | Aggregate::Revenue(_) | Aggregate::Units(_) | Aggregate::Returned(_)
            );
            let from = of("a");
            let column = if counted { format!("coalesce({from}.a{at}, 0)") } else { format!("{from}.a{at}") };
            shape.columns.push(format!("{column} as a{at}"));
        }
        let mut part = |wanted: bool, name: &'static str, alias: &'static str| {
            if wanted {
                shape.parts.push((name, alias));
            }
        };
        part(!needs.sums.is_empty(), "sale", "a");
        part(needs.deeds.iter().any(|d| d.0 == Deed::Bought), "bought", "b");
        let seen = needs.deeds.iter().any(|d| d.0 == Deed::Viewed) || !needs.searches.is_empty();
        part(seen, "seen", "v");
        let carts = !needs.carts.is_empty() && self.columns.carts.is_some();
        part(carts, "cart", "c");
        let interests = !needs.interests.is_empty() && self.columns.interests.is_some();
        part(interests, "interest", "i");
        let values = !needs.values.is_empty() && self.columns.values.is_some();
        part(values, "worth", "w");
        for (at, (deed, ..)) in needs.deeds.iter().enumerate() {
            let alias = of(if *deed == Deed::Bought { "b" } else { "v" });
            shape.columns.push(format!("{alias}.d{at} is not null as d{at}"));
        }
        let seen = of("v");
        shape.columns.extend((0..needs.searches.len()).map(|at| format!("{seen}.q{at} is not null as q{at}")));
        let cart = of("c");
        let of_carts = |at: usize| {
            format!("{} as c{at}", if carts { format!("{cart}.c{at} is not null") } else { "false".into() })
        };
        shape.columns.extend((0..needs.carts.len()).map(of_carts));
        let mut scores = |there: bool, alias: &'static str, prefix: &str, n: usize| {
            let alias = of(alias);
            let score = |at: usize| {
                if there {
                    format!("{alias}.{prefix}{at} as {prefix}{at}")
                } else {
                    format!("cast(null as double) as {prefix}{at}")
                }
            };
            shape.columns.extend((0..n).map(score));
        };
        scores(interests, "i", "i", needs.interests.len());
        scores(values, "w", "w", needs.values.len());
        for field in &needs.fields {
            let name = field.name();
            let Some((table, column)) = self.columns.fields.get(field).cloned() else {
                self.absent.insert(*field);
                shape.columns.push(format!("cast(null as {}) as f_{name}", null_type(field.kind())));
                continue;
            };
            if table == "clean.shoppers" {
                shape.own.push(format!("{column} as f_{name}"));
                let column = if over == Over::Laid { format!("f_{name}") } else { column };
                shape.columns.push(format!("s.{column} as f_{name}"));
            } else {
                let alias = self.mart(&table, format!("t.{column} as f_{name}"), &mut shape);
                let alias = if over == Over::Laid { "s" } else { &alias };
                shape.columns.push(format!("{alias}.f_{name}"));
            }
        }
        let known = self.columns;
        let (table, column) = &known.tags;
        for (at, tag) in needs.tags.iter().enumerate() {
            let tag = text(&format!("\"tag\":\"{tag}\""));
            // Asked before the join: a flag is carried through it instead of the text of all tags.
            let alias = self.mart(table, format!("strpos(t.{column}, {tag}) > 0 as t{at}"), &mut shape);
            let alias = if over == Over::Laid { "s" } else { &alias };
            shape.columns.push(format!("coalesce({alias}.t{at}, false) as t{at}"));
        }
        shape
    }

    /// One row a shopper with a column for every term, by joins.
    fn facts(&mut self) -> String {
        let shape = self.shape(Over::Joined);
        let base = self.table("clean.shoppers");
        let mut sql = format!("facts as (\n  select {}\n  from {base} s", shape.columns.join(",\n    "));
        for (name, alias) in shape.parts {
            let key = if by_name(name) { "shopper_id" } else { self.key() };
            let _ = write!(sql, "\n  left join {name} {alias} on {alias}.{key} = s.{key}");
        }
        for mart in shape.marts {
            let key = if self.in_step(&mart) { "shopper_no" } else { "shopper_id" };
            let Mart { table, alias, columns } = mart;
            let columns = columns.join(", ");
            let from = format!("(select t.{key}, {columns} from {table} t)");
            let _ = write!(sql, "\n  left join {from} {alias} on {alias}.{key} = s.{key}");
        }
        sql.push_str("\n)");
        sql
    }

    /// Whether the mart has the numbers of these very clean tables.
    fn in_step(&self, mart: &Mart) -> bool {
        self.columns.numbered && self.columns.numbered_marts.contains(&mart.table)
    }

    /// Asks one more column of a mart, `t`, of one row a shopper, joined once; its alias follows those of the parts.
    fn mart(&mut self, table: &str, column: String, shape: &mut Shape) -> String {
        if let Some(mart) = shape.marts.iter_mut().find(|mart| mart.table == table) {
            mart.columns.push(column);
            return mart.alias.clone();
        }
        let alias = format!("m{}", shape.parts.len() + shape.marts.len());
        shape.marts.push(Mart { table: self.table(table), alias: alias.clone(), columns: vec![column] });
        alias
    }

    /// Groups, the levels of the rules and who is in what, after the facts.
    fn levels(&mut self, mut sql: String, segments: &[Named]) -> String {
        let grouped = self.groups(&mut sql);
        let levels = levels(segments);
        let known: Vec<&str> = segments.iter().map(|s| s.name.as_str()).collect();
        let top = levels.iter().copied().max().unwrap_or(0);
        for level in 0..=top {
            let from = if level == 0 { grouped.to_owned() } else { format!("level{}", level - 1) };
            let _ = write!(sql, ", level{level} as (\n  select *");
            for (at, segment) in segments.iter().enumerate().filter(|(at, _)| levels[*at] == level) {
                let _ = write!(sql, ",\n    coalesce({}, false) as s{at}", self.rule(&segment.rule, &known));
            }
            let _ = write!(sql, "\n  from {from}\n)");
        }
        // Who is in none is kept: a condition over all columns made the engine work out every rule a second time.
        let _ = write!(sql, "\nselect shopper_id, market, accepts_marketing");
        (0..segments.len()).for_each(|at| {
            let _ = write!(sql, ", s{at}");
        });
        let _ = write!(sql, "\nfrom level{top}");
        sql
    }

    fn rule(&self, rule: &Expr, known: &[&str]) -> String {
        let list = |members: &[Expr], word: &str| {
            let members: Vec<String> = members.iter().map(|m| self.rule(m, known)).collect();
            format!("({})", members.join(&format!(" {word} ")))
        };
        match rule {
            Expr::And(members) => list(members, "and"),
            Expr::Or(members) => list(members, "or"),
            Expr::Not(inner) => format!("not {}", self.rule(inner, known)),
            Expr::Test(test) => self.test(test, known),
        }
    }

    fn test(&self, test: &Test, known: &[&str]) -> String {
        let term = self.term(test.term(), known);
        let value = |literal: &Literal| self.literal(literal);
        // Words are compared in small letters; a code is written as the table has it.
        let folded = matches!(test.term(), Term::Field(f) if f.kind() == Kind::Text);
        let subject = if folded { format!("lower({term})") } else { term.clone() };
        let value = |literal: &Literal| if folded { value(literal).to_lowercase() } else { value(literal) };
        match test {
            Test::Yes(_) => term,
            Test::Missing(_) => format!("({term} is null)"),
            Test::Compare(_, op, literal) => {
                let sign = if op.sign() == "!=" { "<>" } else { op.sign() };
                format!("({subject} {sign} {})", value(literal))
            }
            Test::In(_, literals) => {
                let literals: Vec<String> = literals.iter().map(value).collect();
                format!("({subject} in ({}))", literals.join(", "))
            }
            Test::Between(_, low, high) => format!("({subject} between {} and {})", value(low), value(high)),
        }
    }

    fn literal(&self, literal: &Literal) -> String {
        match literal {
            Literal::Number(n) => format!("{n}"),
            Literal::Text(words) => text(words),
            Literal::Day(day) => date(*day),
            Literal::Ago(days) => date(self.as_of.plus(-(*days as i32))),
        }
    }

    fn term(&self, term: &Term, known: &[&str]) -> String {
        let sum = |sum: Aggregate| format!("a{}", self.needs.at(&sum));
        let each = |over: Aggregate, w: &Option<u32>| {
            format!("(cast({} as double) / nullif({}, 0))", sum(over), sum(Aggregate::Count(*w)))
        };
        let since = |day: Aggregate| format!("({} - {})", as_number(&date(self.as_of)), as_number(&sum(day)));
        match term {
            Term::Measure(measure, w) => match measure {
                Measure::OrdersCount => sum(Aggregate::Count(*w)),
                Measure::OrdersRevenue => sum(Aggregate::Revenue(*w)),
                Measure::OrdersUnits => sum(Aggregate::Units(*w)),
                Measure::ReturnsCount => sum(Aggregate::Returned(*w)),
                Measure::OrdersAverage => each(Aggregate::Revenue(*w), w),
                Measure::OrdersBasket => each(Aggregate::Units(*w), w),
                Measure::ReturnsShare => each(Aggregate::Returned(*w), w),
            },
            Term::Field(Field::FirstOrder) => sum(Aggregate::FirstDay),
            Term::Field(Field::LastOrder) => sum(Aggregate::LastDay),
            Term::Field(Field::DaysSinceFirstOrder) => since(Aggregate::FirstDay),
            Term::Field(Field::DaysSinceLastOrder) => since(Aggregate::LastDay),
            Term::Field(Field::BasketSize) => each(Aggregate::Units(None), &None),
            // Null without an order, no without a return.
            Term::Field(Field::ReturnedLast) => {
                let last = sum(Aggregate::LastDay);
                format!(
                    "(case when {last} is not null then coalesce({} = {last}, false) end)",
                    sum(Aggregate::LastReturned)
                )
            }
            Term::Field(field) => format!("f_{}", field.name()),
            Term::Product(deed, by, name, window) => format!("d{}", self.needs.deed_at(*deed, *by, name, *window)),
            Term::Searched(words, window) => format!("q{}", self.needs.search_at(words, *window)),
            Term::CartAbandoned(window) => {
                format!("c{}", self.needs.carts.iter().position(|c| c == window).unwrap_or(0))
            }
            Term::Tag(tag) => format!("t{}", self.needs.tags.iter().position(|t| t == tag).unwrap_or(0)),
            Term::Interest(name) => {
                format!("i{}", self.needs.interests.iter().position(|i| i == name).unwrap_or(0))
            }
            Term::Value(name) => format!("w{}", self.needs.values.iter().position(|v| v == name).unwrap_or(0)),
            Term::Group(name) => match self.groupings.iter().position(|g| g.name == *name) {
                Some(at) => format!("n{at}"),
                None => "cast(null as bigint)".to_owned(),
            },
            Term::Segment(name) => match known.iter().position(|k| k == name) {
                Some(at) => format!("s{at}"),
                None => "false".to_owned(),
            },
        }
    }
}
