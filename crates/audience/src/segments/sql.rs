//! A set of rules as one query over the lake.
//!
//! ```text
//! returned orders of which something came back, by shopper                                clean.order_lines
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
//! A part that no rule needs is not written. SQL's three values of logic are those of
//! [`super::evaluate()`]; `coalesce(…, false)` makes a column of members of them. An order is a row of
//! `clean.orders` of kind `sale`; it came back in part where a settled line of it has a
//! `returned_quantity`, on the day of the first such line. Days are counted against the cutoff, which is written into the text: the same
//! rules, columns and cutoff give the same bytes. Rows come in no order.
//!
//! Cost: one scan of the orders with one sum a distinct aggregate, and of lines and events only where
//! they are asked for.

use super::ast::{Deed, Expr, Literal, Measure, Term, Test};
use super::columns::Columns;
use super::expressions::{SEARCHES, VIEWS, as_number, date, names, null_type, product_is, text};
use super::field::{Field, Kind};
use super::groups::Grouping;
use super::needs::{Aggregate, Needs};
use domain::Day;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

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
    /// One row a shopper, also those in no segment: `shopper_id`, then a boolean a segment, never null.
    pub sql: String,
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
    let mut sql = writer.facts_and_parts();
    let grouped = writer.groups(&mut sql);
    let levels = levels(segments);
    let known: Vec<&str> = segments.iter().map(|s| s.name.as_str()).collect();
    let top = levels.iter().copied().max().unwrap_or(0);
    for level in 0..=top {
        let from = if level == 0 { grouped.to_owned() } else { format!("level{}", level - 1) };
        let _ = write!(sql, ", level{level} as (\n  select *");
        for (at, segment) in segments.iter().enumerate().filter(|(at, _)| levels[*at] == level) {
            let _ = write!(sql, ",\n    coalesce({}, false) as s{at}", writer.rule(&segment.rule, &known));
        }
        let _ = write!(sql, "\n  from {from}\n)");
    }
    let names: Vec<String> = (0..segments.len()).map(|at| format!("s{at}")).collect();
    // Who is in none is kept: a condition over all columns made the engine work out every rule a second time.
    let _ = write!(sql, "\nselect shopper_id, {}\nfrom level{top}", names.join(", "));
    Compiled {
        sql,
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
        let parts = [
            self.returned(),
            self.sale(),
            self.goods(),
            self.bought(),
            self.seen(),
            self.carts(),
            self.interests(),
            self.values(),
        ];
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

    /// First day of a window.
    fn from(&self, window: Option<u32>) -> Option<String> {
        window.map(|days| date(self.as_of.plus(-(days as i32))))
    }

    /// Orders of which something came back by shopper. From the few lines that came back, not by a join
    /// of all orders with them: that took five of the thirteen CPU seconds of a query of twenty rules.
    fn returned(&mut self) -> Option<String> {
        let sums = self.sums(Aggregate::of_returns);
        if sums.is_empty() {
            return None;
        }
        let (lines, key) = (self.table("clean.order_lines"), self.key());
        Some(format!(
            "returned as (\n  select o.{key},\n    {}\n  from (\n    select {key}, order_key, min(day) as day from {lines}\n    where settled and returned_quantity > 0 and {key} is not null and day < {}\n    group by {key}, order_key\n  ) o\n  group by o.{key}\n)",
            sums.join(",\n    "),
            date(self.as_of)
        ))
    }

    fn sale(&mut self) -> Option<String> {
        let sums = self.sums(|sum| !sum.of_returns());
        if sums.is_empty() {
            return None;
        }
        let (orders, key) = (self.table("clean.orders"), self.key());
        // Where every window is bounded, older rows need not be read at all.
        let own = self.needs.sums.iter().filter(|sum| !sum.of_returns());
        let windows: Option<Vec<u32>> = own.map(Aggregate::window).collect();
        let since = windows.and_then(|w| w.into_iter().max()).and_then(|days| self.from(Some(days)));
        let since = since.map(|day| format!(" and o.day >= {day}")).unwrap_or_default();
        Some(format!(
            "sale as (\n  select o.{key},\n    {}\n  from {orders} o\n  where o.kind = 'sale' and o.{key} is not null and o.day < {}{since}\n  group by o.{key}\n)",
            sums.join(",\n    "),
            date(self.as_of)
        ))
    }

    /// The sums of one part, each under its number.
    fn sums(&self, wanted: impl Fn(&Aggregate) -> bool) -> Vec<String> {
        let sums = self.needs.sums.iter().enumerate().filter(|(_, sum)| wanted(sum));
        sums.map(|(at, sum)| format!("{} as a{at}", self.aggregate(sum))).collect()
    }

    fn aggregate(&self, sum: &Aggregate) -> String {
        let when = |window: &Option<u32>, value: &str| match (self.from(*window), value) {
            (None, "1") => "count(*)".to_owned(),
            (None, value) => format!("sum({value})"),
            // A count over a condition keeps no value per row but the condition itself.
            (Some(day), "1") => format!("count(case when o.day >= {day} then 1 end)"),
            (Some(day), value) => format!("sum(case when o.day >= {day} then {value} else 0 end)"),
        };
        match sum {
            Aggregate::Count(w) | Aggregate::Returned(w) => when(w, "1"),
            Aggregate::Revenue(w) => when(w, "o.gross"),
            Aggregate::Units(w) => when(w, "o.units"),
            Aggregate::FirstDay => "min(o.day)".to_owned(),
            Aggregate::LastDay | Aggregate::LastReturned => "max(o.day)".to_owned(),
        }
    }

    fn goods(&mut self) -> Option<String> {
        let needs = self.needs;
        if needs.goods.is_empty() {
            return None;
        }
        let table = self.table("clean.products");
        let flags: Vec<String> = needs.goods.iter().map(|(by, name)| product_is(*by, name)).collect();
        let columns: Vec<String> = flags.iter().enumerate().map(|(at, flag)| format!("{flag} as g{at}")).collect();
        Some(format!(
            "goods as (\n  select product_id,\n    {}\n  from {table}\n  where {}\n)",
            columns.join(",\n    "),
            flags.join("\n    or ")
        ))
    }

    /// `max(case …)` of each deed, `1` or null.
    fn flags(&self, deed: Deed, day: &str, prefix: &str) -> Vec<String> {
        let deeds = self.needs.deeds.iter().enumerate().filter(|(_, d)| d.0 == deed);
        deeds
            .map(|(at, (_, goods, window))| {
                let inside = self.from(*window).map(|from| format!(" and {day} >= {from}")).unwrap_or_default();
                format!("max(case when g.g{goods}{inside} then 1 end) as {prefix}{at}")
            })
            .collect()
    }

    fn bought(&mut self) -> Option<String> {
        let flags = self.flags(Deed::Bought, "l.day", "d");
        if flags.is_empty() {
            return None;
        }
        let (lines, key) = (self.table("clean.order_lines"), self.key());
        Some(format!(
            "bought as (\n  select l.{key},\n    {}\n  from {lines} l join goods g on g.product_id = l.product_id\n  where l.settled and l.{key} is not null and l.day < {}\n  group by l.{key}\n)",
            flags.join(",\n    "),
            date(self.as_of)
        ))
    }

    fn seen(&mut self) -> Option<String> {
        let mut flags = self.flags(Deed::Viewed, "e.day", "d");
        let views = !flags.is_empty();
        let searches = self.needs.searches.iter().enumerate().map(|(at, (words, window))| {
            let inside = self.from(*window).map(|from| format!(" and e.day >= {from}")).unwrap_or_default();
            let found = format!("strpos(lower(e.query), {}) > 0", text(&words.to_lowercase()));
            format!("max(case when e.name in ({}) and {found}{inside} then 1 end) as q{at}", names(SEARCHES))
        });
        flags.extend(searches.collect::<Vec<_>>());
        if flags.is_empty() {
            return None;
        }
        let (events, key) = (self.table("clean.events"), self.key());
        let wanted: Vec<&str> = [views.then_some(VIEWS), (!self.needs.searches.is_empty()).then_some(SEARCHES)]
            .into_iter()
            .flatten()
            .flatten()
            .copied()
            .collect();
        let join = if views {
            // A search has no product, so goods are optional; a view of other goods says nothing and stays null.
            format!(" left join goods g on g.product_id = e.product_id and e.name in ({})", names(VIEWS))
        } else {
            String::new()
        };
        Some(format!(
            "seen as (\n  select e.{key},\n    {}\n  from (\n    select {key}, name, product_id, query, cast(occurred_at as date) as day from {events}\n    where {key} is not null and name in ({})\n  ) e{join}\n  where e.day < {}\n  group by e.{key}\n)",
            flags.join(",\n    "),
            names(&wanted),
            date(self.as_of)
        ))
    }

    fn carts(&mut self) -> Option<String> {
        let table = self.columns.carts.clone().filter(|_| !self.needs.carts.is_empty())?;
        let flags = self.needs.carts.iter().enumerate().map(|(at, window)| match self.from(*window) {
            Some(from) => format!("max(case when cast(last_at as date) >= {from} then 1 end) as c{at}"),
            None => format!("max(1) as c{at}"),
        });
        let (flags, table) = (flags.collect::<Vec<_>>().join(",\n    "), self.table(&table));
        let of = "state = 'abandoned' and shopper_id is not null";
        Some(format!("cart as (\n  select shopper_id,\n    {flags}\n  from {table} where {of} group by shopper_id\n)"))
    }

    fn interests(&mut self) -> Option<String> {
        self.scores("interest", "i", &self.needs.interests, self.columns.interests.clone()?)
    }

    fn values(&mut self) -> Option<String> {
        self.scores("worth", "w", &self.needs.values, self.columns.values.clone()?)
    }

    /// A row a shopper from a table of one row a shopper and name.
    fn scores(
        &mut self,
        part: &str,
        prefix: &str,
        asked: &[String],
        (table, name, score): (String, String, String),
    ) -> Option<String> {
        if asked.is_empty() {
            return None;
        }
        let table = self.table(&table);
        let columns = asked.iter().enumerate().map(|(at, asked)| {
            format!("coalesce(max(case when lower({name}) = {} then {score} end), 0) as {prefix}{at}", text(asked))
        });
        let columns: Vec<String> = columns.collect();
        Some(format!(
            "{part} as (\n  select shopper_id,\n    {}\n  from {table} group by shopper_id\n)",
            columns.join(",\n    ")
        ))
    }

    /// One row a shopper with a column for every term.
    fn facts(&mut self) -> String {
        let needs = self.needs;
        let mut columns = vec!["s.shopper_id".to_owned()];
        let mut joins: Vec<(String, String)> = Vec::new();
        let mut marts: Vec<Mart> = Vec::new();
        for (at, sum) in needs.sums.iter().enumerate() {
            let counted = matches!(
                sum,
                Aggregate::Count(_) | Aggregate::Revenue(_) | Aggregate::Units(_) | Aggregate::Returned(_)
            );
            let from = if sum.of_returns() { "r" } else { "a" };
            let column = if counted { format!("coalesce({from}.a{at}, 0)") } else { format!("{from}.a{at}") };
            columns.push(format!("{column} as a{at}"));
        }
        let mut part = |wanted: bool, name: &str, alias: &str| {
            if wanted {
                joins.push((name.to_owned(), alias.to_owned()));
            }
        };
        part(needs.sums.iter().any(|sum| !sum.of_returns()), "sale", "a");
        part(needs.sums.iter().any(Aggregate::of_returns), "returned", "r");
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
            let alias = if *deed == Deed::Bought { "b" } else { "v" };
            columns.push(format!("{alias}.d{at} is not null as d{at}"));
        }
        columns.extend((0..needs.searches.len()).map(|at| format!("v.q{at} is not null as q{at}")));
        let of_carts =
            |at: usize| format!("{} as c{at}", if carts { format!("c.c{at} is not null") } else { "false".into() });
        columns.extend((0..needs.carts.len()).map(of_carts));
        if interests {
            columns.extend((0..needs.interests.len()).map(|at| format!("i.i{at} as i{at}")));
        } else {
            columns.extend((0..needs.interests.len()).map(|at| format!("cast(null as double) as i{at}")));
        }
        let of_values = |at: usize| {
            if values { format!("w.w{at} as w{at}") } else { format!("cast(null as double) as w{at}") }
        };
        columns.extend((0..needs.values.len()).map(of_values));
        for field in &needs.fields {
            let name = field.name();
            let Some((table, column)) = self.columns.fields.get(field).cloned() else {
                self.absent.insert(*field);
                columns.push(format!("cast(null as {}) as f_{name}", null_type(field.kind())));
                continue;
            };
            if table == "clean.shoppers" {
                columns.push(format!("s.{column} as f_{name}"));
            } else {
                let alias = self.mart(&table, format!("t.{column} as f_{name}"), joins.len(), &mut marts);
                columns.push(format!("{alias}.f_{name}"));
            }
        }
        let known = self.columns;
        let (table, column) = &known.tags;
        for (at, tag) in needs.tags.iter().enumerate() {
            let tag = text(&format!("\"tag\":\"{tag}\""));
            // Asked before the join: a flag is carried through it instead of the text of all tags.
            let asked = format!("strpos(t.{column}, {tag}) > 0 as t{at}");
            let alias = self.mart(table, asked, joins.len(), &mut marts);
            columns.push(format!("coalesce({alias}.t{at}, false) as t{at}"));
        }
        let base = self.table("clean.shoppers");
        let mut sql = format!("facts as (\n  select {}\n  from {base} s", columns.join(",\n    "));
        for (name, alias) in joins {
            let key = if matches!(name.as_str(), "cart" | "interest" | "worth") { "shopper_id" } else { self.key() };
            let _ = write!(sql, "\n  left join {name} {alias} on {alias}.{key} = s.{key}");
        }
        for Mart { table, alias, columns } in marts {
            let columns = columns.join(", ");
            let in_step = self.columns.numbered && self.columns.numbered_marts.contains(&table);
            let key = if in_step { "shopper_no" } else { "shopper_id" };
            let from = format!("(select t.{key}, {columns} from {table} t)");
            let _ = write!(sql, "\n  left join {from} {alias} on {alias}.{key} = s.{key}");
        }
        sql.push_str("\n)");
        sql
    }

    /// Asks one more column of a mart, `t`, of one row a shopper, joined once; its alias follows those of `before` joins.
    fn mart(&mut self, table: &str, column: String, before: usize, marts: &mut Vec<Mart>) -> String {
        if let Some(mart) = marts.iter_mut().find(|mart| mart.table == table) {
            mart.columns.push(column);
            return mart.alias.clone();
        }
        let alias = format!("m{}", before + marts.len());
        marts.push(Mart { table: self.table(table), alias: alias.clone(), columns: vec![column] });
        alias
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
