//! `portolan decide posts`: what to post about the occasions ahead of a market, when and where, and whether a text fits there.

use super::{Opened, none};
use crate::exit::{Exit, Stop};
use crate::pipeline::rows::Rows;
use crate::{cli, output};
use anyhow::Result;
use decide::Said;
use decide::calendar::{PostFormat, PostedOccasion, posts as planned};
use domain::Day;
use serde_json::{Value, json};

pub(super) async fn posts(opened: &Opened, args: &cli::Posts) -> Result<()> {
    let market = args.market;
    let formats: Vec<PostFormat> = PostFormat::built_in().into_iter().filter(|f| f.is_of(market)).collect();
    if args.text.is_some() || args.title.is_some() {
        return check(&formats, args);
    }
    let sql = format!(
        "select day, event, zh, order_by, lift from marts.calendar where market = '{market}' and kind <> 'pay_day' order by day, event"
    );
    let rows = Rows::query(&opened.engine, &sql).await?;
    let (days, en, zh) = (rows.days("day")?, rows.texts("event")?, rows.texts("zh")?);
    let order_by = rows.optional_days("order_by")?;
    if days.is_empty() {
        return Err(none(market, "no calendar"));
    }
    let last = "select max(day) as day from clean.order_lines where settled";
    let last = Rows::query(&opened.engine, last).await?.optional_days("day")?.into_iter().flatten().next();
    let today = last.map_or(Day(0), |d| d.plus(1));
    let occasions: Vec<PostedOccasion> = (0..days.len())
        .map(|i| PostedOccasion { name: Said::new(en[i].clone(), zh[i].clone()), day: days[i], order_by: order_by[i] })
        .collect();
    let made = planned(market, today, &occasions, &formats);
    if args.json {
        let rows: Vec<Value> = made
            .iter()
            .map(|p| json!({"day": p.day, "platform": p.platform, "kind": p.kind.name(), "occasion": p.occasion}))
            .collect();
        let limits: Vec<Value> = formats.iter().map(limits).collect();
        return output::json(
            &json!({"market": market, "today": today, "posts": rows, "formats": limits, "verify": true}),
        );
    }
    let cells = made
        .iter()
        .take(args.n)
        .map(|p| vec![p.day.to_string(), p.platform.clone(), p.kind.name().to_owned(), p.occasion.en.clone()]);
    output::table(&["day", "platform", "post", "about"], &[], cells.collect());
    let cells = formats.iter().map(|f| {
        let title = if f.title == 0 { "none".to_owned() } else { f.title.to_string() };
        vec![
            f.platform.clone(),
            title,
            f.caption.to_string(),
            f.hashtags.to_string(),
            f.ratio.clone(),
            f.seconds.to_string(),
        ]
    });
    output::table(
        &["platform", "title at most", "text at most", "hashtags", "picture", "clip, seconds"],
        &[1, 2, 3, 5],
        cells.collect(),
    );
    output::line(&format!("{} posts from {today} on; limits are general knowledge: verify", made.len()));
    output::hint("--title and --text say on which of these platforms a draft fits");
    Ok(())
}

fn limits(f: &PostFormat) -> Value {
    json!({"platform": f.platform, "title": f.title, "text": f.caption, "hashtags": f.hashtags, "ratio": f.ratio, "seconds": f.seconds})
}

fn check(formats: &[PostFormat], args: &cli::Posts) -> Result<()> {
    let (title, text) = (args.title.clone().unwrap_or_default(), args.text.clone().unwrap_or_default());
    let found: Vec<(String, Vec<String>)> = formats
        .iter()
        .map(|f| {
            let said = |m: &decide::calendar::Misfit| format!("{} has {}, at most {}", m.what, m.has, m.most);
            (f.platform.clone(), f.misfits(&title, &text).iter().map(said).collect())
        })
        .collect();
    let wrong = found.iter().filter(|f| !f.1.is_empty()).count();
    if args.json {
        let rows: Vec<Value> =
            found.iter().map(|(p, why)| json!({"platform": p, "fits": why.is_empty(), "why": why})).collect();
        output::json(&json!({"market": args.market, "platforms": rows, "verify": true}))?;
    } else {
        let cells = found
            .iter()
            .map(|(p, why)| vec![p.clone(), if why.is_empty() { "fits".to_owned() } else { why.join("; ") }]);
        output::table(&["platform", "the draft"], &[], cells.collect());
    }
    if wrong == found.len() {
        return Err(Stop::error(Exit::BadInput, "the draft fits none of the platforms", "shorten it as the list says"));
    }
    Ok(())
}
