//! Sample sizes against figures recorded from scipy and statsmodels (`golden/ab_statistics.json` of the optional data). The
//! same formulas by hand are in `target/power.rs`, which always runs.

use decide::target::PowerParams;
use testkit::golden::{Golden, number};

#[test]
fn sample_sizes_are_those_of_statsmodels() {
    let Some(golden) = Golden::load("ab_statistics").unwrap() else { return };
    let mut n_cases = 0;
    for case in golden.cases.iter().filter(|c| c.id.starts_with("power_")) {
        let of = |name: &str| case.params[name].as_f64().unwrap();
        let params = PowerParams { alpha: of("alpha"), power: of("power"), ratio: of("ratio") };
        let input = |name: &str| case.inputs[name].as_f64().unwrap();
        case.check(|key| match key {
            "n_unpooled_normal" => Some(number(params.proportions(input("p_a"), input("p_b")).unwrap())),
            "n_arcsine" => Some(number(params.proportions_arcsine(input("p_a"), input("p_b")).unwrap())),
            "n" => Some(number(params.means(input("d")).unwrap())),
            _ => None,
        })
        .assert_all();
        n_cases += 1;
    }
    assert!(n_cases >= 4, "{n_cases} cases");
}
