//! A fashion shop's pictures and titles: which picture belongs to which title, what a picture shows, what is like it, and
//! which pairs do not belong together.
//!
//! 9,862 products with one picture of 60 × 80 pixels each. There is no official split: a product is of the test part where
//! its hashed number modulo 100 is below 11, of the validation part where it is below 22, else of the training part.
//! Questions, all over 1,000 products drawn from the part asked: the picture of a title and the title of a picture among
//! the 1,000 (recall@10, a tie counts against it); `articleType`; how many of the 10 training products nearest
//! to a product have its `articleType`: from the picture alone that is how a new product without a text is placed; and what
//! tastes that titles tell find among products that only have a picture.
//!
//! What the network learns and how long was chosen on the validation part, once and for all; the weight of the attributes in
//! its vectors is chosen there at each run. The test part is asked once.

mod clusters;
mod fused;
mod marks;
mod picture_only;
mod shop;

use super::{Asked, ContentGoal, ContentReport, ContentRow, Measure};
use crate::ProtocolError;
use content::picture::{Colours, Edges, PairCheck, Picture, PicturePrint, PictureText, PictureTextParams, PrintIndex};
use content::{Encode, Vectors};
use domain::Seed;
pub(super) use fused::run as run_fused;
use learn::net::{Flow, Progress};
use marks::{Part, Towers, joined, mean};
use shop::{Item, Shop, attributes, broken};
use std::collections::HashSet;

/// Products that are candidates of a question.
const CANDIDATES: usize = 1_000;

/// What the weight of attributes is chosen from.
const AGREEMENTS: [f32; 6] = [0.0, 0.5, 1.0, 2.0, 4.0, 8.0];

/// Share of pairs that may be flagged wrongly, and share of titles that are swapped.
const FALSE_ALARMS: f64 = 0.05;
const SWAPPED: f64 = 0.1;

/// 1,000 products of a part, the same for the same seed.
fn drawn(part: &[Item], seed: Seed) -> Vec<&Item> {
    let mut order: Vec<usize> = (0..part.len()).collect();
    seed.stream(0).shuffle(&mut order);
    order.truncate(CANDIDATES);
    order.into_iter().map(|at| &part[at]).collect()
}

fn seen(encoder: &impl Encode<Item = Picture>, items: &[&Item]) -> Vectors {
    encoder.encode(&items.iter().map(|i| Some(&i.picture)).collect::<Vec<_>>()).unit()
}

fn read(encoder: &impl Encode<Item = str>, items: &[&Item]) -> Vectors {
    encoder.encode(&items.iter().map(|i| Some(i.title.as_str())).collect::<Vec<_>>()).unit()
}

/// The weight of the attributes with the best mean recall of both directions, and that recall.
fn chosen(model: &PictureText, items: &[&Item]) -> (f64, f32) {
    let (x, y) = (seen(&model.pictures(), items), read(&model.titles(), items));
    let of = |agreement: f32| {
        let [x, y] = [&x, &y].map(|v| marks::weighed(v, model.common_width(), agreement));
        ((mean(&marks::hits(&x, &y)) + mean(&marks::hits(&y, &x))) / 2.0, agreement)
    };
    let all = AGREEMENTS.map(of);
    all.into_iter().fold((f64::NEG_INFINITY, 0.0), |best, one| if one.0 > best.0 { one } else { best })
}

fn learnt(shop: &Shop, asked: &mut Asked<'_>) -> Result<PictureText, ProtocolError> {
    let attributes = attributes(&shop.train);
    let pictures: Vec<&Picture> = shop.train.iter().map(|i| &i.picture).collect();
    let titles: Vec<&str> = shop.train.iter().map(|i| i.title.as_str()).collect();
    let step = &mut asked.step;
    let mut watch = |p: Progress| {
        step(&format!("the two towers learn, loss {:.3}", p.loss), (p.share() * 1e4) as u64, 10_000);
        Flow::Continue
    };
    let params = PictureTextParams::default();
    params.fit(&pictures, &titles, &attributes, asked.seed, &mut watch).map_err(|why| broken(asked.dir, why))
}

/// How much of the test part the training part holds already.
fn seen_before(shop: &Shop, test: &[&Item]) -> String {
    let titles: HashSet<&str> = shop.train.iter().map(|i| i.title.as_str()).collect();
    let index = PrintIndex::new(shop.train.iter().map(|i| PicturePrint::of(&i.picture)).collect());
    let again = test.iter().filter(|i| titles.contains(i.title.as_str())).count();
    let like = test.iter().filter(|i| !index.near(&PicturePrint::of(&i.picture), 7, 16).is_empty()).count();
    format!(
        "{again} of the {} titles asked are also those of a training product, {like} pictures nearly those",
        test.len()
    )
}

pub(super) fn run(asked: &mut Asked<'_>) -> Result<Vec<ContentReport>, ProtocolError> {
    let shop = Shop::read(asked.dir)?;
    let (valid, test) = (drawn(&shop.valid, asked.seed.derive(1)), drawn(&shop.test, asked.seed.derive(2)));
    let train: Vec<&Item> = shop.train.iter().collect();
    let start = (asked.cpu_s)();
    let model = learnt(&shop, asked)?.with_agreement(1.0);
    (asked.step)("the weight of attributes is chosen", 0, 1);
    let best = chosen(&model, &valid);
    let fit_s = (asked.cpu_s)() - start;
    let part = Part { train: &train, test: &test, seed: asked.seed };
    let mut rows = vec![part.random()?];
    let clock = asked.cpu_s;
    let mut add = |config: &str, fit: f64, row: &mut dyn FnMut() -> Result<Vec<Measure>, ProtocolError>| {
        let start = clock();
        let measures = row()?;
        rows.push(ContentRow { config: config.to_owned(), measures, fit_cpu_s: fit, score_cpu_s: clock() - start });
        Ok::<(), ProtocolError>(())
    };
    let (colours, edges) = (Colours, Edges);
    add("colour histogram", 0.0, &mut || part.like(&seen(&colours, &train), &seen(&colours, &test)))?;
    add("edges", 0.0, &mut || part.like(&seen(&edges, &train), &seen(&edges, &test)))?;
    add("colour histogram and edges", 0.0, &mut || {
        let all = |items: &[&Item]| joined(&seen(&colours, items), &seen(&edges, items));
        part.like(&all(&train), &all(&test))
    })?;
    let encode = clock();
    let towers = Towers::new(&model, &train, &test);
    let encode_s = clock() - encode;
    let both = towers.weighed(best.1);
    add("picture tower, common space alone", fit_s, &mut || {
        // A weight of nearly nothing leaves the answers readable.
        part.pictures(&towers.weighed(1e-12))
    })?;
    add("picture tower with attributes", fit_s, &mut || part.pictures(&both))?;
    add("title tower with attributes", fit_s, &mut || part.titles(&both))?;
    add("both towers with attributes", fit_s, &mut || part.fused(&both))?;
    let figures: Vec<f64> = rows[5].measures[..2].iter().filter_map(|m| m.value).collect();
    let goals = vec![
        ContentGoal::new("title → picture recall@10", 0.6, figures[0]),
        ContentGoal::new("picture → title recall@10", 0.6, figures[1]),
    ];
    let about = format!(
        "{} training, {} validation and {} test products, {} without a title or picture; {} candidates; attributes at {} \
         (validation recall {:.4}); encoding training and test part took {encode_s:.0} CPU s; {}",
        shop.train.len(),
        shop.valid.len(),
        shop.test.len(),
        shop.rejected,
        test.len(),
        best.1,
        best.0,
        seen_before(&shop, &test),
    );
    let report = ContentReport { task: "fashion".to_owned(), about, rows, goals, references: &[] };
    let crossed = picture_only::report(&part, &both, asked.seed.derive(4), clock)?;
    Ok(vec![report, crossed, mismatches(&model.with_agreement(best.1), &valid, &test, asked)?])
}

/// Titles exchanged among some of the test part: how many are flagged, and how many others.
fn mismatches(
    model: &PictureText,
    valid: &[&Item],
    test: &[&Item],
    asked: &mut Asked<'_>,
) -> Result<ContentReport, ProtocolError> {
    let start = (asked.cpu_s)();
    let (x, y) = (seen(&model.pictures(), valid), read(&model.titles(), valid));
    let check = PairCheck::fit(&x, &y, FALSE_ALARMS).map_err(|why| broken(asked.dir, why))?;
    let fit_cpu_s = (asked.cpu_s)() - start;
    let mut rng = asked.seed.derive(3).stream(0);
    let mut order: Vec<usize> = (0..test.len()).collect();
    rng.shuffle(&mut order);
    let swapped = &order[..(test.len() as f64 * SWAPPED) as usize];
    let mut titles: Vec<&Item> = test.to_vec();
    swapped.iter().zip(swapped.iter().cycle().skip(1)).for_each(|(to, from)| titles[*to] = test[*from]);
    // A title that says the same is no mistake.
    let wrong = |at: &usize| titles[*at].title != test[*at].title;
    let flags = check.flags(&seen(&model.pictures(), test), &read(&model.titles(), &titles));
    let flagged = |at: usize| f64::from(u8::from(flags[at] == Some(true)));
    let found: Vec<f64> = swapped.iter().filter(|at| wrong(at)).map(|at| flagged(*at)).collect();
    let alarms: Vec<f64> = (0..test.len()).filter(|at| !wrong(at)).map(flagged).collect();
    let measures = vec![
        Measure::mean("swapped titles found", &found, asked.seed)?,
        Measure::mean("right pairs flagged", &alarms, asked.seed)?,
    ];
    let about = format!(
        "{} of {} test titles exchanged; flagged below what {FALSE_ALARMS} of the validation pairs have",
        found.len(),
        test.len()
    );
    let row = ContentRow {
        config: "pair check over both towers".to_owned(),
        measures,
        fit_cpu_s,
        score_cpu_s: (asked.cpu_s)() - start - fit_cpu_s,
    };
    Ok(ContentReport { task: "fashion mismatches".to_owned(), about, rows: vec![row], goals: vec![], references: &[] })
}
