//! MBG/NBD: as BG/NBD, but a shopper may drop out after the very first purchase too.
//!
//! So a shopper who bought once is not alive for certain, and one-time buyers need no tiny purchase rate to
//! be explained.
//! Source: Batislam, Denizel and Filiztekin, "Empirical validation and comparison of models for customer
//! base analysis", International Journal of Research in Marketing 24(3), 2007. Likelihood, gradient and
//! cost: `geometric`; expected purchases: [`super::Living`].

use super::fitted::FitReport;
use super::geometric::{FirstCoin, Geometric};
use super::{PurchaseModel, PurchaseTable, Purchases, ValueError};

/// How to fit.
#[derive(Clone, Debug, PartialEq)]
pub struct MbgNbdParams {
    /// Most calls of the likelihood a start.
    pub max_calls: usize,
}

impl Default for MbgNbdParams {
    fn default() -> Self {
        Self { max_calls: 300 }
    }
}

/// The fitted model.
#[derive(Clone, Debug, PartialEq)]
pub struct MbgNbd(Geometric);

impl MbgNbdParams {
    /// Maximum likelihood. Data that say too little for all four parameters give the model that they do
    /// identify; [`FitReport::how`] says which.
    ///
    /// # Errors
    /// [`ValueError::TooLittleData`] without a shopper or without any time observed.
    pub fn fit(&self, table: &PurchaseTable) -> Result<MbgNbd, ValueError> {
        Geometric::fit(FirstCoin::AtOnce, table, self.max_calls).map(MbgNbd)
    }
}

impl MbgNbd {
    /// From known parameters, rates in weeks.
    ///
    /// # Errors
    /// [`ValueError::Param`] for one that is not positive.
    pub fn from_parameters(r: f64, alpha: f64, a: f64, b: f64) -> Result<Self, ValueError> {
        Geometric::given(FirstCoin::AtOnce, r, alpha, a, b).map(Self)
    }

    /// Shape of the purchase rate.
    pub fn r(&self) -> f64 {
        self.0.r
    }

    /// Scale of the purchase rate: the mean rate is `r / alpha` a week.
    pub fn alpha(&self) -> f64 {
        self.0.alpha
    }

    /// `(a, b)` of the chance to drop out after a purchase; `None` where the data do not identify it.
    pub fn drop_out(&self) -> Option<(f64, f64)> {
        self.0.drop_out
    }
}

impl PurchaseModel for MbgNbd {
    fn report(&self) -> &FitReport {
        &self.0.report
    }

    fn log_likelihood(&self, table: &PurchaseTable) -> f64 {
        self.0.log_likelihood(table)
    }

    fn p_alive(&self, shopper: &Purchases) -> f64 {
        self.0.p_alive(shopper)
    }

    fn expected_if_alive(&self, shopper: &Purchases, weeks: f64) -> f64 {
        self.0.living(shopper).purchases(weeks).mean
    }

    fn expected_of_newcomer(&self, weeks: f64) -> f64 {
        let (p_alive, living) = self.0.newcomer();
        p_alive * living.purchases(weeks).mean
    }
}
