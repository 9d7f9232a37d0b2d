//! Which language a text is in, short titles too.
//!
//! Script first: kana is Japanese, Hangul Korean, Thai Thai, and so on; Chinese characters without kana are told
//! apart by the national character sets that hold them (a sign of JIS X 0208 that neither GB 2312 nor Big5 has
//! is Japanese). Among the languages of Latin letters a naive Bayes model over rows of one to five letters decides, learnt from
//! small texts of our own, or from texts of the caller's: every title of a catalogue in known languages makes
//! it better.
//!
//! `score(l) = ln p(l) + Σ_g ln((n_gl + α) / (n_l + α V))`, the chances by softmax of `score / 4`, because rows of letters
//! overlap. `whichlang` 0.1 beside it was measured and gave nothing. Source: Cavnar and Trenkle, "N-gram-based text categorization", SDAIR 1994, with the multinomial model
//! of McCallum and Nigam, AAAI workshop 1998. Cost: 5 look-ups a letter, some 100,000 titles a CPU
//! second; a model of the built-in texts takes 5 MB.

use super::language_samples::SAMPLES;
use super::normal::normal;
use super::script::Script;
use learn::container::{ContainerError, Reader, Writer};
use std::collections::HashMap;
use std::sync::OnceLock;

macro_rules! languages {
    ($($name:ident $code:literal),+ $(,)?) => {
        /// A language that texts are told to be in.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[expect(missing_docs, reason = "the names say it")]
        pub enum Language { $($name),+ }

        impl Language {
            /// Every language, in a fixed order.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// Its code of two letters (ISO 639-1).
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code),+ }
            }

            /// The language of a code or of a locale that begins with it (`de`, `de-AT`, `zh_CN`).
            pub fn from_code(code: &str) -> Option<Self> {
                let head = code.split(['-', '_']).next().unwrap_or_default();
                let head = if head == "nb" || head == "nn" { "no" } else { head };
                Self::ALL.iter().copied().find(|l| l.code() == head)
            }
        }
    };
}

languages! {
    Arabic "ar", Chinese "zh", Croatian "hr", Czech "cs", Danish "da", Dutch "nl", English "en", Finnish "fi",
    French "fr", German "de", Greek "el", Hebrew "he", Hindi "hi", Hungarian "hu", Indonesian "id", Italian "it",
    Japanese "ja", Korean "ko", Norwegian "no", Persian "fa", Polish "pl", Portuguese "pt", Romanian "ro",
    Russian "ru", Slovak "sk", Spanish "es", Swahili "sw", Swedish "sv", Thai "th", Turkish "tr", Ukrainian "uk",
    Vietnamese "vi",
}

/// Added to every count, by length of the row of letters.
const SMOOTHING: f64 = 0.4;
/// How much of the evidence of overlapping rows counts.
const TEMPER: f64 = 0.25;
/// Letters of a text that are read: more say nothing new.
const LONGEST: usize = 2_000;

/// What a text was found to be in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Guess {
    /// The language.
    pub language: Language,
    /// Its chance, 0 to 1; 1 where the script leaves no other.
    pub chance: f64,
}

/// A fitted model of the languages of Latin letters, with the script tests before it.
#[derive(Clone, Debug, PartialEq)]
pub struct LanguageModel {
    languages: Vec<Language>,
    /// For each row of letters the logarithms of its chances, one a language.
    grams: HashMap<u64, Vec<f32>>,
    /// For each language what a row of letters has that it never saw.
    unseen: Vec<f32>,
}

/// Rows of one to five letters of each word with its ends.
fn grams(text: &str, mut each: impl FnMut(u64)) {
    let mut signs: Vec<char> = vec![' '];
    for c in text.chars().take(LONGEST) {
        let is_part = matches!(Script::of(c), Script::Latin | Script::Mark) || c == '\'';
        match (is_part, signs.last()) {
            (true, _) => signs.push(c),
            (false, Some(' ')) => {}
            (false, _) => signs.push(' '),
        }
    }
    if signs.last() != Some(&' ') {
        signs.push(' ');
    }
    for start in 0..signs.len() {
        let mut hash = 0xCBF2_9CE4_8422_2325_u64;
        for (n, c) in signs[start..].iter().take(5).enumerate() {
            hash = (hash ^ u64::from(u32::from(*c))).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(23);
            if *c != ' ' || n > 0 {
                each(hash ^ n as u64);
            }
            if *c == ' ' && n > 0 {
                break;
            }
        }
    }
}

impl LanguageModel {
    /// The model of the built-in texts.
    pub fn built_in() -> &'static Self {
        static MODEL: OnceLock<LanguageModel> = OnceLock::new();
        MODEL.get_or_init(|| Self::fit(SAMPLES.iter().copied()))
    }

    /// Learns from texts in known languages; those of other scripts need no learning and are passed over.
    pub fn fit<'a>(texts: impl IntoIterator<Item = (Language, &'a str)>) -> Self {
        let mut languages: Vec<Language> = Vec::new();
        let mut counts: HashMap<u64, Vec<f32>> = HashMap::new();
        let mut totals: Vec<f64> = Vec::new();
        for (language, text) in texts {
            let at = languages.iter().position(|l| *l == language).unwrap_or_else(|| {
                languages.push(language);
                totals.push(0.0);
                languages.len() - 1
            });
            grams(&normal(text), |gram| {
                let of_gram = counts.entry(gram).or_default();
                if of_gram.len() <= at {
                    of_gram.resize(at + 1, 0.0);
                }
                of_gram[at] += 1.0;
                totals[at] += 1.0;
            });
        }
        let v = counts.len() as f64;
        let chance = |n: f64, total: f64| ((n + SMOOTHING) / (total + SMOOTHING * v)).ln() as f32;
        for of_gram in counts.values_mut() {
            of_gram.resize(languages.len(), 0.0);
            of_gram.iter_mut().zip(&totals).for_each(|(n, total)| *n = chance(f64::from(*n), *total));
        }
        let unseen = totals.iter().map(|total| chance(0.0, *total)).collect();
        Self { languages, grams: counts, unseen }
    }

    /// The language of a text; `None` without letters, or in a script that no language here is written in.
    ///
    /// ```
    /// use content::text::{Language, LanguageModel};
    /// let of = |text| LanguageModel::built_in().detect(text).map(|g| g.language);
    /// assert_eq!(of("Edelstahl Trinkflasche für Kinder"), Some(Language::German));
    /// assert_eq!(of("ステンレス水筒"), Some(Language::Japanese));
    /// assert_eq!(of("42"), None);
    /// ```
    pub fn detect(&self, text: &str) -> Option<Guess> {
        let text = normal(text);
        let mut counts: Vec<(Script, usize)> = Vec::new();
        for script in text.chars().map(Script::of).filter(|s| s.is_letter()) {
            match counts.iter_mut().find(|(s, _)| *s == script) {
                Some((_, n)) => *n += 1,
                None => counts.push((script, 1)),
            }
        }
        let of = |script| counts.iter().find(|(s, _)| *s == script).map_or(0, |(_, n)| *n);
        // A sign says more where a word takes fewer of them, and brands are Latin everywhere.
        let weight = |script: Script| match script {
            Script::Latin => 1,
            Script::Han | Script::Kana | Script::Hangul => 4,
            _ => 2,
        };
        let (leading, _) = counts.iter().max_by_key(|(s, n)| (n * weight(*s), std::cmp::Reverse(*s)))?;
        let sure = |language| Some(Guess { language, chance: 1.0 });
        let has = |signs: &str| text.chars().any(|c| signs.contains(c));
        match leading {
            Script::Latin => self.of_latin(&text),
            Script::Han | Script::Kana if of(Script::Kana) > 0 => sure(Language::Japanese),
            Script::Han | Script::Kana => sure(of_han(&text)),
            Script::Cyrillic => sure(if has("іїєґ") { Language::Ukrainian } else { Language::Russian }),
            Script::Arabic => sure(if has("پچژگ") { Language::Persian } else { Language::Arabic }),
            Script::Greek => sure(Language::Greek),
            Script::Hebrew => sure(Language::Hebrew),
            Script::Devanagari => sure(Language::Hindi),
            Script::Hangul => sure(Language::Korean),
            Script::Thai => sure(Language::Thai),
            Script::OtherUnspaced | Script::Other | Script::Digit | Script::Picture | Script::Mark | Script::None => {
                None
            }
        }
    }

    /// Writes what [`Self::load`] reads.
    pub fn save(&self, to: &mut Writer) {
        let codes: Vec<&str> = self.languages.iter().map(|l| l.code()).collect();
        let mut grams: Vec<(&u64, &Vec<f32>)> = self.grams.iter().collect();
        grams.sort_unstable_by_key(|(gram, _)| **gram);
        to.lines("language codes", &codes);
        to.u64s("language grams", &grams.iter().map(|(gram, _)| **gram).collect::<Vec<_>>());
        to.f32s("language chances", &grams.iter().flat_map(|(_, c)| c.iter().copied()).collect::<Vec<_>>());
        to.f32s("language unseen", &self.unseen);
    }

    /// Reads a model.
    ///
    /// # Errors
    /// [`ContainerError`] for sections that are not there or do not fit together.
    pub fn load(from: &Reader<'_>) -> Result<Self, ContainerError> {
        let languages: Option<Vec<Language>> =
            from.lines("language codes")?.into_iter().map(Language::from_code).collect();
        let languages =
            languages.ok_or_else(|| ContainerError::content("language codes", "known codes of languages"))?;
        let (grams, chances) = (from.u64s("language grams")?, from.f32s("language chances")?);
        let unseen = from.f32s("language unseen")?;
        let n = languages.len();
        let finite = chances.iter().chain(&unseen).all(|x| x.is_finite());
        if n == 0 || unseen.len() != n || chances.len() != grams.len() * n || !finite {
            return Err(ContainerError::content("language chances", "a finite number a row of letters and language"));
        }
        let grams = grams.into_iter().zip(chances.chunks_exact(n).map(<[f32]>::to_vec)).collect();
        Ok(Self { languages, grams, unseen })
    }

    fn of_latin(&self, text: &str) -> Option<Guess> {
        if self.languages.is_empty() {
            return None;
        }
        let mut scores = vec![0.0_f64; self.languages.len()];
        grams(text, |gram| {
            let found = self.grams.get(&gram).unwrap_or(&self.unseen);
            scores.iter_mut().zip(found).for_each(|(s, x)| *s += f64::from(*x) * TEMPER);
        });
        let best = (0..scores.len()).max_by(|a, b| scores[*a].total_cmp(&scores[*b]).then(b.cmp(a)))?;
        let whole: f64 = scores.iter().map(|s| (s - scores[best]).exp()).sum();
        Some(Guess { language: self.languages[best], chance: 1.0 / whole })
    }
}

/// Chinese or Japanese, for Chinese characters without kana, by the character sets that have them.
fn of_han(text: &str) -> Language {
    let (mut japanese, mut either, mut chinese) = (0, 0, 0);
    let mut buffer = [0; 4];
    for c in text.chars().filter(|c| Script::of(*c) == Script::Han) {
        let sign: &str = c.encode_utf8(&mut buffer);
        let has =
            |set: &'static encoding_rs::Encoding| Some(set.encode(sign)).filter(|e| !e.2).map(|e| e.0.into_owned());
        let in_jis = has(encoding_rs::EUC_JP).is_some_and(|b| b.len() == 2);
        let in_gb = has(encoding_rs::GBK).is_some_and(|b| b.len() == 2 && b[0] >= 0xb0 && b[1] >= 0xa1);
        let in_big5 = has(encoding_rs::BIG5).is_some();
        match (in_jis, in_gb, in_big5) {
            (true, false, false) => japanese += 1,
            (true, false, true) => either += 1,
            (false, _, _) => chinese += 1,
            (true, true, _) => {}
        }
    }
    // A sign that Japan and Taiwan share and the mainland writes in another way.
    if japanese > chinese || (chinese == 0 && either > 0) { Language::Japanese } else { Language::Chinese }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(text: &str) -> Option<Language> {
        LanguageModel::built_in().detect(text).map(|g| g.language)
    }

    #[test]
    fn titles_of_products_in_many_languages() {
        let cases = [
            ("Stainless steel travel mug with lid", "en"),
            ("Handgemachte Ledertasche für Damen", "de"),
            ("Sac à main en cuir pour femme", "fr"),
            ("Bolso de cuero hecho a mano para mujer", "es"),
            ("Borsa in pelle fatta a mano da donna", "it"),
            ("Bolsa de couro feita à mão para mulheres", "pt"),
            ("Handgemaakte leren tas voor dames", "nl"),
            ("Ręcznie robiona torebka damska ze skóry", "pl"),
            ("Ručně vyráběná kožená kabelka pro ženy", "cs"),
            ("Handgjord läderväska för kvinnor", "sv"),
            ("El yapımı deri kadın çantası", "tr"),
            ("Túi xách da thủ công cho nữ", "vi"),
            ("Tas kulit buatan tangan untuk wanita", "id"),
            ("Кожаная сумка ручной работы", "ru"),
            ("حقيبة جلدية مصنوعة يدويا", "ar"),
            ("चमड़े का हैंडबैग", "hi"),
            ("กระเป๋าหนังผู้หญิง", "th"),
            ("가죽 핸드백", "ko"),
            ("手作りレザーバッグ", "ja"),
            ("女士手工真皮包", "zh"),
            ("電気掃除機", "ja"),
            ("Anker 充电器 USB-C", "zh"),
        ];
        let wrong: Vec<_> = cases.iter().filter(|(t, l)| of(t).map(Language::code) != Some(l)).collect();
        assert!(wrong.is_empty(), "{:?}", wrong.iter().map(|(t, _)| (t, of(t))).collect::<Vec<_>>());
    }

    #[test]
    fn what_has_no_letters_has_no_language_and_codes_are_read_from_locales() {
        assert_eq!(of("12 × 30 😀"), None);
        assert_eq!(of(""), None);
        assert_eq!(Language::from_code("zh-CN"), Some(Language::Chinese));
        assert_eq!(Language::from_code("nb_NO"), Some(Language::Norwegian));
        assert_eq!(Language::from_code("xx"), None);
    }

    #[test] // Two languages made up: one of a, one of b. `ab` has as many rows of either.
    fn a_model_of_the_callers_texts_decides_by_counts() {
        let model = LanguageModel::fit([(Language::Danish, "aaa aa a"), (Language::Czech, "bbb bb b")]);
        assert_eq!(model.detect("aa").map(|g| g.language), Some(Language::Danish));
        assert_eq!(model.detect("bbbb").map(|g| g.language), Some(Language::Czech));
        let even = model.detect("a b").unwrap();
        assert!((even.chance - 0.5).abs() < 1e-6, "{even:?}");
        assert_eq!(LanguageModel::fit([]).detect("a"), None);
        let mut to = Writer::default();
        model.save(&mut to);
        let bytes = to.finish("language", 1);
        assert_eq!(LanguageModel::load(&Reader::open(&bytes).unwrap()).unwrap(), model);
    }

    proptest! {
        #[test]
        fn any_text_has_an_answer_with_a_chance(text in any::<String>()) {
            if let Some(guess) = LanguageModel::built_in().detect(&text) {
                prop_assert!(guess.chance > 0.0 && guess.chance <= 1.0);
            }
        }
    }
}
