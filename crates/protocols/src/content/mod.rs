//! The published tasks about texts, pictures and products: one file a task, each reads its folder,
//! learns on the train split, chooses on the validation split and is marked once on the test split.
//!
//! [`CONTENT_TASKS`] lists them, [`ContentReport`] is what each prints, [`run_content`] runs them.

mod absa;
mod aspects;
mod banking77;
mod counterfactual;
mod deceptive;
mod encoded;
mod fashion;
mod joining;
mod labelled;
mod matching_fields;
mod online_shopping;
mod product_demand;
mod product_matching;
mod product_prices;
mod product_questions;
mod report;
mod shopping_words;
mod taxonomy;
mod themes;
mod titles;

pub use encoded::NamedEncoder;
pub use report::{ContentGoal, ContentReport, ContentRow, Measure};

use crate::{CpuSeconds, Progress, ProtocolError};
use domain::Seed;
use std::path::Path;

/// What a task is given.
pub struct Asked<'a> {
    /// The task's folder.
    pub dir: &'a Path,
    /// Seed of everything random.
    pub seed: Seed,
    /// How CPU seconds are read.
    pub cpu_s: CpuSeconds<'a>,
    /// Hears what is being done: a step, of how many, and how many are done.
    pub step: &'a mut dyn FnMut(&str, u64, u64),
    /// An encoder of texts that others trained, for tasks that [can use one](ContentTask::takes_encoder).
    pub encoder: Option<NamedEncoder<'a>>,
}

/// What tasks are asked with.
#[derive(Clone, Copy, Debug)]
pub struct ContentParams<'a> {
    /// Seed of everything random.
    pub seed: Seed,
    /// An encoder of texts that others trained; the tasks that can use one give rows with it and without.
    pub encoder: Option<NamedEncoder<'a>>,
}

/// A task that can be asked for.
#[derive(Clone, Copy)]
pub struct ContentTask {
    /// Its name.
    pub name: &'static str,
    /// Its folder within the data.
    pub folder: &'static str,
    run: fn(&mut Asked<'_>) -> Result<Vec<ContentReport>, ProtocolError>,
}

impl ContentTask {
    /// Whether the task has rows with an encoder that others trained.
    pub fn takes_encoder(&self) -> bool {
        [product_matching::TASK, product_questions::TASK].contains(&self.name)
    }
}

/// Every task.
pub const CONTENT_TASKS: &[ContentTask] = &[
    ContentTask { name: "aspects", folder: "m_absa", run: aspects::run },
    ContentTask { name: "banking77", folder: "banking77", run: banking77::run },
    ContentTask { name: "counterfactual", folder: "amazon_counterfactual_reviews", run: counterfactual::run },
    ContentTask { name: "deceptive", folder: "deceptive_reviews", run: deceptive::run },
    ContentTask { name: "fashion", folder: "fashion_products_small", run: fashion::run },
    ContentTask { name: "fashion_fusion", folder: "fashion_products_small", run: fashion::run_fused },
    ContentTask { name: "google_taxonomy", folder: "google_taxonomy", run: taxonomy::run },
    ContentTask { name: "m_absa", folder: "m_absa", run: absa::run },
    ContentTask { name: "matching_fields", folder: "product_matching", run: matching_fields::run },
    ContentTask { name: "online_shopping", folder: "online_shopping_10_cats", run: online_shopping::run },
    ContentTask { name: product_demand::TASK, folder: "uci_online_retail", run: product_demand::run },
    ContentTask { name: "product_matching", folder: "product_matching", run: product_matching::run },
    ContentTask { name: product_prices::TASK, folder: "uci_online_retail", run: product_prices::run },
    ContentTask { name: product_questions::TASK, folder: "semipqa", run: product_questions::run },
    ContentTask { name: "shopping_words", folder: "online_shopping_10_cats", run: shopping_words::run },
    ContentTask { name: "themes", folder: "m_absa", run: themes::run },
];

/// The tasks of these names; without names, all whose folder is there.
///
/// # Errors
/// [`ProtocolError::UnknownTask`], or [`ProtocolError::NoData`] when nothing is there.
pub fn select_content(data: &Path, names: &[String]) -> Result<Vec<&'static ContentTask>, ProtocolError> {
    if names.is_empty() {
        let there: Vec<_> = CONTENT_TASKS.iter().filter(|task| data.join(task.folder).is_dir()).collect();
        let expected = "product_matching, google_taxonomy, fashion_products_small";
        return if there.is_empty() {
            Err(ProtocolError::NoData { dir: data.to_path_buf(), expected })
        } else {
            Ok(there)
        };
    }
    let find = |name: &String| {
        CONTENT_TASKS.iter().find(|task| task.name == name).ok_or_else(|| ProtocolError::UnknownTask {
            name: name.clone(),
            known: CONTENT_TASKS.iter().map(|task| task.name).collect::<Vec<_>>().join(", "),
        })
    };
    names.iter().map(find).collect()
}

/// Runs tasks one after the other; each report is handed over as soon as it is ready.
///
/// # Errors
/// [`ProtocolError`] of the first task that fails.
pub fn run_content(
    data: &Path,
    tasks: &[&ContentTask],
    params: ContentParams<'_>,
    cpu_s: CpuSeconds<'_>,
    progress: &mut dyn FnMut(Progress<'_>),
    ready: &mut dyn FnMut(ContentReport),
) -> Result<(), ProtocolError> {
    for task in tasks {
        let mut step = |step: &str, done: u64, total: u64| progress(Progress { task: task.name, step, done, total });
        let ContentParams { seed, encoder } = params;
        let mut asked = Asked { dir: &data.join(task.folder), seed, cpu_s, step: &mut step, encoder };
        (task.run)(&mut asked)?.into_iter().for_each(&mut *ready);
    }
    Ok(())
}
