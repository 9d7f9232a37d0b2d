//! One product on its way to one market through one channel: what does not depend on the price is settled here, once.

use super::LandedError;
use super::freight::Freight;
use super::lane::{Lane, TransportClass};
use super::parcel::Parcel;
use super::tables::{Channel, Citation, CostTables, CustomsBase, LowValue, SchemeDuty, SchemeTax};
use domain::{Currency, Day, Decimal, FxRate, Market, Money, MoneyError, Rounding};
use std::collections::{BTreeMap, BTreeSet};

/// How the goods reach the buyer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Route {
    /// Each order crosses the border as a parcel, duties and taxes paid by the seller.
    Parcel,
    /// Imported in bulk at cost, sold from a warehouse in the market.
    Stock,
}

/// Exchange rates of a day.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct FxBook {
    rates: BTreeMap<(Currency, Currency), FxRate>,
}

impl FxBook {
    /// For each pair the last rate published on or before `day`.
    pub fn on(day: Day, rates: impl IntoIterator<Item = FxRate>) -> Self {
        let mut book = BTreeMap::<(Currency, Currency), FxRate>::new();
        for rate in rates.into_iter().filter(|r| r.day <= day && r.rate > Decimal::ZERO) {
            let newest = book.entry((rate.from, rate.to)).or_insert(rate);
            if newest.day < rate.day {
                *newest = rate;
            }
        }
        Self { rates: book }
    }

    /// Units of `to` for one of `from`: as published, else its inverse, else through one other currency (first by code).
    pub fn rate(&self, from: Currency, to: Currency) -> Option<Decimal> {
        if from == to {
            return Some(Decimal::ONE);
        }
        let direct = |a: Currency, b: Currency| {
            let inverse = || self.rates.get(&(b, a)).map(|r| Decimal::ONE / r.rate);
            self.rates.get(&(a, b)).map(|r| r.rate).or_else(inverse)
        };
        let through = || {
            let between: BTreeSet<Currency> = self.rates.keys().flat_map(|(a, b)| [*a, *b]).collect();
            between.into_iter().find_map(|c| direct(from, c)?.checked_mul(direct(c, to)?))
        };
        direct(from, to).or_else(through)
    }

    /// Converts and rounds once, half up.
    ///
    /// # Errors
    /// [`LandedError::NoRate`] without a rate, [`LandedError::Money`] where it does not fit.
    pub fn convert(&self, money: Money, to: Currency) -> Result<Money, LandedError> {
        let rate = self.rate(money.currency, to).ok_or(LandedError::NoRate { from: money.currency, to })?;
        let exact = money.to_decimal().checked_mul(rate).ok_or(MoneyError::TooLarge(money.to_decimal()))?;
        Ok(Money::from_decimal(exact, to, Rounding::HalfUp)?)
    }
}

/// What is known of a unit before it leaves.
#[derive(Clone, Debug, PartialEq)]
pub struct UnitCosts {
    /// Cost of the goods, without recoverable tax.
    pub goods: Money,
    /// Packing and the way to where the lane starts.
    pub inland: Option<Money>,
    /// HS code, digits, as long as it is known.
    pub hs: String,
    /// Where it was made.
    pub origin: Market,
    /// Packed weight and sides.
    pub parcel: Parcel,
    /// What a carrier asks about.
    pub classes: BTreeSet<TransportClass>,
}

/// A product, a market, a channel, a lane, on a day.
#[derive(Clone, Copy, Debug)]
pub struct LandedCase<'a> {
    /// Where it is sold.
    pub market: Market,
    /// Currency of the price.
    pub currency: Currency,
    /// The day that rates, schemes and fees are those of.
    pub day: Day,
    /// How it gets there.
    pub route: Route,
    /// The unit.
    pub costs: &'a UnitCosts,
    /// Who carries it over the border: to the buyer, or to the warehouse that the last mile starts from.
    pub lane: &'a Lane,
    /// Who carries an order from the warehouse to the buyer.
    pub last_mile: Option<&'a Lane>,
    /// Taxes, schemes, duties.
    pub tables: &'a CostTables,
    /// Fees.
    pub channel: &'a Channel,
    /// Rates.
    pub fx: &'a FxBook,
    /// Insurance, share of goods, inland and main leg.
    pub insurance: Decimal,
    /// Currency buffer, share of all that is converted from another currency.
    pub fx_buffer: Decimal,
}

/// How duty depends on the price, in minor units of the market.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum DutyRule {
    /// The same at any price.
    Fixed(i64),
    /// `rate × max(0, net − deducted) / (1 + rate)`.
    Inside { rate: Decimal, deducted: Decimal },
}

/// What holds up to a price.
#[derive(Clone, Debug, PartialEq)]
pub struct Regime {
    /// Id of the low-value scheme; `usual` above all of them, `stock` for bulk imports.
    pub name: String,
    /// Last price, minor units, at which it holds; `None` for the usual one.
    pub(crate) last: Option<i64>,
    /// Tax as a share of the price without tax.
    pub(crate) tax: Decimal,
    pub(crate) duty: DutyRule,
}

/// A case with all that does not depend on the price settled. All amounts in minor units of the market's currency.
#[derive(Clone, Debug, PartialEq)]
pub struct Landed {
    /// Where it is sold.
    pub market: Market,
    /// Currency of all amounts.
    pub currency: Currency,
    /// Main leg as the lane charges it.
    pub freight: Freight,
    /// Days to the door, half and nine of ten.
    pub days: (u16, u16),
    /// Days over the border, to the door or to the warehouse, half and nine of ten.
    pub supply_days: (u16, u16),
    /// Every dated row that was used.
    pub cites: Vec<Citation>,
    pub(crate) goods: i64,
    pub(crate) inland: i64,
    pub(crate) main: i64,
    pub(crate) clearance: i64,
    /// From the warehouse to the door, where it is a way of its own.
    pub(crate) last_mile: Option<i64>,
    pub(crate) insurance: i64,
    pub(crate) fx_buffer: i64,
    /// Ascending by `last`, the usual one at the end.
    pub(crate) regimes: Vec<Regime>,
    pub(crate) fees: Fees,
}

/// Fees in minor units.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fees {
    pub(crate) fee: Decimal,
    pub(crate) fee_least: i64,
    pub(crate) fee_fixed: i64,
    pub(crate) payment: Decimal,
    pub(crate) payment_fixed: i64,
    pub(crate) other: Decimal,
    /// `rate / (1 − rate)`: returned orders for each that is kept.
    pub(crate) returned: Decimal,
    /// What each returned order costs besides main leg, duty and payment.
    pub(crate) return_fixed: Decimal,
}

impl LandedCase<'_> {
    /// Settles everything that does not depend on the price.
    ///
    /// # Errors
    /// [`LandedError`] naming what is missing: a tax, a duty rate, an exchange rate; or a lane that does not take the parcel.
    pub fn prepare(&self) -> Result<Landed, LandedError> {
        self.check()?;
        let carried = |lane: &Lane| {
            let wrong = |why: super::WhyNot| LandedError::Lane { lane: lane.id.clone(), why: why.said().en };
            lane.freight(&self.costs.parcel, &self.costs.classes).map_err(wrong)
        };
        let freight = carried(self.lane)?;
        let goods = self.minor(self.costs.goods)?;
        let inland = self.minor_of(self.costs.inland)?;
        let main = self.minor(freight.main.plus(freight.oversize)?)?;
        let clearance = self.minor(freight.clearance)?;
        let last = self.last_mile.map(|lane| carried(lane)?.total()).transpose()?;
        let last_mile = last.map(|m| self.minor(m)).transpose()?;
        let share = |amount: i64, share: Decimal| round(Decimal::from(amount) * share);
        let insurance = share(goods + inland + main, self.insurance)?;
        let foreign = |money: Option<Money>, amount: i64| match money {
            Some(m) if m.currency != self.currency => amount,
            _ => 0,
        };
        let converted = foreign(Some(self.costs.goods), goods)
            + foreign(self.costs.inland, inland)
            + foreign(Some(freight.main), main + clearance)
            + foreign(last, last_mile.unwrap_or(0));
        let fx_buffer = share(converted, self.fx_buffer)?;

        let no_tax = LandedError::NoTax { market: self.market, day: self.day };
        let tax = self.tables.tax(self.market, self.day).ok_or(no_tax)?;
        let duty = self.tables.duty(self.market, &self.costs.hs, self.costs.origin, self.day).ok_or_else(|| {
            LandedError::NoDuty { market: self.market, hs: self.costs.hs.clone(), origin: self.costs.origin }
        })?;
        let mut cites = vec![tax.cite.clone(), duty.cite.clone()];
        let border = Decimal::from(main + insurance);
        let regimes = match self.route {
            Route::Stock => {
                let base = match tax.customs {
                    CustomsBase::Cif => Decimal::from(goods + inland) + border,
                    CustomsBase::Fob => Decimal::from(goods + inland),
                };
                let duty = DutyRule::Fixed(round(base * duty.rate)?);
                vec![Regime { name: "stock".to_owned(), last: None, tax: tax.rate, duty }]
            }
            Route::Parcel => {
                let deducted = match tax.customs {
                    CustomsBase::Cif => Decimal::ZERO,
                    CustomsBase::Fob => border,
                };
                let usual = DutyRule::Inside { rate: duty.rate, deducted };
                let mut regimes = Vec::new();
                for scheme in self.tables.schemes(self.market, self.costs.origin, self.day) {
                    cites.push(scheme.cite.clone());
                    regimes.push(self.regime(scheme, tax.rate, usual, deducted)?);
                }
                regimes.sort_by(|a, b| a.last.cmp(&b.last).then_with(|| a.name.cmp(&b.name)));
                regimes.push(Regime { name: "usual".to_owned(), last: None, tax: tax.rate, duty: usual });
                regimes
            }
        };
        cites.push(self.channel.cite.clone());
        cites.extend([Some(self.lane), self.last_mile].into_iter().flatten().map(|lane| Citation {
            id: lane.id.clone(),
            from: self.day,
            source: lane.source.clone(),
            confidence: lane.confidence,
        }));
        let days = |lane: &Lane| (lane.days_p50, lane.days_p90);
        Ok(Landed {
            market: self.market,
            currency: self.currency,
            days: days(self.last_mile.unwrap_or(self.lane)),
            supply_days: days(self.lane),
            freight,
            cites,
            goods,
            inland,
            main,
            clearance,
            last_mile,
            insurance,
            fx_buffer,
            regimes,
            fees: self.fees(goods)?,
        })
    }

    fn check(&self) -> Result<(), LandedError> {
        let share = "a share from 0 to below 1";
        let shares = [
            ("insurance", self.insurance),
            ("currency buffer", self.fx_buffer),
            ("marketplace fee", self.channel.fee),
            ("payment fee", self.channel.payment),
            ("other share of the price", self.channel.other),
        ];
        let limited = [
            ("return rate", self.channel.return_rate, Decimal::new(95, 2), "a share from 0 to 0.95"),
            ("loss of a return", self.channel.return_loss, Decimal::ONE, "a share from 0 to 1"),
        ];
        if let Some((what, got, _, right)) = limited.into_iter().find(|(_, x, most, _)| *x < Decimal::ZERO || x > most)
        {
            return Err(LandedError::Param { what, got: got.to_string(), right });
        }
        if let Some((what, got)) = shares.into_iter().find(|(_, x)| *x < Decimal::ZERO || *x >= Decimal::ONE) {
            return Err(LandedError::Param { what, got: got.to_string(), right: share });
        }
        if self.costs.goods.minor < 0 {
            let got = self.costs.goods.to_string();
            return Err(LandedError::Param { what: "cost of the goods", got, right: "an amount of at least 0" });
        }
        let digits = !self.costs.hs.is_empty() && self.costs.hs.bytes().all(|b| b.is_ascii_digit());
        if !digits {
            let got = self.costs.hs.clone();
            return Err(LandedError::Param { what: "HS code", got, right: "two or more digits: 851631" });
        }
        Ok(())
    }

    /// In minor units of the market; what is too large to be added up safely is refused here.
    fn minor(&self, money: Money) -> Result<i64, LandedError> {
        let minor = self.fx.convert(money, self.currency)?.minor;
        if minor.unsigned_abs() > MOST.unsigned_abs() {
            return Err(MoneyError::TooLarge(money.to_decimal()).into());
        }
        Ok(minor)
    }

    fn minor_of(&self, money: Option<Money>) -> Result<i64, LandedError> {
        money.map_or(Ok(0), |m| self.minor(m))
    }

    fn regime(
        &self,
        scheme: &LowValue,
        rate: Decimal,
        usual: DutyRule,
        deducted: Decimal,
    ) -> Result<Regime, LandedError> {
        let tax = match scheme.tax {
            SchemeTax::AtSale | SchemeTax::AtImport => rate,
            SchemeTax::Free => Decimal::ZERO,
        };
        let duty = match scheme.duty {
            SchemeDuty::Free => DutyRule::Fixed(0),
            SchemeDuty::Usual => usual,
            SchemeDuty::Flat(amount) => DutyRule::Fixed(self.minor(amount)?),
            SchemeDuty::Share(rate) => DutyRule::Inside { rate, deducted },
        };
        // The last whole minor unit whose price without tax does not pass the threshold.
        let threshold = self.minor(scheme.threshold)?;
        let last = to_i64((Decimal::from(threshold) * (Decimal::ONE + tax)).floor())?;
        Ok(Regime { name: scheme.cite.id.clone(), last: Some(last), tax, duty })
    }

    fn fees(&self, goods: i64) -> Result<Fees, LandedError> {
        let c = self.channel;
        let returned = c.return_rate / (Decimal::ONE - c.return_rate);
        let return_leg = Decimal::from(self.minor_of(c.return_leg)?);
        Ok(Fees {
            fee: c.fee,
            fee_least: self.minor_of(c.fee_least)?,
            fee_fixed: self.minor_of(c.fee_fixed)?,
            payment: c.payment,
            payment_fixed: self.minor_of(c.payment_fixed)?,
            other: c.other,
            returned,
            return_fixed: return_leg + c.return_loss * Decimal::from(goods),
        })
    }
}

/// Largest amount that is reckoned with, minor units: ten million million of what has cents.
pub(crate) const MOST: i64 = 1_000_000_000_000_000;

/// Half up to a whole minor unit.
pub(crate) fn round(x: Decimal) -> Result<i64, LandedError> {
    to_i64(Rounding::HalfUp.round(x, 0))
}

pub(crate) fn to_i64(x: Decimal) -> Result<i64, LandedError> {
    i64::try_from(x).map_err(|_| LandedError::Money(domain::MoneyError::TooLarge(x)))
}
