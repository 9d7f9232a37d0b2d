//! Landed cost and the margin floor through the public door: bills worked by hand to the cent, and properties of the floor.

use decide::landed::{
    Channel, Citation, CostTables, CustomsBase, DutyRate, FxBook, Landed, LandedCase, LandedError, LaneTable, LowValue,
    MarketTax, Parcel, PartKind, Route, SchemeDuty, SchemeTax, UnitCosts,
};
use decide::own_file::Confidence;
use domain::{Currency, Day, Decimal, FxRate, Market, Money};
use proptest::prelude::*;
use std::collections::BTreeSet;

const LANE: &str = r#"
[[lane]]
id = "test"
carrier = "test"
from = "CN"
to = ["DE", "AU", "US"]
max_kg = 20
divisor = 5000
step_kg = 0.5
prices = [[0.5, "6.00 USD"], [1, "9.00 USD"]]
per_kg_beyond = "7.00 USD"
fuel = 0.1
clearance = "1.50 USD"
days_p50 = 6
days_p90 = 10
source = "test"
"#;

const COSTS: &str = r#"
[[tax]]
id = "vat-de"
markets = ["DE"]
from = "2021-01-01"
rate = 0.19
customs = "cif"
source = "test"

[[tax]]
id = "gst-au"
markets = ["AU"]
from = "2021-01-01"
rate = 0.1
customs = "fob"
source = "test"

[[low_value]]
id = "ioss"
markets = ["DE"]
from = "2021-07-01"
until = "2026-07-01"
threshold = "150 EUR"
duty = "free"
tax = "at_sale"
source = "test"

[[low_value]]
id = "ioss-3"
markets = ["DE"]
from = "2026-07-01"
threshold = "150 EUR"
duty = "3 EUR"
tax = "at_sale"
source = "test"

[[duty]]
id = "heating"
markets = ["DE"]
hs = "8516"
from = "2020-01-01"
rate = 0.027
source = "test"

[[duty]]
id = "au"
markets = ["AU"]
from = "2020-01-01"
rate = 0.05
source = "test"

[[channel]]
id = "shop"
name = "shop"
from = "2020-01-01"
fee = 0.15
source = "test"

[[channel]]
id = "returns"
name = "returns"
from = "2020-01-01"
fee = 0.1
fee_least = "1.00 EUR"
payment = 0.02
payment_fixed = "0.25 EUR"
return_rate = 0.2
return_loss = 0.5
return_leg = "4.00 EUR"
source = "test"
"#;

fn d(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn market(code: &str) -> Market {
    code.parse().unwrap()
}

fn currency(code: &str) -> Currency {
    code.parse().unwrap()
}

fn money(amount: &str, code: &str) -> Money {
    let currency = currency(code);
    Money::from_decimal(d(amount), currency, domain::Rounding::HalfUp).unwrap()
}

fn rate(from: &str, to: &str, rate: &str) -> FxRate {
    FxRate { from: currency(from), to: currency(to), day: "2026-01-02".parse().unwrap(), rate: d(rate) }
}

fn fx() -> FxBook {
    let rates = [rate("CNY", "EUR", "0.125"), rate("USD", "EUR", "0.9"), rate("EUR", "AUD", "1.6")];
    FxBook::on("2026-12-31".parse().unwrap(), rates)
}

/// A kettle of 50 CNY, 4 CNY to the lane, 0.8 kg and small, made in China.
fn kettle() -> UnitCosts {
    UnitCosts {
        goods: money("50", "CNY"),
        inland: Some(money("4", "CNY")),
        hs: "851679".to_owned(),
        origin: market("CN"),
        parcel: Parcel::new(d("0.8"), [d("20"), d("15"), d("15")]).unwrap(), // 4,500 / 5,000 = 0.9 kg: 1.0
        classes: BTreeSet::new(),
    }
}

fn prepared(to: (&str, &str), day: &str, route: Route, channel: &str) -> Result<Landed, LandedError> {
    let (tables, lanes) = (CostTables::parse("t", COSTS).unwrap(), LaneTable::parse("t", LANE).unwrap());
    let day: Day = day.parse().unwrap();
    LandedCase {
        market: market(to.0),
        currency: currency(to.1),
        day,
        route,
        costs: &kettle(),
        lane: &lanes.lanes[0],
        last_mile: None,
        tables: &tables,
        channel: tables.channel(channel, market(to.0), day).unwrap(),
        fx: &fx(),
        insurance: d("0.01"),
        fx_buffer: d("0.02"),
    }
    .prepare()
}

#[track_caller]
fn check(landed: &Landed, price: Money, regime: &str, want: &[(PartKind, &str)]) {
    let bill = landed.bill(price).unwrap();
    assert_eq!(bill.regime, regime);
    for (kind, amount) in want {
        assert_eq!(bill.part(*kind).to_decimal(), d(amount), "{kind:?}");
    }
    assert_eq!(bill.parts.iter().map(|p| p.amount.minor).sum::<i64>(), price.minor, "parts add up to the price");
    assert_eq!(landed.margin(price).unwrap(), bill.part(PartKind::Margin));
}

// Goods 50 × 0.125 = 6.25; inland 0.50; main leg 9.00 × 1.1 = 9.90 USD = 8.91; clearance 1.35; insurance 1 % of 15.66 = 0.16;
// buffer 2 % of 6.25 + 0.50 + 8.91 + 1.35 = 17.01: 0.34; together 17.51. At 39.90: net 33.53, below 150: no duty; tax 39.90 ×
// 19 / 119 = 6.3706; fee 15 % = 5.985, half up 5.99; margin 39.90 − 17.51 − 6.37 − 5.99 = 10.03.
#[test]
fn a_parcel_below_the_threshold_by_hand() {
    let landed = prepared(("DE", "EUR"), "2026-06-30", Route::Parcel, "shop").unwrap();
    let want = [
        (PartKind::Goods, "6.25"),
        (PartKind::Inland, "0.50"),
        (PartKind::MainLeg, "8.91"),
        (PartKind::Clearance, "1.35"),
        (PartKind::Insurance, "0.16"),
        (PartKind::FxBuffer, "0.34"),
        (PartKind::Duty, "0"),
        (PartKind::Tax, "6.37"),
        (PartKind::ChannelFee, "5.99"),
        (PartKind::Margin, "10.03"),
    ];
    check(&landed, money("39.90", "EUR"), "ioss", &want);
    let bill = landed.bill(money("39.90", "EUR")).unwrap();
    assert_eq!(bill.landed_cost(), money("17.51", "EUR"));
    // The figures say the same, with formula and source.
    let tax = bill.figures().into_iter().find(|f| f.key == "landed.tax").unwrap();
    assert_eq!(tax.formula, "price × 19 % / (1 + 19 %)");
    assert!(tax.source.contains("vat-de from 2021-01-01 (test)"), "{}", tax.source);
}

// From July 2026 an item costs 3 EUR: 10.03 − 3.00.
#[test]
fn the_scheme_of_the_day_counts() {
    let landed = prepared(("DE", "EUR"), "2026-07-01", Route::Parcel, "shop").unwrap();
    check(&landed, money("39.90", "EUR"), "ioss-3", &[(PartKind::Duty, "3.00"), (PartKind::Margin, "7.03")]);
}

// 178.50 = 150 × 1.19 is the last price within the scheme. At 238.00 net is 200, duty 2.7 % × 200 / 1.027 = 5.258, tax 38.00,
// fee 35.70, margin 238 − 17.51 − 5.26 − 38.00 − 35.70 = 141.53.
#[test]
fn above_the_threshold_duty_is_part_of_the_price() {
    let landed = prepared(("DE", "EUR"), "2026-06-30", Route::Parcel, "shop").unwrap();
    check(&landed, money("178.50", "EUR"), "ioss", &[(PartKind::Duty, "0")]);
    // 150.0084 net: duty 2.7 % × 150.0084 / 1.027 = 3.9438.
    check(&landed, money("178.51", "EUR"), "usual", &[(PartKind::Duty, "3.94")]);
    check(
        &landed,
        money("238", "EUR"),
        "usual",
        &[(PartKind::Duty, "5.26"), (PartKind::Tax, "38.00"), (PartKind::Margin, "141.53")],
    );
}

// In AUD (× 1.6; USD through EUR 1.44): goods 50 CNY × 0.125 × 1.6 = 10.00, inland 0.80, main leg 9.90 USD = 14.256: 14.26,
// insurance 1 % of 25.06 = 0.25. At 110.00: net 100.00; duty on a FOB base 5 % × (100 − 14.26 − 0.25) / 1.05 = 4.0710; tax 10.00.
#[test]
fn a_fob_base_leaves_freight_and_insurance_out() {
    let landed = prepared(("AU", "AUD"), "2026-01-05", Route::Parcel, "shop").unwrap();
    let want =
        [(PartKind::MainLeg, "14.26"), (PartKind::Insurance, "0.25"), (PartKind::Duty, "4.07"), (PartKind::Tax, "10")];
    check(&landed, money("110", "AUD"), "usual", &want);
    check(&landed, money("5", "AUD"), "usual", &[(PartKind::Duty, "0")]); // net 4.55, below the freight
}

// Imported in bulk at cost: CIF 6.25 + 0.50 + 8.91 + 0.16 = 15.82, 2.7 % = 0.42714, at any price.
#[test]
fn stock_pays_duty_on_its_cost() {
    let landed = prepared(("DE", "EUR"), "2026-06-30", Route::Stock, "shop").unwrap();
    check(&landed, money("39.90", "EUR"), "stock", &[(PartKind::Duty, "0.43"), (PartKind::Tax, "6.37")]);
    check(&landed, money("500", "EUR"), "stock", &[(PartKind::Duty, "0.43")]);
}

// The same to a warehouse and on to the door for 4.00 USD = 3.60. Buffer 2 % of 17.01 + 3.60 = 20.61: 0.41. What comes back has
// crossed the border for good: a quarter of 3.60 + payment 1.05 + way back 4.00 + half the goods 3.125 = 11.775: 2.94. Margin 39.90 −
// (6.25 + 0.50 + 8.91 + 1.35 + 3.60 + 0.16 + 0.41) − 0.43 − 6.37 − 3.99 − 1.05 − 2.94 = 3.94.
#[test]
fn from_a_warehouse_the_last_mile_is_a_way_of_its_own() {
    let van = LANE.replace("id = \"test\"", "id = \"van\"").replace("divisor = 5000\n", "");
    let van = van.replace("[[0.5, \"6.00 USD\"], [1, \"9.00 USD\"]]", "[[1, \"4.00 USD\"]]");
    let van = van.replace("fuel = 0.1\n", "").replace("clearance = \"1.50 USD\"\n", "");
    let van = van.replace("from = \"CN\"", "from = \"DE\"").replace("days_p50 = 6", "days_p50 = 2");
    let (tables, lanes) = (CostTables::parse("t", COSTS).unwrap(), LaneTable::parse("t", LANE).unwrap());
    let van = LaneTable::parse("t", &van).unwrap();
    let day: Day = "2026-06-30".parse().unwrap();
    let landed = LandedCase {
        market: market("DE"),
        currency: currency("EUR"),
        day,
        route: Route::Stock,
        costs: &kettle(),
        lane: &lanes.lanes[0],
        last_mile: Some(&van.lanes[0]),
        tables: &tables,
        channel: tables.channel("returns", market("DE"), day).unwrap(),
        fx: &fx(),
        insurance: d("0.01"),
        fx_buffer: d("0.02"),
    }
    .prepare()
    .unwrap();
    let want = [
        (PartKind::LastMile, "3.60"),
        (PartKind::FxBuffer, "0.41"),
        (PartKind::Duty, "0.43"),
        (PartKind::Returns, "2.94"),
        (PartKind::Margin, "3.94"),
    ];
    check(&landed, money("39.90", "EUR"), "stock", &want);
    assert_eq!((landed.days, landed.supply_days), ((2, 10), (6, 10)));
}

// Returns of 20 %: 0.25 a kept order. At 39.90: fee 3.99, payment 0.798 + 0.25 = 1.048: 1.05. Each returned order costs inland
// 0.50 + main 8.91 + clearance 1.35 + insurance 0.16 = 10.92, payment 1.05, way back 4.00, half the goods 3.125: 19.095; a
// quarter is 4.77375: 4.77. At 5.00 the least fee of 1.00 counts.
#[test]
fn returns_carry_their_way_out_and_back() {
    let landed = prepared(("DE", "EUR"), "2026-06-30", Route::Parcel, "returns").unwrap();
    let want = [(PartKind::ChannelFee, "3.99"), (PartKind::PaymentFee, "1.05"), (PartKind::Returns, "4.77")];
    check(&landed, money("39.90", "EUR"), "ioss", &want);
    check(&landed, money("5", "EUR"), "ioss", &[(PartKind::ChannelFee, "1.00")]);
}

// margin = p / 1.19 − 0.15 p − 17.51 ≥ 0.2 p / 1.19: p × (0.8 / 1.19 − 0.15) ≥ 17.51: p ≥ 33.52…; below 178.50 all good, and
// above it the jump of 3.94 leaves far more than the share, so there is one window.
#[test]
fn the_floor_by_hand() {
    let landed = prepared(("DE", "EUR"), "2026-06-30", Route::Parcel, "shop").unwrap();
    let floor = landed.floor(d("0.2")).unwrap();
    assert_eq!((floor.floor, floor.windows.len()), (money("33.53", "EUR"), 1));
    // 33.52: tax 5.3519: 5.35, fee 5.028: 5.03, margin 33.52 − 17.51 − 5.35 − 5.03 = 5.63 < 0.2 × 28.17 = 5.634.
    assert!(!floor.allows(money("33.52", "EUR")) && floor.allows(money("33.53", "EUR")));
}

// A share that is met just below the threshold and not just above it: two windows.
#[test]
fn a_low_value_threshold_makes_two_windows() {
    let landed = prepared(("DE", "EUR"), "2026-06-30", Route::Parcel, "shop").unwrap();
    // At 178.50: net 150, fee 26.775: 26.78, margin 150 − 17.51 − 26.78 = 105.71 or 70.47 %. At 178.51 3.94 less.
    let floor = landed.floor(d("0.70")).unwrap();
    assert_eq!(floor.windows.len(), 2, "{floor:?}");
    assert_eq!(floor.windows[0].high, Some(money("178.50", "EUR")));
    assert!(floor.floor.minor > 17_851 && floor.lowest().minor < 17_850);
    assert!(floor.said().en.contains("does as well, below a low-value threshold"));
}

#[test]
fn what_is_missing_is_named_with_its_remedy() {
    let say = |e: LandedError| e.to_string();
    let no_tax = prepared(("US", "USD"), "2026-01-05", Route::Parcel, "shop").unwrap_err();
    assert_eq!(say(no_tax), "no consumption tax is known for US on 2026-01-05: add a [[tax]] row to costs.toml");
    let no_rate = prepared(("DE", "JPY"), "2026-01-05", Route::Parcel, "shop").unwrap_err();
    assert_eq!(say(no_rate), "no exchange rate from CNY to JPY: load rates for that day");
    let landed = prepared(("DE", "EUR"), "2026-01-05", Route::Parcel, "shop").unwrap();
    // Of each further euro 15 % go to the fee, 15.97 % to the tax, 2.7 / 102.7 of the net 84.03 % to the duty, 85 % of it to
    // the margin: 15 + 15.97 + 2.21 + 71.43 = 104.6.
    let none = landed.floor(d("0.85")).unwrap_err();
    assert_eq!(
        say(none),
        "no price earns it: fees, taxes and the asked margin take 105 % of each further unit of price"
    );
    assert!(landed.floor(d("1")).is_err() && landed.margin(money("0", "EUR")).is_err());
    assert!(landed.margin(money("10", "USD")).is_err());
}

/// Terms drawn at random.
#[derive(Debug, Clone)]
struct Terms {
    code: &'static str,
    goods: i64,
    tax: i64,
    duty: i64,
    fob: bool,
    schemes: Vec<(i64, u8, bool)>,
    fee: i64,
    fee_least: i64,
    payment: i64,
    fixed: i64,
    returns: i64,
    stock: bool,
    share: i64,
    above: Vec<i64>,
}

fn terms() -> impl Strategy<Value = Terms> {
    let schemes = prop::collection::vec((100_i64..40_000, 0_u8..4, any::<bool>()), 0..3);
    let money = (prop::sample::select(vec!["EUR", "JPY", "KWD"]), 1_i64..30_000, 0_i64..30, 0_i64..60, any::<bool>());
    let fees = (0_i64..25, 0_i64..500, 0_i64..5, 0_i64..60, 0_i64..30, any::<bool>());
    (money, schemes, fees, 0_i64..30, prop::collection::vec(0_i64..3_000, 8)).prop_map(
        |(m, schemes, f, share, above)| {
            let (code, goods, tax, duty, fob) = m;
            let (fee, fee_least, payment, fixed, returns, stock) = f;
            Terms { code, goods, tax, duty, fob, schemes, fee, fee_least, payment, fixed, returns, stock, share, above }
        },
    )
}

fn landed_of(t: &Terms) -> Landed {
    let cite = |id: &str| Citation {
        id: id.to_owned(),
        from: "2020-01-01".parse().unwrap(),
        source: "drawn".to_owned(),
        confidence: Confidence::Stated,
    };
    let percent = |x: i64| Decimal::new(x, 2);
    let de = vec![market("DE")];
    let amount = |minor: i64| Money { minor, currency: currency(t.code) };
    let schemes = t.schemes.iter().enumerate().map(|(i, (threshold, duty, taxed))| LowValue {
        markets: de.clone(),
        origins: Vec::new(),
        not_origins: Vec::new(),
        threshold: amount(*threshold),
        duty: [SchemeDuty::Free, SchemeDuty::Usual, SchemeDuty::Flat(amount(300)), SchemeDuty::Share(percent(20))]
            [usize::from(*duty)],
        tax: if *taxed { SchemeTax::AtSale } else { SchemeTax::Free },
        until: None,
        cite: cite(&format!("scheme{i}")),
    });
    let channel = Channel {
        name: "c".to_owned(),
        markets: Vec::new(),
        fee: percent(t.fee),
        fee_least: Some(amount(t.fee_least)),
        fee_fixed: Some(amount(t.fixed)),
        payment: percent(t.payment),
        payment_fixed: Some(amount(t.fixed)),
        other: Decimal::ZERO,
        return_rate: percent(t.returns),
        return_loss: percent(50),
        return_leg: Some(amount(t.fixed * 3)),
        cite: cite("channel"),
    };
    let customs = if t.fob { CustomsBase::Fob } else { CustomsBase::Cif };
    let tables = CostTables {
        taxes: vec![MarketTax { markets: de.clone(), rate: percent(t.tax), customs, cite: cite("tax") }],
        low_value: schemes.collect(),
        duties: vec![DutyRate {
            markets: de.clone(),
            hs: String::new(),
            origins: Vec::new(),
            rate: percent(t.duty),
            until: None,
            cite: cite("duty"),
        }],
        channels: Vec::new(),
    };
    let lanes = LaneTable::parse("t", LANE).unwrap();
    let fx = FxBook::on(
        "2026-12-31".parse().unwrap(),
        [rate("USD", "EUR", "0.9"), rate("USD", "JPY", "150"), rate("USD", "KWD", "0.3")],
    );
    let costs = UnitCosts { goods: amount(t.goods), inland: None, ..kettle() };
    LandedCase {
        market: market("DE"),
        currency: currency(t.code),
        day: "2026-06-01".parse().unwrap(),
        route: if t.stock { Route::Stock } else { Route::Parcel },
        costs: &costs,
        lane: &lanes.lanes[0],
        last_mile: None,
        tables: &tables,
        channel: &channel,
        fx: &fx,
        insurance: percent(1),
        fx_buffer: percent(2),
    }
    .prepare()
    .unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn every_price_from_the_floor_on_earns_the_share_and_one_unit_less_does_not(t in terms()) {
        let landed = landed_of(&t);
        let share = Decimal::new(t.share, 2);
        let Ok(floor) = landed.floor(share) else { return Ok(()) }; // fees and taxes take more than all
        let earns = |minor: i64| {
            let bill = landed.bill(Money { minor, currency: currency(t.code) }).unwrap();
            Decimal::from(bill.part(PartKind::Margin).minor) >= share * Decimal::from(bill.net.minor)
        };
        let low = floor.floor.minor;
        prop_assert!(low == 1 || !earns(low - 1), "one unit below {low}");
        // Right above, across all thresholds, and far above.
        let thresholds = t.schemes.iter().flat_map(|s| [s.0, s.0 * (100 + t.tax) / 100, s.0 * (100 + t.tax) / 100 + 1]);
        let near = (0..40).map(|i| low + i);
        let far = t.above.iter().map(|x| low + x * x);
        for price in near.chain(far).chain(thresholds.filter(|p| *p >= low)) {
            prop_assert!(earns(price), "{price} above {low}");
            let allowed = floor.allows(Money { minor: price, currency: currency(t.code) });
            prop_assert!(allowed);
        }
        for window in &floor.windows {
            prop_assert!(earns(window.low.minor));
            prop_assert!(window.high.is_none_or(|h| earns(h.minor)));
        }
    }

    #[test]
    fn parts_add_up_to_the_price(t in terms(), price in 1_i64..500_000) {
        let landed = landed_of(&t);
        let bill = landed.bill(Money { minor: price, currency: currency(t.code) }).unwrap();
        prop_assert_eq!(bill.parts.iter().map(|p| p.amount.minor).sum::<i64>(), price);
        prop_assert_eq!(bill.net.minor, price - bill.part(PartKind::Tax).minor);
        prop_assert!(bill.parts.iter().all(|p| p.kind == PartKind::Margin || p.amount.minor >= 0));
    }
}

proptest! {
    #[test]
    fn amounts_of_any_size_are_answered_or_refused(
        goods in any::<i64>(), price in any::<i64>(), code in prop::sample::select(vec!["EUR", "JPY", "VND"]), fee in 0_i64..100,
    ) {
        let tables = CostTables::parse("t", COSTS).unwrap();
        let lanes = LaneTable::parse("t", LANE).unwrap();
        let costs = UnitCosts { goods: Money { minor: goods, currency: currency("EUR") }, ..kettle() };
        let rates = [rate("EUR", "VND", "29000"), rate("USD", "EUR", "0.9"), rate("EUR", "JPY", "160"), rate("CNY", "EUR", "0.1")];
        let fx = FxBook::on("2026-12-31".parse().unwrap(), rates);
        let mut channel = tables.channels[0].clone();
        channel.fee = Decimal::new(fee, 2);
        let case = LandedCase {
            market: market("DE"), currency: currency(code), day: "2026-06-01".parse().unwrap(), route: Route::Parcel, costs: &costs,
            lane: &lanes.lanes[0], last_mile: None, tables: &tables, channel: &channel, fx: &fx, insurance: d("0.01"), fx_buffer: d("0.02"),
        };
        if let Ok(landed) = case.prepare() {
            let _ = landed.bill(Money { minor: price, currency: currency(code) });
            if let Ok(floor) = landed.floor(d("0.1")) {
                prop_assert!(floor.floor.minor > 0);
            }
        }
    }
}
