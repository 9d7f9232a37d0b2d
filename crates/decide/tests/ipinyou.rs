//! Bidders on the recorded auctions of iPinYou's campaign 2997 (optional data) beside the published results of the same
//! bidders, and on a made-up market with a known truth, which always runs.
//!
//! Protocol of Cai et al. (WSDM 2017): episodes of 1,000 auctions, the budget of each `cost per impression of training · 1,000 ·
//! c₀`; nothing is chosen on the test auctions.

use decide::bids::{
    Auction, Clicked, Form, LookaheadParams, MarketPrices, Outcome, Pace, Rule, Standing, Trust, replay,
};
use domain::Seed;
use proptest::prelude::*;
use testkit::shared::shared_data;

struct Log {
    auctions: Vec<Auction>,
    market: MarketPrices,
    average: f64,
    cost: f64,
}

fn log() -> Option<Log> {
    let info: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(shared_data("ipinyou_2997/info.json")?).unwrap()).unwrap();
    let file = std::fs::File::open(shared_data("ipinyou_2997/test.theta.txt.gz")?).unwrap();
    let text = std::io::read_to_string(flate2::read::GzDecoder::new(file)).unwrap();
    let auction = |line: &str| {
        let mut parts = line.split(' ');
        let clicked = if parts.next().unwrap() == "1" { Clicked::Yes } else { Clicked::No };
        let price = parts.next().unwrap().parse().unwrap();
        Auction { price, chance: parts.next().unwrap().parse().unwrap(), clicked }
    };
    let counts: Vec<u64> =
        info["price_counter_train"].as_array().unwrap().iter().map(|c| c.as_u64().unwrap()).collect();
    let of = |name: &str| info[name].as_f64().unwrap();
    Some(Log {
        auctions: text.lines().map(auction).collect(),
        market: MarketPrices::from_counts(&counts).unwrap(),
        average: of("clk_train") / of("imp_train"),
        cost: of("cost_train") / of("imp_train"),
    })
}

impl Log {
    fn whole(&self, c0: f64) -> Standing {
        Standing { auctions: 1_000, budget: (self.cost * 1_000.0 / c0) as u64 }
    }

    fn rule(&self, form: Form, pace: Pace, c0: f64) -> Outcome {
        let whole = self.whole(c0);
        let mut rule = Rule::new(&self.market, form, pace, self.average, whole).unwrap();
        replay(&self.auctions, whole, &mut rule).unwrap()
    }

    fn ahead(&self, trust: Trust, c0: f64) -> Outcome {
        let whole = self.whole(c0);
        let params = LookaheadParams { trust, ..LookaheadParams::default() };
        let mut ahead = params.build(&self.market, self.average, whole).unwrap();
        replay(&self.auctions, whole, &mut ahead).unwrap()
    }
}

#[test]
fn the_look_ahead_bidders_repeat_the_published_results() {
    let Some(log) = log() else { return };
    // Published: ss_mdp 80 clicks, 40,395 impressions, 306,637 paid; rlb 78, 39,680, 304,375.
    for (trust, clicks, won, paid) in [(Trust::None, 80, 40_395.0, 306_637.0), (Trust::Whole, 78, 39_680.0, 304_375.0)]
    {
        let got = log.ahead(trust, 32.0);
        assert_eq!((got.auctions, got.clicks), (156_063, clicks), "{trust:?}");
        assert!((got.won as f64 / won - 1.0).abs() < 1e-3 && (got.paid as f64 / paid - 1.0).abs() < 1e-3, "{got:?}");
    }
}

#[test]
fn paced_bids_win_more_than_the_published_linear_bidder() {
    let Some(log) = log() else { return };
    // Published lin_bid: 71 clicks at 1/32. Observed: 80 linear, 80 ORTB1 and more; floors leave a margin for rounding.
    for form in [Form::Linear, Form::Ortb1, Form::Ortb2] {
        let got = log.rule(form, Pace::Paced, 32.0);
        assert!(got.clicks >= 77, "{form:?} {got:?}");
        assert!(got.clicks > log.rule(form, Pace::Fixed, 32.0).clicks, "{form:?}: pacing helps");
    }
}

#[test]
fn no_episode_of_the_log_spends_more_than_its_budget() {
    let Some(log) = log() else { return };
    for c0 in [2.0, 8.0, 32.0, 128.0] {
        for form in [Form::Constant, Form::Linear, Form::Ortb1, Form::Ortb2] {
            for pace in [Pace::Fixed, Pace::Paced] {
                let got = log.rule(form, pace, c0);
                assert!(got.most_paid <= log.whole(c0).budget && got.paid <= got.budget, "{form:?} {pace:?} {got:?}");
            }
        }
    }
}

/// Auctions of a made-up market: prices that rise with the chance of a click, chances that scatter.
fn made_up(seed: u64, n: usize) -> (Vec<Auction>, MarketPrices) {
    let mut rng = Seed(seed).stream(0);
    let mut draw = || {
        let chance = 0.004 * (0.6 * rng.normal() - 0.18).exp();
        let price = (5.0 + 40.0 * rng.exponential() * (0.7 + 75.0 * chance)).min(300.0) as u32;
        let clicked = if rng.uniform() < chance { Clicked::Yes } else { Clicked::No };
        Auction { price, chance, clicked }
    };
    let train: Vec<Auction> = (0..n).map(|_| draw()).collect();
    let test = (0..n).map(|_| draw()).collect();
    let mut counts = vec![0_u64; 301];
    train.iter().for_each(|a| counts[a.price as usize] += 1);
    (test, MarketPrices::from_counts(&counts).unwrap())
}

#[test]
fn on_a_made_up_market_good_chances_and_pacing_beat_a_constant_bid() {
    let (auctions, market) = made_up(5, 60_000);
    let whole = Standing { auctions: 1_000, budget: 4_000 };
    let run = |form, pace| {
        let mut rule = Rule::new(&market, form, pace, 0.004, whole).unwrap();
        replay(&auctions, whole, &mut rule).unwrap()
    };
    let constant = run(Form::Constant, Pace::Fixed);
    for form in [Form::Linear, Form::Ortb1, Form::Ortb2] {
        let got = run(form, Pace::Paced);
        assert!(got.expected_clicks > 1.05 * constant.expected_clicks, "{form:?} {got:?} {constant:?}");
        assert!(got.burn() > 0.9, "{got:?}");
    }
    // Looking ahead and solving for what is left come to the same within a few percent.
    let mut ahead = LookaheadParams::default().build(&market, 0.004, whole).unwrap();
    let (ahead, paced) = (replay(&auctions, whole, &mut ahead).unwrap(), run(Form::Linear, Pace::Paced));
    assert!((ahead.expected_clicks / paced.expected_clicks - 1.0).abs() < 0.05, "{ahead:?} {paced:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn the_budget_is_never_exceeded(
        seed in 0_u64..1_000, auctions in 1_u32..200, budget in 0_u64..3_000, average in 1e-4_f64..0.2,
    ) {
        let (log, market) = made_up(seed, 400);
        let whole = Standing { auctions, budget };
        for form in [Form::Constant, Form::Linear, Form::Ortb1, Form::Ortb2] {
            for pace in [Pace::Fixed, Pace::Paced] {
                let mut rule = Rule::new(&market, form, pace, average, whole).unwrap();
                prop_assert!(replay(&log, whole, &mut rule).unwrap().most_paid <= budget);
            }
        }
        let mut ahead = LookaheadParams { max_steps: 50, ..LookaheadParams::default() }.build(&market, average, whole).unwrap();
        prop_assert!(replay(&log, whole, &mut ahead).unwrap().most_paid <= budget);
    }
}

#[test]
fn feedback_alone_keeps_a_wrong_bid_within_its_pace() {
    use decide::bids::{Bid, Feedback, FeedbackParams};
    struct Always(u32);
    impl Bid for Always {
        fn bid(&mut self, _: Standing, _: f64) -> u32 {
            self.0
        }
    }
    let (auctions, _) = made_up(6, 30_000);
    let whole = Standing { auctions: 1_000, budget: 6_000 };
    for wrong in [4, 60] {
        let plain = replay(&auctions, whole, &mut Always(wrong)).unwrap();
        let mut held = Feedback::new(Always(wrong), FeedbackParams::default(), whole).unwrap();
        let got = replay(&auctions, whole, &mut held).unwrap();
        assert!(got.burn() > 0.85 && got.most_paid <= whole.budget, "{wrong}: {got:?}");
        // Bids of 4 win nothing here, bids of 60 spend all on the first dear auctions.
        assert!(got.won > plain.won, "{wrong}: {got:?} {plain:?}");
    }
}

#[test]
fn a_market_that_has_changed_is_learnt_from_won_and_lost_auctions() {
    use decide::bids::{Learning, LearningParams};
    let (auctions, market) = made_up(7, 60_000);
    // Last month everything cost twice as much.
    let counts: Vec<u64> =
        (0..602_usize).map(|k| if k % 2 == 0 { (1e6 * market.chance(k / 2)) as u64 } else { 0 }).collect();
    let old = MarketPrices::from_counts(&counts).unwrap();
    let whole = Standing { auctions: 1_000, budget: 4_000 };
    let mut fixed = Rule::new(&old, Form::Linear, Pace::Paced, 0.004, whole).unwrap();
    let mut learning =
        Learning::new(LearningParams { prior: 500.0, kept: 30_000 }, &old, Form::Linear, 0.004, whole).unwrap();
    let (fixed, got) =
        (replay(&auctions, whole, &mut fixed).unwrap(), replay(&auctions, whole, &mut learning).unwrap());
    assert!(got.expected_clicks > fixed.expected_clicks, "{got:?} {fixed:?}");
    let bid = 30;
    let off = |m: &MarketPrices| (m.win(bid) - market.win(bid)).abs();
    assert!(off(learning.market()) < 0.3 * off(&old), "{} {}", off(learning.market()), off(&old));
}
