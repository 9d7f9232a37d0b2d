//! Segments of one's own: defined, counted, explained, followed, exported with consent, and who the customers are.

use crate::support::Shop;
use serde_json::Value;

/// Thirty shoppers of GB: ten came three times, the last time late; twenty once, early. The first half of each group agreed
/// to mail. Sex and year of birth are known of the first twenty-four, one year is impossible.
fn shop() -> Shop {
    let shop = Shop::new();
    let mut orders =
        String::from("order_id,product_id,product_name,quantity,unit_price,currency,ordered_at,shopper_key,country\n");
    let mut customers = String::from("customer_id,country,accepts_marketing,gender,birth_year,job\n");
    for n in 0..30 {
        let days: &[&str] = if n < 10 { &["2024-01-05", "2024-03-05", "2024-06-10"] } else { &["2024-01-05"] };
        for (visit, day) in days.iter().enumerate() {
            orders.push_str(&format!("o{n}-{visit},CUP,CUP,1,10.00,GBP,{day} 10:00:00,s{n},GB\n"));
        }
        let consent = n % 2 == 0;
        let person = match n {
            23 => "w,1850,".to_owned(),
            0..=11 => "female,1990,nurse".to_owned(),
            12..=23 => "M,1960,".to_owned(),
            _ => ",,".to_owned(),
        };
        customers.push_str(&format!("s{n},GB,{consent},{person}\n"));
    }
    shop.ingest_ok(&shop.file("orders.csv", orders));
    shop.ingest_ok(&shop.file("customers.csv", customers));
    shop
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn a_segment_is_defined_counted_followed_and_exported_with_consent() {
    let shop = shop();
    shop.ok(&["segments", "add", "loyal", "orders.count >= 3", "--description", "three orders"]);
    shop.ok(&["segments", "add", "loyal women", "segment(\"loyal\") and sex = female"]);
    shop.ok(&["run"]);
    let size = json(&shop.ok(&["segments", "size", "orders.count(120d) >= 2", "--json"]));
    // 120 days before 11 June 2024 begin on 12 February: the orders of March and June.
    assert_eq!((size["shoppers"].as_i64(), size["as_of"].as_str()), (Some(10), Some("2024-06-11")));
    let list = json(&shop.ok(&["segments", "list", "--json"]));
    let of = |name: &str| list["segments"].as_array().unwrap().iter().find(|s| s["segment"] == name).unwrap().clone();
    assert_eq!((of("loyal")["shoppers"].as_i64(), of("loyal")["with_consent"].as_i64()), (Some(10), Some(5)));
    assert_eq!(of("loyal women")["shoppers"], 10);
    assert_eq!(list["changed_since_the_run"], false);
    // Five of ten by sex are below the floor of ten.
    assert_eq!(of("loyal women")["with_consent"], Value::Null);
    // In the segment since the third order of 10 June, which the look of 1 July would see first: the cutoff itself.
    let since =
        shop.sql("select distinct cast(since as varchar) as since from marts.segment_members where segment = 'loyal'");
    assert_eq!(since[0]["since"], "2024-06-11");
    let flow = "select n_shoppers from marts.segment_flows where kind = 'own' and to_day = date '2024-06-11' \
                and from_segment = 'repeat buyers' and to_segment = 'repeat buyers'";
    assert_eq!(shop.value(flow), 10);
    let out = shop.path("loyal.csv");
    let told = json(&shop.ok(&["segments", "export", "loyal", "--out", &out, "--json"]));
    assert_eq!((told["written"].as_i64(), told["left_out_without_consent"].as_i64()), (Some(5), Some(5)));
    let text = std::fs::read_to_string(&out).unwrap();
    assert_eq!(text.lines().count(), 6);
    assert!(text.starts_with("shopper_id,market,in_segment_since\n"), "{text}");
}

#[test]
fn what_nobody_has_a_value_of_is_said_and_a_new_segment_makes_no_other_figure_old() {
    let shop = Shop::new();
    let orders = "order_id,product_id,product_name,quantity,unit_price,currency,ordered_at,shopper_key,country\n\
                  o1,CUP,CUP,1,10.00,GBP,2024-01-05 10:00:00,s1,GB\n\
                  o2,CUP,CUP,1,10.00,GBP,2024-03-05 10:00:00,s1,GB\n";
    shop.ingest_ok(&shop.file("orders.csv", orders));
    shop.ok(&["run"]);
    let said = shop.run(&["segments", "size", "sex = female"]);
    assert!(said.err.contains("no shopper has a known sex"), "{}", said.err);
    let size = json(&shop.ok(&["segments", "size", "sex = female or market = GB", "--json"]));
    assert_eq!(size["known_of_nobody"], serde_json::json!(["sex"]));
    assert!(shop.run(&["segments", "flows"]).err.contains("(none) stands for"));
    shop.ok(&["segments", "add", "twice", "orders.count >= 2"]);
    for command in [&["plan", "--market", "GB"][..], &["shoppers", "first"], &["personas"]] {
        assert!(!shop.run(command).err.contains("changed since the last run"), "{command:?}");
    }
    assert_eq!(json(&shop.ok(&["segments", "list", "--json"]))["changed_since_the_run"], true);
    let old = shop.fails(&["segments", "overlap"]);
    assert!(old.contains("segments.toml was changed since the last run"), "{old}");
    let report = json(&shop.ok(&["run", "--json"]));
    assert_eq!(report["computed"], serde_json::json!(["members"]), "nothing else rests on segments.toml");
    shop.ok(&["segments", "overlap"]);
}

// On 10 June, the last day: a kettle bought that day weighs 1, a toaster of 90 days before 1/2; so 2/3 and 1/3.
#[test]
fn interests_are_asked_as_the_page_of_a_shopper_shows_them() {
    let shop = Shop::new();
    let mut orders =
        String::from("order_id,product_id,product_name,quantity,unit_price,currency,ordered_at,shopper_key,country\n");
    for (id, product, day, shopper) in [
        ("o1", "T", "2024-03-12", "s1"),
        ("o2", "K", "2024-06-10", "s1"),
        ("o3", "T", "2024-06-01", "s2"),
        ("o4", "X", "2024-06-01", "s3"),
    ] {
        orders.push_str(&format!("{id},{product},{product},1,10.00,GBP,{day} 10:00:00,{shopper},GB\n"));
    }
    shop.ingest_ok(&shop.file("orders.csv", orders));
    let products = "product_id,name,category\nT,Toaster,Toaster\nK,Kettle,Kettle\nX,Thing,\n";
    shop.ingest_ok(&shop.file("products.csv", products));
    shop.ok(&["run"]);
    let size = |rule: &str| json(&shop.ok(&["segments", "size", rule, "--json"]))["shoppers"].clone();
    assert_eq!(size("interest(\"toaster\") > 0.3"), 2);
    assert_eq!(size("interest(\"Kettle\") between 0.66 and 0.67"), 1);
    assert_eq!(size("interest(\"toaster\") is missing"), 1, "of whom nothing with a category is known");
    let said = shop.run(&["segments", "size", "interest(\"toster\") > 0"]);
    assert!(said.err.contains("is of no shopper"), "{}", said.err);
    let first = "select shopper_id, share from marts.shopper_interests where category = 'Kettle'";
    let row = &shop.sql(first)[0];
    let page = json(&shop.ok(&["shoppers", "interests", row["shopper_id"].as_str().unwrap(), "--json"]));
    let share = page["interests"].as_array().unwrap().iter().find(|i| i["category"] == "Kettle").unwrap();
    assert!((share["share"].as_f64().unwrap() - row["share"].as_f64().unwrap()).abs() < 1e-6, "{page}");
    assert!((row["share"].as_f64().unwrap() - 2.0 / 3.0).abs() < 1e-6);
}

#[test]
fn a_shopper_is_told_why_and_a_wrong_rule_what_was_meant() {
    let shop = shop();
    shop.ok(&["segments", "add", "loyal", "orders.count >= 3 and market in [GB, DE]"]);
    shop.ok(&["run"]);
    let shopper =
        shop.sql("select shopper_id from clean.shoppers order by shopper_id limit 1")[0]["shopper_id"].clone();
    let why = json(&shop.ok(&["segments", "explain", "loyal", shopper.as_str().unwrap(), "--json"]));
    assert_eq!(why["member"], true);
    let text = why["why"].to_string();
    assert!(text.contains("orders.count") && text.contains('3') && text.contains("market"), "{text}");
    let wrong = shop.fails(&["segments", "size", "ordrs.count >= 3"]);
    assert!(wrong.contains("did you mean"), "{wrong}");
    let none = shop.fails(&["segments", "explain", "loyl", shopper.as_str().unwrap()]);
    assert!(none.contains("did you mean `loyal`"), "{none}");
}

#[test]
fn demographics_have_a_bucket_for_the_unknown_and_hide_the_few() {
    let shop = shop();
    shop.ok(&["run"]);
    let rows = shop.sql("select trait, value, n_shoppers from marts.demographics order by trait, value");
    let of = |name: &str| -> Vec<(String, Option<i64>)> {
        let mine = rows.iter().filter(|r| r["trait"] == name);
        mine.map(|r| (r["value"].as_str().unwrap().to_owned(), r["n_shoppers"].as_i64())).collect()
    };
    // Twelve women and the one whose year is impossible, eleven men, six unknown.
    assert_eq!(of("sex"), [(String::new(), Some(6)), ("female".into(), Some(13)), ("male".into(), Some(11))]);
    // 2024 less 1990 and 1960; the impossible year counts among the unknown.
    assert_eq!(of("age"), [(String::new(), Some(7)), ("25 to 34".into(), Some(12)), ("55 to 64".into(), Some(11))]);
    assert_eq!(of("job"), [(String::new(), Some(18)), ("nurse".into(), Some(12))]);
    let touched = "select cast(sum(touched) as bigint) from clean.rule_counts where rule = 'birth_year'";
    assert_eq!(shop.value(touched), 1);
}

#[test] // Eleven of one sex and three of the other: the three would follow from the rest, so all stand together.
fn what_is_hidden_cannot_be_had_by_subtraction() {
    let shop = Shop::new();
    let mut orders =
        String::from("order_id,product_id,product_name,quantity,unit_price,currency,ordered_at,shopper_key,country\n");
    let mut customers = String::from("customer_id,country,gender\n");
    for n in 0..25 {
        orders.push_str(&format!("o{n},CUP,CUP,1,10.00,GBP,2024-01-05 10:00:00,s{n},GB\n"));
        customers.push_str(&format!("s{n},GB,{}\n", if n < 3 { "f" } else { "m" }));
    }
    shop.ingest_ok(&shop.file("orders.csv", orders));
    shop.ingest_ok(&shop.file("customers.csv", customers));
    shop.ok(&["run"]);
    let rows = shop.sql("select value, n_shoppers from marts.demographics where trait = 'sex' order by value");
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_eq!((rows[0]["value"].as_str(), rows[0]["n_shoppers"].as_i64()), (Some("*"), Some(25)));
}

#[test] // Ten came three times until June, twenty once in January: planted groups, by three methods.
fn shoppers_are_grouped_and_the_groups_are_segments_like_any_other() {
    let shop = shop();
    shop.ok(&["run"]);
    let by = "orders.count, days_since_last_order";
    for method in ["kmeans", "hierarchical", "mixture"] {
        let refused = shop.run(&["segments", "fit", "habits", "--method", method, "--by", by, "-k", "2"]);
        assert!(
            refused.err.contains("30 shoppers with all of the measures, at least 60 are needed"),
            "{}",
            refused.err
        );
    }
    let mut more =
        String::from("order_id,product_id,product_name,quantity,unit_price,currency,ordered_at,shopper_key,country\n");
    for n in 30..120 {
        let days: &[&str] = if n < 60 { &["2024-02-05", "2024-04-05", "2024-06-09"] } else { &["2024-01-08"] };
        for (visit, day) in days.iter().enumerate() {
            more.push_str(&format!("o{n}-{visit},CUP,CUP,1,{}.00,GBP,{day} 10:00:00,s{n},GB\n", 9 + n % 3));
        }
    }
    shop.ingest_ok(&shop.file("more.csv", more));
    shop.ok(&["run"]);
    for method in ["kmeans", "hierarchical", "mixture"] {
        let told = json(&shop.ok(&["segments", "fit", method, "--method", method, "--by", by, "-k", "2", "--json"]));
        let groups = told["grouping"]["groups"].as_array().unwrap();
        // 20 + 60 came once, 10 + 30 three times.
        assert_eq!(
            (groups[0]["n_shoppers"].as_u64(), groups[1]["n_shoppers"].as_u64()),
            (Some(80), Some(40)),
            "{method}"
        );
        assert_eq!(told["segments"], serde_json::json!([format!("{method} 1"), format!("{method} 2")]));
    }
    shop.ok(&["segments", "add", "often, consenting", "segment(\"kmeans 2\") and consent"]);
    shop.ok(&["segments", "add", "often but not so", "group(mixture) = 2 and not segment(\"hierarchical 2\")"]);
    shop.ok(&["run"]);
    let list = json(&shop.ok(&["segments", "list", "--json"]));
    let size = |name: &str| {
        list["segments"].as_array().unwrap().iter().find(|s| s["segment"] == name).unwrap()["shoppers"]
            .as_i64()
            .unwrap()
    };
    assert_eq!((size("kmeans 1"), size("kmeans 2"), size("mixture 2"), size("hierarchical 1")), (80, 40, 40, 80));
    assert_eq!((size("often, consenting"), size("often but not so")), (5, 0));
    // One order is one order on any day, but in April the thirty had two and the ten had two: the past is asked for too.
    let followed = shop.value("select count(*) from marts.segment_flows where kind = 'own' and from_segment = 'kmeans 1' and to_segment = 'kmeans 2'");
    assert!(followed.as_i64().unwrap() > 0, "who came again went from one group to the other");
    let why = json(&shop.ok(&["segments", "explain", "kmeans 2", "s0", "--json"]));
    assert_eq!(why["member"], true);
    assert!(why["why"][1].as_str().unwrap().contains("orders.count is 3, typical of the group is 3"), "{why}");
    // The query and the evaluator agree on everybody.
    for shopper in ["s9", "s10", "s59", "s60", "s119"] {
        let why = json(&shop.ok(&["segments", "explain", "mixture 2", shopper, "--json"]));
        let inside = format!(
            "select count(*) from marts.segment_members where segment = 'mixture 2' and shopper_id = '{shopper}'"
        );
        assert_eq!(why["member"].as_bool(), Some(shop.value(&inside) == 1), "{shopper}");
    }
    let out = shop.path("kmeans.csv");
    let told = json(&shop.ok(&["segments", "export", "kmeans 2", "--out", &out, "--json"]));
    assert_eq!((told["written"].as_i64(), told["left_out_without_consent"].as_i64()), (Some(5), Some(35)));
    let refused = shop.run(&["segments", "unfit", "kmeans"]);
    assert!(refused.err.contains("`often, consenting` refers to `kmeans 2`"), "{}", refused.err);
    shop.ok(&["segments", "remove", "often but not so"]);
    shop.ok(&["segments", "unfit", "hierarchical"]);
    let left = json(&shop.ok(&["segments", "groupings", "--json"]));
    assert_eq!(left["groupings"].as_array().unwrap().len(), 2);
    assert!(shop.run(&["segments", "unfit", "hierarchical"]).err.contains("there are: kmeans, mixture"));
}

#[test] // A quiet kettle and a plain one; one shopper writes that quiet is what counts.
fn values_come_from_what_is_bought_and_written_and_rules_ask_for_them() {
    let shop = Shop::new();
    let mut orders =
        String::from("order_id,product_id,product_name,quantity,unit_price,currency,ordered_at,shopper_key,country\n");
    for n in 0..20 {
        let (id, name) = if n < 5 { ("Q", "Silent kettle") } else { ("K", "Kettle") };
        orders.push_str(&format!("o{n},{id},{name},1,10.00,GBP,2024-01-05 10:00:00,s{n},GB\n"));
    }
    shop.ingest_ok(&shop.file("orders.csv", orders));
    let reviews = "review_id,product_code,shopper_key,market,rating,text,reviewed_at\n\
                   r1,K,s9,GB,2,I would pay more for a quiet one,2024-02-01 10:00:00\n\
                   r2,K,s10,GB,5,Boils fast,2024-02-01 10:00:00\n";
    shop.ingest_ok(&shop.file("reviews.csv", reviews));
    shop.ok(&["segments", "add", "like it quiet", "value(quiet) > 0"]);
    shop.ok(&["run"]);
    let who = shop.sql("select shopper_id from marts.shopper_values where value = 'quiet' order by shopper_id");
    let who: Vec<&str> = who.iter().map(|r| r["shopper_id"].as_str().unwrap()).collect();
    assert_eq!(who, ["s0", "s1", "s2", "s3", "s4", "s9"]);
    let list = json(&shop.ok(&["segments", "list", "--json"]));
    let quiet = list["segments"].as_array().unwrap().iter().find(|s| s["segment"] == "like it quiet").unwrap().clone();
    assert_eq!(quiet["shoppers"], 6);
    let why = json(&shop.ok(&["segments", "explain", "like it quiet", "s9", "--json"]));
    assert_eq!(why["member"], true, "{why}");
    let said = json(&shop.ok(&["shoppers", "interests", "s9", "--json"]));
    let value = said["values"].as_array().unwrap().iter().find(|v| v["value"] == "quiet").unwrap().clone();
    assert_eq!((value["hits"].as_i64(), value["texts"].as_i64()), (Some(1), Some(2)), "{said}");
    assert!(value["evidence"][0].as_str().unwrap().contains("quiet one"), "{said}");
    let size = shop.run(&["segments", "size", "value(loud) > 0"]);
    assert!(size.err.contains("the values are those of values.toml"), "{}", size.err);
    // Another list of words makes the values old, and they follow it.
    std::fs::write(std::path::Path::new(&shop.path("shop")).join("values.toml"), "loud = [\"boils\"]\n").unwrap();
    shop.ok(&["segments", "remove", "like it quiet"]);
    shop.ok(&["run"]);
    let who = shop.sql("select shopper_id, value from marts.shopper_values");
    assert_eq!((who.len(), who[0]["shopper_id"].as_str(), who[0]["value"].as_str()), (1, Some("s10"), Some("loud")));
}
