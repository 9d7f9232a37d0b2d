//! `portolan plan --compare`: the markets side by side with what is decided for each, as a page and as JSON.

use super::write;
use crate::{cli, output};
use anyhow::{Context, Result};
use decide::plan::{Lang, LaunchPlan, OverviewRow, compare_html, compare_json};
use std::path::Path;

pub(super) fn compare(dir: &Path, plans: &[LaunchPlan], lang: Lang, args: &cli::Plan) -> Result<()> {
    let json = compare_json(plans);
    if args.json {
        output::line(&json);
    }
    if !args.json || args.out.is_some() {
        std::fs::create_dir_all(dir).with_context(|| format!("making {}", dir.display()))?;
        let pages: Vec<String> = plans.iter().map(|p| format!("plan-{}-{}.html", p.market, lang.code())).collect();
        let rows: Vec<OverviewRow<'_>> =
            plans.iter().zip(&pages).map(|(plan, href)| OverviewRow { plan, href }).collect();
        let page = dir.join(format!("compare-{}.html", lang.code()));
        write(&page, &compare_html(&rows, lang))?;
        write(&dir.join("compare.json"), &json)?;
        // The rows link to the plans, which have to be there.
        for (plan, href) in plans.iter().zip(&pages) {
            write(&dir.join(href), &plan.html(lang))?;
        }
        if !args.json {
            output::line(&format!("{} markets side by side: open {}", plans.len(), page.display()));
        }
    }
    Ok(())
}
