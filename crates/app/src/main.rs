//! The `portolan` command.

mod cli;
mod commands;
mod evidence;
mod exit;
mod output;
mod pipeline;
mod workspace;

use clap::Parser;
use std::process::ExitCode;

/// Cleaning and queries make many short-lived buffers on several threads. This allocator serves them
/// faster than the system's and gives the memory back between the stages of a run.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    output::start_logging(cli.verbose);
    match commands::run(cli) {
        Ok(code) => code,
        Err(error) => {
            exit::report(&error);
            exit::code_of(&error).into()
        }
    }
}
