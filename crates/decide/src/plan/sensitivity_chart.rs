//! What the margin hangs on, as a tornado: a bar an input from its margin at the low end to that at the high end.

use super::charts::{At, Canvas, Ink, Width, chart, cut};
use super::decided::SensitivityRow;
use super::number;
use super::words::{Lang, Text};

/// `None` where no input has both ends.
pub(crate) fn tornado(rows: &[SensitivityRow], lang: Lang) -> Option<String> {
    let ends = |row| -> Option<(&SensitivityRow, f64, f64)> {
        let row: &SensitivityRow = row;
        Some((row, row.low.as_f64()?, row.high.as_f64()?))
    };
    let rows: Vec<_> = rows.iter().filter_map(ends).collect();
    let low = rows.iter().map(|r| r.1.min(r.2)).reduce(f64::min)?;
    let high = rows.iter().map(|r| r.1.max(r.2)).reduce(f64::max)?;
    let each = |width| if width == Width::Wide { 34 } else { 52 };
    let height = |width| 12 + each(width) * rows.len() as i32 + 8;
    let draw = |c: &Canvas<'_>, width: Width| {
        // Room for an amount on either side of a bar.
        let (left, right) = if width == Width::Wide { (330, 870) } else { (70, 270) };
        let x = |v: f64| left + ((v - low) / (high - low).max(1e-9) * f64::from(right - left)).round() as i32;
        let middle = rows.iter().map(|r| (r.1 + r.2) / 2.0).sum::<f64>() / rows.len() as f64;
        c.line((x(middle), 4), (x(middle), height(width) - 4), Ink::Line, 1)?;
        if low < 0.0 && high > 0.0 {
            c.line((x(0.0), 4), (x(0.0), height(width) - 4), Ink::Muted, 1)?;
        }
        for (i, (row, a, b)) in rows.iter().enumerate() {
            let top = 12 + each(width) * i as i32;
            let y = if width == Width::Wide { top + 14 } else { top + 32 };
            let label = row.input.get(lang);
            match width {
                Width::Wide => c.text(&cut(label, 230), (236, y), At::End, Ink::Text, 13)?,
                Width::Narrow => c.text(&cut(label, 330), (0, top + 10), At::Start, Ink::Text, 13)?,
            }
            let (from, to) = (x(a.min(*b)), x(a.max(*b)));
            // The half towards the low end of the input is pale.
            let (pale, full) = if a <= b {
                ((from, (from + to) / 2), ((from + to) / 2, to))
            } else {
                (((from + to) / 2, to), (from, (from + to) / 2))
            };
            c.bar((pale.0, y - 8), (pale.1.max(pale.0 + 1), y + 8), Ink::Accent, 0.4)?;
            c.bar((full.0, y - 8), (full.1.max(full.0 + 1), y + 8), Ink::Accent, 0.85)?;
            c.text(&number::fixed(a.min(*b), 0), (from - 6, y), At::End, Ink::Muted, 12)?;
            c.text(&number::fixed(a.max(*b), 0), (to + 6, y), At::Start, Ink::Muted, 12)?;
        }
        Ok(())
    };
    Some(chart(Text::SensitivityChart.get(lang), height, draw))
}
