//! `portolan catalogue`: what the catalogue's pictures, titles and categories say when they are held beside each other.

mod categories;
mod copy;
mod offers;
mod pictures;
mod sounds;
mod views;

use super::Environment;
use crate::cli::{Catalogue, CatalogueWhat};
use anyhow::Result;
use std::process::ExitCode;

pub(crate) async fn run(env: &Environment, args: &Catalogue) -> Result<ExitCode> {
    match &args.what {
        CatalogueWhat::Pictures { titles, json } => pictures::run(env, *titles, *json).await,
        CatalogueWhat::Sounds { json } => sounds::run(env, *json).await,
        CatalogueWhat::Views { json } => views::run(env, *json).await,
        CatalogueWhat::Copy(args) => copy::run(args),
        CatalogueWhat::Match(args) => offers::run(env, args).await,
        CatalogueWhat::Categories(args) => categories::run(env, args).await,
    }
}
