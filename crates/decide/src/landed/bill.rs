//! The bill of one unit at a price: parts that add up to the price to the minor unit, and what is left.

use super::LandedError;
use super::case::{DutyRule, Landed, MOST, Regime, round};
use crate::own_file::Said;
use domain::{Decimal, Figure, Money};

/// A part of the price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PartKind {
    /// The goods.
    Goods,
    /// Packing and the way to the lane.
    Inland,
    /// Main leg with fuel and size surcharges.
    MainLeg,
    /// Clearance and handling.
    Clearance,
    /// From the warehouse to the door.
    LastMile,
    /// Insurance.
    Insurance,
    /// Currency buffer.
    FxBuffer,
    /// Customs duty.
    Duty,
    /// Value-added or goods and services tax.
    Tax,
    /// Marketplace fee.
    ChannelFee,
    /// Payment fee.
    PaymentFee,
    /// Other shares of the price.
    Other,
    /// Reserve for returns.
    Returns,
    /// What is left.
    Margin,
}

impl PartKind {
    /// Key of its figure.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Goods => "landed.goods",
            Self::Inland => "landed.inland",
            Self::MainLeg => "landed.main_leg",
            Self::Clearance => "landed.clearance",
            Self::LastMile => "landed.last_mile",
            Self::Insurance => "landed.insurance",
            Self::FxBuffer => "landed.fx_buffer",
            Self::Duty => "landed.duty",
            Self::Tax => "landed.tax",
            Self::ChannelFee => "landed.channel_fee",
            Self::PaymentFee => "landed.payment_fee",
            Self::Other => "landed.other",
            Self::Returns => "landed.returns",
            Self::Margin => "landed.margin",
        }
    }

    /// Its name.
    pub fn said(self) -> Said {
        let (en, zh) = match self {
            Self::Goods => ("goods", "货值"),
            Self::Inland => ("inland leg and packing", "境内段及包装"),
            Self::MainLeg => ("main leg", "干线运费"),
            Self::Clearance => ("clearance and handling", "清关及操作费"),
            Self::LastMile => ("delivery within the market", "目的国境内派送"),
            Self::Insurance => ("insurance", "保险"),
            Self::FxBuffer => ("currency buffer", "汇率缓冲"),
            Self::Duty => ("customs duty", "关税"),
            Self::Tax => ("consumption tax", "增值税／消费税"),
            Self::ChannelFee => ("marketplace fee", "平台佣金"),
            Self::PaymentFee => ("payment fee", "支付手续费"),
            Self::Other => ("other shares of the price", "其他按价计费"),
            Self::Returns => ("reserve for returns", "退货准备金"),
            Self::Margin => ("margin", "毛利"),
        };
        Said::new(en, zh)
    }
}

/// One line of the bill.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Which.
    pub kind: PartKind,
    /// How much; the margin may be negative.
    pub amount: Money,
    /// How it comes about.
    pub formula: String,
}

/// What a price is made of.
#[derive(Clone, Debug, PartialEq)]
pub struct Bill {
    /// What the buyer pays.
    pub price: Money,
    /// Without tax.
    pub net: Money,
    /// Parts, margin last; they add up to the price.
    pub parts: Vec<Part>,
    /// The low-value scheme that holds at this price, `usual`, or `stock`.
    pub regime: String,
    source: String,
}

/// What depends on the price, rounded, in minor units.
pub(crate) struct Moving {
    pub(crate) tax: i64,
    pub(crate) duty: i64,
    pub(crate) fee: i64,
    pub(crate) payment: i64,
    pub(crate) other: i64,
    pub(crate) returns: i64,
}

impl Moving {
    fn total(&self) -> i64 {
        self.tax + self.duty + self.fee + self.payment + self.other + self.returns
    }
}

impl Landed {
    /// The regime that holds at a price.
    pub(crate) fn regime(&self, price: i64) -> &Regime {
        let holds = |r: &&Regime| r.last.is_none_or(|last| price <= last);
        self.regimes.iter().find(holds).unwrap_or(&self.regimes[self.regimes.len() - 1])
    }

    /// Tax, duty, fee, payment, other and returns at a price, none rounded.
    fn exact(&self, regime: &Regime, price: Decimal) -> [Decimal; 6] {
        let net = price / (Decimal::ONE + regime.tax);
        let duty = match regime.duty {
            DutyRule::Fixed(amount) => Decimal::from(amount),
            DutyRule::Inside { rate, deducted } => rate * (net - deducted).max(Decimal::ZERO) / (Decimal::ONE + rate),
        };
        let f = &self.fees;
        let fee = (f.fee * price).max(Decimal::from(f.fee_least)) + Decimal::from(f.fee_fixed);
        let payment = f.payment * price + Decimal::from(f.payment_fixed);
        [price - net, duty, fee, payment, f.other * price, self.returns(duty, payment)]
    }

    /// Each sale kept carries the outward way, duty and payment of those that come back, and what they lose. What comes back
    /// to a warehouse in the market has crossed the border for good.
    fn returns(&self, duty: Decimal, payment: Decimal) -> Decimal {
        let lost = match self.last_mile {
            Some(way) => Decimal::from(way),
            None => Decimal::from(self.inland + self.main + self.clearance + self.insurance) + duty,
        };
        self.fees.returned * (lost + payment + self.fees.return_fixed)
    }

    pub(crate) fn moving(&self, price: i64) -> Result<Moving, LandedError> {
        let [tax, duty, fee, payment, other, _] = self.exact(self.regime(price), Decimal::from(price));
        let (tax, duty, fee, payment, other) = (round(tax)?, round(duty)?, round(fee)?, round(payment)?, round(other)?);
        let returns = round(self.returns(Decimal::from(duty), Decimal::from(payment)))?;
        Ok(Moving { tax, duty, fee, payment, other, returns })
    }

    pub(crate) fn fixed(&self) -> i64 {
        let ways = self.inland + self.main + self.clearance + self.last_mile.unwrap_or(0);
        self.goods + ways + self.insurance + self.fx_buffer
    }

    /// Margin and price without tax, minor units.
    pub(crate) fn margin_and_net(&self, price: i64) -> Result<(i64, i64), LandedError> {
        let moving = self.moving(price)?;
        Ok((price - self.fixed() - moving.total(), price - moving.tax))
    }

    /// `margin − share × net` at a price within a regime, nothing rounded but the fixed parts.
    pub(crate) fn headroom(&self, regime: &Regime, price: Decimal, share: Decimal) -> Decimal {
        let moving = self.exact(regime, price);
        let net = price - moving[0];
        price - Decimal::from(self.fixed()) - moving.iter().sum::<Decimal>() - share * net
    }

    /// What is left of a price. Key `landed.margin`.
    ///
    /// # Errors
    /// [`LandedError::Param`] for a price that is not above 0 or in another currency.
    pub fn margin(&self, price: Money) -> Result<Money, LandedError> {
        let (margin, _) = self.margin_and_net(self.checked(price)?)?;
        Ok(Money { minor: margin, currency: self.currency })
    }

    pub(crate) fn checked(&self, price: Money) -> Result<i64, LandedError> {
        if price.currency == self.currency && price.minor > 0 && price.minor < MOST {
            return Ok(price.minor);
        }
        Err(LandedError::Param { what: "price", got: price.to_string(), right: "above 0, in the market's currency" })
    }

    /// The bill at a price.
    ///
    /// # Errors
    /// As [`Self::margin`].
    pub fn bill(&self, price: Money) -> Result<Bill, LandedError> {
        let p = self.checked(price)?;
        let m = self.moving(p)?;
        let regime = self.regime(p);
        let money = |minor: i64| Money { minor, currency: self.currency };
        let f = &self.fees;
        let percent = |x: Decimal| format!("{} %", (x * Decimal::ONE_HUNDRED).round_dp(2).normalize());
        let kg = self.freight.chargeable_kg.normalize();
        let by = if self.freight.by_volume { "volume" } else { "weight" };
        let duty = match regime.duty {
            DutyRule::Fixed(_) if regime.name == "stock" => "rate × customs value at cost".to_owned(),
            DutyRule::Fixed(_) => format!("fixed by the scheme {}", regime.name),
            DutyRule::Inside { rate, deducted } if deducted.is_zero() => {
                format!("{0} × net / (1 + {0})", percent(rate))
            }
            DutyRule::Inside { rate, .. } => {
                format!("{0} × (net − main leg − insurance) / (1 + {0}), not below 0", percent(rate))
            }
        };
        let mut parts = Vec::with_capacity(14);
        let mut add = |kind, minor, formula: String| parts.push(Part { kind, amount: money(minor), formula });
        add(PartKind::Goods, self.goods, "cost of one unit at the day's rate".to_owned());
        add(PartKind::Inland, self.inland, "as stated, at the day's rate".to_owned());
        add(PartKind::MainLeg, self.main, format!("{kg} kg by {by}: price step × (1 + fuel) + size surcharge"));
        add(PartKind::Clearance, self.clearance, "a parcel, as the lane states it".to_owned());
        let last_mile = self.last_mile.unwrap_or(0);
        add(PartKind::LastMile, last_mile, "an order from the warehouse to the door, as the lane states it".to_owned());
        add(PartKind::Insurance, self.insurance, "share × (goods + inland + main leg)".to_owned());
        add(PartKind::FxBuffer, self.fx_buffer, "buffer × what was converted".to_owned());
        add(PartKind::Duty, m.duty, duty);
        add(PartKind::Tax, m.tax, format!("price × {0} / (1 + {0})", percent(regime.tax)));
        add(
            PartKind::ChannelFee,
            m.fee,
            format!("{} of the price, at least the least fee, + fixed fee", percent(f.fee)),
        );
        add(PartKind::PaymentFee, m.payment, format!("{} of the price + fixed amount", percent(f.payment)));
        add(PartKind::Other, m.other, format!("{} of the price", percent(f.other)));
        let returned = f.returned.round_dp(4).normalize();
        let returns = match self.last_mile {
            Some(_) => "(delivery within the market + payment fee + way back + loss of goods)",
            None => "(outward way + duty + payment fee + way back + loss of goods)",
        };
        add(PartKind::Returns, m.returns, format!("{returned} returned orders a kept one × {returns}"));
        add(PartKind::Margin, p - self.fixed() - m.total(), "price − all other parts".to_owned());
        Ok(Bill { price, net: money(p - m.tax), parts, regime: regime.name.clone(), source: self.source() })
    }

    /// The rows used, `verify` where one is no stated fact.
    pub fn source(&self) -> String {
        let row = |c: &super::Citation| {
            let verify = if c.confidence.verify() { ", verify" } else { "" };
            format!("{} from {} ({}{verify})", c.id, c.from, c.source)
        };
        self.cites.iter().map(row).collect::<Vec<_>>().join("; ")
    }

    /// Whether a person has to check a row that was used.
    pub fn verify(&self) -> bool {
        self.cites.iter().any(|c| c.confidence.verify())
    }
}

impl Bill {
    /// Amount of a part.
    pub fn part(&self, kind: PartKind) -> Money {
        let found = self.parts.iter().find(|p| p.kind == kind).map(|p| p.amount);
        found.unwrap_or(Money { minor: 0, currency: self.price.currency })
    }

    /// Goods at the door: goods to duty, without tax and fees.
    pub fn landed_cost(&self) -> Money {
        let at_door = |k: PartKind| k <= PartKind::Duty;
        let minor = self.parts.iter().filter(|p| at_door(p.kind)).map(|p| p.amount.minor).sum();
        Money { minor, currency: self.price.currency }
    }

    /// Each part as a figure, margin last: a waterfall that ends at the price.
    pub fn figures(&self) -> Vec<Figure> {
        let figure =
            |p: &Part| Figure::money(p.kind.key(), p.amount, 1).formula(p.formula.clone()).source(self.source.clone());
        self.parts.iter().map(figure).collect()
    }
}
