use super::*;

fn params() -> TextLinearParams {
    TextLinearParams { min_texts: 1, ..TextLinearParams::default() }
}

const TEXTS: [(&str, u32); 12] = [
    ("very good kettle", 1),
    ("good and quiet", 1),
    ("works well, very happy", 1),
    ("broke after a week", 0),
    ("bad quality, it broke", 0),
    ("noisy and bad", 0),
    ("很好，很满意", 1),
    ("质量很好", 1),
    ("太差了，坏了", 0),
    ("质量太差", 0),
    ("ดีมาก", 1),
    ("แย่มาก เสีย", 0),
];

fn fitted(weighing: Weighing) -> TextLinear {
    let (texts, kinds): (Vec<&str>, Vec<u32>) = TEXTS.into_iter().unzip();
    TextLinearParams { weighing, ..params() }.fit(&texts, &kinds, 2, Seed(1)).unwrap()
}

#[test]
fn unseen_texts_of_three_scripts_are_told_apart() {
    for weighing in [Weighing::Rare, Weighing::Telling] {
        let model = fitted(weighing);
        let margin = |text: &str| model.margins_of(&model.pieces.keys(text))[0];
        for good in ["a good quiet thing", "很好用", "ดีมากค่ะ"] {
            assert!(margin(good) > 0.0, "{good}: {}", margin(good));
        }
        for bad in ["it broke, bad", "太差", "แย่"] {
            assert!(margin(bad) < 0.0, "{bad}: {}", margin(bad));
        }
        assert_eq!(model.probabilities("..."), None);
    }
}

#[test]
fn three_kinds_have_probabilities_that_add_up() {
    let texts = ["red shoe", "red hat", "blue sea", "blue sky", "green tree", "green leaf"].repeat(3);
    let kinds: Vec<u32> = [0, 0, 1, 1, 2, 2].repeat(3);
    let model = params().fit(&texts, &kinds, 3, Seed(1)).unwrap();
    for (text, kind) in [("a red car", 0), ("blue eyes", 1), ("green tea", 2)] {
        let p = model.probabilities(text).unwrap();
        assert!((p.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        assert!((0..3).all(|k| k == kind || p[k] < p[kind]), "{text}: {p:?}");
    }
}

/// A piece in both of the kind's texts and none of the other: (2 + 1) / 5 against (0 + 1) / 5, with two columns `p +
/// 1` sums to 3 + 2 = 5 on one side and 1 + 2 = 3 on the other: ln(3/5) − ln(1/3) = ln(9/5).
#[test]
fn how_telling_a_piece_is_is_worked_by_hand() {
    let rows = SparseRows { starts: vec![0, 2, 3, 4], columns: vec![0, 1, 0, 1], lengths: vec![1.0; 3], n_columns: 2 };
    let t = telling(&rows, &[true, true, false]);
    assert!((f64::from(t[0]) - 1.8_f64.ln()).abs() < 1e-6, "{t:?}");
    assert!((f64::from(t[1]) - (0.4_f64 / (2.0 / 3.0)).ln()).abs() < 1e-6, "{t:?}");
}

/// Margins whose odds are those of a logistic curve with slope 2 and offset −1 give these back.
#[test]
fn what_a_margin_is_worth_is_found_again() {
    let mut rng = Seed(3).stream(0);
    let margins: Vec<Vec<f64>> = (0..20_000).map(|_| vec![rng.normal()]).collect();
    let kinds: Vec<u32> = margins.iter().map(|m| u32::from(rng.uniform() < logistic(2.0 * m[0] - 1.0))).collect();
    let [a, b] = platt(&margins, &kinds);
    assert!((a - 2.0).abs() < 0.1 && (b + 1.0).abs() < 0.1, "{a} {b}");
    let three: Vec<Vec<f64>> = (0..20_000).map(|_| (0..3).map(|_| rng.normal()).collect()).collect();
    let draw = |m: &Vec<f64>, u: f64| {
        let p = probabilities(m, [1.5, 0.0]);
        if u < p[0] { 0 } else { 1 + u32::from(u >= p[0] + p[1]) }
    };
    let kinds: Vec<u32> = three.iter().map(|m| draw(m, rng.uniform())).collect();
    let a = temperature(&three, &kinds);
    assert!((a - 1.5).abs() < 0.06, "{a}");
}

#[test]
fn probabilities_of_left_out_texts_are_as_often_right_as_they_say() {
    let mut rng = Seed(4).stream(0);
    let words = ["good", "fine", "bad", "poor", "cup", "pan", "lid"];
    let kinds: Vec<u32> = (0..600).map(|_| u32::from(rng.uniform() < 0.3)).collect();
    let text = |kind: &u32| {
        // The word of mood is that of the other kind in a fifth of the texts.
        let mood = if rng.uniform() < 0.2 { 1 - kind } else { *kind };
        let mood = words[2 * (1 - mood as usize) + rng.below(2)];
        format!("{} {mood} {}", words[4 + rng.below(3)], words[4 + rng.below(3)])
    };
    let texts: Vec<String> = kinds.iter().map(text).collect();
    let table = TextTable::new(&params().pieces, &texts);
    let (rows, folds) = ((0..600).collect::<Vec<usize>>(), table.folds(4, Seed(1)));
    let (_, p) = params().fit_folds(&table, &kinds, 2, &rows, &folds, Seed(1)).unwrap();
    let (mean, share) = (p.iter().map(|p| p[1]).sum::<f64>() / 600.0, kinds.iter().sum::<u32>() as f64 / 600.0);
    assert!((mean - share).abs() < 0.03, "{mean} {share}");
}

#[test]
fn reasons_are_pieces_of_the_text_and_point_both_ways() {
    let model = fitted(Weighing::Telling);
    let reasons = model.reasons("very good but it broke", 1, 2);
    assert!(reasons.first().unwrap().adds > 0.0 && reasons.last().unwrap().adds < 0.0, "{reasons:?}");
    assert!(reasons.iter().all(|r| " very good but it broke ".contains(&r.piece)), "{reasons:?}");
    assert!(reasons.windows(2).all(|w| w[0].adds >= w[1].adds));
    let other = model.reasons("very good but it broke", 0, 2);
    assert!((other[0].adds + reasons.last().unwrap().adds).abs() < 1e-12, "of two kinds one is the other turned");
}

#[test]
fn the_same_seed_gives_the_same_model_at_any_number_of_threads_and_wrong_input_is_refused() {
    let at = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| fitted(Weighing::Telling))
    };
    assert_eq!(at(1), at(3));
    assert!(matches!(params().fit::<&str>(&[], &[], 2, Seed(1)), Err(LearnError::TooLittleData { .. })));
    assert!(matches!(params().fit(&["a"; 4], &[0; 3], 2, Seed(1)), Err(LearnError::Shape { .. })));
    assert!(matches!(params().fit(&["a"; 4], &[0, 1, 2, 0], 2, Seed(1)), Err(LearnError::Param { .. })));
    let one = TextLinearParams { n_folds: 1, ..params() };
    assert!(matches!(one.fit(&["a"; 4], &[0; 4], 2, Seed(1)), Err(LearnError::Param { .. })));
}
