//! From a row of the catalogue to a verdict, a lane, a bill and a floor with nothing but what is compiled in.

use decide::landed::{CostTables, FxBook, LandedCase, LaneTable, Route, UnitCosts, cheapest};
use decide::sellability::{CatalogueRow, Family, ProductFacts, Rulebook};
use domain::{Currency, Day, Decimal, FxRate, Market, Money};

const RATES: &str = "CNY 0.128 GBP 1.15 CAD 0.62 MXN 0.046 BRL 0.16 ARS 0.0006 CLP 0.00095 COP 0.00021 PLN 0.235 SEK 0.091 NOK 0.086 \
    CHF 1.07 DKK 0.134 AUD 0.57 NZD 0.5 JPY 0.0058 KRW 0.0006 INR 0.0098 SGD 0.67 MYR 0.21 THB 0.027 VND 0.000033 IDR 0.000052 PHP 0.0148 \
    SAR 0.23 AED 0.236 ZAR 0.05 TRY 0.02 ILS 0.26 CZK 0.041 HUF 0.0026 RON 0.197 HKD 0.11 TWD 0.027 EGP 0.018 USD 0.865";

fn fx(day: Day) -> FxBook {
    let words: Vec<&str> = RATES.split_whitespace().collect();
    let eur: Currency = "EUR".parse().unwrap();
    let rate = |w: &[&str]| FxRate { from: w[0].parse().unwrap(), to: eur, day, rate: w[1].parse().unwrap() };
    FxBook::on(day, words.chunks(2).map(rate))
}

#[test]
fn a_kettle_from_china_has_a_floor_in_every_market_of_the_tables() {
    let (book, tables, lanes) = (Rulebook::built_in(), CostTables::built_in(), LaneTable::built_in());
    let day: Day = "2026-11-01".parse().unwrap();
    let fx = fx(day);
    let row = CatalogueRow {
        name: "Electric kettle 1.7 L, 100-240V",
        plug: Some("multi"),
        wattage_w: Some(1500.0),
        sides_cm: Some([24.0, 22.0, 16.0]),
        weight_kg: Some(1.1),
        ..CatalogueRow::default()
    };
    let facts = ProductFacts::from_catalogue(&row, book.kinds());
    let hs = book.kinds().get(facts.kind.unwrap()).unwrap().hs.clone().unwrap();
    assert_eq!(hs, "851679");
    let codes = "US CA MX BR AR CL CO GB DE FR IT ES NL PL SE NO CH AU NZ JP KR IN SG MY TH VN ID PH SA AE ZA TR IL CZ HU RO HK EG";
    for code in codes.split(' ') {
        let to: Market = code.parse().unwrap();
        let currency = domain::country(to).unwrap().currency;
        let parcel = facts.parcel().unwrap();
        let from = "CN".parse().unwrap();
        let (taken, _) =
            cheapest(&lanes.lanes, (from, to), &parcel, &facts.transport_classes(), Some(45), (&fx, currency));
        let lane = taken.first().unwrap_or_else(|| panic!("no lane to {code}")).lane;
        let costs = UnitCosts {
            goods: Money { minor: 4_800, currency: "CNY".parse().unwrap() },
            inland: Some(Money { minor: 300, currency: "CNY".parse().unwrap() }),
            hs: hs.clone(),
            origin: from,
            parcel,
            classes: facts.transport_classes(),
        };
        let case = LandedCase {
            market: to,
            currency,
            day,
            route: Route::Parcel,
            costs: &costs,
            lane,
            last_mile: None,
            tables: &tables,
            channel: tables.channel("own_shop", to, day).unwrap(),
            fx: &fx,
            insurance: Decimal::new(1, 2),
            fx_buffer: Decimal::new(2, 2),
        };
        let landed = case.prepare().unwrap_or_else(|e| panic!("{code}: {e}"));
        assert!(landed.verify(), "{code}: assumptions have to say so");
        let floor = landed.floor(Decimal::new(20, 2)).unwrap_or_else(|e| panic!("{code}: {e}"));
        // Goods of 6 EUR and freight of some 10 to 25 EUR: nowhere below 15 EUR, nowhere above 120.
        let eur = fx.convert(floor.floor, "EUR".parse().unwrap()).unwrap().minor;
        assert!((1_500..12_000).contains(&eur), "{code}: {} is {eur} cents", floor.floor);
        let bill = landed.bill(floor.floor).unwrap();
        assert_eq!(bill.parts.iter().map(|p| p.amount.minor).sum::<i64>(), floor.floor.minor, "{code}");
        assert!(bill.figures().iter().all(|f| f.source.contains("verify") && !f.formula.is_empty()), "{code}");
        assert!(landed.days.0 <= landed.days.1);
        assert!(book.judge(&facts, to, day).verdict.code() != "unknown", "{code}: rules and facts are there");
    }
}

#[test]
fn every_kind_that_may_be_sold_has_a_code_of_the_harmonized_system() {
    let book = Rulebook::built_in();
    for kind in book.kinds().iter().filter(|k| k.family != Family::Controlled) {
        assert!(kind.hs.as_ref().is_some_and(|hs| hs.len() == 6), "{}", kind.id);
    }
}
