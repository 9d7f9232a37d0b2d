//! One file a command.

mod bench;
mod doctor;
mod ingest;
mod init;
mod plan;
mod quality;
mod recommend;
mod run;
mod simulate;
mod sql;
mod tables;

use crate::cli::{Cli, Command};
use crate::workspace::Workspace;
use anyhow::{Context, Result};
use clap::CommandFactory;
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
        Command::Run(args) => run::run(&env, &args).await,
        Command::Plan(args) => plan::run(&env, &args).await,
        Command::Recommend(args) => recommend::run(&env, &args).await,
        Command::Sql(args) => sql::run(&env, &args).await,
        Command::Tables(args) => tables::run(&env, &args).await,
        Command::Quality(args) => quality::run(&env, &args).await,
        Command::Simulate(args) => simulate::run(&env, &args),
        Command::Bench(args) => bench::run(&env, &args),
        Command::Doctor(args) => doctor::run(&env, &args).await,
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "portolan", &mut std::io::stdout());
            Ok(ExitCode::SUCCESS)
        }
        Command::Man => {
            clap_mangen::Man::new(Cli::command()).render(&mut std::io::stdout()).context("writing the manual page")?;
            Ok(ExitCode::SUCCESS)
        }
    }
}
