//! All tasks by name, and running them over a data folder.

use crate::cup::Lists;
use crate::goals::aim;
use crate::gowalla::Ask;
use crate::lab::{CpuSeconds, Lab};
use crate::recipe::Config;
use crate::report::{Answers, TaskReport};
use crate::task::{Task, thin_name};
use crate::xmarket::XMarketParams;
use crate::{ProtocolError, configs, cup, gowalla, orders, sequences, xmarket};
use domain::Seed;
use std::path::Path;

/// A task that can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name, or that of a group of markets.
    pub name: &'static str,
    /// Its folder within the data.
    pub folder: &'static str,
    /// Whether it is run unless others are asked for; the others are for choosing parameters.
    pub reported: bool,
    /// CPU seconds that all its configurations take together, a rough sum of the fits in docs/benchmarks.md: what a
    /// progress bar and a list of tasks go by.
    pub cpu_s: u64,
    source: Source,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    Cup { market: &'static str, redrawn: Option<u64> },
    XMarket,
    Sequences { file: &'static str, about: &'static str },
    Gowalla(Ask),
}

const fn cup_entry(
    name: &'static str,
    market: &'static str,
    redrawn: Option<u64>,
    reported: bool,
    cpu_s: u64,
) -> Entry {
    Entry { name, folder: "wsdm_xmrec", reported, cpu_s, source: Source::Cup { market, redrawn } }
}

/// Every task.
pub const TASKS: &[Entry] = &[
    cup_entry("cup-t1", "t1", None, true, 250),
    cup_entry("cup-t2", "t2", Some(2022), true, 400),
    cup_entry("cup-t2-seed1", "t2", Some(1), true, 150),
    cup_entry("cup-t2-seed2", "t2", Some(2), true, 150),
    cup_entry("cup-s3", "s3", None, false, 250),
    Entry { name: "xmarket", folder: "xmarket_electronics", reported: true, cpu_s: 150, source: Source::XMarket },
    Entry {
        name: "beauty",
        folder: "amazon_sequences",
        reported: true,
        cpu_s: 200,
        source: Source::Sequences { file: "Beauty.txt", about: "Amazon Beauty" },
    },
    Entry {
        name: "toys",
        folder: "amazon_sequences",
        reported: true,
        cpu_s: 200,
        source: Source::Sequences { file: "Toys_and_Games.txt", about: "Amazon Toys and Games" },
    },
    Entry {
        name: "gowalla",
        folder: "implicit_feedback/gowalla",
        reported: true,
        cpu_s: 250,
        source: Source::Gowalla(Ask::Test),
    },
    Entry {
        name: "gowalla-valid",
        folder: "implicit_feedback/gowalla",
        reported: false,
        cpu_s: 250,
        source: Source::Gowalla(Ask::Valid),
    },
];

/// What is being done, for whoever watches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress<'a> {
    /// The task.
    pub task: &'a str,
    /// The configuration, or what else is done.
    pub step: &'a str,
    /// CPU seconds of the work that is done, by what it usually takes.
    pub done: u64,
    /// Those of all of it.
    pub total: u64,
}

/// How tasks are run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SuiteParams<'a> {
    /// Seed of everything random in a fit and of the intervals.
    pub seed: Seed,
    /// One shopper in so many takes part, see [`Task::one_in`]; 1 is the task itself.
    pub one_in: u32,
    /// Configurations that tasks are answered with, beside the one that others are compared with; all where none is named.
    pub configs: &'a [String],
}

impl Default for SuiteParams<'_> {
    fn default() -> Self {
        Self { seed: Seed(1), one_in: 1, configs: &[] }
    }
}

impl Entry {
    /// Reads the data: one task, or one a market of a group.
    ///
    /// # Errors
    /// [`ProtocolError`] for files that are missing or not in their form.
    pub fn load(&self, data: &Path) -> Result<Vec<Task>, ProtocolError> {
        let dir = data.join(self.folder);
        Ok(match self.source {
            Source::Cup { market, redrawn } => {
                let lists = redrawn.map_or(Lists::Released, |seed| Lists::Redrawn(Seed(seed)));
                vec![cup::load(&dir, self.name, market, lists)?]
            }
            Source::XMarket => xmarket::MARKETS
                .iter()
                .map(|(market, _)| xmarket::load(&dir, &format!("xmarket-{market}"), market, &XMarketParams::default()))
                .collect::<Result<_, _>>()?,
            Source::Sequences { file, about } => vec![sequences::load(&dir.join(file), self.name, about)?],
            Source::Gowalla(ask) => vec![gowalla::load(&dir, self.name, ask)?],
        })
    }

    /// What it is answered with.
    pub fn configs(&self) -> Vec<Config> {
        match self.source {
            Source::Cup { .. } => configs::cup(),
            Source::XMarket => configs::xmarket(),
            Source::Sequences { .. } => [configs::sequences(), orders::configs()].concat(),
            Source::Gowalla(_) => configs::gowalla(),
        }
    }

    /// Those of these names, and the one that others are compared with; all without names.
    fn configs_of(&self, names: &[String]) -> Result<Vec<Config>, ProtocolError> {
        let mut configs = self.configs();
        if let Some(name) = names.iter().find(|name| configs.iter().all(|c| c.name != **name)) {
            let known = configs.iter().map(|c| c.name).collect::<Vec<_>>().join("; ");
            return Err(ProtocolError::UnknownConfig { task: self.name, name: name.clone(), known });
        }
        let strong = aim(self.name).map(|aim| aim.strong);
        let asked = |c: &Config| names.is_empty() || strong == Some(c.name) || names.iter().any(|name| name == c.name);
        configs.retain(asked);
        Ok(configs)
    }

    const fn n_tasks(&self) -> u64 {
        match self.source {
            Source::XMarket => xmarket::MARKETS.len() as u64,
            Source::Cup { .. } | Source::Sequences { .. } | Source::Gowalla(_) => 1,
        }
    }
}

/// The tasks of these names; without names, the reported ones whose folder is there.
///
/// # Errors
/// [`ProtocolError::UnknownTask`], or [`ProtocolError::NoData`] when nothing is there.
pub fn select(data: &Path, names: &[String]) -> Result<Vec<&'static Entry>, ProtocolError> {
    if names.is_empty() {
        let there: Vec<&Entry> = TASKS.iter().filter(|t| t.reported && data.join(t.folder).is_dir()).collect();
        let expected = "wsdm_xmrec, xmarket_electronics, amazon_sequences, implicit_feedback/gowalla";
        return if there.is_empty() {
            Err(ProtocolError::NoData { dir: data.to_path_buf(), expected })
        } else {
            Ok(there)
        };
    }
    let find = |name: &String| {
        TASKS.iter().find(|task| task.name == name).ok_or_else(|| ProtocolError::UnknownTask {
            name: name.clone(),
            known: TASKS.iter().map(|task| task.name).collect::<Vec<_>>().join(", "),
        })
    };
    names.iter().map(find).collect()
}

/// Runs tasks one after the other; each report is handed over as soon as it is ready, the markets of
/// a group first and their mean last.
///
/// # Errors
/// [`ProtocolError`] of the first task that fails.
pub fn run(
    data: &Path,
    entries: &[&Entry],
    params: SuiteParams<'_>,
    cpu_s: CpuSeconds<'_>,
    progress: &mut dyn FnMut(Progress<'_>),
    ready: &mut dyn FnMut(TaskReport),
) -> Result<(), ProtocolError> {
    let total = entries.iter().map(|entry| entry.cpu_s).sum();
    let mut before = 0;
    let mut loaded = Vec::new();
    for entry in entries {
        entry.configs_of(params.configs)?;
        progress(Progress { task: entry.name, step: "reading", done: 0, total });
        let tasks = entry.load(data)?;
        loaded.push((entry, tasks.into_iter().map(|task| task.one_in(params.one_in)).collect::<Vec<Task>>()));
    }
    let mut lab: Option<Lab<'_>> = None;
    for (entry, tasks) in &loaded {
        let configs = entry.configs_of(params.configs)?;
        let (mut parts, mut answered) = (Vec::new(), 0);
        let n = entry.n_tasks() * configs.len() as u64;
        for task in tasks {
            let next = match lab.take() {
                Some(lab) => lab.onwards(task),
                None => Lab::new(task, params.seed, cpu_s),
            };
            let lab = lab.insert(next);
            let mut by_config = Vec::new();
            for config in &configs {
                let done = before + entry.cpu_s * answered / n.max(1);
                progress(Progress { task: &task.id, step: config.name, done, total });
                by_config.push(lab.answer(config)?);
                answered += 1;
            }
            let answers = Answers { about: task.about.clone(), metrics: task.metrics.clone(), by_config };
            ready(TaskReport::new(&task.id, &configs, std::slice::from_ref(&answers), params.seed)?);
            parts.push(answers);
        }
        if parts.len() > 1 {
            let name = thin_name(entry.name, params.one_in);
            ready(TaskReport::new(&name, &configs, &parts, params.seed)?);
        }
        before += entry.cpu_s;
    }
    progress(Progress { task: "", step: "done", done: total, total });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::goals::AIMS;

    #[test]
    fn tasks_are_found_by_name_and_without_a_name_by_their_folders() {
        let dir = tempfile::tempdir().unwrap();
        assert!(matches!(select(dir.path(), &[]), Err(ProtocolError::NoData { .. })));
        std::fs::create_dir(dir.path().join("wsdm_xmrec")).unwrap();
        let names: Vec<&str> = select(dir.path(), &[]).unwrap().iter().map(|t| t.name).collect();
        assert_eq!(names, ["cup-t1", "cup-t2", "cup-t2-seed1", "cup-t2-seed2"], "s3 is for choosing");
        assert_eq!(select(dir.path(), &["toys".to_owned()]).unwrap()[0].name, "toys");
        let error = select(dir.path(), &["cup-t9".to_owned()]).unwrap_err();
        assert!(error.to_string().contains("known are cup-t1, cup-t2"), "{error}");
    }

    #[test]
    fn configurations_are_picked_by_name_and_stand_beside_the_strong_one() {
        let entry = TASKS.iter().find(|t| t.name == "cup-t2").unwrap();
        let named = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            entry.configs_of(&names).map(|configs| configs.iter().map(|c| c.name).collect::<Vec<_>>())
        };
        assert_eq!(named(&["SLIM, all markets"]).unwrap(), ["EASE", "SLIM, all markets"]);
        assert_eq!(named(&[]).unwrap().len(), entry.configs().len());
        let error = named(&["SLIM"]).unwrap_err().to_string();
        assert!(error.contains("cup-t2 has no configuration `SLIM`; known are popularity; "), "{error}");
    }

    #[test]
    fn the_configurations_of_every_aim_are_run() {
        for aim in AIMS {
            let entry = TASKS.iter().find(|t| aim.task == t.name || aim.task.starts_with(&format!("{}-", t.name)));
            let configs = entry.unwrap_or_else(|| panic!("{}: no task", aim.task)).configs();
            for name in [aim.strong, aim.ours].into_iter().chain(aim.more.iter().map(|goal| goal.2)) {
                assert!(configs.iter().any(|c| c.name == name), "{}: no configuration `{name}`", aim.task);
            }
        }
    }
}
