//! What a seller states of marks, languages and batteries decides on verdicts, and a drafted table that comes back changes them.

use crate::support::Shop;
use serde_json::Value;

const HEADER: &str = "product_code,name,category,voltage_range,plug,weight_kg,length_cm,width_cm,height_cm,cost,cost_currency,\
certificates,manual_languages,battery";

fn lines() -> String {
    let mut text =
        "order_id,product_code,product_name,quantity,unit_price,currency,ordered_at,shopper_key,country\n".to_owned();
    for i in 0..80 {
        let (product, month, day) = (1 + i % 4, 9 + i / 40, 1 + i % 28);
        let name = ["Kettle A", "Kettle B", "Massager", "X-100"][product - 1];
        text.push_str(&format!(
            "O{i},P{product},{name},1,{}.90,EUR,2025-{month:02}-{day:02},K{},DE\n",
            20 + product,
            i % 30
        ));
    }
    text
}

fn verdict(shop: &Shop, product: &str) -> Value {
    let rows = shop.sql(&format!(
        "select verdict, en, missing from marts.sellability where market = 'DE' and product_id = '{product}'"
    ));
    rows.into_iter().next().unwrap_or_else(|| panic!("no verdict of {product}"))
}

fn filled(draft: &str, product: &str, column: &str, value: &str) -> String {
    let header: Vec<&str> = draft.lines().next().unwrap().split(',').collect();
    let at = header.iter().position(|c| *c == column).unwrap_or_else(|| panic!("no column {column} in {header:?}"));
    let lines = draft.lines().map(|line| {
        let mut cells: Vec<String> = line.split(',').map(str::to_owned).collect();
        if cells[0] == product {
            cells[at] = value.to_owned();
        }
        cells.join(",") + "\n"
    });
    lines.collect()
}

#[test]
fn a_drafted_table_that_comes_back_changes_verdicts() {
    let shop = Shop::with(&["--home", "CN", "--currency", "EUR"]);
    let products = format!(
        "{HEADER}\n\
         P1,Electric kettle A,Kitchen > Kettles,220-240,C,1.1,24,22,16,48,CNY,,,\n\
         P2,Electric kettle B,Kitchen > Kettles,220-240,C,1.1,24,22,16,52,CNY,none,de,\n\
         P3,Massage gun,Care,,,0.9,24,18,8,90,CNY,CE;EU-RP;WEEE;LUCID;BATT-EPR;UN 38.3,German,inside\n\
         P4,X-100,,,,1,20,20,20,10,CNY,,,\n"
    );
    shop.ingest_ok(&shop.file("products.csv", products));
    shop.ingest_ok(&shop.file("orders.csv", lines()));
    shop.ok(&["run"]);

    // Nobody spoke of the papers of P1: perhaps at hand. P2 has none: to be got, and nothing is missing.
    let one = verdict(&shop, "P1");
    assert_eq!((&one["verdict"], &one["missing"]), (&"sell_with_change".into(), &"label_languages marks".into()));
    assert!(one["en"].as_str().unwrap().contains("show that it is at hand, or get it: CE marking"), "{one}");
    let two = verdict(&shop, "P2");
    assert_eq!((&two["verdict"], &two["missing"]), (&"sell_with_change".into(), &"".into()));
    let why = two["en"].as_str().unwrap();
    assert!(why.contains("get: CE marking") && !why.contains("translate") && !why.contains("at hand"), "{why}");
    // Its battery is stated, but some massagers charge from the mains.
    let three = verdict(&shop, "P3");
    assert_eq!(three["verdict"], "unknown");
    assert!(three["missing"].as_str().unwrap().contains("plug"), "{three}");
    assert_eq!(verdict(&shop, "P4")["verdict"], "unknown");

    let out = shop.path("complete.csv");
    shop.ok(&["decide", "missing", "--out", &out]);
    let draft = std::fs::read_to_string(&out).unwrap();
    let asked = |product: &str| draft.lines().find(|l| l.starts_with(product)).map(|l| l.rsplit(',').next().unwrap());
    assert_eq!(asked("P1"), Some("label_languages marks"));
    assert_eq!(asked("P2"), None, "nothing is asked of P2: {draft}");
    assert!(asked("P4").unwrap().contains("category"), "{draft}");
    assert!(asked("P3").unwrap().contains("plug"), "{draft}");

    let draft = filled(&draft, "P1", "marks", "CE marking;EU-RP;WEEE;LUCID");
    let draft = filled(&draft, "P1", "label_languages", "de");
    let draft = filled(&draft, "P3", "plug", "none");
    let draft = filled(&draft, "P4", "category", "Kitchen > Kettles > Electric kettle");
    shop.ok(&["ingest", shop.file("back.csv", draft).to_str().unwrap(), "--format", "canonical-products"]);
    shop.ok(&["run"]);
    let one = verdict(&shop, "P1");
    assert_eq!((&one["verdict"], &one["missing"]), (&"sell".into(), &"".into()), "{one}");
    let three = verdict(&shop, "P3");
    assert!(!three["missing"].as_str().unwrap().contains("plug"), "{three}");
    // What the new file does not say stays.
    let kept = shop.value("select voltage_range from clean.products where product_id = 'P1'");
    assert_eq!(kept, "220-240");
    let four = verdict(&shop, "P4");
    assert!(four["missing"].as_str().unwrap().contains("voltage_v"), "now it is a kettle without a voltage: {four}");
}
