//! Words of a text in any language, for likeness of products.
//!
//! Runs of letters and digits are words, in lower case. Chinese, Japanese, Thai, Lao, Khmer and Burmese are
//! written without blanks; a run of theirs gives its pairs of neighbouring characters (a run of one, the
//! character), which finds shared words without a dictionary. Latin words of one letter say nothing
//! and are left out; single digits stay, because sizes are such.
//!
//! Source for pairs of characters: Nie, Gao, Zhang and Zhou, "On the use of words and n-grams for Chinese
//! information retrieval", IRAL 2000. Cost: one pass.

/// Whether a character belongs to a script written without blanks.
fn is_unspaced(c: char) -> bool {
    matches!(u32::from(c),
        0x0E00..=0x0EFF                                 // Thai, Lao
        | 0x1000..=0x109F                               // Burmese
        | 0x1780..=0x17FF                               // Khmer
        | 0x3040..=0x30FF | 0x31F0..=0x31FF             // kana
        | 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xF900..=0xFAFF | 0x2_0000..=0x3_FFFF // Han
    )
}

/// A vowel sign or tone mark that stands in the middle of a run though it is no letter.
fn is_mark(c: char) -> bool {
    matches!(u32::from(c), 0x0300..=0x036F | 0x0900..=0x0DFF)
}

/// The tokens of a text, in order, repeats included.
pub fn tokens(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let (mut run, mut unspaced) = (String::new(), false);
    let mut end = |run: &mut String, unspaced: bool| {
        let chars: Vec<char> = run.chars().collect();
        if unspaced && chars.len() > 1 {
            found.extend(chars.windows(2).map(|pair| pair.iter().collect::<String>()));
        } else if unspaced || chars.len() > 1 || chars.iter().any(|c| c.is_numeric()) {
            found.push(run.clone());
        }
        run.clear();
    };
    for c in text.chars().flat_map(char::to_lowercase) {
        let inside = c.is_alphanumeric() || is_unspaced(c) || (is_mark(c) && !run.is_empty());
        if !inside || is_unspaced(c) != unspaced {
            end(&mut run, unspaced);
            unspaced = is_unspaced(c);
        }
        if inside {
            run.push(c);
        }
    }
    end(&mut run, unspaced);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_spaced_scripts_and_pairs_of_the_others() {
        assert_eq!(tokens("WHITE Hanging-heart T 3L"), ["white", "hanging", "heart", "3l"]);
        assert_eq!(tokens("不锈钢水壶 1.5L"), ["不锈", "锈钢", "钢水", "水壶", "1", "5l"]);
        assert_eq!(tokens("壶"), ["壶"]);
        assert_eq!(tokens("กาน้ำ"), ["กา", "าน", "น้", "้ำ"]);
        assert_eq!(tokens("Äpfel für Müller"), ["äpfel", "für", "müller"]);
        assert_eq!(tokens("USB电缆2米"), ["usb", "电缆", "2", "米"]);
        assert_eq!(tokens(" ,;- "), Vec::<String>::new());
    }
}
