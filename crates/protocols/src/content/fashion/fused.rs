//! The fashion shop's products as title, picture and facts made one vector: what each modality brings, also where fusion loses.
//!
//! Split and candidates are those of [`super`]. A title is its leading directions, learnt from the training titles; a
//! picture its colours and edges, of which nothing is learnt; facts are colour, gender and usage as cells of the table.
//! [`FusionParams`] learns `articleType` from them in three ways; which of them is chosen on the validation part, the test
//! part is asked once. The table has every single modality, all but one and all (`content::space::ablation`), all in the other two
//! ways, the sum of what three models of one modality say, and what the chosen one makes of a picture alone: that
//! is a new product of which nobody has written anything yet, to be shown beside ten of its kind.
//!
//! A second table brings titles and pictures into one space: by canonical correlations, by a contrastive map of the picture,
//! and by canonical correlations of what that map has learnt (the idea of Andrew et al., "Deep canonical correlation
//! analysis", ICML 2013, with the contrast in place of their loss).

use super::clusters::{self, Spaces};
use super::marks::{Part, hits, joined};
use super::shop::{Item, Shop, broken};
use super::{drawn, read, seen};
use crate::ProtocolError;
use crate::content::{Asked, ContentGoal, ContentReport, ContentRow, Measure};
use content::Vectors;
use content::picture::{Colours, Edges};
use content::space::{AlignedParams, Fusion, FusionError, FusionParams, Goal, Join, ablation};
use content::text::LsaParams;
use domain::Seed;
use eval::{Bootstrap, paired_difference};
use learn::cca::Block;
use std::collections::BTreeMap;

/// Names of the modalities, in their order.
const MODALITIES: [&str; 3] = ["title", "picture", "facts"];
/// Share of modalities that are taken away in the third measure.
const MISSING: f64 = 1.0 / 3.0;
/// Which of [`Item::cells`] are facts.
const FACTS: std::ops::Range<usize> = 1..4;

/// The products of a part by their modalities.
type Parts = [Vectors; 3];

/// What was learnt from and what is asked.
struct Lesson<'a> {
    items: [&'a [&'a Item]; 3],
    /// Training, validation, test.
    parts: [Parts; 3],
    /// Kinds that the training part has, in order.
    kinds: Vec<&'a str>,
    labels: Vec<Option<u32>>,
    seed: Seed,
}

/// Cells as ones and zeros, for values that the training part has.
fn facts(train: &[&Item], items: &[&Item]) -> Result<Vectors, content::VectorsError> {
    let mut places: BTreeMap<(usize, &str), usize> = BTreeMap::new();
    for item in train {
        for c in FACTS {
            let next = places.len();
            places.entry((c, item.cells[c].as_str())).or_insert(next);
        }
    }
    let row = |item: &&Item| {
        let mut row = vec![0.0_f32; places.len()];
        FACTS.filter_map(|c| places.get(&(c, item.cells[c].as_str()))).for_each(|at| row[*at] = 1.0);
        Some(row)
    };
    Vectors::from_rows(places.len(), items.iter().map(row))
}

/// Each row without some modalities, never without all.
fn thinned(parts: &[&Vectors], seed: Seed) -> Vec<Vectors> {
    let mut rng = seed.stream(0);
    let mut out: Vec<Vectors> = parts.iter().map(|part| Vectors::new(part.width())).collect();
    for row in 0..parts.first().map_or(0, |part| part.len()) {
        let mut kept: Vec<bool> = parts.iter().map(|_| rng.uniform() >= MISSING).collect();
        if !kept.contains(&true) {
            let one = rng.below(parts.len());
            kept[one] = true;
        }
        for ((out, part), kept) in out.iter_mut().zip(parts).zip(kept) {
            // Numbers that were finite stay so.
            if part.row(row).filter(|_| kept).is_none_or(|row| out.push(row).is_err()) {
                out.push_missing();
            }
        }
    }
    out
}

/// The part with these modalities there and the others taken away.
fn only(parts: &Parts, there: &[usize]) -> Parts {
    std::array::from_fn(|m| {
        if there.contains(&m) {
            return parts[m].clone();
        }
        let mut none = Vectors::new(parts[m].width());
        (0..parts[m].len()).for_each(|_| none.push_missing());
        none
    })
}

impl<'a> Lesson<'a> {
    fn new(items: [&'a [&'a Item]; 3], seed: Seed) -> Result<Self, Box<dyn std::error::Error>> {
        let train = items[0];
        let titles: Vec<&str> = train.iter().map(|item| item.title.as_str()).collect();
        let lsa = LsaParams::default().fit(&titles, seed)?;
        let of = |items: &[&Item]| -> Result<Parts, content::VectorsError> {
            Ok([read(&lsa, items), joined(&seen(&Colours, items), &seen(&Edges, items)), facts(train, items)?])
        };
        let mut kinds: Vec<&str> = train.iter().map(|item| item.cells[0].as_str()).collect();
        kinds.sort_unstable();
        kinds.dedup();
        let label = |item: &&Item| kinds.binary_search(&item.cells[0].as_str()).ok().map(|k| k as u32);
        let labels = train.iter().map(label).collect();
        Ok(Self { items, parts: [of(items[0])?, of(items[1])?, of(items[2])?], kinds, labels, seed })
    }

    fn fit(&self, join: Join, set: &[usize]) -> Result<Fusion, FusionError> {
        let parts: Vec<&Vectors> = set.iter().map(|m| &self.parts[0][*m]).collect();
        let goal = Goal::Classes { labels: &self.labels, n: self.kinds.len() };
        FusionParams { join, ..FusionParams::default() }.fit(&parts, goal, self.seed)
    }

    /// Whether each class is that of its item.
    fn right(&self, items: &[&Item], classes: &[Option<u32>]) -> Vec<f64> {
        let right = |(item, class): (&&Item, &Option<u32>)| {
            let named = class.map(|c| self.kinds[c as usize]);
            f64::from(u8::from(named == Some(item.cells[0].as_str())))
        };
        items.iter().zip(classes).map(right).collect()
    }

    /// Whether each test product's kind is told, and how many of the ten training products nearest to it are of it, asked with
    /// some parts.
    fn told(&self, fusion: &Fusion, set: &[usize], asked: &Parts) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
        let of = |parts: &'_ Parts| set.iter().map(|m| parts[*m].clone()).collect::<Vec<Vectors>>();
        let (train, test) = (of(&self.parts[0]), of(asked));
        let (train, test): (Vec<&Vectors>, Vec<&Vectors>) = (train.iter().collect(), test.iter().collect());
        let part = Part { train: self.items[0], test: self.items[2], seed: self.seed };
        let near = part.near_of(&fusion.fuse(&train).unit(), &fusion.fuse(&test).unit());
        let thin = thinned(&test, self.seed.derive(9));
        let thin: Vec<&Vectors> = thin.iter().collect();
        let right = |parts: &[&Vectors]| self.right(self.items[2], &fusion.classes(parts));
        (right(&test), near, right(&thin))
    }
}

/// Names of what is measured.
const MEASURES: [&str; 3] = ["articleType accuracy", "10 nearest of its articleType", "accuracy, a third missing"];

/// Kinds told by a kind's nearest neighbours have no answer where a modality is missing.
fn without_third(mut measures: Vec<Measure>) -> Vec<Measure> {
    measures.drain(..2);
    measures.push(Measure::none(MEASURES[2]));
    measures
}

fn names(set: &[usize]) -> String {
    set.iter().map(|m| MODALITIES[*m]).collect::<Vec<_>>().join(" + ")
}

/// The task.
pub(in crate::content) fn run(asked: &mut Asked<'_>) -> Result<Vec<ContentReport>, ProtocolError> {
    let shop = Shop::read(asked.dir)?;
    let (valid, test) = (drawn(&shop.valid, asked.seed.derive(1)), drawn(&shop.test, asked.seed.derive(2)));
    let train: Vec<&Item> = shop.train.iter().collect();
    (asked.step)("titles and pictures become numbers", 0, 1);
    let lesson = Lesson::new([&train, &valid, &test], asked.seed).map_err(|why| broken(asked.dir, why))?;
    let (fused, spaces) = ablated(&lesson, asked)?;
    let clusters = clusters::report(&spaces, lesson.items[2], asked)?;
    (asked.step)("titles and pictures share a space", 0, 1);
    Ok(vec![fused, clusters, aligned(&lesson, asked)?])
}

/// What every set of modalities reaches, and the test products' vectors by each.
fn ablated(lesson: &Lesson<'_>, asked: &mut Asked<'_>) -> Result<(ContentReport, Spaces), ProtocolError> {
    let (clock, seed) = (asked.cpu_s, asked.seed);
    let dir = asked.dir;
    let wrong = |why: FusionError| broken(dir, why);
    let part = Part { train: lesson.items[0], test: lesson.items[2], seed };
    let every = [0, 1, 2];
    let mut all = Vec::new();
    for join in Join::ALL {
        (asked.step)(&format!("all modalities: {}", join.name()), all.len() as u64, 10);
        let start = clock();
        let fusion = lesson.fit(join, &every).map_err(wrong)?;
        let valid: Vec<&Vectors> = lesson.parts[1].iter().collect();
        let right = super::mean(&lesson.right(lesson.items[1], &fusion.classes(&valid)));
        all.push((right, join, fusion, clock() - start));
    }
    // Of ways that are as good, the simpler one, which stands first.
    let best = (0..all.len()).fold(0, |best, at| if all[at].0 > all[best].0 { at } else { best });
    let join = all[best].1;
    let mut rows = Vec::new();
    let mut add = |config: String, fit_cpu_s: f64, start: f64, measures: Vec<Measure>| {
        rows.push(ContentRow { config, measures, fit_cpu_s, score_cpu_s: clock() - start });
    };
    let measured = |(right, near, thin): &(Vec<f64>, Vec<f64>, Vec<f64>)| -> Result<Vec<Measure>, ProtocolError> {
        [right, near, thin].into_iter().zip(MEASURES).map(|(v, name)| Measure::mean(name, v, seed)).collect()
    };
    let start = clock();
    add("random, commonest type".to_owned(), 0.0, start, without_third(part.random()?.measures));
    let colours = [seen(&Colours, lesson.items[0]), seen(&Colours, lesson.items[2])];
    add("colour histogram".to_owned(), 0.0, start, without_third(part.like(&colours[0], &colours[1])?));
    let mut singles: Vec<Fusion> = Vec::new();
    let mut single_valid: Vec<f64> = Vec::new();
    let mut single_right: Vec<Vec<f64>> = Vec::new();
    let mut spaces: Vec<(String, Vectors)> = Vec::new();
    let mut done = 3;
    let table = ablation(MODALITIES.len(), |set| {
        (asked.step)(&format!("{}: {}", join.name(), names(set)), done, 10);
        done += 1;
        let start = clock();
        let fusion =
            if set.len() == MODALITIES.len() { all[best].2.clone() } else { lesson.fit(join, set).map_err(wrong)? };
        let fit_s = if set.len() == MODALITIES.len() { all[best].3 } else { clock() - start };
        let start = clock();
        let told = lesson.told(&fusion, set, &lesson.parts[2]);
        add(format!("{} ({})", names(set), join.name()), fit_s, start, measured(&told)?);
        let asked: Vec<&Vectors> = set.iter().map(|m| &lesson.parts[2][*m]).collect();
        spaces.push((names(set), fusion.fuse(&asked).unit()));
        if let [m] = set {
            single_valid.push(super::mean(&lesson.right(lesson.items[1], &fusion.classes(&[&lesson.parts[1][*m]]))));
            single_right.push(told.0.clone());
            singles.push(fusion);
        }
        Ok::<_, ProtocolError>(told)
    })?;
    for (_, other, fusion, fit_s) in all.iter().filter(|(_, other, ..)| *other != join) {
        let start = clock();
        let told = lesson.told(fusion, &every, &lesson.parts[2]);
        add(format!("{} ({})", names(&every), other.name()), *fit_s, start, measured(&told)?);
    }
    let start = clock();
    let late = lesson.right(lesson.items[2], &added(&singles, &lesson.parts[2]));
    let none = MEASURES[1..].iter().map(|name| Measure::none(name));
    let late_measures = std::iter::once(Measure::mean(MEASURES[0], &late, seed)?).chain(none).collect();
    add("three models of one modality, log odds added".to_owned(), 0.0, start, late_measures);
    let start = clock();
    let cold = lesson.told(&all[best].2, &every, &only(&lesson.parts[2], &[1]));
    let mut cold_measures = measured(&cold)?;
    cold_measures[2] = Measure::none(MEASURES[2]);
    add(format!("{} ({}), asked with the picture alone", names(&every), join.name()), 0.0, start, cold_measures);
    let fused = table.last().map(|a| a.mark.0.clone()).unwrap_or_default();
    let single = (0..singles.len()).fold(0, |b, at| if single_valid[at] > single_valid[b] { at } else { b });
    let gain = paired_difference(&fused, &single_right[single], &Bootstrap::default(), seed)?.difference;
    let about = format!(
        "{} training products, {} kinds, {} test products; {} chosen on the validation part ({}); gain of all three on {} alone, \
         the best there: {:+.4} [{:+.4}, {:+.4}]",
        lesson.items[0].len(),
        lesson.kinds.len(),
        lesson.items[2].len(),
        join.name(),
        all.iter().map(|(right, join, ..)| format!("{} {right:.4}", join.name())).collect::<Vec<_>>().join(", "),
        MODALITIES[single],
        gain.mean,
        gain.interval.low,
        gain.interval.high,
    );
    let goals = vec![ContentGoal::new("lower end of the gain of fusing on the best modality", 1e-9, gain.interval.low)];
    let report = ContentReport { task: "fashion fusion".to_owned(), about, rows, goals, references: &[] };
    Ok((report, Spaces { of: spaces, single }))
}

/// The likeliest classes by the sum of what several models say.
fn added(models: &[Fusion], parts: &Parts) -> Vec<Option<u32>> {
    let said: Vec<Vectors> = models.iter().zip(parts).map(|(model, part)| model.predict(&[part])).collect();
    let row = |row: usize| {
        let rows: Vec<&[f32]> = said.iter().filter_map(|v| v.row(row)).collect();
        // Odds of different models count alike once each row sums to one.
        let log_sum = |row: &[f32]| {
            let top = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            top + row.iter().map(|x| (x - top).exp()).sum::<f32>().ln()
        };
        let sums: Vec<f32> = rows.iter().map(|row| log_sum(row)).collect();
        let n = rows.first().map_or(0, |row| row.len());
        let total = |class: usize| rows.iter().zip(&sums).map(|(row, sum)| row[class] - sum).sum::<f32>();
        let totals: Vec<f32> = (0..n).map(total).collect();
        (0..n).max_by(|a, b| totals[*a].total_cmp(&totals[*b]).then(b.cmp(a))).map(|class| class as u32)
    };
    (0..said.first().map_or(0, Vectors::len)).map(row).collect()
}

/// Titles and pictures in one space, in three ways.
fn aligned(lesson: &Lesson<'_>, asked: &mut Asked<'_>) -> Result<ContentReport, ProtocolError> {
    let (clock, seed, dir) = (asked.cpu_s, asked.seed, asked.dir);
    let [train, _, test] = &lesson.parts;
    let mut rows = Vec::new();
    let mut add = |config: &str, fit_cpu_s: f64, x: &Vectors, y: &Vectors| {
        let start = clock();
        let measures = vec![
            Measure::mean("title → picture recall@10", &hits(y, x), seed)?,
            Measure::mean("picture → title recall@10", &hits(x, y), seed)?,
        ];
        rows.push(ContentRow { config: config.to_owned(), measures, fit_cpu_s, score_cpu_s: clock() - start });
        Ok::<(), ProtocolError>(())
    };
    let start = clock();
    let cca = AlignedParams::default().fit(&train[1], &train[0], seed).map_err(|why| broken(dir, why))?;
    let fit_s = clock() - start;
    add("canonical correlations", fit_s, &cca.project(Block::X, &test[1]), &cca.project(Block::Y, &test[0]))?;
    let start = clock();
    let how = FusionParams { width: 256, ..FusionParams::default() };
    let map = how.fit(&[&train[1]], Goal::Near(&train[0]), seed).map_err(|why| broken(dir, why))?;
    let fit_s = clock() - start;
    add("contrastive map of the picture", fit_s, &map.predict(&[&test[1]]), &test[0].clone().unit())?;
    let start = clock();
    let learnt = map.fuse(&[&train[1]]);
    let deep = AlignedParams::default().fit(&learnt, &train[0], seed).map_err(|why| broken(dir, why))?;
    let fit_s = fit_s + clock() - start;
    let x = deep.project(Block::X, &map.fuse(&[&test[1]]));
    add("canonical correlations of what the map learnt", fit_s, &x, &deep.project(Block::Y, &test[0]))?;
    let about = format!(
        "{} pairs to learn from, {} candidates; the two towers of task fashion learn from pixels, these from colours and edges",
        lesson.items[0].len(),
        lesson.items[2].len()
    );
    Ok(ContentReport { task: "fashion alignment".to_owned(), about, rows, goals: vec![], references: &[] })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ones(n: usize) -> Vectors {
        Vectors::from_rows(1, (0..n).map(|_| Some([1.0]))).unwrap()
    }

    #[test]
    fn a_third_is_taken_away_and_never_all() {
        let (a, b) = (ones(3_000), ones(3_000));
        let thin = thinned(&[&a, &b], Seed(1));
        assert!((0..3_000).all(|row| thin.iter().any(|part| part.is_present(row))));
        // A row loses both with chance 1/9 and gets one of them back: 1/3 − 1/18 of each are missing, 833 of 3,000.
        for part in &thin {
            assert!((part.len() - part.n_present()).abs_diff(833) < 80, "{}", part.n_present());
        }
        // A single modality is never taken away.
        assert_eq!(thinned(&[&a], Seed(1))[0].n_present(), 3_000);
    }

    #[test]
    fn what_is_not_asked_is_missing() {
        let parts = [ones(2), ones(2), ones(2)];
        assert_eq!(only(&parts, &[1]).map(|part| part.n_present()), [0, 2, 0]);
    }
}
