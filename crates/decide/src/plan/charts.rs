//! Charts as inline SVG, drawn by `plotters` (SVG backend, no fonts needed: text stays text).
//!
//! A chart is drawn twice, for a wide and for a narrow page, and the style sheet shows one: one
//! drawing scaled down to a phone would have unreadable labels. Colours are drawn as the
//! placeholders of [`Ink`] and then replaced by the page's colour variables, so that one drawing
//! serves light, dark and paper.

use super::evidence::{Span, TrainedOn};
use super::launch::{LaunchPlan, Measured, MonthRow, SegmentRow};
use super::number;
use super::sentence::fill;
use super::vocabulary;
use super::words::{Lang, Text};
use domain::{Currency, Day, Figure};
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// Colours by role. The placeholder is a colour that no chart would use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ink {
    Text,
    Muted,
    Line,
    Accent,
    Second,
}

impl Ink {
    const ALL: [Self; 5] = [Self::Text, Self::Muted, Self::Line, Self::Accent, Self::Second];

    const fn placeholder(self) -> RGBColor {
        match self {
            Self::Text => RGBColor(1, 0, 1),
            Self::Muted => RGBColor(1, 0, 2),
            Self::Line => RGBColor(1, 0, 3),
            Self::Accent => RGBColor(1, 0, 4),
            Self::Second => RGBColor(1, 0, 5),
        }
    }

    const fn variable(self) -> &'static str {
        match self {
            Self::Text => "var(--ink)",
            Self::Muted => "var(--muted)",
            Self::Line => "var(--line)",
            Self::Accent => "var(--accent)",
            Self::Second => "var(--second)",
        }
    }
}

/// For how wide a page a chart is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Width {
    Wide,
    Narrow,
}

impl Width {
    const ALL: [Self; 2] = [Self::Wide, Self::Narrow];

    pub(super) const fn pixels(self) -> i32 {
        match self {
            Self::Wide => 960,
            Self::Narrow => 340,
        }
    }

    const fn class(self) -> &'static str {
        match self {
            Self::Wide => "wide",
            Self::Narrow => "narrow",
        }
    }
}

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
pub(super) type Drawn = Result<(), Box<dyn std::error::Error>>;

/// Draws at both widths and turns the placeholders into the page's colours.
pub(super) fn chart(label: &str, height: impl Fn(Width) -> i32, draw: impl Fn(&Canvas<'_>, Width) -> Drawn) -> String {
    let mut out = String::new();
    for width in Width::ALL {
        let (w, h) = (width.pixels(), height(width));
        let mut svg = String::new();
        {
            let area = SVGBackend::with_string(&mut svg, (w as u32, h as u32)).into_drawing_area();
            let canvas = Canvas { area };
            draw(&canvas, width).expect("drawing into a string does not fail");
            canvas.area.present().expect("a string takes what is written");
        }
        for ink in Ink::ALL {
            let RGBColor(r, g, b) = ink.placeholder();
            svg = svg.replace(&format!("\"#{r:02X}{g:02X}{b:02X}\""), &format!("\"{}\"", ink.variable()));
        }
        let head = format!("<svg width=\"{w}\" height=\"{h}\" ");
        let ours = format!("<svg class=\"chart {}\" role=\"img\" aria-label=\"{}\" ", width.class(), attribute(label));
        let svg =
            svg.replacen(&head, &ours, 1).replace(" font-family=\"sans-serif\"", "").replace(" opacity=\"1\"", "");
        out.push_str(&svg);
    }
    out
}

fn attribute(text: &str) -> String {
    super::html::escape(text)
}

/// Drawing by pixels. Axes are placed by hand: the library's own mesh reserves room by measuring
/// text, which without fonts it can only guess, and guesses three times too wide for Chinese.
pub(super) struct Canvas<'a> {
    area: Area<'a>,
}

#[derive(Clone, Copy)]
pub(super) enum At {
    Start,
    Middle,
    End,
}

impl Canvas<'_> {
    pub(super) fn bar(&self, (x0, y0): (i32, i32), (x1, y1): (i32, i32), ink: Ink, strength: f64) -> Drawn {
        let style = ink.placeholder().mix(strength).filled();
        self.area.draw(&Rectangle::new([(x0, y0), (x1, y1)], style))?;
        Ok(())
    }

    /// A band of equal height from the left to the right that leaves and arrives level.
    pub(super) fn band(&self, (x0, y0): (i32, i32), (x1, y1): (i32, i32), wide: i32, ink: Ink, strength: f64) -> Drawn {
        const POINTS: i32 = 24;
        let upper: Vec<(i32, i32)> = (0..=POINTS)
            .map(|i| {
                let t = f64::from(i) / f64::from(POINTS);
                let eased = t * t * (3.0 - 2.0 * t);
                let between = |a: i32, b: i32, part: f64| a + (f64::from(b - a) * part).round() as i32;
                (between(x0, x1, t), between(y0, y1, eased))
            })
            .collect();
        let lower = upper.iter().rev().map(|(x, y)| (*x, y + wide));
        let outline: Vec<(i32, i32)> = upper.iter().copied().chain(lower).collect();
        self.area.draw(&Polygon::new(outline, ink.placeholder().mix(strength).filled()))?;
        Ok(())
    }

    pub(super) fn line(&self, from: (i32, i32), to: (i32, i32), ink: Ink, width: u32) -> Drawn {
        self.area.draw(&PathElement::new([from, to], ink.placeholder().stroke_width(width)))?;
        Ok(())
    }

    pub(super) fn dot(&self, at: (i32, i32), radius: i32, ink: Ink) -> Drawn {
        self.area.draw(&Circle::new(at, radius, ink.placeholder().filled()))?;
        Ok(())
    }

    pub(super) fn ring(&self, at: (i32, i32), radius: i32, ink: Ink) -> Drawn {
        self.area.draw(&Circle::new(at, radius, ink.placeholder().stroke_width(2)))?;
        Ok(())
    }

    pub(super) fn text(&self, text: &str, at: (i32, i32), anchor: At, ink: Ink, size: i32) -> Drawn {
        let h = match anchor {
            At::Start => HPos::Left,
            At::Middle => HPos::Center,
            At::End => HPos::Right,
        };
        // The backend divides by 1.24 on the way out.
        let style = ("sans-serif", f64::from(size) * 1.24).into_text_style(&self.area);
        let colour = ink.placeholder();
        let style = style.color(&colour).pos(Pos::new(h, VPos::Center));
        self.area.draw(&plotters::element::Text::new(text.to_owned(), at, style))?;
        Ok(())
    }
}

/// A step of 1, 2 or 5 times a power of ten that cuts `max` into at most `n` parts.
pub(super) fn step(max: f64, n: f64) -> f64 {
    let raw = (max / n).max(f64::MIN_POSITIVE);
    let power = 10_f64.powf(raw.log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|m| m * power).find(|s| *s >= raw * (1.0 - 1e-9)).unwrap_or(raw)
}

/// Shortens what is too long for its place; names come from data and may be anything. The library
/// escapes what SVG reads but lets control characters through, which no document may hold.
pub(super) fn clipped(text: &str, n: usize) -> String {
    let text = text.replace(char::is_control, "\u{fffd}");
    let text = text.as_str();
    if text.chars().count() <= n { text.to_owned() } else { text.chars().take(n - 1).chain(['…']).collect() }
}

/// [`clipped`] to a width in pixels at size 12: Chinese characters are about twice as wide as Latin letters.
pub(super) fn cut(text: &str, pixels: i32) -> String {
    let wide = |c: char| if c.is_ascii() { 65 } else { 125 };
    let mut room = 10 * pixels;
    let fits = text.chars().take_while(|c| {
        room -= wide(*c);
        room >= 0
    });
    let n = fits.count();
    clipped(text, if n < text.chars().count() { n.max(2) } else { n.max(1) })
}

/// Revenue by month as bars; months that the data covers only in part are pale.
pub(crate) fn revenue(plan: &LaunchPlan, lang: Lang) -> Option<String> {
    let bars: Vec<(&MonthRow, f64)> = plan.months.iter().filter_map(|m| Some((m, m.revenue.as_f64()?))).collect();
    let top = bars.iter().map(|b| b.1).fold(0.0, f64::max);
    if bars.is_empty() || top <= 0.0 {
        return None;
    }
    let peak = plan.season.as_ref().map_or_else(String::new, |s| number::month(s.month, lang));
    let label = fill(Text::RevenueChart.get(lang), &[&peak]);
    let low = bars.iter().map(|b| b.1).fold(0.0, f64::min);
    let draw = |c: &Canvas<'_>, width: Width| {
        let (size, height) = (13, 240);
        let (left, right, head, foot) = (64, 8, 14, 46);
        let every = step(top - low, 4.0);
        let (ceiling, ground) = ((top / every).ceil() * every, (low / every).floor() * every);
        let y = |v: f64| head + ((ceiling - v) / (ceiling - ground) * f64::from(height - head - foot)).round() as i32;
        let mut tick = ground;
        while tick <= ceiling + every / 2.0 {
            c.line((left, y(tick)), (width.pixels() - right, y(tick)), Ink::Line, 1)?;
            c.text(&axis_money(tick, plan.currency), (left - 8, y(tick)), At::End, Ink::Muted, size)?;
            tick += every;
        }
        let slot = f64::from(width.pixels() - left - right) / bars.len() as f64;
        let x = |i: usize| left + (slot * i as f64).round() as i32;
        // A label needs its room; on a narrow page only every so many months have one.
        let room = if width == Width::Wide { 44.0 } else { 34.0 };
        let skip = (room / slot).ceil().max(1.0) as usize;
        for (i, (month, value)) in bars.iter().enumerate() {
            let pad = ((slot * 0.16) as i32).max(1);
            let (strength, from, to) = match month.span {
                Span::Whole => (1.0, y(value.max(0.0)), y(value.min(0.0))),
                Span::Partial => (0.35, y(value.max(0.0)), y(value.min(0.0))),
            };
            c.bar((x(i) + pad, from), (x(i + 1) - pad, to.max(from + 1)), Ink::Accent, strength)?;
            let (year, m) = month.month.year_month();
            let middle = (x(i) + x(i + 1)) / 2;
            if i.is_multiple_of(skip) {
                c.text(&month_name(month.month, lang), (middle, height - foot + 14), At::Middle, Ink::Muted, size)?;
            }
            // Two years side by side would run into each other: the later one stays.
            let january = bars.iter().take(2).skip(1).any(|(next, _)| next.month.year_month().1 == 1);
            if m == 1 || i == 0 && !(january && slot < room) {
                c.text(&year.to_string(), (middle, height - foot + 32), At::Middle, Ink::Text, size)?;
            }
        }
        c.line((left, y(0.0)), (width.pixels() - right, y(0.0)), Ink::Muted, 1)
    };
    Some(chart(&label, |_| 240, draw))
}

fn month_name(day: Day, lang: Lang) -> String {
    match lang {
        Lang::En => day.date().format("%b").to_string(),
        Lang::Zh => day.date().format("%-m月").to_string(),
    }
}

/// `£12k`, `£1.5m`: ticks of an axis.
fn axis_money(x: f64, currency: Currency) -> String {
    let (scaled, suffix) = match x.abs() {
        a if a >= 1e6 => (x / 1e6, "m"),
        a if a >= 1e3 => (x / 1e3, "k"),
        _ => (x, ""),
    };
    let digits = usize::from((scaled - scaled.round()).abs() > 1e-6);
    let whole = format!("{}{suffix}", number::fixed(scaled, digits));
    // A code of three letters has no room beside every tick; the page's head names the currency.
    match currency.code() {
        "EUR" => format!("€{whole}"),
        "GBP" => format!("£{whole}"),
        "USD" => format!("${whole}"),
        "CNY" | "JPY" => format!("¥{whole}"),
        _ => whole,
    }
}

/// Two bars a segment: its share of shoppers and of revenue.
pub(crate) fn segments(segments: &[SegmentRow], lang: Lang) -> Option<String> {
    let rows: Vec<(String, f64, f64)> = segments
        .iter()
        .filter_map(|s| Some((vocabulary::segment(&s.key, lang), s.shopper_share.as_f64()?, s.revenue_share.as_f64()?)))
        .collect();
    if rows.is_empty() {
        return None;
    }
    let top = rows.iter().map(|r| r.1.max(r.2)).fold(0.01, f64::max);
    let height = |width: Width| {
        let each = if width == Width::Wide { 40 } else { 60 };
        34 + each * rows.len() as i32
    };
    let draw = |c: &Canvas<'_>, width: Width| {
        let size = 13;
        let (left, right) = if width == Width::Wide { (190, 64) } else { (0, 60) };
        let (each, name_y) = if width == Width::Wide { (40, 17) } else { (60, 10) };
        legend(
            c,
            (left, 10),
            [(Ink::Second, Text::SegmentShopperShareShort), (Ink::Accent, Text::SegmentRevenueShareShort)],
            lang,
        )?;
        for (i, (name, shoppers, revenue)) in rows.iter().enumerate() {
            let y = 34 + each * i as i32;
            let bars_y = if width == Width::Wide { y + 2 } else { y + 22 };
            let (at, anchor) = if width == Width::Wide { (left - 12, At::End) } else { (0, At::Start) };
            c.text(&clipped(name, 26), (at, y + name_y), anchor, Ink::Text, size + 1)?;
            for (k, (value, ink)) in [(shoppers, Ink::Second), (revenue, Ink::Accent)].into_iter().enumerate() {
                let top_y = bars_y + 15 * k as i32;
                let long = ((value / top).clamp(0.0, 1.0) * f64::from(width.pixels() - left - right)).round() as i32;
                c.bar((left, top_y), (left + long.max(1), top_y + 12), ink, 1.0)?;
                let text = format!("{} %", number::fixed(value * 100.0, 1));
                c.text(&text, (left + long + 7, top_y + 6), At::Start, Ink::Muted, 12)?;
            }
        }
        Ok(())
    };
    Some(chart(Text::SegmentChart.get(lang), height, draw))
}

fn legend(c: &Canvas<'_>, (x, y): (i32, i32), entries: [(Ink, Text); 2], lang: Lang) -> Drawn {
    let mut x = x;
    for (ink, text) in entries {
        c.bar((x, y - 6), (x + 12, y + 6), ink, 1.0)?;
        let text = text.get(lang);
        c.text(text, (x + 18, y), At::Start, Ink::Muted, 13)?;
        // Chinese characters are about twice as wide as Latin letters.
        x += 46 + text.chars().map(|ch| if ch.is_ascii() { 7 } else { 14 }).sum::<i32>();
    }
    Ok(())
}

/// A dot with its interval for every measured model.
pub(crate) fn transfer(rows: &[Measured], lang: Lang) -> Option<String> {
    let rows: Vec<(&Measured, f64)> = rows.iter().filter_map(|r| Some((r, r.ndcg.as_f64()?))).collect();
    if rows.is_empty() {
        return None;
    }
    let high = |r: &(&Measured, f64)| r.0.ndcg.interval.map_or(r.1, |i| i.high);
    let top = rows.iter().map(high).fold(0.01, f64::max);
    let each = |width| if width == Width::Wide { 36 } else { 48 };
    let height = |width| each(width) * rows.len() as i32 + 40;
    let draw = |c: &Canvas<'_>, width: Width| {
        let (left, right) = if width == Width::Wide { (360, 70) } else { (12, 52) };
        let every = step(top, if width == Width::Wide { 5.0 } else { 3.0 });
        let end = (top / every).ceil() * every;
        let x = |v: f64| left + ((v / end).clamp(0.0, 1.0) * f64::from(width.pixels() - left - right)).round() as i32;
        let bottom = height(width) - 34;
        let mut tick = 0.0;
        while tick <= end + every / 2.0 {
            c.line((x(tick), 4), (x(tick), bottom), Ink::Line, 1)?;
            let digits = if every < 0.01 { 3 } else { 2 };
            c.text(&number::fixed(tick, digits), (x(tick), bottom + 16), At::Middle, Ink::Muted, 12)?;
            tick += every;
        }
        for (i, (row, value)) in rows.iter().enumerate() {
            let y0 = 4 + each(width) * i as i32;
            let y = if width == Width::Wide { y0 + 18 } else { y0 + 32 };
            let ink = if row.trained_on == TrainedOn::Local { Ink::Second } else { Ink::Accent };
            let (model, taught) = (vocabulary::scorer(&row.model, lang), trained_on(row.trained_on, lang));
            if width == Width::Wide {
                c.text(&cut(&model, left - 40), (left - 14, y - 6), At::End, Ink::Text, 13)?;
                c.text(&cut(taught, left - 20), (left - 14, y + 8), At::End, Ink::Muted, 11)?;
            } else {
                let name = format!("{model} · {taught}");
                c.text(&cut(&name, width.pixels() - 24), (0, y0 + 12), At::Start, Ink::Text, 13)?;
            }
            if let Some(interval) = row.ndcg.interval {
                let (from, to) = (x(interval.low.max(0.0)), x(interval.high));
                c.line((from, y), (to, y), ink, 2)?;
                c.line((from, y - 5), (from, y + 5), ink, 2)?;
                c.line((to, y - 5), (to, y + 5), ink, 2)?;
            }
            c.dot((x(*value), y), 5, ink)?;
            c.text(&number::fixed(*value, 3), (x(high(&(row, *value))) + 10, y), At::Start, Ink::Muted, 12)?;
        }
        Ok(())
    };
    Some(chart(Text::TransferChart.get(lang), height, draw))
}

/// The share who came back in each month after the first order, with its interval. Months without a
/// number break the line. `None` below two points.
pub(crate) fn retention(curve: &[Figure], lang: Lang) -> Option<String> {
    let points: Vec<Option<(f64, f64, f64)>> =
        curve.iter().map(|f| f.as_f64().map(|x| f.interval.map_or((x, x, x), |i| (x, i.low, i.high)))).collect();
    let last = points.iter().rposition(Option::is_some)?;
    if points.iter().flatten().count() < 2 {
        return None;
    }
    let points = &points[..=last];
    let top = points.iter().flatten().map(|p| p.2).fold(0.01, f64::max).min(1.0);
    let height = 200;
    let draw = |c: &Canvas<'_>, width: Width| {
        let (left, right, head, foot) = (50, 24, 12, 44);
        let every = step(top, 4.0);
        let ceiling = (top / every).ceil() * every;
        let y = |v: f64| {
            head + ((ceiling - v.clamp(0.0, ceiling)) / ceiling * f64::from(height - head - foot)).round() as i32
        };
        let mut tick = 0.0;
        while tick <= ceiling + every / 2.0 {
            c.line((left, y(tick)), (width.pixels() - right, y(tick)), Ink::Line, 1)?;
            let digits = usize::from(every < 0.01);
            let text = format!("{} %", number::fixed(tick * 100.0, digits));
            c.text(&text, (left - 8, y(tick)), At::End, Ink::Muted, 12)?;
            tick += every;
        }
        let slot = f64::from(width.pixels() - left - right) / points.len() as f64;
        let x = |i: usize| left + (slot * (i as f64 + 0.5)).round() as i32;
        let skip = (26.0 / slot).ceil().max(1.0) as usize;
        for (i, point) in points.iter().enumerate() {
            if i.is_multiple_of(skip) {
                c.text(&format!("+{}", i + 1), (x(i), height - foot + 13), At::Middle, Ink::Muted, 12)?;
            }
            let Some((value, low, high)) = point else { continue };
            c.line((x(i), y(*low)), (x(i), y(*high)), Ink::Second, 2)?;
            if let Some(Some((next, ..))) = points.get(i + 1) {
                c.line((x(i), y(*value)), (x(i + 1), y(*next)), Ink::Accent, 2)?;
            }
            c.dot((x(i), y(*value)), 4, Ink::Accent)?;
        }
        let middle = (left + width.pixels() - right) / 2;
        c.text(Text::RetentionAxis.get(lang), (middle, height - foot + 32), At::Middle, Ink::Muted, 12)
    };
    Some(chart(Text::RetentionChart.get(lang), |_| height, draw))
}

/// What a model was trained on, in words.
pub(crate) fn trained_on(data: TrainedOn, lang: Lang) -> &'static str {
    match data {
        TrainedOn::Local => Text::Local,
        TrainedOn::Home => Text::HomeOnly,
        TrainedOn::Pooled => Text::Pooled,
        TrainedOn::Weighted => Text::Weighted,
    }
    .get(lang)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_one_two_or_five() {
        for (max, want) in [(100.0, 50.0), (9.0, 5.0), (4.0, 1.0), (0.07, 0.02), (38_000.0, 10_000.0)] {
            assert!((step(max, 4.0) - want).abs() < want * 1e-9, "{max}: {}", step(max, 4.0));
        }
    }

    #[test]
    fn ticks_are_short() {
        let gbp = Currency::new(*b"GBP");
        assert_eq!(axis_money(1500.0, gbp), "£1.5k");
        assert_eq!(axis_money(2_000_000.0, gbp), "£2m");
        assert_eq!(axis_money(0.0, Currency::new(*b"VND")), "0");
    }

    #[test]
    fn a_chart_has_no_fixed_colour_and_escapes_its_label() {
        let svg = chart("a \"<b>\"", |_| 20, |c, _| c.text("<script>", (1, 1), At::Start, Ink::Text, 12));
        assert!(!svg.contains('#') && svg.contains("fill=\"var(--ink)\""), "{svg}");
        assert!(svg.contains("&lt;script&gt;") && !svg.contains("<script>"));
        assert!(svg.contains("aria-label=\"a &quot;&lt;b&gt;&quot;\""));
    }
}
