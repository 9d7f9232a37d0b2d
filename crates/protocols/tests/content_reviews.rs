//! The tasks about reviews and offers on small made-up folders: they read their files, learn what was planted, and
//! refuse what is broken.

use domain::Seed;
use protocols::ProtocolError;
use protocols::content::{ContentParams, ContentReport, run_content, select_content};
use std::fmt::Write;
use std::path::Path;

fn run(data: &Path, task: &str) -> Result<Vec<ContentReport>, ProtocolError> {
    let tasks = select_content(data, &[task.to_owned()])?;
    let mut reports = Vec::new();
    let params = ContentParams { seed: Seed(1), encoder: None };
    run_content(data, &tasks, params, &|| 0.0, &mut |_| {}, &mut |report| reports.push(report))?;
    Ok(reports)
}

fn measured(report: &ContentReport, config: &str) -> f64 {
    let row = report.rows.iter().find(|row| row.config == config);
    row.and_then(|row| row.measures[0].value).unwrap_or_else(|| panic!("no row {config} in {}", report.text()))
}

fn write(dir: &Path, name: &str, text: &str) {
    std::fs::create_dir_all(dir).unwrap();
    std::fs::write(dir.join(name), text).unwrap();
}

#[test]
fn planted_wishes_are_found_in_every_set_and_no_language_reads_another() {
    let data = tempfile::tempdir().unwrap();
    let dir = data.path().join("amazon_counterfactual_reviews");
    let sentences = |set: &str, part: &str, n: usize| {
        let mut text = "sentence\tis_counterfactual\n".to_owned();
        for i in 0..n {
            let (wish, said) = match set {
                "DE" => (format!("hätte gern mehr Griff {part}{i}"), format!("der Griff passt {part}{i}")),
                "JP" => (format!("蓋{i}{part}があればよかった"), format!("蓋{i}{part}は便利です")),
                _ => (format!("wish it had a lid {set}{part}{i}"), format!("the lid is nice {set}{part}{i}")),
            };
            let _ = if i % 3 == 0 { writeln!(text, "{wish}\t1") } else { writeln!(text, "{said}\t0") };
        }
        text
    };
    for set in ["EN", "EN-ext", "DE", "JP"] {
        for (part, n) in [("train", 40), ("valid", 12), ("test", 12)] {
            write(&dir, &format!("{set}_{part}.tsv"), &sentences(set, part, n));
        }
    }
    let reports = run(data.path(), "counterfactual").unwrap();
    assert_eq!(reports.len(), 4);
    for report in &reports {
        assert!(measured(report, "linear, this set") > 0.9, "{}", report.text());
        assert!((measured(report, "always yes") - 0.5).abs() < 1e-9, "4 of 12: 2 · 4 / (12 + 4)");
    }
    assert!(measured(&reports[2], "linear, only JP") < 0.6, "{}", reports[2].text());
    assert!(measured(&reports[0], "linear, only EN-ext") > 0.9);
    write(&dir, "JP_test.tsv", "sentence\tis_counterfactual\n蓋\tmaybe\n");
    assert!(matches!(run(data.path(), "counterfactual"), Err(ProtocolError::Line { line: 2, .. })));
}

#[test]
fn broken_pairs_are_told_before_anything_is_learnt() {
    let data = tempfile::tempdir().unwrap();
    for set in ["Amazon-Google", "Abt-Buy"] {
        let dir = data.path().join("product_matching").join(set);
        for part in ["train", "valid", "test"] {
            write(&dir, &format!("{part}.txt"), "COL title VAL a\tCOL title VAL b\t1\n");
        }
    }
    write(&data.path().join("product_matching/Abt-Buy"), "test.txt", "COL title VAL a\tCOL title VAL b\n");
    assert!(matches!(run(data.path(), "product_matching"), Err(ProtocolError::Line { line: 1, .. })));
}

#[test]
fn planted_moods_intents_and_fakes_are_told_apart() {
    let data = tempfile::tempdir().unwrap();
    let (mut reviews, mut train, mut test, mut fakes) = (
        "cat,label,review\n".to_owned(),
        "text,category\n".to_owned(),
        "text,category\n".to_owned(),
        "deceptive,hotel,polarity,source,text\n".to_owned(),
    );
    for i in 0..200 {
        let (label, mood) = if i % 2 == 0 { (1, "很好很满意") } else { (0, "太差了退货") };
        let _ = writeln!(reviews, "书籍,{label},\"第{i}次买，{mood}\"");
        let intent = ["card lost", "rate asked", "top up"][i % 3];
        let _ =
            writeln!(if i < 150 { &mut train } else { &mut test }, "{intent} number {i},{}", intent.replace(' ', "_"));
        let (kind, text) =
            if i % 2 == 0 { ("truthful", "small room near lift") } else { ("deceptive", "amazing luxurious dream") };
        let polarity = if i % 4 < 2 { "positive" } else { "negative" };
        let _ = writeln!(fakes, "{kind},hotel{},{polarity},Web,\"{text} {i}\"", i % 10);
    }
    write(&data.path().join("online_shopping_10_cats"), "online_shopping_10_cats.csv", &reviews);
    write(&data.path().join("banking77"), "train.csv", &train);
    write(&data.path().join("banking77"), "test.csv", &test);
    write(&data.path().join("deceptive_reviews"), "deceptive-opinion.csv", &fakes);
    assert!(measured(&run(data.path(), "online_shopping").unwrap()[0], "linear") > 0.95);
    let intents = run(data.path(), "banking77").unwrap();
    assert!(intents[0].rows[1].measures[0].value.unwrap() > 0.95, "{}", intents[0].text());
    let fakes = run(data.path(), "deceptive").unwrap();
    assert_eq!(fakes.len(), 2);
    assert!(fakes.iter().all(|report| measured(report, "linear") > 0.95));
    write(&data.path().join("online_shopping_10_cats"), "online_shopping_10_cats.csv", "cat,label,review\na,2,b\n");
    assert!(matches!(run(data.path(), "online_shopping"), Err(ProtocolError::Line { line: 2, .. })));
}

#[test]
fn planted_aspects_and_themes_come_out_in_two_languages() {
    let data = tempfile::tempdir().unwrap();
    let dir = data.path().join("m_absa");
    let lines = |from: usize, to: usize| {
        let mut text = "lang\tidx\tsentence\ttriplets\n".to_owned();
        for i in from..to {
            let ((en, zh, entity), (good, hao, mood)) = (
                [("screen", "屏幕", "DISPLAY"), ("battery", "电池", "BATTERY"), ("price", "价格", "LAPTOP")][i % 3],
                [("great", "很好", "positive"), ("bad", "很差", "negative")][i % 2],
            );
            let marks = format!("[['{en}', '{entity}#PRICE', '{mood}']]");
            let _ = writeln!(text, "en\t{i}\tthe {en} is {good} on day {i} .\t{marks}");
            let _ = writeln!(text, "zh\t{i}\t第{i}天{zh}{hao}。\t{marks}");
        }
        text
    };
    write(&dir, "laptop_train.tsv", &lines(0, 130));
    write(&dir, "laptop_test.tsv", &lines(130, 160));
    let aspects = &run(data.path(), "aspects").unwrap()[0];
    assert!(measured(aspects, "all languages") > 0.9, "{}", aspects.text());
    assert!(measured(aspects, "English alone") < measured(aspects, "each language alone"), "{}", aspects.text());
    let themes = &run(data.path(), "themes").unwrap()[0];
    assert!(measured(themes, "themes") > 0.5, "{}", themes.text());
    assert!(measured(themes, "themes") > measured(themes, "chance, sentences shifted"), "{}", themes.text());
}
