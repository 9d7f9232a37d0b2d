//! One file a command.

mod access_log;
mod alike;
mod backup;
mod bench;
mod catalogue;
mod compare;
mod csv_file;
pub(crate) mod decide;
mod doctor;
mod export;
mod forget;
mod groupings;
mod ingest;
mod init;
mod keys;
mod markets;
pub(crate) mod models;
mod personas;
mod plan;
mod quality;
mod recommend;
mod rules;
mod run;
mod seal;
mod search;
pub(crate) mod segments;
mod serve;
mod shoppers;
pub(crate) mod similar;
mod simulate;
mod sql;
mod sync;
mod tables;
mod trace;
mod transfer;
mod tune;

pub(crate) use ingest::today;
pub(crate) use markets::platforms;

use crate::cli::{Cli, Command};
use crate::workspace::Workspace;
use anyhow::{Context, Result};
use clap::CommandFactory;
use lake::{Engine, EngineOptions, Snapshot};
use std::io::Write;
use std::process::ExitCode;

/// What every command gets.
pub(crate) struct Environment {
    pub(crate) workspace: Option<std::path::PathBuf>,
    pub(crate) quiet: bool,
}

impl Environment {
    pub(crate) fn workspace(&self) -> Result<Workspace> {
        Workspace::find(self.workspace.as_deref())
    }

    /// The workspace with its newest snapshot, ready to be asked.
    pub(crate) async fn opened(&self) -> Result<Opened> {
        let workspace = self.workspace()?;
        let lake = workspace.lake()?;
        let snapshot = Snapshot::latest(&lake).await?;
        let engine = Engine::open(&lake, &snapshot, &EngineOptions::default()).await?;
        Ok(Opened { workspace, snapshot, engine })
    }
}

/// A workspace with one snapshot of its lake.
pub(crate) struct Opened {
    pub(crate) workspace: Workspace,
    pub(crate) snapshot: Snapshot,
    pub(crate) engine: Engine,
}

/// Runs a command on the program's one async runtime.
pub(crate) fn run(cli: Cli) -> Result<ExitCode> {
    let env = Environment { workspace: cli.workspace, quiet: cli.quiet };
    // Plans recurse deeply; the default stack of a worker thread is too small for large ones.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_stack_size(8 << 20)
        .build()
        .context("starting the runtime")?;
    // Commands run on a worker thread, so that they may block it where the work is not async.
    runtime.block_on(async move {
        let command = cli.command;
        tokio::spawn(dispatch(env, command)).await.context("the command panicked")?
    })
}

async fn dispatch(env: Environment, command: Command) -> Result<ExitCode> {
    match command {
        Command::Init(args) => init::run(&env, &args),
        Command::Ingest(args) => ingest::run(&env, &args).await,
        Command::Seal(args) => seal::run(&env, &args),
        Command::Forget(args) => forget::run(&env, &args).await,
        Command::Sync(args) => sync::run(&env, &args).await,
        Command::Export(args) => export::run(&env, &args).await,
        Command::Run(args) => run::run(&env, &args).await,
        Command::Plan(args) => plan::run(&env, &args).await,
        Command::Recommend(args) => recommend::run(&env, &args).await,
        Command::Search(args) => search::run(&env, &args).await,
        Command::Similar(args) => similar::run(&env, &args).await,
        Command::Catalogue(args) => catalogue::run(&env, &args).await,
        Command::Personas(args) => personas::run(&env, &args).await,
        Command::Shoppers(args) => shoppers::run(&env, &args).await,
        Command::Decide(args) => decide::run(&env, &args).await,
        Command::Rules(args) => rules::run(&env, &args),
        Command::Markets(args) => markets::run(&env, &args).await,
        Command::Segments(args) => segments::run(&env, &args).await,
        Command::Transfer(args) => transfer::run(&env, &args).await,
        Command::Models(args) => models::run(&env, &args).await,
        Command::Compare(args) => compare::run(&env, &args).await,
        Command::Sql(args) => sql::run(&env, &args).await,
        Command::Tables(args) => tables::run(&env, &args).await,
        Command::Quality(args) => quality::run(&env, &args).await,
        Command::Simulate(args) => simulate::run(&env, &args),
        Command::Bench(args) => bench::run(&env, &args),
        Command::Doctor(args) => doctor::run(&env, &args).await,
        Command::Backup(args) => backup::run(&env, &args).await,
        Command::Restore(args) => backup::restore(&args),
        Command::Serve(args) => serve::run(&env, &args).await,
        Command::Keys(args) => keys::run(&env, &args).await,
        Command::Openapi => {
            crate::output::line(&::serve::openapi_json());
            Ok(ExitCode::SUCCESS)
        }
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "portolan", &mut std::io::stdout());
            Ok(ExitCode::SUCCESS)
        }
        Command::Man => {
            std::io::stdout().write_all(&manual()?).context("writing the manual page")?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// The manual page: the program, then every command with its options as a section of its own.
fn manual() -> Result<Vec<u8>> {
    let mut whole = Cli::command();
    whole.build();
    let mut page = Vec::new();
    clap_mangen::Man::new(whole.clone()).render(&mut page).context("the manual page")?;
    for command in whole.get_subcommands().filter(|c| c.get_name() != "help") {
        let man = clap_mangen::Man::new(command.clone());
        let mut section = Vec::new();
        man.render_synopsis_section(&mut section).context("the manual page")?;
        man.render_description_section(&mut section).context("the manual page")?;
        man.render_options_section(&mut section).context("the manual page")?;
        // What is a section of a page of its own is a part of a section here.
        let section = String::from_utf8_lossy(&section).replace(".SH ", ".SS ");
        let name = command.get_name().to_uppercase();
        page.extend_from_slice(format!(".SH \"PORTOLAN {name}\"\n{section}").as_bytes());
    }
    Ok(page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manual_has_every_option_of_every_command() {
        let page = String::from_utf8(manual().unwrap()).unwrap().replace("\\-", "-");
        let mut whole = Cli::command();
        whole.build();
        let mut n_options = 0;
        for command in whole.get_subcommands().filter(|c| c.get_name() != "help") {
            let heading = format!(".SH \"PORTOLAN {}\"", command.get_name().to_uppercase());
            let section = page.split(&heading).nth(1).unwrap_or_else(|| panic!("no section {heading}"));
            let section = section.split(".SH ").next().unwrap();
            for option in command.get_arguments().filter_map(|a| a.get_long()) {
                assert!(section.contains(&format!("--{option}")), "{heading}: --{option} is not in {section}");
                n_options += 1;
            }
        }
        assert!(n_options > 60, "{n_options} options");
    }
}
