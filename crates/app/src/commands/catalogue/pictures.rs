//! `portolan catalogue pictures`: pictures that products share, that are missing, and that seem to belong elsewhere.
//!
//! A picture seems misplaced where most of its nearest pictures are of one other category and none is of its own,
//! although its own has enough of them. With `--titles` the catalogue's pairs teach two towers what goes together; each
//! pair is judged by towers that did not learn from it, and named where it fits no better than pairs drawn at random.

use super::super::Environment;
use crate::looks::{Looks, files_of};
use crate::output::{self, Bar};
use crate::search::Found;
use anyhow::Result;
use content::picture::{PairCheck, Picture, PictureText, PictureTextParams};
use content::{Encode, Vectors};
use domain::Seed;
use learn::net::{Flow, Progress};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;

/// Nearest pictures that are asked, and how many have to agree on another category.
const NEAREST: usize = 10;
const AGREEING: usize = 8;
/// Parts of the pairs: each is judged by what the others taught.
const FOLDS: u64 = 3;
/// Pairs below which nothing is learnt, and how many are looked at while learning.
const FEWEST_PAIRS: usize = 120;
const LOOKS: usize = 30_000;

/// A picture that looks like another category's.
struct Misplaced {
    row: usize,
    like: String,
    agreeing: usize,
}

/// What learning from the pairs said.
enum Titles {
    NotAsked,
    TooFew(usize),
    /// Pairs that were judged, and those that do not go together with their scores, worst first.
    Judged(usize, Vec<(usize, f64)>),
}

pub(super) async fn run(env: &Environment, titles: bool, is_json: bool) -> Result<ExitCode> {
    let (found, _) = Found::open(env, is_json).await?;
    let opened = env.opened().await?;
    let bar = Bar::new(env.quiet || is_json);
    let looks = Looks::load(&opened.workspace, &opened.engine, &opened.snapshot, &found.ids, &bar).await?;
    if looks.likeness.n_present() == 0 {
        return Err(crate::commands::similar::no_pictures());
    }
    let (files, kept) = (files_of(&opened.engine).await?, opened.workspace.kept_files()?);
    let goods: Vec<usize> = (0..found.ids.len()).filter(|&row| !found.is_service(row)).collect();
    let missing: Vec<usize> = goods.iter().copied().filter(|&row| !files.contains_key(&found.ids[row])).collect();
    let repeats = looks.likeness.repeats();
    let misplaced = misplaced(&looks, &found.categories, &repeats);
    let judged = if titles {
        let pairs: Vec<usize> = goods.iter().copied().filter(|&row| !found.names[row].is_empty()).collect();
        let (wide, high) = PictureTextParams::default().canvas;
        // On the canvas of the towers, so that a large catalogue stays in memory.
        let decode = |row: &usize| {
            let file = files.get(&found.ids[*row])?;
            Some((*row, crate::media::kept_picture(&kept, file).ok()?.fitted(wide, high)))
        };
        judge(&pairs.iter().filter_map(decode).collect::<Vec<_>>(), &found, &bar)?
    } else {
        Titles::NotAsked
    };
    bar.clear();
    if is_json {
        output::json(&as_json(&found, goods.len(), &missing, &repeats, &misplaced, &judged))?;
    } else {
        show(&found, goods.len(), &missing, &repeats, &misplaced, &judged);
    }
    Ok(ExitCode::SUCCESS)
}

/// Pictures whose nearest ones agree on a category that is not theirs. Copies of one picture count once.
fn misplaced(looks: &Looks, categories: &[String], repeats: &[Vec<usize>]) -> Vec<Misplaced> {
    let n = looks.likeness.len();
    let mut allowed = vec![true; n];
    repeats.iter().flat_map(|group| &group[1..]).for_each(|&row| allowed[row] = false);
    let mut of_category: BTreeMap<&str, usize> = BTreeMap::new();
    (0..n).filter(|&row| allowed[row]).for_each(|row| *of_category.entry(&categories[row]).or_default() += 1);
    let mut all = Vec::new();
    for row in 0..n {
        let own = categories[row].as_str();
        if own.is_empty() || of_category.get(own).is_none_or(|n| *n <= NEAREST) {
            continue;
        }
        let near: Vec<&str> = looks
            .likeness
            .like_row(row, NEAREST + 1, &allowed)
            .iter()
            .filter(|alike| !alike.same)
            .take(NEAREST)
            .map(|alike| categories[alike.row].as_str())
            .collect();
        if near.contains(&own) {
            continue;
        }
        let mut n_of: BTreeMap<&str, usize> = BTreeMap::new();
        near.iter().filter(|c| !c.is_empty()).for_each(|c| *n_of.entry(c).or_default() += 1);
        if let Some((like, agreeing)) = n_of.into_iter().max_by_key(|(_, n)| *n).filter(|(_, n)| *n >= AGREEING) {
            all.push(Misplaced { row, like: like.to_owned(), agreeing });
        }
    }
    all
}

/// Judges pairs of pictures and titles by towers that learnt from the other parts.
fn judge(pairs: &[(usize, Picture)], found: &Found, bar: &Bar) -> Result<Titles> {
    if pairs.len() < FEWEST_PAIRS {
        return Ok(Titles::TooFew(pairs.len()));
    }
    let seed = Seed(1);
    let fold = |row: usize| seed.derive(7).stream(row as u64).below(FOLDS as usize) as u64;
    let params = PictureTextParams { n_epochs: (LOOKS / pairs.len()).clamp(3, 60), ..PictureTextParams::default() };
    let mut unlike = Vec::new();
    for part in 0..FOLDS {
        let (inside, outside): (Vec<_>, Vec<_>) = pairs.iter().partition(|(row, _)| fold(*row) == part);
        let (pictures, titles) = (seen(&outside), said(&outside, found));
        let mut watch = |progress: Progress| {
            let share = (part as f64 + progress.share()) / FOLDS as f64;
            bar.training("what titles and pictures go together".to_owned(), share, part == 0 && share == 0.0);
            Flow::Continue
        };
        let model = params.fit(&pictures, &titles, &[], seed.derive(part), &mut watch)?;
        let vectors = |of: &[&(usize, Picture)]| both(&model, of, found);
        // What is usual among pairs comes from the same towers on pairs that they did not learn from either.
        let (x, y) = vectors(&inside);
        let check = PairCheck::fit(&x, &y, 0.01)?;
        for ((row, _), (x, y)) in inside.iter().zip(x.rows().zip(y.rows())) {
            let Some(score) = x.zip(y).map(|(x, y)| check.score(x, y)) else { continue };
            if score < 0.0 {
                unlike.push((*row, score));
            }
        }
    }
    unlike.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
    Ok(Titles::Judged(pairs.len(), unlike))
}

fn seen<'a>(of: &[&'a (usize, Picture)]) -> Vec<&'a Picture> {
    of.iter().map(|(_, picture)| picture).collect()
}

fn said<'a>(of: &[&(usize, Picture)], found: &'a Found) -> Vec<&'a str> {
    of.iter().map(|(row, _)| found.names[*row].as_str()).collect()
}

fn both(model: &PictureText, of: &[&(usize, Picture)], found: &Found) -> (Vectors, Vectors) {
    let pictures: Vec<Option<&Picture>> = seen(of).into_iter().map(Some).collect();
    let titles: Vec<Option<&str>> = said(of, found).into_iter().map(Some).collect();
    (model.pictures().encode(&pictures).unit(), model.titles().encode(&titles).unit())
}

fn as_json(
    found: &Found,
    n_goods: usize,
    missing: &[usize],
    repeats: &[Vec<usize>],
    misplaced: &[Misplaced],
    judged: &Titles,
) -> serde_json::Value {
    let id = |row: &usize| found.ids[*row].as_str();
    let misplaced: Vec<_> = misplaced
        .iter()
        .map(|m| {
            json!({"product": id(&m.row), "title": found.names[m.row], "category": found.categories[m.row],
                "looks_like": m.like, "agreeing": m.agreeing, "of": NEAREST})
        })
        .collect();
    let titles = match judged {
        Titles::NotAsked => json!(null),
        Titles::TooFew(n) => json!({"pairs": n, "needed": FEWEST_PAIRS, "unlike": null}),
        Titles::Judged(n, unlike) => {
            let one =
                |(row, score): &(usize, f64)| json!({"product": id(row), "title": found.names[*row], "score": score});
            json!({"pairs": n, "unlike": unlike.iter().map(one).collect::<Vec<_>>()})
        }
    };
    json!({
        "products": n_goods,
        "without_picture": missing.iter().map(id).collect::<Vec<_>>(),
        "same_picture": repeats.iter().map(|group| group.iter().map(id).collect::<Vec<_>>()).collect::<Vec<_>>(),
        "misplaced": misplaced,
        "titles": titles,
    })
}

/// Rows of a list that are shown on a terminal.
const SHOWN: usize = 20;

fn more(n: usize) {
    if n > SHOWN {
        output::line(&format!("… and {} more; --json has all", n - SHOWN));
    }
}

fn show(
    found: &Found,
    n_goods: usize,
    missing: &[usize],
    repeats: &[Vec<usize>],
    misplaced: &[Misplaced],
    judged: &Titles,
) {
    let title = |row: usize| found.names[row].clone();
    output::line(&format!("{} of {} products have a picture", n_goods - missing.len(), n_goods));
    if !missing.is_empty() {
        let first: Vec<&str> = missing.iter().take(SHOWN).map(|row| found.ids[*row].as_str()).collect();
        output::line(&format!("without one: {}", first.join(", ")));
        more(missing.len());
    }
    output::line(&format!("\npictures that several products share: {}", repeats.len()));
    for group in repeats.iter().take(SHOWN) {
        let names: BTreeSet<&str> = group.iter().map(|row| found.names[*row].as_str()).collect();
        let ids: Vec<&str> = group.iter().map(|row| found.ids[*row].as_str()).collect();
        let what = if names.len() == 1 { "one title" } else { "different titles" };
        output::line(&format!("  {} ({what}: {})", ids.join(", "), names.into_iter().collect::<Vec<_>>().join(" | ")));
    }
    more(repeats.len());
    output::line(&format!("\npictures that look like another category's: {}", misplaced.len()));
    if !misplaced.is_empty() {
        let row = |m: &Misplaced| {
            let agreeing = format!("{} of {NEAREST}", m.agreeing);
            vec![found.ids[m.row].clone(), title(m.row), found.categories[m.row].clone(), m.like.clone(), agreeing]
        };
        let rows = misplaced.iter().take(SHOWN).map(row).collect();
        output::table(&["product", "title", "category", "looks like", "nearest that agree"], &[], rows);
        more(misplaced.len());
    }
    match judged {
        Titles::NotAsked => output::hint("--titles also learns what titles and pictures go together"),
        Titles::TooFew(n) => {
            output::line(&format!(
                "\ntitles and pictures: {n} pairs are too few to learn from, {FEWEST_PAIRS} are needed"
            ));
        }
        Titles::Judged(n, unlike) => {
            output::line(&format!(
                "\ntitles and pictures: {} of {n} pairs go together no better than pairs drawn at random",
                unlike.len()
            ));
            let rows = unlike.iter().take(SHOWN);
            let rows: Vec<_> =
                rows.map(|(row, score)| vec![found.ids[*row].clone(), title(*row), format!("{score:.2}")]).collect();
            if !rows.is_empty() {
                output::table(&["product", "title", "score"], &[2], rows);
            }
            more(unlike.len());
        }
    }
}
