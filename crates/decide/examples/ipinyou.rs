//! Every bidder at every budget on the auctions of iPinYou's campaign 2997, as one JSON object.
//!
//! `cargo run --release -p decide --example ipinyou -- <folder with info.json and test.theta.txt.gz>`. Episodes of 1,000 auctions,
//! budgets of 1/2, 1/8, 1/32 and 1/128 of what an average training auction cost; everything is chosen on the statistics of the
//! training period. Published at 1/32: ss_mdp 80 clicks, rlb 78, lin_bid 71, mcpc 48.

use decide::bids::{
    Auction, Bid, Clicked, Feedback, FeedbackParams, Form, Learning, LearningParams, LookaheadParams, MarketPrices,
    Pace, Rule, Standing, Trust, replay,
};
use serde_json::{Map, Value, json};
use std::error::Error;
use std::path::Path;
use std::time::Instant;

#[expect(clippy::print_stdout, reason = "an example prints its result")]
fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).ok_or("the folder with info.json and test.theta.txt.gz")?;
    let folder = Path::new(&folder);
    let info: Value = serde_json::from_str(&std::fs::read_to_string(folder.join("info.json"))?)?;
    let number = |name: &str| info[name].as_f64().ok_or_else(|| format!("info.json has no {name}"));
    let counts = info["price_counter_train"].as_array().ok_or("no price_counter_train")?;
    let counts: Vec<u64> = counts.iter().filter_map(Value::as_u64).collect();
    let market = MarketPrices::from_counts(&counts)?;
    let average = number("clk_train")? / number("imp_train")?;
    let cost = number("cost_train")? / number("imp_train")?;
    let file = std::fs::File::open(folder.join("test.theta.txt.gz"))?;
    let text = std::io::read_to_string(flate2::read::GzDecoder::new(file))?;
    let mut auctions = Vec::new();
    for line in text.lines() {
        let mut parts = line.split(' ');
        let mut next = || parts.next().ok_or("three numbers a line");
        let clicked = if next()? == "1" { Clicked::Yes } else { Clicked::No };
        auctions.push(Auction { price: next()?.parse()?, chance: next()?.parse()?, clicked });
    }
    let mut budgets = Map::new();
    for c0 in [2_u32, 8, 32, 128] {
        let whole = Standing { auctions: 1_000, budget: (cost * 1_000.0 / f64::from(c0)) as u64 };
        let mut rows = Map::new();
        for (name, form) in
            [("constant", Form::Constant), ("linear", Form::Linear), ("ortb1", Form::Ortb1), ("ortb2", Form::Ortb2)]
        {
            let rule = |pace| Rule::new(&market, form, pace, average, whole);
            rows.insert(format!("{name}, fixed"), row(&auctions, whole, &mut rule(Pace::Fixed)?)?);
            rows.insert(format!("{name}, paced"), row(&auctions, whole, &mut rule(Pace::Paced)?)?);
            let mut feedback = Feedback::new(rule(Pace::Fixed)?, FeedbackParams::default(), whole)?;
            rows.insert(format!("{name}, feedback"), row(&auctions, whole, &mut feedback)?);
            if matches!(form, Form::Constant | Form::Linear) {
                let mut learning = Learning::new(LearningParams::default(), &market, form, average, whole)?;
                rows.insert(format!("{name}, paced and learning"), row(&auctions, whole, &mut learning)?);
            }
        }
        for (name, trust) in [
            ("look-ahead, mean", Trust::None),
            ("look-ahead, half", Trust::Part(0.5)),
            ("look-ahead, own", Trust::Whole),
        ] {
            let params = LookaheadParams { trust, ..LookaheadParams::default() };
            rows.insert(name.to_owned(), row(&auctions, whole, &mut params.build(&market, average, whole)?)?);
        }
        budgets.insert(format!("1/{c0}"), Value::Object(rows));
    }
    println!("{}", serde_json::to_string_pretty(&json!({ "auctions": auctions.len(), "budgets": budgets }))?);
    Ok(())
}

fn row(auctions: &[Auction], whole: Standing, bidder: &mut impl Bid) -> Result<Value, Box<dyn Error>> {
    let start = Instant::now();
    let o = replay(auctions, whole, bidder)?;
    let rounded = |x: f64| (x * 10.0).round() / 10.0;
    Ok(json!({
        "clicks": o.clicks, "impressions": o.won, "paid": o.paid, "burn": (o.burn() * 1000.0).round() / 1000.0,
        "expected_clicks": rounded(o.expected_clicks), "within_budget": o.most_paid <= whole.budget,
        "seconds": (start.elapsed().as_secs_f64() * 1000.0).round() / 1000.0,
    }))
}
