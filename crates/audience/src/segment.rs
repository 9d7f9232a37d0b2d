//! Seven named segments, read off the recency and frequency scores.
//!
//! | segment | R | F |
//! |---|---|---|
//! | Champions | 4, 5 | 4, 5 |
//! | Loyal | 3 | 4, 5 |
//! | New | 4, 5 | 1 |
//! | Potential | 4, 5 | 2, 3 |
//! | At risk | 1, 2 | 3, 4, 5 |
//! | Hibernating | 1, 2 | 1, 2 |
//! | Need attention | 3 | 1, 2, 3 |
//!
//! The table covers all 25 pairs once. The monetary score does not choose the segment: it says how
//! much a segment is worth, and using it twice would hide who is drifting away.

use domain::Language;
use serde::Serialize;

/// A named segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Segment {
    /// Recent and frequent.
    Champions,
    /// Frequent, last order a while ago.
    Loyal,
    /// Recent, one of the fewest orders.
    New,
    /// Recent, some orders.
    Potential,
    /// Used to order, silent for long.
    AtRisk,
    /// Few orders, long ago.
    Hibernating,
    /// In between.
    NeedAttention,
}

impl Segment {
    /// All segments, most engaged first.
    pub const ALL: [Self; 7] = [
        Self::Champions,
        Self::Loyal,
        Self::Potential,
        Self::New,
        Self::NeedAttention,
        Self::AtRisk,
        Self::Hibernating,
    ];

    /// The segment of a recency and a frequency score, both 1 to 5 and 5 best.
    pub const fn of(r: u8, f: u8) -> Self {
        if r >= 4 {
            if f >= 4 {
                Self::Champions
            } else if f >= 2 {
                Self::Potential
            } else {
                Self::New
            }
        } else if r == 3 {
            if f >= 4 { Self::Loyal } else { Self::NeedAttention }
        } else if f >= 3 {
            Self::AtRisk
        } else {
            Self::Hibernating
        }
    }

    /// Stable name for tables and dictionaries.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Champions => "champions",
            Self::Loyal => "loyal",
            Self::New => "new",
            Self::Potential => "potential",
            Self::AtRisk => "at_risk",
            Self::Hibernating => "hibernating",
            Self::NeedAttention => "need_attention",
        }
    }

    /// Name for people; English where the language is not Chinese.
    pub fn name(self, language: Language) -> &'static str {
        let (en, zh) = match self {
            Self::Champions => ("Champions", "核心客户"),
            Self::Loyal => ("Loyal", "忠诚客户"),
            Self::New => ("New", "新客户"),
            Self::Potential => ("Potential", "潜力客户"),
            Self::AtRisk => ("At risk", "流失风险客户"),
            Self::Hibernating => ("Hibernating", "沉睡客户"),
            Self::NeedAttention => ("Need attention", "待关注客户"),
        };
        if language == Language::ZH { zh } else { en }
    }

    /// One sentence for people; English where the language is not Chinese.
    pub fn meaning(self, language: Language) -> &'static str {
        let (en, zh) = match self {
            Self::Champions => ("Ordered recently and order often.", "最近下过单，而且经常下单。"),
            Self::Loyal => {
                ("Order often, but the last order is some time ago.", "经常下单，但距上次下单已有一段时间。")
            }
            Self::New => {
                ("Ordered recently and have among the fewest orders so far.", "最近下过单，目前订单数属于最少的一档。")
            }
            Self::Potential => {
                ("Ordered recently and have come back a few times.", "最近下过单，已有少量复购，值得培养。")
            }
            Self::AtRisk => {
                ("Used to order repeatedly and have been silent for long.", "过去多次下单，但已很久没有下单。")
            }
            Self::Hibernating => ("Ordered little, and long ago.", "下单少，而且距今已久。"),
            Self::NeedAttention => (
                "Ordered a while ago and not often; a reminder may decide.",
                "下单不多，距今有一段时间，适时提醒可能促成下单。",
            ),
        };
        if language == Language::ZH { zh } else { en }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test] // The table of the module documentation, row R = 1 to 5, column F = 1 to 5.
    fn every_pair_of_scores_has_the_segment_of_the_table() {
        use Segment::{
            AtRisk as A, Champions as C, Hibernating as H, Loyal as L, NeedAttention as T, New as N, Potential as P,
        };
        let table = [[H, H, A, A, A], [H, H, A, A, A], [T, T, T, L, L], [N, P, P, C, C], [N, P, P, C, C]];
        for r in 1..=5 {
            for f in 1..=5 {
                assert_eq!(Segment::of(r, f), table[usize::from(r) - 1][usize::from(f) - 1], "R {r} F {f}");
            }
        }
    }

    #[test]
    fn every_segment_is_listed_once_and_speaks_both_languages() {
        let keys: std::collections::BTreeSet<_> = Segment::ALL.iter().map(|s| s.key()).collect();
        assert_eq!(keys.len(), 7);
        for segment in Segment::ALL {
            assert_eq!(serde_json::to_value(segment).unwrap(), segment.key());
            assert_ne!(segment.name(Language::EN), segment.name(Language::ZH));
            assert!(segment.meaning(Language::EN).ends_with('.') && segment.meaning(Language::ZH).ends_with('。'));
        }
    }
}
