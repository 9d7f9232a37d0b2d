//! From texts to pictures: who is known by titles alone is shown products of which there is nothing but a picture.
//!
//! A shopper stands for a taste: [`HISTORY`] products of one `articleType`, drawn from the training part, of which only the
//! titles are used, averaged in the towers' space. There is a taste for each test product, of its type. The test part is ranked by
//! pictures alone; right are all products of the type, marked by nDCG@10. New products have no sales, so popularity is that of their
//! types in the training part, which it is told and we are not: the commonest type first, for everybody.

use super::marks::{Part, Towers, product};
use super::{ContentGoal, ContentReport, ContentRow, Item, Measure};
use crate::ProtocolError;
use content::Vectors;
use domain::{ItemIdx, Rng, Seed};
use eval::{Bootstrap, Metric, mean_interval};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Products that a taste is known by.
const HISTORY: usize = 5;
const TOP: usize = 10;

/// A type of product, and which training products of it are known.
struct Taste<'a> {
    kind: &'a str,
    known: Vec<usize>,
}

/// The type of each training and each test product.
struct Kinds<'a> {
    train: Vec<&'a str>,
    test: Vec<&'a str>,
}

/// One taste a test product; types with too few training products have none.
fn tastes<'a>(kinds: &Kinds<'a>, rng: &mut Rng) -> Vec<Taste<'a>> {
    let mut of_kind: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, kind) in kinds.train.iter().enumerate() {
        of_kind.entry(kind).or_default().push(at);
    }
    let taste = |kind: &&'a str| {
        let mut known = of_kind.get(kind).filter(|known| known.len() >= HISTORY)?.clone();
        rng.shuffle(&mut known);
        known.truncate(HISTORY);
        Some(Taste { kind, known })
    };
    kinds.test.iter().filter_map(taste).collect()
}

/// nDCG@10 of products by their number, best first, where those of one type are right.
fn mark(best: &[ItemIdx], kinds: &Kinds<'_>, kind: &str) -> f64 {
    let right: Vec<ItemIdx> =
        (0..).map(ItemIdx).zip(&kinds.test).filter(|(_, own)| **own == kind).map(|r| r.0).collect();
    // Every taste is of a type that some test product has.
    Metric::Ndcg(TOP).mark(best, &right).unwrap_or(0.0)
}

/// The mean of the rows of what is known.
fn average(vectors: &Vectors, known: &[usize]) -> Vec<f32> {
    let mut sum = vec![0.0; vectors.width()];
    for row in known.iter().filter_map(|at| vectors.row(*at)) {
        sum.iter_mut().zip(row).for_each(|(s, x)| *s += x / known.len() as f32);
    }
    sum
}

/// nDCG@10 of each taste, known by one side's training vectors, among the test vectors of another.
fn ranked(kinds: &Kinds<'_>, tastes: &[Taste<'_>], from: &Vectors, to: &Vectors) -> Vec<f64> {
    let one = |taste: &Taste<'_>| {
        let query = average(from, &taste.known);
        let mut all: Vec<(f64, usize)> =
            to.rows().enumerate().filter_map(|(at, row)| Some((product(&query, row?), at))).collect();
        all.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        mark(&all.iter().map(|(_, at)| ItemIdx(*at as u32)).collect::<Vec<_>>(), kinds, taste.kind)
    };
    tastes.iter().map(one).collect()
}

/// Of the commonest types first; products of one type in the order of the part.
fn popular(kinds: &Kinds<'_>, tastes: &[Taste<'_>]) -> Vec<f64> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    kinds.train.iter().for_each(|kind| *counts.entry(kind).or_default() += 1);
    let mut order: Vec<ItemIdx> = (0..kinds.test.len() as u32).map(ItemIdx).collect();
    order.sort_by_key(|item| {
        let kind = kinds.test[item.0 as usize];
        (Reverse(counts.get(kind).copied().unwrap_or(0)), kind)
    });
    let one = |taste: &Taste<'_>| mark(&order, kinds, taste.kind);
    tastes.iter().map(one).collect()
}

/// What the towers of `fashion` carry from titles to pictures.
pub(super) fn report(
    part: &Part<'_>,
    towers: &Towers<'_>,
    seed: Seed,
    clock: &dyn Fn() -> f64,
) -> Result<ContentReport, ProtocolError> {
    let of = |items: &[&'_ Item]| items.iter().map(|item| item.cells[0].clone()).collect::<Vec<String>>();
    let names = [of(part.train), of(part.test)];
    let [train, test] = names.each_ref().map(|names| names.iter().map(String::as_str).collect());
    let kinds = Kinds { train, test };
    let tastes = tastes(&kinds, &mut seed.stream(0));
    let [[seen_train, seen_test], [read_train, read_test]] = &towers.vectors;
    let popular = popular(&kinds, &tastes);
    let mut rows = Vec::new();
    let mut low = 0.0;
    let sides: [(&str, Option<(&Vectors, &Vectors)>); 4] = [
        ("popularity of types, told of each product", None),
        ("known by titles, products by pictures", Some((read_train, seen_test))),
        ("known by pictures, products by pictures", Some((seen_train, seen_test))),
        ("known by titles, products by titles", Some((read_train, read_test))),
    ];
    for (config, vectors) in sides {
        let start = clock();
        let marks = vectors.map_or_else(|| popular.clone(), |(from, to)| ranked(&kinds, &tastes, from, to));
        let gains: Vec<f64> = marks.iter().zip(&popular).map(|(own, theirs)| own - theirs).collect();
        let mut measures = vec![Measure::mean("nDCG@10", &marks, seed)?];
        measures.push(match vectors {
            None => Measure::none("gain on popularity"),
            Some(_) => Measure::mean("gain on popularity", &gains, seed)?,
        });
        if rows.len() == 1 {
            low = mean_interval(&gains, &Bootstrap::default(), seed)?.interval.low;
        }
        rows.push(ContentRow { config: config.to_owned(), measures, fit_cpu_s: 0.0, score_cpu_s: clock() - start });
    }
    let about = format!(
        "{} tastes of {HISTORY} training products of one articleType; {} test products, which are ranked by nothing but what is said; \
         the towers are those of `fashion`",
        tastes.len(),
        part.test.len()
    );
    let goals = vec![ContentGoal::new("lower end of the gain of titles that ask for pictures", 0.0, low)];
    Ok(ContentReport { task: "fashion by pictures alone".to_owned(), about, rows, goals, references: &[] })
}

#[cfg(test)]
mod tests {
    use super::*;

    // Two of three shoes stand at places 1 and 3: (1 + 1/2) of (1 + 1/log2 3 + 1/2).
    #[test]
    fn the_mark_of_two_in_three_by_hand() {
        let kinds = Kinds { train: vec![], test: vec!["shoe", "bag", "shoe", "shoe"] };
        let found = mark(&[0, 1, 2].map(ItemIdx), &kinds, "shoe");
        assert!((found - 1.5 / (1.5 + 1.0 / 3_f64.log2())).abs() < 1e-12);
        assert_eq!((mark(&[2, 0, 3].map(ItemIdx), &kinds, "shoe"), mark(&[], &kinds, "shoe")), (1.0, 0.0));
    }

    /// Six shoes, seven bags and four hats are known: hats are too few for a taste. Titles lie along their type, pictures of bags lie as titles
    /// of shoes do and the other way round.
    #[test]
    fn tastes_meet_pictures_in_the_space_of_titles() {
        let many = [("shoe", 6), ("bag", 7), ("hat", 4)];
        let train = many.iter().flat_map(|(kind, n)| vec![*kind; *n]).collect();
        let kinds = Kinds { train, test: vec!["shoe", "bag", "hat", "shoe"] };
        let tastes = tastes(&kinds, &mut Seed(1).stream(0));
        let said: Vec<(&str, usize)> = tastes.iter().map(|t| (t.kind, t.known.len())).collect();
        assert_eq!(said, [("shoe", 5), ("bag", 5), ("shoe", 5)]);
        assert!(tastes.iter().all(|t| t.known.iter().all(|at| kinds.train[*at] == t.kind)));
        let along = |kinds: &[&str], shoe: [f32; 2], bag: [f32; 2]| {
            let row = |kind: &&str| (*kind != "hat").then_some(if *kind == "shoe" { shoe } else { bag });
            Vectors::from_rows(2, kinds.iter().map(row)).unwrap()
        };
        let titles = along(&kinds.train, [1.0, 0.0], [0.0, 1.0]);
        let pictures = along(&kinds.test, [1.0, 0.1], [0.1, 1.0]);
        assert_eq!(ranked(&kinds, &tastes, &titles, &pictures), [1.0; 3]);
        let crossed = ranked(&kinds, &tastes, &titles, &along(&kinds.test, [0.1, 1.0], [1.0, 0.1]));
        assert!(crossed.iter().all(|mark| *mark < 0.7), "{crossed:?}");
        // The bag comes first for everybody, then both shoes.
        let shoes = (1.0 / 3_f64.log2() + 0.5) / (1.0 + 1.0 / 3_f64.log2());
        let marks = popular(&kinds, &tastes);
        assert!(
            marks.iter().zip([shoes, 1.0, shoes]).all(|(mark, by_hand)| (mark - by_hand).abs() < 1e-12),
            "{marks:?}"
        );
    }
}
