//! Words that a converter broke before the file came: put right where only one reading is possible.
//!
//! *Doublets*: UTF-8 that was once read as Windows-1252, `MÃ¼ller` for `Müller`, `donâ€™t` for `don’t`. The
//! characters go back to the bytes they came from; where these are UTF-8 of a character that such text has (a
//! Latin letter, a mark, a picture, or two or more characters of another script) the bytes win. A lone `ß“` at the end of a German
//! quotation is valid UTF-8 too, of a letter of N’Ko: it stays. *Glosses*: `數(shù)據(jù)` for `數據`, the
//! pronunciation that a broken converter leaves behind each character.
//! What cannot be put right (U+FFFD, `锟斤拷`) is for [`super::junk_text`] to mark.

use super::{Policy, RuleDoc};

pub(crate) const DOC: RuleDoc = RuleDoc {
    name: "broken_encoding",
    policy: Policy::Convert,
    doc: "UTF-8 that was once read as Windows-1252 (`MÃ¼ller`) and pronunciations behind characters (`數(shù)`) are put right \
          in reviews and catalogue texts",
};

/// Windows-1252 from 0x80 on; bytes without a character stand for themselves.
const CP1252: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}', '‘', '’',
    '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// Vowels with a tone, as pronunciations are written.
const TONED: &str = "āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜ";

/// The text put right, or nothing where there is nothing to mend.
pub(crate) fn repair(text: &str) -> Option<String> {
    if text.is_ascii() {
        return None;
    }
    let mended = without_glosses(text);
    let mended = undoubled(mended.as_deref().unwrap_or(text)).or(mended)?;
    Some(mended)
}

fn byte_of(c: char) -> Option<u8> {
    match c {
        '\u{a0}'..='\u{ff}' => Some(c as u8),
        _ => CP1252.iter().position(|known| *known == c).map(|i| 0x80 + i as u8),
    }
}

/// Each run of characters that Windows-1252 has beyond ASCII, back through its bytes.
fn undoubled(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut changed = false;
    let mut run: Vec<(char, u8)> = Vec::new();
    let mut flush = |run: &mut Vec<(char, u8)>, out: &mut String| {
        let bytes: Vec<u8> = run.iter().map(|(_, b)| *b).collect();
        match foreign(&bytes) {
            Some(words) => {
                out.push_str(&words);
                changed = true;
            }
            None => {
                let mut at = 0;
                while at < bytes.len() {
                    match western(&bytes[at..]) {
                        Some((c, n)) => {
                            out.push(c);
                            changed = true;
                            at += n;
                        }
                        None => {
                            out.push(run[at].0);
                            at += 1;
                        }
                    }
                }
            }
        }
        run.clear();
    };
    for c in text.chars() {
        match byte_of(c) {
            Some(byte) => run.push((c, byte)),
            None => {
                flush(&mut run, &mut out);
                out.push(c);
            }
        }
    }
    flush(&mut run, &mut out);
    changed.then_some(out)
}

/// A whole run that is two or more characters of a script that is written without Latin letters.
fn foreign(bytes: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok()?;
    let script = |c: char| {
        matches!(c, '\u{400}'..='\u{4ff}' | '\u{600}'..='\u{6ff}' | '\u{e00}'..='\u{e7f}' | '\u{3040}'..='\u{30ff}'
            | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}' | '\u{3000}'..='\u{3002}' | '\u{ff01}' | '\u{ff0c}')
    };
    (text.chars().count() >= 2 && text.chars().all(script)).then(|| text.to_owned())
}

/// One character of western text at the front of some bytes, and how many bytes it takes.
fn western(bytes: &[u8]) -> Option<(char, usize)> {
    let n = match bytes.first()? {
        0xc2 | 0xc3 => 2,
        0xe2 => 3,
        0xf0 => 4,
        _ => return None,
    };
    let c = std::str::from_utf8(bytes.get(..n)?).ok()?.chars().next()?;
    let fits = matches!(c, '\u{a0}'..='\u{ff}' | '\u{2010}'..='\u{203a}' | '€' | '™' | '\u{2600}'..='\u{27bf}'
        | '\u{1f300}'..='\u{1faff}');
    fits.then_some((c, n))
}

/// Without pronunciations in brackets behind Chinese characters.
fn without_glosses(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(open) = rest.find('(') {
        let (head, tail) = rest.split_at(open);
        let inside = tail[1..].split(')').next().unwrap_or_default();
        let closed = tail.len() > inside.len() + 1;
        let gloss = closed
            && (1..8).contains(&inside.chars().count())
            && inside.chars().all(char::is_lowercase)
            && inside.chars().any(|c| TONED.contains(c))
            && head.chars().next_back().is_some_and(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
        out.push_str(head);
        if gloss {
            rest = &tail[inside.len() + 2..];
        } else {
            out.push('(');
            rest = &tail[1..];
        }
    }
    out.push_str(rest);
    (out != text).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn broken(text: &str) -> String {
        let of = |b: u8| match b {
            0x80..=0x9f => CP1252[usize::from(b - 0x80)],
            _ => char::from(b),
        };
        text.bytes().map(of).collect()
    }

    #[test]
    fn what_was_read_with_the_wrong_table_is_read_again() {
        assert_eq!(broken("Müller"), "MÃ¼ller");
        for text in [
            "Müller",
            "don’t",
            "„très bien“ – 20 °C",
            "5 € fürs Kabel",
            "great 👍",
            "很好用",
            "ดีมาก",
            "جيد جدا",
            "Отлично",
        ] {
            // Blanks part the runs; a script's words are whole runs.
            assert_eq!(repair(&broken(text)).as_deref(), Some(text), "{}", broken(text));
        }
    }

    #[test]
    fn right_words_stay_as_they_are() {
        for text in [
            "plain",
            "Müller kauft Käse für 5 €",
            "„Das macht Spaß“",
            "SÃO PAULO",
            "Ça va, très bien : « déjà »",
            "很好",
            "ดีมาก",
            "جيد",
            "smørrebrød på Åland",
            "Đã mua, rất tốt",
            "数据(shuju) 100(件)",
        ] {
            assert_eq!(repair(text), None, "{text}");
        }
    }

    #[test]
    fn pronunciations_behind_characters_go() {
        assert_eq!(repair("數(shù)據(jù)很好(good)").as_deref(), Some("數據很好(good)"));
        assert_eq!(repair("數(shù"), None);
    }

    proptest! {
        #[test]
        fn a_broken_text_of_latin_letters_comes_back(text in "[a-zA-Zéèüöäßñçåø ]{0,40}") {
            let broken = broken(&text);
            prop_assert_eq!(repair(&broken).unwrap_or(broken), text);
        }
    }
}
