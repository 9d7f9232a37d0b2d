//! Response curves: what a week's spend on a channel brings in the end, a panel a channel. Ring and tangent: the spend now and what
//! its next unit brings; dot: the spend advised; band: the interval.

use super::charts::{At, Canvas, Drawn, Ink, Width, chart, cut, step};
use super::decided::ChannelRow;
use super::number;
use super::sentence::fill;
use super::words::{Lang, Text};
use domain::Figure;

/// Channels that are drawn.
const PANELS: usize = 6;
const HEIGHT: i32 = 220;

/// A channel whose curve is known.
struct Panel<'a> {
    row: &'a ChannelRow,
    /// Spend, sales, and the ends of their interval.
    points: Vec<(f64, f64, f64, f64)>,
}

impl Panel<'_> {
    /// Sales at a spend, on straight lines between the points.
    fn at(&self, spend: f64) -> f64 {
        let i = self.points.partition_point(|p| p.0 < spend).clamp(1, self.points.len() - 1);
        let (a, b) = (self.points[i - 1], self.points[i]);
        a.1 + (b.1 - a.1) * ((spend - a.0) / (b.0 - a.0)).clamp(0.0, 1.0)
    }
}

/// `None` where no channel has a curve of two points or more.
pub(crate) fn responses(rows: &[ChannelRow], lang: Lang) -> Option<String> {
    let panel = |row| -> Option<Panel<'_>> {
        let row: &ChannelRow = row;
        let points = row.curve.iter().filter_map(|p| {
            let sales = p.sales.as_f64().filter(|x| x.is_finite())?;
            let (low, high) = p.sales.interval.map_or((sales, sales), |i| (i.low, i.high));
            Some((p.spend, sales, low, high))
        });
        let points: Vec<(f64, f64, f64, f64)> = points.collect();
        (points.len() > 1 && points.windows(2).all(|w| w[1].0 > w[0].0)).then_some(Panel { row, points })
    };
    let panels: Vec<Panel<'_>> = rows.iter().filter_map(panel).take(PANELS).collect();
    if panels.is_empty() {
        return None;
    }
    let columns = |width| if width == Width::Wide { panels.len().min(3) as i32 } else { 1 };
    let height = |width| {
        HEIGHT * (panels.len() as i32).div_euclid(columns(width)).max(1)
            + if (panels.len() as i32) > columns(width) && (panels.len() as i32) % columns(width) > 0 {
                HEIGHT
            } else {
                0
            }
    };
    let draw = |c: &Canvas<'_>, width: Width| {
        let each = width.pixels() / columns(width);
        for (i, panel) in panels.iter().enumerate() {
            let (column, line) = (i as i32 % columns(width), i as i32 / columns(width));
            one(c, panel, (each * column, HEIGHT * line), each, lang)?;
        }
        Ok(())
    };
    Some(chart(Text::ResponseChart.get(lang), height, draw))
}

fn one(c: &Canvas<'_>, panel: &Panel<'_>, (x0, y0): (i32, i32), each: i32, lang: Lang) -> Drawn {
    let (left, right, head, foot) = (x0 + 54, x0 + each - 18, y0 + 42, y0 + HEIGHT - 28);
    let end = panel.points.last().map_or(1.0, |p| p.0);
    let top = panel.points.iter().map(|p| p.3.max(p.1)).fold(f64::MIN_POSITIVE, f64::max);
    let every = step(top, 3.0);
    let ceiling = (top / every).ceil() * every;
    let x = |v: f64| left + ((v / end).clamp(0.0, 1.0) * f64::from(right - left)).round() as i32;
    let y = |v: f64| foot - ((v / ceiling).clamp(0.0, 1.0) * f64::from(foot - head)).round() as i32;
    c.text(&cut(&panel.row.channel, each - 120), (left, y0 + 14), At::Start, Ink::Text, 13)?;
    let mut tick = 0.0;
    while tick <= ceiling + every / 2.0 {
        c.line((left, y(tick)), (right, y(tick)), Ink::Line, 1)?;
        c.text(&short(tick), (left - 6, y(tick)), At::End, Ink::Muted, 12)?;
        tick += every;
    }
    for spend in [0.0, end / 2.0, end] {
        let anchor = if spend == end { At::End } else { At::Middle };
        c.text(&short(spend), (x(spend), foot + 15), anchor, Ink::Muted, 12)?;
    }
    for pair in panel.points.windows(2) {
        let (a, b) = (pair[0], pair[1]);
        let (from, to) = (x(a.0), x(b.0));
        // The band as upright strips: the drawing has no polygons.
        let mut at = from;
        while at < to {
            let next = (at + 3).min(to);
            let part = f64::from(at + next - 2 * from) / f64::from(2 * (to - from).max(1));
            let (low, high) = (a.2 + (b.2 - a.2) * part, a.3 + (b.3 - a.3) * part);
            c.bar((at, y(high)), (next, y(low.max(0.0)).max(y(high) + 1)), Ink::Accent, 0.16)?;
            at = next;
        }
        c.line((from, y(a.1)), (to, y(b.1)), Ink::Accent, 2)?;
    }
    let value = |f: &Figure| f.as_f64().filter(|v| v.is_finite());
    if let Some(advised) = value(&panel.row.advised) {
        c.dot((x(advised), y(panel.at(advised))), 5, Ink::Accent)?;
    }
    if let Some(now) = value(&panel.row.now) {
        let sales = panel.at(now);
        if let Some(slope) = panel.row.marginal_now.as_ref().and_then(value) {
            let half = end / 6.0;
            let (a, b) = ((now - half).max(0.0), (now + half).min(end));
            let end_of = |v: f64| (x(v), y((sales + slope * (v - now)).clamp(0.0, ceiling)));
            c.line(end_of(a), end_of(b), Ink::Second, 2)?;
            let digits = if slope < 10.0 { 2 } else { 0 };
            let text = fill(Text::ResponseSlope.get(lang), &[&number::fixed(slope, digits)]);
            c.text(&text, (left, y0 + 30), At::Start, Ink::Muted, 12)?;
        }
        c.ring((x(now), y(sales)), 5, Ink::Second)?;
    }
    Ok(())
}

/// `12k`, `1.5m`: a tick.
fn short(v: f64) -> String {
    let (scaled, suffix) = match v.abs() {
        a if a >= 1e6 => (v / 1e6, "m"),
        a if a >= 1e4 => (v / 1e3, "k"),
        _ => (v, ""),
    };
    let digits = usize::from(scaled.abs() < 10.0 && (scaled - scaled.round()).abs() > 1e-6);
    format!("{}{suffix}", number::fixed(scaled, digits))
}
