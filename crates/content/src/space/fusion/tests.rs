use super::*;

/// 400 products of four classes. The first modality tells the first bit of the class, the second the other
/// bit, so each alone is right half of the time and both together always; the second is missing in every fifth row.
fn bits(noise: f64) -> (Vectors, Vectors, Vec<Option<u32>>) {
    let mut rng = Seed(3).stream(0);
    let (mut a, mut b, mut labels) = (Vectors::new(3), Vectors::new(2), Vec::new());
    for at in 0..400 {
        let class = rng.below(4) as u32;
        let sign = |bit: u32| if bit == 1 { 1.0 } else { -1.0 };
        let mut e = || noise * rng.normal();
        a.push(&[sign(class & 1) + e(), e(), e()].map(|v| v as f32)).unwrap();
        let row = [5.0 + e(), 100.0 * (sign(class >> 1) + e())].map(|v| v as f32);
        if at % 5 == 0 {
            b.push_missing()
        } else {
            b.push(&row).unwrap()
        }
        labels.push((at % 7 != 0).then_some(class));
    }
    (a, b, labels)
}

const QUICK: FusionParams = FusionParams {
    join: Join::Gated,
    width: 16,
    drop_modality: 0.1,
    dropout: 0.0,
    temperature: 0.1,
    n_epochs: 30,
    patience: 0,
    batch: 64,
    rate: 1e-2,
};

fn right(classes: &[Option<u32>], labels: &[Option<u32>], rows: impl Iterator<Item = usize>) -> f64 {
    let (mut right, mut n) = (0, 0);
    for row in rows.filter(|row| labels[*row].is_some()) {
        right += usize::from(classes[row] == labels[row]);
        n += 1;
    }
    right as f64 / n as f64
}

#[test]
fn every_way_of_joining_needs_both_and_does_without_one() {
    let (a, b, labels) = bits(0.2);
    for join in Join::ALL {
        let fusion = FusionParams { join, ..QUICK }.fit(&[&a, &b], Goal::Classes { labels: &labels, n: 4 }, Seed(1));
        let fusion = fusion.unwrap();
        let classes = fusion.classes(&[&a, &b]);
        let both = right(&classes, &labels, (0..400).filter(|r| r % 5 != 0));
        let one = right(&classes, &labels, (0..400).filter(|r| r % 5 == 0));
        assert!(both > 0.95, "{}: {both}", join.name());
        assert!(one > 0.3 && one < 0.8, "{}: {one} of rows without the second", join.name());
        let none = Vectors::from_rows::<[f32; 2]>(2, (0..400).map(|_| None)).unwrap();
        let absent = Vectors::from_rows::<[f32; 3]>(3, (0..400).map(|_| None)).unwrap();
        assert_eq!(fusion.fuse(&[&absent, &none]).n_present(), 0);
        assert_eq!(fusion.fuse(&[&a, &none]).n_present(), 400);
    }
}

#[test]
fn what_is_to_be_near_is_nearest() {
    let (a, b, labels) = bits(0.1);
    // A vector of its own for every class.
    let near = Vectors::from_rows(
        4,
        labels.iter().map(|l| {
            l.map(|l| {
                let mut row = [0.0; 4];
                row[l as usize] = 2.0;
                row
            })
        }),
    );
    let near = near.unwrap();
    // Rows of one class share a vector, so that a step compares a row with its own many times: the loss stays
    // above 0, the order does not suffer.
    let fusion = QUICK.fit(&[&a, &b], Goal::Near(&near), Seed(1)).unwrap();
    let classes = fusion.classes(&[&a, &b]);
    assert!(right(&classes, &labels, (0..400).filter(|r| r % 5 != 0)) > 0.95);
}

/// The target is one number of each modality and their sum: either alone leaves half of the spread unknown, both together
/// next to nothing.
#[test]
fn numbers_are_told_from_both() {
    let mut rng = Seed(5).stream(0);
    let (mut a, mut b, mut told) = (Vectors::new(1), Vectors::new(1), Vectors::new(2));
    for at in 0..600 {
        let (x, y) = (rng.normal() as f32, rng.normal() as f32);
        a.push(&[x]).unwrap();
        b.push(&[y]).unwrap();
        if at % 9 == 0 { told.push_missing() } else { told.push(&[x, (x + y) / 2.0_f32.sqrt()]).unwrap() }
    }
    let error = |parts: &[&Vectors], at: usize| {
        let params = FusionParams { drop_modality: 0.0, n_epochs: 80, ..QUICK };
        let said = params.fit(parts, Goal::Values(&told), Seed(1)).unwrap().predict(parts);
        let rows = said.rows().zip(told.rows()).filter_map(|(said, told)| Some((said?[at] - told?[at]).powi(2)));
        let errors: Vec<f32> = rows.collect();
        errors.iter().sum::<f32>() / errors.len() as f32
    };
    assert!(error(&[&a, &b], 0) < 0.1 && error(&[&a, &b], 1) < 0.1, "{} {}", error(&[&a, &b], 0), error(&[&a, &b], 1));
    assert!(error(&[&a], 1) > 0.35 && error(&[&b], 1) > 0.35);
}

#[test]
fn a_seed_gives_the_same_and_a_saved_one_too() {
    let (a, b, labels) = bits(0.2);
    let goal = Goal::Classes { labels: &labels, n: 4 };
    for join in Join::ALL {
        let params = FusionParams { join, n_epochs: 3, patience: 2, ..QUICK };
        let run = |n_threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
            pool.install(|| params.fit(&[&a, &b], goal, Seed(1)).unwrap())
        };
        let fusion = run(1);
        assert_eq!(fusion, run(3));
        let mut writer = Writer::default();
        fusion.write("fusion", &mut writer);
        let bytes = writer.finish("test", 1);
        let again = Fusion::read("fusion", &Reader::open(&bytes).unwrap()).unwrap();
        assert_eq!(again.predict(&[&a, &b]), fusion.predict(&[&a, &b]));
        assert!(Fusion::read("other", &Reader::open(&bytes).unwrap()).is_err());
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let (a, b, labels) = bits(0.2);
    let fit =
        |params: FusionParams, parts: &[&Vectors], goal| params.fit(parts, goal, Seed(1)).unwrap_err().to_string();
    let goal = Goal::Classes { labels: &labels, n: 4 };
    let short = Vectors::new(2);
    assert_eq!(fit(QUICK, &[&a, &short], goal), "rows of a modality: 0, wanted are 400");
    assert_eq!(fit(QUICK, &[&a, &b], Goal::Classes { labels: &labels, n: 2 }), "class of a row: 2, wanted are 1");
    let none = vec![None; 400];
    assert!(fit(QUICK, &[&a], Goal::Classes { labels: &none, n: 2 }).starts_with("0 rows with a target"));
    let odd = FusionParams { width: 6, ..QUICK };
    assert_eq!(fit(odd, &[&a], goal), "parameter `width` is 6, it has to be a positive multiple of 4");
    assert_eq!(fit(QUICK, &[], Goal::Classes { labels: &[], n: 4 }), "0 rows with a target, at least 1 are needed");
}
