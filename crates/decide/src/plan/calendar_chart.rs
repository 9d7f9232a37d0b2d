//! The occasions ahead on a line of time: from the last day to order (ring) to the day itself (bar), with what past years sold
//! against usual.

use super::charts::{At, Canvas, Ink, Width, chart, cut};
use super::decided::Occasion;
use super::number;
use super::words::{Lang, Text};
use domain::{Day, Figure};

/// Occasions that are drawn.
const OCCASIONS: usize = 16;

/// `None` below two occasions.
pub(crate) fn calendar(rows: &[Occasion], lang: Lang) -> Option<String> {
    // Those whose lift is known matter most, then those that come first.
    let mut shown: Vec<&Occasion> = rows.iter().collect();
    shown.sort_by_key(|o| (o.lift.is_none(), o.days.from));
    shown.truncate(OCCASIONS);
    shown.sort_by_key(|o| (o.days.from, o.days.to));
    if shown.len() < 2 {
        return None;
    }
    let first = shown.iter().map(|o| o.order_by.unwrap_or(o.days.from).min(o.days.from)).min()?;
    let last = shown.iter().map(|o| o.days.to).max()?;
    let span = last.since(first).max(1);
    let line = 24;
    let height = |_| 30 + line * shown.len() as i32 + 4;
    let draw = |c: &Canvas<'_>, width: Width| {
        let (left, right) = if width == Width::Wide { (250, 900) } else { (126, 292) };
        let x = |day: Day| {
            left + (f64::from(day.since(first).clamp(0, span)) / f64::from(span) * f64::from(right - left)).round()
                as i32
        };
        let bottom = height(width) - 4;
        let mut month = first_of_next_month(first);
        let mut labelled = -1000;
        while month < last {
            c.line((x(month), 24), (x(month), bottom), Ink::Line, 1)?;
            if x(month) - labelled >= 60 && x(month) <= right - 8 {
                c.text(&number::month(month, lang), (x(month), 12), At::Middle, Ink::Muted, 12)?;
                labelled = x(month);
            }
            month = first_of_next_month(month);
        }
        for (i, row) in shown.iter().enumerate() {
            let y = 30 + line * i as i32 + line / 2;
            c.text(&cut(row.name.get(lang), left - 16), (left - 12, y), At::End, Ink::Text, 12)?;
            let (from, to) = (x(row.days.from), x(row.days.to));
            if let Some(order) = row.order_by.filter(|day| *day < row.days.from) {
                c.line((x(order), y), (from, y), Ink::Second, 2)?;
                c.ring((x(order), y), 4, Ink::Second)?;
            }
            c.bar((from, y - 6), (to.max(from + 5), y + 6), Ink::Accent, if row.verify { 0.45 } else { 0.9 })?;
            if let Some(lift) = row.lift.as_ref().and_then(Figure::as_f64) {
                let text = format!("×{}", number::fixed(lift, 1));
                c.text(&text, (to.max(from + 5) + 6, y), At::Start, Ink::Text, 12)?;
            }
        }
        Ok(())
    };
    Some(chart(Text::CalendarChart.get(lang), height, draw))
}

fn first_of_next_month(day: Day) -> Day {
    let (year, month) = day.year_month();
    let (year, month) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
    Day::from_ymd(year, month, 1).unwrap_or_else(|| day.plus(31))
}
