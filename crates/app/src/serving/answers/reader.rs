//! In which language and region an answer speaks.
//!
//! A title is looked for in what was asked for (`locale`, else `Accept-Language`), then in what the market reads, and at last
//! it is what the catalogue calls the product. Inside each of these the nearest variant is taken, as [`Locale::fit`] says, and
//! one that reads as what was asked for comes before the language as another region or script writes it. Every title says
//! its locale and which of these steps gave it, so that a wrong one can be seen and not only noticed.

use super::super::goods::Priced;
use super::wrong;
use domain::{Locale, Market, Nearness, accept_language, price_text};
use serve::answers::AnswerError;
use serve::wire::recommend::AnswerLocale;

/// Who reads.
pub(crate) struct Reader {
    /// Asked for, the most wanted first.
    asked: Vec<Locale>,
    /// Read in the market, the most read first.
    market: Vec<Locale>,
    of: Option<Market>,
    from: &'static str,
}

/// A title with its locale.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Title {
    pub(crate) text: String,
    pub(crate) locale: Option<String>,
    pub(crate) fit: &'static str,
}

impl Reader {
    /// # Errors
    /// Where what was asked for is no locale.
    pub(super) fn new(locale: Option<&str>, header: Option<&str>, market: Option<Market>) -> Result<Self, AnswerError> {
        let named = locale.map(str::parse::<Locale>).transpose().map_err(|why| wrong("locale", why.to_string()))?;
        let (asked, from) = match (named, header) {
            (Some(locale), _) => (vec![locale], "query"),
            (None, Some(header)) => {
                let wanted = accept_language(header).map_err(|why| wrong("Accept-Language", why.to_string()))?;
                (wanted, "accept_language")
            }
            (None, None) => (Vec::new(), "market"),
        };
        let read: Vec<Locale> = market.into_iter().flat_map(Locale::read_in).collect();
        let from = match (asked.is_empty(), read.is_empty()) {
            (false, _) => from,
            (true, false) => "market",
            (true, true) => "none",
        };
        Ok(Self { asked, market: read, of: market, from })
    }

    /// The best of the titles that there are, by the tag of their locale; empty ones and tags that are none are passed over.
    pub(crate) fn pick<'t>(&self, titles: impl Iterator<Item = (&'t str, &'t str)>) -> Option<Title> {
        let known = titles.filter(|(_, text)| !text.is_empty());
        let known = known.filter_map(|(tag, text)| Some((tag.parse::<Locale>().ok()?, tag, text)));
        let mut best = None;
        for (locale, tag, text) in known {
            let fit = |wanted: &[Locale]| {
                wanted.iter().enumerate().filter_map(|(at, w)| Some((at, w.fit(&locale)?))).collect::<Vec<_>>()
            };
            let steps = [(0, "asked", "language", fit(&self.asked)), (2, "market", "market", fit(&self.market))];
            for (step, near, far, fits) in steps {
                for (at, nearness) in fits {
                    let (step, name) = match nearness {
                        Nearness::Variant(_) => (step, near),
                        Nearness::Language(_) => (step + 1, far),
                    };
                    let key = (step, at, nearness, tag);
                    if best.as_ref().is_none_or(|(known, _, _)| key < *known) {
                        best = Some((key, text, name));
                    }
                }
            }
        }
        best.map(|((_, _, _, tag), text, fit)| Title { text: text.to_owned(), locale: Some(tag.to_owned()), fit })
    }

    /// How prices are written: as asked, in the market's region where none was named.
    fn writes(&self) -> Option<Locale> {
        let first = self.asked.first().or_else(|| self.market.first()).copied()?;
        match (first.region(), self.of) {
            (None, Some(market)) => Some(Locale::in_market(first.language(), market)),
            _ => Some(first),
        }
    }

    /// A price as the reader writes it; as a number with its code where nothing is known of the reader.
    pub(super) fn price(&self, price: &Priced) -> String {
        self.writes().map_or_else(|| price.money.to_string(), |locale| price_text(price.money, &locale))
    }

    /// What an answer says of it.
    pub(super) fn told(&self) -> AnswerLocale {
        let mut chain = Vec::new();
        for tag in self.asked.iter().chain(&self.market).flat_map(Locale::chain) {
            if !chain.contains(&tag) {
                chain.push(tag);
            }
        }
        chain.push("catalogue".to_owned());
        let used = self.asked.first().or_else(|| self.market.first()).map(Locale::to_string);
        AnswerLocale { used, from: self.from.to_owned(), chain }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader(locale: Option<&str>, header: Option<&str>, market: Option<&str>) -> Reader {
        Reader::new(locale, header, market.map(|m| m.parse().unwrap())).unwrap_or_else(|e| panic!("{e}"))
    }

    #[test]
    fn what_is_asked_comes_before_what_the_market_reads() {
        let titles = [("de", "Wasserkocher"), ("pt-PT", "Chaleira"), ("en", "Kettle")];
        let pick = |reader: &Reader| reader.pick(titles.into_iter()).map(|t| (t.text, t.fit));
        let said = |text: &str, fit: &'static str| Some((text.to_owned(), fit));
        assert_eq!(pick(&reader(Some("pt-PT"), Some("en"), Some("DE"))), said("Chaleira", "asked"));
        assert_eq!(pick(&reader(None, Some("en-GB, en;q=0.9"), Some("DE"))), said("Kettle", "asked"));
        assert_eq!(pick(&reader(Some("pt-BR"), None, Some("DE"))), said("Chaleira", "language"));
        assert_eq!(pick(&reader(Some("ja"), None, Some("DE"))), said("Wasserkocher", "market"));
        assert_eq!(pick(&reader(Some("ja"), None, None)), None);
        // Portuguese of Portugal is not what was asked for; English is.
        assert_eq!(pick(&reader(None, Some("pt-BR, en;q=0.5"), None)), said("Kettle", "asked"));
    }

    #[test]
    fn an_answer_says_whom_it_speaks_to() {
        let told = reader(Some("pt-PT"), None, Some("DE")).told();
        assert_eq!((told.used.as_deref(), told.from.as_str()), (Some("pt-PT"), "query"));
        assert_eq!(told.chain, ["pt-PT", "pt", "de-DE", "de", "catalogue"]);
        assert_eq!(reader(None, None, None).told().from, "none");
        let why = Reader::new(Some("xx-YY"), None, None).err().map(|e| e.to_string());
        assert!(why.is_some_and(|why| why.contains("`xx-YY` is no locale")));
    }
}
