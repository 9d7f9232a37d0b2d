//! Where shoppers are and where they go: the RFM map, the heat map of cohorts, the moves between segments, and how far the
//! ranks of markets hold.
//!
//! Shades are shares of the largest value of the same picture, so that two pictures are not compared by their colours; the
//! number stands in every field that has room for it.

use super::super::charts::{At, Canvas, Drawn, Ink, Width, chart, clipped};
use super::super::number;
use super::buyers::Flow;
use super::markets::MarketPlace;

/// Scores of recency and frequency, 1 to 5 each.
const SCORES: u8 = 5;

/// Shoppers with one pair of scores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RfmField {
    /// Score of recency, 5 is lately.
    pub r: u8,
    /// Score of frequency, 5 is often.
    pub f: u8,
    /// How many.
    pub n: u64,
}

/// A month of first orders and who of it bought again in later months.
#[derive(Clone, Debug, PartialEq)]
pub struct CohortMonth {
    /// The month, `2025-03`.
    pub month: String,
    /// Shoppers whose first order it was.
    pub n: u64,
    /// Share that bought one, two … months later; `None` where that is not over yet or the cohort is too small.
    pub back: Vec<Option<f64>>,
}

/// Strength of a shade: the least that can be told from paper, up to full.
fn shade(part: f64) -> f64 {
    0.08 + 0.82 * part.clamp(0.0, 1.0)
}

/// A text on a shade, in the ink that can be read on it.
fn on_shade(c: &Canvas<'_>, text: &str, at: (i32, i32), size: i32) -> Drawn {
    c.text(text, at, At::Middle, Ink::Text, size)
}

/// Shoppers by recency (right is lately) and frequency (up is often). `None` without a shopper.
pub(super) fn rfm_map(fields: &[RfmField], label: &str, axes: [&str; 2]) -> Option<String> {
    let most = fields.iter().map(|f| f.n).max().filter(|n| *n > 0)?;
    let inside = |f: &&RfmField| (1..=SCORES).contains(&f.r) && (1..=SCORES).contains(&f.f);
    let draw = |c: &Canvas<'_>, width: Width| {
        let (left, top, high) = (44, 24, 44);
        let wide = (width.pixels() - left - 12) / i32::from(SCORES);
        let x = |r: u8| left + wide * (i32::from(r) - 1);
        let y = |f: u8| top + high * i32::from(SCORES - f);
        for score in 1..=SCORES {
            let text = score.to_string();
            c.text(&text, (left - 12, y(score) + high / 2), At::End, Ink::Muted, 12)?;
            let bottom = top + high * i32::from(SCORES) + 14;
            c.text(&text, (x(score) + wide / 2, bottom), At::Middle, Ink::Muted, 12)?;
            for other in 1..=SCORES {
                c.bar((x(score), y(other)), (x(score) + wide - 2, y(other) + high - 2), Ink::Line, 0.35)?;
            }
        }
        for field in fields.iter().filter(inside).filter(|f| f.n > 0) {
            let from = (x(field.r), y(field.f));
            c.bar(
                from,
                (from.0 + wide - 2, from.1 + high - 2),
                Ink::Second,
                0.75 * shade(field.n as f64 / most as f64),
            )?;
            let middle = (from.0 + wide / 2 - 1, from.1 + high / 2 - 1);
            on_shade(c, &number::fixed(field.n as f64, 0), middle, 13)?;
        }
        c.text(axes[1], (left, 10), At::Start, Ink::Muted, 12)?;
        c.text(axes[0], (width.pixels() - 12, top + high * i32::from(SCORES) + 34), At::End, Ink::Muted, 12)
    };
    Some(chart(label, |_| 24 + 44 * i32::from(SCORES) + 46, draw))
}

/// Months of first orders from above, months since then to the right. `None` where no share is known.
pub(super) fn cohorts(rows: &[CohortMonth], label: &str, months: &str) -> Option<String> {
    let most = rows.iter().flat_map(|r| r.back.iter().flatten()).copied().fold(0.0, f64::max);
    if most <= 0.0 {
        return None;
    }
    let high = 24;
    let bottom = 22 + high * rows.len() as i32;
    let draw = |c: &Canvas<'_>, width: Width| {
        // On a narrow page the first half-year has to do.
        let n = if width == Width::Wide { 12 } else { 6 };
        let left = 116;
        let wide = (width.pixels() - left - 4) / n;
        for k in 0..n {
            c.text(&format!("+{}", k + 1), (left + wide * k + wide / 2, 10), At::Middle, Ink::Muted, 12)?;
        }
        for (at, row) in rows.iter().enumerate() {
            let y = 22 + high * at as i32;
            c.text(&row.month, (0, y + high / 2 - 1), At::Start, Ink::Text, 12)?;
            c.text(&number::fixed(row.n as f64, 0), (left - 10, y + high / 2 - 1), At::End, Ink::Muted, 12)?;
            for (k, share) in row.back.iter().take(n as usize).enumerate() {
                let from = (left + wide * k as i32, y);
                let to = (from.0 + wide - 2, y + high - 2);
                match share {
                    Some(share) => {
                        c.bar(from, to, Ink::Second, 0.75 * shade(share / most))?;
                        let text = format!("{:.0}{}", 100.0 * share, if width == Width::Wide { " %" } else { "" });
                        on_shade(c, &text, ((from.0 + to.0) / 2, y + high / 2 - 1), 11)?;
                    }
                    None => c.bar(from, to, Ink::Line, 0.25)?,
                }
            }
        }
        c.text(months, (width.pixels() - 4, bottom + 12), At::End, Ink::Muted, 12)
    };
    Some(chart(label, |_| bottom + 24, draw))
}

/// One side of the moves: names with their totals, the largest first.
fn side<'a>(flows: &'a [Flow], name: impl Fn(&'a Flow) -> &'a str) -> Vec<(&'a str, u64)> {
    let mut all: Vec<(&str, u64)> = Vec::new();
    for flow in flows {
        match all.iter_mut().find(|(known, _)| *known == name(flow)) {
            Some((_, n)) => *n += flow.n,
            None => all.push((name(flow), flow.n)),
        }
    }
    all.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    all
}

/// Moves between segments as bands from left to right, as wide as many went. `None` without a move.
pub(super) fn flows(flows: &[Flow], label: &str) -> Option<String> {
    let total: u64 = flows.iter().map(|f| f.n).sum();
    if total == 0 {
        return None;
    }
    let (from, to) = (side(flows, |f| &f.from), side(flows, |f| &f.to));
    // A name needs its line, however few went; the bands share what is left over.
    let (line, gap, room) = (16, 8, 220.0);
    let thick = |n: u64| ((n as f64 / total as f64 * room).round() as i32).max(2);
    let tops = |nodes: &[(&str, u64)]| -> Vec<i32> {
        let mut y = 6;
        nodes.iter().map(|(_, n)| (y, y += thick(*n).max(line) + gap).0).collect()
    };
    let (left_tops, right_tops) = (tops(&from), tops(&to));
    let end = |nodes: &[(&str, u64)], tops: &[i32]| {
        nodes.last().zip(tops.last()).map_or(0, |((_, n), top)| top + thick(*n).max(line))
    };
    let height = end(&from, &left_tops).max(end(&to, &right_tops)) + 8;
    let draw = |c: &Canvas<'_>, width: Width| {
        let names = if width == Width::Wide { 230 } else { 112 };
        let (x0, x1) = (names, width.pixels() - names);
        let (mut left, mut right) = (left_tops.clone(), right_tops.clone());
        for flow in flows {
            let place = |nodes: &[(&str, u64)], name: &str| nodes.iter().position(|(known, _)| *known == name);
            let (Some(a), Some(b)) = (place(&from, &flow.from), place(&to, &flow.to)) else { continue };
            let wide = thick(flow.n);
            c.band((x0 + 6, left[a]), (x1 - 6, right[b]), wide, Ink::Second, 0.4)?;
            left[a] += wide;
            right[b] += wide;
        }
        let many = if width == Width::Wide { 26 } else { 9 };
        for (nodes, tops, x, text_x, anchor) in
            [(&from, &left_tops, x0, x0 - 8, At::End), (&to, &right_tops, x1 - 6, x1 + 8, At::Start)]
        {
            for ((name, n), top) in nodes.iter().zip(tops) {
                c.bar((x, *top), (x + 6, top + thick(*n)), Ink::Accent, 1.0)?;
                let text = format!("{} {n}", clipped(name, many));
                c.text(&text, (text_x, top + thick(*n).max(line) / 2), anchor, Ink::Text, 12)?;
            }
        }
        Ok(())
    };
    Some(chart(label, |_| height, draw))
}

/// For each market the ranks that it takes in 95 % of the draws, its own, and how often it is first. `None` without one.
pub(super) fn ranks(places: &[MarketPlace], label: &str, first: &str) -> Option<String> {
    let worst = places.iter().map(|p| p.within.1.max(p.rank)).max()?;
    let bottom = 12 + 22 * places.len() as i32;
    let draw = |c: &Canvas<'_>, width: Width| {
        let (left, right) = (48, 84);
        let slot = f64::from(width.pixels() - left - right) / f64::from(worst.max(2) - 1);
        let x = |rank: u32| left + (slot * f64::from(rank.max(1) - 1)).round() as i32;
        let skip = (22.0 / slot).ceil().max(1.0) as u32;
        for rank in (1..=worst).filter(|rank| (rank - 1).is_multiple_of(skip)) {
            c.line((x(rank), 4), (x(rank), bottom), Ink::Line, 1)?;
            c.text(&rank.to_string(), (x(rank), bottom + 14), At::Middle, Ink::Muted, 12)?;
        }
        for (at, place) in places.iter().enumerate() {
            let y = 16 + 22 * at as i32;
            c.text(place.market.code(), (left - 14, y), At::End, Ink::Text, 13)?;
            c.line((x(place.within.0), y), (x(place.within.1), y), Ink::Second, 3)?;
            c.dot((x(place.rank), y), 5, Ink::Accent)?;
            let text = format!("{:.0} %", 100.0 * place.first);
            c.text(&text, (width.pixels() - 8, y), At::End, Ink::Muted, 12)?;
        }
        c.text(first, (width.pixels() - 8, bottom + 14), At::End, Ink::Muted, 12)
    };
    Some(chart(label, |_| bottom + 28, draw))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flow(from: &str, to: &str, n: u64) -> Flow {
        Flow { from: from.into(), to: to.into(), n }
    }

    #[test]
    fn a_side_adds_up_its_moves_and_lists_the_largest_first() {
        let moves = [flow("a", "x", 2), flow("b", "x", 4), flow("a", "y", 3)];
        assert_eq!(side(&moves, |f| &f.from), [("a", 5), ("b", 4)]);
        assert_eq!(side(&moves, |f| &f.to), [("x", 6), ("y", 3)]);
        let svg = flows(&moves, "moves").unwrap();
        assert_eq!(svg.matches("<polygon").count(), 6, "three bands at two widths");
        assert!(flows(&[], "moves").is_none());
    }

    #[test]
    fn a_field_of_the_map_without_shoppers_has_no_number() {
        let fields = [RfmField { r: 5, f: 5, n: 321 }, RfmField { r: 1, f: 1, n: 0 }, RfmField { r: 9, f: 1, n: 777 }];
        let svg = rfm_map(&fields, "map", ["lately", "often"]).unwrap();
        assert_eq!(svg.matches(">\n321\n<").count(), 2, "{svg}");
        assert!(!svg.contains("777"), "a score that does not exist is not drawn");
        assert!(rfm_map(&fields[1..2], "map", ["", ""]).is_none());
    }

    #[test]
    fn months_that_are_not_over_have_no_share() {
        let row = |back| CohortMonth { month: "2025-03".into(), n: 40, back };
        let svg = cohorts(&[row(vec![Some(0.25), None])], "cohorts", "months").unwrap();
        assert!(svg.contains("25 %") && !svg.contains("NaN"));
        assert!(cohorts(&[row(vec![None])], "cohorts", "months").is_none());
    }
}
