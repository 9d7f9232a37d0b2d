//! `bench embed`: titles into vectors, learnt from themselves, beside scikit-learn where a Python that has it is named.
//!
//! Titles and descriptions of the simulator's products in its six languages, one text a product and language. Both sides take rows
//! of three to five letters, weigh them by TF-IDF and keep as many leading directions. Two differences: ours also has words, and
//! splits Chinese and Thai into signs, which makes more features. CPU seconds are counted on both sides.

use crate::recommend::cpu_seconds;
use crate::report::{self, Row};
use anyhow::{Context, Result, ensure};
use clap::{Args, ValueHint};
use content::Encode;
use content::text::LsaParams;
use domain::Seed;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sim::catalogue::{Catalogue, LANGUAGES, description, title};
use std::path::PathBuf;
use std::process::Command;

/// `bench embed`.
#[derive(Debug, Args)]
pub(crate) struct EmbedArgs {
    /// Products, each in six languages.
    #[arg(long, default_value_t = 2_000)]
    products: usize,
    /// A Python that has scikit-learn; without it, only our figures.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::ExecutablePath)]
    python: Option<PathBuf>,
}

const SCRIPT: &str = include_str!("../peers/embed_sklearn.py");

#[derive(Deserialize, Serialize)]
struct Peer {
    version: String,
    learnt_s: f64,
    encoded_s: f64,
}

pub(crate) fn run(args: &EmbedArgs, add: &mut dyn FnMut(Row)) -> Result<()> {
    let catalogue = Catalogue::generate(args.products, Seed(1));
    let of = |language: usize| {
        let text = move |p| format!("{} {}", title(p, language), description(p, language));
        catalogue.products.iter().map(text)
    };
    let texts: Vec<String> = (0..LANGUAGES.len()).flat_map(of).collect();
    let params = LsaParams::default();
    let started = cpu_seconds();
    let encoder = params.fit(&texts, Seed(1))?;
    let learnt_s = cpu_seconds() - started;
    let items: Vec<Option<&str>> = texts.iter().map(|text| Some(text.as_str())).collect();
    let started = cpu_seconds();
    let vectors = encoder.encode(&items);
    let encoded_s = cpu_seconds() - started;
    ensure!(vectors.n_present() == texts.len(), "{} of {} texts have a vector", vectors.n_present(), texts.len());
    let peer = peer(args, &texts, params.width)?;
    let rate = |seconds: f64| texts.len() as f64 / seconds.max(1e-9);
    let said =
        |learnt: f64, encoded: f64| format!("{:.0} texts a CPU second, learnt in {learnt:.2} CPU s", rate(encoded));
    add(Row {
        task: "embed".into(),
        data: format!("{} texts in six languages, {} numbers", texts.len(), params.width),
        ours: said(learnt_s, encoded_s),
        peer: peer.as_ref().map_or_else(
            || "not asked: name a Python by --python".to_owned(),
            |p| format!("scikit-learn@{}: {}", p.version, said(p.learnt_s, p.encoded_s)),
        ),
        ratio: peer.as_ref().map_or_else(String::new, |p| {
            format!("{:.1} encoding, {:.1} learning", p.encoded_s / encoded_s, p.learnt_s / learnt_s)
        }),
        quality: "not the same vectors: ours has words beside rows of letters".into(),
        goals: Vec::new(),
        wrong: Vec::new(),
        runs: json!({"learnt_s": learnt_s, "encoded_s": encoded_s, "peer": peer}),
    });
    Ok(())
}

fn peer(args: &EmbedArgs, texts: &[String], width: usize) -> Result<Option<Peer>> {
    let Some(python) = &args.python else { return Ok(None) };
    report::note("asking scikit-learn");
    let folder = tempfile::tempdir()?;
    let (lines, script) = (folder.path().join("texts.txt"), folder.path().join("embed_sklearn.py"));
    std::fs::write(&lines, texts.iter().map(|text| text.replace('\n', " ") + "\n").collect::<String>())?;
    std::fs::write(&script, SCRIPT)?;
    let said = Command::new(python).arg(&script).arg(&lines).arg(width.to_string()).output();
    let said = said.with_context(|| format!("starting {}", python.display()))?;
    ensure!(said.status.success(), "the peer ended with {}: {}", said.status, String::from_utf8_lossy(&said.stderr));
    Ok(Some(serde_json::from_slice(&said.stdout).context("the peer's answer")?))
}
