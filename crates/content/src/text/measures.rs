//! Numbers with units as they stand in product texts, in base units, so that 2 L and 2000 ml are the same.
//!
//! A sign with three digits behind it parts thousands, any other one decimals: 1.200 and 1,200 are twelve hundred, 1.5 and
//! 1,5 are one and a half. Lengths are in millimetres, masses in grams, volumes in millilitres, times in minutes. Cost: one
//! pass over the text.

/// A number with its unit.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Measure {
    /// As it stands there.
    pub(super) text: String,
    /// In the base unit of its kind.
    value: f64,
    kind: &'static str,
    /// From which byte to which.
    pub(super) span: (usize, usize),
}

impl Measure {
    /// The same but for the rounding of a conversion.
    pub(super) fn same(&self, other: &Self) -> bool {
        self.kind == other.kind
            && (self.value - other.value).abs() <= 0.02 * self.value.abs().max(other.value.abs())
            && (!self.kind.is_empty() || self.value == other.value)
    }
}

/// Units by how they are written, the longest first within a beginning; kind and size in the kind's base.
const UNITS: &[(&str, &str, f64)] = &[
    ("inches", "length", 25.4),
    ("inch", "length", 25.4),
    ("英寸", "length", 25.4),
    ("zoll", "length", 25.4),
    ("厘米", "length", 10.0),
    ("毫米", "length", 1.0),
    ("cm", "length", 10.0),
    ("mm", "length", 1.0),
    ("米", "length", 1000.0),
    ("公斤", "mass", 1000.0),
    ("千克", "mass", 1000.0),
    ("kg", "mass", 1000.0),
    ("lbs", "mass", 453.592),
    ("lb", "mass", 453.592),
    ("oz", "mass", 28.3495),
    ("斤", "mass", 500.0),
    ("克", "mass", 1.0),
    ("毫升", "volume", 1.0),
    ("ml", "volume", 1.0),
    ("升", "volume", 1000.0),
    ("lít", "volume", 1000.0),
    ("liters", "volume", 1000.0),
    ("litres", "volume", 1000.0),
    ("liter", "volume", 1000.0),
    ("litre", "volume", 1000.0),
    ("kw", "power", 1000.0),
    ("千瓦", "power", 1000.0),
    ("瓦", "power", 1.0),
    ("watts", "power", 1.0),
    ("watt", "power", 1.0),
    ("mah", "charge", 1.0),
    ("毫安时", "charge", 1.0),
    ("伏", "voltage", 1.0),
    ("volt", "voltage", 1.0),
    ("°c", "heat", 1.0),
    ("℃", "heat", 1.0),
    ("%", "share", 1.0),
    ("％", "share", 1.0),
    ("小时", "time", 60.0),
    ("分钟", "time", 1.0),
    ("hours", "time", 60.0),
    ("hour", "time", 60.0),
    ("stunden", "time", 60.0),
    ("stunde", "time", 60.0),
    ("minutes", "time", 1.0),
    ("minuten", "time", 1.0),
    ("min", "time", 1.0),
    ("g", "mass", 1.0),
    ("l", "volume", 1000.0),
    ("w", "power", 1.0),
    ("v", "voltage", 1.0),
    ("h", "time", 60.0),
    ("m", "length", 1000.0),
];

/// Numbers of a text, with the unit behind them; what lies in `held` (from byte to byte) is none.
pub(super) fn measures(text: &str, held: &[(usize, usize)]) -> Vec<Measure> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = text[from..].find(|c: char| c.is_ascii_digit()).map(|n| from + n) {
        let end =
            at + text[at..].find(|c: char| !(c.is_ascii_digit() || c == '.' || c == ',')).unwrap_or(text.len() - at);
        let digits = text[at..end].trim_end_matches(['.', ',']);
        let end = at + digits.len();
        from = end;
        // The number of a name such as AF2 is a part of the name.
        let named = text[..at].chars().last().is_some_and(|c| c.is_ascii_alphabetic());
        if held.iter().any(|(a, b)| (*a..*b).contains(&at)) || named {
            continue;
        }
        let Some(number) = amount(digits) else { continue };
        let behind = text[end..].trim_start_matches([' ', '\u{a0}', '\u{202f}', '-']);
        let low = behind.to_lowercase();
        let is_unit = |unit: &&(&str, &str, f64)| {
            low.starts_with(unit.0)
                && (!unit.0.chars().all(|c| c.is_ascii_alphabetic())
                    || low[unit.0.len()..].chars().next().is_none_or(|c| !c.is_ascii_alphanumeric()))
        };
        let unit = UNITS.iter().find(is_unit);
        let gap = text.len() - end - behind.len();
        let (kind, size, len) = unit.map_or(("", 1.0, 0), |u| (u.1, u.2, gap + u.0.len()));
        let to = (end + len).min(text.len());
        let to = if text.is_char_boundary(to) { to } else { end };
        found.push(Measure { text: text[at..to].to_owned(), value: number * size, kind, span: (at, to) });
        from = to;
    }
    found
}

/// `1,200`, `1.200`, `1,5`, `1.5`: a sign with three digits behind it parts thousands, any other one decimals.
fn amount(digits: &str) -> Option<f64> {
    let last = digits.rfind(['.', ',']);
    let decimals = last.filter(|at| digits.len() - at - 1 != 3);
    let plain: String = digits
        .char_indices()
        .filter_map(|(at, c)| match c {
            '.' | ',' if Some(at) == decimals => Some('.'),
            '.' | ',' => None,
            digit => Some(digit),
        })
        .collect();
    plain.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_in_either_way_and_names_are_none() {
        let of = |text: &str| measures(text, &[]).iter().map(|m| (m.text.clone(), m.value, m.kind)).collect::<Vec<_>>();
        let want = [("1,200克", 1200.0, "mass"), ("1.5 L", 1500.0, "volume"), ("7", 7.0, "")];
        let want = want.map(|(text, value, kind)| (text.to_owned(), value, kind));
        assert_eq!(of("AF2 1,200克, 1.5 L und 7 Lampen"), want);
        assert_eq!(measures("{a1} 5 cm", &[(0, 4)])[0].text, "5 cm");
    }

    #[test] // 10 inch are 254 mm, of which 2 % are 5: 25 cm are near enough, 24 are not.
    fn converted_lengths_are_the_same_within_rounding() {
        let one = |text: &str| measures(text, &[]).remove(0);
        assert!(one("10 inch").same(&one("25 cm")) && !one("10 inch").same(&one("24 cm")));
        assert!(!one("10").same(&one("10 g")) && !one("100").same(&one("101")));
    }
}
