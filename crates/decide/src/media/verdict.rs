//! What can be said of a channel, and the reasons where nothing can.
//!
//! A channel is *told* where its spend varied, did not move with everything else, media help to predict unseen weeks (or an
//! experiment measured it) and its share of all media is known well enough. Otherwise the answer is "cannot tell", with every
//! reason that applies, so that a person knows what would help: vary the spend, separate two channels, run an experiment.

use crate::said::{Said, percent};
use serde::Serialize;

/// The answer for a channel.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Its figures can be used.
    Told,
    /// They cannot, for these reasons.
    CannotTell(Vec<Doubt>),
}

/// A reason why a channel's effect is not known.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Doubt {
    /// It never spent in the training weeks.
    NeverSpent,
    /// Its spend hardly varied.
    HardlyVaries {
        /// Standard deviation over mean.
        variation: f64,
    },
    /// It moves with other series.
    MovesWithOthers {
        /// Variance inflation: `1 / (1 - R²)` on all others and the base.
        inflation: f64,
        /// The channel it moves with most, where there is another.
        most_with: Option<String>,
    },
    /// Media do not help to predict unseen weeks.
    NothingSaved {
        /// Part of the squared error saved.
        saved: f64,
    },
    /// Its share of all media is hardly known.
    WideShare {
        /// Lower end of the share.
        low: f64,
        /// Upper end.
        high: f64,
    },
}

impl Verdict {
    /// From the reasons.
    pub(super) fn of(doubts: Vec<Doubt>) -> Self {
        if doubts.is_empty() { Self::Told } else { Self::CannotTell(doubts) }
    }

    /// Whether the figures can be used.
    pub fn is_told(&self) -> bool {
        *self == Self::Told
    }
}

impl Doubt {
    /// The reason and what would help.
    pub fn said(&self, channel: &str) -> Said {
        match self {
            Self::NeverSpent => Said::new(
                format!("{channel} never spent in these weeks: a small test would be the first thing to learn from."),
                format!("{channel} 在这些周没有任何花费：先做一次小规模测试才有数据可学。"),
            ),
            Self::HardlyVaries { variation } => Said::new(
                format!(
                    "{channel} spent nearly the same every week (it varies by {}): its effect cannot be told from the base. Vary it, or switch it off in some places.",
                    percent(*variation)
                ),
                format!(
                    "{channel} 每周花费几乎不变（波动 {}），无法与基础销量区分。请改变投放量，或在部分地区暂停。",
                    percent(*variation)
                ),
            ),
            Self::MovesWithOthers { inflation, most_with } => {
                let (en, zh) = most_with
                    .as_ref()
                    .map_or(("other series".to_owned(), "其他序列".to_owned()), |o| (o.clone(), o.clone()));
                Said::new(
                    format!(
                        "{channel} moves with {en} (variance × {inflation:.0}): the two cannot be told apart. Change one without the other."
                    ),
                    format!("{channel} 与 {zh} 同步变化（方差放大 {inflation:.0} 倍），无法分开。请单独调整其中一个。"),
                )
            }
            Self::NothingSaved { saved } if *saved < 0.0 => Said::new(
                format!(
                    "On weeks that it has not seen, the model with media has {} more squared error than one without: nothing can be said of {channel}. An experiment would tell.",
                    percent(-*saved)
                ),
                format!(
                    "在未见过的周里，含广告的模型的平方误差比不含广告的模型多 {}，无法判断 {channel}。需要做实验。",
                    percent(-*saved)
                ),
            ),
            Self::NothingSaved { saved } => Said::new(
                format!(
                    "On weeks that it has not seen, the model with media saves {} of the squared error of one without: too little to speak of {channel}. An experiment would tell.",
                    percent(*saved)
                ),
                format!(
                    "在未见过的周里，含广告的模型只比不含广告的模型减少 {} 的平方误差，不足以判断 {channel}。需要做实验。",
                    percent(*saved)
                ),
            ),
            Self::WideShare { low, high } => Said::new(
                format!(
                    "{channel} brought between {} and {} of what all media brought: too wide to decide on. An experiment would narrow it.",
                    percent(*low),
                    percent(*high)
                ),
                format!(
                    "{channel} 占全部广告贡献的 {} 到 {}，区间过宽，无法据此决策。可用实验缩小。",
                    percent(*low),
                    percent(*high)
                ),
            ),
        }
    }
}
