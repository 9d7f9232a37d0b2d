//! An offer of a shop, and what is read from its texts: words, letters in a row, numbers, model codes.

/// What a shop says of a product. `None` is a field that the shop does not have or left empty.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Offer {
    /// Name of the product.
    pub title: String,
    /// Brand or manufacturer.
    pub brand: Option<String>,
    /// Model number or article number.
    pub model: Option<String>,
    /// Longer text.
    pub description: Option<String>,
    /// In one currency for all offers that are compared.
    pub price: Option<f64>,
}

impl Offer {
    /// All texts, one behind the other.
    pub(super) fn joined(&self) -> String {
        let fields = [self.brand.as_deref(), self.model.as_deref(), self.description.as_deref()];
        fields.iter().flatten().fold(self.title.clone(), |text, field| text + " " + field)
    }
}

/// Words: small letters and digits in a row; a point between digits belongs to them.
pub fn words(text: &str) -> Vec<String> {
    let signs: Vec<char> = text.chars().flat_map(char::to_lowercase).collect();
    let mut out = vec![String::new()];
    for (at, &c) in signs.iter().enumerate() {
        let digit = |at: Option<usize>| at.and_then(|at| signs.get(at)).is_some_and(char::is_ascii_digit);
        let point = c == '.' && digit(at.checked_sub(1)) && digit(Some(at + 1));
        match out.last_mut() {
            Some(word) if c.is_alphanumeric() || point => word.push(c),
            Some(word) if !word.is_empty() => out.push(String::new()),
            _ => {}
        }
    }
    out.retain(|word| !word.is_empty());
    out
}

/// Numbers in a text, also inside words (`v22`), in thousandths, so that `6.0` is `6`; ascending, each once.
pub fn numbers(words: &[String]) -> Vec<u64> {
    let mut out = Vec::new();
    for word in words {
        for run in word.split(|c: char| !(c.is_ascii_digit() || c == '.')) {
            if let Ok(number) = run.parse::<f64>()
                && number < 1e12
            {
                out.push((number * 1000.0).round() as u64);
            }
        }
    }
    out.sort_unstable();
    out.dedup();
    out
}

/// Model codes: letters and digits mixed, at least four of them, parts joined by hyphens or strokes as one
/// (`DMC-FZ8K` is `dmcfz8k`), and plain numbers of five digits or more. Ascending, each once.
pub fn codes(text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    let mut out: Vec<String> = Vec::new();
    for part in lower.split(|c: char| !(c.is_alphanumeric() || matches!(c, '-' | '/' | '_'))) {
        let squeezed: String = part.chars().filter(|c| c.is_alphanumeric()).collect();
        for code in part.split(|c: char| !c.is_alphanumeric()).map(str::to_owned).chain([squeezed]) {
            let digits = code.chars().filter(char::is_ascii_digit).count();
            let n = code.chars().count();
            if (digits > 0 && digits < n && n >= 4) || (digits == n && n >= 5) {
                out.push(code);
            }
        }
    }
    out.sort_unstable();
    out.dedup();
    out
}

/// Sizes with their unit: the number in thousandths and the unit, where a number stands before a word that is one.
pub fn sizes(words: &[String]) -> Vec<(u64, &'static str)> {
    const UNITS: [(&str, &[&str]); 13] = [
        ("inch", &["inch", "inches", "in"]),
        ("gb", &["gb", "gigabyte", "gigabytes"]),
        ("mb", &["mb", "megabyte", "megabytes"]),
        ("mp", &["mp", "megapixel", "megapixels"]),
        ("watt", &["w", "watt", "watts"]),
        ("volt", &["v", "volt", "volts"]),
        ("ghz", &["ghz"]),
        ("cu ft", &["cu", "cubic"]),
        ("pack", &["pack", "pk", "piece", "pieces", "pcs"]),
        ("user", &["user", "users", "license", "licenses"]),
        ("foot", &["ft", "foot", "feet"]),
        ("litre", &["l", "liter", "litre", "liters"]),
        ("gram", &["g", "kg", "oz", "lb", "lbs"]),
    ];
    let unit = |word: &str| UNITS.iter().find(|(_, names)| names.contains(&word)).map(|(unit, _)| *unit);
    let number = |word: &str| word.parse::<f64>().ok().filter(|n| *n < 1e9).map(|n| (n * 1000.0).round() as u64);
    let mut out = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let split = word.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(word.len());
        let (digits, rest) = word.split_at(split);
        let Some(number) = number(digits) else { continue };
        let following = words.get(at + 1).map_or("", String::as_str);
        out.extend(unit(if rest.is_empty() { following } else { rest }).map(|unit| (number, unit)));
    }
    out.sort_unstable();
    out.dedup();
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_title_holds_is_read() {
        let title = words("Sony 19' DVD-Player DCR/HC52, v6.0 (40GB)");
        assert_eq!(title, ["sony", "19", "dvd", "player", "dcr", "hc52", "v6.0", "40gb"]);
        assert_eq!(numbers(&title), [6_000, 19_000, 40_000, 52_000]);
        assert_eq!(codes("DCR-HC52 in a 40GB box, 12345, dvd-player"), ["12345", "40gb", "dcrhc52", "hc52"]);
        assert_eq!(sizes(&words("8 GB, 19 inch, 2.5ft")), [(2_500, "foot"), (8_000, "gb"), (19_000, "inch")]);
        assert!(words("…").is_empty() && codes("").is_empty() && numbers(&[]).is_empty());
    }
}
