//! `portolan catalogue categories`: which category of a public taxonomy each product belongs in.
//!
//! From titles and the names of the categories alone, in whatever languages both have (`content::text::CategoryFinder`). The
//! taxonomy is a file of the caller's: none is ours to pass on.

use super::super::Environment;
use crate::cli::CategoriesArgs;
use crate::commands::csv_file::CsvFile;
use crate::exit::{Exit, Stop};
use crate::output;
use crate::search::Found;
use crate::segments::csv_cell;
use anyhow::{Context, Result};
use content::text::{Category, CategoryFinderParams, Language, Place};
use rayon::prelude::*;
use serde_json::json;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::process::ExitCode;

/// Where a product belongs.
struct Placed {
    row: usize,
    /// Likeliest categories, best first; empty where its titles share nothing with any name.
    places: Vec<Place>,
    branch: Option<Place>,
}

/// Categories that are told of a product.
const PLACES: usize = 3;

pub(super) async fn run(env: &Environment, args: &CategoriesArgs) -> Result<ExitCode> {
    let (found, _) = Found::open(env, args.json).await?;
    let categories = taxonomy(&args.taxonomy)?;
    let paths: BTreeMap<u64, String> = categories.iter().map(|c| (c.id, shown(c))).collect();
    let finder = CategoryFinderParams::default().fit(&categories)?;
    let bar = output::Bar::new(env.quiet || args.json);
    let rows: Vec<usize> = (0..found.ids.len()).filter(|&row| !found.is_service(row)).collect();
    let mut placed = Vec::new();
    for part in rows.chunks(512) {
        bar.step("placing", "products", placed.len() as u64, rows.len() as u64);
        placed.par_extend(part.par_iter().map(|&row| {
            let title = found.title(row, &["en"]);
            let language = found.has_title(row, "en").then_some(Language::English);
            let branch = finder.branches(&title, language, 1).into_iter().next();
            Placed { row, places: finder.categories(&title, language, PLACES), branch }
        }));
    }
    bar.clear();
    if let Some(out) = &args.out {
        let mut text = "product_id,title,category_id,category,chance,branch,branch_chance\n".to_owned();
        for p in &placed {
            let (best, branch) = (p.places.first(), p.branch.as_ref());
            let path = |place: Option<&Place>| place.map_or_else(String::new, |place| csv_cell(&paths[&place.id]));
            let chance = |place: Option<&Place>| place.map_or_else(String::new, |place| format!("{:.3}", place.chance));
            let id = best.map_or_else(String::new, |place| place.id.to_string());
            let own = [&found.ids[p.row], &found.names[p.row]].map(|t| csv_cell(t)).join(",");
            writeln!(text, "{own},{id},{},{},{},{}", path(best), chance(best), path(branch), chance(branch))?;
        }
        std::fs::write(out, text).with_context(|| format!("writing {}", out.display()))?;
    }
    let n_none = placed.iter().filter(|p| p.places.is_empty()).count();
    if args.json {
        let place = |p: &Place| json!({"id": p.id, "category": paths[&p.id], "chance": p.chance});
        let one = |p: &Placed| {
            json!({"product": found.ids[p.row], "title": found.names[p.row], "own_category": found.categories[p.row],
                "places": p.places.iter().map(place).collect::<Vec<_>>(), "branch": p.branch.as_ref().map(place)})
        };
        output::json(
            &json!({"categories": categories.len(), "without": n_none, "products": placed.iter().map(one).collect::<Vec<_>>()}),
        )?;
        return Ok(ExitCode::SUCCESS);
    }
    output::line(&format!(
        "{} products, {} categories; {n_none} products share no piece of a word with any category",
        output::count(placed.len()),
        output::count(categories.len())
    ));
    let text = |place: Option<&Place>| place.map_or_else(|| "–".to_owned(), |place| paths[&place.id].clone());
    let chance = |place: Option<&Place>| place.map_or_else(String::new, |place| format!("{:.2}", place.chance));
    let row = |p: &Placed| {
        let best = p.places.first();
        vec![
            found.ids[p.row].clone(),
            found.title(p.row, &["en"]),
            text(best),
            chance(best),
            text(p.branch.as_ref()),
            chance(p.branch.as_ref()),
        ]
    };
    let rows = placed.iter().take(args.n).map(row).collect();
    output::table(&["product", "title", "category", "chance", "branch", "chance"], &[3, 5], rows);
    output::hint("a chance below .5 wants somebody's eye; --out FILE writes all products");
    Ok(ExitCode::SUCCESS)
}

/// The path that is shown: the English one, else the first.
fn shown(category: &Category) -> String {
    let english = category.paths.iter().find(|(language, _)| *language == Language::English);
    english.or(category.paths.first()).map_or_else(String::new, |(_, path)| path.clone())
}

/// The categories of one or several files.
fn taxonomy(files: &[std::path::PathBuf]) -> Result<Vec<Category>> {
    let mut all: BTreeMap<u64, Vec<(Language, String)>> = BTreeMap::new();
    for file in files {
        let read =
            if file.extension().is_some_and(|e| e.eq_ignore_ascii_case("csv")) { table(file)? } else { lines(file)? };
        for (id, language, path) in read {
            all.entry(id).or_default().push((language, path));
        }
    }
    Ok(all.into_iter().map(|(id, paths)| Category { id, paths }).collect())
}

fn name(path: &Path) -> String {
    path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned())
}

/// A CSV: ids first, then a column for each locale.
fn table(path: &Path) -> Result<Vec<(u64, Language, String)>> {
    let file = CsvFile::read(path)?;
    let locales: Vec<(usize, Language)> = file
        .header()
        .iter()
        .enumerate()
        .skip(1)
        .filter_map(|(at, locale)| Some((at, Language::from_code(locale)?)))
        .collect();
    if locales.is_empty() {
        let what = format!("{}: line 1: no column is named after a language", name(path));
        return Err(Stop::error(Exit::BadInput, what, "right would be id,en-US,de-DE"));
    }
    let mut all = Vec::new();
    for (line, cells) in file.records() {
        let id = cells[0].parse().map_err(|_| file.wrong(line, 0, &cells[0], "a whole number"))?;
        let named = locales.iter().filter(|(at, _)| !cells[*at].is_empty());
        all.extend(named.map(|(at, language)| (id, *language, cells[*at].clone())));
    }
    Ok(all)
}

/// Lines `ID - A > B > C`; lines that begin with `#` are comments. The language stands in the file's name.
fn lines(path: &Path) -> Result<Vec<(u64, Language, String)>> {
    let file = name(path);
    let language = file.split('.').rev().find_map(|part| {
        let is_locale = part.len() == 2 || part.len() == 5 && part.contains(['-', '_']);
        is_locale.then(|| Language::from_code(&part.to_lowercase())).flatten()
    });
    let language = language.ok_or_else(|| {
        let what = format!("{file}: the name does not say which language it is in");
        Stop::error(Exit::BadInput, what, "right would be taxonomy.de-DE.txt")
    })?;
    let text = std::fs::read_to_string(path)
        .map_err(|e| Stop::error(Exit::BadInput, format!("{}: {e}", path.display()), "a file in UTF-8 is wanted"))?;
    let mut all = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let line = line.trim_start_matches('\u{feff}').trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let read =
            line.split_once(" - ").and_then(|(id, path)| Some((id.trim().parse().ok()?, path.trim().to_owned())));
        let (id, path) = read.ok_or_else(|| {
            let what = format!("{file}: line {}: `{}`", at + 1, line.chars().take(60).collect::<String>());
            Stop::error(Exit::BadInput, what, "right would be: 166 - Apparel & Accessories > Clothing")
        })?;
        all.push((id, language, path));
    }
    Ok(all)
}
