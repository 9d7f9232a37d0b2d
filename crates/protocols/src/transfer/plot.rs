//! Pictures of what was measured, as SVG text: learning curves side by side, and scores against gains.
//!
//! Plain marks on a white ground, so that they read the same in a page and on paper. Cost: nothing to speak of.

use super::report::Transfer;
use super::scores::ScoreReport;
use std::fmt::Write;

const INK: [&str; 2] = ["#8a8f98", "#0b6e8f"];
const COLOURS: [&str; 10] =
    ["#0b6e8f", "#b3541e", "#4c7a34", "#7b3f8c", "#a8871a", "#2c4a8a", "#8a2c4a", "#3a8a7c", "#6b6b6b", "#c2703d"];

fn open(width: i32, height: i32, title: &str) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\" font-size=\"11\">\n\
         <title>{title}</title>\n<rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>\n"
    )
}

// Writing into a text cannot fail, so results are dropped.
fn text(out: &mut String, (x, y): (f64, f64), anchor: &str, words: &str) {
    let _ = writeln!(out, "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" fill=\"#333333\">{words}</text>");
}

/// nDCG by rows of the target, grey the target alone and blue with the sources, one panel a target.
pub fn curves(transfers: &[&Transfer]) -> String {
    let (panel, high, top) = (190.0, 150.0, 40.0);
    let width = (panel * transfers.len() as f64 + 20.0) as i32;
    let mut out = open(width, 240, "Ranking quality by rows of the target, alone and with the sources");
    for (at, transfer) in transfers.iter().enumerate() {
        let left = 20.0 + panel * at as f64 + 20.0;
        let wide = panel - 50.0;
        let points = &transfer.curve;
        let end = points.iter().map(|p| (1.0 + p.k).ln()).fold(f64::MIN_POSITIVE, f64::max);
        let best = points.iter().map(|p| p.alone.max(p.transferred)).fold(0.05, f64::max);
        let full = (best * 10.0).ceil() / 10.0;
        let place = |k: f64, v: f64| (left + wide * (1.0 + k).ln() / end, top + high * (1.0 - v / full));
        text(&mut out, (left + wide / 2.0, 20.0), "middle", &transfer.study.task);
        for tick in 0..=(full * 10.0).round() as i32 {
            let v = f64::from(tick) / 10.0;
            let (_, y) = place(0.0, v);
            let _ = writeln!(out, "<path d=\"M{left:.1} {y:.1}h{wide:.1}\" stroke=\"#dddddd\"/>");
            text(&mut out, (left - 4.0, y + 4.0), "end", &format!("{v:.1}"));
        }
        for point in points {
            let (x, _) = place(point.k, 0.0);
            text(&mut out, (x, top + high + 16.0), "middle", &format!("{:.0}", point.k));
        }
        for (ink, transferred) in INK.iter().zip([false, true]) {
            let value = |p: &super::curve::CurvePoint| if transferred { p.transferred } else { p.alone };
            let path: Vec<String> = points
                .iter()
                .map(|p| {
                    let (x, y) = place(p.k, value(p));
                    format!("{x:.1} {y:.1}")
                })
                .collect();
            let _ =
                writeln!(out, "<path d=\"M{}\" fill=\"none\" stroke=\"{ink}\" stroke-width=\"2\"/>", path.join("L"));
            for p in points {
                let (x, y) = place(p.k, value(p));
                let _ = writeln!(out, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"{ink}\"/>");
            }
        }
    }
    // Two lines, so that they fit below a single panel.
    text(&mut out, (20.0, 221.0), "start", "rows of the target;");
    text(&mut out, (20.0, 234.0), "start", "grey: alone, blue: with the sources");
    out.push_str("</svg>\n");
    out
}

/// Expected gain across, measured gain up, one colour a target.
pub fn scatter(scores: &ScoreReport) -> String {
    let (left, top, size) = (60.0, 30.0, 320.0);
    let mut out = open(560, 400, "Gain expected before training and gain measured");
    let both = scores.examples.iter().flat_map(|e| [e.expected, e.gain]);
    let (low, high) = both.fold((0.0_f64, 0.0_f64), |(l, h), v| (l.min(v), h.max(v)));
    let span = (high - low).max(1e-6);
    let place = |x: f64, y: f64| (left + size * (x - low) / span, top + size * (1.0 - (y - low) / span));
    let ((x0, y0), (x1, y1)) = (place(low, low), place(high, high));
    let _ = writeln!(out, "<path d=\"M{x0:.1} {y0:.1}L{x1:.1} {y1:.1}\" stroke=\"#dddddd\"/>");
    let (zx, zy) = place(0.0, 0.0);
    let _ = writeln!(out, "<path d=\"M{left:.1} {zy:.1}h{size:.1}M{zx:.1} {top:.1}v{size:.1}\" stroke=\"#bbbbbb\"/>");
    for v in [low, 0.0, high] {
        let (x, y) = place(v, v);
        text(&mut out, (x, top + size + 16.0), "middle", &format!("{:+.1} %", 100.0 * v));
        text(&mut out, (left - 6.0, y + 4.0), "end", &format!("{:+.1} %", 100.0 * v));
    }
    let mut targets: Vec<&str> = scores.examples.iter().map(|e| e.target.as_str()).collect();
    targets.dedup();
    for (at, target) in targets.iter().enumerate() {
        let colour = COLOURS[at % COLOURS.len()];
        for e in scores.examples.iter().filter(|e| e.target == *target) {
            let (x, y) = place(e.expected, e.gain);
            let _ =
                writeln!(out, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"{colour}\" fill-opacity=\"0.7\"/>");
        }
        let y = top + 16.0 * at as f64 + 8.0;
        let _ = writeln!(out, "<circle cx=\"400\" cy=\"{:.1}\" r=\"4\" fill=\"{colour}\"/>", y - 4.0);
        text(&mut out, (410.0, y), "start", target);
    }
    text(
        &mut out,
        (left + size / 2.0, top + size + 36.0),
        "middle",
        "gain expected before training (weights learnt without the target)",
    );
    text(&mut out, (left, 18.0), "start", "gain measured");
    out.push_str("</svg>\n");
    out
}
