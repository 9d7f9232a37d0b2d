//! `portolan recommend`: products for one shopper, with the reasons.

use super::Environment;
use crate::exit::{Exit, Stop};
use crate::models::{Store, Version};
use crate::pipeline::catalogue::Catalogue;
use crate::pipeline::measured::{self, Basis};
use crate::pipeline::offers::{self, Served, Used};
use crate::pipeline::shelves::Shelves;
use crate::pipeline::signals;
use crate::pipeline::{purchases::Purchases, rows::Rows};
use crate::trainings::Trainings;
use crate::{cli, looks, output, pipeline};
use anyhow::Result;
use domain::{History, ItemIdx, Market};
use lake::{Engine, EngineOptions, Snapshot};
use recommend::{Barred, InContext, Origin, Owned, Shelf, TopNParams, top_n};
use serde_json::json;
use std::collections::BTreeMap;
use std::process::ExitCode;

/// Products without a sale that are shown beside the list.
const NEWCOMERS: usize = 3;

pub(crate) async fn run(env: &Environment, args: &cli::Recommend) -> Result<ExitCode> {
    let workspace = env.workspace()?;
    let lake = workspace.lake()?;
    let snapshot = Snapshot::latest(&lake).await?;
    let store = Store::new(&workspace.root);
    // Models that have learnt what came since, or that somebody went back to, serve before the next run.
    let ahead = store.in_force()?.filter(|version| version.serves_beyond_the_marts(&snapshot));
    if ahead.is_none() {
        pipeline::computed(&workspace, &snapshot, "recommend")?;
    }
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
    let catalogue = Catalogue::load(&engine, &purchases).await?;
    let shelf = Shelves::load(&engine, &catalogue).await?.of(market);
    let shelf = Shelves::lawful(&engine, &catalogue, market, shelf).await?;
    let used = Used::load(&engine, &purchases).await?;
    let Serving { served, source_weight, basis, why, version } =
        serving(&store, &snapshot, &engine, &purchases, &used, market, shelf).await?;
    let context = signals::context(&engine, &purchases, &args.shopper, &used.weights).await?;
    let seen = |item: ItemIdx| !history.contains(&item) && context.contains(item);
    let owned = if args.again { Owned::Include } else { Owned::Exclude };
    let floors = Floors::load(&engine, market).await?;
    // Deep enough that what sells below its floor, which goes last, takes nobody's place.
    let params = TopNParams { n: args.n + floors.below.len(), owned, n_reasons: 3 };
    let model = InContext { model: served.model.as_ref(), context: &context };
    let mut list = top_n(&model, Some(served.fallback.as_ref()), History::of(&history), &served.shelf, &params);
    list.ranked.sort_by_key(|r| floors.below.contains_key(catalogue.id(r.item)));
    list.ranked.truncate(args.n);
    let names = Rows::query(&engine, "select product_id, name from clean.products").await?;
    let names: BTreeMap<String, String> = names.texts("product_id")?.into_iter().zip(names.texts("name")?).collect();
    // Pictures are looked at once and kept; without any there is nothing to look at.
    let bar = output::Bar::new(env.quiet || args.json);
    let looks = if looks::files_of(&engine).await?.is_empty() {
        None
    } else {
        Some(looks::Looks::load(&workspace, &engine, &snapshot, catalogue.pictured(), &bar).await?)
    };
    let pictures = looks.as_ref().map(|looks| &looks.likeness);
    let newcomers = catalogue.newcomers(&history, served.fallback.as_ref(), &served.shelf, NEWCOMERS, pictures);
    let id = |item: ItemIdx| catalogue.id(item);
    let name =
        |item: ItemIdx| names.get(id(item)).filter(|n| !n.is_empty()).cloned().unwrap_or_else(|| id(item).to_owned());
    let because = |reason: &domain::Reason| match reason.item {
        Some(item) if seen(item) => {
            format!("{} {}, looked at or searched for ({:+.3})", reason.term, name(item), reason.part)
        }
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
                json!({"rank": i + 1, "product": id(r.item), "name": name(r.item), "score": r.score, "model": origin(r.origin),
                    "price": floors.price(id(r.item)), "currency": floors.currency, "below_floor": floors.below.contains_key(id(r.item)), "reasons": reasons})
            })
            .collect();
        let part = |x: &domain::Reason| json!({"term": x.term, "product": x.item.map(&id), "part": x.part});
        let new: Vec<_> = newcomers
            .iter()
            .map(|r| {
                json!({"product": id(r.item), "name": name(r.item), "score": r.score, "model": "content",
                "reasons": r.reasons.iter().map(part).collect::<Vec<_>>()})
            })
            .collect();
        let left_out: BTreeMap<&str, usize> = list.left_out.iter().map(|(b, n)| (barred(*b), *n)).collect();
        output::json(
            &json!({"shopper": args.shopper, "known": shopper.is_some(), "market": market, "model": served.name,
            "training": served.training, "source_weight": source_weight.unwrap_or(0.0), "basis": basis.key(),
            "why": why, "version": version, "signals": context.len(), "items": items, "left_out": left_out, "new_products": new}),
        )?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut who =
        if shopper.is_some() { format!("{} products bought before", history.len()) } else { "a new shopper".into() };
    if !context.is_empty() {
        who += &format!(", {} looked at, put into the cart or searched for", context.len());
    }
    output::line(&format!(
        "{} in {}: {who}; {} trained on {}",
        args.shopper,
        market.name(),
        served.name,
        match source_weight {
            None => "this market alone".to_owned(),
            Some(1.0) => "all markets".to_owned(),
            Some(weight) => format!("all markets, a purchase of another market counted {weight} times"),
        }
    ));
    output::line(&format!("because {why}"));
    let rows = list.ranked.iter().enumerate().map(|(i, r)| {
        let mut row = vec![
            (i + 1).to_string(),
            id(r.item).to_owned(),
            name(r.item),
            format!("{:.3}", r.score),
            origin(r.origin).to_owned(),
            floors.said(id(r.item)),
        ];
        if args.explain {
            row.push(r.reasons.iter().map(&because).collect::<Vec<_>>().join("; "));
        }
        row
    });
    let mut header = vec!["", "product", "name", "score", "by", "offer it at"];
    if args.explain {
        header.push("because");
    }
    output::table(&header, &[0, 3], rows.collect());
    if !newcomers.is_empty() {
        output::line("products without a sale yet, by likeness of words, attributes and pictures:");
        let rows = newcomers.iter().map(|r| {
            let mut row = vec![id(r.item).to_owned(), name(r.item), format!("{:.3}", r.score)];
            if args.explain {
                row.push(r.reasons.iter().map(because).collect::<Vec<_>>().join("; "));
            }
            row
        });
        let mut header = vec!["product", "name", "score"];
        header.extend(args.explain.then_some("because"));
        output::table(&header, &[2], rows.collect());
    }
    for (why, n) in &list.left_out {
        output::note(&format!("{n} more would have been listed but are {}", barred(*why)));
    }
    Ok(ExitCode::SUCCESS)
}

/// Prices to offer at: those of now, and the advised ones of what sells below its floor.
#[derive(Default)]
struct Floors {
    currency: Option<String>,
    now: BTreeMap<String, f64>,
    /// Price that it is to be offered at instead.
    below: BTreeMap<String, f64>,
}

impl Floors {
    async fn load(engine: &Engine, market: Market) -> Result<Self> {
        let sql = format!(
            "select product_id, currency, cast(price as double) as price, \
             case when price < floor then cast(coalesce(advised, floor) as double) end as instead \
             from marts.prices where market = '{market}' order by product_id"
        );
        let rows = Rows::query(engine, &sql).await?;
        let (ids, currencies) = (rows.texts("product_id")?, rows.texts("currency")?);
        let (now, instead) = (rows.floats("price")?, rows.floats("instead")?);
        let mut all = Self { currency: currencies.first().cloned(), ..Self::default() };
        for (i, id) in ids.into_iter().enumerate() {
            if let Some(price) = instead[i] {
                all.below.insert(id.clone(), price);
            }
            if let Some(price) = now[i] {
                all.now.insert(id, price);
            }
        }
        Ok(all)
    }

    /// Never below the floor.
    fn price(&self, id: &str) -> Option<f64> {
        self.below.get(id).or_else(|| self.now.get(id)).copied()
    }

    fn said(&self, id: &str) -> String {
        let currency = self.currency.as_deref().unwrap_or_default();
        match (self.below.get(id), self.now.get(id)) {
            (Some(price), Some(now)) => format!("{currency} {price:.2}; {now:.2} now is below its floor"),
            (_, Some(now)) => format!("{currency} {now:.2}"),
            _ => String::new(),
        }
    }
}

/// What serves the market, and why.
struct Serving {
    served: Served,
    source_weight: Option<f32>,
    basis: Basis,
    why: String,
    /// The version of the saved models; `None` where it had to be fitted.
    version: Option<u64>,
}

/// The saved model, where there is one of the marts of now or one that somebody went back to; else it is
/// fitted as the last run fitted it.
async fn serving(
    store: &Store,
    snapshot: &Snapshot,
    engine: &Engine,
    purchases: &Purchases,
    used: &Used,
    market: Market,
    shelf: Shelf,
) -> Result<Serving> {
    let too_few = || {
        let next = "portolan plan --market XX shows what there is";
        Stop::error(Exit::Missing, format!("{market} has too few shoppers for a model"), next)
    };
    let of_now = |v: &Version| {
        let of_the_marts = v.learnt.is_none() && snapshot.stages.get("offers") == Some(&v.made_from);
        of_the_marts || v.serves_beyond_the_marts(snapshot)
    };
    if let Some(version) = store.in_force()?.filter(of_now) {
        let kept = version.markets.get(market.code()).ok_or_else(too_few)?;
        if let Some(number) = version.back_to {
            output::note(&format!("served by version {number} of the models, to which you went back"));
        }
        if let Some(learnt) = version.learnt.as_ref().filter(|_| version.back_to.is_none()) {
            let n = output::count(learnt.purchases);
            output::note(&format!(
                "served by version {} of the models, which has learnt {n} purchases since the last run",
                version.number
            ));
        }
        let served = tokio::task::block_in_place(|| store.serve(kept, &purchases.products, shelf))?;
        let (source_weight, basis, why) = (kept.source_weight, kept.basis()?, kept.why.clone());
        return Ok(Serving { served, source_weight, basis, why, version: Some(version.number) });
    }
    let choice = measured::stored(engine, market).await?.ok_or_else(too_few)?;
    // The run's own seed, so that this is the model that the run judged and listed.
    let bar = output::Bar::new(false);
    let trainings = Trainings::shown(&bar);
    trainings.describe(&[choice.kind], engine, purchases).await?;
    let (served, _) = tokio::task::block_in_place(|| {
        offers::Fitter::new(&purchases.interactions, &used.signals(), choice.seed, &trainings)
            .serve(market, &choice, shelf)
    })?;
    bar.clear();
    Ok(Serving { served, source_weight: choice.pooled, basis: choice.basis, why: choice.why, version: None })
}

fn barred(why: Barred) -> &'static str {
    match why {
        Barred::AlreadyBought => "bought already",
        Barred::Unsellable => "not sellable",
        Barred::OutOfStock => "out of stock",
    }
}
