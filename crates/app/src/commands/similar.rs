//! `portolan similar`: products like a product, by texts, by pictures, by who buys them or by all of it, or like a picture.

use super::Environment;
use crate::cli::Like;
use crate::exit::{Exit, Stop};
use crate::looks::Looks;
use crate::search::Found;
use crate::views::{self, Near, NearBy, Sort, Views};
use crate::{cli, output};
use anyhow::Result;
use content::picture::Alike;
use domain::Market;
use serde_json::json;
use std::path::Path;
use std::process::ExitCode;

/// Languages in which titles are shown for a market, the first that a product has.
pub(super) fn languages(market: Option<Market>) -> Vec<&'static str> {
    market.into_iter().flat_map(domain::languages).collect()
}

pub(crate) async fn run(env: &Environment, args: &cli::Similar) -> Result<ExitCode> {
    let (found, stock) = Found::open(env, args.json).await?;
    let allowed = found.allowed(&stock, args.market);
    let (of, NearBy { near, by }) = match (&args.image, &args.product) {
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
                    "same_picture": n.picture.map(|p| p.same), "bought": n.bought, "score": n.score})
            })
            .collect();
        let mut out = json!({"market": args.market, "weighed": by, "items": items});
        out.as_object_mut().into_iter().for_each(|o| o.extend(of.as_object().cloned().unwrap_or_default()));
        output::json(&out)?;
        return Ok(ExitCode::SUCCESS);
    }
    match (&args.image, &args.product) {
        (Some(image), _) => output::line(&format!("like the picture {}:", name(image))),
        (None, product) => {
            let row = product.as_deref().and_then(|p| found.row(p)).unwrap_or(0) as usize;
            output::line(&format!("like {} {}{}:", found.ids[row], found.title(row, &languages), told(&by)));
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
            shown(n.bought),
            same.to_owned(),
        ]
    });
    output::table(
        &["", "product", "title", "category", "texts", "pictures", "bought", ""],
        &[0, 4, 5, 6],
        rows.collect(),
    );
    Ok(ExitCode::SUCCESS)
}

/// What the order is by, where orders weighed it.
fn told(by: &[Sort]) -> String {
    let names: Vec<&str> = by.iter().map(|sort| sort.name()).collect();
    if names.is_empty() { String::new() } else { format!(" (by {})", names.join(", ")) }
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
) -> Result<NearBy> {
    let picture = crate::media::picture(image).map_err(|why| {
        let next = "JPEG, PNG, WebP, GIF, BMP and TIFF files are read";
        Stop::error(Exit::BadInput, format!("{}: {why}", image.display()), next)
    })?;
    let looks = looks(env, args, found).await?;
    if looks.likeness.n_present() == 0 {
        return Err(no_pictures());
    }
    let near = looks.like(&picture, args.n, allowed)?.into_iter().map(looking);
    Ok(NearBy { near: near.collect(), by: Vec::new() })
}

fn looking(alike: Alike) -> Near {
    Near { row: alike.row, text: None, picture: Some(alike), bought: None, score: f64::from(alike.likeness) }
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
) -> Result<NearBy> {
    let at = row as usize;
    if args.by == Like::Text {
        let texts = found.search().similar(row, args.n, allowed).into_iter();
        let near = texts.map(|(row, cosine)| Near {
            row: row as usize,
            text: Some(cosine),
            picture: None,
            bought: None,
            score: f64::from(cosine),
        });
        return Ok(NearBy { near: near.collect(), by: Vec::new() });
    }
    let looks = looks(env, args, found).await?;
    match args.by {
        Like::Text | Like::Both => Ok(views::ranked(found, Some(&looks), at, args.n, allowed)),
        Like::Picture if looks.likeness.n_present() == 0 => Err(no_pictures()),
        Like::Picture => {
            let near = looks.likeness.like_row(at, args.n, allowed).into_iter().map(looking);
            Ok(NearBy { near: near.collect(), by: Vec::new() })
        }
        Like::Bought | Like::All => {
            let opened = env.opened().await?;
            let bar = output::Bar::new(env.quiet || args.json);
            let views = Views::load(&opened.workspace, &opened.engine, &opened.snapshot, (found, &looks), &bar).await?;
            if args.by == Like::All {
                return Ok(views.near(found, &looks, at, args.n, allowed));
            }
            if views.n_bought() == 0 {
                let next = "`portolan ingest YOUR_ORDERS` brings purchases; `--by both` compares texts and pictures";
                return Err(Stop::error(Exit::Missing, "no two products were bought by the same shopper", next));
            }
            Ok(views.bought_alike((found, &looks), at, args.n, allowed))
        }
    }
}
