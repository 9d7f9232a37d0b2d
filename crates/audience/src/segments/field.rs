//! What is known of a shopper under a plain name, and which values it may have.

use crate::Segment;
use domain::{Language, Market};
use serde::{Deserialize, Serialize};

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Any words, compared without regard to capitals.
    Text,
    /// A word of a closed list.
    Word,
    /// A number.
    Number,
    /// A day of the calendar.
    Day,
    /// Yes or no.
    Yes,
}

macro_rules! fields {
    ($($(#[$doc:meta])* $variant:ident, $name:literal, $kind:ident, $en:literal, $zh:literal;)*) => {
        /// A plain field: one value a shopper, which may be missing.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Field {
            $($(#[$doc])* $variant,)*
        }

        impl Field {
            /// All of them, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// As a segment writes it.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What its values are.
            pub const fn kind(self) -> Kind {
                match self { $(Self::$variant => Kind::$kind,)* }
            }

            /// What it means; English where the language is not Chinese.
            pub fn meaning(self, language: Language) -> &'static str {
                let (en, zh) = match self { $(Self::$variant => ($en, $zh),)* };
                if language == Language::ZH { zh } else { en }
            }
        }
    };
}

fields! {
    /// Home market.
    Market, "market", Word, "home market, ISO 3166-1", "所属市场（ISO 3166-1）";
    /// State or province.
    Region, "region", Text, "state or province", "省/州";
    /// City.
    City, "city", Text, "city", "城市";
    /// Language.
    Language, "language", Word, "language, ISO 639-1", "语言（ISO 639-1）";
    /// Channel of most orders.
    Channel, "channel", Text, "sales channel of most orders", "主要销售渠道";
    /// Share of the orders by that channel.
    ChannelShare, "channel_share", Number, "share of the orders by that channel, 0 to 1", "主要渠道订单占比（0 到 1）";
    /// Brand of most units.
    Brand, "brand", Text, "brand of most units bought", "购买最多的品牌";
    /// Brand loyalty.
    BrandShare, "brand_share", Number, "brand loyalty: share of the units of that brand, 0 to 1", "品牌忠诚度：该品牌件数占比（0 到 1）";
    /// Agreed to marketing mail.
    AcceptsMarketing, "accepts_marketing", Yes, "agreed to marketing mail", "同意接收营销邮件";
    /// Age.
    Age, "age", Number, "age in years", "年龄";
    /// Sex.
    Sex, "sex", Text, "sex as stated", "性别";
    /// Education.
    Education, "education", Text, "education as stated", "学历";
    /// Job.
    Job, "job", Text, "occupation as stated", "职业";
    /// Income.
    Income, "income", Text, "income or income band as stated", "收入或收入档（按填写）";
    /// Day of the first order.
    FirstOrder, "first_order", Day, "day of the first order", "首单日期";
    /// Day of the last order.
    LastOrder, "last_order", Day, "day of the last order", "最近一单日期";
    /// Days since the first order.
    DaysSinceFirstOrder, "days_since_first_order", Number, "days since the first order", "距首单天数";
    /// Days since the last order.
    DaysSinceLastOrder, "days_since_last_order", Number, "days since the last order", "距最近一单天数";
    /// Something of the last order came back.
    ReturnedLast, "returned_last", Yes, "something of the last order day came back", "最近一单有退货";
    /// Named RFM segment.
    Rfm, "rfm", Word, "named segment of recency and frequency", "RFM 分群";
    /// Recency score.
    R, "r", Number, "recency score, 1 to 5", "R 得分（1 到 5）";
    /// Frequency score.
    F, "f", Number, "frequency score, 1 to 5", "F 得分（1 到 5）";
    /// Monetary score.
    M, "m", Number, "monetary score, 1 to 5", "M 得分（1 到 5）";
    /// Number of the cluster.
    Cluster, "cluster", Number, "number of the cluster, from 0", "聚类编号（从 0 起）";
    /// Hour of most orders.
    FavouriteHour, "favourite_hour", Number, "hour of most orders, 0 to 23", "最常下单的小时（0 到 23）";
    /// Weekday of most orders.
    FavouriteWeekday, "favourite_weekday", Word, "weekday of most orders", "最常下单的星期";
    /// Units an order.
    BasketSize, "basket_size", Number, "mean units an order", "平均每单件数";
    /// Price sensitivity.
    PriceSensitivity, "price_sensitivity", Number, "how cheap the goods bought are among their kind, 0 to 1", "价格敏感度（0 到 1）";
    /// Probability of being a customer still.
    PAlive, "p_alive", Number, "probability of ordering again at all, 0 to 1", "仍活跃的概率（0 到 1）";
    /// Expected value.
    ExpectedValue, "expected_value", Number, "expected future sales, reporting currency", "预期未来销售额";
    /// Churn risk.
    ChurnRisk, "churn_risk", Number, "probability of not ordering within the horizon, 0 to 1", "流失风险（0 到 1）";
}

/// Weekdays as a segment writes them, Monday first.
pub const WEEKDAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

impl Field {
    /// The field of a name, `consent` being another word for `accepts_marketing`.
    pub fn of(name: &str) -> Option<Self> {
        if name == "consent" {
            return Some(Self::AcceptsMarketing);
        }
        Self::ALL.iter().copied().find(|f| f.name() == name)
    }

    /// Whether it says who a person is rather than what it does: the privacy floor concerns these.
    pub const fn is_demographic(self) -> bool {
        matches!(self, Self::Age | Self::Sex | Self::Education | Self::Job | Self::Income)
    }

    /// Whether it says where a shopper is.
    pub const fn is_geographic(self) -> bool {
        matches!(self, Self::Market | Self::Region | Self::City)
    }

    /// The right spelling of a word of a closed list; any text is right for an open field. The error
    /// lists what is right.
    pub(super) fn spelling(self, word: &str) -> Result<String, Vec<String>> {
        let lower = word.to_lowercase();
        let among = |known: &mut dyn Iterator<Item = &'static str>| {
            let known: Vec<String> = known.map(str::to_owned).collect();
            if known.contains(&lower) { Ok(lower.clone()) } else { Err(known) }
        };
        match self {
            Self::Market => word.parse::<Market>().map(|m| m.code().to_owned()).map_err(|_| Vec::new()),
            Self::Language => word.parse::<Language>().map(|l| l.code().to_owned()).map_err(|_| Vec::new()),
            Self::Rfm => among(&mut Segment::ALL.iter().map(|s| s.key())),
            Self::FavouriteWeekday => among(&mut WEEKDAYS.into_iter()),
            _ => Ok(word.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_are_unique_and_lead_back() {
        let names: BTreeSet<&str> = Field::ALL.iter().map(|f| f.name()).collect();
        assert_eq!(names.len(), Field::ALL.len());
        for field in Field::ALL {
            assert_eq!(Field::of(field.name()), Some(*field));
            assert_ne!(field.meaning(Language::EN), field.meaning(Language::ZH));
        }
        assert_eq!(Field::of("consent"), Some(Field::AcceptsMarketing));
    }

    #[test]
    fn words_of_closed_lists_are_spelt_right_or_refused() {
        assert_eq!(Field::Market.spelling("de"), Ok("DE".to_owned()));
        assert_eq!(Field::Market.spelling("UK"), Err(vec![]));
        assert_eq!(Field::Rfm.spelling("At_Risk"), Ok("at_risk".to_owned()));
        assert_eq!(Field::FavouriteWeekday.spelling("someday").unwrap_err().len(), 7);
        assert_eq!(Field::City.spelling("Köln"), Ok("Köln".to_owned()));
    }
}
