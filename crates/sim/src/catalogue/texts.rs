//! Titles and descriptions in six languages, from the same attributes.

use super::product::{Catalogue, Product};
use super::words::{COLOURS, FEATURES};

/// Category path of a product in English, parts joined by ` > `.
pub fn category(product: &Product) -> String {
    format!("{} > {}", product.spec().category, capitals(product.spec().words[1]))
}

/// Title in the language at `language` of [`super::LANGUAGES`].
pub fn title(product: &Product, language: usize) -> String {
    let kind = product.spec().words[language];
    let brand = Catalogue::BRANDS[product.brand];
    let colour = COLOURS[product.colour].words[language];
    let feature = FEATURES[product.features[0]][language];
    let model = &product.model;
    let watts = |before: &str, after: &str| {
        if product.watts == 0 { String::new() } else { format!("{before}{}{after}", product.watts) }
    };
    match language {
        0 => format!("{brand} {kind} {model} {colour}{} {feature}", watts(" ", "W")),
        1 => format!("{brand} {} {model}, {}{}, {feature}", capitals(kind), capitals(colour), watts(", ", " W")),
        2 => format!("{brand} {kind} {model}, {colour}{}, {feature}", watts(", ", " Watt")),
        3 => format!("{} {brand} {model} màu {colour}{}, {feature}", first_capital(kind), watts(" ", "W")),
        4 => format!("{kind} {brand} {model} {colour}{} {feature}", watts(" ", " วัตต์")),
        _ => format!("{kind} {brand} {model} لون {colour}{}، {feature}", watts(" بقوة ", " واط")),
    }
}

/// Description in the language at `language` of [`super::LANGUAGES`]: what it is, its selling
/// points, its measures, its mains.
pub fn description(product: &Product, language: usize) -> String {
    let kind = product.spec().words[language];
    let [first, second] = product.features.map(|f| FEATURES[f][language]);
    let [length, width, height] = product.size_mm.map(|mm| f64::from(mm) / 10.0);
    let size = format!("{length} × {width} × {height}");
    let weight = f64::from(product.weight_g) / 1000.0;
    let range = product.power.range();
    let mains = |text: String| if range.is_empty() { String::new() } else { text };
    match language {
        0 => format!(
            "{}{kind}，{first}，{second}。尺寸 {size} 厘米，重量 {weight} 千克。{}",
            COLOURS[product.colour].words[0],
            mains(format!("额定电压 {range} 伏，功率 {} 瓦。", product.watts))
        ),
        1 => format!(
            "A {} {kind}: {first}, {second}. Measures {size} cm and weighs {weight} kg.{}",
            COLOURS[product.colour].words[1],
            mains(format!(" Runs on {range} V at {} W.", product.watts))
        ),
        2 => format!(
            "{kind} in {}: {first}, {second}. Maße {size} cm, Gewicht {weight} kg.{}",
            COLOURS[product.colour].words[2],
            mains(format!(" Netzspannung {range} V, Leistung {} W.", product.watts))
        ),
        3 => format!(
            "{} màu {}, {first}, {second}. Kích thước {size} cm, nặng {weight} kg.{}",
            first_capital(kind),
            COLOURS[product.colour].words[3],
            mains(format!(" Điện áp {range} V, công suất {} W.", product.watts))
        ),
        4 => format!(
            "{kind} {} {first} {second} ขนาด {size} ซม. น้ำหนัก {weight} กก.{}",
            COLOURS[product.colour].words[4],
            mains(format!(" แรงดันไฟฟ้า {range} โวลต์ กำลังไฟ {} วัตต์", product.watts))
        ),
        _ => format!(
            "{kind} لون {}، {first}، {second}. الأبعاد {size} سم والوزن {weight} كجم.{}",
            COLOURS[product.colour].words[5],
            mains(format!(" الجهد {range} فولت والقدرة {} واط.", product.watts))
        ),
    }
}

/// Every word with a capital.
fn capitals(text: &str) -> String {
    text.split(' ').map(first_capital).collect::<Vec<_>>().join(" ")
}

fn first_capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::super::{Catalogue, LANGUAGES};
    use super::*;
    use domain::Seed;

    #[test]
    fn titles_and_descriptions_are_in_the_script_of_their_language() {
        let catalogue = Catalogue::generate(60, Seed(1));
        let in_range = |text: &str, from: char, to: char| text.chars().any(|c| (from..=to).contains(&c));
        for p in &catalogue.products {
            for text in [title, description] {
                let texts: Vec<String> = (0..LANGUAGES.len()).map(|l| text(p, l)).collect();
                assert!(in_range(&texts[0], '\u{4e00}', '\u{9fff}'), "{}", texts[0]);
                assert!(in_range(&texts[4], '\u{0e00}', '\u{0e7f}'), "{}", texts[4]);
                assert!(in_range(&texts[5], '\u{0600}', '\u{06ff}'), "{}", texts[5]);
                assert!(!in_range(&texts[1], '\u{0100}', '\u{ffff}') || texts[1].contains('×'), "{}", texts[1]);
            }
        }
    }

    #[test]
    fn english_titles_read_like_a_shop() {
        let p = &Catalogue::generate(60, Seed(1)).products[1];
        assert!(title(p, 1).contains("Electric Kettle B1001"), "{}", title(p, 1));
        assert!(category(p).ends_with("Kitchen Appliances > Electric Kettle"));
    }
}
