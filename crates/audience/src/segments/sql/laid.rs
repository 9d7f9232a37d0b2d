//! The query of a set of rules without joins and groups: sums are tallied, columns are laid side by side by shopper number.
//!
//! Clean tables number their shoppers from 0 without gaps, so a shopper's number is a place in an array. An engine does not
//! know that: of a query of twenty rules over a million shoppers it spent two thirds on hashing such numbers. Here it reads
//! and filters only. [`Laid::scans`] have many rows a shopper and are [tallied](Tally), [`Laid::parts`] have at most one; both are
//! put at the place of their number beside [`Laid::shoppers`], and the rules run over that one table, [`TABLE`]. Whoever runs it has to
//! refuse a number that comes twice in a part, of which a join would have made two rows, and numbers of other clean tables.

use super::{Named, Over, Writer, by_name};
use crate::segments::ast::Deed;
use crate::segments::needs::Aggregate;
use crate::segments::tally::{Cell, Taken, Tally};
use domain::Day;

/// Name of the table that [`Laid::sql`] reads.
pub const TABLE: &str = "laid";

/// The same question as [`super::Compiled::sql`], in pieces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Laid {
    /// How many shoppers there are, as `n`.
    pub n: String,
    /// `shopper_no`, `shopper_id` and what else `clean.shoppers` has: a row a shopper.
    pub shoppers: String,
    /// At most a row a shopper.
    pub parts: Vec<Part>,
    /// Many rows a shopper.
    pub scans: Vec<Scan>,
    /// The query over [`TABLE`], with all those columns; a shopper without a row in a part has nulls.
    pub sql: String,
}

/// A query of at most a row a shopper.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// `shopper_no`, where it is to be checked `shopper_id`, then columns with names of their own.
    pub sql: String,
    /// Whether numbers may be of other clean tables: each has to stand beside the shopper that has it now, else the part does not
    /// suit.
    pub check: bool,
}

/// A query of many rows a shopper and what is made of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scan {
    /// `shopper_no`, `day`, the columns that are taken in their order (whole numbers, decimals of six places, truths).
    pub sql: String,
    /// What is tallied.
    pub cells: Vec<Cell>,
}

impl Scan {
    /// Nothing of `n` shoppers yet.
    pub fn tally(&self, n: usize) -> Tally {
        Tally::new(n, self.cells.clone())
    }
}

impl Writer<'_> {
    pub(super) fn laid(&mut self, segments: &[Named]) -> Laid {
        let shape = self.shape(Over::Laid);
        let facts = format!("with facts as (\n  select {}\n  from {TABLE} s\n)", shape.columns.join(",\n    "));
        let base = self.table("clean.shoppers");
        let own: Vec<String> = shape.own.iter().map(|column| format!(", {column}")).collect();
        let shoppers = format!("select shopper_no, shopper_id, market, accepts_marketing{} from {base}", own.concat());
        let mut parts = Vec::new();
        for (name, _) in &shape.parts {
            let part = match *name {
                "seen" => self.seen(),
                "cart" => self.carts(),
                "interest" => self.interests(),
                "worth" => self.values(),
                _ => continue,
            };
            let goods = self.goods().filter(|_| *name == "seen").map(|goods| format!("{goods}, ")).unwrap_or_default();
            let part = part.map(|part| format!("with {goods}{part}\n")).unwrap_or_default();
            let columns = self.columns_of(name);
            let sql = if by_name(name) {
                format!(
                    "{part}select s.shopper_no, {columns} from {name} p join {base} s on s.shopper_id = p.shopper_id"
                )
            } else {
                format!("{part}select p.shopper_no, {columns} from {name} p")
            };
            parts.push(Part { sql, check: false });
        }
        for mart in &shape.marts {
            let (table, columns) = (&mart.table, mart.columns.join(", "));
            let (from, check) = match (self.in_step(mart), self.columns.keeping_numbers.contains(table)) {
                (true, _) => {
                    (format!("select t.shopper_no, {columns} from {table} t where t.shopper_no is not null"), false)
                }
                (false, true) => (format!("select t.shopper_no, t.shopper_id, {columns} from {table} t"), true),
                (false, false) => (
                    format!(
                        "select s.shopper_no, {columns} from {table} t join {base} s on s.shopper_id = t.shopper_id"
                    ),
                    false,
                ),
            };
            parts.push(Part { sql: from, check });
        }
        let scans = [self.sale_scan(), self.bought_scan()].into_iter().flatten().collect();
        Laid {
            n: format!("select count(*) as n from {base}"),
            shoppers,
            parts,
            scans,
            sql: self.levels(facts, segments),
        }
    }

    /// Columns of a part that is no scan.
    fn columns_of(&self, part: &str) -> String {
        let needs = self.needs;
        let numbered = |prefix: &str, n: usize| (0..n).map(|at| format!("p.{prefix}{at}")).collect::<Vec<_>>();
        let columns = match part {
            "cart" => numbered("c", needs.carts.len()),
            "interest" => numbered("i", needs.interests.len()),
            "worth" => numbered("w", needs.values.len()),
            _ => {
                let views = needs.deeds.iter().enumerate().filter(|(_, d)| d.0 == Deed::Viewed);
                let mut columns: Vec<String> = views.map(|(at, _)| format!("p.d{at}")).collect();
                columns.extend(numbered("q", needs.searches.len()));
                columns
            }
        };
        columns.join(", ")
    }

    fn since(&self, window: Option<u32>) -> Option<Day> {
        window.map(|days| self.as_of.plus(-(days as i32)))
    }

    fn sale_scan(&mut self) -> Option<Scan> {
        let sums = &self.needs.sums;
        if sums.is_empty() {
            return None;
        }
        let mut taken = Vec::new();
        let mut take = |wanted: fn(&Aggregate) -> bool, column: &'static str| {
            sums.iter().any(wanted).then(|| taken.push(column));
        };
        take(|sum| matches!(sum, Aggregate::Units(_)), "o.units");
        take(|sum| matches!(sum, Aggregate::Revenue(_)), "o.gross");
        take(Aggregate::of_returns, "o.returned_units");
        let place = |column: &str| taken.iter().position(|t| *t == column).unwrap_or(0);
        let cell = |(at, sum): (usize, &Aggregate)| {
            let what = match sum {
                Aggregate::Count(_) | Aggregate::Returned(_) => Taken::Count,
                Aggregate::Revenue(_) => Taken::Micros(place("o.gross")),
                Aggregate::Units(_) => Taken::Sum(place("o.units")),
                Aggregate::FirstDay => Taken::FirstDay,
                Aggregate::LastDay | Aggregate::LastReturned => Taken::LastDay,
            };
            let when = sum.of_returns().then(|| place("o.returned_units"));
            Cell { name: format!("a{at}"), since: self.since(sum.window()), when, what }
        };
        let cells = sums.iter().enumerate().map(cell).collect();
        let columns: Vec<&str> = ["o.shopper_no", "o.day"].into_iter().chain(taken).collect();
        let orders = self.table("clean.orders");
        let sql = format!("select {} from {orders} o where {}", columns.join(", "), self.sold());
        Some(Scan { sql, cells })
    }

    fn bought_scan(&mut self) -> Option<Scan> {
        let bought = self.needs.deeds.iter().enumerate().filter(|(_, d)| d.0 == Deed::Bought);
        let goods_of: Vec<usize> = {
            let mut goods: Vec<usize> = bought.clone().map(|(_, d)| d.1).collect();
            goods.sort_unstable();
            goods.dedup();
            goods
        };
        let cell = |(at, (_, goods, window)): (usize, &(Deed, usize, Option<u32>))| {
            let place = goods_of.iter().position(|g| g == goods).unwrap_or(0);
            Cell { name: format!("d{at}"), since: self.since(*window), when: None, what: Taken::Flag(place) }
        };
        let cells: Vec<Cell> = bought.map(cell).collect();
        let goods = self.goods().filter(|_| !cells.is_empty())?;
        let lines = self.table("clean.order_lines");
        let columns: Vec<String> = goods_of.iter().map(|g| format!(", g.g{g}")).collect();
        let sql = format!(
            "with {goods}\nselect l.shopper_no, l.day{} from {lines} l join goods g on g.product_id = l.product_id\nwhere {}",
            columns.concat(),
            self.settled()
        );
        Some(Scan { sql, cells })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::segments::{Columns, Definition, Field, SegmentBook};

    #[test]
    fn the_same_question_is_laid_out_by_number() {
        let definitions = [
            ("core", "orders.count(180d) >= 2 and orders.average(180d) > 49.5 and returned_last"),
            ("tea", "bought(category Tea, 30d) and tag(high_value) and cart_abandoned(7d) and age > 3"),
        ]
        .map(|(name, rule)| Definition::new(name, rule));
        let book = SegmentBook::read(&definitions).unwrap();
        let columns = Columns::default().with_carts("marts.carts").with(Field::Age, "marts.people", "age");
        let laid = book.compile(&columns, Day(20_454)).laid.unwrap();
        assert_eq!(laid.n, "select count(*) as n from clean.shoppers");
        assert_eq!(laid.shoppers, "select shopper_no, shopper_id, market, accepts_marketing from clean.shoppers");
        let cells = |scan: &Scan| {
            let cell = |c: &Cell| format!("{} {:?} {:?} {:?}", c.name, c.since, c.when, c.what);
            scan.cells.iter().map(cell).collect::<Vec<String>>()
        };
        let since = |days: i32| format!("{:?}", Some(Day(20_454 - days)));
        let sold = "where o.kind = 'sale' and o.shopper_no is not null and o.day < cast('2026-01-01' as date)";
        let taken = "o.shopper_no, o.day, o.gross, o.returned_units";
        assert_eq!(laid.scans[0].sql, format!("select {taken} from clean.orders o {sold}"));
        let half_a_year = since(180);
        let sums = [
            format!("a0 {half_a_year} None Count"),
            format!("a1 {half_a_year} None Micros(0)"),
            "a2 None None LastDay".to_owned(),
            "a3 None Some(1) LastDay".to_owned(),
        ];
        assert_eq!(cells(&laid.scans[0]), sums);
        assert!(laid.scans[1].sql.contains("select l.shopper_no, l.day, g.g0 from clean.order_lines l join goods g"));
        assert_eq!(cells(&laid.scans[1]), [format!("d0 {} None Flag(0)", since(30))]);
        assert_eq!(laid.scans.len(), 2);
        let parts: Vec<(&str, bool)> = laid.parts.iter().map(|p| (p.sql.as_str(), p.check)).collect();
        assert!(
            parts[0].0.ends_with(
                "select s.shopper_no, p.c0 from cart p join clean.shoppers s on s.shopper_id = p.shopper_id"
            )
        );
        let by_name = "select s.shopper_no, t.age as f_age from marts.people t join clean.shoppers s on s.shopper_id = t.shopper_id";
        assert_eq!(parts[1], (by_name, false), "a mart without numbers");
        let tags = "select t.shopper_no, t.shopper_id, strpos(t.tags, '\"tag\":\"high_value\"') > 0 as t0 from marts.segments t";
        assert_eq!(parts[2], (tags, true), "numbers of whichever clean tables");
        let in_step = book.compile(&columns.clone().in_step(&["marts.segments"]), Day(20_454)).laid.unwrap();
        assert!(!in_step.parts[2].check && in_step.parts[2].sql.ends_with("where t.shopper_no is not null"));
        let facts = "with facts as (\n  select s.shopper_id,\n    s.market,\n    s.accepts_marketing,\n    coalesce(s.a0, 0) as a0,";
        assert!(laid.sql.starts_with(facts) && laid.sql.contains("\n  from laid s\n), level0"), "{}", laid.sql);
        assert_eq!(book.compile(&columns.by_name(), Day(20_454)).laid, None, "names are no places");
    }
}
