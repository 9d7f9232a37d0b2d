//! `shopping_words`: word vectors from Chinese shop reviews, and how well a mean of them tells a review's category.
//!
//! Vectors learn from all reviews without their categories; four fifths of the reviews then give each of the ten
//! categories a centre, and a review of the last fifth belongs to the closest. Words a CPU second count every pass.

use super::{Asked, ContentReport, ContentRow, Measure};
use crate::ProtocolError;
use crate::files::Text;
use content::text::{LsaParams, TfIdfParams, TopicModelParams, WordVectorsParams, words};
use content::{Encode, Vectors};
use domain::Seed;
use eval::{Bootstrap, mean_interval};
use learn::LearnError;
use learn::subword_skipgram::SubwordSkipGramParams;
use rayon::prelude::*;
use std::collections::BTreeMap;

fn refused(why: LearnError) -> ProtocolError {
    ProtocolError::Recipe { config: "word vectors".to_owned(), task: "shopping_words".to_owned(), why: why.to_string() }
}

fn is_test(at: usize) -> bool {
    Seed(0).derive(at as u64).0.is_multiple_of(5)
}

/// Whether each review of the test part is closest to the centre of its own category.
fn right(vectors: &Vectors, categories: &[String]) -> Vec<f64> {
    let mut centres: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for (at, row) in vectors.rows().enumerate().filter(|(at, _)| !is_test(*at)) {
        let centre = centres.entry(&categories[at]).or_insert_with(|| vec![0.0; vectors.width()]);
        centre.iter_mut().zip(row.unwrap_or_default()).for_each(|(c, x)| *c += f64::from(*x));
    }
    for centre in centres.values_mut() {
        let length = centre.iter().map(|x| x * x).sum::<f64>().sqrt().max(f64::MIN_POSITIVE);
        centre.iter_mut().for_each(|x| *x /= length);
    }
    let closest = |row: &[f32]| {
        let close = |centre: &[f64]| centre.iter().zip(row).map(|(c, x)| c * f64::from(*x)).sum::<f64>();
        centres.iter().map(|(name, centre)| (close(centre), *name)).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, n)| n)
    };
    let asked = vectors.rows().enumerate().filter(|(at, _)| is_test(*at));
    asked.map(|(at, row)| f64::from(u8::from(row.and_then(closest) == Some(categories[at].as_str())))).collect()
}

pub(super) fn run(asked: &mut Asked<'_>) -> Result<Vec<ContentReport>, ProtocolError> {
    marked(asked, 100, &TopicModelParams::default())
}

/// The task with an LSA of `width` numbers and topics learnt in this way.
fn marked(
    asked: &mut Asked<'_>,
    width: usize,
    topics_params: &TopicModelParams,
) -> Result<Vec<ContentReport>, ProtocolError> {
    let file = Text::read(&asked.dir.join("online_shopping_10_cats.csv"))?;
    let whole: String = file.lines(1).flat_map(|(_, line)| [line, "\n"]).collect();
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(whole.as_bytes());
    let (mut categories, mut reviews) = (Vec::new(), Vec::new());
    let mut n_unread = 0;
    for record in reader.records() {
        match record {
            Ok(record) if record.len() >= 3 => {
                categories.push(record[0].to_owned());
                reviews.push(record[2].to_owned());
            }
            Ok(_) | Err(_) => n_unread += 1,
        }
    }
    let cpu_s = asked.cpu_s;
    (asked.step)("words", 0, 6);
    let start = cpu_s();
    let texts: Vec<Vec<String>> = reviews.par_iter().map(|text| words(text)).collect();
    let parted = cpu_s() - start;
    let n_words: usize = texts.iter().map(Vec::len).sum();
    let mut rows = Vec::new();
    let subwords = WordVectorsParams::default();
    let words_alone = WordVectorsParams { min_words: usize::MAX, ..subwords };
    let two = |p: WordVectorsParams| WordVectorsParams {
        skip_gram: SubwordSkipGramParams { n_shards: 2, ..p.skip_gram },
        ..p
    };
    let configs = [
        ("skip-gram of words, one shard", words_alone),
        ("skip-gram of words, two shards", two(words_alone)),
        ("skip-gram with groups of letters, one shard", subwords),
        ("skip-gram with groups of letters, two shards", two(subwords)),
    ];
    for (at, (config, params)) in configs.into_iter().enumerate() {
        (asked.step)(config, at as u64 + 1, 6);
        let from = cpu_s();
        let model = params.fit_words(&texts, asked.seed).map_err(refused)?;
        let fitted = cpu_s();
        let right = right(&model.encode_words(&texts), &categories);
        let mark = mean_interval(&right, &Bootstrap::default(), asked.seed)?;
        let speed = (n_words * params.skip_gram.n_epochs) as f64 / (fitted - from).max(1e-9);
        let measures = vec![
            Measure::within("accuracy", mark.mean, mark.interval.low, mark.interval.high),
            Measure::new("words a CPU second", speed),
        ];
        let (fit_cpu_s, score_cpu_s) = (fitted - from, cpu_s() - fitted);
        rows.push(ContentRow { config: config.to_owned(), measures, fit_cpu_s, score_cpu_s });
    }
    let from = cpu_s();
    let lsa = LsaParams { width, ..LsaParams::default() };
    let lsa = LsaParams { tf_idf: TfIdfParams { min_texts: 5, max_features: 50_000, ..lsa.tf_idf }, ..lsa };
    let model = lsa.fit(&reviews, asked.seed).map_err(refused)?;
    let fitted = cpu_s();
    let items: Vec<Option<&str>> = reviews.iter().map(|r| Some(r.as_str())).collect();
    let right = right(&model.encode(&items), &categories);
    let mark = mean_interval(&right, &Bootstrap::default(), asked.seed)?;
    let measures = vec![
        Measure::within("accuracy", mark.mean, mark.interval.low, mark.interval.high),
        Measure::none("words a CPU second"),
    ];
    rows.push(ContentRow {
        config: format!("LSA of {width} numbers"),
        measures,
        fit_cpu_s: fitted - from,
        score_cpu_s: cpu_s() - fitted,
    });
    (asked.step)("topics", 5, 6);
    let topics = topics(&reviews, &categories, topics_params, asked)?;
    let about = format!(
        "closest of ten categories' centres, {} reviews ({n_unread} rows were none), {n_words} words ({:.0} words a CPU second to part them)",
        reviews.len(),
        n_words as f64 / parted.max(1e-9)
    );
    Ok(vec![
        ContentReport { task: "shopping_words".to_owned(), about, rows, goals: Vec::new(), references: &[] },
        topics,
    ])
}

/// Topics of the reviews: a row each with its words, how much they go together, and how much of its reviews are of one category.
fn topics(
    reviews: &[String],
    categories: &[String],
    params: &TopicModelParams,
    asked: &Asked<'_>,
) -> Result<ContentReport, ProtocolError> {
    let from = (asked.cpu_s)();
    let model = params.fit(reviews, asked.seed).map_err(refused)?;
    let fitted = (asked.cpu_s)();
    let mixtures: Vec<Option<Vec<f32>>> = reviews.par_iter().map(|r| model.mixture(r)).collect();
    let mut by_topic: Vec<BTreeMap<&str, usize>> = vec![BTreeMap::new(); model.topics().len()];
    for (mixture, category) in mixtures.iter().zip(categories) {
        let Some(mixture) = mixture else { continue };
        let largest = (0..mixture.len()).max_by(|a, b| mixture[*a].total_cmp(&mixture[*b]).then(b.cmp(a)));
        if let Some(topic) = largest {
            *by_topic[topic].entry(category).or_default() += 1;
        }
    }
    let counts = |of: &BTreeMap<&str, usize>| {
        let whole: usize = of.values().sum();
        (whole, of.values().max().copied().unwrap_or(0))
    };
    let score_cpu_s = (asked.cpu_s)() - fitted;
    let row = |config: String, coherence: f64, share: f64, purity: f64, fit_cpu_s: f64, score_cpu_s: f64| {
        let measures = vec![
            Measure::new("coherence (NPMI)", coherence),
            Measure::new("share of words", share),
            Measure::new("share of its largest category", purity),
        ];
        ContentRow { config, measures, fit_cpu_s, score_cpu_s }
    };
    let n_topics = model.topics().len().max(1) as f64;
    let mean = model.topics().iter().map(|t| t.coherence).sum::<f64>() / n_topics;
    let (whole, most) = by_topic.iter().map(counts).fold((0, 0), |(w, m), (a, b)| (w + a, m + b));
    let purity = most as f64 / whole.max(1) as f64;
    let mut rows = vec![row("all topics".to_owned(), mean, 1.0, purity, fitted - from, score_cpu_s)];
    for (topic, of) in model.topics().iter().zip(&by_topic) {
        let (whole, most) = counts(of);
        let name = topic.words.iter().take(6).map(String::as_str).collect::<Vec<_>>().join(" ");
        rows.push(row(name, topic.coherence, f64::from(topic.share), most as f64 / whole.max(1) as f64, 0.0, 0.0));
    }
    let about = format!(
        "topics of {} reviews over {} words; the reviews of a topic are those that have most of it",
        reviews.len(),
        model.n_words()
    );
    Ok(ContentReport { task: "shopping_words: topics".to_owned(), about, rows, goals: Vec::new(), references: &[] })
}

#[cfg(test)]
mod tests {
    use super::*;
    use learn::topics::TopicsParams;

    /// Reviews of our own: two categories with forty words each.
    #[test]
    fn a_small_file_is_asked() {
        let dir = tempfile::tempdir().unwrap();
        let mut text = "cat,label,review\n".to_owned();
        for i in 0..400_u64 {
            let mut rng = Seed(9).stream(i);
            let (category, stem) = if i.is_multiple_of(2) { ("fruit", "sweet") } else { ("phone", "screen") };
            let review: Vec<String> = (0..6).map(|_| format!("{stem}{}", rng.below(40))).collect();
            text += &format!("{category},1,{}\n", review.join(" "));
        }
        std::fs::write(dir.path().join("online_shopping_10_cats.csv"), text).unwrap();
        let mut asked =
            Asked { dir: dir.path(), seed: Seed(1), cpu_s: &|| 0.0, step: &mut |_, _, _| {}, encoder: None };
        let topics = TopicsParams { n_topics: 2, n_burn: 20, ..TopicsParams::default() };
        let reports = marked(&mut asked, 8, &TopicModelParams { topics, ..TopicModelParams::default() }).unwrap();
        let accuracy = |row: usize| reports[0].rows[row].measures[0].value.unwrap();
        assert!(accuracy(2) > 0.95 && accuracy(4) > 0.95, "{}", reports[0].text());
        assert!(reports[1].rows[0].measures[2].value.unwrap() > 0.9, "{}", reports[1].text());
    }
}
