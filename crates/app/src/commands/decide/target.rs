//! `portolan decide target`: a target as a number that can be checked, from today's figure in the lake.

use crate::cli::{self, TargetMetric};
use crate::commands::Opened;
use crate::exit::{Exit, Stop};
use crate::output;
use crate::pipeline::rows::Rows;
use anyhow::Result;
use decide::target::{Goal, Kpi, PowerParams};
use serde_json::json;

/// Days before the last order that today's figure comes from.
const DAYS: i32 = 90;
/// Units that a figure of one's own data needs.
const LEAST: f64 = 30.0;

/// Today's figure.
struct Today {
    /// A share, or a mean with its standard deviation.
    kpi: Kpi,
    /// Units in the window.
    n: f64,
    /// What a unit is.
    unit: &'static str,
    query: String,
}

pub(super) async fn target(opened: &Opened, args: &cli::Target) -> Result<()> {
    let usage = |what: String, next: &str| Stop::error(Exit::Usage, what, next.to_owned());
    if !(args.lift != 0.0 && args.lift > -100.0 && args.lift < 10_000.0) {
        return Err(usage(format!("--lift {}", args.lift), "per cent of today's figure, other than 0 and above -100"));
    }
    let today = today(opened, args).await?;
    let known = |kpi: Kpi| match kpi {
        Kpi::Share { now } | Kpi::Mean { now, .. } => now,
    };
    let thin = today.n < LEAST;
    let kpi = match (args.baseline, today.kpi) {
        (None, _) if thin => {
            let place = args.market.get().map_or_else(String::new, |m| format!(" of {m}"));
            return Err(Stop::error(
                Exit::Missing,
                format!("{} {}{place} in {DAYS} days, {LEAST} are needed for today's figure", today.n, today.unit),
                "--baseline and --units-a-day state them; without --market all markets count",
            ));
        }
        (None, kpi) => kpi,
        (Some(now), Kpi::Share { .. }) if now > 0.0 && now < 1.0 => Kpi::Share { now },
        (Some(now), Kpi::Share { .. }) => {
            return Err(usage(format!("--baseline {now}"), "a share between 0 and 1, such as 0.03"));
        }
        (Some(now), Kpi::Mean { sd, .. }) if now > 0.0 && sd > 0.0 => Kpi::Mean { now, sd },
        (Some(now), Kpi::Mean { .. }) => {
            return Err(usage(
                format!("--baseline {now}"),
                "an amount above 0, with orders in the lake that say how much it varies",
            ));
        }
    };
    let now = known(kpi);
    let units_a_day = match args.units_a_day {
        Some(n) if n > 0.0 && n.is_finite() => n,
        Some(n) => return Err(usage(format!("--units-a-day {n}"), "a number above 0")),
        None if today.n > 0.0 => today.n / f64::from(DAYS),
        None => {
            return Err(usage(
                format!("there are no {} in the lake", today.unit),
                "--units-a-day states how many come in a day",
            ));
        }
    };
    let goal = Goal {
        name: name(args.metric).to_owned(),
        kpi,
        target: now * (1.0 + args.lift / 100.0),
        units_a_day,
        longest: args.days,
    };
    let params = PowerParams { alpha: args.alpha, power: args.power, ..PowerParams::default() };
    let check =
        goal.check(&params).map_err(|e| usage(e.to_string(), "another --lift, --baseline, --alpha or --power"))?;
    let said = check.said(&goal);
    let sd = match kpi {
        Kpi::Share { .. } => None,
        Kpi::Mean { sd, .. } => Some(sd),
    };
    if args.json {
        let source = if args.baseline.is_some() { "--baseline" } else { today.query.as_str() };
        return output::json(&json!({
            "metric": goal.name, "market": args.market.get(), "unit": today.unit, "baseline": now, "sd": sd, "n_baseline": today.n,
            "source": source, "lift_percent": args.lift, "target": goal.target, "units_a_day": units_a_day, "alpha": args.alpha,
            "power": args.power, "n_control": check.n_control, "n_treated": check.n_treated, "days": check.days,
            "longest_days": args.days, "in_time": check.in_time, "smallest_change_in_time": check.smallest, "said": said,
        }));
    }
    let show = |x: f64| if sd.is_some() { format!("{x:.2}") } else { format!("{:.2} %", 100.0 * x) };
    let rows = [
        ("today", show(now)),
        ("target", show(goal.target)),
        ("a day", format!("{units_a_day:.1} {}", today.unit)),
        ("in each arm", format!("{:.0} {}", check.n_control, today.unit)),
        ("days, whole weeks", check.days.to_string()),
        ("within the time asked", if check.in_time { "yes" } else { "no" }.to_owned()),
        ("smallest change that time shows", check.smallest.map_or_else(|| "none".to_owned(), show)),
    ];
    output::table(
        &["target", goal.name.as_str()],
        &[1],
        rows.into_iter().map(|(a, b)| vec![a.to_owned(), b]).collect(),
    );
    output::line(&said.en);
    Ok(())
}

const fn name(metric: TargetMetric) -> &'static str {
    match metric {
        TargetMetric::Conversion => "conversion",
        TargetMetric::Repeat => "repeat rate",
        TargetMetric::Returns => "return rate",
        TargetMetric::Basket => "order value",
    }
}

/// Today's figure over the last days with orders.
async fn today(opened: &Opened, args: &cli::Target) -> Result<Today> {
    let here = |column: &str| args.market.get().map_or_else(String::new, |m| format!(" and {column} = '{m}'"));
    let last = "(select max(day) from clean.orders where kind = 'sale')";
    let recent = format!("kind = 'sale' and gross > 0 and day > {last} - interval '{DAYS} days'{}", here("market"));
    let share = |hits: f64, n: f64| Kpi::Share { now: if n > 0.0 { hits / n } else { 0.0 } };
    let (unit, query) = match args.metric {
        TargetMetric::Basket => (
            "orders",
            format!(
                "select count(*) as n, avg(cast(gross as double)) as mean, stddev(cast(gross as double)) as sd from clean.orders where {recent}"
            ),
        ),
        TargetMetric::Returns => (
            "orders",
            format!(
                "select count(*) as n, coalesce(sum(case when reversed < 0 then 1.0 else 0.0 end), 0.0) as hits from clean.orders where {recent}"
            ),
        ),
        // Who first bought in those days has had no time for a second order: everybody counts who did so before.
        TargetMetric::Repeat => (
            "new shoppers",
            format!(
                "select count(*) as n, coalesce(sum(case when n_orders > 1 then 1.0 else 0.0 end), 0.0) as hits, \
                 coalesce(sum(case when first_day > last_day - interval '{DAYS} days' then 1 else 0 end), 0) as fresh \
                 from (select shopper_id, count(*) as n_orders, min(day) as first_day from clean.orders \
                 where kind = 'sale' and gross > 0 and shopper_id is not null{} group by shopper_id) s \
                 cross join (select max(day) as last_day from clean.orders where kind = 'sale') l",
                here("market")
            ),
        ),
        TargetMetric::Conversion => (
            "visitors",
            format!(
                "select count(*) as n, coalesce(sum(bought), 0.0) as hits from (select coalesce(shopper_id, anonymous_id) as who, \
                 max(case when order_id is not null then 1.0 else 0.0 end) as bought from clean.events \
                 where coalesce(shopper_id, anonymous_id) is not null and occurred_at > \
                 (select max(occurred_at) from clean.events) - interval '{DAYS} days'{} group by coalesce(shopper_id, anonymous_id)) v",
                here("market")
            ),
        ),
    };
    let rows = Rows::query(&opened.engine, &query).await?;
    let one = |name: &str| Ok::<_, anyhow::Error>(rows.floats(name)?.first().copied().flatten().unwrap_or(0.0));
    let n = one("n")?;
    let (kpi, n) = match args.metric {
        TargetMetric::Basket => (Kpi::Mean { now: one("mean")?, sd: one("sd")? }, n),
        TargetMetric::Repeat => (share(one("hits")?, n), one("fresh")?),
        TargetMetric::Returns | TargetMetric::Conversion => (share(one("hits")?, n), n),
    };
    if args.metric == TargetMetric::Conversion && n == 0.0 && (args.baseline.is_none() || args.units_a_day.is_none()) {
        return Err(Stop::error(
            Exit::Missing,
            "there are no events of visitors in the lake",
            "`portolan serve` takes them in, `portolan ingest` reads exports; or state --baseline and --units-a-day",
        ));
    }
    Ok(Today { kpi, n, unit, query })
}
