//! How a model came to its parameters: by the data alone, at an edge, from other markets, or not at all.
//!
//! A search that runs to an edge has found something, and says what. Nothing here is ever "did not
//! converge": each case has parameters that can be used, and a name that says how far.

use domain::Language;

/// How parameters were found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HowFitted {
    /// All parameters are identified by the data.
    Full,
    /// Drop-out is not: the likelihood rises towards a share of 0 dropping out. Everybody is taken to be
    /// alive, and the parameters of drop-out carry no meaning.
    NoDropOut,
    /// Purchase rates, drop-out or spend do not differ measurably between shoppers: the spread sits at the edge of what
    /// was searched, its mean is identified.
    SameForAll,
    /// The data say too little; other markets say the rest.
    Pooled,
    /// Only purchases per week of all shoppers together could be had: rate × time, nothing else.
    RateAlone,
    /// Parameters were handed in.
    Given,
}

impl HowFitted {
    /// In words, for a page.
    pub fn label(self, language: Language) -> &'static str {
        let (english, chinese) = match self {
            Self::Full => ("from these shoppers", "由本市场顾客估计"),
            Self::NoDropOut => ("no drop-out seen: everybody counts as active", "未见流失：全部视为活跃"),
            Self::SameForAll => ("shoppers do not differ measurably", "顾客之间无可测差异"),
            Self::Pooled => ("with the help of other markets", "借助其他市场估计"),
            Self::RateAlone => ("purchase rate × time alone", "仅按购买率 × 时间"),
            Self::Given => ("given parameters", "给定参数"),
        };
        if language == Language::ZH { chinese } else { english }
    }

    /// Whether the drop-out part means nothing.
    pub fn no_dropout_boundary(self) -> bool {
        matches!(self, Self::NoDropOut | Self::RateAlone)
    }
}

/// How a fit went.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct FitReport {
    /// How the parameters were found.
    pub how: HowFitted,
    /// Sum of the log-likelihoods of the shoppers, without any penalty.
    pub log_likelihood: f64,
    /// Shoppers it rests on.
    pub n_shoppers: f64,
    /// Calls of the likelihood.
    pub n_calls: usize,
}

impl FitReport {
    /// For parameters that were handed in.
    pub(crate) const GIVEN: Self =
        Self { how: HowFitted::Given, log_likelihood: f64::NAN, n_shoppers: 0.0, n_calls: 0 };
}

/// Natural logarithm of how far a parameter may move from the middle of its range: a factor of 10,000.
/// Beyond it shoppers differ by less than 1 %, and the likelihood has nothing more to say.
pub(crate) const EDGE: f64 = 9.210_340_371_976_182;

/// A wall outside `± EDGE` of the middles: adds to a negative log-likelihood and its gradient, both in
/// logarithms of the parameters. 0 inside.
pub(crate) fn wall(at: &[f64], middles: &[f64], gradient: &mut [f64]) -> f64 {
    let mut height = 0.0;
    for ((x, m), g) in at.iter().zip(middles).zip(gradient) {
        let off = x - m;
        let beyond = (off.abs() - EDGE).max(0.0);
        height += beyond * beyond;
        *g += 2.0 * beyond * off.signum();
    }
    height
}

/// Whether a parameter ended near or beyond the wall.
pub(crate) fn at_edge(at: &[f64], middles: &[f64]) -> bool {
    at.iter().zip(middles).any(|(x, m)| (x - m).abs() > EDGE - 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wall_is_flat_inside_and_pushes_back_outside() {
        let mut g = [0.0; 2];
        assert_eq!(wall(&[3.0, -3.0], &[0.0, 0.0], &mut g), 0.0);
        assert_eq!(g, [0.0; 2]);
        assert!((wall(&[EDGE + 1.0, -EDGE - 2.0], &[0.0, 0.0], &mut g) - 5.0).abs() < 1e-12);
        assert!((g[0] - 2.0).abs() < 1e-12 && (g[1] + 4.0).abs() < 1e-12);
        assert!(at_edge(&[EDGE], &[0.0]) && !at_edge(&[3.0], &[0.0]));
    }

    #[test]
    fn every_way_has_words_in_both_languages() {
        let all = [
            HowFitted::Full,
            HowFitted::NoDropOut,
            HowFitted::SameForAll,
            HowFitted::Pooled,
            HowFitted::RateAlone,
            HowFitted::Given,
        ];
        for how in all {
            assert_ne!(how.label(Language::EN), how.label(Language::ZH));
        }
    }
}
