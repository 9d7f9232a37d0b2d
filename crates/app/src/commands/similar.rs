//! `portolan similar`: products like a product, by texts, by pictures or by both, or like a picture.

use super::Environment;
use crate::cli::Like;
use crate::exit::{Exit, Stop};
use crate::looks::Looks;
use crate::search::Found;
use crate::{cli, output};
use anyhow::Result;
use content::picture::Alike;
use content::search::fuse;
use domain::Market;
use serde_json::json;
use std::path::Path;
use std::process::ExitCode;

/// Languages in which titles are shown for a market, the first that a product has.
pub(super) fn languages(market: Option<Market>) -> Vec<&'static str> {
    market.into_iter().flat_map(domain::languages).collect()
}

/// A product that is like another.
struct Near {
    row: usize,
    text: Option<f32>,
    picture: Option<Alike>,
}

/// Rows of each list that are put together.
const DEEP: usize = 200;

pub(crate) async fn run(env: &Environment, args: &cli::Similar) -> Result<ExitCode> {
    let (found, stock) = Found::open(env, args.json).await?;
    let allowed = found.allowed(&stock, args.market);
    let (of, near) = match (&args.image, &args.product) {
        (Some(image), _) => (json!({"image": name(image)}), like_picture(env, args, &found, &allowed, image).await?),
        (None, Some(product)) => {
            let row = found.row(product).ok_or_else(|| {
                Stop::error(
                    Exit::Missing,
                    format!("there is no product `{product}`"),
                    "`portolan search WORDS` finds products and their codes",
                )
            })?;
            (json!({"product": found.ids[row as usize]}), like_product(env, args, &found, &allowed, row).await?)
        }
        (None, None) => {
            return Err(Stop::error(Exit::Usage, "nothing to compare with", "name a product or --image FILE"));
        }
    };
    let languages = languages(args.market);
    if args.json {
        let items: Vec<_> = near
            .iter()
            .zip(1..)
            .map(|(n, rank)| {
                json!({"rank": rank, "product": found.ids[n.row], "title": found.title(n.row, &languages),
                    "category": found.categories[n.row], "text": n.text, "picture": n.picture.map(|p| p.likeness),
                    "same_picture": n.picture.map(|p| p.same)})
            })
            .collect();
        let mut out = json!({"market": args.market, "items": items});
        out.as_object_mut().into_iter().for_each(|o| o.extend(of.as_object().cloned().unwrap_or_default()));
        output::json(&out)?;
        return Ok(ExitCode::SUCCESS);
    }
    match (&args.image, &args.product) {
        (Some(image), _) => output::line(&format!("like the picture {}:", name(image))),
        (None, product) => {
            let row = product.as_deref().and_then(|p| found.row(p)).unwrap_or(0) as usize;
            output::line(&format!("like {} {}:", found.ids[row], found.title(row, &languages)));
        }
    }
    if near.is_empty() {
        output::line("nothing: it shares nothing with other products");
        return Ok(ExitCode::SUCCESS);
    }
    let shown = |number: Option<f32>| number.map_or_else(String::new, |n| format!("{n:.3}"));
    let rows = near.iter().zip(1..).map(|(n, rank)| {
        let same = if n.picture.is_some_and(|p| p.same) { "the same picture" } else { "" };
        vec![
            rank.to_string(),
            found.ids[n.row].clone(),
            found.title(n.row, &languages),
            found.categories[n.row].clone(),
            shown(n.text),
            shown(n.picture.map(|p| p.likeness)),
            same.to_owned(),
        ]
    });
    output::table(&["", "product", "title", "category", "texts", "pictures", ""], &[0, 4, 5], rows.collect());
    Ok(ExitCode::SUCCESS)
}

fn name(path: &Path) -> String {
    path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned())
}

async fn looks(env: &Environment, args: &cli::Similar, found: &Found) -> Result<Looks> {
    let opened = env.opened().await?;
    let bar = output::Bar::new(env.quiet || args.json);
    Looks::load(&opened.workspace, &opened.engine, &opened.snapshot, &found.ids, &bar).await
}

async fn like_picture(
    env: &Environment,
    args: &cli::Similar,
    found: &Found,
    allowed: &[bool],
    image: &Path,
) -> Result<Vec<Near>> {
    let picture = crate::media::picture(image).map_err(|why| {
        let next = "JPEG, PNG, WebP, GIF, BMP and TIFF files are read";
        Stop::error(Exit::BadInput, format!("{}: {why}", image.display()), next)
    })?;
    let looks = looks(env, args, found).await?;
    if looks.likeness.n_present() == 0 {
        return Err(no_pictures());
    }
    let near = looks.like(&picture, args.n, allowed)?;
    Ok(near.into_iter().map(|alike| Near { row: alike.row, text: None, picture: Some(alike) }).collect())
}

pub(crate) fn no_pictures() -> anyhow::Error {
    Stop::error(
        Exit::Missing,
        "no product has a picture in the lake",
        "`portolan ingest FOLDER` takes pictures whose names stand in the catalogue's column `image`",
    )
}

async fn like_product(
    env: &Environment,
    args: &cli::Similar,
    found: &Found,
    allowed: &[bool],
    row: u32,
) -> Result<Vec<Near>> {
    let deep = if args.by == Like::Both { DEEP.max(args.n) } else { args.n };
    let texts = if args.by == Like::Picture { Vec::new() } else { found.search().similar(row, deep, allowed) };
    let pictures = if args.by == Like::Text {
        Vec::new()
    } else {
        let looks = looks(env, args, found).await?;
        if args.by == Like::Picture && looks.likeness.n_present() == 0 {
            return Err(no_pictures());
        }
        looks.likeness.like_row(row as usize, deep, allowed)
    };
    let lists: Vec<Vec<u32>> =
        vec![texts.iter().map(|(row, _)| *row).collect(), pictures.iter().map(|a| a.row as u32).collect()];
    let lists: Vec<Vec<u32>> = lists.into_iter().filter(|list| !list.is_empty()).collect();
    let near = fuse(&lists).into_iter().take(args.n).map(|(row, _)| Near {
        row: row as usize,
        text: texts.iter().find(|(at, _)| *at == row).map(|(_, cosine)| *cosine),
        picture: pictures.iter().find(|a| a.row == row as usize).copied(),
    });
    Ok(near.collect())
}
