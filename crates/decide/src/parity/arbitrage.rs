//! Grey markets: where it pays to buy in one market and bring the goods to another.
//!
//! Two people may do it. A *trader* buys at the source's price less its VAT (refunded on export, or not charged between
//! registered firms), pays freight and duty, and sells at the target's price less its VAT and a discount that draws buyers away
//! from us; import VAT is passed on. A *shopper* pays the source's price, with its VAT unless the shop takes it off for foreign
//! addresses, then freight, duty and the target's VAT on all of it, and compares with the target's price. Duty is on goods and
//! freight together (CIF), except below the target's threshold. Within a customs union there is no duty, no import
//! VAT, and the source's VAT stays.
//!
//! Everything is exact money in the target's currency, converted once by a dated rate, duty and VAT rounded up against the
//! trader: a route is only reported where it pays by more than [`ArbitrageParams::least_margin`]. Cost: products × pairs of markets.

use crate::price::{PriceError, Said};
use domain::{Decimal, FxRate, Market, Money, ProductId, Rounding};

/// A market's price of a product.
#[derive(Clone, Debug, PartialEq)]
pub struct MarketPrice {
    /// Product.
    pub product: ProductId,
    /// Market.
    pub market: Market,
    /// Price as the shopper sees it, VAT included.
    pub price: Money,
    /// VAT or GST in it, such as 0.19.
    pub vat: Decimal,
}

/// What it takes to bring one unit from a market to another.
#[derive(Clone, Debug, PartialEq)]
pub struct Route {
    /// Where it is bought.
    pub from: Market,
    /// Where it is sold or used.
    pub to: Market,
    /// Units of the target's currency for one of the source's.
    pub rate: FxRate,
    /// Freight of one unit for a trader, in the target's currency.
    pub bulk_freight: Money,
    /// Freight of one parcel for a shopper, in the target's currency.
    pub parcel_freight: Money,
    /// Duty, such as 0.04.
    pub duty: Decimal,
    /// Goods worth at most this pay no duty in a parcel; `None` for no such threshold.
    pub free_below: Option<Money>,
    /// Whether a border is crossed.
    pub border: Border,
}

/// Whether goods are exported and imported on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Border {
    /// One customs territory.
    None,
    /// Export and import.
    Customs,
}

/// Who profits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Who {
    /// Buys to sell.
    Trader,
    /// Buys to use.
    Shopper,
}

/// What counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ArbitrageParams {
    /// Least margin on what it costs them; below it nobody bothers.
    pub least_margin: Decimal,
    /// Discount on the target's price at which a trader sells.
    pub trader_discount: Decimal,
    /// Whether shops of a source take VAT off for shoppers of other countries.
    pub export_vat: ExportVat,
}

/// What a shop does with VAT on parcels abroad.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportVat {
    /// The shopper pays it all the same.
    Charged,
    /// It is taken off.
    TakenOff,
}

impl Default for ArbitrageParams {
    fn default() -> Self {
        Self { least_margin: Decimal::new(10, 2), trader_discount: Decimal::new(10, 2), export_vat: ExportVat::Charged }
    }
}

/// A route on which it pays.
#[derive(Clone, Debug, PartialEq)]
pub struct Leak {
    /// Product.
    pub product: ProductId,
    /// Where it is bought.
    pub from: Market,
    /// Where it goes.
    pub to: Market,
    /// For whom it pays.
    pub who: Who,
    /// What the unit costs them there, everything included, in the target's currency.
    pub costs: Money,
    /// What they get for it, or save.
    pub gets: Money,
    /// `gets − costs`.
    pub profit: Money,
    /// `profit / costs`.
    pub margin: Decimal,
    /// The source price from which on it no longer pays, in the source's currency, rounded up.
    pub closes_at: Money,
    /// For people: every step.
    pub said: Said,
}

/// Leaks, the largest margin first, ties by product, route and who.
///
/// # Errors
/// [`PriceError`] for a rate, freight or price in the wrong currency, a price not above 0, a VAT or duty below 0.
pub fn leaks(prices: &[MarketPrice], routes: &[Route], params: &ArbitrageParams) -> Result<Vec<Leak>, PriceError> {
    for price in prices {
        if price.price.minor <= 0 {
            return Err(PriceError::Param { name: "price", rule: "above 0", got: price.price.minor as f64 });
        }
        not_negative("vat", price.vat)?;
    }
    let mut out = Vec::new();
    for route in routes {
        not_negative("duty", route.duty)?;
        for source in prices.iter().filter(|p| p.market == route.from) {
            for target in prices.iter().filter(|p| p.market == route.to && p.product == source.product) {
                for who in [Who::Trader, Who::Shopper] {
                    out.extend(leak(source, target, route, who, params)?);
                }
            }
        }
    }
    out.sort_by(|a, b| {
        b.margin.cmp(&a.margin).then_with(|| {
            (&a.product, a.from.code(), a.to.code(), a.who).cmp(&(&b.product, b.from.code(), b.to.code(), b.who))
        })
    });
    Ok(out)
}

fn not_negative(name: &'static str, rate: Decimal) -> Result<(), PriceError> {
    if rate < Decimal::ZERO {
        let got = rate.to_string().parse().unwrap_or(f64::NAN);
        return Err(PriceError::Param { name, rule: "at least 0", got });
    }
    Ok(())
}

fn leak(
    source: &MarketPrice,
    target: &MarketPrice,
    route: &Route,
    who: Who,
    params: &ArbitrageParams,
) -> Result<Option<Leak>, PriceError> {
    let need = target.price.currency;
    let freight = match who {
        Who::Trader => route.bulk_freight,
        Who::Shopper => route.parcel_freight,
    };
    for (what, money) in [("freight", freight)].into_iter().chain(route.free_below.map(|m| ("a duty threshold", m))) {
        if money.currency != need {
            return Err(PriceError::Currency { what, got: money.currency, need });
        }
    }
    let one = Decimal::ONE;
    let exported = route.border == Border::Customs;
    let vat_off = match who {
        Who::Trader => true,
        Who::Shopper => exported && params.export_vat == ExportVat::TakenOff,
    };
    let bought = if vat_off {
        Money::from_decimal(source.price.to_decimal() / (one + source.vat), source.price.currency, Rounding::HalfUp)?
    } else {
        source.price
    };
    let goods = route.rate.convert(bought, Rounding::HalfUp)?;
    let worth = goods.plus(freight)?;
    let free = who == Who::Shopper && route.free_below.is_some_and(|limit| goods.minor <= limit.minor);
    let duty = if exported && !free {
        up(worth.to_decimal() * route.duty, worth)?
    } else {
        Money { minor: 0, currency: need }
    };
    let before_vat = worth.plus(duty)?;
    let vat = match who {
        Who::Shopper if exported => up(before_vat.to_decimal() * target.vat, worth)?,
        Who::Trader | Who::Shopper => Money { minor: 0, currency: need },
    };
    let costs = before_vat.plus(vat)?;
    let gets = match who {
        Who::Trader => {
            let net = target.price.to_decimal() / (one + target.vat) * (one - params.trader_discount);
            Money::from_decimal(net, need, Rounding::HalfEven)?
        }
        Who::Shopper => target.price,
    };
    let profit = Money { minor: gets.minor - costs.minor, currency: need };
    let margin = Decimal::from(profit.minor) / Decimal::from(costs.minor.max(1));
    if margin <= params.least_margin {
        return Ok(None);
    }
    // The goods may cost what is left of the target's price when margin, taxes and freight are taken out.
    let vat_factor = if who == Who::Shopper && exported { one + target.vat } else { one };
    let duty_factor = if duty.minor > 0 { one + route.duty } else { one };
    let goods_then = gets.to_decimal() / (one + params.least_margin) / vat_factor / duty_factor - freight.to_decimal();
    let source_then = goods_then / route.rate.rate * if vat_off { one + source.vat } else { one };
    let closes_at = up(source_then, source.price)?;
    let percent = (margin * Decimal::ONE_HUNDRED).round_dp(1);
    let (en, zh) = match who {
        Who::Trader => ("a trader", "贸易商"),
        Who::Shopper => ("a shopper", "个人买家"),
    };
    let said = Said::new(
        format!(
            "{en} buys in {} for {bought} ({goods}), pays {freight} freight, {duty} duty and {vat} VAT: {costs} in {}, against {gets} there: {profit} or {percent} % gained; it ends at {closes_at} in {}",
            source.market.code(),
            target.market.code(),
            source.market.code()
        ),
        format!(
            "{zh}在 {} 以 {bought} 购入（合 {goods}），运费 {freight}、关税 {duty}、增值税 {vat}，到 {} 共 {costs}，而当地为 {gets}：获利 {profit}，即 {percent} %；{} 价格升至 {closes_at} 时不再有利可图",
            source.market.code(),
            target.market.code(),
            source.market.code()
        ),
    );
    Ok(Some(Leak {
        product: source.product.clone(),
        from: source.market,
        to: target.market,
        who,
        costs,
        gets,
        profit,
        margin,
        closes_at,
        said,
    }))
}

/// Rounded up to the minor unit of `like`.
fn up(value: Decimal, like: Money) -> Result<Money, PriceError> {
    let digits = like.currency.exponent();
    let scale = Decimal::from(10_i64.pow(digits));
    Ok(Money::from_decimal((value * scale).ceil() / scale, like.currency, Rounding::HalfUp)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{Currency, Day};
    use proptest::prelude::*;

    fn money(minor: i64, code: &str) -> Money {
        Money { minor, currency: code.parse().unwrap() }
    }

    fn price(market: &str, minor: i64, code: &str, vat: i64) -> MarketPrice {
        let vat = Decimal::new(vat, 2);
        MarketPrice { product: "P".into(), market: market.parse().unwrap(), price: money(minor, code), vat }
    }

    fn route(from: &str, to: &str, rate: Decimal, currencies: [&str; 2], border: Border) -> Route {
        let [a, b]: [Currency; 2] = currencies.map(|c| c.parse().unwrap());
        Route {
            from: from.parse().unwrap(),
            to: to.parse().unwrap(),
            rate: FxRate { from: a, to: b, day: Day(0), rate },
            bulk_freight: Money { minor: 300, currency: b },
            parcel_freight: Money { minor: 1_500, currency: b },
            duty: Decimal::new(4, 2),
            free_below: None,
            border,
        }
    }

    // JP 11,000 JPY with 10 % = 10,000 net, at .006 = 60.00 EUR; DE 129.00 with 19 %.
    // Trader: (60 + 3) × 1.04 = 65.52 against 129 / 1.19 × .9 = 97.56: 32.04, 48.9 %.
    // Shopper with VAT charged: 66.00 + 15.00 = 81.00, duty 3.24, VAT 16.01 (84.24 × .19 = 16.0056 up): 100.25 against 129.00: 28.7 %.
    #[test]
    fn a_route_by_hand() {
        let prices = [price("JP", 11_000, "JPY", 10), price("DE", 12_900, "EUR", 19)];
        let routes = [route("JP", "DE", Decimal::new(6, 3), ["JPY", "EUR"], Border::Customs)];
        let got = leaks(&prices, &routes, &ArbitrageParams::default()).unwrap();
        assert_eq!(got.iter().map(|l| l.who).collect::<Vec<_>>(), [Who::Trader, Who::Shopper]);
        assert_eq!((got[0].costs.minor, got[0].gets.minor, got[0].profit.minor), (6_552, 9_756, 3_204));
        assert_eq!((got[1].costs.minor, got[1].gets.minor), (10_025, 12_900));
        assert_eq!(got[0].margin.round_dp(3), Decimal::new(489, 3));
        assert!(got[1].said.en.contains("16.01 EUR VAT") && got[1].said.zh.contains("JP"));
        // At the price where it closes, and one yen above, nothing is left.
        for leak in &got {
            let shut = [price("JP", leak.closes_at.minor + 1, "JPY", 10), prices[1].clone()];
            let left = leaks(&shut, &routes, &ArbitrageParams::default()).unwrap();
            assert!(left.iter().all(|l| l.who != leak.who), "{left:?}");
            let open = [price("JP", leak.closes_at.minor - 20, "JPY", 10), prices[1].clone()];
            let still = leaks(&open, &routes, &ArbitrageParams::default()).unwrap();
            assert!(still.iter().any(|l| l.who == leak.who), "{leak:?}");
        }
    }

    #[test] // PL 80 EUR with 23 %, DE 100 with 19 %: shopper 80 + 15 = 95, 5.3 %: too little; at 70, 85: 17.6 %.
    fn within_one_customs_territory_vat_stays_and_no_duty_is_due() {
        let routes = [route("PL", "DE", Decimal::ONE, ["EUR", "EUR"], Border::None)];
        let found = |source| {
            let prices = [price("PL", source, "EUR", 23), price("DE", 10_000, "EUR", 19)];
            leaks(&prices, &routes, &ArbitrageParams::default()).unwrap().into_iter().find(|l| l.who == Who::Shopper)
        };
        assert_eq!(found(8_000), None);
        assert_eq!(found(7_000).unwrap().costs.minor, 8_500);
    }

    #[test]
    fn a_parcel_below_the_threshold_pays_no_duty() {
        let prices = [price("JP", 5_000, "JPY", 10), price("DE", 12_900, "EUR", 19)];
        let mut one = route("JP", "DE", Decimal::new(6, 3), ["JPY", "EUR"], Border::Customs);
        one.free_below = Some(money(3_000, "EUR"));
        let got = leaks(&prices, &[one], &ArbitrageParams::default()).unwrap();
        let shopper = got.iter().find(|l| l.who == Who::Shopper).unwrap();
        // (30 + 15) × 1.19 = 53.55.
        assert_eq!(shopper.costs.minor, 5_355);
    }

    #[test]
    fn wrong_amounts_are_refused() {
        let prices = [price("JP", 5_000, "JPY", 10), price("DE", 12_900, "EUR", 19)];
        let mut one = route("JP", "DE", Decimal::new(6, 3), ["JPY", "EUR"], Border::Customs);
        one.bulk_freight = money(3, "JPY");
        assert!(leaks(&prices, &[one], &ArbitrageParams::default()).is_err());
        assert!(leaks(&[price("JP", 0, "JPY", 10)], &[], &ArbitrageParams::default()).is_err());
    }

    proptest! {
        #[test] // Two markets in line with each other have no leak either way, whatever tax and freight.
        fn equal_net_prices_never_leak(net in 500_i64..100_000, vat_a in 0_i64..28, vat_b in 0_i64..28, customs in any::<bool>()) {
            let gross = |vat: i64| net * (100 + vat) / 100;
            let border = if customs { Border::Customs } else { Border::None };
            let prices = [price("PL", gross(vat_a), "EUR", vat_a), price("DE", gross(vat_b), "EUR", vat_b)];
            let mut routes = [
                route("PL", "DE", Decimal::ONE, ["EUR", "EUR"], border),
                route("DE", "PL", Decimal::ONE, ["EUR", "EUR"], border),
            ];
            // Between shoppers of one territory a difference of VAT alone can pay: that is real, so only traders are looked at there.
            for r in &mut routes { r.parcel_freight.minor = 3_000; }
            let got = leaks(&prices, &routes, &ArbitrageParams::default()).unwrap();
            prop_assert!(got.iter().all(|l| l.who == Who::Shopper && !customs), "{:?}", got);
        }
    }
}
