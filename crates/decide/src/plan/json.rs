//! The plan as JSON: the same figures as the page, with keys, formulas and sources.

use super::findings::Topic;
use super::launch::LaunchPlan;
use super::words::Lang;
use serde::Serialize;

/// Version of the JSON's shape; a reader that knows another one should say so.
pub const SCHEMA_VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    schema_version: u32,
    verdict: Texts,
    findings: Vec<Finding>,
    plan: &'a LaunchPlan,
}

#[derive(Serialize)]
struct Texts {
    en: String,
    zh: String,
}

#[derive(Serialize)]
struct Finding {
    topic: Topic,
    en: String,
    zh: String,
    figures: Vec<String>,
}

impl LaunchPlan {
    /// The plan with its verdict and findings in both languages, indented. The same plan gives the
    /// same bytes.
    ///
    /// # Panics
    /// Never: every key is a string and every number is finite or null.
    pub fn json(&self) -> String {
        let verdict = |lang| format!("{}: {}", self.verdict(lang), self.verdict_sentence(lang).plain(lang));
        let english = self.finding_sentences(Lang::En);
        let findings = english
            .iter()
            .zip(self.findings(Lang::Zh))
            .map(|((topic, sentence), zh)| Finding {
                topic: *topic,
                en: sentence.plain(Lang::En),
                zh,
                figures: sentence.figures().map(|figure| figure.key.clone()).collect(),
            })
            .collect();
        let document = Document {
            schema: "portolan.launch_plan",
            schema_version: SCHEMA_VERSION,
            verdict: Texts { en: verdict(Lang::En), zh: verdict(Lang::Zh) },
            findings,
            plan: self,
        };
        serde_json::to_string_pretty(&document).expect("a plan has string keys only")
    }
}
