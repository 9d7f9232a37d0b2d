//! `portolan catalogue copy`: translated texts held against their originals. No workspace is needed.
//!
//! What is looked at says `content::text::Glossary`. It does not translate: an empty translation is drafted from the glossary,
//! with what is open between marks.

use crate::cli::CopyArgs;
use crate::commands::csv_file::CsvFile;
use crate::exit::{Exit, Stop};
use crate::output;
use crate::segments::csv_cell;
use anyhow::{Context, Result};
use content::text::{Fault, Glossary, Language, Term, TermKind};
use serde_json::{Value, json};
use std::path::Path;
use std::process::ExitCode;

/// Texts that are shown.
const SHOWN: usize = 30;

/// A text with what was found.
struct Looked {
    id: String,
    language: Language,
    source: String,
    target: String,
    drafted: bool,
    faults: Vec<Fault>,
}

pub(super) fn run(args: &CopyArgs) -> Result<ExitCode> {
    let glossary = match &args.glossary {
        Some(path) => glossary(path)?,
        None => Glossary::default(),
    };
    let file = CsvFile::read(&args.texts)?;
    let (source, target) = (file.needed(&["source"])?, file.needed(&["target"])?);
    let (language, id) = (file.needed(&["language", "target_language"])?, file.column(&["id", "product_id"]));
    let mut looked = Vec::new();
    for (line, cells) in file.records() {
        let language = tongue(&file, line, language, &cells[language])?;
        let (text, mut translated) = (cells[source].clone(), cells[target].clone());
        let drafted = translated.is_empty() && !text.is_empty();
        if drafted {
            translated = glossary.draft(&text, language).text;
        }
        let faults = glossary.check(&text, &translated, language);
        let id = id.map_or_else(|| line.to_string(), |id| cells[id].clone());
        looked.push(Looked { id, language, source: text, target: translated, drafted, faults });
    }
    if looked.is_empty() {
        let what = format!("{}: no text", args.texts.display());
        return Err(Stop::error(Exit::BadInput, what, "a row a text: source, target, language"));
    }
    if let Some(out) = &args.out {
        let head = "id,language,source,target,drafted,faults\n".to_owned();
        let text = looked.iter().fold(head, |text, l| {
            let faults = l.faults.iter().map(said).collect::<Vec<_>>().join("; ");
            let cells = [&l.id, l.language.code(), &l.source, &l.target].map(csv_cell).join(",");
            text + &format!("{cells},{},{}\n", l.drafted, csv_cell(&faults))
        });
        std::fs::write(out, text).with_context(|| format!("writing {}", out.display()))?;
    }
    let n_faulty = looked.iter().filter(|l| !l.faults.is_empty()).count();
    let n_drafted = looked.iter().filter(|l| l.drafted).count();
    if args.json {
        let row = |l: &Looked| {
            let faults: Vec<Value> = l.faults.iter().map(|f| json!({"fault": f.key(), "about": f.about()})).collect();
            json!({"id": l.id, "language": l.language.code(), "source": l.source, "target": l.target, "drafted": l.drafted,
                "faults": faults})
        };
        let texts: Vec<Value> = looked.iter().map(row).collect();
        output::json(&json!({"n": looked.len(), "n_with_faults": n_faulty, "n_drafted": n_drafted, "texts": texts}))?;
        return Ok(ExitCode::SUCCESS);
    }
    output::line(&format!(
        "{} texts, {} with faults, {} drafted",
        output::count(looked.len()),
        output::count(n_faulty),
        output::count(n_drafted)
    ));
    let faulty: Vec<&Looked> = looked.iter().filter(|l| !l.faults.is_empty()).collect();
    let row = |l: &&Looked| {
        let faults = l.faults.iter().map(said).collect::<Vec<_>>().join("; ");
        vec![l.id.clone(), l.language.code().to_owned(), faults, l.target.clone()]
    };
    if !faulty.is_empty() {
        output::table(
            &["text", "language", "what is wrong", "translation"],
            &[],
            faulty.iter().take(SHOWN).map(row).collect(),
        );
    }
    if faulty.len() > SHOWN {
        output::note(&format!("{} more; --out writes all", output::count(faulty.len() - SHOWN)));
    }
    Ok(ExitCode::SUCCESS)
}

/// A fault in words.
fn said(fault: &Fault) -> String {
    let about = fault.about();
    match fault {
        Fault::Placeholder(_) => format!("placeholder {about} is not as often in both"),
        Fault::Lost(_) => format!("{about} is missing"),
        Fault::Added(_) => format!("{about} is not in the original"),
        Fault::Word(_) => format!("the glossary has {about}"),
        Fault::ClaimLost(_) => format!("the claim {about} is missing"),
        Fault::ClaimAdded(_) => format!("the claim {about} is not in the original"),
        Fault::OtherLanguage(_) => format!("reads like {about}"),
        Fault::Unfinished => "a draft: translate what is between ⟦ and ⟧".to_owned(),
    }
}

fn tongue(file: &CsvFile, line: u64, column: usize, code: &str) -> Result<Language> {
    Language::from_code(&code.to_lowercase()).ok_or_else(|| {
        let known = Language::ALL.iter().map(|l| l.code()).collect::<Vec<_>>().join(", ");
        file.wrong(line, column, code, &format!("one of {known}"))
    })
}

fn glossary(path: &Path) -> Result<Glossary> {
    let file = CsvFile::read(path)?;
    let (source, target) = (file.needed(&["source"])?, file.needed(&["target"])?);
    let (language, kind) = (file.column(&["language"]), file.column(&["kind"]));
    let term = |(line, cells): (u64, &[String])| {
        let language = match language.filter(|at| !cells[*at].is_empty()) {
            Some(at) => Some(tongue(&file, line, at, &cells[at])?),
            None => None,
        };
        let kind = match kind.map(|at| (at, cells[at].to_lowercase())) {
            None => TermKind::Term,
            Some((_, word)) if word.is_empty() || word == "term" => TermKind::Term,
            Some((_, word)) if word == "claim" => TermKind::Claim,
            Some((_, word)) if word == "keep" => TermKind::Keep,
            Some((at, word)) => return Err(file.wrong(line, at, &word, "term, claim or keep")),
        };
        Ok(Term { source: cells[source].clone(), target: cells[target].clone(), language, kind })
    };
    Ok(Glossary::new(file.records().map(term).collect::<Result<_>>()?))
}
