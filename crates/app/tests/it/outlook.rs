//! What is expected of shoppers, and which market to enter, on a simulated merchant.

use crate::support::Shop;
use serde_json::Value;

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn every_shopper_has_an_outlook_and_markets_have_places_with_reasons() {
    let shop = Shop::new();
    let merchant = shop.path("merchant");
    shop.ok(&["simulate", "--out", &merchant, "--scale", "0.03", "--seed", "3"]);
    shop.ok(&["ingest", &format!("{merchant}/exports")]);
    shop.ok(&["run"]);
    let n = shop.value("select count(*) from marts.shopper_summary");
    assert_eq!(
        shop.value("select count(*) from marts.shopper_outlook where p_alive between 0 and 1 and expected_orders >= 0"),
        n
    );
    // The whole of a market's expected orders is that of its shoppers, but for the draws.
    let sums = shop.sql(
        "select f.value as market, s.total as shoppers from (select market, value from marts.market_outlook where figure = 'value.orders' \
         and market = 'CN') f join (select market, sum(expected_orders) as total from marts.shopper_outlook group by market) s \
         on s.market = f.market",
    );
    let (market, shoppers) = (sums[0]["market"].as_f64().unwrap(), sums[0]["shoppers"].as_f64().unwrap());
    assert!((market / shoppers - 1.0).abs() < 0.1, "{market} {shoppers}");
    // The merchant reports in pounds; what it is in yuan and euros goes by the newest rates, which are quoted in euros.
    let local = shop.sql(
        "select market, currency, min(local_value / lifetime_value) as low, max(local_value / lifetime_value) as high, \
         min(local_revenue / expected_revenue) as sales from marts.shopper_outlook where lifetime_value > 0 and expected_revenue > 0 \
         and market in ('CN', 'DE') group by market, currency order by market",
    );
    let in_euros = |currency: &str| {
        let sql = format!(
            "select cast(rate as double) from clean.fx_rates where base = 'EUR' and quote = '{currency}' order by day desc limit 1"
        );
        shop.value(&sql).as_f64().unwrap()
    };
    let pound = in_euros("GBP");
    for (row, currency, rate) in [(&local[0], "CNY", in_euros("CNY") / pound), (&local[1], "EUR", 1.0 / pound)] {
        assert_eq!(row["currency"], currency);
        for end in ["low", "high", "sales"] {
            assert!((row[end].as_f64().unwrap() / rate - 1.0).abs() < 1e-9, "{row} {rate}");
        }
    }
    let rank = json(&shop.ok(&["markets", "rank", "--json"]));
    let markets = rank["markets"].as_array().unwrap();
    assert!(markets.len() >= 5 && markets[0]["rank"] == 1, "{rank}");
    let first = markets[0]["market"].as_str().unwrap();
    let why = json(&shop.ok(&["markets", "explain", first, "--json"]));
    assert!(!why["en"].as_array().unwrap().is_empty());
    assert_eq!(why["en"].as_array().unwrap().len(), why["zh"].as_array().unwrap().len());
    assert!(shop.fails(&["markets", "explain", "AQ"]).contains("not ranked"));
    doors(&shop, first);
    who_and_when(&shop);
}

/// Who will buy, what is bought again, and what each kind of model is worth.
fn who_and_when(shop: &Shop) {
    let likely = json(&shop.ok(&["shoppers", "likely", "--market", "CN", "-n", "5", "--json"]));
    let chances: Vec<f64> =
        likely["shoppers"].as_array().unwrap().iter().map(|s| s["probability"].as_f64().unwrap()).collect();
    assert_eq!(chances.len(), 5);
    assert!(chances.windows(2).all(|w| w[0] >= w[1]) && chances[0] <= 1.0, "{chances:?}");
    assert!(likely["auc"].as_f64().unwrap() > 0.5, "{likely}");
    let why = &likely["shoppers"][0];
    assert!(!why["why"][0].as_str().unwrap().is_empty() && !why["why_zh"][0].as_str().unwrap().is_empty());
    let category = shop.value(
        "select trim(split_part(p.category, '>', 1)) as c from clean.order_lines l join clean.products p on p.product_id = l.product_id \
         where l.settled and p.category is not null group by 1 order by count(*) desc, 1 limit 1",
    );
    let category = category.as_str().unwrap();
    let out = shop.path("likely.csv");
    let told = json(&shop.ok(&["shoppers", "likely", "--category", category, "-n", "30", "--out", &out, "--json"]));
    let text = std::fs::read_to_string(&out).unwrap();
    assert_eq!(text.lines().count() as u64, 1 + told["written"].as_u64().unwrap());
    let refusing = "select shopper_id from clean.shoppers where not coalesce(accepts_marketing, false)";
    let refusing = shop.sql(refusing);
    assert!(refusing.iter().all(|r| !text.contains(&format!("\n{},", r["shopper_id"].as_str().unwrap()))));
    let none = shop.fails(&["shoppers", "likely", "--category", "Spaceships"]);
    assert!(none.contains("nothing of a category `Spaceships` was bought") && none.contains(category), "{none}");

    let again = json(&shop.ok(&["shoppers", "replenish", "--json"]));
    let thing = &again["things"][0];
    let (from, to) = (thing["due_from"].as_f64().unwrap(), thing["due_to"].as_f64().unwrap());
    assert!(from < to && to <= 180.0 && thing["share"].as_f64().unwrap() <= 1.0, "{thing}");
    // Whoever is due bought it last within the window, counted by hand.
    let sql = format!(
        "select count(*) from (select l.shopper_id, max(l.day) as last from clean.order_lines l join clean.products p \
         on p.product_id = l.product_id where l.settled and l.shopper_id is not null and p.category = '{}' group by l.shopper_id) \
         where cast(cast(cast('{}' as date) as integer) - cast(last as integer) as double) between {from} and {to}",
        thing["thing"].as_str().unwrap(),
        again["as_of"].as_str().unwrap()
    );
    assert_eq!(shop.value(&sql), thing["due"]);
    assert!(shop.fails(&["shoppers", "replenish", "--market", "AQ"]).contains("50 times or more"));

    let kinds = json(&shop.ok(&["shoppers", "quality", "--kinds", "--json"]));
    let churn = &kinds["targets"][0];
    let models = churn["models"].as_array().unwrap();
    assert_eq!(models.len(), 6, "{churn}");
    let least = models.iter().min_by(|a, b| {
        a["validation_log_loss"].as_f64().unwrap().total_cmp(&b["validation_log_loss"].as_f64().unwrap())
    });
    assert_eq!(churn["chosen"], least.unwrap()["model"]);
    assert!(
        models.iter().all(|m| m["seconds"].as_f64().unwrap() > 0.0 && !m["calibration"].as_array().unwrap().is_empty())
    );
}

/// What the program knows of markets and shoppers can be asked for, in both languages where it is said in words.
fn doors(shop: &Shop, market: &str) {
    let plan = json(&shop.ok(&["markets", "plan", market, "--json"]));
    let steps = plan["plan"]["steps"].as_array().unwrap();
    assert!(steps.len() >= 4, "{plan}");
    assert!(steps.iter().all(|s| s["what"]["en"] != "" && s["what"]["zh"] != "" && !s["state"].is_null()), "{plan}");
    assert!(shop.ok(&["markets", "plan", market]).contains("步骤"));
    assert!(shop.fails(&["markets", "plan", "AQ"]).contains("no plan of AQ"));

    let loyalty = json(&shop.ok(&["markets", "loyalty", "CN", "--json"]));
    let index = &loyalty["parts"][0];
    assert!(index["part"] == "index" && index["low"].as_f64() < index["high"].as_f64(), "{loyalty}");
    assert!(loyalty["levers"].is_array() && loyalty["note_zh"] != "", "{loyalty}");
    assert!(shop.ok(&["markets", "loyalty", "CN"]).contains("未退回的订单行"));
    assert!(shop.fails(&["markets", "loyalty", "AQ"]).contains("nothing is known"));
    let needs = json(&shop.ok(&["markets", "needs", "CN", "--json"]));
    let of = |part: &str| needs[part].as_array().unwrap().len();
    assert!(of("themes") + of("returns") > 0, "{needs}");
    assert!(shop.fails(&["markets", "needs", "AQ"]).contains("nothing is known"));

    let shopper =
        "select shopper_id from marts.shopper_summary where market = 'CN' order by n_orders desc, shopper_id limit 1";
    let shopper = shop.value(shopper);
    let said = json(&shop.ok(&["shoppers", "interests", shopper.as_str().unwrap(), "--json"]));
    let shares = said["interests"].as_array().unwrap();
    let sum: f64 = shares.iter().map(|s| s["share"].as_f64().unwrap()).sum();
    assert!((sum - 1.0).abs() < 1e-9 && said["evidence"].as_f64().unwrap() > 0.0, "{said}");
    assert!(shop.fails(&["shoppers", "interests", "nobody"]).contains("no shopper"));

    let position = json(&shop.ok(&["markets", "position", "CN", "--by", "weight_kg", "--json"]));
    let products = position["products"].as_array().unwrap();
    assert!(products.iter().any(|p| p["whose"] == "own") && position["demand_lines"].as_u64().unwrap() >= 30);
    assert!(shop.fails(&["markets", "position", "CN", "--by", "beauty"]).contains("wattage_w"));
    let few = shop.fails(&["markets", "next", "AQ"]);
    assert!(few.contains("what is bought next in AQ"), "{few}");
}
