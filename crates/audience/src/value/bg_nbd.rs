//! BG/NBD: shoppers buy at their own rate and may drop out after each repeat purchase.
//!
//! Purchases are Poisson at a rate that is gamma over shoppers (`r`, `α`); after each repeat purchase the
//! relation ends with a chance that is beta over shoppers (`a`, `b`). A shopper without a repeat purchase
//! has had no occasion to drop out, so is alive for certain.
//! Source: Fader, Hardie and Lee, "“Counting your customers” the easy way: an alternative to the Pareto/NBD
//! model", Marketing Science 24(2), 2005. Likelihood, gradient and cost: `geometric`; expected
//! purchases: [`super::Living`].

use super::fitted::FitReport;
use super::geometric::{FirstCoin, Geometric};
use super::{PurchaseModel, PurchaseTable, Purchases, ValueError};

/// How to fit.
#[derive(Clone, Debug, PartialEq)]
pub struct BgNbdParams {
    /// Most calls of the likelihood a start.
    pub max_calls: usize,
}

impl Default for BgNbdParams {
    fn default() -> Self {
        Self { max_calls: 300 }
    }
}

/// The fitted model.
#[derive(Clone, Debug, PartialEq)]
pub struct BgNbd(Geometric);

impl BgNbdParams {
    /// Maximum likelihood. Data that say too little for all four parameters give the model that they do
    /// identify; [`FitReport::how`] says which.
    ///
    /// # Errors
    /// [`ValueError::TooLittleData`] without a shopper or without any time observed.
    pub fn fit(&self, table: &PurchaseTable) -> Result<BgNbd, ValueError> {
        Geometric::fit(FirstCoin::AfterRepeat, table, self.max_calls).map(BgNbd)
    }
}

impl BgNbd {
    /// From known parameters, rates in weeks.
    ///
    /// # Errors
    /// [`ValueError::Param`] for one that is not positive.
    pub fn from_parameters(r: f64, alpha: f64, a: f64, b: f64) -> Result<Self, ValueError> {
        Geometric::given(FirstCoin::AfterRepeat, r, alpha, a, b).map(Self)
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

impl PurchaseModel for BgNbd {
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
