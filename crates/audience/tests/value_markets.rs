//! Values of shoppers and markets through the public door, on a made-up merchant with one large market, some small ones, one
//! of five shoppers and one of none.

use audience::value::simulate::{amount, life, ln_scale};
use audience::value::{Basis, BuyDraw, Sampling, SpendDraw, ValueError, ValueParams, ValueRow};
use domain::{Amount, Currency, Day, FigureValue, Market, Seed, ShopperId};

const END: Day = Day(15_000);

fn code(text: &str) -> Market {
    text.parse().unwrap()
}

/// Shoppers of one market as rows before `cutoff`: the same lives whatever the cutoff.
fn rows(market: &str, n: u64, alpha: f64, cutoff: Day) -> Vec<ValueRow> {
    let buy = BuyDraw { r: 0.7, alpha, a: 0.8, b: 2.6 };
    let spend = SpendDraw { p: 6.0, q: 4.0, v: 15.0 };
    let row = |i: u64| {
        let mut rng = Seed(5).derive(u64::from(market.as_bytes()[0])).stream(i);
        let first = END.plus(-30 - rng.below(300) as i32);
        let life = life(&buy, 120.0, &mut rng);
        let scale = ln_scale(&spend, &mut rng);
        let mut days: Vec<Day> = life.weeks.iter().map(|w| first.plus((w * 7.0).ceil() as i32)).collect();
        days.dedup();
        days.retain(|d| *d < cutoff);
        let n = days.len() as u32;
        let amount = |n: u32, rng: &mut domain::Rng| Amount::from_micros((amount(&spend, scale, n, rng) * 1e6) as i64);
        ValueRow {
            shopper: ShopperId::from(format!("{market}{i}").as_str()),
            market: code(market),
            first_day: first,
            last_day: days.last().copied().unwrap_or(first),
            n_days: n + 1,
            repeat_spend: (n > 0).then(|| Amount::from_micros(amount(n, &mut rng).micros() / i64::from(n))),
            revenue: amount(n + 1, &mut rng),
        }
    };
    (0..n).map(row).filter(|row| row.first_day < cutoff).collect()
}

fn merchant(cutoff: Day) -> Vec<ValueRow> {
    let mut all = rows("GB", 1_500, 7.0, cutoff);
    for (market, n, alpha) in [("DE", 150, 9.0), ("FR", 120, 6.0), ("JP", 80, 8.0), ("MY", 5, 7.0)] {
        all.extend(rows(market, n, alpha, cutoff));
    }
    all
}

fn params() -> ValueParams {
    let sampling = Sampling { n_chains: 2, n_warmup: 150, n_draws: 100, thin: 2 };
    let margin_share = [(code("GB"), 0.4)].into_iter().collect();
    ValueParams { sampling, margin_share, ..ValueParams::default() }
}

const EUR: Currency = Currency::new(*b"EUR");

#[test]
fn a_market_of_five_and_one_of_none_have_honest_values() {
    let rows = merchant(END);
    let long = ValueParams { sampling: Sampling::default(), ..params() };
    let valued = long.value(&rows, &[code("SG")], END, EUR, Seed(1)).unwrap();
    let market = |text: &str| valued.markets().iter().find(|m| m.market == code(text)).unwrap();
    let (gb, my, sg) = (market("GB"), market("MY"), market("SG"));
    assert_eq!((gb.basis, my.basis, sg.basis), (Basis::Own, Basis::Pooled, Basis::Pooled));
    assert_eq!((my.n_shoppers, sg.n_shoppers), (5, 0));
    // Five shoppers say less than 1,500, relative to the size of the total.
    let width = |f: &domain::Figure| {
        let i = f.interval.unwrap();
        (i.high - i.low) / f.as_f64().unwrap().max(1.0)
    };
    assert!(width(&my.orders) > 3.0 * width(&gb.orders), "{:?} {:?}", my.orders, gb.orders);
    assert_eq!(sg.orders.as_f64(), Some(0.0));
    let newcomer = sg.newcomer_orders.as_f64().unwrap();
    assert!(newcomer > 0.2 && newcomer < 3.0, "{newcomer}");
    assert!(width(&sg.newcomer_orders) > width(&gb.newcomer_orders));
    assert_eq!(sg.share_alive.value, FigureValue::Undefined);
    // Margin where the share is known: 40 % of the revenue.
    let (revenue, margin) = (gb.revenue.as_f64().unwrap(), gb.margin.as_f64().unwrap());
    assert!((margin / revenue - 0.4).abs() < 1e-3);
    assert_eq!(my.margin.value, FigureValue::Undefined);
    for figure in [&gb.orders, &gb.revenue, &gb.clv_mean, &gb.share_alive, &my.newcomer_revenue] {
        assert!(!figure.formula.is_empty() && !figure.source.is_empty() && figure.interval.is_some(), "{figure:?}");
    }
    // The market's total is the sum of its shoppers.
    let of_gb = valued.shoppers().iter().filter(|s| s.market == code("GB"));
    let sum: f64 = of_gb.map(|s| s.orders).sum();
    assert!((sum / gb.orders.as_f64().unwrap() - 1.0).abs() < 0.03, "{sum} {:?}", gb.orders);
    assert!(valued.r_hat() < 1.15, "{}", valued.r_hat());
}

#[test]
fn a_shoppers_value_follows_from_what_they_did() {
    let rows = merchant(END);
    let valued = params().value(&rows, &[], END, EUR, Seed(1)).unwrap();
    assert_eq!(valued.shoppers().len(), rows.len());
    for (row, value) in rows.iter().zip(valued.shoppers()) {
        assert_eq!((&row.shopper, row.market), (&value.shopper, value.market));
        assert!((0.0..=1.0).contains(&value.p_alive) && value.orders >= 0.0);
        let i = value.orders_interval;
        assert!(i.low <= i.high && i.level == 0.9);
        assert!(row.n_days > 1 || (value.p_alive - 1.0).abs() < 1e-9, "one purchase: no occasion to drop out");
        assert_eq!(value.margin.is_some(), row.market == code("GB"));
    }
    let frequent =
        (0..rows.len()).max_by_key(|&i| rows[i].n_days * u32::from(rows[i].last_day.0 > END.0 - 20)).unwrap();
    let silent = rows.iter().position(|r| r.n_days > 3 && r.last_day.0 < END.0 - 200);
    assert!(valued.shoppers()[frequent].orders > 2.0);
    if let Some(silent) = silent {
        assert!(valued.shoppers()[silent].p_alive < 0.5);
    }
}

#[test]
fn values_do_not_depend_on_the_number_of_threads() {
    let rows = rows("DE", 60, 9.0, END);
    let at = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| params().value(&rows, &[code("SG")], END, EUR, Seed(4)).unwrap())
    };
    let (one, three) = (at(1), at(3));
    assert_eq!((one.shoppers(), one.markets()), (three.shoppers(), three.markets()));
}

#[test]
fn few_shoppers_anywhere_give_no_figure_but_a_stated_fallback() {
    let rows = rows("MY", 5, 7.0, END);
    let valued = params().value(&rows, &[], END, EUR, Seed(1)).unwrap();
    assert!(valued.shoppers().iter().all(|s| s.basis == Basis::Fallback));
    assert_eq!(valued.markets()[0].orders.value, FigureValue::TooLittleData { have: rows.len() as u64, need: 30 });
}

#[test]
fn rows_that_cannot_be_are_refused() {
    let good = rows("MY", 5, 7.0, END);
    let refused = |change: &dyn Fn(&mut Vec<ValueRow>)| {
        let mut rows = good.clone();
        change(&mut rows);
        params().value(&rows, &[], END, EUR, Seed(1)).unwrap_err()
    };
    assert!(matches!(refused(&|r| r[0].last_day = END), ValueError::AfterCutoff { .. }));
    assert!(matches!(refused(&|r| r[1] = r[0].clone()), ValueError::Twice(_)));
    assert!(matches!(refused(&|r| r[0].n_days = 0), ValueError::Row { .. }));
    assert!(matches!(refused(&|r| r[0].n_days = 400), ValueError::Row { .. }));
    assert!(matches!(refused(&|r| r[0].first_day = END), ValueError::Row { .. }));
    assert!(matches!(refused(&|r| r.clear()), ValueError::TooLittleData { .. }));
    let level = ValueParams { level: 1.0, ..params() };
    assert!(matches!(level.value(&good, &[], END, EUR, Seed(1)), Err(ValueError::Param { name: "level", .. })));
}

#[test]
fn hidden_days_are_forecast_and_counted() {
    let cutoff = END.plus(-28);
    let (before, after) = (merchant(cutoff), merchant(END));
    let quality = params().fit_quality(&before, cutoff, &after, END, Seed(3)).unwrap();
    let gb = quality.iter().find(|q| q.market == code("GB")).unwrap();
    let (expected, actual) = (gb.expected.as_f64().unwrap(), gb.actual.as_f64().unwrap());
    assert!((expected / actual - 1.0).abs() < 0.2, "{expected} {actual}");
    assert!(gb.error.as_f64() < gb.naive_error.as_f64());
    assert_eq!(quality.iter().filter(|q| q.inside.is_some()).count(), quality.len());
    assert!(params().fit_quality(&before, cutoff, &after, cutoff, Seed(3)).is_err());
    assert!(params().fit_quality(&after, END, &before, END.plus(9), Seed(3)).is_err(), "fewer days later");
}
