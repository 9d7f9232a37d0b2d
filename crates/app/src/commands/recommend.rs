//! `portolan recommend`: products for one shopper, with the reasons.

use super::Environment;
use crate::exit::{Exit, Stop};
use crate::pipeline::{measured, offers, purchases::Purchases, rows::Rows};
use crate::{cli, output, pipeline};
use anyhow::Result;
use domain::{History, ItemIdx, Market};
use lake::{Engine, EngineOptions, Snapshot};
use recommend::{Barred, Origin, Owned, TopNParams, top_n};
use serde_json::json;
use std::collections::BTreeMap;
use std::process::ExitCode;

pub(crate) async fn run(env: &Environment, args: &cli::Recommend) -> Result<ExitCode> {
    let workspace = env.workspace()?;
    let lake = workspace.lake()?;
    let snapshot = Snapshot::latest(&lake).await?;
    pipeline::computed(&workspace, &snapshot, "recommend")?;
    let engine = Engine::open(&lake, &snapshot, &EngineOptions::default()).await?;
    let purchases = Purchases::load(&engine).await?;
    let shopper = purchases.shopper(&args.shopper);
    let history: Vec<ItemIdx> = shopper.map_or_else(Vec::new, |s| purchases.history(s));
    let own = shopper.map(|s| purchases.interactions.markets()[s.at()]);
    let market = args.market.or(own).ok_or_else(|| {
        Stop::error(
            Exit::Usage,
            format!("shopper `{}` is unknown, so its market is too", args.shopper),
            "add --market XX",
        )
    })?;
    if !purchases.interactions.markets().contains(&market) {
        let known: std::collections::BTreeSet<&str> =
            purchases.interactions.markets().iter().map(Market::code).collect();
        let known = known.into_iter().collect::<Vec<_>>().join(", ");
        return Err(Stop::error(
            Exit::Missing,
            format!("{market} has no shopper yet"),
            format!("the markets with shoppers are {known}"),
        ));
    }
    let choice = measured::stored(&engine, market).await?.ok_or_else(|| {
        Stop::error(
            Exit::Missing,
            format!("{market} has too few shoppers for a model"),
            "portolan plan --market XX shows what there is",
        )
    })?;
    let shelf = offers::Shelves::load(&engine, &purchases).await?.of(market);
    // The run's own seed, so that this is the model that the run judged and listed.
    let served = tokio::task::block_in_place(|| {
        offers::Fitter::new(&purchases.interactions, choice.seed).serve(market, &choice, shelf)
    })?;
    let owned = if args.again { Owned::Include } else { Owned::Exclude };
    let params = TopNParams { n: args.n, owned, n_reasons: 3 };
    let list =
        top_n(served.model.as_ref(), Some(served.fallback.as_ref()), History::of(&history), &served.shelf, &params);
    let names = Rows::query(&engine, "select product_id, name from clean.products").await?;
    let names: BTreeMap<String, String> = names.texts("product_id")?.into_iter().zip(names.texts("name")?).collect();
    let id = |item: ItemIdx| purchases.products[item.at()].as_str();
    let name =
        |item: ItemIdx| names.get(id(item)).filter(|n| !n.is_empty()).cloned().unwrap_or_else(|| id(item).to_owned());
    let why = |reason: &domain::Reason| match reason.item {
        Some(item) => format!("{} {} ({:+.3})", reason.term, name(item), reason.part),
        None => format!("{} ({:+.3})", reason.term, reason.part),
    };
    let origin = |o: Origin| match o {
        Origin::Model => served.name,
        Origin::Fallback => served.fallback_name,
    };
    if args.json {
        let items: Vec<_> = list
            .ranked
            .iter()
            .enumerate()
            .map(|(i, r)| {
                let reasons: Vec<_> = r.reasons.iter().map(|x| json!({"term": x.term, "product": x.item.map(&id), "part": x.part})).collect();
                json!({"rank": i + 1, "product": id(r.item), "name": name(r.item), "score": r.score, "model": origin(r.origin), "reasons": reasons})
            })
            .collect();
        let left_out: BTreeMap<&str, usize> = list.left_out.iter().map(|(b, n)| (barred(*b), *n)).collect();
        output::json(
            &json!({"shopper": args.shopper, "known": shopper.is_some(), "market": market, "model": served.name,
            "training": served.training, "source_weight": choice.pooled.unwrap_or(0.0), "basis": choice.basis.key(),
            "why": choice.why, "items": items, "left_out": left_out}),
        )?;
        return Ok(ExitCode::SUCCESS);
    }
    let who =
        if shopper.is_some() { format!("{} products bought before", history.len()) } else { "a new shopper".into() };
    output::line(&format!(
        "{} in {}: {who}; {} trained on {}",
        args.shopper,
        market.name(),
        served.name,
        match choice.pooled {
            None => "this market alone".to_owned(),
            Some(1.0) => "all markets".to_owned(),
            Some(weight) => format!("all markets, a purchase of another market counted {weight} times"),
        }
    ));
    output::line(&format!("because {}", choice.why));
    let rows = list.ranked.iter().enumerate().map(|(i, r)| {
        let mut row = vec![
            (i + 1).to_string(),
            id(r.item).to_owned(),
            name(r.item),
            format!("{:.3}", r.score),
            origin(r.origin).to_owned(),
        ];
        if args.explain {
            row.push(r.reasons.iter().map(&why).collect::<Vec<_>>().join("; "));
        }
        row
    });
    let mut header = vec!["", "product", "name", "score", "by"];
    if args.explain {
        header.push("because");
    }
    output::table(&header, &[0, 3], rows.collect());
    for (why, n) in &list.left_out {
        output::note(&format!("{n} more would have been listed but are {}", barred(*why)));
    }
    Ok(ExitCode::SUCCESS)
}

fn barred(why: Barred) -> &'static str {
    match why {
        Barred::AlreadyBought => "bought already",
        Barred::Unsellable => "not sellable",
        Barred::OutOfStock => "out of stock",
    }
}
