//! The tables of the stage `outlook`.

use super::facts::Facts;
use crate::pipeline::Tables;
use crate::pipeline::batch::Columns;
use crate::pipeline::figure_rows::figure_rows;
use anyhow::Result;
use audience::predict::{NextOrder, Predictor, ShopperPrediction, Shortlist};
use audience::value::{Basis, ShopperValue, TraitChoice, Valuation, ValueRow};
use domain::{Amount, Currency, Day, Figure, Language, Market, ShopperId};
use serde_json::json;
use std::collections::BTreeMap;

/// Days beyond which an expected order has no day.
const FAR: f64 = 3650.0;

#[expect(clippy::too_many_arguments, reason = "what the stage found, each used once")]
pub(super) fn all(
    facts: &Facts,
    values: Option<&Valuation>,
    traits: Option<&TraitChoice>,
    risks: &[ShopperPrediction],
    next: &BTreeMap<ShopperId, NextOrder>,
    predictors: &[&Predictor],
    lists: &[(Market, Shortlist)],
    local: &BTreeMap<Market, (Currency, f64)>,
) -> Result<Tables> {
    let value: BTreeMap<&ShopperId, &ShopperValue> =
        values.map(|v| v.shoppers().iter().map(|s| (&s.shopper, s)).collect()).unwrap_or_default();
    let risk: BTreeMap<&ShopperId, &ShopperPrediction> = risks.iter().map(|r| (&r.shopper, r)).collect();
    let ids: Vec<&ShopperId> = facts.values.iter().map(|row| &row.shopper).collect();
    let of_value = |f: &dyn Fn(&ShopperValue) -> Option<f64>| -> Vec<Option<f64>> {
        ids.iter().map(|id| value.get(id).and_then(|v| f(v))).collect()
    };
    let of_local = |f: &dyn Fn(&ShopperValue) -> Option<Amount>| -> Vec<Option<f64>> {
        let one = |row: &ValueRow| Some(f(value.get(&row.shopper)?)?.to_f64() * local.get(&row.market)?.1);
        facts.values.iter().map(one).collect()
    };
    let of_risk = |f: &dyn Fn(&ShopperPrediction) -> f64| -> Vec<Option<f64>> {
        ids.iter().map(|id| risk.get(id).map(|r| f(r))).collect()
    };
    let day = |days: f64| (days.is_finite() && days < FAR).then(|| facts.cutoff.plus(days.round() as i32));
    let of_next = |f: &dyn Fn(&NextOrder) -> Option<Day>| -> Vec<Option<Day>> {
        ids.iter().map(|id| next.get(id).and_then(f)).collect()
    };
    let reasons = |r: &ShopperPrediction| {
        let text = |language| r.reasons.iter().map(|x| x.text(language)).collect::<Vec<_>>();
        json!({"en": text(Language::EN), "zh": text(Language::ZH)}).to_string()
    };
    let outlook = Columns::default()
        .text("shopper_id", ids.iter().map(|id| id.as_str()))
        .text("market", facts.values.iter().map(|row| row.market.code().to_owned()))
        .optional_float("p_alive", of_value(&|v| Some(v.p_alive)))
        .optional_float("expected_orders", of_value(&|v| Some(v.orders)))
        .optional_float("orders_low", of_value(&|v| Some(v.orders_interval.low)))
        .optional_float("orders_high", of_value(&|v| Some(v.orders_interval.high)))
        .optional_float("expected_revenue", of_value(&|v| v.revenue.map(|a| a.to_f64())))
        .optional_float("expected_margin", of_value(&|v| v.margin.map(|a| a.to_f64())))
        .optional_float("lifetime_value", of_value(&|v| v.clv.map(|a| a.to_f64())))
        .optional_text(
            "currency",
            facts.values.iter().map(|row| local.get(&row.market).map(|(currency, _)| currency.code().to_owned())),
        )
        .optional_float("local_revenue", of_local(&|v| v.revenue))
        .optional_float("local_margin", of_local(&|v| v.margin))
        .optional_float("local_value", of_local(&|v| v.clv))
        .optional_text("value_basis", ids.iter().map(|id| value.get(id).map(|v| basis(v.basis))))
        .optional_float("pace", ids.iter().map(|id| traits.and_then(|t| t.pace.get(id)).copied()))
        .optional_float("churn_risk", of_risk(&|r| r.probability))
        .optional_float("churn_low", of_risk(&|r| r.interval.low))
        .optional_float("churn_high", of_risk(&|r| r.interval.high))
        .optional_text("churn_reasons", ids.iter().map(|id| risk.get(id).map(|r| reasons(r))))
        .optional_day("next_order", of_next(&|n| day(n.days)))
        .optional_day("next_order_from", of_next(&|n| day(n.interval.low)))
        .optional_day("next_order_to", of_next(&|n| day(n.interval.high)))
        .batch()?;
    Ok(vec![
        ("shopper_outlook", vec![outlook]),
        ("market_outlook", vec![figure_rows(&market_figures(values, traits, predictors, risks))?]),
        ("predictors", vec![predictor_rows(predictors)?]),
        ("calibration", vec![calibration(predictors)?]),
        ("shortlist", vec![shortlist(lists)?]),
        ("value_traits", vec![value_traits(traits)?]),
    ])
}

/// What a value rests on, as tables write it.
pub(super) const fn basis(basis: Basis) -> &'static str {
    match basis {
        Basis::Own => "own",
        Basis::Pooled => "pooled",
        Basis::Fallback => "fallback",
    }
}

fn market_figures(
    values: Option<&Valuation>,
    traits: Option<&TraitChoice>,
    predictors: &[&Predictor],
    risks: &[ShopperPrediction],
) -> Vec<(Market, Figure)> {
    let mut figures: Vec<(Market, Figure)> = Vec::new();
    for m in values.map(Valuation::markets).unwrap_or_default() {
        let all =
            [&m.orders, &m.revenue, &m.margin, &m.clv_mean, &m.share_alive, &m.newcomer_orders, &m.newcomer_revenue];
        figures.extend(all.into_iter().map(|f| (m.market, f.clone())));
    }
    let tried = traits.into_iter().flat_map(|t| [&t.validation, &t.test]);
    figures.extend(tried.map(|figure| (Market::UNKNOWN, figure.clone())));
    if let Some(churn) = predictors.first() {
        let markets: std::collections::BTreeSet<Market> = risks.iter().filter_map(|r| r.market).collect();
        figures.extend(markets.into_iter().map(|market| (market, churn.market(market, risks))));
    }
    figures.sort_by(|a, b| (a.0, &a.1.key).cmp(&(b.0, &b.1.key)));
    figures
}

fn value_traits(traits: Option<&TraitChoice>) -> Result<arrow::array::RecordBatch> {
    let rows: Vec<_> = traits.into_iter().flat_map(|t| t.effects.iter().map(move |e| (t.used, e))).collect();
    let end = |e: &audience::value::Effect, high: bool| e.interval.map(|i| if high { i.high } else { i.low }.exp());
    Columns::default()
        .text("kind", rows.iter().map(|(_, e)| e.kind))
        .text("value", rows.iter().map(|(_, e)| e.value.as_str()))
        .text("against", rows.iter().map(|(_, e)| e.against.as_str()))
        .float("factor", rows.iter().map(|(_, e)| e.effect.value.exp()))
        .optional_float("low", rows.iter().map(|(_, e)| end(&e.effect, false)))
        .optional_float("high", rows.iter().map(|(_, e)| end(&e.effect, true)))
        .int("n_shoppers", rows.iter().map(|(_, e)| e.n as i64))
        .truth("used", rows.iter().map(|(used, _)| *used))
        .batch()
}

fn name(predictor: &Predictor) -> String {
    predictor.target().label(Language::EN)
}

fn predictor_rows(predictors: &[&Predictor]) -> Result<arrow::array::RecordBatch> {
    let rows: Vec<(&Predictor, Figure)> =
        predictors.iter().flat_map(|p| p.quality().figures().into_iter().map(|f| (*p, f))).collect();
    Columns::default()
        .text("target", rows.iter().map(|(p, _)| name(p)))
        .text("model", rows.iter().map(|(p, _)| p.chosen().setting.kind().name()))
        .text("metric", rows.iter().map(|(_, f)| f.key.as_str()))
        .optional_float("value", rows.iter().map(|(_, f)| f.as_f64()))
        .optional_float("low", rows.iter().map(|(_, f)| f.interval.map(|i| i.low)))
        .optional_float("high", rows.iter().map(|(_, f)| f.interval.map(|i| i.high)))
        .int("n", rows.iter().map(|(_, f)| i64::try_from(f.n).unwrap_or(i64::MAX)))
        .day("from_day", rows.iter().map(|(p, _)| p.periods().test))
        .day("to_day", rows.iter().map(|(p, _)| p.periods().test.plus(p.target().horizon_days())))
        .batch()
}

fn calibration(predictors: &[&Predictor]) -> Result<arrow::array::RecordBatch> {
    let rows: Vec<_> = predictors
        .iter()
        .flat_map(|p| {
            p.quality().bins().iter().zip(0_i64..).filter(|(bin, _)| bin.n > 0).map(|(bin, at)| (*p, at, bin))
        })
        .collect();
    Columns::default()
        .text("target", rows.iter().map(|(p, _, _)| name(p)))
        .int("bin", rows.iter().map(|(_, at, _)| *at))
        .float("promised", rows.iter().map(|(_, _, bin)| bin.mean_predicted))
        .float("happened", rows.iter().map(|(_, _, bin)| bin.n_ones as f64 / bin.n as f64))
        .int("n", rows.iter().map(|(_, _, bin)| i64::try_from(bin.n).unwrap_or(i64::MAX)))
        .batch()
}

fn shortlist(lists: &[(Market, Shortlist)]) -> Result<arrow::array::RecordBatch> {
    let rows: Vec<_> =
        lists.iter().flat_map(|(market, list)| list.rows.iter().map(move |row| (*market, row))).collect();
    Columns::default()
        .text("market", rows.iter().map(|(market, _)| market.code().to_owned()))
        .int("rank", rows.iter().map(|(_, row)| row.rank as i64))
        .text("shopper_id", rows.iter().map(|(_, row)| row.addressee.shopper.as_str()))
        .float("probability", rows.iter().map(|(_, row)| row.addressee.probability))
        .float("order_value", rows.iter().map(|(_, row)| row.addressee.order_value))
        .float("score", rows.iter().map(|(_, row)| row.score))
        .batch()
}
