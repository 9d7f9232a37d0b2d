//! `portolan decide coupons`: who gets the market's code under a budget, with a group that gets none, and the codes.
//!
//! The list is that of `marts.coupons`. How many of those who would not have come do come because of a code nobody has measured;
//! `--lift` states it, and shoppers are chosen as if it were so ([`decide::promotion::coupons::plan`]): the budget holds with 95 %. The
//! group without a code is what tells afterwards.

use super::objects;
use crate::commands::Opened;
use crate::exit::{Exit, Stop};
use crate::{cli, output, segments};
use anyhow::{Context, Result};
use decide::promotion::coupons::{Candidate, Hold, codes, plan};
use domain::{Currency, Decimal, Money, Rounding, Seed, ShopperId};
use serde_json::{Value, json};

/// Chance with which the budget holds.
const HOLD: f64 = 0.95;

pub(super) async fn coupons(opened: &Opened, args: &cli::Coupons) -> Result<()> {
    let market = args.market;
    let share = |x: f64, option: &str| {
        if (0.0..1.0).contains(&x) {
            return Ok(());
        }
        Err(Stop::error(Exit::Usage, format!("{option} {x}"), "a share from 0 to below 1, such as 0.05"))
    };
    share(args.lift, "--lift")?;
    share(args.control, "--control")?;
    let currency = opened.snapshot.currency.context("a lake that was decided on has a reporting currency")?;
    let Some(budget) = amount(args.budget, currency).filter(|m| m.minor > 0) else {
        return Err(Stop::error(
            Exit::Usage,
            format!("--budget {}", args.budget),
            format!("an amount above 0, in {currency}"),
        ));
    };
    let sql = format!(
        "select shopper_id, anyway, order_value, margin, value, needed from marts.coupons where market = '{market}' order by rank"
    );
    let rows = objects(opened, &sql).await?;
    if rows.is_empty() {
        let code = format!("select en from marts.promotions where market = '{market}' and kind = 'code'");
        let why = objects(opened, &code).await?.first().map(|r| text(r, "en")).unwrap_or_default();
        return Err(Stop::error(
            Exit::Missing,
            format!("for nobody in {market} a code can pay{}{why}", if why.is_empty() { "" } else { ": " }),
            format!(
                "`portolan decide promote {market} --all` says what the code could be; costs and orders of shoppers are needed"
            ),
        ));
    }
    let candidates: Vec<Candidate> = rows.iter().filter_map(|r| candidate(r, args.lift, currency)).collect();
    let chosen = plan(&candidates, budget, Hold::Chance(HOLD))?;
    // Who is kept without a code is drawn, not picked: anything else would be a difference before the test.
    let mut rng = Seed(args.seed).stream(0);
    let picked: Vec<(&Candidate, bool)> =
        chosen.chosen.iter().map(|&i| (&candidates[i], rng.uniform() < args.control)).collect();
    let (with, without) = (picked.iter().filter(|p| !p.1).count(), picked.iter().filter(|p| p.1).count());
    let major = |minor: f64| minor / 10_f64.powi(currency.exponent() as i32);
    if let Some(out) = &args.out {
        std::fs::write(out, file(&picked)?).with_context(|| format!("writing {}", out.display()))?;
    }
    if args.json {
        return output::json(&json!({
            "market": market, "currency": currency.to_string(), "lift_assumed": args.lift, "can_pay": rows.len(),
            "with_code": with, "without_code": without, "not_worth": chosen.n_not_worth, "over_budget": chosen.n_over_budget,
            "expected_cost": major(chosen.expected_cost), "held_cost": major(chosen.held_cost), "budget": args.budget,
            "expected_gain": major(chosen.expected_gain),
            "shown": picked.iter().take(args.n).map(|(c, kept)| json!({
                "shopper_id": c.shopper.as_str(), "value": major(c.value.minor as f64), "redeemed": c.redeemed,
                "group": group(*kept),
            })).collect::<Vec<_>>(),
        }));
    }
    let cells = picked.iter().take(args.n).map(|(c, kept)| {
        let adds = major(c.adds - c.redeemed * c.value.minor as f64);
        let group = group(*kept).to_owned();
        vec![
            c.shopper.to_string(),
            c.value.to_string(),
            format!("{:.0} %", 100.0 * c.redeemed),
            format!("{adds:.2}"),
            group,
        ]
    });
    output::table(&["shopper", "takes off up to", "redeemed by", "adds", "group"], &[1, 2, 3], cells.collect());
    output::line(&format!(
        "{with} shoppers get a code and {without} of the same kind none; cost {:.2} expected, within {:.2} with {:.0} %, of {budget}",
        major(chosen.expected_cost),
        major(chosen.held_cost),
        100.0 * HOLD
    ));
    output::line(&format!(
        "if {:.0} of 100 who would not have come do because of it, it adds {:.2} {currency}; {} shoppers would cost more than they add, {} are over the budget",
        100.0 * args.lift,
        major(chosen.expected_gain),
        chosen.n_not_worth,
        chosen.n_over_budget
    ));
    match &args.out {
        Some(out) => {
            output::hint(&format!("{}: shopper, group, code, value; the codes are drawn anew each time", out.display()))
        }
        None => output::hint(
            "--out codes.csv writes the list with one code each; nobody has measured the lift: compare both groups afterwards",
        ),
    }
    Ok(())
}

fn text(row: &Value, key: &str) -> String {
    row[key].as_str().unwrap_or_default().to_owned()
}

fn amount(major: f64, currency: Currency) -> Option<Money> {
    Money::from_decimal(Decimal::try_from(major).ok()?, currency, Rounding::HalfEven).ok()
}

fn group(without: bool) -> &'static str {
    if without { "no code" } else { "code" }
}

/// Of those who would not have come the stated part comes; whoever orders takes the code.
fn candidate(row: &Value, lift: f64, currency: Currency) -> Option<Candidate> {
    let number = |key: &str| row[key].as_f64();
    let (anyway, margin, value) = (number("anyway")?, number("margin")?, amount(number("value")?, currency)?);
    if value.minor <= 0 {
        return None;
    }
    let more = lift * (1.0 - anyway);
    let adds = more * margin * 10_f64.powi(currency.exponent() as i32);
    Some(Candidate {
        shopper: ShopperId::new(text(row, "shopper_id")),
        value,
        redeemed: (anyway + more).min(1.0),
        adds,
    })
}

/// The list with codes from the system's randomness: a code must not be guessed from a seed.
fn file(picked: &[(&Candidate, bool)]) -> Result<String> {
    let mut drawn = codes(&random(picked.len())?);
    while drawn.is_err() {
        // Two equal codes among so many: one draw in millions.
        drawn = codes(&random(picked.len())?);
    }
    let mut out = "shopper_id,group,code,value,currency\n".to_owned();
    for ((c, without), code) in picked.iter().zip(drawn?) {
        let code = if *without { String::new() } else { code };
        let id = segments::csv_cell(c.shopper.as_str());
        out.push_str(&format!("{id},{},{code},{},{}\n", group(*without), c.value.to_decimal(), c.value.currency));
    }
    Ok(out)
}

fn random(n: usize) -> Result<Vec<u64>> {
    let mut bytes = vec![0_u8; 8 * n];
    getrandom::fill(&mut bytes).map_err(|e| anyhow::anyhow!("the system gives no randomness: {e}"))?;
    Ok(bytes.chunks_exact(8).map(|c| c.iter().fold(0_u64, |x, b| x << 8 | u64::from(*b))).collect())
}
