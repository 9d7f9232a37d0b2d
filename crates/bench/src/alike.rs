//! `bench alike`: what looks alike in the simulator's own pictures, as a sheet and as a share.
//!
//! 240 products and, saved as JPEG of 64, 96 and 200 pixels, three copies of every tenth: each picture's nearest are asked of
//! `content::picture::Likeness`, which learns nothing. Right is a product of the same type. The sheet has a line for each of
//! some types: the picture asked in a dark frame, then its nearest, in a light frame where they are of its type, in red where they are
//! not, and in a double blue frame where they are the same picture saved again.

use crate::recommend::cpu_seconds;
use crate::report::{Better, Goal, Row};
use anyhow::{Context, Result};
use clap::{Args, ValueHint};
use content::picture::{Alike, Likeness, Picture, PictureParams, decode, thumbnail};
use domain::Seed;
use image::ExtendedColorType;
use image::codecs::webp::WebPEncoder;
use serde_json::json;
use sim::catalogue::Catalogue;
use sim::pictures::{SIDE, pixels};
use std::path::PathBuf;

/// `bench alike`.
#[derive(Debug, Args)]
pub(crate) struct AlikeArgs {
    /// Write the sheet of pictures there, as WebP.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    out: Option<PathBuf>,
    /// Products.
    #[arg(long, default_value_t = 240)]
    products: usize,
    /// Seed of the catalogue.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Nearest pictures of each, and lines of the sheet.
const NEAREST: usize = 7;
const LINES: usize = 8;
/// Every so manieth product is there again, on so many pixels.
const EVERY: usize = 10;
const SIDES: [u32; 3] = [96, 64, 200];

pub(crate) fn run(args: &AlikeArgs, add: &mut dyn FnMut(Row)) -> Result<()> {
    let catalogue = Catalogue::generate(args.products, Seed(args.seed));
    let side = SIDE as u32;
    let mut pictures: Vec<Picture> = Vec::new();
    let mut kinds: Vec<usize> = Vec::new();
    for product in &catalogue.products {
        pictures.push(Picture::from_rgb(side, side, pixels(product)).context("a picture of the simulator")?);
        kinds.push(product.kind);
    }
    let originals: Vec<usize> = (0..catalogue.len()).step_by(EVERY).collect();
    // What each row shows: products whose pictures have the same pixels show the same.
    let mut shows: Vec<usize> = (0..catalogue.len())
        .map(|row| (0..row).find(|other| pictures[*other] == pictures[row]).unwrap_or(row))
        .collect();
    for (at, side) in originals.iter().flat_map(|at| SIDES.map(|side| (*at, side))) {
        let saved = thumbnail(&pictures[at], side).context("a picture saved again")?;
        pictures.push(decode(&saved, &PictureParams::default())?);
        kinds.push(kinds[at]);
        shows.push(shows[at]);
    }
    let started = cpu_seconds();
    let likeness = Likeness::of(&pictures.iter().map(Some).collect::<Vec<_>>());
    let made_s = cpu_seconds() - started;
    let all = vec![true; pictures.len()];
    let near: Vec<Vec<Alike>> = (0..pictures.len()).map(|row| likeness.like_row(row, NEAREST, &all)).collect();
    let of_kind = |(row, near): (usize, &Vec<Alike>)| {
        near.iter().filter(|alike| kinds[alike.row] == kinds[row]).count() as f64 / near.len().max(1) as f64
    };
    let right = near.iter().enumerate().map(of_kind).sum::<f64>() / near.len().max(1) as f64;
    let chance: f64 = kinds.iter().map(|k| kinds.iter().filter(|o| *o == k).count() as f64 - 1.0).sum::<f64>()
        / (kinds.len() * (kinds.len() - 1)) as f64;
    // Pairs that are marked as one picture, and those that are.
    let groups = likeness.repeats();
    let pairs = |group: &[usize]| -> Vec<(usize, usize)> {
        group.iter().enumerate().flat_map(|(i, a)| group[i + 1..].iter().map(|b| (*a, *b))).collect()
    };
    let marked: Vec<(usize, usize)> = groups.iter().flat_map(|group| pairs(group)).collect();
    let right_marks = marked.iter().filter(|(a, b)| shows[*a] == shows[*b]).count();
    let all_rows: Vec<usize> = (0..pictures.len()).collect();
    let true_pairs = pairs(&all_rows).into_iter().filter(|(a, b)| shows[*a] == shows[*b]).count();
    let precision = right_marks as f64 / marked.len().max(1) as f64;
    let recall = right_marks as f64 / true_pairs.max(1) as f64;
    let wrong = groups.iter().filter(|g| g.iter().any(|row| kinds[*row] != kinds[g[0]])).count();
    if let Some(out) = &args.out {
        write_sheet(out, &pictures, &kinds, &near)?;
    }
    add(Row {
        task: "alike".into(),
        data: format!(
            "{} simulated pictures, {} of them copies, seed {}",
            pictures.len(),
            SIDES.len() * originals.len(),
            args.seed
        ),
        ours: format!(
            "{right:.3} of the {NEAREST} nearest are of the same type; of {} pairs marked as one picture {precision:.3} are, of {true_pairs} that are {recall:.3} are marked",
            marked.len()
        ),
        peer: format!("drawn at random: {chance:.3}"),
        ratio: format!("{:.1}", right / chance.max(1e-9)),
        quality: format!(
            "{} groups of repeats, {wrong} of them over types; {:.0} pictures a CPU second",
            groups.len(),
            pictures.len() as f64 / made_s.max(1e-9)
        ),
        goals: vec![
            Goal::new("copies found", recall, Better::Higher, 0.99, ""),
            Goal::new("right of those marked", precision, Better::Higher, 0.95, ""),
        ],
        wrong: Vec::new(),
        runs: json!({"same_type": right, "chance": chance, "precision": precision, "recall": recall}),
    });
    Ok(())
}

/// Pixels of a tile's picture, and of the frame around it.
const TILE: usize = 88;
const FRAME: usize = 5;

fn write_sheet(path: &PathBuf, pictures: &[Picture], kinds: &[usize], near: &[Vec<Alike>]) -> Result<()> {
    let step = TILE + 2 * FRAME + 4;
    let mut asked: Vec<usize> = Vec::new();
    // One product of each type, those that have a copy first: the first product of a type may have none.
    for row in (0..pictures.len()).step_by(EVERY).chain(0..pictures.len()) {
        if asked.len() < LINES && asked.iter().all(|other| kinds[*other] != kinds[row]) {
            asked.push(row);
        }
    }
    let (wide, high) = (step * (NEAREST + 1), step * asked.len());
    let mut sheet = vec![255_u8; wide * high * 3];
    for (line, row) in asked.iter().enumerate() {
        let frame = |alike: &Alike| match (alike.same, kinds[alike.row] == kinds[*row]) {
            (true, _) => [40, 90, 220],
            (false, true) => [205, 215, 205],
            (false, false) => [210, 40, 40],
        };
        let tiles = std::iter::once((*row, [30, 30, 30])).chain(near[*row].iter().map(|a| (a.row, frame(a))));
        for (column, (at, colour)) in tiles.enumerate() {
            let small = pictures[at].fitted(TILE as u32, TILE as u32);
            for y in 0..TILE + 2 * FRAME {
                for x in 0..TILE + 2 * FRAME {
                    let inside = (FRAME..TILE + FRAME).contains(&x) && (FRAME..TILE + FRAME).contains(&y);
                    let pixel = if inside { small.pixels()[(y - FRAME) * TILE + x - FRAME] } else { colour };
                    let place = ((line * step + y + 2) * wide + column * step + x + 2) * 3;
                    sheet[place..place + 3].copy_from_slice(&pixel);
                }
            }
        }
    }
    let mut bytes = Vec::new();
    WebPEncoder::new_lossless(&mut bytes).encode(&sheet, wide as u32, high as u32, ExtendedColorType::Rgb8)?;
    std::fs::write(path, bytes).with_context(|| format!("writing {}", path.display()))
}
