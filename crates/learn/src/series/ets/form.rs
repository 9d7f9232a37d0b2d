//! The names of the models: ETS(error, trend, season).

use std::fmt;

/// How the error joins the forecast.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ErrorKind {
    /// Of the same size at every level.
    Additive,
    /// In proportion to the level.
    Multiplicative,
}

/// How the level moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TrendKind {
    /// It has no direction.
    None,
    /// By an amount a step.
    Additive,
    /// By an amount that fades.
    Damped,
    /// By a factor a step.
    Multiplicative,
    /// By a factor that fades to 1.
    MultiplicativeDamped,
}

/// How the season joins the level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SeasonKind {
    /// There is none.
    None,
    /// Added.
    Additive,
    /// A factor.
    Multiplicative,
}

/// One model of the family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EtsForm {
    /// Error.
    pub error: ErrorKind,
    /// Trend.
    pub trend: TrendKind,
    /// Season.
    pub season: SeasonKind,
}

impl EtsForm {
    /// Level only, additive error: simple exponential smoothing.
    pub const SIMPLE: Self = Self { error: ErrorKind::Additive, trend: TrendKind::None, season: SeasonKind::None };

    /// The forms worth trying. An additive error beside a multiplicative trend or season has infinite
    /// variance near 0, and a multiplicative trend with an additive season is unstable: those are left out.
    /// Multiplicative trends explode over long horizons, so they are tried on request only.
    pub fn admissible(seasonal: bool, multiplicative_trend: bool) -> Vec<Self> {
        use {ErrorKind as E, SeasonKind as S, TrendKind as T};
        let trends = [T::None, T::Additive, T::Damped, T::Multiplicative, T::MultiplicativeDamped];
        let seasons: &[S] = if seasonal { &[S::None, S::Additive, S::Multiplicative] } else { &[S::None] };
        let mut forms = Vec::new();
        for error in [E::Additive, E::Multiplicative] {
            for trend in trends {
                let grows = matches!(trend, T::Multiplicative | T::MultiplicativeDamped);
                for season in seasons {
                    let infinite = error == E::Additive && (grows || *season == S::Multiplicative);
                    let unstable = grows && *season == S::Additive;
                    if !infinite && !unstable && (!grows || multiplicative_trend) {
                        forms.push(Self { error, trend, season: *season });
                    }
                }
            }
        }
        forms
    }

    /// Whether the form is defined for positive series only.
    pub fn needs_positive(self) -> bool {
        self.error == ErrorKind::Multiplicative || self.season == SeasonKind::Multiplicative || self.trend.is_factor()
    }

    /// Smoothing weights, damping and starting level and slope that are estimated.
    pub(super) const fn n_searched(self) -> usize {
        self.trend.n_parameters() + if matches!(self.season, SeasonKind::None) { 2 } else { 3 }
    }
}

impl TrendKind {
    pub(super) const fn is_factor(self) -> bool {
        matches!(self, Self::Multiplicative | Self::MultiplicativeDamped)
    }

    pub(super) const fn is_damped(self) -> bool {
        matches!(self, Self::Damped | Self::MultiplicativeDamped)
    }

    const fn n_parameters(self) -> usize {
        match self {
            Self::None => 0,
            Self::Additive | Self::Multiplicative => 2,
            Self::Damped | Self::MultiplicativeDamped => 3,
        }
    }
}

impl fmt::Display for EtsForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let error = match self.error {
            ErrorKind::Additive => "A",
            ErrorKind::Multiplicative => "M",
        };
        let trend = match self.trend {
            TrendKind::None => "N",
            TrendKind::Additive => "A",
            TrendKind::Damped => "Ad",
            TrendKind::Multiplicative => "M",
            TrendKind::MultiplicativeDamped => "Md",
        };
        let season = match self.season {
            SeasonKind::None => "N",
            SeasonKind::Additive => "A",
            SeasonKind::Multiplicative => "M",
        };
        write!(f, "ETS({error},{trend},{season})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Without seasons: two errors by none, additive, damped; with them three more additive ones for
    /// an additive season and six multiplicative ones.
    #[test]
    fn admissible_forms_are_counted() {
        assert_eq!(EtsForm::admissible(false, false).len(), 6);
        assert_eq!(EtsForm::admissible(false, true).len(), 8);
        assert_eq!(EtsForm::admissible(true, false).len(), 15);
        assert_eq!(EtsForm::admissible(true, true).len(), 19);
        assert!(EtsForm::admissible(true, true).iter().any(|f| f.to_string() == "ETS(M,Md,M)"));
        assert!(!EtsForm::admissible(true, true).iter().any(|f| f.to_string() == "ETS(A,N,M)"));
    }

    #[test]
    fn what_multiplies_needs_values_above_zero() {
        let n = EtsForm::admissible(true, true).into_iter().filter(|f| !f.needs_positive()).count();
        assert_eq!(n, 6);
    }
}
