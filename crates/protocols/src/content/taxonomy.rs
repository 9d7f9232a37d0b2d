//! `google_taxonomy`: categories of one language found among those of English, and the language of their names.
//!
//! Ids that have a name in both languages are split in two by a hash: one half is the dictionary (pairs of
//! paths), the other is asked: which of all English paths of the other half is it? recall@1 is the share of right
//! answers. A path of the second half shares its ancestors with paths of the first, and one in eight is itself an ancestor of
//! a path there; that a dictionary of paths says so much is the point of using paths, and a row of its own says what is
//! found where it does not. What is chosen is chosen within the dictionary half.

use super::titles::{ENGLISH_TITLES, TITLES};
use super::{Asked, ContentGoal, ContentReport, ContentRow, Measure};
use crate::ProtocolError;
use crate::files::Text;
use content::text::{
    Category, CategoryFinder, CategoryFinderParams, Closeness, HashedParams, LEVEL, LsaParams, PathBridge,
    PathBridgeParams,
};
use content::text::{Language, LanguageModel};
use content::{Encode, Vectors};
use domain::Seed;
use eval::{Bootstrap, mean_interval};
use learn::LearnError;
use learn::align::procrustes;

/// The languages that are asked for, all into English.
const SOURCES: [&str; 4] = ["zh-CN", "de-DE", "ja-JP", "ru-RU"];
/// What the split is drawn with, so that it never moves.
const SPLIT: Seed = Seed(0);
/// Neighbours of the correction for hubs.
const N_NEAR: usize = 10;
/// Numbers of the learnt vectors that are turned.
const WIDTH: usize = 128;

/// Every category with its paths.
pub(super) struct Taxonomy {
    locales: Vec<String>,
    rows: Vec<(u64, Vec<String>)>,
}

impl Taxonomy {
    fn read(dir: &std::path::Path) -> Result<Self, ProtocolError> {
        let file = Text::read(&dir.join("google_product_taxonomy.csv"))?;
        let mut locales = Vec::new();
        let mut rows = Vec::new();
        for (n, line) in file.lines(0) {
            let wrong = || file.wrong(n, line, "an id and a path for each locale, separated by commas");
            let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(line.as_bytes());
            let record = reader.records().next().and_then(Result::ok).ok_or_else(wrong)?;
            let cells: Vec<String> = record.iter().skip(1).map(|cell| cell.trim().to_owned()).collect();
            if locales.is_empty() {
                locales = cells;
                continue;
            }
            let id = record.get(0).and_then(|id| id.trim().parse().ok()).ok_or_else(wrong)?;
            if cells.len() != locales.len() {
                return Err(wrong());
            }
            rows.push((id, cells));
        }
        Ok(Self { locales, rows })
    }

    fn column(&self, locale: &str) -> Option<usize> {
        self.locales.iter().position(|l| l == locale)
    }

    /// Pairs of paths of two locales: the dictionary half, and the half that is asked.
    fn pairs(&self, source: &str, target: &str) -> Option<[Vec<(String, String)>; 2]> {
        let (s, t) = (self.column(source)?, self.column(target)?);
        let mut halves = [Vec::new(), Vec::new()];
        for (id, cells) in self.rows.iter().filter(|(_, c)| !c[s].is_empty() && !c[t].is_empty()) {
            halves[(SPLIT.derive(*id).0 & 1) as usize].push((cells[s].clone(), cells[t].clone()));
        }
        Some(halves)
    }
}

fn leaf(path: &str) -> &str {
    path.rsplit(LEVEL).next().unwrap_or(path).trim()
}

fn refused(why: LearnError) -> ProtocolError {
    ProtocolError::Recipe { config: "text".to_owned(), task: "google_taxonomy".to_owned(), why: why.to_string() }
}

/// 1 where the closest target is the source's own, which stands at the same place.
fn hits(found: &Closeness) -> Vec<f64> {
    found.best().iter().enumerate().map(|(at, best)| f64::from(u8::from(*best == Some(at)))).collect()
}

fn cosines(a: &Vectors, b: &Vectors) -> Closeness {
    Closeness { n_targets: b.len(), values: learn::kernel_bridge::products(a.values(), b.values(), a.width()) }
}

/// Learnt vectors of either language, the source's turned onto the target's by the dictionary.
fn turned(dictionary: &[(String, String)], asked: &[(String, String)], seed: Seed) -> Result<Closeness, LearnError> {
    let names = |pairs: &[(String, String)], side: fn(&(String, String)) -> &String| -> Vec<String> {
        pairs.iter().map(|pair| leaf(side(pair)).to_owned()).collect()
    };
    let mut sides = Vec::new();
    for side in [(|p| &p.0) as fn(&(String, String)) -> &String, |p| &p.1] {
        let known = names(dictionary, side);
        let model = LsaParams { width: WIDTH, ..LsaParams::default() }.fit(&known, seed)?;
        let encode = |texts: &[String]| {
            let items: Vec<Option<&str>> = texts.iter().map(|t| Some(t.as_str())).collect();
            widened(&model.encode(&items))
        };
        sides.push((encode(&known), encode(&names(asked, side))));
    }
    let [(s_known, s_asked), (t_known, t_asked)] = [&sides[0], &sides[1]];
    let (rotation, _) = procrustes(s_known, t_known, WIDTH);
    let rotation: Vec<f32> = rotation.into_iter().map(|x| x as f32).collect();
    let mut moved = vec![0.0; s_asked.len()];
    learn::dense::rows_by_columns(s_asked, &rotation, WIDTH, &mut moved);
    Ok(Closeness { n_targets: asked.len(), values: learn::kernel_bridge::products(&moved, t_asked, WIDTH) })
}

/// Rows of [`WIDTH`] numbers, zeros where an encoder found fewer directions.
fn widened(vectors: &Vectors) -> Vec<f32> {
    let mut out = Vec::with_capacity(vectors.len() * WIDTH);
    for row in vectors.rows() {
        let start = out.len();
        out.extend_from_slice(row.unwrap_or_default());
        out.resize(start + WIDTH, 0.0);
    }
    out
}

/// The figures of one configuration in every language.
struct Config {
    name: &'static str,
    hits: Vec<Vec<f64>>,
    fit_cpu_s: f64,
    score_cpu_s: f64,
}

impl Config {
    fn row(&self, seed: Seed) -> Result<ContentRow, ProtocolError> {
        let mut measures = Vec::new();
        for (locale, hits) in SOURCES.iter().zip(&self.hits) {
            let at = mean_interval(hits, &Bootstrap::default(), seed)?;
            let name = format!("{}→en", &locale[..2]);
            measures.push(Measure::within(&name, at.mean, at.interval.low, at.interval.high));
        }
        measures.push(Measure::new("mean", self.mean()));
        let config = self.name.to_owned();
        Ok(ContentRow { config, measures, fit_cpu_s: self.fit_cpu_s, score_cpu_s: self.score_cpu_s })
    }

    fn mean(&self) -> f64 {
        let means = self.hits.iter().map(|h| h.iter().sum::<f64>() / h.len().max(1) as f64);
        means.sum::<f64>() / self.hits.len().max(1) as f64
    }
}

const CONFIGS: [&str; 7] = [
    "letters in common, no dictionary",
    "learnt vectors, turned (Procrustes)",
    "bridge of leaf names",
    "bridge of leaf names, hubs corrected",
    "bridge of paths",
    "bridge of paths, hubs corrected",
    "the same, where no path of the dictionary is below",
];
/// The configuration that has to reach the goal: the one that is chosen within the dictionary half.
const OURS: usize = 5;

pub(super) fn run(asked: &mut Asked<'_>) -> Result<Vec<ContentReport>, ProtocolError> {
    let taxonomy = Taxonomy::read(asked.dir)?;
    let cpu_s = asked.cpu_s;
    let mut configs: Vec<Config> =
        CONFIGS.iter().map(|name| Config { name, hits: Vec::new(), fit_cpu_s: 0.0, score_cpu_s: 0.0 }).collect();
    let mut sizes = Vec::new();
    for (at, source) in SOURCES.iter().enumerate() {
        (asked.step)(source, at as u64, SOURCES.len() as u64);
        let Some([dictionary, test]) = taxonomy.pairs(source, "en-US") else {
            return Err(ProtocolError::NoData {
                dir: asked.dir.to_path_buf(),
                expected: "a column for each of zh-CN, de-DE, ja-JP, ru-RU and en-US",
            });
        };
        sizes.push(format!("{} {} + {}", &source[..2], dictionary.len(), test.len()));
        let (sources, targets): (Vec<&str>, Vec<&str>) = test.iter().map(|(a, b)| (a.as_str(), b.as_str())).unzip();
        let (s_leaves, t_leaves): (Vec<&str>, Vec<&str>) = test.iter().map(|(a, b)| (leaf(a), leaf(b))).unzip();
        let mut note = |config: usize, hits: Vec<f64>, from: f64, between: f64| {
            configs[config].hits.push(hits);
            configs[config].fit_cpu_s += between - from;
            configs[config].score_cpu_s += cpu_s() - between;
        };

        let from = cpu_s();
        let blind = HashedParams::default().fit::<&str>(&[]).map_err(refused)?;
        let between = cpu_s();
        let encode = |texts: &[&str]| blind.encode(&texts.iter().map(|t| Some(*t)).collect::<Vec<_>>());
        note(0, hits(&cosines(&encode(&s_leaves), &encode(&t_leaves))), from, between);

        let from = cpu_s();
        let found = turned(&dictionary, &test, asked.seed).map_err(refused)?;
        let between = cpu_s();
        note(1, hits(&found.without_hubs(N_NEAR)), from, between);

        let from = cpu_s();
        let bridge: PathBridge = PathBridgeParams::default().fit(&dictionary).map_err(refused)?;
        let fitted = cpu_s();
        let names = bridge.names().closeness(&s_leaves, &t_leaves);
        note(2, hits(&names), from, fitted);
        note(3, hits(&names.without_hubs(N_NEAR)), from, fitted);
        let again = cpu_s();
        let paths = bridge.closeness(&sources, &targets);
        note(4, hits(&paths), from - fitted + again, again);
        let paths = hits(&paths.without_hubs(N_NEAR));
        let new = sources.iter().zip(&paths).filter(|(s, _)| !bridge.knows(s)).map(|(_, hit)| *hit).collect();
        note(5, paths, from - fitted + again, again);
        note(6, new, from - fitted + again, again);
    }
    let rows = configs.iter().map(|c| c.row(asked.seed)).collect::<Result<_, _>>()?;
    let aligned = ContentReport {
        task: "google_taxonomy".to_owned(),
        about: format!(
            "recall@1 among all English paths of the half that is asked; dictionary + asked: {}",
            sizes.join(", ")
        ),
        rows,
        goals: vec![ContentGoal::new("mean recall@1 of the embedded family", 0.55, configs[OURS].mean())],
        references: &[],
    };
    let five = titles(&taxonomy, asked, "titles", TITLES, "in five languages")?;
    let english = titles(&taxonomy, asked, "English titles", ENGLISH_TITLES, "in English")?;
    Ok(vec![aligned, five, english, languages(&taxonomy, asked)?])
}

/// How often the language of a leaf name is told, by the built-in model and by one that read the other half.
fn languages(taxonomy: &Taxonomy, asked: &Asked<'_>) -> Result<ContentReport, ProtocolError> {
    let of = |half: u64| -> Vec<(Language, &str)> {
        let rows = taxonomy.rows.iter().filter(|(id, _)| SPLIT.derive(*id).0 & 1 == half);
        let cells = rows.flat_map(|(_, cells)| taxonomy.locales.iter().zip(cells));
        // British English names are mostly the American ones again.
        let cells = cells.filter(|(locale, path)| *locale != "en-GB" && !path.is_empty());
        cells.filter_map(|(locale, path)| Some((Language::from_code(locale)?, leaf(path)))).collect()
    };
    let (shown, test) = (of(0), of(1));
    let cpu_s = asked.cpu_s;
    let mut rows = Vec::new();
    let start = cpu_s();
    let built_in = LanguageModel::built_in();
    let ready = cpu_s();
    let learnt = LanguageModel::fit(shown.iter().copied());
    let learnt_at = cpu_s();
    let is = |model: &LanguageModel, (language, name): &(Language, &str)| {
        f64::from(u8::from(model.detect(name).is_some_and(|g| g.language == *language)))
    };
    for (config, model, fit) in
        [("built-in texts", built_in, ready - start), ("the other half of the taxonomy", &learnt, learnt_at - ready)]
    {
        let from = cpu_s();
        let right: Vec<f64> = test.iter().map(|case| is(model, case)).collect();
        let at = mean_interval(&right, &Bootstrap::default(), asked.seed)?;
        let score = cpu_s() - from;
        let scandinavian = |l: Language| matches!(l, Language::Danish | Language::Norwegian | Language::Swedish);
        let without: Vec<f64> =
            test.iter().zip(&right).filter(|((l, _), _)| !scandinavian(*l)).map(|(_, r)| *r).collect();
        let mut measures = vec![
            Measure::within("accuracy", at.mean, at.interval.low, at.interval.high),
            Measure::new("without da no sv", without.iter().sum::<f64>() / without.len().max(1) as f64),
            Measure::new("names a CPU second", test.len() as f64 / score.max(1e-9)),
        ];
        for language in Language::ALL {
            let of: Vec<f64> = test.iter().zip(&right).filter(|((l, _), _)| l == language).map(|(_, r)| *r).collect();
            if !of.is_empty() {
                measures.push(Measure::new(language.code(), of.iter().sum::<f64>() / of.len() as f64));
            }
        }
        rows.push(ContentRow { config: config.to_owned(), measures, fit_cpu_s: fit, score_cpu_s: score });
    }
    let about =
        format!("the language of {} leaf names in 16 locales; a name that several share is asked in each", test.len());
    Ok(ContentReport { task: "google_taxonomy: language".to_owned(), about, rows, goals: Vec::new(), references: &[] })
}

/// How often the category and the branch of a title of our own are found.
fn titles(
    taxonomy: &Taxonomy,
    asked: &Asked<'_>,
    task: &str,
    list: &[(&str, &str, u64)],
    of: &str,
) -> Result<ContentReport, ProtocolError> {
    let category = |(id, cells): &(u64, Vec<String>)| {
        let named = taxonomy.locales.iter().zip(cells).filter(|(l, path)| *l != "en-GB" && !path.is_empty());
        let paths = named.filter_map(|(l, path)| Some((Language::from_code(l)?, path.clone()))).collect();
        Category { id: *id, paths }
    };
    let categories: Vec<Category> = taxonomy.rows.iter().map(category).collect();
    let cpu_s = asked.cpu_s;
    let params = CategoryFinderParams::default();
    let one_language = |language: Language| -> Vec<Category> {
        let of = |c: &Category| Category {
            id: c.id,
            paths: c.paths.iter().filter(|(l, _)| *l == language).cloned().collect(),
        };
        categories.iter().map(of).collect()
    };
    let configs = [
        ("own names and those above", params, categories.clone()),
        ("own names alone", CategoryFinderParams { above: 0.0, ..params }, categories.clone()),
        ("no word counts more", CategoryFinderParams { last: 1.0, before: 1.0, ..params }, categories.clone()),
        ("English names alone", params, one_language(Language::English)),
    ];
    let mut rows = Vec::new();
    for (config, params, categories) in configs {
        let from = cpu_s();
        let finder: CategoryFinder = params.fit(&categories).map_err(refused)?;
        let fitted = cpu_s();
        let mut hits = [const { Vec::new() }; 4];
        let mut by_language: Vec<(&str, Vec<f64>)> = Vec::new();
        let mut of_chosen = Vec::new();
        for (at, (code, title, id)) in list.iter().enumerate() {
            let found = finder.categories(title, None, 5);
            let branches = finder.branches(title, None, 5);
            let branch = finder.branch_of(*id);
            let is = |at: bool| f64::from(u8::from(at));
            let first = is(found.first().is_some_and(|p| p.id == *id));
            if at % 2 == 0 {
                of_chosen.push(first);
                continue;
            }
            hits[0].push(first);
            hits[1].push(is(found.iter().any(|p| p.id == *id)));
            hits[2].push(is(branches.first().map(|p| p.id) == branch));
            hits[3].push(is(branches.iter().any(|p| Some(p.id) == branch)));
            match by_language.iter_mut().find(|(c, _)| c == code) {
                Some((_, of)) => of.push(first),
                None => by_language.push((code, vec![first])),
            }
        }
        let mut measures = Vec::new();
        for (name, hits) in ["category top 1", "category top 5", "branch top 1", "branch top 5"].iter().zip(&hits) {
            let at = mean_interval(hits, &Bootstrap::default(), asked.seed)?;
            measures.push(Measure::within(name, at.mean, at.interval.low, at.interval.high));
        }
        measures.push(Measure::new("top 1, first half", of_chosen.iter().sum::<f64>() / of_chosen.len().max(1) as f64));
        measures.extend(by_language.iter().map(|(c, of)| Measure::new(c, of.iter().sum::<f64>() / of.len() as f64)));
        let (fit_cpu_s, score_cpu_s) = (fitted - from, cpu_s() - fitted);
        rows.push(ContentRow { config: config.to_owned(), measures, fit_cpu_s, score_cpu_s });
    }
    let about = format!(
        "the category of {} made-up titles {of} among {}, language detected; defaults were chosen on one half of the titles, marked is the other; a branch is one of the first level; the last columns are category top 1 by language",
        list.len() / 2,
        categories.len()
    );
    Ok(ContentReport { task: format!("google_taxonomy: {task}"), about, rows, goals: Vec::new(), references: &[] })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tree of our own in five languages, six animals times six things.
    fn tree() -> String {
        const ANIMALS: [[&str; 5]; 6] = [
            ["Dog", "狗", "Hunde", "犬", "собак"],
            ["Cat", "猫", "Katzen", "猫", "кошек"],
            ["Bird", "鸟", "Vogel", "鳥", "птиц"],
            ["Fish", "鱼", "Fisch", "魚", "рыб"],
            ["Horse", "马", "Pferde", "馬", "лошадей"],
            ["Rabbit", "兔", "Kaninchen", "兎", "кроликов"],
        ];
        const THINGS: [[&str; 5]; 6] = [
            ["Food", "粮食", "futter", "フード", "корм для"],
            ["Toys", "玩具", "spielzeug", "おもちゃ", "игрушки для"],
            ["Beds", "床垫", "betten", "ベッド", "лежанки для"],
            ["Cages", "笼子", "käfige", "ケージ", "клетки для"],
            ["Brushes", "刷子", "bürsten", "ブラシ", "щётки для"],
            ["Bowls", "饭碗", "näpfe", "食器", "миски для"],
        ];
        let mut text = "id,en-US,zh-CN,de-DE,ja-JP,ru-RU\n1,Pets,宠物,Tiere,ペット,Животные\n".to_owned();
        for (i, a) in ANIMALS.iter().enumerate() {
            for (j, t) in THINGS.iter().enumerate() {
                let id = 10 + i * 6 + j;
                let ru = format!("Животные > {} {}", t[4], a[4]);
                text += &format!(
                    "{id},\"Pets > {} {}\",宠物 > {}{},Tiere > {}{},ペット > {}{},{ru}\n",
                    a[0], t[0], a[1], t[1], a[2], t[2], a[3], t[3]
                );
            }
        }
        text
    }

    #[test]
    fn a_small_tree_is_asked_and_its_languages_told() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("google_product_taxonomy.csv"), tree()).unwrap();
        let mut asked =
            Asked { dir: dir.path(), seed: Seed(1), cpu_s: &|| 0.0, step: &mut |_, _, _| {}, encoder: None };
        let reports = run(&mut asked).unwrap();
        let mean = |row: usize| reports[0].rows[row].measures[4].value.unwrap();
        assert!(mean(OURS) > 0.6 && mean(0) < 0.3, "{}", reports[0].text());
        assert!(reports[3].rows[1].measures[0].value.unwrap() > 0.8, "{}", reports[3].text());
    }

    #[test]
    fn halves_never_share_an_id_and_lines_that_are_no_rows_are_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("google_product_taxonomy.csv");
        std::fs::write(&path, tree()).unwrap();
        let [a, b] = Taxonomy::read(dir.path()).unwrap().pairs("de-DE", "en-US").unwrap();
        assert_eq!(a.len() + b.len(), 37);
        assert!(a.iter().all(|pair| !b.contains(pair)));
        std::fs::write(&path, "id,en-US\n1,A,B\n").unwrap();
        assert!(matches!(Taxonomy::read(dir.path()), Err(ProtocolError::Line { line: 2, .. })));
    }

    #[test]
    fn every_title_has_an_id_and_a_language_that_is_known() {
        assert_eq!((TITLES.len(), ENGLISH_TITLES.len()), (100, 60));
        assert!(
            TITLES
                .iter()
                .chain(ENGLISH_TITLES)
                .all(|(code, title, id)| Language::from_code(code).is_some() && !title.is_empty() && *id > 0)
        );
    }
}
