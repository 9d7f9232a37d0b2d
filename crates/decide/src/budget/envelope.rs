//! The smallest concave curve above a response between two spends.
//!
//! For an S-shaped curve it is a straight line from the lower end to the point where the line touches, then the curve
//! itself; for measured points it is their upper hull. Maximising it instead of the response gives a bound that no allocation
//! can beat, and the optimum itself wherever the two curves meet. Cost: a bisection for a Hill curve, one scan for points.

use super::response::Response;

/// A response under its concave envelope, over whole minor units.
#[derive(Clone, Debug)]
pub(super) struct Envelope {
    low: i64,
    /// End of the straight part, where there is one.
    touch: Option<i64>,
    /// Upper hull of a curve of points, in minor units.
    hull: Vec<(f64, f64)>,
}

/// Minor units of a major one, and the response.
pub(super) struct Curve<'a> {
    pub response: &'a Response,
    pub minor: f64,
}

impl Curve<'_> {
    pub(super) fn at(&self, spend: i64) -> f64 {
        self.response.at(spend as f64 / self.minor)
    }
}

impl Envelope {
    pub(super) fn new(curve: &Curve<'_>, low: i64, high: i64) -> Self {
        let straight = |touch| Self { low, touch, hull: Vec::new() };
        if high <= low || curve.response.is_concave() {
            return straight(None);
        }
        match curve.response {
            Response::Hill { .. } => straight(touching(curve, low, high)),
            Response::Power { .. } => straight(None),
            Response::Points(points) => {
                let inside =
                    points.iter().map(|(x, _)| x * curve.minor).filter(|x| (low as f64) < *x && *x < high as f64);
                let xs = std::iter::once(low as f64).chain(inside).chain([high as f64]);
                Self { low, touch: None, hull: hull(xs.map(|x| (x, curve.response.at(x / curve.minor)))) }
            }
        }
    }

    /// Value of the envelope.
    pub(super) fn at(&self, curve: &Curve<'_>, spend: i64) -> f64 {
        if !self.hull.is_empty() {
            let x = spend as f64;
            let k = self.hull.partition_point(|p| p.0 < x).clamp(1, self.hull.len() - 1);
            let ((x0, y0), (x1, y1)) = (self.hull[k - 1], self.hull[k]);
            return y0 + (y1 - y0) * (x - x0) / (x1 - x0);
        }
        match self.touch {
            Some(touch) if spend < touch => {
                let (y0, y1) = (curve.at(self.low), curve.at(touch));
                y0 + (y1 - y0) * (spend - self.low) as f64 / (touch - self.low) as f64
            }
            _ => curve.at(spend),
        }
    }
}

/// The whole minor unit to which the line from `low` is steepest: beyond it a Hill curve is its own envelope. The slope of
/// that line rises, then falls, so the top is found by bisection on its change; `None` where it falls from the start.
fn touching(curve: &Curve<'_>, low: i64, high: i64) -> Option<i64> {
    let from = curve.at(low);
    let slope = |x: i64| (curve.at(x) - from) / (x - low) as f64;
    let (mut below, mut above) = (low + 1, high);
    while below < above {
        let middle = below + (above - below) / 2;
        if slope(middle + 1) > slope(middle) {
            below = middle + 1;
        } else {
            above = middle;
        }
    }
    (below > low + 1).then_some(below)
}

fn hull(points: impl Iterator<Item = (f64, f64)>) -> Vec<(f64, f64)> {
    let mut out: Vec<(f64, f64)> = Vec::new();
    for p in points {
        while let [.., a, b] = out.as_slice()
            && (b.1 - a.1) * (p.0 - a.0) <= (p.1 - a.1) * (b.0 - a.0)
        {
            out.pop();
        }
        out.push(p);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test] // Above the response everywhere, concave, and equal to it at both ends.
        fn the_envelope_is_the_least_concave_curve_above(
            alpha in 0.6_f64..4.0, gamma in 0.2_f64..1.5, low in 0_i64..40, length in 1_i64..100,
        ) {
            let response = Response::Hill { coefficient: 10.0, alpha, gamma, scale: 60.0 };
            let (curve, high) = (Curve { response: &response, minor: 1.0 }, low + length);
            let envelope = Envelope::new(&curve, low, high);
            let values: Vec<f64> = (low..=high).map(|x| envelope.at(&curve, x)).collect();
            for (x, v) in (low..).zip(&values) {
                prop_assert!(*v >= curve.at(x) - 1e-12);
            }
            prop_assert!(values.windows(3).all(|w| w[2] - w[1] <= w[1] - w[0] + 1e-12), "{values:?}");
            prop_assert_eq!((values[0], values[values.len() - 1]), (curve.at(low), curve.at(high)));
        }
    }

    #[test] // 0-10 slope .1, 10-20 slope .9: the hull is the straight line to (20, 10).
    fn the_hull_of_points_by_hand() {
        let response = Response::Points(vec![(10.0, 1.0), (20.0, 10.0), (40.0, 12.0)]);
        let curve = Curve { response: &response, minor: 1.0 };
        let envelope = Envelope::new(&curve, 0, 40);
        assert_eq!((envelope.at(&curve, 10), envelope.at(&curve, 20), envelope.at(&curve, 30)), (5.0, 10.0, 11.0));
    }
}
