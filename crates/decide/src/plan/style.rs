//! The style sheet of the pages: one column for reading, colours as variables (light, dark and
//! paper), tables that become cards on a phone, formulas as footnotes on paper. No outside font,
//! picture or script.

/// Everything between `<style>` and `</style>`.
pub(crate) const CSS: &str = concat!(
    include_str!("css/base.css"),
    include_str!("css/parts.css"),
    include_str!("css/phone.css"),
    include_str!("css/print.css"),
);

#[cfg(test)]
mod tests {
    use super::CSS;

    #[test]
    fn the_style_sheet_asks_for_nothing_from_outside() {
        for word in ["url(", "@import", "http:", "https:", "<"] {
            assert!(!CSS.contains(word), "{word}");
        }
    }

    #[test]
    fn braces_are_balanced() {
        assert_eq!(CSS.matches('{').count(), CSS.matches('}').count());
    }

    /// Relative luminance of `#rrggbb` (WCAG 2.2).
    fn luminance(hex: &str) -> f64 {
        let channel = |at: usize| {
            let c = f64::from(u8::from_str_radix(&hex[at..at + 2], 16).unwrap()) / 255.0;
            if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
    }

    fn variable(block: &str, name: &str) -> String {
        let value = block.split_once(&format!("--{name}:")).unwrap().1;
        value.split_once(';').unwrap().0.trim().to_owned()
    }

    #[test] // WCAG 2.2 AA: 4.5 for text, 3 for the parts of a chart.
    fn contrast_is_enough_in_light_and_dark() {
        let (light, rest) = CSS.split_once("@media (prefers-color-scheme: dark)").unwrap();
        let dark = rest.split_once("}").unwrap().0;
        for block in [light, dark] {
            for (name, need) in
                [("ink", 7.0), ("muted", 4.5), ("accent", 4.5), ("second", 3.0), ("good", 4.5), ("warn", 4.5)]
            {
                for ground in ["paper", "surface"] {
                    let (a, b) = (luminance(&variable(block, name)), luminance(&variable(block, ground)));
                    let ratio = (a.max(b) + 0.05) / (a.min(b) + 0.05);
                    assert!(ratio >= need, "{name} on {ground}: {ratio:.2}, needs {need}");
                }
            }
        }
    }
}
