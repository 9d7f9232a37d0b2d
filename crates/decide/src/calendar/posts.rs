//! When to post about an occasion, where, and whether what is to be posted fits there.
//!
//! Each occasion gets three posts a platform: a *tease* a fortnight before, the *offer* where the sale begins or a week before, and a *last call* the day
//! before the last day on which an order still arrives in time (or the day before, where that is not known). Posts before today are left
//! out. Limits of platforms are data (`posts.toml`), general knowledge that says "verify". Characters are counted as Unicode scalar values; X
//! counts a Chinese, Japanese or Korean one as two. Cost: occasions × platforms.

use crate::own_file::Said;
use domain::{Day, Market};
use serde::Deserialize;

/// What a platform takes.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostFormat {
    /// Its name.
    pub platform: String,
    /// Markets where it counts; empty for all.
    pub markets: Vec<Market>,
    /// Markets where it does not.
    pub not: Vec<Market>,
    /// Most characters of a title; 0 for no title.
    pub title: usize,
    /// Most characters of the text.
    pub caption: usize,
    /// Most hashtags.
    pub hashtags: usize,
    /// Width to height of the picture or clip, as `4:5`.
    pub ratio: String,
    /// Longest clip, seconds.
    pub seconds: u32,
}

/// Which post of an occasion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PostKind {
    /// Something is coming.
    Tease,
    /// What it is and what it costs.
    Offer,
    /// Until when an order still arrives.
    LastCall,
}

/// A post to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Post {
    /// When.
    pub day: Day,
    /// Where.
    pub platform: String,
    /// Which.
    pub kind: PostKind,
    /// The occasion.
    pub occasion: Said,
}

/// An occasion with its days.
#[derive(Clone, Debug, PartialEq)]
pub struct PostedOccasion {
    /// Its name.
    pub name: Said,
    /// First day.
    pub day: Day,
    /// Last day on which an order still arrives in time.
    pub order_by: Option<Day>,
}

/// What does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// Title, text or hashtags.
    pub what: &'static str,
    /// As it is.
    pub has: usize,
    /// At most.
    pub most: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Formats {
    format: Vec<PostFormat>,
}

impl PostKind {
    /// In tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tease => "tease",
            Self::Offer => "offer",
            Self::LastCall => "last call",
        }
    }
}

impl PostFormat {
    /// The table that the program has.
    ///
    /// # Panics
    /// Never: the table is compiled in and read by a test.
    #[expect(clippy::expect_used, reason = "the table is compiled in and a test reads it")]
    pub fn built_in() -> Vec<Self> {
        toml::from_str::<Formats>(include_str!("posts.toml")).expect("the built-in table of formats").format
    }

    /// Whether it counts in a market.
    pub fn is_of(&self, market: Market) -> bool {
        (self.markets.is_empty() || self.markets.contains(&market)) && !self.not.contains(&market)
    }

    /// What of a title and a text does not fit; hashtags are the words that begin with `#`.
    pub fn misfits(&self, title: &str, text: &str) -> Vec<Misfit> {
        let wide = |c: char| matches!(c, '\u{1100}'..='\u{11ff}' | '\u{2e80}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' | '\u{ff00}'..='\u{ffef}');
        let length =
            |text: &str| -> usize { text.chars().map(|c| if self.platform == "X" && wide(c) { 2 } else { 1 }).sum() };
        let tags = text.split_whitespace().filter(|word| word.len() > 1 && word.starts_with('#')).count();
        let parts = [
            ("title", if self.title == 0 { 0 } else { length(title) }, self.title),
            ("text", length(text), self.caption),
            ("hashtags", tags, self.hashtags),
        ];
        parts
            .into_iter()
            .filter(|(_, has, most)| has > most)
            .map(|(what, has, most)| Misfit { what, has, most })
            .collect()
    }
}

/// The posts of a market from `today` on, by day, then platform, then occasion.
pub fn posts(market: Market, today: Day, occasions: &[PostedOccasion], formats: &[PostFormat]) -> Vec<Post> {
    let mut all = Vec::new();
    for occasion in occasions {
        let last = occasion.order_by.map_or(occasion.day.plus(-1), |day| day.plus(-1));
        let days = [
            (PostKind::Tease, last.plus(-14).min(occasion.day.plus(-14))),
            (PostKind::Offer, last.plus(-7).min(occasion.day.plus(-7))),
            (PostKind::LastCall, last),
        ];
        for format in formats.iter().filter(|f| f.is_of(market)) {
            for (kind, day) in days.into_iter().filter(|(_, day)| *day >= today) {
                all.push(Post { day, platform: format.platform.clone(), kind, occasion: occasion.name.clone() });
            }
        }
    }
    all.sort_by(|a, b| (a.day, &a.platform, a.kind, &a.occasion.en).cmp(&(b.day, &b.platform, b.kind, &b.occasion.en)));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(platform: &str) -> PostFormat {
        PostFormat::built_in().into_iter().find(|f| f.platform == platform).unwrap()
    }

    #[test]
    fn every_market_has_platforms_and_no_limit_is_missing() {
        let all = PostFormat::built_in();
        for market in ["US", "DE", "VN", "TH", "SA", "CN", "JP", "BR"] {
            let market = market.parse().unwrap();
            assert!(all.iter().filter(|f| f.is_of(market)).count() >= 3, "{market}");
        }
        assert!(all.iter().all(|f| f.caption > 0 && f.seconds > 0 && f.ratio.contains(':')));
        assert!(!format("Instagram feed").is_of("CN".parse().unwrap()));
    }

    // 280 characters fit on X and 281 do not; 141 Chinese ones count 282. A title beyond 20 does not fit Xiaohongshu.
    #[test]
    fn limits_to_the_character() {
        let x = format("X");
        assert_eq!(x.misfits("", &"a".repeat(280)), []);
        assert_eq!(x.misfits("", &"a".repeat(281)), [Misfit { what: "text", has: 281, most: 280 }]);
        assert_eq!(x.misfits("", &"节".repeat(141)), [Misfit { what: "text", has: 282, most: 280 }]);
        assert_eq!(format("Xiaohongshu").misfits(&"题".repeat(21), ""), [Misfit { what: "title", has: 21, most: 20 }]);
        assert_eq!(format("LINE").misfits("", "sale #now"), [Misfit { what: "hashtags", has: 1, most: 0 }]);
        assert_eq!(format("Instagram feed").misfits("any title", "sale #now # alone"), []);
    }

    // Feast on day 100, last order on day 95: last call on 94, offer on 87, tease on 80; from day 85 on the tease is past.
    #[test]
    fn days_by_hand() {
        let occasion = PostedOccasion { name: Said::new("Feast", "节日"), day: Day(100), order_by: Some(Day(95)) };
        let days = |today: i32| -> Vec<(i32, PostKind)> {
            let made = posts("VN".parse().unwrap(), Day(today), std::slice::from_ref(&occasion), &[format("Zalo")]);
            made.iter().map(|p| (p.day.0, p.kind)).collect()
        };
        assert_eq!(days(70), [(80, PostKind::Tease), (87, PostKind::Offer), (94, PostKind::LastCall)]);
        assert_eq!(days(85), [(87, PostKind::Offer), (94, PostKind::LastCall)]);
        let unknown = PostedOccasion { order_by: None, ..occasion.clone() };
        let made = posts("VN".parse().unwrap(), Day(70), &[unknown], &[format("Zalo")]);
        assert_eq!(made.iter().map(|p| p.day.0).collect::<Vec<_>>(), [85, 92, 99]);
    }
}
