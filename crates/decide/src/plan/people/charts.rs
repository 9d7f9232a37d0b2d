//! The pictures of these pages: a curve of staying with its band, values of shoppers as bars, scores of markets with
//! their intervals, and markets by size and cost to serve.

use super::super::charts::{At, Canvas, Ink, Width, chart, step};
use super::super::number;
use super::markets::MarketPlace;

/// A point of a curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CurvePoint {
    /// Days since the first order.
    pub days: f64,
    /// Share, 0 to 1.
    pub share: f64,
    /// Lower end of its interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// A curve with its band. `None` below two points.
pub(super) fn survival(points: &[CurvePoint], label: &str, days: &str) -> Option<String> {
    let end = points.iter().map(|p| p.days).fold(0.0, f64::max);
    if points.len() < 2 || end <= 0.0 {
        return None;
    }
    let draw = |c: &Canvas<'_>, width: Width| {
        let (left, right, bottom) = (48, 16, 200);
        let x = |d: f64| left + ((d / end) * f64::from(width.pixels() - left - right)).round() as i32;
        let y = |v: f64| bottom - (v.clamp(0.0, 1.0) * f64::from(bottom - 12)).round() as i32;
        for tick in [0.0, 0.25, 0.5, 0.75, 1.0] {
            c.line((left, y(tick)), (width.pixels() - right, y(tick)), Ink::Line, 1)?;
            c.text(&format!("{:.0} %", 100.0 * tick), (left - 8, y(tick)), At::End, Ink::Muted, 12)?;
        }
        let every = step(end, if width == Width::Wide { 8.0 } else { 4.0 });
        let mut tick = 0.0;
        while tick <= end {
            c.text(&number::fixed(tick, 0), (x(tick), bottom + 16), At::Middle, Ink::Muted, 12)?;
            tick += every;
        }
        c.text(days, (width.pixels() - right, bottom + 36), At::End, Ink::Muted, 12)?;
        for (ink, thick, of) in [
            (Ink::Line, 2, (|p| p.low) as fn(&CurvePoint) -> f64),
            (Ink::Line, 2, |p| p.high),
            (Ink::Accent, 2, |p| p.share),
        ] {
            for pair in points.windows(2) {
                // A share holds until the next day on which somebody acts: steps, no slopes.
                let (a, b) = (&pair[0], &pair[1]);
                c.line((x(a.days), y(of(a))), (x(b.days), y(of(a))), ink, thick)?;
                c.line((x(b.days), y(of(a))), (x(b.days), y(of(b))), ink, thick)?;
            }
        }
        Ok(())
    };
    Some(chart(label, |_| 248, draw))
}

/// How many shoppers have which value; the last bar holds all above it. `None` below ten values.
pub(super) fn values(values: &[f64], label: &str) -> Option<String> {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    if sorted.len() < 10 {
        return None;
    }
    let top = sorted[(sorted.len() - 1) * 19 / 20].max(f64::MIN_POSITIVE);
    let every = step(top, 12.0);
    let n_bars = ((top / every).ceil() as usize + 1).min(24);
    let mut bars = vec![0_u32; n_bars];
    for value in &sorted {
        let at = ((value / every).floor().max(0.0) as usize).min(n_bars - 1);
        bars[at] += 1;
    }
    let most = f64::from(bars.iter().copied().max().unwrap_or(1));
    let draw = |c: &Canvas<'_>, width: Width| {
        let (left, right, bottom) = (48, 16, 180);
        let wide = f64::from(width.pixels() - left - right) / n_bars as f64;
        let x = |at: usize| left + (wide * at as f64).round() as i32;
        let y = |n: f64| bottom - ((n / most) * f64::from(bottom - 12)).round() as i32;
        let lines = step(most, 3.0);
        let mut tick = 0.0;
        while tick <= most {
            c.line((left, y(tick)), (width.pixels() - right, y(tick)), Ink::Line, 1)?;
            c.text(&number::fixed(tick, 0), (left - 8, y(tick)), At::End, Ink::Muted, 12)?;
            tick += lines;
        }
        let skip = if width == Width::Wide { 2 } else { 4 };
        for (at, n) in bars.iter().enumerate() {
            c.bar((x(at) + 1, y(f64::from(*n))), (x(at + 1) - 1, bottom), Ink::Accent, 0.85)?;
            if at % skip == 0 {
                let more = if at + 1 == n_bars { "+" } else { "" };
                let text = format!("{}{more}", number::fixed(every * at as f64, 0));
                c.text(&text, (x(at), bottom + 16), At::Middle, Ink::Muted, 12)?;
            }
        }
        Ok(())
    };
    Some(chart(label, |_| 210, draw))
}

/// Scores with their intervals, best first. `None` without a market.
pub(super) fn scores(places: &[MarketPlace], label: &str) -> Option<String> {
    if places.is_empty() {
        return None;
    }
    let height = |_| 40 + 22 * places.len() as i32;
    let draw = |c: &Canvas<'_>, width: Width| {
        let (left, right) = (48, 24);
        let x = |v: f64| left + (v.clamp(0.0, 1.0) * f64::from(width.pixels() - left - right)).round() as i32;
        let bottom = 12 + 22 * places.len() as i32;
        for tick in [0.0, 0.25, 0.5, 0.75, 1.0] {
            c.line((x(tick), 4), (x(tick), bottom), Ink::Line, 1)?;
            c.text(&number::fixed(tick, 2), (x(tick), bottom + 14), At::Middle, Ink::Muted, 12)?;
        }
        for (at, place) in places.iter().enumerate() {
            let y = 16 + 22 * at as i32;
            c.text(place.market.code(), (left - 10, y), At::End, Ink::Text, 13)?;
            c.line((x(place.low), y), (x(place.high), y), Ink::Second, 3)?;
            c.dot((x(place.score), y), 5, Ink::Accent)?;
        }
        Ok(())
    };
    Some(chart(label, height, draw))
}

/// Markets by size (right is large) and cost to serve (up is cheap); the larger the dot, the better the score.
pub(super) fn bubbles(places: &[MarketPlace], label: &str, axes: [&str; 2]) -> Option<String> {
    let known: Vec<(&MarketPlace, f64, f64)> = places.iter().filter_map(|p| Some((p, p.size?, p.cost?))).collect();
    if known.len() < 2 {
        return None;
    }
    let draw = |c: &Canvas<'_>, width: Width| {
        let (left, right, bottom) = (48, 24, 280);
        let x = |v: f64| left + (v.clamp(0.0, 1.0) * f64::from(width.pixels() - left - right)).round() as i32;
        let y = |v: f64| bottom - (v.clamp(0.0, 1.0) * f64::from(bottom - 20)).round() as i32;
        for tick in [0.0, 0.25, 0.5, 0.75, 1.0] {
            c.line((x(tick), 20), (x(tick), bottom), Ink::Line, 1)?;
            c.line((left, y(tick)), (width.pixels() - right, y(tick)), Ink::Line, 1)?;
            c.text(&number::fixed(tick, 2), (x(tick), bottom + 14), At::Middle, Ink::Muted, 12)?;
            c.text(&number::fixed(tick, 2), (left - 8, y(tick)), At::End, Ink::Muted, 12)?;
        }
        c.text(axes[0], (width.pixels() - right, bottom + 34), At::End, Ink::Muted, 12)?;
        c.text(axes[1], (left, 8), At::Start, Ink::Muted, 12)?;
        for (place, size, cost) in &known {
            let radius = (4.0 + 14.0 * place.score.clamp(0.0, 1.0)).round() as i32;
            c.dot((x(*size), y(*cost)), radius, if place.rank == 1 { Ink::Accent } else { Ink::Second })?;
        }
        // Names last, so that no dot covers one.
        for (place, size, cost) in &known {
            c.text(place.market.code(), (x(*size), y(*cost) - 14), At::Middle, Ink::Text, 12)?;
        }
        Ok(())
    };
    Some(chart(label, |_| 326, draw))
}
