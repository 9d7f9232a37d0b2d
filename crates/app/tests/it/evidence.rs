//! From orders of a merchant whose markets are alike or not to what the plans say about it.

use crate::support::Shop;
use domain::Seed;
use serde_json::Value;

/// 240 items in 24 groups of 10; a shopper buys within one group. Home (300 shoppers) and DE (50)
/// share the groups, FR (50) groups the items in another way, BE has 5 shoppers of home's taste.
fn planted() -> Shop {
    let markets = [("GB", 300), ("DE", 50), ("FR", 50), ("BE", 5)];
    let mut text =
        "order_id,product_id,product_name,quantity,unit_price,currency,ordered_at,shopper_key,country\n".to_owned();
    let first = domain::Day::from_ymd(2025, 6, 1).unwrap();
    let mut s = 0;
    for (market, n) in markets {
        for _ in 0..n {
            let mut rng = Seed(5).stream(s);
            let group = rng.below(24);
            for day in 0..180 {
                if rng.uniform() < 0.06 {
                    let within = rng.below(10);
                    let item = if market == "FR" { within * 24 + group } else { group * 10 + within };
                    text.push_str(&format!(
                        "{s}-{day},P{item:03},ITEM {item:03},1,5.00,GBP,{} 10:00:00,s{s:03},{market}\n",
                        first.plus(day)
                    ));
                }
            }
            s += 1;
        }
    }
    let shop = Shop::new();
    shop.ingest_ok(&shop.file("orders.csv", text));
    shop.ok(&["run"]);
    shop
}

fn plan(shop: &Shop, market: &str) -> Value {
    serde_json::from_str(&shop.ok(&["plan", "--market", market, "--json"])).unwrap()
}

#[test]
fn a_market_uses_the_others_orders_where_its_evidence_says_so_and_the_plan_shows_it() {
    let shop = planted();
    let unique = "select count(*) from (select market, model, training, period, metric from marts.evidence \
                  group by market, model, training, period, metric having count(*) > 1)";
    assert_eq!(shop.value(unique), 0, "the key of the table");
    for metric in ["recall@20", "hr@10", "mrr@10", "map@10", "coverage@10", "gini@10", "novelty@10", "diversity@10"] {
        let rows = format!(
            "select count(distinct market) from marts.evidence where metric = '{metric}' and period = 'test' \
             and low <= value and value <= high and low >= 0"
        );
        assert_eq!(shop.value(&rows), 5, "{metric} with its interval in four markets and over all targets");
    }

    let serving = |market: &str| shop.sql(&format!("select * from marts.serving where market = '{market}'")).remove(0);
    let (de, fr, be, gb) = (serving("DE"), serving("FR"), serving("BE"), serving("GB"));
    assert_eq!((&de["basis"], &fr["basis"], &gb["basis"]), (&"own_evidence".into(), &"refused".into(), &"home".into()));
    assert_eq!((&fr["training"], &gb["training"]), (&"market".into(), &"market".into()));
    assert_ne!(de["training"], "market");
    // BE is too small to tell; it follows all targets together, whichever way they decided.
    let together = shop.value("select verdict from marts.evidence where market = 'all' and period = 'validation'");
    assert_eq!(be["basis"], if together == "accepted" { "all_targets" } else { "not_shown" });
    assert_eq!(be["training"], if together == "accepted" { "pooled" } else { "market" });

    // What serves DE has a row of its own, and the gain that is shown is that row's.
    let row = format!(
        "select count(*) from marts.evidence where market = 'DE' and metric = 'ndcg@10' and training = '{}' and model = '{}'",
        de["training"].as_str().unwrap(),
        de["model"].as_str().unwrap()
    );
    assert_eq!(shop.value(&row), 1);

    let json = plan(&shop, "DE");
    let transfer = &json["plan"]["transfer"];
    assert_eq!(transfer["verdict"], "accepted");
    let decided = transfer["decided"]["value"]["number"].as_f64().unwrap();
    let stored =
        "select value, n from marts.evidence where market = 'DE' and metric = 'gain ndcg@10' and period = 'validation'";
    let stored = shop.sql(stored).remove(0);
    assert!(
        (stored["value"].as_f64().unwrap() - decided).abs() < 1e-12,
        "the figure that decided is the one that is shown"
    );
    assert_eq!(stored["n"], transfer["decided"]["n"]);
    assert_eq!(json["plan"]["serving"]["basis"], "own_evidence");
    assert_eq!(plan(&shop, "FR")["plan"]["transfer"]["verdict"], "refused");
    assert_eq!(plan(&shop, "BE")["plan"]["serving"]["basis"], be["basis"]);

    shop.ok(&["plan", "--all"]);
    let page = |name: &str| std::fs::read_to_string(shop.root().join("plans").join(name)).unwrap();
    let index = page("index.html");
    assert!(index.contains("How well the models rank") && index.contains("All target markets together"));
    for key in ["item-knn:local][GB]", "ials:pooled][DE]", "[FR]", "@all][all]"] {
        assert!(index.contains(key), "{key} is not on the overview");
    }
    assert!(page("plan-GB-en.html").contains("Nothing is transferred to the home market"));
    let be_page = page("plan-BE-en.html");
    assert!(be_page.contains("This market has too few held-out shoppers to tell"));
    assert!(page("plan-DE-en.html").contains("Measured again on later orders"));

    // The list and a shopper's own recommendations come from the model that serves.
    let list: Value = serde_json::from_str(&shop.ok(&["recommend", "--shopper", "s350", "--json"])).unwrap();
    assert_eq!((&list["market"], &list["model"], &list["training"]), (&"FR".into(), &fr["model"], &fr["training"]));
    let listed =
        shop.sql("select distinct model, training from marts.recommendations where market = 'FR' and rank = 1");
    assert_eq!((&listed[0]["model"], &listed[0]["training"]), (&fr["model"], &fr["training"]));
}
