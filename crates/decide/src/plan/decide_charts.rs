//! Pictures of what is decided: the fan of demand, price corridors, the landed cost as a waterfall.

use super::charts::{At, Canvas, Ink, Width, chart, clipped, step};
use super::decided::{LandedCost, PriceRow, WeekDemand};
use super::number;
use super::words::{Lang, Text};
use domain::Figure;

/// Products of a chart of corridors.
const CORRIDORS: usize = 12;

/// Units by week: a line, and a band where there is an interval. `None` below two weeks.
pub(crate) fn fan(weeks: &[WeekDemand], lang: Lang) -> Option<String> {
    let points: Vec<(&WeekDemand, f64)> = weeks.iter().filter_map(|w| Some((w, w.units.as_f64()?))).collect();
    if points.len() < 2 {
        return None;
    }
    let high = |f: &Figure, value: f64| f.interval.map_or(value, |i| i.high);
    let top = points.iter().map(|(w, v)| high(&w.units, *v)).fold(1.0, f64::max);
    let height = |_| 240;
    let draw = |c: &Canvas<'_>, width: Width| {
        let (left, right, head, foot) = (56, 10, 14, 34);
        let every = step(top, 4.0);
        let ceiling = (top / every).ceil() * every;
        let bottom = height(width) - foot;
        let y = |v: f64| bottom - ((v / ceiling).clamp(0.0, 1.0) * f64::from(bottom - head)).round() as i32;
        let slot = f64::from(width.pixels() - left - right) / points.len() as f64;
        let x = |i: usize| left + (slot * (i as f64 + 0.5)).round() as i32;
        let mut tick = 0.0;
        while tick <= ceiling + every / 2.0 {
            c.line((left, y(tick)), (width.pixels() - right, y(tick)), Ink::Line, 1)?;
            c.text(&number::fixed(tick, 0), (left - 8, y(tick)), At::End, Ink::Muted, 12)?;
            tick += every;
        }
        let mut last = -1000;
        for (i, (week, value)) in points.iter().enumerate() {
            if let Some(interval) = week.units.interval {
                let half = ((slot / 2.0) as i32).max(1);
                let (from, to) = (y(interval.high), y(interval.low.max(0.0)));
                c.bar((x(i) - half, from), (x(i) + half, to.max(from + 1)), Ink::Accent, 0.18)?;
            }
            if i > 0 {
                c.line((x(i - 1), y(points[i - 1].1)), (x(i), y(*value)), Ink::Accent, 2)?;
            }
            if x(i) - last >= 72 {
                let day = number::day(week.week, lang);
                c.text(&day, (x(i), bottom + 18), At::Middle, Ink::Muted, 12)?;
                last = x(i);
            }
        }
        Ok(())
    };
    Some(chart(Text::DemandChart.get(lang), height, draw))
}

/// From the floor to the competitors' upper quartile as a bar for each product, each on a scale of its own: prices of a
/// kettle and of an oven share no axis. Ring: price now; dot: price advised.
pub(crate) fn corridors(rows: &[PriceRow], lang: Lang) -> Option<String> {
    let rows: Vec<(&PriceRow, [Option<f64>; 4])> = rows
        .iter()
        .filter_map(|row| {
            let value = |f: &Option<Figure>| f.as_ref().and_then(Figure::as_f64);
            let top = row.rivals.as_ref().and_then(|f| f.interval.map_or(f.as_f64(), |i| Some(i.high)));
            let ends = [value(&row.floor), top.or(value(&row.optimum)), value(&row.now), value(&row.advised)];
            (ends.iter().flatten().count() >= 3).then_some((row, ends))
        })
        .take(CORRIDORS)
        .collect();
    if rows.is_empty() {
        return None;
    }
    let line = 30;
    let height = |_| 20 + line * rows.len() as i32;
    let draw = |c: &Canvas<'_>, width: Width| {
        let (left, letters) = if width == Width::Wide { (300, 40) } else { (120, 15) };
        let right = width.pixels() - 16;
        for (i, (row, ends)) in rows.iter().enumerate() {
            let y = 18 + line * i as i32;
            c.text(&clipped(&row.name, letters), (left - 12, y), At::End, Ink::Text, 12)?;
            let known: Vec<f64> = ends.iter().flatten().copied().collect();
            let low = known.iter().copied().fold(f64::INFINITY, f64::min);
            let high = known.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let x = |v: f64| left + ((v - low) / (high - low).max(1e-9) * f64::from(right - left)).round() as i32;
            let (from, to) = (ends[0].unwrap_or(low), ends[1].unwrap_or(high));
            c.bar((x(from.min(to)), y - 5), (x(from.max(to)), y + 5), Ink::Accent, 0.25)?;
            if let Some(now) = ends[2] {
                c.dot((x(now), y), 4, Ink::Second)?;
            }
            if let Some(advised) = ends[3] {
                c.dot((x(advised), y), 4, Ink::Accent)?;
            }
        }
        Ok(())
    };
    Some(chart(Text::PriceChart.get(lang), height, draw))
}

/// The parts of the landed cost, each where the one before ends.
pub(crate) fn waterfall(landed: &LandedCost, lang: Lang) -> Option<String> {
    let parts: Vec<(&str, f64)> = landed
        .parts
        .iter()
        .filter_map(|(said, figure)| {
            let label = match lang {
                Lang::En => said.en.as_str(),
                Lang::Zh => said.zh.as_str(),
            };
            Some((label, figure.as_f64()?))
        })
        .collect();
    let (total, parts) = parts.split_last()?;
    if parts.is_empty() || total.1 <= 0.0 {
        return None;
    }
    let line = 26;
    let height = |_| 16 + line * (parts.len() as i32 + 1);
    let draw = |c: &Canvas<'_>, width: Width| {
        let (left, letters) = if width == Width::Wide { (260, 36) } else { (128, 16) };
        let right = width.pixels() - 70;
        let x = |v: f64| left + ((v / total.1).clamp(0.0, 1.0) * f64::from(right - left)).round() as i32;
        let mut sum = 0.0_f64;
        for (i, (label, amount)) in parts.iter().enumerate() {
            let y = 14 + line * i as i32;
            c.text(&clipped(label, letters), (left - 10, y), At::End, Ink::Text, 12)?;
            let (from, to) = (x(sum.min(sum + amount)), x(sum.max(sum + amount)));
            c.bar((from, y - 7), (to.max(from + 1), y + 7), Ink::Accent, 0.75)?;
            c.text(&number::fixed(*amount, digits(*amount)), (to + 6, y), At::Start, Ink::Muted, 12)?;
            sum += amount;
        }
        let y = 14 + line * parts.len() as i32;
        c.text(&clipped(total.0, letters), (left - 10, y), At::End, Ink::Text, 12)?;
        c.bar((x(0.0), y - 7), (x(total.1), y + 7), Ink::Second, 0.9)?;
        c.text(&number::fixed(total.1, digits(total.1)), (x(total.1) + 6, y), At::Start, Ink::Text, 12)
    };
    Some(chart(Text::LandedChart.get(lang), height, draw))
}

fn digits(amount: f64) -> usize {
    if amount.abs() >= 1000.0 { 0 } else { 2 }
}
