//! The learning curve of a transfer as a picture: ranking quality by purchases of the market, two lines.

use super::charts::{At, Canvas, Ink, Width, chart, step};
use super::launch::CurvePoint;
use super::metric::Metric;
use super::number;
use super::words::{Lang, Text};

/// Both lines over ln(1 + purchases). `None` below two points with numbers.
pub(crate) fn curve(points: &[CurvePoint], lang: Lang) -> Option<String> {
    let known: Vec<(f64, f64, f64)> = points
        .iter()
        .filter_map(|p| Some(((1.0 + p.purchases as f64).ln(), p.alone.as_f64()?, p.transferred.as_f64()?)))
        .collect();
    if known.len() < 2 {
        return None;
    }
    let top = known.iter().map(|p| p.1.max(p.2)).fold(0.01, f64::max);
    let end = known.iter().map(|p| p.0).fold(0.0, f64::max).max(f64::MIN_POSITIVE);
    let height = |width| if width == Width::Wide { 260 } else { 240 };
    let draw = |c: &Canvas<'_>, width: Width| {
        let (left, right, bottom) = (52, if width == Width::Wide { 40 } else { 20 }, height(width) - 56);
        let every = step(top, 4.0);
        let full = (top / every).ceil() * every;
        let y = |v: f64| bottom - ((v / full).clamp(0.0, 1.0) * f64::from(bottom - 12)).round() as i32;
        let x = |v: f64| left + ((v / end) * f64::from(width.pixels() - left - right)).round() as i32;
        let mut tick = 0.0;
        while tick <= full + every / 2.0 {
            c.line((left, y(tick)), (width.pixels() - right, y(tick)), Ink::Line, 1)?;
            let digits = if every < 0.01 { 3 } else { 2 };
            c.text(&number::fixed(tick, digits), (left - 8, y(tick)), At::End, Ink::Muted, 12)?;
            tick += every;
        }
        let mut last = -1000;
        for point in points {
            let at = x((1.0 + point.purchases as f64).ln());
            // Numbers that would touch are left out; the table has them.
            if at - last >= 48 {
                c.text(&number::fixed(point.purchases as f64, 0), (at, bottom + 16), At::Middle, Ink::Muted, 12)?;
                last = at;
            }
        }
        let [alone, transferred]: [Vec<(f64, f64)>; 2] =
            [known.iter().map(|p| (p.0, p.1)).collect(), known.iter().map(|p| (p.0, p.2)).collect()];
        for (ink, line) in [(Ink::Second, alone), (Ink::Accent, transferred)] {
            for pair in line.windows(2) {
                c.line((x(pair[0].0), y(pair[0].1)), (x(pair[1].0), y(pair[1].1)), ink, 2)?;
            }
            for point in &line {
                c.dot((x(point.0), y(point.1)), 4, ink)?;
            }
        }
        let legend =
            [(Ink::Second, Metric::CurveAlone, left), (Ink::Accent, Metric::CurveTransferred, width.pixels() / 2)];
        for (ink, metric, at) in legend {
            c.dot((at, bottom + 40), 4, ink)?;
            c.text(metric.label(lang), (at + 10, bottom + 40), At::Start, Ink::Text, 12)?;
        }
        Ok(())
    };
    Some(chart(Text::CurveChart.get(lang), height, draw))
}
