//! Lifetime value on made-up shoppers whose truth is known, and on tables at the edge of what data can say: the
//! sibling of `golden_ltv.rs` that needs no file.

use audience::value::simulate::{history, life};
use audience::value::{
    BgNbdParams, BuyDraw, HowFitted, MbgNbdParams, ParetoNbdParams, PurchaseModel, PurchaseTable, Purchases, ValueError,
};
use domain::{Rng, Seed};
use learn::variates::{beta, gamma};

const TRUTH: BuyDraw = BuyDraw { r: 0.5, alpha: 6.0, a: 0.8, b: 2.5 };

fn table(n: u64, one: impl Fn(&mut Rng) -> Purchases) -> PurchaseTable {
    let shoppers: Vec<Purchases> = (0..n).map(|i| one(&mut Seed(11).stream(i))).collect();
    PurchaseTable::new(&shoppers).unwrap()
}

fn near(got: f64, want: f64, share: f64, what: &str) {
    assert!((got / want - 1.0).abs() < share, "{what}: {got}, planted {want}");
}

#[test]
fn planted_bg_nbd_is_found() {
    let table = table(20_000, |rng| history(&TRUTH, 20.0 + 20.0 * rng.uniform(), rng));
    let model = BgNbdParams::default().fit(&table).unwrap();
    let (a, b) = model.drop_out().unwrap();
    assert_eq!(model.report().how, HowFitted::Full);
    near(model.r(), 0.5, 0.08, "r");
    near(model.alpha(), 6.0, 0.12, "alpha");
    near(a / (a + b), 0.8 / 3.3, 0.1, "mean drop-out");
    let planted = audience::value::BgNbd::from_parameters(0.5, 6.0, 0.8, 2.5).unwrap();
    assert!(model.report().log_likelihood >= planted.log_likelihood(&table));
}

#[test]
fn planted_mbg_nbd_is_found() {
    let one = |rng: &mut Rng| {
        let (rate, p) = (gamma(rng, 0.9) / 8.0, beta(rng, 0.9, 2.0));
        let age = 20.0 + 20.0 * rng.uniform();
        let (mut n, mut last) = (0, 0.0);
        // The coin is thrown after the first purchase too.
        while rng.uniform() >= p {
            let next = last + rng.exponential() / rate;
            if next > age {
                break;
            }
            (n, last) = (n + 1, next);
        }
        Purchases::new(n, last, age)
    };
    let model = MbgNbdParams::default().fit(&table(20_000, one)).unwrap();
    let (a, b) = model.drop_out().unwrap();
    near(model.r() / model.alpha(), 0.9 / 8.0, 0.12, "mean rate");
    near(a / (a + b), 0.9 / 2.9, 0.12, "mean drop-out");
}

#[test]
fn planted_pareto_nbd_is_found() {
    let one = |rng: &mut Rng| {
        let (rate, leaving) = (gamma(rng, 0.8) / 8.0, gamma(rng, 0.7) / 12.0);
        let age = 20.0 + 20.0 * rng.uniform();
        let gone = (rng.exponential() / leaving).min(age);
        let (mut n, mut last) = (0, 0.0);
        loop {
            let next = last + rng.exponential() / rate;
            if next > gone {
                return Purchases::new(n, last, age);
            }
            (n, last) = (n + 1, next);
        }
    };
    let table = table(8_000, one);
    let model = ParetoNbdParams::default().fit(&table).unwrap();
    let (s, beta) = model.lifetime().unwrap();
    near(model.r() / model.alpha(), 0.1, 0.12, "mean rate");
    near(s / beta, 0.7 / 12.0, 0.35, "mean rate of leaving");
    let planted = audience::value::ParetoNbd::from_parameters(0.8, 8.0, 0.7, 12.0).unwrap();
    assert!(model.report().log_likelihood >= planted.log_likelihood(&table));
}

#[test]
fn the_next_quarter_comes_out_as_expected() {
    let lives: Vec<_> = (0..20_000).map(|i| life(&TRUTH, 52.0, &mut Seed(12).stream(i))).collect();
    let shoppers: Vec<Purchases> = lives.iter().map(|l| l.seen(39.0)).collect();
    let table = PurchaseTable::new(&shoppers).unwrap();
    let actual: usize = lives.iter().map(|l| l.between(39.0, 52.0)).sum();
    let model = BgNbdParams::default().fit(&table).unwrap();
    let scores = model.score(&table, &[13.0]);
    let expected: f64 = table.row_of().iter().map(|&row| scores[row as usize].expected[0]).sum();
    near(expected, actual as f64, 0.04, "purchases of the quarter");
    let row = table.row(table.row_of()[5] as usize).0;
    assert_eq!(scores[table.row_of()[5] as usize].expected[0], model.expected_purchases(&row, 13.0));
}

/// Every model on one table: what it says of how it was fitted, with finite and sensible answers.
fn all(shoppers: &[Purchases]) -> Vec<HowFitted> {
    let table = PurchaseTable::new(shoppers).unwrap();
    fn looked_at(model: &impl PurchaseModel, shoppers: &[Purchases]) -> HowFitted {
        for p in shoppers {
            let (alive, expected) = (model.p_alive(p), model.expected_purchases(p, 13.0));
            assert!(
                (0.0..=1.0).contains(&alive) && expected.is_finite() && expected >= 0.0,
                "{p:?}: {alive} {expected}"
            );
        }
        assert!(model.expected_of_newcomer(13.0).is_finite() && model.report().log_likelihood.is_finite());
        model.report().how
    }
    vec![
        looked_at(&BgNbdParams::default().fit(&table).unwrap(), shoppers),
        looked_at(&MbgNbdParams::default().fit(&table).unwrap(), shoppers),
        looked_at(&ParetoNbdParams::default().fit(&table).unwrap(), shoppers),
    ]
}

#[test] // 50 shoppers, 30 weeks each, none came back: half a purchase in 1,500 weeks.
fn where_nobody_came_back_there_is_a_rate_and_nothing_else() {
    let shoppers = vec![Purchases::new(0, 0.0, 30.0); 50];
    assert_eq!(all(&shoppers), [HowFitted::RateAlone; 3]);
    let model = BgNbdParams::default().fit(&PurchaseTable::new(&shoppers).unwrap()).unwrap();
    near(model.expected_purchases(&shoppers[0], 15.0), 15.0 * 0.5 / 1_500.0, 1e-3, "expected");
}

#[test]
fn where_everybody_buys_every_week_they_go_on() {
    let shoppers: Vec<Purchases> = (10..40).map(|age| Purchases::new(age, f64::from(age), f64::from(age))).collect();
    for how in all(&shoppers) {
        assert_eq!(how, HowFitted::RateAlone);
    }
    let model = BgNbdParams::default().fit(&PurchaseTable::new(&shoppers).unwrap()).unwrap();
    near(model.expected_purchases(&shoppers[3], 10.0), 10.0, 0.01, "one a week");
}

#[test]
fn one_shopper_equal_rows_and_huge_counts_have_answers() {
    all(&[Purchases::new(3, 10.0, 12.0)]);
    all(&[Purchases::new(0, 0.0, 12.0)]);
    all(&vec![Purchases::new(2, 8.0, 20.0); 500]);
    all(&vec![Purchases::new(1, 0.1, 50.0); 20]);
    all(&[Purchases::new(100_000, 51.9, 52.0), Purchases::new(0, 0.0, 52.0), Purchases::new(7, 20.0, 52.0)]);
    all(&[Purchases::new(2, 0.0, 0.0), Purchases::new(1, 3.0, 9.0)]);
}

#[test]
fn no_shopper_and_no_time_are_errors_that_say_so() {
    let none = PurchaseTable::new(&[]).unwrap();
    let new = PurchaseTable::new(&[Purchases::new(0, 0.0, 0.0); 9]).unwrap();
    for table in [&none, &new] {
        assert!(matches!(BgNbdParams::default().fit(table), Err(ValueError::TooLittleData { .. })));
        assert!(matches!(ParetoNbdParams::default().fit(table), Err(ValueError::TooLittleData { .. })));
    }
    let text = BgNbdParams::default().fit(&new).unwrap_err().to_string();
    assert_eq!(text, "0 weeks of observation, at least 1 are needed");
}

#[test]
fn without_drop_out_the_model_says_so() {
    let one = |rng: &mut Rng| {
        let rate = gamma(rng, 0.8) / 9.0;
        let (mut n, mut last) = (0, 0.0);
        loop {
            let next = last + rng.exponential() / rate;
            if next > 40.0 {
                return Purchases::new(n, last, 40.0);
            }
            (n, last) = (n + 1, next);
        }
    };
    let table = table(4_000, one);
    let model = BgNbdParams::default().fit(&table).unwrap();
    // By chance a little drop-out may be seen; then it has to be tiny.
    match model.drop_out() {
        None => assert_eq!(model.report().how, HowFitted::NoDropOut),
        Some((a, b)) => assert!(a / (a + b) < 0.01, "{a} {b}"),
    }
    near(model.r(), 0.8, 0.1, "r");
}

#[test]
fn a_fit_does_not_depend_on_the_number_of_threads_or_the_order_of_rows() {
    let mut shoppers: Vec<Purchases> =
        (0..30_000).map(|i| history(&TRUTH, 20.0 + (i % 200) as f64 / 7.0, &mut Seed(13).stream(i))).collect();
    let fit = |shoppers: &[Purchases], threads| {
        let pool = rayon_pool(threads);
        pool.install(|| BgNbdParams::default().fit(&PurchaseTable::new(shoppers).unwrap()).unwrap())
    };
    let one = fit(&shoppers, 1);
    assert_eq!(one, fit(&shoppers, 3));
    shoppers.reverse();
    assert_eq!(one, fit(&shoppers, 2));
}

fn rayon_pool(threads: usize) -> rayon::ThreadPool {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap()
}
