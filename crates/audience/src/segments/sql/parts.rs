//! The parts of the query that are joined: sums of orders, flags of what was bought and seen, scores.

use super::Writer;
use crate::segments::ast::Deed;
use crate::segments::expressions::{SEARCHES, VIEWS, date, names, product_is, text};
use crate::segments::needs::Aggregate;

/// Which orders have something that came back.
const CAME_BACK: &str = "o.returned_units > 0";

impl Writer<'_> {
    /// First day of a window.
    pub(super) fn from(&self, window: Option<u32>) -> Option<String> {
        window.map(|days| date(self.as_of.plus(-(days as i32))))
    }

    pub(super) fn sale(&mut self) -> Option<String> {
        if self.needs.sums.is_empty() {
            return None;
        }
        let sums = self.needs.sums.iter().enumerate();
        let sums: Vec<String> = sums.map(|(at, sum)| format!("{} as a{at}", self.aggregate(sum))).collect();
        let (orders, key) = (self.table("clean.orders"), self.key());
        Some(format!(
            "sale as (\n  select o.{key},\n    {}\n  from {orders} o\n  where {}\n  group by o.{key}\n)",
            sums.join(",\n    "),
            self.sold()
        ))
    }

    /// Which orders count. Where every window is bounded, older ones need not be read at all.
    pub(super) fn sold(&self) -> String {
        let windows: Option<Vec<u32>> = self.needs.sums.iter().map(Aggregate::window).collect();
        let since = windows.and_then(|w| w.into_iter().max()).and_then(|days| self.from(Some(days)));
        let since = since.map(|day| format!(" and o.day >= {day}")).unwrap_or_default();
        format!("o.kind = 'sale' and o.{} is not null and o.day < {}{since}", self.key(), date(self.as_of))
    }

    fn aggregate(&self, sum: &Aggregate) -> String {
        let since = sum.window().and_then(|window| self.from(Some(window))).map(|day| format!("o.day >= {day}"));
        let back = sum.of_returns().then(|| CAME_BACK.to_owned());
        let when: Vec<String> = [since, back].into_iter().flatten().collect();
        let when = (!when.is_empty()).then(|| when.join(" and "));
        let of = |function: &str, value: &str, otherwise: &str| match &when {
            None => format!("{function}({value})"),
            Some(when) => format!("{function}(case when {when} then {value}{otherwise} end)"),
        };
        match sum {
            // A count over a condition keeps no value per row but the condition itself.
            Aggregate::Count(_) | Aggregate::Returned(_) => of("count", if when.is_some() { "1" } else { "*" }, ""),
            Aggregate::Revenue(_) => of("sum", "o.gross", " else 0"),
            Aggregate::Units(_) => of("sum", "o.units", " else 0"),
            Aggregate::FirstDay => of("min", "o.day", ""),
            Aggregate::LastDay | Aggregate::LastReturned => of("max", "o.day", ""),
        }
    }

    pub(super) fn goods(&mut self) -> Option<String> {
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
    pub(super) fn flags(&self, deed: Deed, day: &str, prefix: &str) -> Vec<String> {
        let deeds = self.needs.deeds.iter().enumerate().filter(|(_, d)| d.0 == deed);
        deeds
            .map(|(at, (_, goods, window))| {
                let inside = self.from(*window).map(|from| format!(" and {day} >= {from}")).unwrap_or_default();
                format!("max(case when g.g{goods}{inside} then 1 end) as {prefix}{at}")
            })
            .collect()
    }

    pub(super) fn bought(&mut self) -> Option<String> {
        let flags = self.flags(Deed::Bought, "l.day", "d");
        if flags.is_empty() {
            return None;
        }
        let (lines, key) = (self.table("clean.order_lines"), self.key());
        Some(format!(
            "bought as (\n  select l.{key},\n    {}\n  from {lines} l join goods g on g.product_id = l.product_id\n  where {}\n  group by l.{key}\n)",
            flags.join(",\n    "),
            self.settled()
        ))
    }

    /// Which lines are purchases.
    pub(super) fn settled(&self) -> String {
        format!("l.settled and l.{} is not null and l.day < {}", self.key(), date(self.as_of))
    }

    pub(super) fn seen(&mut self) -> Option<String> {
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

    pub(super) fn carts(&mut self) -> Option<String> {
        let table = self.columns.carts.clone().filter(|_| !self.needs.carts.is_empty())?;
        let flags = self.needs.carts.iter().enumerate().map(|(at, window)| match self.from(*window) {
            Some(from) => format!("max(case when cast(last_at as date) >= {from} then 1 end) as c{at}"),
            None => format!("max(1) as c{at}"),
        });
        let (flags, table) = (flags.collect::<Vec<_>>().join(",\n    "), self.table(&table));
        let of = "state = 'abandoned' and shopper_id is not null";
        Some(format!("cart as (\n  select shopper_id,\n    {flags}\n  from {table} where {of} group by shopper_id\n)"))
    }

    pub(super) fn interests(&mut self) -> Option<String> {
        self.scores("interest", "i", &self.needs.interests, self.columns.interests.clone()?)
    }

    pub(super) fn values(&mut self) -> Option<String> {
        self.scores("worth", "w", &self.needs.values, self.columns.values.clone()?)
    }

    /// A row a shopper from a table of one row a shopper and name.
    pub(super) fn scores(
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
}
