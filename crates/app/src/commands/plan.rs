//! `portolan plan`: pages and JSON from the marts.

mod compare;
pub(super) mod scenario;

use super::Environment;
use crate::exit::{Exit, Stop};
use crate::pipeline::gather::Gatherer;
use crate::workspace::Workspace;
use crate::{cli, output, people_pages, pipeline};
use anyhow::{Context, Result};
use decide::plan::{
    Lang, LaunchPlan, Minimums, OverviewRow, Sentence, Topic, TransferVerdict, markets_html, overview_html, people_html,
};
use domain::{Currency, Market};
use lake::{Engine, EngineOptions, Snapshot};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Orders from which `--all` writes a page: below, nearly every figure would say "too little data".
const MIN_ORDERS: u64 = 10;

pub(crate) async fn run(env: &Environment, args: &cli::Plan) -> Result<ExitCode> {
    let workspace = env.workspace()?;
    let lake = workspace.lake()?;
    let snapshot = Snapshot::latest(&lake).await?;
    pipeline::computed(&workspace, &snapshot, "plan")?;
    let engine = Engine::open(&lake, &snapshot, &EngineOptions::default()).await?;
    let home = pipeline::home(&engine, &workspace).await?;
    let gatherer = Gatherer::new(&engine, home, currency(&snapshot)?).await?;
    let lang = match args.lang {
        cli::Lang::En => Lang::En,
        cli::Lang::Zh => Lang::Zh,
    };
    let markets = match args.market {
        Some(market) if gatherer.knows(market) => vec![market],
        Some(market) => {
            let list = |all: Vec<Market>| all.iter().map(Market::to_string).collect::<Vec<_>>().join(", ");
            let (known, others) = (list(gatherer.markets(0)), list(gatherer.to_enter().collect()));
            let to_enter = if others.is_empty() {
                String::new()
            } else {
                format!(", those that can be planned before a sale {others}")
            };
            return Err(Stop::error(
                Exit::Missing,
                format!("{market} has no sale yet, and nothing says how large it is"),
                format!(
                    "the markets with sales are {known}{to_enter}; `portolan markets template` drafts the facts about more"
                ),
            ));
        }
        None => gatherer.markets(MIN_ORDERS),
    };
    if markets.is_empty() {
        return Err(Stop::error(
            Exit::Missing,
            format!("no market has {MIN_ORDERS} orders yet"),
            "--market XX writes a plan whatever there is",
        ));
    }
    let bar = output::Bar::new(env.quiet || args.json);
    if scenario::is_asked(args)? {
        let base = currency(&snapshot)?;
        let asked = scenario::Asked { workspace: &workspace, engine: &engine, base, home, markets: &markets };
        scenario::scenario(&asked, args, &bar).await?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut plans = Vec::new();
    for (i, market) in markets.iter().enumerate() {
        bar.step("planning", market.code(), i as u64, markets.len() as u64);
        plans.push(LaunchPlan::build(&gatherer.evidence(*market).await?, Minimums::default()));
    }
    bar.clear();
    if args.compare {
        let dir = args.out.clone().unwrap_or_else(|| workspace.root.join("plans"));
        compare::compare(&dir, &plans, lang, args)?;
        return Ok(ExitCode::SUCCESS);
    }
    let offered = plans.iter().flat_map(|plan| &plan.products).map(|p| p.id.as_str());
    let pictures = crate::looks::thumbnails(&workspace, &engine, offered).await?;
    if args.json {
        // Pages as well where a folder was named; nothing but JSON goes to standard output.
        if let Some(dir) = &args.out {
            write_pages(dir, &plans, &pictures, lang, args)?;
        }
        match &plans[..] {
            [one] if !args.all => output::line(&one.json()),
            many => output::line(&format!("[{}]", many.iter().map(LaunchPlan::json).collect::<Vec<_>>().join(","))),
        }
        return Ok(ExitCode::SUCCESS);
    }
    let dir = args.out.clone().unwrap_or_else(|| workspace.root.join("plans"));
    let first = write_pages(&dir, &plans, &pictures, lang, args)?;
    output::line(&format!("{} launch plans in {}", plans.len(), dir.display()));
    let beside = write_people(&dir, &engine, &workspace, &markets, lang).await?;
    output::line(&format!(
        "{beside} pages about customers and markets beside them: people-XX-{0}.html, markets-{0}.html",
        lang.code()
    ));
    if let Some(page) = first {
        output::line(&format!("open {}", page.display()));
    }
    tell(&plans, lang, args.findings);
    for row in pipeline::not_computed(&engine).await? {
        if row.market == Market::UNKNOWN || markets.contains(&row.market) {
            let of = if row.market == Market::UNKNOWN { String::new() } else { format!(" of {}", row.market) };
            output::note(&format!("note: {}{of}: not computed: {}", row.what, row.why));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Page and JSON of every plan, and the overview where all markets were asked for. Gives the page to
/// open. Each language has its own overview, so that one does not take the other's place.
fn write_pages(
    dir: &Path,
    plans: &[LaunchPlan],
    pictures: &BTreeMap<String, String>,
    lang: Lang,
    args: &cli::Plan,
) -> Result<Option<PathBuf>> {
    std::fs::create_dir_all(dir).with_context(|| format!("making {}", dir.display()))?;
    let stem = |plan: &LaunchPlan| format!("plan-{}-{}", plan.market, lang.code());
    for plan in plans {
        write(&dir.join(format!("{}.html", stem(plan))), &plan.html_with(lang, pictures))?;
        write(&dir.join(format!("{}.json", stem(plan))), &plan.json())?;
    }
    if !args.all {
        return Ok(plans.first().map(|plan| dir.join(format!("{}.html", stem(plan)))));
    }
    let pages: Vec<String> = plans.iter().map(|plan| format!("{}.html", stem(plan))).collect();
    let rows: Vec<OverviewRow<'_>> = plans.iter().zip(&pages).map(|(plan, href)| OverviewRow { plan, href }).collect();
    let index = dir.join(match lang {
        Lang::En => "index.html",
        Lang::Zh => "index-zh.html",
    });
    write(&index, &overview_html(&rows, lang))?;
    Ok(Some(index))
}

/// The pages about the customers of each market and, where there is a ranking, about all markets. Gives their number.
async fn write_people(
    dir: &Path,
    engine: &Engine,
    workspace: &Workspace,
    markets: &[Market],
    lang: Lang,
) -> Result<usize> {
    let mut n = 0;
    for market in markets {
        if let Some(page) = people_pages::people(engine, *market, lang).await? {
            write(&dir.join(format!("people-{market}-{}.html", lang.code())), &people_html(&page, lang))?;
            n += 1;
        }
    }
    if let Some(page) = people_pages::markets(engine, &workspace.attractiveness.weights, lang).await? {
        write(&dir.join(format!("markets-{}.html", lang.code())), &markets_html(&page, lang))?;
        n += 1;
    }
    Ok(n)
}

/// The most important findings over all plans: how large home is, whether its data helps a target
/// (one where it does comes first), then what to offer, who buys and who comes back, each of
/// another target market in turn.
fn tell(plans: &[LaunchPlan], lang: Lang, n: usize) {
    let mut told: Vec<(Market, String)> = Vec::new();
    let all: Vec<(&LaunchPlan, Vec<(Topic, Sentence)>)> =
        plans.iter().map(|p| (p, p.finding_sentences(lang))).collect();
    if let [(plan, found)] = &all[..] {
        told.extend(found.iter().map(|(_, sentence)| (plan.market, sentence.plain(lang))));
    } else {
        let accepted = |p: &LaunchPlan| p.transfer.as_ref().is_some_and(|t| t.verdict == TransferVerdict::Accepted);
        let decided = |p: &LaunchPlan| p.transfer.as_ref().is_some_and(|t| t.verdict != TransferVerdict::TooLittleData);
        let mut targets: Vec<&(&LaunchPlan, Vec<(Topic, Sentence)>)> =
            all.iter().filter(|(p, _)| p.market != p.home).collect();
        targets.sort_by_key(|(p, _)| (!accepted(p), !decided(p)));
        let of = |found: &[(Topic, Sentence)], topic: Topic| {
            found.iter().find(|(t, _)| *t == topic).map(|(_, sentence)| sentence.plain(lang))
        };
        let home = all.iter().find(|(p, _)| p.market == p.home).or(all.first());
        told.extend(home.and_then(|(p, found)| Some((p.market, of(found, Topic::Size)?))));
        let topics =
            [Topic::Transfer, Topic::Offer, Topic::Who, Topic::Repeat, Topic::Size, Topic::Bundle, Topic::Season];
        for round in 0..targets.len() {
            for (i, topic) in topics.into_iter().enumerate() {
                let (plan, found) = targets[(round + i) % targets.len()];
                told.extend(of(found, topic).map(|text| (plan.market, text)));
            }
        }
    }
    if n > 0 {
        output::line("");
    }
    for (i, (market, sentence)) in told.iter().take(n).enumerate() {
        output::line(&format!("{}. {}: {sentence}", i + 1, place(*market, lang)));
    }
}

fn place(market: Market, lang: Lang) -> String {
    match (lang, domain::country(market)) {
        (Lang::Zh, Some(country)) => country.name_zh.to_owned(),
        _ => market.name().to_owned(),
    }
}

/// A page appears whole or not at all.
fn write(path: &Path, text: &str) -> Result<()> {
    let temporary = path.with_extension("new");
    std::fs::write(&temporary, text).with_context(|| format!("writing {}", path.display()))?;
    std::fs::rename(&temporary, path).with_context(|| format!("writing {}", path.display()))
}

/// The reporting currency that the lake was cleaned with.
fn currency(snapshot: &Snapshot) -> Result<Currency> {
    snapshot.currency.ok_or_else(|| {
        Stop::error(Exit::Missing, "the lake was cleaned by an earlier release", "`portolan run` cleans it again")
    })
}
