//! Which category of a taxonomy a product's title belongs in, from the names of the categories alone.
//!
//! A category has a path in each of several languages. In each language its own name becomes TF-IDF weights `c`; a title's
//! features `x` have weight 1 before its first comma, bracket, or word such as `with` or `for`, and [`CategoryFinderParams::rest`]
//! after it, where sellers write what comes with the thing. With `m = Σ x_f c_f` the score is `m / (Σ c_f + slack ·
//! mean)`: the part of the name that the title has, so that `Phone Batteries` is not found for a phone, short names
//! being less sure. The score of the names above counts [`CategoryFinderParams::above`], and that of the English names
//! [`CategoryFinderParams::english`] (brands, `USB`, `T-shirt` are written in it everywhere). Chances are a softmax over all
//! categories; the chance of a branch is the sum of those below it, so that a title may be sure of its department and not of its
//! shelf. No product was needed to learn this; products with categories teach more.
//! Cost: a title the cells of its features' columns, some milliseconds in a tree of five thousand.

use super::language::{Language, LanguageModel};
use super::path_bridge::LEVEL;
use super::tf_idf::{TfIdf, TfIdfParams};
use learn::{Csr, LearnError};
use std::collections::BTreeMap;

/// How categories are compared with titles.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CategoryFinderParams {
    /// How names become rows.
    pub tf_idf: TfIdfParams,
    /// What the names above a category's own count, 0 to 1.
    pub above: f32,
    /// What a title's words after the first comma or `with` count, 0 to 1.
    pub rest: f32,
    /// How much a name has to weigh before it is trusted, in mean weights of a name, at least 0.
    pub slack: f32,
    /// What the English names count for a title in another language.
    pub english: f32,
    /// How sharply scores become chances, above 0.
    pub sharpness: f32,
}

impl Default for CategoryFinderParams {
    fn default() -> Self {
        Self { tf_idf: TfIdfParams::default(), above: 0.2, rest: 0.3, slack: 0.05, english: 0.3, sharpness: 12.0 }
    }
}

/// A category's paths by language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Category {
    /// Its number in the taxonomy.
    pub id: u64,
    /// Its path in each language that names it.
    pub paths: Vec<(Language, String)>,
}

/// A category that a title may belong in.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// Its number in the taxonomy.
    pub id: u64,
    /// Its chance among all, 0 to 1.
    pub chance: f32,
}

/// A fitted finder.
#[derive(Clone, Debug)]
pub struct CategoryFinder {
    params: CategoryFinderParams,
    ids: Vec<u64>,
    /// Which branch of the first level each belongs to: the id of its first ancestor, or its own.
    branches: Vec<u64>,
    names: BTreeMap<Language, Names>,
}

/// The names of one language: rows by feature.
#[derive(Clone, Debug)]
struct Names {
    tf_idf: TfIdf,
    by_feature: Csr,
}

impl CategoryFinderParams {
    /// Learns the names.
    ///
    /// # Errors
    /// [`LearnError`] for parameters out of range or no category with a name.
    pub fn fit(&self, categories: &[Category]) -> Result<CategoryFinder, LearnError> {
        for (name, value) in [("above", self.above), ("english", self.english), ("rest", self.rest)] {
            if !(0.0..=1.0).contains(&value) {
                return Err(LearnError::Param { name, rule: "0 to 1", got: f64::from(value) });
            }
        }
        if !(self.slack >= 0.0 && self.slack.is_finite()) {
            return Err(LearnError::Param { name: "slack", rule: "at least 0", got: f64::from(self.slack) });
        }
        if !(self.sharpness > 0.0 && self.sharpness.is_finite()) {
            return Err(LearnError::Param { name: "sharpness", rule: "above 0", got: f64::from(self.sharpness) });
        }
        let mut by_language: BTreeMap<Language, Vec<(usize, &str)>> = BTreeMap::new();
        for (at, category) in categories.iter().enumerate() {
            category.paths.iter().for_each(|(l, path)| by_language.entry(*l).or_default().push((at, path)));
        }
        if by_language.is_empty() {
            return Err(LearnError::TooLittleData { what: "categories with a name", have: 0, need: 1 });
        }
        let names = by_language.iter().map(|(language, paths)| Ok((*language, self.names(paths, categories.len())?)));
        let names = names.collect::<Result<_, LearnError>>()?;
        Ok(CategoryFinder {
            params: *self,
            ids: categories.iter().map(|c| c.id).collect(),
            branches: branches(categories),
            names,
        })
    }

    fn names(&self, paths: &[(usize, &str)], n: usize) -> Result<Names, LearnError> {
        let own: Vec<&str> = paths.iter().map(|(_, path)| path.rsplit(LEVEL).next().unwrap_or(path)).collect();
        let tf_idf = self.tf_idf.fit(&own)?;
        let mass = |text: &str| -> (Vec<(u32, f32)>, f32) {
            let row = tf_idf.weights(text);
            let whole = row.iter().map(|(_, x)| x).sum();
            (row, whole)
        };
        let owns: Vec<(Vec<(u32, f32)>, f32)> = own.iter().map(|name| mass(name)).collect();
        let slack = self.slack * owns.iter().map(|(_, whole)| whole).sum::<f32>() / owns.len().max(1) as f32;
        let mut rows: Vec<Vec<(u32, f32)>> = vec![Vec::new(); n];
        for ((at, path), (own, whole)) in paths.iter().zip(owns) {
            let scaled = |row: Vec<(u32, f32)>, by: f32| row.into_iter().map(move |(c, x)| (c, x * by));
            let above: Vec<&str> = path.split(LEVEL).collect();
            let (above, above_whole) = mass(&above[..above.len() - 1].join(" "));
            rows[*at].extend(scaled(own, 1.0 / (whole + slack).max(f32::MIN_POSITIVE)));
            rows[*at].extend(scaled(above, self.above / (above_whole + slack).max(f32::MIN_POSITIVE)));
        }
        let by_feature = Csr::from_rows(tf_idf.n_features(), rows).transpose();
        Ok(Names { tf_idf, by_feature })
    }
}

/// Words after which a title says what comes with the thing, or whom it is for.
const ASIDE: [&str; 14] =
    ["with", "for", "by", "mit", "für", "von", "avec", "pour", "con", "para", "per", "com", "met", "voor"];

/// Bytes of a title before its first comma, bracket, bar or word of [`ASIDE`]; all of it where that leaves nothing.
fn head_length(title: &str) -> usize {
    let sign = title.find([',', '，', '、', '(', '（', '[', '【', '|', ';', '/']).unwrap_or(title.len());
    let mut at = 0;
    for word in title[..sign].split_inclusive(' ') {
        if at > 0 && ASIDE.contains(&word.trim().to_lowercase().as_str()) {
            return at;
        }
        at += word.len();
    }
    if sign == 0 { title.len() } else { sign }
}

/// For each category the id of the category that its path begins with, in any language that has both.
fn branches(categories: &[Category]) -> Vec<u64> {
    let mut tops: BTreeMap<(Language, &str), u64> = BTreeMap::new();
    for category in categories {
        for (language, path) in category.paths.iter().filter(|(_, path)| !path.contains(LEVEL)) {
            tops.entry((*language, path)).or_insert(category.id);
        }
    }
    let top = |c: &Category| {
        c.paths.iter().find_map(|(l, path)| tops.get(&(*l, path.split(LEVEL).next()?)).copied()).unwrap_or(c.id)
    };
    categories.iter().map(top).collect()
}

impl CategoryFinder {
    /// Scores of all categories for a title in this language.
    fn scores(&self, title: &str, language: Option<Language>) -> Vec<f32> {
        let mut scores = vec![0.0_f32; self.ids.len()];
        let own = language.filter(|l| self.names.contains_key(l));
        let english = if own.is_none_or(|l| l == Language::English) { 1.0 } else { self.params.english };
        let parts = [(own.filter(|l| *l != Language::English), 1.0), (Some(Language::English), english)];
        for (language, weight) in parts {
            let Some(names) = language.and_then(|l| self.names.get(&l)) else { continue };
            let (head, rest) = title.split_at(head_length(title));
            let mut said: BTreeMap<u32, f32> = BTreeMap::new();
            names.tf_idf.weights(rest).into_iter().for_each(|(feature, _)| _ = said.insert(feature, self.params.rest));
            names.tf_idf.weights(head).into_iter().for_each(|(feature, _)| _ = said.insert(feature, 1.0));
            for (feature, x) in said {
                names.by_feature.cells(feature as usize).for_each(|(at, c)| scores[at as usize] += weight * x * c);
            }
        }
        scores
    }

    fn chances(&self, title: &str, language: Option<Language>) -> Vec<f32> {
        let language = language.or_else(|| LanguageModel::built_in().detect(title).map(|g| g.language));
        let scores = self.scores(title, language);
        let largest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        if largest <= 0.0 || !largest.is_finite() {
            return Vec::new();
        }
        let mut chances: Vec<f32> = scores.iter().map(|s| ((s - largest) * self.params.sharpness).exp()).collect();
        let whole: f32 = chances.iter().sum();
        chances.iter_mut().for_each(|c| *c /= whole);
        chances
    }

    /// The `k` likeliest categories of a title, best first; nothing where it shares no feature with any name. Without a
    /// language it is detected.
    pub fn categories(&self, title: &str, language: Option<Language>, k: usize) -> Vec<Place> {
        best(self.ids.iter().copied().zip(self.chances(title, language)), k)
    }

    /// The `k` likeliest branches of the first level.
    pub fn branches(&self, title: &str, language: Option<Language>, k: usize) -> Vec<Place> {
        let mut sums: BTreeMap<u64, f32> = BTreeMap::new();
        for (branch, chance) in self.branches.iter().zip(self.chances(title, language)) {
            *sums.entry(*branch).or_default() += chance;
        }
        best(sums.into_iter(), k)
    }

    /// The branch of the first level that a category belongs to; `None` for an id that is not there.
    pub fn branch_of(&self, id: u64) -> Option<u64> {
        self.ids.iter().position(|i| *i == id).map(|at| self.branches[at])
    }
}

fn best(places: impl Iterator<Item = (u64, f32)>, k: usize) -> Vec<Place> {
    let mut all: Vec<Place> = places.map(|(id, chance)| Place { id, chance }).collect();
    all.sort_by(|a, b| b.chance.total_cmp(&a.chance).then(a.id.cmp(&b.id)));
    all.truncate(k);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finder() -> CategoryFinder {
        let of = |id, en: &str, de: &str| Category {
            id,
            paths: vec![(Language::English, en.to_owned()), (Language::German, de.to_owned())],
        };
        let categories = [
            of(1, "Animals", "Tiere"),
            of(2, "Animals > Dog Food", "Tiere > Hundefutter"),
            of(3, "Animals > Cat Toys", "Tiere > Katzenspielzeug"),
            of(4, "Kitchen", "Küche"),
            of(5, "Kitchen > Frying Pans", "Küche > Bratpfannen"),
        ];
        CategoryFinderParams::default().fit(&categories).unwrap()
    }

    #[test]
    fn titles_find_their_category_and_branch() {
        let finder = finder();
        let first = |title, language| finder.categories(title, language, 1).first().map(|p| p.id);
        assert_eq!(first("Salmon food for your dog, 2 kg", Some(Language::English)), Some(2));
        assert_eq!(first("Getreidefreies Futter für Hunde", Some(Language::German)), Some(2));
        assert_eq!(first("Pfanne aus Gusseisen zum Braten", Some(Language::German)), Some(5));
        let branches = finder.branches("Spielzeug für die Katze", Some(Language::German), 2);
        assert_eq!(branches[0].id, 1);
        assert!((branches.iter().map(|p| p.chance).sum::<f32>() - 1.0).abs() < 1e-5);
        assert_eq!(finder.branch_of(5), Some(4));
        assert_eq!(finder.branch_of(9), None);
    }

    #[test]
    fn the_head_of_a_title_ends_where_the_asides_begin() {
        let head = |title: &'static str| &title[..head_length(title)];
        assert_eq!(head("Tent with pegs, green"), "Tent ");
        assert_eq!(head("枕头（记忆棉）"), "枕头");
        assert_eq!(head("For you"), "For you");
        assert_eq!(head(", x"), ", x");
    }

    #[test]
    fn a_title_that_shares_nothing_has_no_category() {
        assert!(finder().categories("12345 zzz", None, 3).is_empty());
        assert!(finder().categories("", None, 3).is_empty());
        assert!(CategoryFinderParams::default().fit(&[]).is_err());
    }
}
