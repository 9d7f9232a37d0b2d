//! The `portolan` command.

mod allocator;
mod backup;
mod caches;
mod cli;
mod commands;
mod encoders;
mod evidence;
mod exit;
mod looks;
mod media;
mod models;
mod output;
mod people_pages;
mod pipeline;
mod seal;
mod search;
mod segments;
mod serving;
mod signals;
mod sync;
mod trace;
mod trainings;
mod transfer;
mod undone;
mod values;
mod views;
mod workspace;

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    allocator::give_back_soon();
    let cli = cli::Cli::parse();
    match &cli.command {
        cli::Command::Serve(serve) => output::start_server_log(cli.verbose, serve.json),
        _ => output::start_logging(cli.verbose),
    }
    match commands::run(cli) {
        Ok(code) => code,
        Err(error) => {
            exit::report(&error);
            exit::code_of(&error).into()
        }
    }
}
