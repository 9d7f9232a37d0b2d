//! Why a step of the chain gave what it gave, and why an item is not shown, as programs and as people read it.

use domain::Language;

/// Why a step gave what it gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// It filled the list.
    Full,
    /// It had nothing more that may be shown.
    Exhausted,
    /// The list was full before.
    NotAsked,
    /// The market has no model.
    NoModel,
    /// The market's model is a list of what sells, the same for everybody.
    Deaf,
    /// A step before it answered from the session.
    Answered,
    /// It filled the half of the list that likeness may fill.
    Half,
    /// What it reads from is still being made.
    NotReady,
    /// Nothing is known of the shopper.
    NoPast,
    /// Nothing happened lately.
    NoSession,
    /// The last minutes are part of the first step's scores.
    InHistory,
    /// Too few shoppers of the segment bought in the market: a list of theirs would say what one of them bought.
    TooFew,
    /// There is no such list.
    NoList,
}

impl Why {
    /// As a person reads it.
    pub fn text(self, language: Language) -> &'static str {
        let (en, zh) = match self {
            Self::Full => ("it filled the list", "已填满列表"),
            Self::Exhausted => ("it had nothing more that may be shown", "没有更多可展示的商品"),
            Self::NotAsked => ("the list was full already", "列表已满"),
            Self::NoModel => ("the market has no model", "该市场没有模型"),
            Self::Deaf => {
                ("the market's model is what sells, the same for everybody", "该市场的模型为热销榜,对所有人相同")
            }
            Self::Answered => ("a step before it answered from what was done", "前面的步骤已根据行为作答"),
            Self::Half => ("it filled half of the list; the rest is what sells", "已填满一半列表,其余为热销商品"),
            Self::NotReady => ("what it reads from is still being made", "所需数据仍在生成"),
            Self::NoPast => ("nothing is known of this shopper from before", "没有该顾客的历史记录"),
            Self::NoSession => ("nothing happened in this session", "本次会话没有行为"),
            Self::InHistory => {
                ("the session's events count in the scores of the first step", "会话行为已计入第一步的得分")
            }
            Self::TooFew => (
                "too few of the segment bought in this market to be told apart from single shoppers",
                "该分群在此市场的购买人数过少,列出会暴露个人",
            ),
            Self::NoList => ("there is no such list", "没有这样的列表"),
        };
        if language == Language::ZH { zh } else { en }
    }
}

/// Why an item is not shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Out {
    /// The shopper bought it already, or has it in the cart.
    Bought,
    /// It may not be sold in the market.
    Unsellable,
    /// There is none left in the market.
    OutOfStock,
    /// It is of another category than was asked for.
    Category,
    /// Its price is outside what was asked for, or not known.
    Price,
}

impl Out {
    /// How programs call it.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Bought => "already_bought",
            Self::Unsellable => "not_sellable",
            Self::OutOfStock => "out_of_stock",
            Self::Category => "other_category",
            Self::Price => "other_price",
        }
    }

    /// As a person reads it.
    pub fn text(self, language: Language) -> &'static str {
        let (en, zh) = match self {
            Self::Bought => ("bought already", "已购买"),
            Self::Unsellable => ("not sellable there", "当地不可售"),
            Self::OutOfStock => ("out of stock", "缺货"),
            Self::Category => ("of another category", "属于其他类别"),
            Self::Price => ("at another price", "价格不在范围内"),
        };
        if language == Language::ZH { zh } else { en }
    }
}
