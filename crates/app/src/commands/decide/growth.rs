//! `portolan decide shift` and `portolan decide faces`: what growth channels won and cost, and what faces of a coupon did in segments,
//! as tables, and what follows. No workspace is needed.

use super::draft;
use super::results::{read, wrong};
use crate::exit::{Exit, Stop};
use crate::{cli, output};
use anyhow::Result;
use decide::budget::{CouponOption, CouponSegment, GrowthChannel, ShiftParams, ShiftPlan, coupons};
use domain::{Currency, Decimal, Money, Rounding};
use serde_json::{Value, json};
use std::process::ExitCode;

/// Steps that a budget of coupons is counted in.
const STEPS: usize = 20_000;

fn money(value: f64, currency: Currency) -> Result<Money> {
    let right = "an amount that fits the currency";
    let too =
        || Stop::error(Exit::BadInput, format!("{value} {currency} is no amount"), format!("right would be {right}"));
    let value = Decimal::try_from(value).map_err(|_| too())?;
    Money::from_decimal(value, currency, Rounding::HalfEven).map_err(|_| too())
}

/// Moves a growth budget between channels.
pub(super) fn shift(args: &cli::Shift) -> Result<ExitCode> {
    let path = args.channels.as_path();
    if let Some(error) = draft::absent("shift", path) {
        return Err(error);
    }
    let columns = ["spent", "new_shoppers", "lifetime_value", "elasticity"];
    let rows = read(path, &["channel"], &columns, &columns[..3])?;
    let channel = |(names, amounts): &(Vec<String>, Vec<f64>)| -> Result<GrowthChannel> {
        Ok(GrowthChannel {
            name: names[0].clone(),
            spend: money(amounts[0], args.currency)?,
            new_shoppers: amounts[1],
            lifetime_value: amounts[2],
            elasticity: if amounts[3] > 0.0 { amounts[3] } else { args.elasticity },
        })
    };
    let channels = rows.iter().map(channel).collect::<Result<Vec<GrowthChannel>>>()?;
    let params = ShiftParams { largest_move: args.largest_move, fewest: args.fewest };
    let plan: ShiftPlan = params.plan(&channels).map_err(wrong(path))?;
    if args.json {
        let row = |s: &decide::budget::Shift| {
            json!({"channel": s.name, "from": s.from.to_decimal(), "to": s.to.to_decimal(), "mean_cost": s.mean_cost,
                "marginal_cost": s.marginal_cost, "worth_it": s.worth_it, "too_few": s.too_few, "en": s.said().en, "zh": s.said().zh})
        };
        let channels: Vec<Value> = plan.shifts.iter().map(row).collect();
        output::json(
            &json!({"currency": args.currency, "before": plan.before, "after": plan.after, "channels": channels}),
        )?;
        return Ok(ExitCode::SUCCESS);
    }
    let row = |s: &decide::budget::Shift| {
        let told = |x: f64| if s.too_few { "too few".to_owned() } else { format!("{x:.2}") };
        let amounts = [s.from, s.to].map(|m| m.to_decimal().to_string());
        vec![
            s.name.clone(),
            amounts[0].clone(),
            amounts[1].clone(),
            told(s.mean_cost),
            told(s.marginal_cost),
            told(s.worth_it),
        ]
    };
    let header = ["channel", "now", "next", "a shopper costs", "the next one costs", "brings for 1 spent"];
    output::table(&header, &[1, 2, 3, 4, 5], plan.shifts.iter().map(row).collect());
    output::line(&format!(
        "lifetime margin of the period's new shoppers: {:.2} {} instead of {:.2}",
        plan.after, args.currency, plan.before
    ));
    output::note(&format!(
        "no channel moves by more than {:.0} % at once: the curve is only known near where it has been",
        100.0 * args.largest_move
    ));
    Ok(ExitCode::SUCCESS)
}

/// Which face of a coupon each segment gets.
pub(super) fn faces(args: &cli::Faces) -> Result<ExitCode> {
    let path = args.segments.as_path();
    if let Some(error) = draft::absent("faces", path) {
        return Err(error);
    }
    let columns = ["shoppers", "buys_anyway", "margin", "face", "buys"];
    let rows = read(path, &["segment"], &columns, &columns)?;
    let mut segments: Vec<CouponSegment> = Vec::new();
    for (names, amounts) in &rows {
        let [shoppers, buys_anyway, margin, face, buys] = amounts[..] else { continue };
        let option = CouponOption { face: money(face, args.currency)?, buys };
        match segments.iter_mut().find(|s| s.name == names[0]) {
            Some(same)
                if (same.n_shoppers as f64, same.buys_anyway, same.margin)
                    == (shoppers.round(), buys_anyway, margin) =>
            {
                same.options.push(option);
            }
            Some(other) => {
                let what = format!(
                    "{}: segment `{}` has different shoppers, buys_anyway or margin in its rows",
                    path.display(),
                    other.name
                );
                return Err(Stop::error(Exit::BadInput, what, "a row a face, everything else of a segment alike"));
            }
            None => segments.push(CouponSegment {
                name: names[0].clone(),
                n_shoppers: shoppers.round() as u64,
                buys_anyway,
                margin,
                options: vec![option],
            }),
        }
    }
    let asked = args.budget.unwrap_or_default(); // required without --draft
    let budget = money(asked, args.currency)?;
    let chosen = coupons(&segments, budget, STEPS).map_err(wrong(path))?;
    let cost: Decimal = chosen.iter().map(|c| c.cost.to_decimal()).sum();
    let added: f64 = chosen.iter().map(|c| c.added).sum();
    if args.json {
        let row = |c: &decide::budget::CouponChoice| {
            json!({"segment": c.segment, "face": c.face.map(|f| f.to_decimal()), "cost": c.cost.to_decimal(), "added": c.added,
                "extra_orders": c.extra_orders})
        };
        let segments: Vec<Value> = chosen.iter().map(row).collect();
        output::json(
            &json!({"currency": args.currency, "budget": asked, "cost": cost, "added": added, "segments": segments}),
        )?;
        return Ok(ExitCode::SUCCESS);
    }
    let row = |c: &decide::budget::CouponChoice| {
        let face = c.face.map_or("none".to_owned(), |f| f.to_decimal().to_string());
        vec![
            c.segment.clone(),
            face,
            c.cost.to_decimal().to_string(),
            format!("{:.2}", c.added),
            format!("{:.1}", c.extra_orders),
        ]
    };
    let header = ["segment", "face", "expected cost", "margin added", "orders more"];
    output::table(&header, &[1, 2, 3, 4], chosen.iter().map(row).collect());
    output::line(&format!("{added:.2} {} of margin more for {cost} of {} in codes", args.currency, asked));
    output::note("what is redeemed beyond expectation has to be stopped where codes are accepted");
    Ok(ExitCode::SUCCESS)
}
