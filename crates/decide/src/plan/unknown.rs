//! What is not known yet, derived from what is missing, each with what settles it.

use super::decided::PriceRow;
use super::evidence::{Input, MarketEvidence};
use super::launch::Transfer;
use super::minimums::Minimums;
use super::words::{Lang, Words};
use super::{Span, TransferVerdict};
use domain::FigureValue;
use serde::Serialize;

/// An open question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum UnknownKey {
    /// Fewer shoppers than rates need.
    Shoppers,
    /// The transfer is not proven.
    Transfer,
    /// No margins are computed.
    Margin,
    /// Less than the whole months that a season needs, or less than two years.
    Season,
    /// Prices are not compared with competitors'.
    CompetitorPrices,
    /// Ad spend is not evaluated: what a new shopper costs is unknown.
    AdSpend,
    /// No product has a known stock.
    Stock,
    /// Reviews are not evaluated: why shoppers are content or not is unknown.
    Reviews,
    /// Views and carts are not evaluated: what shoppers looked at and left is unknown.
    Events,
    /// Returns are not measured.
    Returns,
}

/// Whether the input that would settle a question is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Have {
    /// It has to be brought.
    Nothing,
    /// It is in the workspace, but no figure of the plan is made from it yet.
    Unused,
    /// It is in the workspace and was looked at, but does not tell.
    Silent,
}

/// An open question with the fact behind it and what to bring, in a reader's words by
/// [`Unknown::question`] and [`Unknown::bring`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Unknown {
    /// Which question.
    pub key: UnknownKey,
    /// Whether its input is there.
    pub have: Have,
}

const UNUSED: Words = Words {
    en: "The data is in the workspace, but this plan makes no figure from it yet.",
    zh: "数据已在工作区中，但本计划尚未据此计算任何数字。",
};

const READ_ELSEWHERE: Words = Words {
    en: "What they praise and complain of, with quotes, is on the page of this market's people and in `portolan markets needs`; this plan makes no figure from it.",
    zh: "顾客的好评与抱怨（附原句）见本市场的人群页面与 `portolan markets needs`；本计划未据此计算数字。",
};

const SEEN_ELSEWHERE: Words = Words {
    en: "Views and carts are in the workspace (clean.events, marts.carts) and lead the recommendations of a visit; this plan makes no figure from them.",
    zh: "浏览与加购数据在工作区中（clean.events、marts.carts），并用于访问中的推荐；本计划未据此计算数字。",
};

const SILENT: Words = Words {
    en: "The spend is in the workspace, but no channel's effect can be told from it. Spend that varies, by channel and week, would tell.",
    zh: "工作区中已有广告支出，但无法从中判断任何渠道的效果。若各渠道各周的支出有所变化，则可以判断。",
};

impl UnknownKey {
    const fn words(self) -> (Words, Words) {
        const fn w(en: &'static str, zh: &'static str) -> Words {
            Words { en, zh }
        }
        match self {
            Self::Shoppers => (
                w("How shoppers behave here", "本市场顾客的行为规律"),
                w(
                    "More orders with a customer number or e-mail; guests cannot be followed.",
                    "更多带客户编号或邮箱的订单；游客无法追踪。",
                ),
            ),
            Self::Transfer => (
                w("Whether what the other markets taught helps here", "其他市场的经验在此是否有效"),
                w(
                    "More shoppers of this market with orders after the training cutoff, then run again.",
                    "更多在训练截止日之后有订单的本市场顾客，然后重新运行。",
                ),
            ),
            Self::Margin => (
                w("Whether these products earn money here", "这些商品在此是否盈利"),
                w(
                    "A cost table: product, purchase cost, freight, duty, tax, marketplace fee.",
                    "成本表：商品、采购成本、运费、关税、税费、平台佣金。",
                ),
            ),
            Self::Season => (
                w("Which months are strong every year", "哪些月份年年旺销"),
                w(
                    "Two whole years of orders; one year shows a peak, not a season.",
                    "两个完整年度的订单；一年只能看到高峰，看不出季节性。",
                ),
            ),
            Self::CompetitorPrices => (
                w("Whether the prices are right for this market", "价格是否适合本市场"),
                w("Competitor prices: product, seller, price, date.", "竞品价格：商品、卖家、价格、日期。"),
            ),
            Self::AdSpend => (
                w("What a new shopper costs", "获得一位新顾客的成本"),
                w("Ad spend by day, market and channel.", "按日、市场和渠道的广告支出。"),
            ),
            Self::Stock => (
                w("Whether the products can be delivered", "商品能否交付"),
                w("A stock table: product, warehouse, units on hand.", "库存表：商品、仓库、可用件数。"),
            ),
            Self::Reviews => (
                w("Why shoppers are content or not", "顾客满意或不满的原因"),
                w("Reviews with product, rating, text and date.", "评价：商品、评分、内容、日期。"),
            ),
            Self::Events => (
                w("What shoppers looked at and did not buy", "顾客看过但没买的商品"),
                w("Shop events (views, carts) in Segment format.", "Segment 格式的店铺行为事件（浏览、加购）。"),
            ),
            Self::Returns => (
                w("How much comes back", "退货有多少"),
                w("Cancelled and returned lines in the order export.", "订单导出中包含取消与退货行。"),
            ),
        }
    }
}

impl Unknown {
    /// The open question.
    pub fn question(self, lang: Lang) -> &'static str {
        self.key.words().0.get(lang)
    }

    /// What settles it, or that its input is there and unused.
    pub fn bring(self, lang: Lang) -> &'static str {
        match self.have {
            Have::Nothing => self.key.words().1.get(lang),
            Have::Unused => match self.key {
                UnknownKey::Reviews => READ_ELSEWHERE.get(lang),
                UnknownKey::Events => SEEN_ELSEWHERE.get(lang),
                _ => UNUSED.get(lang),
            },
            Have::Silent => SILENT.get(lang),
        }
    }
}

/// Months that a season needs: two of each, else a trend looks like a season.
const SEASON_MONTHS: u64 = 24;

/// The open questions, the most pressing first.
pub(crate) fn unknowns(
    evidence: &MarketEvidence,
    transfer: Option<&Transfer>,
    shoppers: u64,
    minimums: &Minimums,
) -> Vec<Unknown> {
    let at_home = evidence.market == evidence.home;
    let proven = transfer.is_some_and(|t| t.verdict != TransferVerdict::TooLittleData);
    let whole = evidence.months.iter().filter(|month| month.span == Span::Whole).count() as u64;
    let returns = evidence.glance.return_rate.as_ref();
    let measured = returns.is_some_and(|r| !matches!(r.value, FigureValue::Undefined));
    // A table with rows settles nothing by itself: only a figure made from it does.
    let input = |input| if evidence.inputs.contains(&input) { Have::Unused } else { Have::Nothing };
    let decided = evidence.decided.as_ref();
    let priced = |has: fn(&PriceRow) -> bool| decided.is_some_and(|d| d.prices.iter().any(has));
    let margin = evidence.products.iter().any(|p| p.margin.is_some()) || priced(|row| row.floor.is_some());
    let stock = evidence.products.iter().any(|p| p.stock.is_some()) || decided.is_some_and(|d| !d.stock.is_empty());
    let rivals = priced(|row| row.rivals.is_some());
    let told = decided.is_some_and(|d| d.channels.iter().any(|channel| !channel.curve.is_empty()));
    let spend = if decided.is_some_and(|d| !d.channels.is_empty()) { Have::Silent } else { input(Input::AdSpend) };
    [
        (UnknownKey::Shoppers, shoppers < minimums.shoppers, Have::Nothing),
        (UnknownKey::Transfer, !at_home && !proven, Have::Nothing),
        (UnknownKey::Margin, !margin, input(Input::Costs)),
        (UnknownKey::CompetitorPrices, !rivals, input(Input::CompetitorPrices)),
        (UnknownKey::AdSpend, !told, spend),
        (UnknownKey::Stock, !stock, input(Input::Stock)),
        (UnknownKey::Season, whole < SEASON_MONTHS, Have::Nothing),
        (UnknownKey::Returns, !measured, Have::Nothing),
        (UnknownKey::Reviews, true, input(Input::Reviews)),
        (UnknownKey::Events, true, input(Input::Events)),
    ]
    .into_iter()
    .filter_map(|(key, open, have)| open.then_some(Unknown { key, have }))
    .collect()
}
