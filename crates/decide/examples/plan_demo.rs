//! Writes the plans of an invented gift shop, to look at the pages:
//! `cargo run --release -p decide --example plan_demo -- DIR`.

#[path = "../tests/fixture/mod.rs"]
mod fixture;

use decide::plan::{Lang, LaunchPlan, Minimums, OverviewRow, overview_html};
use std::fs;
use std::path::PathBuf;

fn main() -> std::io::Result<()> {
    let folder = PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| "plans".to_owned()));
    fs::create_dir_all(&folder)?;
    let plans = [fixture::germany(), fixture::thin()].map(|e| LaunchPlan::build(&e, Minimums::default()));
    for lang in Lang::ALL {
        for plan in &plans {
            fs::write(folder.join(format!("{}.{}.html", plan.market, lang.code())), plan.html(lang))?;
        }
        let names = plans.each_ref().map(|plan| format!("{}.{}.html", plan.market, lang.code()));
        let rows: Vec<OverviewRow<'_>> =
            plans.iter().zip(&names).map(|(plan, href)| OverviewRow { plan, href }).collect();
        fs::write(folder.join(format!("index.{}.html", lang.code())), overview_html(&rows, lang))?;
    }
    for (i, name) in fixture::hostile().iter().enumerate() {
        let plan = LaunchPlan::build(&fixture::named(name), Minimums::default());
        fs::write(folder.join(format!("awkward{i}.html")), plan.html(Lang::En))?;
    }
    for plan in &plans {
        fs::write(folder.join(format!("{}.json", plan.market)), plan.json())?;
    }
    Ok(())
}
