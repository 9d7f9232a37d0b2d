//! Which attribute of a product answers a shopper's question: question and attribute as one fused vector that says whether they belong.
//!
//! The published training file is not there, so what is learnt from is the published validation part, a fifth of its products kept
//! aside to choose on; figures are not those of models that learnt from the whole. The parts `testseen` and `testunseen` are
//! asked once each; before the second, every question about a kind of attribute that it asks for is taken out of what is learnt
//! from, so that these kinds are new. Attributes of one product are candidates; questions that none of them answers are left out.
//!
//! A pair has modalities of its own: words in common, rows of letters in common (typing errors, `microphone` and `mic`), what is
//! asked beside what is told, and plain facts (begins with `is`, has a unit); with an encoder that others trained its likeness
//! too. A [`content::space::Fusion`] learns from them whether the attribute answers the question; every set of modalities is in the table.
//! Source of the data: Shen et al., "semiPQA: A study on product question answering over semi-structured data", ECNLP 2022.

use super::encoded::encoded;
use super::joining::Joining;
use super::report::mean;
use super::{Asked, ContentGoal, ContentReport, ContentRow, Measure};
use crate::ProtocolError;
use crate::files::Text;
use content::space::{FusionError, Goal, ablation};
use content::text::{Features, Lsa, LsaParams, TfIdf, TfIdfParams};
use content::{Encode, Vectors};
use domain::{ItemIdx, Seed};
use eval::{Bootstrap, Metric, paired_difference};
use std::collections::{BTreeMap, BTreeSet};

pub(super) const TASK: &str = "product_questions";
const UNSEEN: &str = "testunseen";
/// Parts that are asked, and what they are.
const PARTS: [(&str, &str); 2] =
    [("testseen", "kinds of attributes as taught"), (UNSEEN, "kinds of attributes that were not taught")];
const MODALITIES: [&str; 4] = ["words", "letters", "asked and told", "facts"];
const MEANING: &str = "meaning";
const METRICS: [(&str, Metric); 2] = [("P@1", Metric::Precision(1)), ("MRR", Metric::MrrFull)];
/// Passes over the pairs that are tried.
const PASSES: [usize; 3] = [5, 10, 20];
/// Questions begin with one of these, or with something else.
const BEGINNINGS: [&str; 10] = ["is", "are", "does", "do", "can", "will", "what", "how", "which", "would"];
/// Keys of an attribute that say nothing about what it is.
const MARKUP: [&str; 5] = ["value", "unit", "normalized_value", "standardized_values", "language_tag"];

/// A question with the attributes of its product.
#[derive(Clone, Debug, PartialEq)]
struct Question {
    text: String,
    /// As they stand in the file.
    attributes: Vec<String>,
    answers: Vec<bool>,
}

/// An attribute without markup.
struct Attribute {
    name: String,
    said: String,
}

impl Attribute {
    fn whole(&self) -> String {
        format!("{} {}", self.name, self.said)
    }
}

fn read_attribute(cell: &str) -> Attribute {
    let (name, rest) = cell.split_once(':').unwrap_or((cell, ""));
    let plain: String = rest.chars().map(|c| if "{}[]\",;".contains(c) { ' ' } else { c }).collect();
    let word = |word: &str| {
        let (key, value) = word.split_once(':').unwrap_or(("", word));
        let key = if MARKUP.contains(&key) { "" } else { key };
        format!("{} {}", key.replace('_', " "), value.replace('_', " "))
    };
    let words: Vec<String> = plain.split_whitespace().map(word).collect();
    let said = words.join(" ");
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    Attribute { name: name.trim_matches('"').replace('_', " "), said }
}

impl Question {
    /// The names of the attributes that answer it.
    fn asks_for(&self) -> impl Iterator<Item = String> {
        let answering = self.attributes.iter().zip(&self.answers).filter(|(_, is)| **is);
        answering.map(|(cell, _)| read_attribute(cell).name)
    }
}

/// Questions of a file that have an answer, and how many have none.
fn read(asked: &Asked<'_>, part: &str) -> Result<(Vec<Question>, usize), ProtocolError> {
    let text = Text::read(&asked.dir.join(format!("attribute_ranking/{part}.tsv")))?;
    let mut rows = csv::ReaderBuilder::new().delimiter(b'\t').from_reader(text.whole().as_bytes());
    let mut of: BTreeMap<u64, Question> = BTreeMap::new();
    for row in rows.records() {
        let wrong = |line: u64, found: &str, wanted| text.wrong(line as usize, found, wanted);
        let row =
            row.map_err(|why| wrong(why.position().map_or(0, csv::Position::line), &why.to_string(), "five cells"))?;
        let line = row.position().map_or(0, csv::Position::line);
        let cell = |at: usize| row.get(at).unwrap_or_default();
        let id: u64 = cell(0).parse().map_err(|_| wrong(line, cell(0), "a whole number of a question"))?;
        let answers = match cell(4) {
            "1" => true,
            "0" => false,
            other => return Err(wrong(line, other, "a label, 0 or 1")),
        };
        let new = || Question { text: cell(2).to_owned(), attributes: Vec::new(), answers: Vec::new() };
        let question = of.entry(id).or_insert_with(new);
        question.attributes.push(cell(3).to_owned());
        question.answers.push(answers);
    }
    let n = of.len();
    let kept: Vec<Question> = of.into_values().filter(|q| q.answers.contains(&true)).collect();
    if kept.is_empty() {
        return Err(text.wrong(1, "", "at least one question with an answer"));
    }
    let n_without = n - kept.len();
    Ok((kept, n_without))
}

/// Sentences that say what an attribute says, each behind its attribute.
fn sentences(asked: &Asked<'_>) -> Result<Vec<String>, ProtocolError> {
    let text = Text::read(&asked.dir.join("data-to-text/train.tsv"))?;
    let pair = |(n, line): (usize, &str)| {
        let (cell, said) =
            line.split_once('\t').ok_or_else(|| text.wrong(n, line, "an attribute, a tab, a sentence"))?;
        Ok(format!("{} {said}", read_attribute(cell).whole()))
    };
    text.lines(1).map(pair).collect()
}

/// What pairs are read with, learnt from texts alone.
struct Reader {
    /// By words, by letters.
    ways: [(Lsa, TfIdf); 2],
}

fn product(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The product of two sparse rows in order of their features.
fn sparse_product(a: &[(u32, f32)], b: &[(u32, f32)]) -> f32 {
    let of = |feature: u32| b.binary_search_by_key(&feature, |cell| cell.0).ok().map(|at| b[at].1);
    a.iter().filter_map(|(feature, x)| of(*feature).map(|y| x * y)).sum()
}

fn facts(question: &str, said: &str) -> Vec<f32> {
    let (lower, is) = (question.to_lowercase(), |b: bool| f32::from(u8::from(b)));
    let first = lower.split_whitespace().next().unwrap_or_default();
    let begins = BEGINNINGS.iter().map(|b| is(first == *b));
    let digit = |text: &str| is(text.chars().any(|c| c.is_ascii_digit()));
    let yes_or_no = is(said == "true" || said == "false");
    let long = said.split_whitespace().count() as f32;
    begins.chain([digit(&lower), digit(said), yes_or_no, long.ln_1p()]).collect()
}

impl Reader {
    fn new(texts: &[String], seed: Seed) -> Result<Self, learn::LearnError> {
        let words = Features { longest: 0, ..Features::default() };
        let way = |features: Features, n: u64| {
            let tf_idf = TfIdfParams { features, min_texts: 1, ..TfIdfParams::default() };
            let lsa = LsaParams { tf_idf: TfIdfParams { min_texts: 2, ..tf_idf }, width: 64, whitening: 0.5 };
            Ok::<_, learn::LearnError>((lsa.fit(texts, seed.derive(n))?, tf_idf.fit(texts)?))
        };
        Ok(Self { ways: [way(words, 0)?, way(Features::default(), 1)?] })
    }

    /// The modalities of every pair, question by question.
    fn pairs(&self, questions: &[Question]) -> Vec<Vectors> {
        let texts: Vec<&str> = questions.iter().map(|q| q.text.as_str()).collect();
        let cells: Vec<Attribute> =
            questions.iter().flat_map(|q| &q.attributes).map(|cell| read_attribute(cell)).collect();
        let told: Vec<String> = cells.iter().map(Attribute::whole).collect();
        let encode = |lsa: &Lsa, texts: &[&str]| lsa.encode(&texts.iter().map(|t| Some(*t)).collect::<Vec<_>>());
        let told_refs: Vec<&str> = told.iter().map(String::as_str).collect();
        let ways = self.ways.each_ref().map(|(lsa, _)| (encode(lsa, &texts), encode(lsa, &told_refs)));
        let widths = ways.each_ref().map(|(asked, _)| asked.width());
        let mut parts = [
            Vectors::new(widths[0] + 3),
            Vectors::new(widths[1] + 3),
            Vectors::new(2 * widths[0]),
            Vectors::new(BEGINNINGS.len() + 4),
        ];
        let mut at = 0;
        for (q, question) in questions.iter().enumerate() {
            let own = self.ways.each_ref().map(|(_, tf_idf)| tf_idf.row(&question.text));
            for _ in &question.attributes {
                let Attribute { name, said } = &cells[at];
                let rows = ways
                    .each_ref()
                    .map(|(asked, told)| [asked.row(q), told.row(at)].map(|row| row.unwrap_or(&[]).to_vec()));
                for (way, part) in parts.iter_mut().take(2).enumerate() {
                    let [asked, told] = &rows[way];
                    let tf_idf = &self.ways[way].1;
                    let mut row: Vec<f32> = asked.iter().zip(told).map(|(a, b)| a * b).collect();
                    row.resize(widths[way], 0.0);
                    row.extend([
                        product(asked, told),
                        sparse_product(&own[way], &tf_idf.row(name)),
                        sparse_product(&own[way], &tf_idf.row(said)),
                    ]);
                    pushed(part, &row);
                }
                let both: Vec<f32> = rows[0]
                    .iter()
                    .flat_map(|row| row.iter().copied().chain(std::iter::repeat(0.0)).take(widths[0]))
                    .collect();
                pushed(&mut parts[2], &both);
                pushed(&mut parts[3], &facts(&question.text, said));
                at += 1;
            }
        }
        parts.into()
    }

    /// How much question and attribute have in common by rare words alone, or letters.
    fn overlap(&self, way: usize, questions: &[Question]) -> Vec<f64> {
        let tf_idf = &self.ways[way].1;
        let one = |q: &Question| {
            let own = tf_idf.row(&q.text);
            let of = |cell: &String| f64::from(sparse_product(&own, &tf_idf.row(&read_attribute(cell).whole())));
            q.attributes.iter().map(of).collect::<Vec<_>>()
        };
        questions.iter().flat_map(one).collect()
    }
}

fn pushed(part: &mut Vectors, row: &[f32]) {
    if part.push(row).is_err() {
        part.push_missing();
    }
}

/// What an encoder makes of pairs: the products of its numbers, and their sum.
fn meaning(asked: &mut Asked<'_>, lists: [&[Question]; 3]) -> Result<Option<[Vectors; 3]>, ProtocolError> {
    let Some(encoder) = asked.encoder else { return Ok(None) };
    let told = |q: &Question| q.attributes.iter().map(|cell| read_attribute(cell).whole()).collect::<Vec<_>>();
    let texts = |questions: &[Question]| {
        [questions.iter().map(|q| q.text.clone()).collect::<Vec<_>>(), questions.iter().flat_map(told).collect()]
    };
    let [[a, b], [c, d], [e, f]] = lists.map(texts);
    let ([a, b, c, d, e, f], _) =
        encoded(asked, encoder, TASK, "questions and attributes by an encoder", &[a, b, c, d, e, f])?;
    let [first, second, third] = lists;
    Ok(Some([(first, a, b), (second, c, d), (third, e, f)].map(|(questions, asked, told)| {
        let (asked, told) = (asked.unit(), told.unit());
        let mut out = Vectors::new(asked.width() + 1);
        let owners = questions.iter().enumerate().flat_map(|(q, question)| question.attributes.iter().map(move |_| q));
        for (at, q) in owners.enumerate() {
            match (asked.row(q), told.row(at)) {
                (Some(asked), Some(told)) => {
                    let row: Vec<f32> = asked.iter().zip(told).map(|(a, b)| a * b).collect();
                    let sum = row.iter().sum();
                    pushed(&mut out, &[row, vec![sum]].concat());
                }
                _ => out.push_missing(),
            }
        }
        out
    })))
}

/// Each question's marks by [`METRICS`].
fn marks(questions: &[Question], scores: &[f64]) -> [Vec<f64>; 2] {
    let mut rest = scores;
    let mut out = [Vec::new(), Vec::new()];
    for question in questions {
        let (own, after) = rest.split_at(question.attributes.len());
        rest = after;
        let mut order: Vec<usize> = (0..own.len()).collect();
        order.sort_by(|a, b| own[*b].total_cmp(&own[*a]).then(a.cmp(b)));
        let ranked: Vec<ItemIdx> = order.into_iter().map(|at| ItemIdx(at as u32)).collect();
        let relevant: Vec<ItemIdx> =
            (0..own.len()).filter(|at| question.answers[*at]).map(|at| ItemIdx(at as u32)).collect();
        for (out, (_, metric)) in out.iter_mut().zip(METRICS) {
            out.push(metric.mark(&ranked, &relevant).unwrap_or_default());
        }
    }
    out
}

fn labels(lists: &[&[Question]]) -> Vec<Option<u32>> {
    lists.iter().copied().flatten().flat_map(|q| &q.answers).map(|is| Some(u32::from(*is))).collect()
}

fn wrong(title: &str, why: String) -> ProtocolError {
    ProtocolError::Recipe { config: title.to_owned(), task: TASK.to_owned(), why }
}

/// Scores of pairs by a model that learnt from others: the log odds that the attribute answers.
fn scores(
    how: Joining,
    train: (&[&Vectors], &[Option<u32>]),
    asked: &[&Vectors],
    seed: Seed,
) -> Result<Vec<f64>, FusionError> {
    let model = how.params(0.3).fit(train.0, Goal::Classes { labels: train.1, n: 2 }, seed)?;
    let odds = |row: Option<&[f32]>| row.map_or(0.0, |row| f64::from(row[1]) - f64::from(row[0]));
    Ok(model.predict(asked).rows().map(odds).collect())
}

fn of<'a>(parts: &'a [Vectors], set: &[usize]) -> Vec<&'a Vectors> {
    set.iter().map(|m| &parts[*m]).collect()
}

pub(super) fn run(asked: &mut Asked<'_>) -> Result<Vec<ContentReport>, ProtocolError> {
    let (dev, _) = read(asked, "dev")?;
    let said = sentences(asked)?;
    let mut reports = Vec::new();
    for (part, title) in PARTS {
        let (test, n_without) = read(asked, part)?;
        let mut taught = dev.clone();
        if part == UNSEEN {
            let new: BTreeSet<String> = test.iter().flat_map(Question::asks_for).collect();
            taught.retain(|q| !q.asks_for().any(|name| new.contains(&name)));
        }
        let (kept, held) = split(&taught);
        let lesson = Lesson::new(asked, title, [&kept, &held, &test], &said)?;
        reports.push(lesson.report(asked, n_without)?);
    }
    Ok(reports)
}

/// Questions about a fifth of the products, by a print of their attributes, and about the others.
fn split(questions: &[Question]) -> (Vec<Question>, Vec<Question>) {
    let is_held = |q: &&Question| {
        let mut print = learn::container::Fingerprint::default();
        q.attributes.iter().for_each(|cell| print.add_text(cell));
        print.value() % 5 == 0
    };
    let (held, kept): (Vec<&Question>, Vec<&Question>) = questions.iter().partition(is_held);
    (kept.into_iter().cloned().collect(), held.into_iter().cloned().collect())
}

/// What is learnt from and what is asked, as modalities of pairs.
struct Lesson<'a> {
    /// Which part of [`CONTENT_TASKS`](super::CONTENT_TASKS)'s data, in words.
    title: &'a str,
    /// Names of the modalities.
    names: Vec<&'static str>,
    /// Products that are learnt from while something is chosen, those that choose, and those of the test.
    questions: [&'a [Question]; 3],
    /// Their pairs.
    parts: [Vec<Vectors>; 3],
    /// Pairs of both that are learnt from in the end.
    all: Vec<Vectors>,
    reader: Reader,
    seed: Seed,
}

/// A way of answering with what it reached where things are chosen and in the test.
struct Reached {
    name: String,
    on_held: f64,
    marks: [Vec<f64>; 2],
}

impl<'a> Lesson<'a> {
    fn new(
        asked: &mut Asked<'_>,
        title: &'a str,
        questions: [&'a [Question]; 3],
        said: &[String],
    ) -> Result<Self, ProtocolError> {
        let seed = asked.seed;
        let told = |q: &Question| q.attributes.iter().map(|cell| read_attribute(cell).whole()).collect::<Vec<_>>();
        let taught = || questions[..2].iter().flat_map(|questions| questions.iter());
        let texts: BTreeSet<String> = taught().flat_map(told).chain(taught().map(|q| q.text.clone())).collect();
        let texts: Vec<String> = texts.into_iter().chain(said.iter().cloned()).collect();
        let reader = Reader::new(&texts, seed).map_err(|why| wrong(title, why.to_string()))?;
        let mut parts = questions.map(|questions| reader.pairs(questions));
        let mut names = MODALITIES.to_vec();
        if let Some(meant) = meaning(asked, questions)? {
            parts.iter_mut().zip(meant).for_each(|(parts, meant)| parts.push(meant));
            names.push(MEANING);
        }
        let both = |(a, b): (&Vectors, &Vectors)| Vectors::from_rows(a.width(), a.rows().chain(b.rows()));
        let all = parts[0].iter().zip(&parts[1]).map(both).collect::<Result<_, _>>();
        let all = all.map_err(|why| wrong(title, why.to_string()))?;
        Ok(Self { title, names, questions, parts, all, reader, seed })
    }

    /// The marks of the questions that choose, asked with these modalities.
    fn on_held(&self, how: Joining, set: &[usize]) -> Result<f64, ProtocolError> {
        let found =
            scores(how, (&of(&self.parts[0], set), &labels(&self.questions[..1])), &of(&self.parts[1], set), self.seed);
        Ok(mean(&marks(self.questions[1], &found.map_err(|why| wrong(self.title, why.to_string()))?)[1]))
    }

    /// The scores of the test's pairs after learning from all the others.
    fn on_test(&self, how: Joining, set: &[usize]) -> Result<Vec<f64>, ProtocolError> {
        let found =
            scores(how, (&of(&self.all, set), &labels(&self.questions[..2])), &of(&self.parts[2], set), self.seed);
        found.map_err(|why| wrong(self.title, why.to_string()))
    }

    fn row(
        &self,
        config: String,
        [fit_cpu_s, score_cpu_s]: [f64; 2],
        marks: &[Vec<f64>; 2],
    ) -> Result<ContentRow, ProtocolError> {
        let measure = |(marks, (name, _)): (&Vec<f64>, (&str, Metric))| Measure::mean(name, marks, self.seed);
        let measures = marks.iter().zip(METRICS).map(measure).collect::<Result<_, _>>()?;
        Ok(ContentRow { config, measures, fit_cpu_s, score_cpu_s })
    }

    /// What blind drawing finds first.
    fn by_chance(&self) -> Result<ContentRow, ProtocolError> {
        let share = |q: &Question| q.answers.iter().filter(|is| **is).count() as f64 / q.answers.len() as f64;
        let first: Vec<f64> = self.questions[2].iter().map(share).collect();
        let measures = vec![Measure::mean(METRICS[0].0, &first, self.seed)?, Measure::none(METRICS[1].0)];
        Ok(ContentRow { config: "any attribute of the product".to_owned(), measures, fit_cpu_s: 0.0, score_cpu_s: 0.0 })
    }

    fn report(&self, asked: &mut Asked<'_>, n_without: usize) -> Result<ContentReport, ProtocolError> {
        let clock = asked.cpu_s;
        let every: Vec<usize> = (0..self.names.len()).collect();
        let (how, loss) = Joining::chosen(asked, &PASSES, |how| Ok(1.0 - self.on_held(how, &every)?))?;
        let on_held = 1.0 - loss;
        let mut rows = vec![self.by_chance()?];
        let mut alone: Vec<Reached> = Vec::new();
        for (way, name) in ["rare words in common, nothing learnt", "rare rows of letters in common, nothing learnt"]
            .into_iter()
            .enumerate()
        {
            let start = clock();
            let [held, test] =
                [1, 2].map(|part| marks(self.questions[part], &self.reader.overlap(way, self.questions[part])));
            rows.push(self.row(name.to_owned(), [0.0, clock() - start], &test)?);
            alone.push(Reached { name: name.to_owned(), on_held: mean(&held[1]), marks: test });
        }
        let n_sets = 2 * self.names.len() as u64 + 1;
        let mut done = 0;
        let table = ablation(self.names.len(), |set| {
            let name = set.iter().map(|m| self.names[*m]).collect::<Vec<_>>().join(" + ");
            (asked.step)(&name, done, n_sets);
            done += 1;
            let start = clock();
            let reached = marks(self.questions[2], &self.on_test(how, set)?);
            rows.push(self.row(format!("{name} ({})", how.join.name()), [clock() - start, 0.0], &reached)?);
            if set.len() == 1 {
                alone.push(Reached { name, on_held: self.on_held(how, set)?, marks: reached.clone() });
            }
            Ok::<_, ProtocolError>(reached)
        })?;
        let fused = &table[table.len() - 1].mark;
        let best = alone.iter().fold(&alone[0], |best, one| if one.on_held > best.on_held { one } else { best });
        let mut gains = String::new();
        let mut goals = Vec::new();
        let against = if best.name == alone[0].name { vec![best] } else { vec![best, &alone[0]] };
        for than in against {
            let gain = paired_difference(&fused[1], &than.marks[1], &Bootstrap::default(), self.seed)?.difference;
            let (name, low, high) = (&than.name, gain.interval.low, gain.interval.high);
            gains += &format!("; MRR gained on {name} {:+.4} [{low:+.4}, {high:+.4}]", gain.mean);
            goals.push(ContentGoal::new(
                &format!("lower end of the MRR that all modalities gain on {name}"),
                1e-9,
                low,
            ));
        }
        let about = format!(
            "{}: {} questions, {} attributes in all, {n_without} questions without an answer left out; {} to learn from, {} of them \
             chose {} with {} passes (MRR {on_held:.4}) and the best modality alone{gains}",
            self.title,
            self.questions[2].len(),
            self.parts[2][0].len(),
            self.questions[0].len() + self.questions[1].len(),
            self.questions[1].len(),
            how.join.name(),
            how.n_epochs,
        );
        Ok(ContentReport { task: "product questions".to_owned(), about, rows, goals, references: &[] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attribute_is_read_without_its_markup() {
        let read = |cell: &str| {
            let read = read_attribute(cell);
            (read.name, read.said)
        };
        let cell = r#"item_weight:  { unit:pounds, normalized_value:{ unit:pounds, value:1.83 }, value:1.83 }"#;
        assert_eq!(read(cell), ("item weight".to_owned(), "pounds pounds 1.83 1.83".to_owned()));
        let cell = r#"lens:  { material:[ { value:"anti-reflective" } ], color:[ { value:"grey" } ] }"#;
        assert_eq!(read(cell), ("lens".to_owned(), "material anti-reflective color grey".to_owned()));
        assert_eq!(read("batteries_included:  { value:false }"), ("batteries included".to_owned(), "false".to_owned()));
        assert_eq!(read("zoom"), ("zoom".to_owned(), String::new()));
    }

    fn question(text: &str, answers: &[bool]) -> Question {
        let attributes = (0..answers.len()).map(|at| format!("a{at}: {{ value:{at} }}")).collect();
        Question { text: text.to_owned(), attributes, answers: answers.to_vec() }
    }

    /// First question: scores 3, 1, 2 and the right one second. Second question: equal scores keep their order, so first.
    #[test]
    fn marks_are_worked_by_hand() {
        let questions = [question("one", &[false, false, true]), question("two", &[true, false])];
        assert_eq!(marks(&questions, &[3.0, 1.0, 2.0, 0.0, 0.0]), [vec![0.0, 1.0], vec![0.5, 1.0]]);
    }

    #[test]
    fn questions_about_one_product_stay_together() {
        let all: Vec<Question> =
            (0..200).map(|at| question(&format!("question {at}"), &vec![true; 1 + at % 40])).collect();
        let (kept, held) = split(&all);
        assert_eq!(kept.len() + held.len(), 200);
        assert!(!kept.is_empty() && !held.is_empty());
        assert!(kept.iter().all(|q| held.iter().all(|h| h.attributes != q.attributes)));
    }

    #[test]
    fn a_file_is_read_and_what_is_wrong_names_its_line() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("attribute_ranking")).unwrap();
        let path = dir.path().join("attribute_ranking/dev.tsv");
        let head = "qid\tqa_pair_id\tquestion\tcandidate\tlabel\n";
        let rows = "7\t1\tis it red?\t\"color:  { value:\"\"red\"\" }\"\t1\n7\t2\tis it red?\tsize:  { value:3 }\t0\n8\t3\twhy?\tsize:  { value:3 }\t0\n";
        std::fs::write(&path, format!("{head}{rows}")).unwrap();
        let mut step = |_: &str, _: u64, _: u64| {};
        let asked = Asked { dir: dir.path(), seed: Seed(1), cpu_s: &|| 0.0, step: &mut step, encoder: None };
        let (questions, n_without) = read(&asked, "dev").unwrap();
        assert_eq!((questions.len(), n_without), (1, 1));
        assert_eq!(questions[0].attributes[0], "color:  { value:\"red\" }");
        assert_eq!(questions[0].answers, [true, false]);
        std::fs::write(&path, format!("{head}{rows}9\t4\twhat?\tsize: {{ value:3 }}\tyes\n")).unwrap();
        assert!(matches!(read(&asked, "dev"), Err(ProtocolError::Line { line: 5, .. })));
    }
}
