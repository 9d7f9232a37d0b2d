//! How decisions are made: `[decide]` in portolan.toml.

use decide::landed::Route;
use domain::Decimal;
use serde::Deserialize;

/// The table as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RawDecide {
    /// Share of the net price that has to be left, 0 to below 1.
    margin: Option<f64>,
    /// Channel of sale whose fees count.
    channel: Option<String>,
    /// Advertising a week, reporting currency.
    budget: Option<f64>,
    /// Insurance, share of goods and freight.
    insurance: Option<f64>,
    /// Buffer against exchange rates, share of what is converted.
    fx_buffer: Option<f64>,
    /// Share of its landed cost that a unit left over of a first order loses.
    left_over: Option<f64>,
    /// How goods reach buyers abroad: `parcel` or `stock`.
    route: Option<Route>,
}

/// The settings.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct DecideSettings {
    /// Share of the net price that has to be left.
    pub(crate) margin: Decimal,
    /// The channel of sale whose fees count.
    pub(crate) channel: String,
    /// Advertising a week in the reporting currency; what is spent now without it.
    pub(crate) budget: Option<f64>,
    /// Insurance, share of goods and freight.
    pub(crate) insurance: Decimal,
    /// Buffer against exchange rates, share of what is converted.
    pub(crate) fx_buffer: Decimal,
    /// Share of its landed cost that a unit left over of a first order loses.
    pub(crate) left_over: f64,
    /// How goods reach buyers abroad; without it, from stock where stock was counted for the market, else as parcels.
    pub(crate) route: Option<Route>,
}

impl Default for DecideSettings {
    fn default() -> Self {
        Self {
            margin: Decimal::new(15, 2),
            channel: "own_shop".to_owned(),
            budget: None,
            insurance: Decimal::new(5, 3),
            fx_buffer: Decimal::new(2, 2),
            left_over: 0.25,
            route: None,
        }
    }
}

impl RawDecide {
    /// With the defaults in the place of what is not written; else what is wrong with which key.
    pub(crate) fn settings(self) -> Result<DecideSettings, String> {
        let mut settings = DecideSettings::default();
        let share = |key: &str, value: Option<f64>, into: &mut Decimal| match value {
            None => Ok(()),
            Some(x) if (0.0..1.0).contains(&x) => {
                *into = Decimal::try_from(x).map_err(|e| format!("`{key}`: {e}"))?.round_dp(6);
                Ok(())
            }
            Some(x) => Err(format!("`{key}` is {x}: a share from 0 to below 1, such as 0.15")),
        };
        share("margin", self.margin, &mut settings.margin)?;
        share("insurance", self.insurance, &mut settings.insurance)?;
        share("fx_buffer", self.fx_buffer, &mut settings.fx_buffer)?;
        if let Some(x) = self.left_over {
            if !(x > 0.0 && x <= 1.0) {
                return Err(format!("`left_over` is {x}: a share above 0 and at most 1, such as 0.25"));
            }
            settings.left_over = x;
        }
        if let Some(budget) = self.budget {
            if !(budget >= 0.0 && budget.is_finite()) {
                return Err(format!("`budget` is {budget}: an amount a week, 0 or more"));
            }
            settings.budget = Some(budget);
        }
        settings.route = self.route;
        settings.channel = self.channel.unwrap_or(settings.channel);
        Ok(settings)
    }
}
