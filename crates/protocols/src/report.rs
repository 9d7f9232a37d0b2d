//! What a task's configurations reached: figures with intervals, beside the strong baseline and what
//! others report.

use crate::ProtocolError;
use crate::goals::{Reference, aim};
use crate::interval::{stratified, stratified_difference};
use crate::lab::Answered;
use crate::recipe::Config;
use domain::Seed;
use eval::{Bootstrap, Estimate, Metric, PairedDifference};
use serde::Serialize;

/// Results of one task, or of the mean over a group's tasks.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TaskReport {
    /// Its name.
    pub task: String,
    /// Data, questions and candidates in a line.
    pub about: String,
    /// The headline metric.
    pub metric: String,
    /// One row a configuration.
    pub rows: Vec<Row>,
    /// The configuration that all are compared with.
    pub strong: Option<&'static str>,
    /// The configuration that we stand by.
    pub ours: Option<&'static str>,
    /// The goals, and whether the configuration that they are about reaches them.
    pub goals: Vec<Goal>,
    /// Figures of others on the same task.
    pub references: &'static [Reference],
}

/// One configuration's figures.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// Its name.
    pub config: &'static str,
    /// What it is.
    pub what: &'static str,
    /// The headline metric with its bootstrap interval.
    pub value: Estimate,
    /// Means of the other metrics.
    pub others: Vec<(String, f64)>,
    /// What it is better by than the strong baseline, on the same shoppers.
    pub gain: Option<PairedDifference>,
    /// CPU seconds of fitting, the learning of weights included.
    pub fit_cpu_s: f64,
    /// CPU seconds of scoring all questions.
    pub score_cpu_s: f64,
    /// Learnt weights, in words.
    pub learnt: Vec<String>,
}

/// A goal and whether it was reached.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Goal {
    /// `must` or `ahead`.
    pub name: &'static str,
    /// The configuration that it is about.
    pub config: &'static str,
    /// The least value of the headline metric.
    pub value: f64,
    /// What was measured.
    pub measured: f64,
    /// Whether `measured` is at least `value`.
    pub reached: bool,
}

/// One task's answers, one a configuration.
pub(crate) struct Answers {
    pub(crate) about: String,
    pub(crate) metrics: Vec<Metric>,
    pub(crate) by_config: Vec<Answered>,
}

impl TaskReport {
    /// Of one task, or of several that count alike.
    ///
    /// # Errors
    /// [`ProtocolError::Eval`] when there is nothing to resample.
    pub(crate) fn new(task: &str, configs: &[Config], parts: &[Answers], seed: Seed) -> Result<Self, ProtocolError> {
        let how = Bootstrap::default();
        let marks = |config: usize, metric: usize| -> Vec<Vec<f64>> {
            parts.iter().map(|part| part.by_config[config].marks[metric].clone()).collect()
        };
        let sum = |config: usize, of: &dyn Fn(&Answered) -> f64| parts.iter().map(|p| of(&p.by_config[config])).sum();
        let aim = aim(task);
        let strong = aim.and_then(|aim| configs.iter().position(|c| c.name == aim.strong));
        let metrics = parts.first().map(|part| part.metrics.clone()).unwrap_or_default();
        let row = |(at, config): (usize, &Config)| -> Result<Row, ProtocolError> {
            let mean = |m: usize| Ok::<f64, ProtocolError>(stratified(&marks(at, m), &how, seed)?.mean);
            let gain = match strong {
                Some(strong) if strong != at => {
                    Some(stratified_difference(&marks(at, 0), &marks(strong, 0), &how, seed)?)
                }
                _ => None,
            };
            Ok(Row {
                config: config.name,
                what: config.what,
                value: stratified(&marks(at, 0), &how, seed)?,
                others: (1..metrics.len())
                    .map(|m| Ok((metrics[m].to_string(), mean(m)?)))
                    .collect::<Result<_, ProtocolError>>()?,
                gain,
                fit_cpu_s: sum(at, &|a| a.fit_cpu_s),
                score_cpu_s: sum(at, &|a| a.score_cpu_s),
                learnt: if let [part] = parts { part.by_config[at].learnt.clone() } else { Vec::new() },
            })
        };
        let rows = configs.iter().enumerate().map(row).collect::<Result<Vec<Row>, ProtocolError>>()?;
        let mut goals = Vec::new();
        if let Some(aim) = aim {
            let own = [("must", aim.must), ("ahead", aim.ahead)];
            let own = own.into_iter().filter_map(|(name, value)| Some((name, value?, aim.ours)));
            for (name, value, config) in own.chain(aim.more.iter().copied()) {
                let Some(row) = rows.iter().find(|row| row.config == config) else { continue };
                let measured = row.value.mean;
                goals.push(Goal { name, config, value, measured, reached: measured >= value });
            }
        }
        let about = match parts {
            [part] => part.about.clone(),
            _ => format!("mean over {} markets, each with the same weight", parts.len()),
        };
        Ok(Self {
            task: task.to_owned(),
            about,
            metric: metrics.first().map(Metric::to_string).unwrap_or_default(),
            rows,
            strong: strong.map(|at| configs[at].name),
            ours: aim.map(|aim| aim.ours),
            goals,
            references: aim.map_or(&[], |aim| aim.references),
        })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::recipe::{Member, Recipe, Rows};
    use recommend::ModelKind;

    pub(crate) fn config(name: &'static str) -> Config {
        let member = Member { kind: ModelKind::PopularityGlobal, rows: Rows::Target };
        Config { name, what: "for tests", recipe: Recipe::One(member) }
    }

    pub(crate) fn answers(levels: &[f64]) -> Answers {
        let answered = |level: &f64| Answered {
            marks: vec![vec![*level; 30], vec![1.0; 30]],
            fit_cpu_s: 0.5,
            score_cpu_s: 0.25,
            learnt: Vec::new(),
        };
        let metrics = vec![Metric::Ndcg(10), Metric::HitRate(10)];
        Answers { about: "made up".to_owned(), metrics, by_config: levels.iter().map(answered).collect() }
    }

    #[test]
    fn rows_are_compared_with_the_strong_one_and_goals_are_about_ours() {
        let configs =
            [config("popularity"), config("item-kNN Jaccard, all markets"), config("blend of four, likelihood")];
        let report = TaskReport::new("cup-t1", &configs, &[answers(&[0.3, 0.687, 0.7])], Seed(1)).unwrap();
        assert_eq!(report.strong, Some("item-kNN Jaccard, all markets"));
        assert!((report.rows[2].gain.unwrap().difference.mean - 0.013).abs() < 1e-9);
        assert_eq!(report.rows[1].gain, None);
        assert_eq!(report.rows[0].others, [("HR@10".to_owned(), 1.0)]);
        let goals: Vec<_> = report.goals.iter().map(|g| (g.name, g.reached)).collect();
        assert_eq!(goals, [("must", true), ("ahead", false)], "0.7 lies between 0.699 and 0.705");
    }

    #[test] // Markets of 0.4 and 0.5: 0.45, and costs add up.
    fn a_group_is_the_mean_of_its_tasks() {
        let configs = [config("item-kNN Jaccard, all markets")];
        let report = TaskReport::new("xmarket", &configs, &[answers(&[0.4]), answers(&[0.5])], Seed(1)).unwrap();
        assert!((report.rows[0].value.mean - 0.45).abs() < 1e-12);
        assert_eq!((report.rows[0].value.n, report.rows[0].fit_cpu_s), (60, 1.0));
        assert_eq!(report.goals, [], "the configuration of the goals was not run");
    }
}
