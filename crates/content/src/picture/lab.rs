//! Colours as people tell them apart.

/// Lightness 0 to 100, red against green, yellow against blue (CIE 1976, white point D65) of an sRGB colour 0..=255.
pub(super) fn lab(rgb: [f32; 3]) -> [f32; 3] {
    let linear = rgb.map(|c| {
        let c = c / 255.0;
        if c <= 0.040_45 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
    });
    let [r, g, b] = linear;
    let xyz = [
        (0.412_456 * r + 0.357_576 * g + 0.180_438 * b) / 0.950_47,
        0.212_673 * r + 0.715_152 * g + 0.072_175 * b,
        (0.019_334 * r + 0.119_192 * g + 0.950_304 * b) / 1.088_83,
    ];
    let [x, y, z] = xyz.map(|t| if t > 0.008_856 { t.cbrt() } else { 7.787 * t + 16.0 / 116.0 });
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

/// Hue 0..1 round the circle, saturation and value 0..=1.
pub(super) fn hsv(rgb: [f32; 3]) -> [f32; 3] {
    let [r, g, b] = rgb.map(|c| c / 255.0);
    let (top, low) = (r.max(g).max(b), r.min(g).min(b));
    let span = top - low;
    if span <= 0.0 {
        return [0.0, 0.0, top];
    }
    let sixth = if top == r {
        (g - b) / span
    } else if top == g {
        2.0 + (b - r) / span
    } else {
        4.0 + (r - g) / span
    };
    [(sixth / 6.0).rem_euclid(1.0), span / top, top]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test] // Published values of the sRGB primaries.
    fn known_colours_lie_where_they_should() {
        for (rgb, want) in [
            ([255.0, 255.0, 255.0], [100.0, 0.0, 0.0]),
            ([255.0, 0.0, 0.0], [53.24, 80.09, 67.20]),
            ([0.0, 0.0, 255.0], [32.30, 79.19, -107.86]),
        ] {
            let got = lab(rgb);
            assert!(got.iter().zip(want).all(|(g, w)| (g - w).abs() < 0.1), "{rgb:?}: {got:?}");
        }
        assert_eq!(hsv([0.0, 0.0, 255.0]), [4.0 / 6.0, 1.0, 1.0]);
        assert_eq!(hsv([128.0, 128.0, 128.0])[1], 0.0);
    }
}
