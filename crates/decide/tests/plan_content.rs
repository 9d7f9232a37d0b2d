//! What a plan says: figures worked by hand, the minimum of data, verdicts, findings, unknowns.

mod fixture;

use decide::plan::*;
use domain::{Figure, FigureValue};
use fixture::{germany, hidden, market, thin};
use proptest::prelude::*;

fn plan(evidence: &MarketEvidence) -> LaunchPlan {
    LaunchPlan::build(evidence, Minimums::default())
}

fn near(figure: &Figure, want: f64) {
    let got = figure.as_f64().unwrap_or_else(|| panic!("{} has no number", figure.key));
    assert!((got - want).abs() < 1e-9, "{}: {got}, not {want}", figure.key);
}

/// No-break spaces as blanks, so that expected texts can be typed.
fn plain(texts: Vec<String>) -> Vec<String> {
    texts.into_iter().map(|t| t.replace('\u{a0}', " ")).collect()
}

#[test] // 22 Champions of 22 + 13 + 9 + 8 + 15 + 27 = 94 shoppers.
fn a_segments_share_of_shoppers_is_over_all_segments() {
    let champions = &plan(&germany()).segments[0];
    near(&champions.shopper_share, 22.0 / 94.0);
    assert_eq!(champions.shopper_share.key, "segment.shopper_share[champions]");
    assert_eq!(champions.shopper_share.n, 94);
}

#[test] // The twelve whole months sum to 203,125.95, mean 16,927.1625; May 2011 has 25,714.88. December 2011 is not whole.
fn the_season_compares_the_strongest_month_with_the_whole_months_only() {
    let season = plan(&germany()).season.unwrap();
    assert_eq!(season.month.to_string(), "2011-05-01");
    near(&season.peak, 25_714.88 / (203_125.95 / 12.0));
    assert_eq!(season.peak.n, 12);
}

#[test] // December 2010: 16 started; of them 16 · 62 / 100 = 9 (whole) came back a month later.
fn retention_is_the_share_of_the_cohort_that_came_back() {
    let first = &plan(&germany()).cohorts[0];
    let active = germany().cohorts.unwrap().rows[0].active[0];
    near(&first.retained[0], active as f64 / 16.0);
    assert_eq!(first.retained[0].key, "cohort.retention[2010-12+1]");
}

#[test] // April 2011 started with 4 shoppers, 10 are needed.
fn a_small_cohort_has_no_rates() {
    let april = &plan(&germany()).cohorts[4];
    assert!(april.retained.iter().all(|f| f.value == FigureValue::TooLittleData { have: 4, need: 10 }));
}

#[test] // The sixth rule was seen in 4 baskets; that 457 baskets were looked at does not help it.
fn a_bundle_stands_on_the_baskets_that_hold_both_sides() {
    let plan = plan(&germany());
    assert!(matches!(plan.bundles[4].confidence.value, FigureValue::Number(_)));
    assert_eq!(plan.bundles[5].confidence.value, FigureValue::TooLittleData { have: 4, need: 10 });
    assert_eq!(plan.bundles[5].lift.value, FigureValue::TooLittleData { have: 4, need: 10 });
}

#[test]
fn five_findings_come_in_english() {
    assert_eq!(
        plain(plan(&germany()).findings(Lang::En)),
        [
            "Germany brought £205,314 from 457 orders by 94 shoppers.",
            "Reach Champions first: 31 shoppers, each expected to be worth £1,820 (£1,490 to £2,205).",
            "Offer ROUND SNACK BOXES SET OF4 WOODLAND first: expected uptake 50.0 % (40.9 to 59.2), going by who has bought it so far.",
            "Data of the other markets helps: it changed ranking quality (nDCG@10) by +0.041 (+0.014 to +0.069) when that was decided, and by +0.035 (+0.012 to +0.059) on later orders.",
            "69.2 % (59.2 to 77.6) of shoppers ordered again, against 65.6 % (64.1 to 67.1) at home.",
        ]
    );
}

#[test]
fn five_findings_come_in_chinese() {
    let findings = plain(plan(&germany()).findings(Lang::Zh));
    assert_eq!(findings.len(), 5);
    assert_eq!(findings[0], "德国带来 £205,314 销售额，共 457 单、94 位顾客。");
    assert_eq!(findings[1], "优先触达“核心顾客”：31 位顾客，每位预期价值 £1,820（£1,490 至 £2,205）。");
}

#[test]
fn a_market_with_next_to_nothing_still_has_five_findings_and_none_shows_a_rate() {
    let findings = plain(plan(&thin()).findings(Lang::En));
    assert_eq!(findings.len(), 5, "{findings:#?}");
    assert!(findings.iter().all(|f| !f.contains('%')), "{findings:#?}");
    assert_eq!(findings[0], "The United States of America brought £3,580 from 5 orders by 4 shoppers.");
}

#[test]
fn too_few_test_shoppers_overrule_an_accepted_transfer() {
    let mut evidence = germany();
    let transfer = evidence.transfer.as_mut().unwrap();
    transfer.decided.as_mut().unwrap().n = 19;
    let plan = plan(&evidence);
    assert_eq!(plan.transfer.as_ref().unwrap().verdict, TransferVerdict::TooLittleData);
    assert_eq!(plan.stance, Stance::TestSmall);
    assert!(plan.unknowns.iter().any(|u| u.key == UnknownKey::Transfer));
}

#[test]
fn a_verdict_without_the_figure_that_carries_it_decides_nothing() {
    for verdict in [TransferVerdict::Accepted, TransferVerdict::Refused] {
        let mut evidence = germany();
        let transfer = evidence.transfer.as_mut().unwrap();
        (transfer.verdict, transfer.decided) = (verdict, None);
        assert_eq!(plan(&evidence).transfer.unwrap().verdict, TransferVerdict::TooLittleData);
    }
}

#[test]
fn too_few_shoppers_on_later_days_do_not_undo_what_was_decided() {
    let mut evidence = germany();
    evidence.transfer.as_mut().unwrap().gain.as_mut().unwrap().n = 3;
    let plan = plan(&evidence);
    assert_eq!(plan.transfer.as_ref().unwrap().verdict, TransferVerdict::Accepted);
    let said = plain(plan.findings(Lang::En)).remove(3);
    assert_eq!(
        said,
        "Data of the other markets helps: on held-out shoppers it changed ranking quality (nDCG@10) by +0.041 (+0.014 to +0.069)."
    );
    assert!(plan.html(Lang::En).contains("have too few held-out shoppers to check it"));
}

#[test]
fn a_market_that_follows_all_targets_says_so() {
    let mut evidence = germany();
    evidence.transfer.as_mut().unwrap().verdict = TransferVerdict::TooLittleData;
    let serving = evidence.serving.as_mut().unwrap();
    (serving.trained_on, serving.basis) = (TrainedOn::Pooled, ServingBasis::AllTargets);
    let plan = plan(&evidence);
    let said = plain(plan.findings(Lang::En)).remove(3);
    assert!(said.starts_with("This market has too few held-out shoppers to tell and follows all target"), "{said}");
    assert!(said.contains("by +0.059 (+0.031 to +0.089), so it is used"), "{said}");
    let page = plan.html(Lang::En);
    assert!(page.contains("trained on the orders of all markets"));
    assert!(page.contains("a policy, not evidence of this market"));
    assert!(plan.html(Lang::Zh).contains("这是一项规则，而非来自本市场的证据"));
    let json: serde_json::Value = serde_json::from_str(&plan.json()).unwrap();
    assert_eq!(json["plan"]["serving"]["basis"], "all_targets");
    assert_eq!(json["plan"]["serving"]["trained_on"], "pooled");
    assert!(json["plan"]["serving"]["why"].as_str().is_some_and(|why| !why.is_empty()));
}

#[test]
fn the_verdict_follows_shoppers_and_transfer() {
    let stance = |change: &dyn Fn(&mut MarketEvidence)| {
        let mut evidence = germany();
        change(&mut evidence);
        plan(&evidence).stance
    };
    assert_eq!(stance(&|_| {}), Stance::Ready);
    assert_eq!(stance(&|e| e.transfer.as_mut().unwrap().verdict = TransferVerdict::Refused), Stance::TestSmall);
    assert_eq!(stance(&|e| e.transfer = None), Stance::TestSmall);
    assert_eq!(stance(&|e| e.home = market("DE")), Stance::Home);
    assert_eq!(stance(&|e| e.glance.shoppers = Some(Metric::Shoppers.number(29.0, 29, "q"))), Stance::GatherData);
}

#[test]
fn what_is_brought_is_no_longer_unknown() {
    let open = |evidence: &MarketEvidence| plan(evidence).unknowns.iter().map(|u| u.key).collect::<Vec<_>>();
    let mut evidence = germany();
    evidence.decided = None;
    assert_eq!(
        open(&evidence),
        [
            UnknownKey::Margin,
            UnknownKey::CompetitorPrices,
            UnknownKey::AdSpend,
            UnknownKey::Stock,
            UnknownKey::Season,
            UnknownKey::Reviews,
            UnknownKey::Events
        ]
    );
    // A table that no figure is made from answers nothing; a figure does.
    let before = open(&evidence);
    evidence.inputs.extend([Input::Costs, Input::AdSpend, Input::Stock, Input::Events]);
    assert_eq!(open(&evidence), before);
    let unused: Vec<_> = plan(&evidence).unknowns.into_iter().filter(|u| u.have == Have::Unused).collect();
    assert_eq!(unused.len(), 5);
    assert!(unused.iter().all(|u| u.bring(Lang::En).contains("makes no figure from")));
    evidence.products[0].stock = Some(Metric::ProductStock.number(7.0, 1, "q"));
    evidence.products[0].margin = Some(Metric::ProductMargin.number(0.3, 1, "q"));
    assert!(!open(&evidence).iter().any(|key| matches!(key, UnknownKey::Stock | UnknownKey::Margin)));
    // What was decided answers too; advertising that was looked at and does not tell is said to be so.
    let mut evidence = germany();
    let decided = evidence.decided.as_mut().unwrap();
    decided.channels.iter_mut().for_each(|channel| channel.curve.clear());
    let known = [UnknownKey::Margin, UnknownKey::CompetitorPrices, UnknownKey::Stock];
    assert!(open(&evidence).iter().all(|key| !known.contains(key)), "{:?}", open(&evidence));
    let spend = plan(&evidence).unknowns.into_iter().find(|u| u.key == UnknownKey::AdSpend).unwrap();
    assert_eq!(spend.have, Have::Silent);
    for unknown in plan(&thin()).unknowns {
        assert_ne!(unknown.question(Lang::En), unknown.question(Lang::Zh));
        assert!(!unknown.bring(Lang::En).is_empty() && !unknown.bring(Lang::Zh).is_empty());
    }
}

#[test]
fn a_figure_without_a_formula_gets_the_dictionarys() {
    let mut evidence = germany();
    evidence.glance.basket.as_mut().unwrap().formula.clear();
    assert_eq!(
        plan(&evidence).glance.basket.unwrap().formula,
        "settled sales before cancellations / orders; interval: Student's t"
    );
}

/// How many figures of a plan show a number, counted in its JSON.
fn numbers(plan: &LaunchPlan) -> usize {
    let json = plan.json();
    json.matches("\"number\":").count() + json.matches("\"money\": {").count()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn asking_for_more_data_never_shows_more_numbers(low in 0_u64..100, more in 0_u64..100) {
        let all = |n| Minimums { shoppers: n, orders: n, months: n, cohort: n, baskets: n, test_shoppers: n };
        let evidence = germany();
        let few = numbers(&LaunchPlan::build(&evidence, all(low)));
        prop_assert!(numbers(&LaunchPlan::build(&evidence, all(low + more))) <= few);
    }
}

#[test]
fn the_median_of_a_group_of_one_is_not_shown() {
    let mut evidence = germany();
    let rows = &mut evidence.clusters.as_mut().unwrap().rows;
    rows[0].spend.n = 1;
    rows[0].recency.n = 1;
    let plan = plan(&evidence);
    for figure in [&plan.clusters[0].spend, &plan.clusters[0].recency] {
        assert_eq!(figure.value, FigureValue::TooLittleData { have: 1, need: 30 }, "{}", figure.key);
    }
    assert!(plan.clusters[1].spend.as_f64().is_some());
}

#[test]
fn parts_of_a_score_rest_on_the_shoppers_they_are_a_mean_of() {
    let plan = plan(&germany());
    assert_eq!((plan.products[0].reasons[0].part.n, plan.products[0].score.n), (60, 94));
}

#[test]
fn a_fall_of_retention_inside_its_intervals_calls_for_nothing() {
    let mut evidence = germany();
    assert_eq!(plan(&evidence).retention_drop, None, "20 to 50 % before and after is noise");
    let curve = &mut evidence.cohorts.as_mut().unwrap().curve;
    curve[1] = Metric::Retention.number(0.38, 940, "q").interval(0.35, 0.41, 0.95);
    curve[2] = Metric::Retention.number(0.3, 940, "q").interval(0.27, 0.33, 0.95);
    let plan = plan(&evidence);
    assert_eq!(plan.retention_drop, Some(3));
    assert!(plan.html(Lang::En).contains("the curve falls most into month 3"));
}

#[test]
fn a_reason_that_is_the_whole_score_is_said_once() {
    let mut evidence = germany();
    let product = &mut evidence.products[0];
    product.reasons.truncate(1);
    product.reasons[0].part = product.score.as_f64().unwrap();
    let html = plan(&evidence).html(Lang::En);
    assert!(!html.contains("data-figure=\"product.reason[22326#1]\""));
    assert!(html.contains("data-figure=\"product.reason[22328#1]\""));
}

#[test]
fn later_orders_that_do_not_prove_it_again_soften_the_words() {
    let mut evidence = germany();
    let gain = Metric::TransferGain.number(0.012, 81, "SELECT 1").interval(-0.004, 0.029, 0.95);
    evidence.transfer.as_mut().unwrap().gain = Some(gain);
    let plan = plan(&evidence);
    assert_eq!(plan.transfer.as_ref().unwrap().verdict, TransferVerdict::Accepted, "what was decided stands");
    let said = plain(plan.findings(Lang::En)).remove(3);
    assert!(
        said.contains("later orders do not prove it again: +0.012 (-0.004 to +0.029)")
            || said.contains("later orders do not prove it again: +0.012 (−0.004 to +0.029)"),
        "{said}"
    );
    assert!(!said.contains("Data of the other markets helps"));
    assert!(plain(plan.findings(Lang::Zh)).remove(3).contains("后续订单未能再次证明"));
    let why = plan.verdict_sentence(Lang::En).plain(Lang::En);
    assert!(why.contains("watch the first weeks"), "{why}");
}

#[test]
fn the_learning_curve_is_drawn_and_stands_in_a_table() {
    let plan = plan(&germany());
    let page = plan.html(Lang::En);
    assert!(page.contains("How many of its own purchases the other markets replace"));
    assert!(page.contains("Lines: nDCG@10 by purchases of this market"));
    let transfer = plan.transfer.as_ref().unwrap();
    let keys: Vec<&str> = transfer.curve.iter().map(|p| p.saved.key.as_str()).collect();
    assert_eq!(keys, ["transfer.saved[0]", "transfer.saved[100]", "transfer.saved[2410]"]);
    assert!(plan.html(Lang::Zh).contains("其他市场可替代多少本市场购买记录"));
    let mut evidence = germany();
    evidence.transfer.as_mut().unwrap().curve = Vec::new();
    assert!(!self::plan(&evidence).html(Lang::En).contains("purchases the other markets replace"));
}

#[test]
fn the_plan_says_whom_to_reach_first_what_they_are_worth_and_what_is_not_sure() {
    let plan = plan(&germany());
    let reach = plan.reach.as_ref().unwrap();
    let keys: Vec<&str> = reach.rows.iter().map(|row| row.value.key.as_str()).collect();
    assert_eq!(keys, ["reach.value[champions]", "reach.value[loyal]", "reach.value[at_risk]"]);
    let interval = reach.rows[0].value.interval.unwrap();
    assert_eq!((interval.low, interval.high, interval.level), (1_490.0, 2_205.0, 0.9));
    // A few shoppers have a value that leans on the other markets; the page says on what it rests.
    assert!(reach.rows[2].value.as_f64().is_some() && reach.basis.is_some());
    assert!(!reach.rows[0].value.formula.is_empty() && !reach.rows[0].value.source.is_empty());
    for (lang, sure, worth) in
        [(Lang::En, "Values are sales, not margin.", "worth"), (Lang::Zh, "价值为销售额而非毛利。", "预期价值")]
    {
        let html = plan.html(lang);
        assert!(html.contains("id=\"reach\"") && html.contains(sure));
        assert!(plan.findings(lang)[1].contains(worth), "{:?}", plan.findings(lang));
    }
}

#[test]
fn a_marketplace_that_hides_its_shoppers_is_planned_by_area_and_says_what_is_lost() {
    let plan = plan(&hidden());
    assert_eq!(plan.stance, Stance::TestSmall);
    for (lang, hides, area) in
        [(Lang::En, "does not say who bought", "By area, 10 (Town)"), (Lang::Zh, "不说明买家", "10 (Town)")]
    {
        let said = plan.verdict_sentence(lang).plain(lang);
        let findings = plan.findings(lang).join("\n");
        assert!(said.contains(hides) && findings.contains(hides) && findings.contains(area), "{said} {findings}");
        assert!(!findings.contains("0 shoppers") && !findings.contains("0 位顾客"), "{findings}");
        let html = plan.html(lang);
        assert!(
            html.contains("data-figure=\"reach.next_90_days[10]\"") && html.contains("data-figure=\"product.orders[")
        );
    }
    // A few orders of nobody are still too few.
    let mut few = hidden();
    few.glance.orders = Some(Metric::Orders.number(12.0, 12, "q"));
    assert_eq!(self::plan(&few).stance, Stance::GatherData);
}
