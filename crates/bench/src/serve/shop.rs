//! A workspace to serve from: made-up shoppers with tastes, their orders and products in a lake, and a saved model.
//!
//! Products lie in groups of a hundred; a shopper draws from one to seven products, four of five out of a group of its
//! own. The model is item-knn on these purchases, saved as a run saves it and named by a version that serves whatever the
//! marts say.

use crate::portolan::Portolan;
use crate::report;
use anyhow::{Context, Result};
use domain::{Interactions, Market, Seed};
use recommend::saved::{fingerprint, save};
use recommend::{ItemKnnParams, ModelKind};
use serde_json::{Value, json};
use std::fs;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// Keys that ask.
const KEYS: usize = 4;

/// Products of a group.
const GROUP: u32 = 100;

/// A workspace and keys to ask it.
pub(super) struct Shop {
    pub(super) workspace: PathBuf,
    pub(super) keys: Vec<String>,
}

/// Code of a product.
pub(super) fn code(item: u32) -> String {
    format!("P{item:07}")
}

/// What a shopper bought: distinct products.
fn basket(shopper: u32, items: u32) -> Vec<u32> {
    let mut rng = Seed(11).stream(u64::from(shopper));
    let groups = items.div_ceil(GROUP) as usize;
    let own = rng.below(groups) as u32;
    let n = 1 + rng.below(7);
    let mut basket: Vec<u32> = (0..n)
        .map(|_| {
            let group = if rng.uniform() < 0.8 { own } else { rng.below(groups) as u32 };
            // The square prefers the first of a group: some products sell more than others.
            let place = (rng.uniform().powi(2) * f64::from(GROUP)) as u32;
            (group * GROUP + place.min(GROUP - 1)).min(items - 1)
        })
        .collect();
    basket.sort_unstable();
    basket.dedup();
    basket
}

impl Shop {
    /// A workspace as nobody has ever served it: what earlier measurements left in its log and its lake would be measured
    /// with it. It is a copy of the one that is made in this folder where it is not there.
    pub(super) fn make(portolan: &Portolan, dir: &Path, items: u32, shoppers: u32) -> Result<Self> {
        let (made, workspace) = (dir.join("made"), dir.join("shop"));
        let done = dir.join("done");
        if !done.is_file() {
            if dir.exists() {
                fs::remove_dir_all(dir).with_context(|| format!("deleting {}", dir.display()))?;
            }
            fs::create_dir_all(dir).with_context(|| format!("making {}", dir.display()))?;
            report::note(&format!("making a shop of {items} products and {shoppers} shoppers"));
            let data = dir.join("data");
            fs::create_dir_all(&data).context("making a folder of files")?;
            write_products(&data.join("products.csv"), items)?;
            write_orders(&data.join("orders.csv"), items, shoppers)?;
            portolan.run(&[&"init", &made, &"--home", &"DE", &"--currency", &"EUR"])?;
            let options = ["--quiet", "--as-of", "2026-01-01", "--workspace"];
            portolan.run(&[&"ingest", &data, &options[0], &options[1], &options[2], &options[3], &made])?;
            fs::remove_dir_all(&data).context("deleting the files")?;
            write_model(&made, items, shoppers)?;
            fs::write(&done, "").context("writing that it is done")?;
        }
        if workspace.exists() {
            fs::remove_dir_all(&workspace).with_context(|| format!("deleting {}", workspace.display()))?;
        }
        copy(&made, &workspace)?;
        let key = |_| -> Result<String> {
            let options = ["--kind", "admin", "--json", "--workspace"];
            let made = portolan.run(&[
                &"keys",
                &"create",
                &"bench",
                &options[0],
                &options[1],
                &options[2],
                &options[3],
                &workspace,
            ])?;
            let made: Value = serde_json::from_str(&made.stdout).context("the key that was made")?;
            Ok(made["secret"].as_str().context("the secret of the key")?.to_owned())
        };
        let keys = (0..KEYS).map(key).collect::<Result<_>>()?;
        Ok(Self { workspace, keys })
    }
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).with_context(|| format!("making {}", to.display()))?;
    for entry in fs::read_dir(from).with_context(|| format!("listing {}", from.display()))? {
        let entry = entry?;
        let there = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &there)?;
        } else {
            fs::copy(entry.path(), &there).with_context(|| format!("writing {}", there.display()))?;
        }
    }
    Ok(())
}

fn writer(path: &Path) -> Result<BufWriter<fs::File>> {
    Ok(BufWriter::new(fs::File::create(path).with_context(|| format!("writing {}", path.display()))?))
}

fn write_products(path: &Path, items: u32) -> Result<()> {
    let mut out = writer(path)?;
    writeln!(out, "product_id,name,language,category,brand,price,currency")?;
    for item in 0..items {
        let group = item / GROUP;
        let price = 5 + (item * 7) % 90;
        writeln!(
            out,
            "{},Thing {item} of kind {group},en,Things > Kind {group},Brand {},{price}.90,EUR",
            code(item),
            item % 40
        )?;
    }
    Ok(out.flush()?)
}

fn write_orders(path: &Path, items: u32, shoppers: u32) -> Result<()> {
    let mut out = writer(path)?;
    writeln!(out, "order_id,product_id,product_name,quantity,unit_price,currency,ordered_at,shopper_key,country")?;
    for shopper in 0..shoppers {
        let (month, day) = (1 + shopper % 12, 1 + shopper % 28);
        for item in basket(shopper, items) {
            let price = 5 + (item * 7) % 90;
            writeln!(
                out,
                "o{shopper},{},Thing {item},1,{price}.90,EUR,2025-{month:02}-{day:02} 10:00:00,s{shopper:07},DE",
                code(item)
            )?;
        }
    }
    Ok(out.flush()?)
}

/// Fits and saves what serves the market, and names it.
fn write_model(workspace: &Path, items: u32, shoppers: u32) -> Result<()> {
    let baskets: Vec<Vec<u32>> = (0..shoppers).map(|s| basket(s, items)).collect();
    let train = Interactions::from_baskets(items as usize, baskets.iter().map(Vec::as_slice));
    let names: Vec<String> = (0..items).map(code).collect();
    let files = workspace.join("models/files");
    let versions = workspace.join("models/versions");
    fs::create_dir_all(&files).context("making the folder of models")?;
    fs::create_dir_all(&versions).context("making the folder of versions")?;
    let print = fingerprint(&train);
    let kept = |kind: ModelKind| -> Result<Value> {
        let model = kind.fit_to_keep(&train, Seed(1))?;
        let bytes = save(&kind, model.as_ref(), print, &names);
        let file = format!("{}.model", kind.name());
        fs::write(files.join(&file), bytes).context("writing a model")?;
        Ok(
            json!({"name": kind.name(), "training": "market", "file": file, "trained_on": format!("{print:032x}"), "parameters": null}),
        )
    };
    let model = kept(ModelKind::ItemKnn(ItemKnnParams::default()))?;
    let fallback = kept(ModelKind::PopularityMarket(Market::UNKNOWN))?;
    let version = json!({"number": 1, "made_from": "a measurement", "back_to": 1, "snapshot": null, "learnt": null,
        "markets": {"DE": {"model": model, "fallback": fallback, "source_weight": null, "basis": "not_measured", "why": "made for a measurement"}}});
    fs::write(versions.join("1.json"), serde_json::to_vec_pretty(&version)?).context("naming the models")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_basket_is_the_same_every_time_and_mostly_of_one_group() {
        assert_eq!(basket(7, 1_000), basket(7, 1_000));
        let of_one_group = |basket: &[u32]| {
            let own = basket.iter().map(|item| basket.iter().filter(|b| *b / GROUP == item / GROUP).count()).max();
            own.unwrap_or(0) as f64
        };
        let all: Vec<Vec<u32>> = (0..500).map(|s| basket(s, 10_000)).collect();
        let share = all.iter().map(|b| of_one_group(b)).sum::<f64>() / all.iter().map(Vec::len).sum::<usize>() as f64;
        assert!(share > 0.7, "{share}");
        assert!(all.iter().flatten().all(|item| *item < 10_000));
    }
}
