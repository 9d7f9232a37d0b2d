//! Side-by-side benchmarks: the same task by `portolan` and by a named peer, one row each.
//!
//! Everything is measured from outside, as whole processes, start-up and writing to the disk
//! included. Speed without equal results is no result: [`ingest`] fails when both sides do not
//! print the same control figures. What is fair and what is not is written in README.md.

mod alike;
mod allocate;
mod control;
mod correlate;
mod coverage;
mod data;
mod demo;
mod embed;
mod forecast;
mod growth;
mod index;
mod ingest;
mod large;
mod machine;
mod measure;
mod peer;
mod plan;
mod portolan;
mod prices;
mod recommend;
mod report;
mod retail;
mod rfm;
mod serve;
mod simulate;
mod stats;
mod zero_overlap;

use anyhow::Result;
use clap::{Args, Parser, Subcommand, ValueHint};
use portolan::Portolan;
use report::{Outcome, Report};
use std::path::PathBuf;
use std::process::ExitCode;

/// Measures portolan beside its peers and against its own goals.
#[derive(Debug, Parser)]
#[command(name = "bench", version, max_term_width = 100)]
struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    task: Option<Task>,
}

#[derive(Debug, Args)]
struct Common {
    /// The portolan to measure; without it, the one built beside this program.
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    portolan: Option<PathBuf>,
    /// Where measured folders are made: a real disk, not a memory file system.
    #[arg(long, global = true, value_name = "DIR", value_hint = ValueHint::DirPath)]
    dir: Option<PathBuf>,
    /// Results as one JSON document.
    #[arg(long, global = true)]
    json: bool,
    /// A missed goal is a failure, too.
    #[arg(long, global = true)]
    strict: bool,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Taking in and cleaning a retail export, beside pandas doing the same.
    Ingest(ingest::IngestArgs),
    /// A very large file: bounded memory, the small file's rate, nothing lost.
    IngestLarge(large::LargeArgs),
    /// Order lines a second of the simulator.
    Simulate(simulate::SimulateArgs),
    /// From a file to launch plans, step by step.
    Demo(demo::DemoArgs),
    /// The models on published recommendation tasks, beside what others reach.
    Recommend(recommend::RecommendArgs),
    /// What fitting each model costs as the data grow.
    Growth(growth::GrowthArgs),
    /// The best products for one shopper, by a scan and by lists.
    Index(index::IndexArgs),
    /// What looks alike in simulated pictures, with copies to be found; a sheet of them.
    Alike(alike::AlikeArgs),
    /// Titles into vectors, beside scikit-learn.
    Embed(embed::EmbedArgs),
    /// Forecasts of M4 by every method and by the automatic choice, beside statsforecast, and of many weekly series.
    Forecast(forecast::ForecastArgs),
    /// A market that shares neither products nor shoppers with any other one.
    ZeroOverlap(zero_overlap::ZeroOverlapArgs),
    /// Recommendations over HTTP, asked by a load generator on the same cores.
    Serve(serve::ServeArgs),
    /// Recency, frequency and monetary scores of a retail export, beside pandas.
    Rfm(rfm::RfmArgs),
    /// Canonical correlations, beside scikit-learn.
    Correlate(correlate::CorrelateArgs),
    /// How often what came lies inside the plan's intervals, over simulated merchants.
    Coverage(coverage::CoverageArgs),
    /// A budget split over twenty channels in twenty markets.
    Allocate(allocate::AllocateArgs),
    /// Everything that is decided for six markets, and the pages of it.
    Plan(plan::PlanArgs),
    /// What prices that rest on borrowed elasticities bring in simulated markets, beside prices that are held.
    Prices(prices::PricesArgs),
    /// All of them, with their defaults, but for the recommendation tasks, which need data, growth, index, alike, allocate, embed, forecast, serve, zero-overlap, correlate, coverage, plan, prices and rfm.
    All,
}

fn main() -> ExitCode {
    match run(&Cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            report::note(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(cli: &Cli) -> Result<ExitCode> {
    let portolan = || Portolan::find(cli.common.portolan.as_deref());
    let place = data::Place::new(cli.common.dir.as_deref())?;
    let mut report = Report::new(cli.common.json);
    match cli.task.as_ref().unwrap_or(&Task::All) {
        Task::Recommend(args) => recommend::run(args, &mut |row| report.add(row))?,
        Task::Growth(args) => growth::run(args, &mut |row| report.add(row))?,
        Task::Index(args) => index::run(args, &mut |row| report.add(row))?,
        Task::Alike(args) => alike::run(args, &mut |row| report.add(row))?,
        Task::Embed(args) => embed::run(args, &mut |row| report.add(row))?,
        Task::Forecast(args) => forecast::run(args, &mut |row| report.add(row))?,
        Task::ZeroOverlap(args) => zero_overlap::run(args, &mut |row| report.add(row))?,
        Task::Serve(args) => serve::run(&portolan()?, &place, args)?.into_iter().for_each(|row| report.add(row)),
        Task::Correlate(args) => correlate::run(args, &mut |row| report.add(row))?,
        Task::Rfm(args) => rfm::run(&portolan()?, &place, args)?.into_iter().for_each(|row| report.add(row)),
        Task::Ingest(args) => ingest::run(&portolan()?, &place, args)?.into_iter().for_each(|row| report.add(row)),
        Task::IngestLarge(args) => report.add(large::run(&portolan()?, &place, args)?),
        Task::Coverage(args) => report.add(coverage::run(&portolan()?, &place, args)?),
        Task::Prices(args) => report.add(prices::run(args)?),
        Task::Allocate(args) => report.add(allocate::run(args)?),
        Task::Plan(args) => report.add(plan::run(&portolan()?, &place, args)?),
        Task::Simulate(args) => report.add(simulate::run(&portolan()?, &place, args)?),
        Task::Demo(args) => report.add(demo::run(&portolan()?, &place, args)?),
        Task::All => {
            let portolan = portolan()?;
            ingest::run(&portolan, &place, &ingest::IngestArgs::default())?.into_iter().for_each(|row| report.add(row));
            report.add(demo::run(&portolan, &place, &demo::DemoArgs::default())?);
            report.add(simulate::run(&portolan, &place, &simulate::SimulateArgs::default())?);
            report.add(large::run(&portolan, &place, &large::LargeArgs::default())?);
        }
    }
    Ok(match report.finish()? {
        Outcome::Wrong => ExitCode::FAILURE,
        Outcome::GoalMissed if cli.common.strict => ExitCode::FAILURE,
        Outcome::GoalMissed | Outcome::Good => ExitCode::SUCCESS,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }
}
