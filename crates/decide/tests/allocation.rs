//! Allocation against brute force over whole units, and what every allocation has to keep.

use decide::budget::{AllocateParams, Cell, Grid, Limits, Line, Response, Total};
use domain::{Currency, Money};
use proptest::prelude::*;

/// Yen have no smaller unit, so a budget of 12 has 12 units to place.
fn yen(minor: i64) -> Money {
    Money { minor, currency: Currency::new(*b"JPY") }
}

fn hill(coefficient: f64, alpha: f64, gamma: f64) -> Response {
    Response::Hill { coefficient, alpha, gamma, scale: 10.0 }
}

/// Best return over all whole allocations within the limits, by trying every one.
fn brute(grid: &Grid) -> Option<f64> {
    let cells: Vec<(usize, usize, &Cell)> = grid.open().collect();
    let most = grid.total.most().minor;
    let fits = |spend: &[i64]| {
        let sum = |which: &dyn Fn(usize, usize) -> bool| -> i64 {
            cells.iter().zip(spend).filter(|((r, c, _), _)| which(*r, *c)).map(|(_, s)| s).sum()
        };
        let within = |x: i64, l: Limits| l.least <= x && l.most.is_none_or(|m| x <= m);
        cells.iter().zip(spend).all(|((_, _, cell), s)| within(*s, cell.limits))
            && grid.rows.iter().enumerate().all(|(i, line)| within(sum(&|r, _| r == i), line.limits))
            && grid.columns.iter().enumerate().all(|(i, line)| within(sum(&|_, c| c == i), line.limits))
    };
    let mut best = None;
    let mut spend = vec![0_i64; cells.len()];
    loop {
        let total: i64 = spend.iter().sum();
        let (right, cost) = match grid.total {
            Total::Exactly(_) => (total == most, 0.0),
            Total::UpTo { worth, .. } => (total <= most, worth),
        };
        if right && fits(&spend) {
            let back: f64 = cells.iter().zip(&spend).map(|((_, _, c), s)| c.response.at(*s as f64)).sum();
            let value = back - cost * total as f64;
            if best.is_none_or(|b| value > b) {
                best = Some(value);
            }
        }
        let Some(at) = spend.iter().position(|s| *s < most) else { return best };
        spend[..at].fill(0);
        spend[at] += 1;
    }
}

fn value(grid: &Grid, back: f64, spent: i64) -> f64 {
    match grid.total {
        Total::Exactly(_) => back,
        Total::UpTo { worth, .. } => back - worth * spent as f64,
    }
}

#[test] // 8 √a + 4 √b with a + b = 10: a = 8, b = 2 (marginal returns 4/√8 = 2/√2): 22.627 + 5.657.
fn two_square_roots_by_hand() {
    let roots = [8.0, 4.0].map(|factor| Response::Power { factor, exponent: 0.5 }).to_vec();
    let grid = Grid::channels(&["a", "b"], roots, Total::Exactly(yen(10)));
    let best = AllocateParams::default().allocate(&grid).unwrap();
    assert_eq!((best.row(0), best.row(1), best.spent()), (yen(8), yen(2), yen(10)));
    assert!((best.back() - (8.0 * 8.0_f64.sqrt() + 4.0 * 2.0_f64.sqrt())).abs() < 1e-9);
    let shares = best.shares();
    assert!((shares[0].marginal - shares[1].marginal).abs() < 1e-12, "equal at the optimum");
    assert!(best.gap() < 1e-9);
}

#[test] // An S-curve pays only beyond its foot: 10 in one of two equal channels beats 5 and 5 (α 4, half at 5).
fn a_budget_below_the_foot_goes_to_one_channel() {
    let grid = Grid::channels(&["a", "b"], vec![hill(10.0, 4.0, 1.0), hill(10.0, 4.0, 1.0)], Total::Exactly(yen(10)));
    let best = AllocateParams::default().allocate(&grid).unwrap();
    let mut rows = [best.row(0).minor, best.row(1).minor];
    rows.sort_unstable();
    assert_eq!(rows, [0, 10]);
    assert!((best.back() - brute(&grid).unwrap()).abs() < 1e-9);
}

#[test]
fn money_that_would_not_come_back_stays() {
    // 4 √x brings 2/√x for the next unit: worth 1 up to x = 4.
    let root = vec![Response::Power { factor: 4.0, exponent: 0.5 }];
    let grid = Grid::channels(&["a"], root, Total::UpTo { most: yen(100), worth: 1.0 });
    assert_eq!(AllocateParams::default().allocate(&grid).unwrap().spent(), yen(4));
}

#[test]
fn limits_that_contradict_each_other_are_named() {
    let mut grid = Grid::channels(&["a", "b"], vec![hill(1.0, 1.0, 1.0); 2], Total::Exactly(yen(10)));
    grid.rows[0].limits = Limits::between(0, 3);
    grid.rows[1].limits = Limits::between(0, 4);
    let said = AllocateParams::default().allocate(&grid).unwrap_err().to_string();
    assert!(said.contains("3 minor units too many"), "{said}");
    grid.rows[1].limits = Limits { least: 20, most: None };
    assert!(AllocateParams::default().allocate(&grid).is_err());
}

/// A grid of two rows and two columns with random curves and limits, and 12 units to place.
fn small() -> impl Strategy<Value = Grid> {
    let curve = (0.5_f64..10.0, 0.5_f64..4.0, 0.1_f64..1.2).prop_map(|(b, a, g)| hill(b, a, g));
    let cell = (curve, 0_i64..3, prop::option::of(4_i64..13), prop::bool::weighted(0.9));
    let line = (0_i64..4, prop::option::of(5_i64..13));
    (prop::collection::vec(cell, 4), prop::collection::vec(line, 4), prop::option::of(0.0_f64..1.0)).prop_map(
        |(cells, lines, worth)| {
            let line = |at: usize| Line {
                name: format!("line {at}"),
                limits: Limits { least: lines[at].0, most: lines[at].1 },
            };
            Grid {
                rows: vec![line(0), line(1)],
                columns: vec![line(2), line(3)],
                cells: cells
                    .into_iter()
                    .map(|(response, least, most, is_open)| {
                        is_open.then_some(Cell { response, limits: Limits { least, most } })
                    })
                    .collect(),
                total: worth.map_or(Total::Exactly(yen(12)), |worth| Total::UpTo { most: yen(12), worth }),
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn the_optimum_is_that_of_brute_force(grid in small()) {
        prop_assume!(grid.open().next().is_some());
        match (AllocateParams { gap: 0.0, ..AllocateParams::default() }.allocate(&grid), brute(&grid)) {
            (Ok(best), Some(truth)) => {
                let got = value(&grid, best.back(), best.spent().minor);
                prop_assert!((got - truth).abs() < 1e-9 * (1.0 + truth.abs()), "{got} instead of {truth}");
                prop_assert!(best.bound() >= best.back() - 1e-9);
            }
            (Err(_), None) => {}
            (got, truth) => prop_assert!(false, "{got:?} and {truth:?}"),
        }
    }

    #[test]
    fn every_cent_is_placed_and_no_limit_is_passed(
        budget in 1_i64..10_000_000, least in 0_i64..1_000, alphas in prop::collection::vec(0.4_f64..3.0, 12),
    ) {
        let eur = Currency::new(*b"EUR");
        let curve = |alpha: &f64| Response::Hill { coefficient: 1e4 * alpha, alpha: *alpha, gamma: 0.4, scale: 2e4 };
        let grid = Grid {
            rows: (0..4).map(|r| Line::free(format!("r{r}"))).collect(),
            columns: (0..3).map(|c| Line {
                name: format!("c{c}"),
                limits: Limits { least: least.min(budget / 3), most: Some(budget / 2 + 1) },
            }).collect(),
            cells: alphas.iter().map(|a| Some(Cell { response: curve(a), limits: Limits::FREE })).collect(),
            total: Total::Exactly(Money { minor: budget, currency: eur }),
        };
        let best = AllocateParams { max_splits: 20, ..AllocateParams::default() }.allocate(&grid).unwrap();
        prop_assert_eq!(best.spent().minor, budget);
        prop_assert_eq!((0..4).map(|r| best.row(r).minor).sum::<i64>(), budget);
        for c in 0..3 {
            let x = best.column(c).minor;
            prop_assert!(x >= least.min(budget / 3) && x <= budget / 2 + 1, "{x}");
        }
        // With few splits the curves may keep a wide gap, but what is called a bound is one: no spread beats it, and the
        // answer is no worse than the even spread, which lies inside all limits.
        let even = |k: i64| budget / 12 + i64::from(k < budget % 12);
        let naive: f64 = alphas.iter().zip(0..).map(|(a, k)| curve(a).at(even(k) as f64 / 100.0)).sum();
        prop_assert!(best.bound() >= naive * (1.0 - 1e-9) && best.bound() >= best.back(), "{}, {naive}", best.bound());
        prop_assert!(best.back() >= naive * (1.0 - 1e-9), "{} is less than {naive}", best.back());
    }
}
