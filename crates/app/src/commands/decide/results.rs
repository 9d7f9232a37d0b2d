//! `portolan decide ab` and `portolan decide campaigns`: what was tried, as a table, and what follows. No workspace is
//! needed.

use crate::commands::csv_file::CsvFile;
use crate::exit::{Exit, Stop};
use crate::{cli, output};
use anyhow::Result;
use decide::SpendError;
use decide::budget::{Campaign, CampaignParams};
use decide::target::{Comparison, ComparisonParams, Difference, Told, Unit};
use domain::{Interval, Seed};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

/// Rows of a table: columns of names, which have to be there and filled, and of amounts, of which those in `must` have to be
/// there; an empty amount is 0.
pub(super) fn read(
    path: &Path,
    names: &[&str],
    amounts: &[&str],
    must: &[&str],
) -> Result<Vec<(Vec<String>, Vec<f64>)>> {
    let file = CsvFile::read(path)?;
    let names = names.iter().map(|name| file.needed(&[name])).collect::<Result<Vec<usize>>>()?;
    must.iter().try_for_each(|name| file.needed(&[name]).map(|_| ()))?;
    let amounts: Vec<(Option<usize>, bool)> = amounts.iter().map(|a| (file.column(&[a]), *a == "margin")).collect();
    let row = |(line, cells): (u64, &[String])| {
        let texts = names.iter().map(|at| match cells[*at].as_str() {
            "" => Err(file.wrong(line, *at, "", "a name")),
            name => Ok(name.to_owned()),
        });
        let values = amounts.iter().map(|(at, signed)| {
            let Some((at, text)) = at.map(|at| (at, cells[at].as_str())).filter(|(_, text)| !text.is_empty()) else {
                return Ok(0.0);
            };
            let value = text.parse::<f64>().ok().filter(|v| v.is_finite() && (*v >= 0.0 || *signed));
            value.ok_or_else(|| file.wrong(line, at, text, if *signed { "a number" } else { "a number, 0 or more" }))
        });
        Ok((texts.collect::<Result<_>>()?, values.collect::<Result<_>>()?))
    };
    file.records().map(row).collect()
}

pub(super) fn wrong(path: &Path) -> impl Fn(SpendError) -> anyhow::Error + '_ {
    move |e| {
        let exit = if matches!(e, SpendError::Param { .. }) { Exit::Usage } else { Exit::BadInput };
        Stop::error(exit, format!("{}: {e}", path.display()), "docs/decide.md says what results have to hold")
    }
}

fn interval(i: &Interval) -> Value {
    json!({"low": i.low, "high": i.high, "level": i.level})
}

pub(super) fn ab(args: &cli::Ab) -> Result<ExitCode> {
    let path = args.results.as_path();
    let columns = ["shown", "clicks", "orders", "margin", "cost"];
    let rows = read(path, &["shopper", "arm"], &columns, &[])?;
    let mut shoppers: BTreeMap<&str, BTreeMap<&str, Unit>> = BTreeMap::new();
    for (names, amounts) in &rows {
        let unit = shoppers.entry(&names[0]).or_default().entry(&names[1]).or_default();
        unit.shown += amounts[0];
        unit.clicks += amounts[1];
        unit.orders += amounts[2];
        unit.margin += amounts[3];
        unit.cost += amounts[4];
    }
    let mut arms: BTreeMap<&str, Vec<Unit>> = BTreeMap::new();
    let mut dealt_twice = 0;
    for of in shoppers.values() {
        if of.len() > 1 {
            dealt_twice += 1;
        }
        for (arm, unit) in of {
            let arm = arms.entry(arm).or_default();
            if of.len() == 1 {
                arm.push(*unit);
            }
        }
    }
    let stop = |what: String, next: &str| Stop::error(Exit::BadInput, what, next.to_owned());
    let names: Vec<&str> = arms.keys().copied().collect();
    let [first, second] = names[..] else {
        return Err(stop(
            format!("{}: {} arms, two are compared", path.display(), names.len()),
            "leave out rows of others",
        ));
    };
    let is_old = |name: &&str| match &args.control {
        Some(control) => **name == *control,
        None => ["control", "old", "a"].contains(&name.to_lowercase().as_str()),
    };
    let control = [first, second].into_iter().find(is_old).ok_or_else(|| {
        let known = format!("--control {first} or --control {second} says which is the old way");
        stop(format!("{}: which of `{first}` and `{second}` is the old way?", path.display()), &known)
    })?;
    let treated = if control == first { second } else { first };
    let params = ComparisonParams { level: args.level, share: args.share, ..ComparisonParams::default() };
    let done = params.compare(&arms[control], &arms[treated]).map_err(wrong(path))?;
    if args.json {
        output::json(&ab_json(&done, control, treated, dealt_twice))?;
    } else {
        tell_ab(&done, control, treated, dealt_twice);
    }
    Ok(ExitCode::SUCCESS)
}

fn ab_json(done: &Comparison, control: &str, treated: &str, dealt_twice: usize) -> Value {
    let told = |told: Told| match told {
        Told::Better => "better",
        Told::Worse => "worse",
        Told::Open => "open",
    };
    let found = |d: &Difference| {
        json!({"control": d.control, "treated": d.treated, "difference": d.difference, "interval": interval(&d.interval),
            "lift": d.lift.map(|l| l.0), "lift_interval": d.lift.map(|l| interval(&l.1)), "told": told(d.told)})
    };
    let figures = done.figures.iter().map(|f| {
        let (found, why_not) = match &f.found {
            Ok(d) => (found(d), Value::Null),
            Err(why) => (Value::Null, json!(why)),
        };
        json!({"key": f.key, "name": f.name, "formula": f.formula, "found": found, "why_not": why_not})
    });
    json!({"control": control, "treated": treated, "n_control": done.n_control, "n_treated": done.n_treated,
        "dealt_twice": dealt_twice, "chance_of_the_deal": done.chance_of_the_deal, "dealt_well": done.dealt_well,
        "figures": figures.collect::<Vec<Value>>(), "said": done.said()})
}

fn tell_ab(done: &Comparison, control: &str, treated: &str, dealt_twice: usize) {
    output::line(&format!(
        "{control}: {} shoppers, {treated}: {} shoppers",
        output::count(done.n_control),
        output::count(done.n_treated)
    ));
    if dealt_twice > 0 {
        output::note(&format!("{} shoppers were in both arms and are left out", output::count(dealt_twice)));
    }
    let row = |f: &decide::target::Compared| {
        let show = |x: f64| Comparison::shown(f.key, x);
        match &f.found {
            Err(why) => vec![f.name.en.clone(), String::new(), String::new(), String::new(), why.en.clone()],
            Ok(d) => {
                let percent = |x: f64| format!("{:+.1} %", 100.0 * x);
                let lift = d.lift.map_or_else(String::new, |(lift, i)| {
                    format!("{} [{}, {}]", percent(lift), percent(i.low), percent(i.high))
                });
                let gap = format!("{} [{}, {}]", show(d.difference), show(d.interval.low), show(d.interval.high));
                vec![f.name.en.clone(), show(d.control), show(d.treated), gap, lift]
            }
        }
    };
    let level = done.figures.iter().find_map(|f| Some(f.found.as_ref().ok()?.interval.level)).unwrap_or(0.95);
    let gap = format!("difference [{:.0} %]", 100.0 * level);
    let header = ["figure", control, treated, gap.as_str(), "lift"];
    output::table(&header, &[1, 2, 3, 4], done.figures.iter().map(row).collect());
    output::line(&done.said().en);
}

pub(super) fn campaigns(args: &cli::Campaigns) -> Result<ExitCode> {
    let path = args.results.as_path();
    let columns = ["spent", "orders", "margin"];
    let rows = read(path, &["campaign"], &columns, &columns)?;
    let mut order: Vec<&str> = Vec::new();
    let mut all: BTreeMap<&str, Campaign> = BTreeMap::new();
    for (names, amounts) in &rows {
        let name = names[0].as_str();
        let campaign = all.entry(name).or_insert_with(|| {
            order.push(name);
            Campaign { name: name.to_owned(), spent: 0.0, orders: 0.0, margin: 0.0 }
        });
        campaign.spent += amounts[0];
        campaign.orders += amounts[1];
        campaign.margin += amounts[2];
    }
    let campaigns: Vec<Campaign> = order.iter().filter_map(|name| all.get(name).cloned()).collect();
    let params = CampaignParams { floor: args.floor, growth: args.growth, ..CampaignParams::default() };
    let next = params.next(&campaigns, args.budget, Seed(args.seed)).map_err(wrong(path))?;
    if args.json {
        let row = |(n, c): (&decide::budget::NextCampaign, &Campaign)| {
            json!({"campaign": n.name, "spent": c.spent, "orders": c.orders, "margin": c.margin, "next": n.spend,
                "back": n.back, "interval": interval(&n.interval), "chance_best": n.best, "chance_pays": n.pays})
        };
        output::json(
            &json!({"budget": args.budget, "campaigns": next.iter().zip(&campaigns).map(row).collect::<Vec<Value>>()}),
        )?;
        return Ok(ExitCode::SUCCESS);
    }
    let share = |x: f64| format!("{:.0} %", 100.0 * x);
    let row = |(n, c): (&decide::budget::NextCampaign, &Campaign)| {
        vec![
            n.name.clone(),
            format!("{:.2}", c.spent),
            format!("{:.0}", c.orders),
            format!("{:.2}", n.spend),
            format!("{:.2} [{:.2}, {:.2}]", n.back, n.interval.low, n.interval.high),
            share(n.best),
            share(n.pays),
        ]
    };
    let header = ["campaign", "spent", "orders", "next", "margin for 1 spent [90 %]", "the best", "pays"];
    output::table(&header, &[1, 2, 3, 4, 5, 6], next.iter().zip(&campaigns).map(row).collect());
    let given: f64 = next.iter().map(|n| n.spend).sum();
    if given < 0.995 * args.budget {
        output::note(&format!(
            "{:.2} are left: no campaign may grow further; --growth allows more",
            args.budget - given
        ));
    }
    if next.iter().all(|n| n.pays < 0.5) {
        output::note("none is likely to bring more than it costs: spending less is the better plan");
    }
    Ok(ExitCode::SUCCESS)
}
