//! Which category of a taxonomy a product's title belongs in, from the names of the categories alone.
//!
//! A category has a path in each of several languages. In each language its own name becomes TF-IDF weights `c`; a title's
//! features `x` have weight 1 before its first comma, bracket, or word such as `with` or `for`, and [`CategoryFinderParams::rest`]
//! after it, where sellers write what comes with the thing. With `m = Σ x_f c_f` the score is `m / (Σ c_f + slack ·
//! mean)`: the part of the name that the title has, so that `Phone Batteries` is not found for a phone, short names
//! being less sure. A name of several things (`Coffee Makers & Espresso Machines`) is each of them, the best counts. In English the last
//! word says what a thing is and those before it what for: a coffee maker is a maker, and no coffee. So a name's last word
//! counts [`CategoryFinderParams::last`] times as much, and of a title the words before the last one
//! [`CategoryFinderParams::before`]. The score of the names above counts [`CategoryFinderParams::above`], and that of the English names
//! [`CategoryFinderParams::english`] (brands, `USB`, `T-shirt` are written in it everywhere). Chances are a softmax over all
//! categories; the chance of a branch is the sum of those below it, so that a title may be sure of its department and not of its
//! shelf. No product was needed to learn this; products with categories teach more.
//! Cost: a title the cells of its features' columns, some milliseconds in a tree of five thousand.

use super::language::{Language, LanguageModel};
use super::path_bridge::LEVEL;
use super::tf_idf::{TfIdf, TfIdfParams};
use learn::{Csr, LearnError};
use std::collections::{BTreeMap, BTreeSet};

/// How categories are compared with titles.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CategoryFinderParams {
    /// How names become rows.
    pub tf_idf: TfIdfParams,
    /// What the names above a category's own count, 0 to 1.
    pub above: f32,
    /// What a title's words after the first comma or `with` count, 0 to 1.
    pub rest: f32,
    /// How many times as much as the others the last word of an English name counts, at least 1.
    pub last: f32,
    /// What the words of an English title before its thing's last one count, 0 to 1.
    pub before: f32,
    /// How much a name has to weigh before it is trusted, in mean weights of a name, at least 0.
    pub slack: f32,
    /// What the English names count for a title in another language.
    pub english: f32,
    /// How sharply scores become chances, above 0.
    pub sharpness: f32,
}

impl Default for CategoryFinderParams {
    fn default() -> Self {
        Self {
            tf_idf: TfIdfParams::default(),
            above: 0.2,
            rest: 0.3,
            last: 2.0,
            before: 0.6,
            slack: 0.05,
            english: 0.3,
            sharpness: 12.0,
        }
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
    /// Whose each row is: a name of several things has one for all and one for each.
    of: Vec<u32>,
    by_feature: Csr,
}

impl CategoryFinderParams {
    /// Learns the names.
    ///
    /// # Errors
    /// [`LearnError`] for parameters out of range or no category with a name.
    pub fn fit(&self, categories: &[Category]) -> Result<CategoryFinder, LearnError> {
        for (name, value) in
            [("above", self.above), ("before", self.before), ("english", self.english), ("rest", self.rest)]
        {
            if !(0.0..=1.0).contains(&value) {
                return Err(LearnError::Param { name, rule: "0 to 1", got: f64::from(value) });
            }
        }
        if !(self.last >= 1.0 && self.last.is_finite()) {
            return Err(LearnError::Param { name: "last", rule: "at least 1", got: f64::from(self.last) });
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
        let names = by_language.iter().map(|(language, paths)| Ok((*language, self.names(*language, paths)?)));
        let names = names.collect::<Result<_, LearnError>>()?;
        Ok(CategoryFinder {
            params: *self,
            ids: categories.iter().map(|c| c.id).collect(),
            branches: branches(categories),
            names,
        })
    }

    fn names(&self, language: Language, paths: &[(usize, &str)]) -> Result<Names, LearnError> {
        let own = |path: &'_ str| -> String { path.rsplit(LEVEL).next().unwrap_or(path).to_owned() };
        let tf_idf = self.tf_idf.fit(&paths.iter().map(|(_, path)| own(path)).collect::<Vec<_>>())?;
        let mass = |text: &str| -> (Vec<(u32, f32)>, f32) {
            let mut row = tf_idf.weights(text);
            if let Some(last) = text.split_whitespace().next_back().filter(|_| language == Language::English) {
                let of_last: BTreeSet<u32> = tf_idf.weights(last).into_iter().map(|(feature, _)| feature).collect();
                row.iter_mut().filter(|(feature, _)| of_last.contains(feature)).for_each(|(_, x)| *x *= self.last);
            }
            let whole = row.iter().map(|(_, x)| x).sum();
            (row, whole)
        };
        let whole_of = |(_, path): &(usize, &str)| mass(&own(path)).1;
        let slack = self.slack * paths.iter().map(whole_of).sum::<f32>() / paths.len().max(1) as f32;
        let (mut rows, mut of): (Vec<Vec<(u32, f32)>>, Vec<u32>) = (Vec::new(), Vec::new());
        for (at, path) in paths {
            let scaled = |row: Vec<(u32, f32)>, by: f32| row.into_iter().map(move |(c, x)| (c, x * by));
            let above: Vec<&str> = path.split(LEVEL).collect();
            let (above, above_whole) = mass(&above[..above.len() - 1].join(" "));
            for name in things(&own(path)) {
                let (own, whole) = mass(name);
                let mut row = Vec::new();
                row.extend(scaled(own, 1.0 / (whole + slack).max(f32::MIN_POSITIVE)));
                row.extend(scaled(above.clone(), self.above / (above_whole + slack).max(f32::MIN_POSITIVE)));
                rows.push(row);
                of.push(*at as u32);
            }
        }
        let by_feature = Csr::from_rows(tf_idf.n_features(), rows).transpose();
        Ok(Names { tf_idf, of, by_feature })
    }
}

/// A name and, where it names several things, each of them.
fn things(name: &str) -> Vec<&str> {
    let mut all = vec![name];
    let parts: Vec<&str> = name.split(" & ").flat_map(|part| part.split(", ")).map(str::trim).collect();
    if parts.len() > 1 {
        all.extend(parts.into_iter().filter(|part| !part.is_empty()));
    }
    all
}

/// A title's words up to its first number: what the thing is called, without model and measures. Numbers that it begins with
/// are passed over.
fn called(head: &str) -> &str {
    let has_digit = |word: &str| word.chars().any(|c| c.is_ascii_digit());
    let (mut at, mut is_begun) = (0, false);
    for word in head.split_inclusive(' ') {
        if has_digit(word) && is_begun {
            return head[..at].trim_end();
        }
        // A unit follows a number that stands first.
        is_begun |= !has_digit(word) && word.trim().chars().count() > 2;
        at += word.len();
    }
    head.trim_end()
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
            let mut say = |text: &str, x: f32| {
                names.tf_idf.weights(text).into_iter().for_each(|(feature, _)| _ = said.insert(feature, x));
            };
            say(rest, self.params.rest);
            // The last word of the thing is told from those before it where the title itself is English.
            let last = called(head).split_whitespace().next_back().filter(|_| own == Some(Language::English));
            say(head, if last.is_some() { self.params.before } else { 1.0 });
            last.into_iter().for_each(|last| say(last, 1.0));
            let mut by_row = vec![0.0_f32; names.of.len()];
            for (feature, x) in said {
                names.by_feature.cells(feature as usize).for_each(|(at, c)| by_row[at as usize] += x * c);
            }
            let mut best = vec![0.0_f32; scores.len()];
            names.of.iter().zip(&by_row).for_each(|(at, s)| best[*at as usize] = best[*at as usize].max(*s));
            scores.iter_mut().zip(&best).for_each(|(score, best)| *score += weight * best);
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
    fn an_english_thing_is_what_its_last_word_says() {
        let names =
            ["Food > Coffee", "Food > Rice", "Kitchen > Coffee Makers & Espresso Machines", "Kitchen > Rice Cookers"];
        let category = |(id, path): (u64, &&str)| Category { id, paths: vec![(Language::English, (*path).to_owned())] };
        let categories: Vec<Category> = (1..).zip(&names).map(category).collect();
        let first = |params: CategoryFinderParams, title: &str| {
            let finder = params.fit(&categories).unwrap();
            finder.categories(title, Some(Language::English), 1)[0].id
        };
        let ours = CategoryFinderParams::default();
        assert_eq!(first(ours, "Portena Coffee Maker B1001, Black, 800 W, quiet"), 3);
        assert_eq!(first(ours, "Rice cooker 1.8 L with steam basket"), 4);
        assert_eq!(first(ours, "Dark roast coffee 500 g"), 1);
        // Without the rule a title that has all of a short name is taken for it.
        assert_eq!(first(CategoryFinderParams { last: 1.0, before: 1.0, ..ours }, "Coffee brewing maker B1001"), 1);
        let wrong = CategoryFinderParams { last: 0.5, ..ours }.fit(&categories).unwrap_err().to_string();
        assert!(wrong.contains("`last`"), "{wrong}");
    }

    #[test]
    fn what_a_thing_is_called_ends_before_model_and_measures() {
        assert_eq!(called("Portena Coffee Maker B1001"), "Portena Coffee Maker");
        assert_eq!(called("27 inch IPS monitor 144 Hz"), "27 inch IPS monitor");
        assert_eq!(called("18 V drill"), "18 V drill");
        assert_eq!(called("Tent "), "Tent");
        assert_eq!(called(""), "");
        assert_eq!(
            things("Coffee Makers & Espresso Machines"),
            ["Coffee Makers & Espresso Machines", "Coffee Makers", "Espresso Machines"]
        );
        assert_eq!(things("Lamps"), ["Lamps"]);
    }

    #[test]
    fn a_title_that_shares_nothing_has_no_category() {
        assert!(finder().categories("12345 zzz", None, 3).is_empty());
        assert!(finder().categories("", None, 3).is_empty());
        assert!(CategoryFinderParams::default().fit(&[]).is_err());
    }
}
