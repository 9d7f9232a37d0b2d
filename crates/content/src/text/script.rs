//! Which writing a sign belongs to, as far as it decides how words are parted and which languages are possible.

/// A writing system, or what is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Script {
    /// Latin letters.
    Latin,
    /// Cyrillic letters.
    Cyrillic,
    /// Greek letters.
    Greek,
    /// Arabic letters.
    Arabic,
    /// Hebrew letters.
    Hebrew,
    /// Devanagari.
    Devanagari,
    /// Chinese characters, also those in Japanese texts.
    Han,
    /// Hiragana and katakana.
    Kana,
    /// Korean letters.
    Hangul,
    /// Thai.
    Thai,
    /// Lao, Khmer, Burmese and Tibetan: written without blanks, too.
    OtherUnspaced,
    /// Any other letters.
    Other,
    /// Digits.
    Digit,
    /// Pictures: emoji and the like.
    Picture,
    /// Marks on the letter before.
    Mark,
    /// Neither letter nor digit.
    None,
}

impl Script {
    /// The script of a sign.
    pub fn of(c: char) -> Self {
        match c {
            '0'..='9' => Self::Digit,
            'a'..='z'
            | 'A'..='Z'
            | '\u{aa}'
            | '\u{ba}'
            | '\u{c0}'..='\u{d6}'
            | '\u{d8}'..='\u{f6}'
            | '\u{f8}'..='\u{24f}'
            | '\u{250}'..='\u{2af}'
            | '\u{1e00}'..='\u{1eff}' => Self::Latin,
            '\u{300}'..='\u{36f}' => Self::Mark,
            '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}' if c.is_alphabetic() => Self::Greek,
            '\u{400}'..='\u{52f}' => Self::Cyrillic,
            '\u{590}'..='\u{5ff}' => {
                if c.is_alphabetic() {
                    Self::Hebrew
                } else {
                    Self::Mark
                }
            }
            '\u{600}'..='\u{6ff}'
            | '\u{750}'..='\u{77f}'
            | '\u{8a0}'..='\u{8ff}'
            | '\u{fb50}'..='\u{fdff}'
            | '\u{fe70}'..='\u{feff}' => {
                if c.is_numeric() {
                    Self::Digit
                } else if c.is_alphabetic() && !('\u{64b}'..='\u{65f}').contains(&c) {
                    Self::Arabic
                } else if ('\u{64b}'..='\u{65f}').contains(&c) || c == '\u{670}' {
                    Self::Mark
                } else {
                    Self::None
                }
            }
            '\u{900}'..='\u{97f}' => {
                if c.is_numeric() {
                    Self::Digit
                } else if matches!(c, '\u{964}' | '\u{965}' | '\u{970}') {
                    Self::None
                } else {
                    Self::Devanagari
                }
            }
            '\u{e00}'..='\u{e7f}' => {
                if c.is_numeric() {
                    Self::Digit
                } else {
                    Self::Thai
                }
            }
            '\u{e80}'..='\u{eff}' | '\u{f00}'..='\u{fff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' => {
                if c.is_numeric() { Self::Digit } else { Self::OtherUnspaced }
            }
            '\u{1100}'..='\u{11ff}' | '\u{3130}'..='\u{318f}' | '\u{ac00}'..='\u{d7af}' => Self::Hangul,
            '\u{3041}'..='\u{3096}'
            | '\u{309d}'..='\u{309f}'
            | '\u{30a1}'..='\u{30fa}'
            | '\u{30fc}'..='\u{30ff}'
            | '\u{31f0}'..='\u{31ff}' => Self::Kana,
            '\u{3005}'..='\u{3007}'
            | '\u{3400}'..='\u{4dbf}'
            | '\u{4e00}'..='\u{9fff}'
            | '\u{f900}'..='\u{faff}'
            | '\u{20000}'..='\u{323af}' => Self::Han,
            '\u{2600}'..='\u{27bf}' | '\u{1f000}'..='\u{1faff}' => Self::Picture,
            c if c.is_numeric() => Self::Digit,
            c if c.is_alphabetic() => Self::Other,
            _ => Self::None,
        }
    }

    /// Whether blanks do not part its words.
    pub const fn is_unspaced(self) -> bool {
        matches!(self, Self::Han | Self::Kana | Self::Thai | Self::OtherUnspaced)
    }

    /// Whether it is a letter's.
    pub const fn is_letter(self) -> bool {
        !matches!(self, Self::Digit | Self::Picture | Self::Mark | Self::None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_of_many_scripts() {
        let cases = [
            ('a', Script::Latin),
            ('ß', Script::Latin),
            ('ế', Script::Latin),
            ('ж', Script::Cyrillic),
            ('λ', Script::Greek),
            ('ج', Script::Arabic),
            ('ש', Script::Hebrew),
            ('ह', Script::Devanagari),
            ('水', Script::Han),
            ('ペ', Script::Kana),
            ('ー', Script::Kana),
            ('한', Script::Hangul),
            ('ก', Script::Thai),
            ('ខ', Script::OtherUnspaced),
            ('ა', Script::Other),
            ('7', Script::Digit),
            ('٣', Script::Digit),
            ('😀', Script::Picture),
            ('\u{301}', Script::Mark),
            ('-', Script::None),
            ('×', Script::None),
            ('，', Script::None),
            ('、', Script::None),
        ];
        for (c, want) in cases {
            assert_eq!(Script::of(c), want, "{c}");
        }
    }
}
