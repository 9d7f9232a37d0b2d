//! A media mix on made-up markets whose truth is known. Always runs.

use decide::media::{
    Adstock, Channel, Control, Doubt, Lift, MediaData, MediaParams, SearchParams, Shape, StudyParams, Trend, Verdict,
};
use domain::{Rng, Seed};

const TRUTH: [(f64, f64, f64, f64); 3] = [(0.6, 1.2, 0.4, 300.0), (0.2, 2.0, 0.5, 150.0), (0.0, 1.0, 0.3, 80.0)];

/// Weekly spend with quiet weeks.
fn spend(rng: &mut Rng, n: usize) -> Vec<f64> {
    (0..n)
        .map(|_| {
            let u = rng.uniform();
            if u < 0.25 { 0.0 } else { 100.0 * u * u }
        })
        .collect()
}

/// What the truth makes of a channel.
fn effect(spend: &[f64], (theta, alpha, gamma, beta): (f64, f64, f64, f64)) -> Vec<f64> {
    let shape = Shape::geometric(theta, alpha, gamma);
    let carried = shape.adstock.apply(spend);
    let most = carried.iter().copied().fold(0.0, f64::max);
    carried.iter().map(|c| beta * shape.saturated(*c, most)).collect()
}

struct Market {
    data: MediaData,
    effects: Vec<Vec<f64>>,
}

fn market(seed: u64, n: usize, noise: f64) -> Market {
    let mut rng = Seed(seed).stream(0);
    let channels: Vec<Channel> =
        (0..3).map(|j| Channel { name: format!("channel {j}"), spend: spend(&mut rng, n) }).collect();
    let effects: Vec<Vec<f64>> = channels.iter().zip(TRUTH).map(|(c, t)| effect(&c.spend, t)).collect();
    let control: Vec<f64> = (0..n).map(|_| rng.normal()).collect();
    let outcome = (0..n)
        .map(|t| {
            let season = 60.0 * (std::f64::consts::TAU * t as f64 / 52.1775).sin();
            1000.0 + season + 25.0 * control[t] + effects.iter().map(|e| e[t]).sum::<f64>() + noise * rng.normal()
        })
        .collect();
    let controls = vec![Control { name: "rival".to_owned(), values: control }];
    Market { data: MediaData::national(outcome, channels, controls), effects }
}

fn quick() -> StudyParams {
    StudyParams { n_draws: 40, n_folds: 2, ..StudyParams::default() }
}

#[test]
fn what_each_channel_brought_is_found_where_noise_is_small() {
    let market = market(1, 208, 8.0);
    let model = MediaParams::default().fit(&market.data, &[], Seed(1)).unwrap();
    let n = model.n_train_weeks();
    let sum = |values: &[f64]| values[..n].iter().sum::<f64>();
    for (fit, truth) in model.channels().iter().zip(&market.effects) {
        let (got, truth) = (sum(&fit.contribution), sum(truth));
        assert!((got / truth - 1.0).abs() < 0.25, "{}: {got:.0} instead of {truth:.0}", fit.name);
    }
    assert!(model.test_fit().unwrap().r2 > 0.9);
    let rival = model.base().find(|(name, _)| *name == "rival").unwrap().1;
    assert!((rival - 25.0).abs() < 4.0, "{rival}");
}

#[test]
fn base_and_channels_add_up_to_what_is_fitted_in_every_week() {
    let market = market(2, 156, 20.0);
    let model = MediaParams::default().fit(&market.data, &[], Seed(1)).unwrap();
    let n_base = model.base().count();
    for t in 0..156 {
        let media: f64 = model.channels().iter().map(|c| c.contribution[t]).sum();
        let base: f64 = (0..n_base).map(|at| model.base_part(at)[t]).sum();
        assert!((media + base - model.fitted()[t]).abs() < 1e-6);
    }
    let shares: f64 = model.channels().iter().map(|c| c.share).sum();
    assert!((shares - 1.0).abs() < 1e-9);
}

#[test]
fn the_same_seed_gives_the_same_bytes_at_any_number_of_threads() {
    let market = market(3, 130, 20.0);
    let study = StudyParams { n_draws: 20, n_folds: 1, ..StudyParams::default() };
    let at = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| MediaParams::default().study(&market.data, &[], &study, Seed(5)).unwrap())
    };
    assert_eq!(format!("{:?}", at(1)), format!("{:?}", at(3)));
}

#[test]
fn a_market_with_clear_effects_is_told_and_shares_lie_inside_their_intervals() {
    let (mut inside, mut all) = (0, 0);
    for seed in 10..15 {
        let market = market(seed, 208, 15.0);
        let params = MediaParams { test_weeks: 0, ..MediaParams::default() };
        let study = params.study(&market.data, &[], &quick(), Seed(seed)).unwrap();
        let sums: Vec<f64> = market.effects.iter().map(|e| e.iter().sum()).collect();
        let total: f64 = sums.iter().sum();
        for (c, truth) in study.channels.iter().zip(&sums) {
            assert_eq!(c.verdict, Verdict::Told, "{}", c.name);
            let (_, i) = c.share;
            all += 1;
            inside += usize::from(i.low <= truth / total && truth / total <= i.high);
        }
    }
    // Intervals of 90 % over 15 shares; fewer than 10 would happen once in five hundred.
    assert!(inside >= 10, "{inside} of {all}");
}

#[test]
fn what_cannot_be_told_is_not_told() {
    let mut rng = Seed(21).stream(0);
    let mut market = market(21, 208, 15.0);
    let same: Vec<f64> = market.data.channels[0].spend.iter().map(|x| x * 0.5 + 0.01 * rng.uniform()).collect();
    let flat: Vec<f64> = (0..208).map(|_| 40.0 + rng.uniform()).collect();
    for (name, spend) in [("twin", same), ("steady", flat), ("unused", vec![0.0; 208])] {
        market.data.channels.push(Channel { name: name.to_owned(), spend });
    }
    let study = MediaParams::default().study(&market.data, &[], &quick(), Seed(1)).unwrap();
    let doubts = |at: usize| match &study.channels[at].verdict {
        Verdict::Told => Vec::new(),
        Verdict::CannotTell(doubts) => doubts.clone(),
    };
    let twin = |d: &Doubt| matches!(d, Doubt::MovesWithOthers { most_with: Some(other), .. } if other == "channel 0");
    assert!(doubts(3).iter().any(twin), "{:?}", doubts(3));
    assert!(doubts(4).iter().any(|d| matches!(d, Doubt::HardlyVaries { .. })), "{:?}", doubts(4));
    assert!(doubts(5).contains(&Doubt::NeverSpent));
    assert!(study.channels[5].roi.0.is_nan());
    assert!(study.figures(5).iter().all(|f| f.as_f64().is_none()), "no number where nothing is known");
    let said = doubts(3)[0].said("twin");
    assert!(said.en.contains("channel 0") && said.zh.contains("channel 0"), "{said:?}");
}

#[test]
fn advertising_without_effect_does_not_pass_for_one() {
    let mut market = market(31, 208, 15.0);
    let mut rng = Seed(99).stream(0);
    market.data.outcome = (0..208).map(|t| 1000.0 + 60.0 * (t as f64 / 8.3).sin() + 15.0 * rng.normal()).collect();
    let study = MediaParams::default().study(&market.data, &[], &quick(), Seed(1)).unwrap();
    assert!(!study.held_out.as_ref().unwrap().helps(), "{:?}", study.held_out);
    assert!(study.channels.iter().all(|c| !c.verdict.is_told()));
}

#[test]
fn an_experiment_pulls_the_fit_to_what_it_measured() {
    // Two channels that always spend together: only the experiment can split what they brought.
    let mut rng = Seed(41).stream(0);
    let (a, shape) = (spend(&mut rng, 156), Shape::geometric(0.3, 1.0, 0.5));
    let carried = shape.adstock.apply(&a);
    let most = carried.iter().copied().fold(0.0, f64::max);
    let saturated: Vec<f64> = carried.iter().map(|c| shape.saturated(*c, most)).collect();
    let outcome = saturated.iter().map(|s| 500.0 + 200.0 * s + 50.0 * s + 5.0 * rng.normal()).collect();
    let channels = ["a", "b"].map(|name| Channel { name: name.to_owned(), spend: a.clone() }).to_vec();
    let data = MediaData::national(outcome, channels, Vec::new());
    let params = MediaParams { test_weeks: 0, trend: Trend::None, n_fourier: 0, ..MediaParams::default() };
    let brought: f64 = saturated[100..110].iter().sum::<f64>() * 50.0;
    // The experiment switched b off in ten weeks; the weeks after are counted too, so a little more than the ten.
    let lift = Lift {
        channel: 1,
        from_week: 100,
        to_week: 110,
        share_kept: 0.0,
        lift: brought,
        standard_error: 0.03 * brought,
    };
    let blind = params.fit(&data, &[], Seed(1)).unwrap();
    let seeing = params.fit(&data, &[lift], Seed(1)).unwrap();
    let truth = 0.2;
    let off = |share: f64| (share - truth).abs();
    assert!(off(seeing.channels()[1].share) < 0.06, "{}", seeing.channels()[1].share);
    assert!(off(seeing.channels()[1].share) < off(blind.channels()[1].share));
}

#[test]
fn many_places_share_their_curves() {
    let mut rng = Seed(51).stream(0);
    let (n_places, n_weeks) = (12, 80);
    let size: Vec<f64> = (0..n_places).map(|p| 1.0 + p as f64).collect();
    let truth = Shape::geometric(0.4, 1.5, 0.5);
    let per_head: Vec<f64> = (0..n_places * n_weeks).map(|_| 10.0 * rng.uniform() * rng.uniform()).collect();
    let carried: Vec<f64> = per_head.chunks(n_weeks).flat_map(|p| truth.adstock.apply(p)).collect();
    let most = carried.iter().copied().fold(0.0, f64::max);
    let outcome = (0..n_places * n_weeks)
        .map(|row| {
            let place = row / n_weeks;
            size[place] * (20.0 + place as f64 + 8.0 * truth.saturated(carried[row], most) + 0.4 * rng.normal())
        })
        .collect();
    let spend = (0..n_places * n_weeks).map(|row| size[row / n_weeks] * per_head[row]).collect();
    let data =
        MediaData { outcome, channels: vec![Channel { name: "a".to_owned(), spend }], controls: Vec::new(), size };
    let params = MediaParams { test_weeks: 10, n_fourier: 0, ..MediaParams::default() };
    let model = params.fit(&data, &[], Seed(1)).unwrap();
    let fit = &model.channels()[0];
    let Adstock::Geometric { theta } = fit.shape.adstock else { panic!("geometric") };
    assert!((theta - 0.4).abs() < 0.1, "{theta}");
    let got: f64 = fit.contribution.iter().sum();
    let want: f64 =
        carried.iter().enumerate().map(|(r, c)| data.size[r / n_weeks] * 8.0 * truth.saturated(*c, most)).sum();
    assert!((got / want - 1.0).abs() < 0.12, "{got} {want}");
    // All places together at their mean spend: the curve agrees with the mean weekly contribution to a tenth.
    let weekly = model.curves()[0].at(fit.mean_spend);
    assert!((weekly / (got / n_weeks as f64) - 1.0).abs() < 0.15, "{weekly} {}", got / n_weeks as f64);
}

#[test]
fn other_forms_of_carry_over_can_be_searched() {
    use decide::media::CarryOver;
    let market = market(61, 120, 10.0);
    for carry_over in [CarryOver::WeibullSurvival, CarryOver::WeibullDensity] {
        let search = SearchParams { carry_over, n_values: 3, n_starts: 3, n_refined: 1, ..SearchParams::default() };
        let model = MediaParams { search, ..MediaParams::default() }.fit(&market.data, &[], Seed(1)).unwrap();
        assert!(model.train_fit().r2 > 0.9, "{carry_over:?}: {}", model.train_fit().r2);
    }
}

#[test]
fn tables_that_do_not_fit_are_refused() {
    let market = market(71, 120, 10.0);
    let params = MediaParams::default();
    let mut short = market.data.clone();
    short.channels[1].spend.pop();
    assert!(params.fit(&short, &[], Seed(1)).unwrap_err().to_string().contains("channel 1"));
    let mut negative = market.data.clone();
    negative.channels[0].spend[7] = -1.0;
    assert!(params.fit(&negative, &[], Seed(1)).unwrap_err().to_string().contains("place 7"));
    let few = market.data.first_weeks(30);
    assert!(params.fit(&few, &[], Seed(1)).unwrap_err().to_string().contains("training weeks"));
}
