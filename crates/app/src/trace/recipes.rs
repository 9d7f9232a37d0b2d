//! Figures that stand in no cell, reckoned anew from the rows by their formulas.
//!
//! Written from the formulas that the plan states, not from the code that made it: a recipe that used the same code could
//! not contradict it.

use super::rows::Row;
use std::collections::BTreeSet;

/// The rows, what the key has in brackets, and the source with what its comments say.
pub(super) type Recipe = fn(&[Row], &str, &str) -> Option<f64>;

/// How a figure follows from its rows; `None` for what stands in a cell.
pub(super) fn of(key: &str) -> Option<Recipe> {
    Some(match key {
        "market.revenue" => |rows, _, _| net(rows.first()?),
        "market.repeat_rate" => |rows, _, _| ratio(rows.first()?, "n_repeat_shoppers", "n_shoppers"),
        "market.return_rate" => |rows, _, _| Some(-ratio(rows.first()?, "returned", "revenue")?),
        "market.growth" => growth,
        "market.sales_share" => |rows, _, source| {
            let own = named(rows, "market", said(source, "market ")?)?.number("net")?;
            Some(own / sum(rows, "net"))
        },
        "market.season" => {
            |rows, month, source| Some(season(rows, source)?[month.parse::<usize>().ok()?.checked_sub(1)?])
        }
        "market.season_peak" => |rows, _, source| {
            let months = whole_months(rows, source)?;
            let top = months.iter().map(|m| m.1).fold(f64::NEG_INFINITY, f64::max);
            Some(top / (months.iter().map(|m| m.1).sum::<f64>() / months.len() as f64))
        },
        "month.revenue" => |rows, month, _| Some(named(rows, "month", month).and_then(net).unwrap_or(0.0)),
        "month.orders" => {
            |rows, month, _| Some(named(rows, "month", month).and_then(|r| r.number("n_orders")).unwrap_or(0.0))
        }
        "segment.shopper_share" => |rows, segment, _| share(rows, segment, "n_shoppers"),
        "segment.revenue_share" => |rows, segment, _| share(rows, segment, "revenue"),
        "segment.repeat_rate" => {
            |rows, segment, _| ratio(named(rows, "segment", segment)?, "n_repeat_shoppers", "n_shoppers")
        }
        "segment.return_rate" => {
            |rows, segment, _| Some(-ratio(named(rows, "segment", segment)?, "returned", "revenue")?)
        }
        "segment.retention" => |rows, key, source| {
            let (segment, since) = key.split_once('+')?;
            let own: Vec<&Row> = rows.iter().filter(|r| r.text("segment") == Some(segment)).collect();
            retention(&own, since.parse().ok()?, said(source, "months up to ")?)
        },
        "retention.pooled" => |rows, key, source| {
            let since = key.trim_start_matches('+').parse().ok()?;
            retention(&rows.iter().collect::<Vec<_>>(), since, said(source, "months up to ")?)
        },
        "cohort.retention" => |rows, key, _| {
            let (cohort, since) = key.split_once('+')?;
            let at = |k: f64| {
                let of = |r: &&Row| {
                    r.text("cohort").is_some_and(|c| c.starts_with(cohort)) && r.number("months_since") == Some(k)
                };
                rows.iter().find(of).and_then(|r| r.number("n_shoppers"))
            };
            Some(at(since.parse().ok()?).unwrap_or(0.0) / at(0.0)?)
        },
        "cluster.shoppers" => |rows, at, _| nth(rows, at)?.number("n"),
        "cluster.recency" => |rows, at, _| nth(rows, at)?.number("recency"),
        "cluster.frequency" => |rows, at, _| nth(rows, at)?.number("frequency"),
        "cluster.spend" => |rows, at, _| nth(rows, at)?.number("monetary"),
        "bundle.baskets" => |rows, at, _| nth_set(rows, at)?.number("support_count"),
        "bundle.confidence" => |rows, at, _| nth_set(rows, at)?.number("confidence"),
        "bundle.lift" => |rows, at, _| nth_set(rows, at)?.number("lift"),
        "repeat.gap_days" => |rows, _, _| quantile(rows, 0.5),
        "repeat.due_from" => |rows, _, _| quantile(rows, 0.25),
        "repeat.due_to" => |rows, _, _| quantile(rows, 0.75),
        "repeat.due_hit" => due_hit,
        "product.uptake" => uptake,
        "product.reason" => |rows, key, _| {
            let (product, at) = key.rsplit_once('#')?;
            let reasons = named(rows, "product_id", product)?.text("reasons")?;
            let reasons: Vec<(String, String, f64)> = serde_json::from_str(reasons).ok()?;
            Some(reasons.get(at.parse::<usize>().ok()?.checked_sub(1)?)?.2)
        },
        "decide.products" => |rows, verdict, _| {
            let row = rows.iter().find(|r| r.text("verdict") == Some(verdict));
            Some(row.and_then(|r| r.number("n")).unwrap_or(0.0))
        },
        "decide.week" => |rows, week, _| Some(named(rows, "week", week)?.number("units")?.round()),
        "decide.planned_now" => |rows, subject, _| planned(rows, subject, "units_now"),
        "decide.planned_units" => |rows, subject, _| planned(rows, subject, "units"),
        "decide.planned_by_price" => |rows, subject, _| planned(rows, subject, "by_price"),
        "decide.planned_by_promotion" => |rows, subject, _| planned(rows, subject, "by_promotion"),
        "decide.cover" => |rows, product, _| Some(7.0 * named(rows, "product_id", product)?.number("weeks")?),
        _ => return None,
    })
}

/// What a comment of the source says behind a word.
fn said<'a>(source: &'a str, word: &str) -> Option<&'a str> {
    source.split(" -- ").skip(1).find_map(|comment| comment.strip_prefix(word))
}

/// The row whose cell begins with a name.
fn named<'a>(rows: &'a [Row], column: &str, name: &str) -> Option<&'a Row> {
    rows.iter().find(|r| r.text(column).is_some_and(|text| text.starts_with(name)))
}

/// The row at a place counted from 1.
fn nth<'a>(rows: &'a [Row], place: &str) -> Option<&'a Row> {
    rows.get(place.parse::<usize>().ok()?.checked_sub(1)?)
}

/// The row of a set of products at a place counted from 1: a rule, its reverse and its splits are one set, shown by the
/// first of them.
fn nth_set<'a>(rows: &'a [Row], place: &str) -> Option<&'a Row> {
    let mut seen = BTreeSet::new();
    let first_of_its_set = |row: &&Row| {
        let sides = ["antecedent", "consequent"].map(|side| row.text(side).unwrap_or_default());
        let mut set: Vec<String> = sides.iter().flat_map(|side| side.split('+')).map(str::to_owned).collect();
        set.sort();
        seen.insert(set)
    };
    rows.iter().filter(first_of_its_set).nth(place.parse::<usize>().ok()?.checked_sub(1)?)
}

/// Whole units of a subject, which is named in full: one id may begin with another.
fn planned(rows: &[Row], subject: &str, column: &str) -> Option<f64> {
    Some(rows.iter().find(|r| r.text("subject") == Some(subject))?.number(column)?.round())
}

fn sum(rows: &[Row], column: &str) -> f64 {
    rows.iter().filter_map(|r| r.number(column)).sum()
}

fn ratio(row: &Row, above: &str, below: &str) -> Option<f64> {
    Some(row.number(above)? / row.number(below)?)
}

fn share(rows: &[Row], segment: &str, column: &str) -> Option<f64> {
    Some(named(rows, "segment", segment)?.number(column)? / sum(rows, column))
}

/// What came back is negative.
fn net(row: &Row) -> Option<f64> {
    Some(row.number("revenue")? + row.number("returned")?)
}

/// `2025-10` as a number of months.
fn month(text: &str) -> Option<i64> {
    let (year, month) = text.get(..7)?.split_once('-')?;
    Some(12 * year.parse::<i64>().ok()? + month.parse::<i64>().ok()? - 1)
}

/// Net revenue of every month from one to another, months without a row as 0.
fn span(rows: &[Row], from: i64, to: i64) -> Vec<(i64, f64)> {
    let of = |at: i64| rows.iter().find(|r| r.text("month").and_then(month) == Some(at)).and_then(net).unwrap_or(0.0);
    (from..=to).map(|at| (at, of(at))).collect()
}

/// `… -- 2025-10 to 2025-12 against 2024-10 to 2024-12`
fn growth(rows: &[Row], _: &str, source: &str) -> Option<f64> {
    let (later, earlier) = source.rsplit_once(" -- ")?.1.split_once(" against ")?;
    let sum = |said: &str| {
        let (from, to) = said.split_once(" to ")?;
        Some(span(rows, month(from)?, month(to)?).iter().map(|m| m.1).sum::<f64>())
    };
    Some(sum(later)? / sum(earlier)? - 1.0)
}

/// `… -- whole months 2024-08 to 2025-12`
fn whole_months(rows: &[Row], source: &str) -> Option<Vec<(i64, f64)>> {
    let (from, to) = said(source, "whole months ")?.split_once(" to ")?;
    Some(span(rows, month(from)?, month(to)?))
}

/// Mean of each calendar month over the mean of the twelve.
fn season(rows: &[Row], source: &str) -> Option<Vec<f64>> {
    let months = whole_months(rows, source)?;
    let mean = |calendar: i64| {
        let of: Vec<f64> = months.iter().filter(|m| m.0.rem_euclid(12) == calendar).map(|m| m.1).collect();
        (!of.is_empty()).then(|| of.iter().sum::<f64>() / of.len() as f64)
    };
    let means = (0..12).map(mean).collect::<Option<Vec<f64>>>()?;
    let whole = means.iter().sum::<f64>() / 12.0;
    Some(means.iter().map(|m| m / whole).collect())
}

/// Those who came back `since` months after their first, of the cohorts that are so old by `last`.
fn retention(rows: &[&Row], since: i64, last: &str) -> Option<f64> {
    let last = month(last)?;
    let old = |r: &&&Row| r.text("cohort").and_then(month).is_some_and(|cohort| cohort + since <= last);
    let count = |k: i64| {
        let of = rows.iter().filter(old).filter(|r| r.number("months_since") == Some(k as f64));
        of.filter_map(|r| r.number("n_shoppers")).sum::<f64>()
    };
    Some(count(since) / count(0))
}

/// Gaps in order, each as often as it was counted.
fn gaps<'a>(rows: impl Iterator<Item = &'a Row>) -> Vec<f64> {
    let one = |r: &Row| Some((r.number("gap_days")?, r.number("n_gaps")? as usize));
    let mut all: Vec<f64> = rows.filter_map(one).flat_map(|(gap, n)| std::iter::repeat_n(gap, n)).collect();
    all.sort_by(f64::total_cmp);
    all
}

/// On the straight line between the two values around `q (n − 1)`.
fn at(sorted: &[f64], q: f64) -> Option<f64> {
    let place = q * (sorted.len().checked_sub(1)?) as f64;
    let (low, high) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
    Some(low + (high - low) * place.fract())
}

fn quantile(rows: &[Row], q: f64) -> Option<f64> {
    at(&gaps(rows.iter()), q)
}

/// `… -- learnt before 2025-07, checked from then on`
fn due_hit(rows: &[Row], _: &str, source: &str) -> Option<f64> {
    let split = month(said(source, "learnt before ")?)?;
    let before = |r: &&Row| r.text("month").and_then(month).is_some_and(|m| m < split);
    let earlier = gaps(rows.iter().filter(before));
    let (from, to) = (at(&earlier, 0.25)?, at(&earlier, 0.75)?);
    let later = gaps(rows.iter().filter(|r| !before(r)));
    Some(later.iter().filter(|g| (from..=to).contains(*g)).count() as f64 / later.len() as f64)
}

/// `(buyers here + k × rate at home) / (shoppers here + k)`, `… -- 390 shoppers here, 1500 at home -- k = 20`
fn uptake(rows: &[Row], product: &str, source: &str) -> Option<f64> {
    let row = named(rows, "product_id", product)?;
    let counts = source.split(" -- ").find_map(|c| c.strip_suffix(" at home")?.split_once(" shoppers here, "))?;
    let (here, home) = (counts.0.parse::<f64>().ok()?, counts.1.parse::<f64>().ok()?);
    let Some(k) = said(source, "k = ") else {
        // At home nothing is borrowed: the middle of Jeffreys' posterior is not the share itself.
        return Some(row.number("here")? / here);
    };
    let k: f64 = k.parse().ok()?;
    let rate = (row.number("at_home")? + 1.0) / (home + 2.0);
    Some((row.number("here")? + k * rate) / (here + k))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn rows(cells: &[serde_json::Value]) -> Vec<Row> {
        cells.iter().cloned().map(Row::of).collect()
    }

    fn get(key: &str, rows: &[Row], row: &str, source: &str) -> f64 {
        of(key).unwrap()(rows, row, source).unwrap()
    }

    #[test]
    fn a_rule_and_its_reverse_are_one_bundle() {
        let rule = |a: &str, b: &str, lift: f64| json!({"antecedent": a, "consequent": b, "lift": lift});
        let rows = rows(&[rule("A", "B", 9.0), rule("B", "A", 9.0), rule("A", "B+C", 7.0), rule("C", "D", 5.0)]);
        assert_eq!(["1", "2", "3"].map(|at| get("bundle.lift", &rows, at, "")), [9.0, 7.0, 5.0]);
    }

    #[test] // 300 + 100 of November and December against 100 + 100: one more. The season of two months has no year.
    fn growth_adds_up_the_months_that_its_source_names() {
        let month = |m: &str, revenue: f64| json!({"month": m, "revenue": revenue, "returned": 0.0});
        let rows = rows(&[
            month("2023-11-01", 100.0),
            month("2023-12-01", 100.0),
            month("2024-11-01", 300.0),
            month("2024-12-01", 100.0),
        ]);
        let source = "select 1 -- 2024-11 to 2024-12 against 2023-11 to 2023-12";
        assert!((get("market.growth", &rows, "", source) - 1.0).abs() < 1e-12);
        let whole = "select 1 -- month 2024-11-01 -- whole months 2023-11 to 2024-12";
        // 600 over fourteen months, 300 in the best: 300 / (600 / 14) = 7.
        assert!((get("market.season_peak", &rows, "", whole) - 7.0).abs() < 1e-12);
        assert!(of("market.season").unwrap()(&rows, "01", whole).is_some_and(|x| x == 0.0));
        assert_eq!(of("market.season").unwrap()(&rows, "01", "select 1"), None, "no months said, no number");
    }

    #[test] // Of 10 + 20 who are a month old 4 + 8 came back; the cohort of the last month is too young.
    fn retention_leaves_out_cohorts_that_are_too_young() {
        let cell = |cohort: &str, since: i64, n: i64| json!({"cohort": cohort, "months_since": since, "n_shoppers": n});
        let rows = rows(&[
            cell("2024-01-01", 0, 10),
            cell("2024-01-01", 1, 4),
            cell("2024-02-01", 0, 20),
            cell("2024-02-01", 1, 8),
            cell("2024-03-01", 0, 70),
        ]);
        assert!((get("retention.pooled", &rows, "+1", "select 1 -- months up to 2024-03") - 0.4).abs() < 1e-12);
        assert!((get("cohort.retention", &rows, "2024-02+1", "") - 0.4).abs() < 1e-12);
        assert_eq!(get("cohort.retention", &rows, "2024-03+1", ""), 0.0);
    }

    #[test] // Gaps 1, 2, 3, 4: quartiles 1.75 and 3.25; of the later 2 and 9 one lies between.
    fn gaps_count_as_often_as_they_were_seen() {
        let gap = |month: &str, days: i64, n: i64| json!({"month": month, "gap_days": days, "n_gaps": n});
        let rows = rows(&[
            gap("2024-01-01", 1, 1),
            gap("2024-01-01", 2, 1),
            gap("2024-01-01", 3, 1),
            gap("2024-01-01", 4, 1),
            gap("2024-02-01", 2, 1),
            gap("2024-02-01", 9, 1),
        ]);
        assert_eq!(get("repeat.due_hit", &rows, "", "select 1 -- learnt before 2024-02, checked from then on"), 0.5);
        assert_eq!(get("repeat.gap_days", &rows, "", ""), 2.5);
    }

    #[test] // (3 + 20 · (9 + 1) / (98 + 2)) / (30 + 20) = 5 / 50.
    fn uptake_borrows_from_home() {
        let rows = rows(&[json!({"product_id": "A", "here": 3, "at_home": 9})]);
        let source = "select 1 -- product A -- 30 shoppers here, 98 at home -- k = 20";
        assert!((get("product.uptake", &rows, "A", source) - 0.1).abs() < 1e-12);
    }
}
