//! The query of a set of segments beside what the rules mean: `segments_sql FOLDER` writes a small shop
//! as CSV files and who is in which segment by the reference evaluator; standard output is one JSON
//! object with the query. `scripts/peers/segments_sql.py` compares what the engine finds and times the
//! same query on a large shop.

use audience::segments::{Columns, Definition, Field, OrderFact, ProductFact, SegmentBook, ShopperFacts, Value};
use domain::{Amount, Day, Seed};
use std::fmt::Write as _;
use std::io::Write as _;
use std::{env, fs};

/// Twenty rules as a marketer writes them.
const RULES: [(&str, &str); 20] = [
    ("core", "orders.count(180d) >= 2 and market in [DE, FR] and not returned_last"),
    ("rich", "orders.revenue(365d) >= 300 and orders.average(365d) >= 80"),
    ("rich core", "segment(core) and segment(rich)"),
    ("core, not rich", "segment(core) and not segment(rich)"),
    ("silent", "days_since_last_order between 90 and 365"),
    ("lost", "last_order < 365d ago"),
    ("new", "first_order >= 60d ago"),
    ("returners", "returns.share(365d) >= 30% and returns.count(365d) >= 2"),
    ("coffee", "bought(category Coffee, 180d)"),
    ("coffee, no tea", "bought(category coffee) and not bought(category Tea, 365d)"),
    ("loyal to Nordkap", "brand = nordkap and brand_share >= 0.6 and bought(brand Nordkap, 90d)"),
    ("berlin", "city = BERLIN or region = Bayern"),
    ("place unknown", "city is missing and region is missing"),
    ("mailable", "consent and language in [de, fr]"),
    ("not asked", "accepts_marketing is missing"),
    ("champions", "rfm = champions or (r >= 4 and f >= 4 and m = 5)"),
    ("lapsing", "tag(lapsing) and orders.units(365d) > 3"),
    ("small baskets", "basket_size <= 1.5 and orders.count >= 3"),
    ("winter", "last_order between 2025-11-01 and 2025-12-31 and cluster in [0, 2]"),
    ("others", "not (segment(core) or segment(rich) or segment(silent) or segment(coffee))"),
];

fn book() -> SegmentBook {
    let definitions: Vec<Definition> = RULES.iter().map(|(name, text)| Definition::new(*name, *text)).collect();
    SegmentBook::read(&definitions).expect("the rules are right")
}

fn main() {
    let folder = env::args().nth(1).expect("a folder to write to");
    let book = book();
    let as_of: Day = "2026-01-01".parse().expect("a day");
    let shop = Shop::draw(as_of);
    shop.write(&folder);
    let mut expected = String::from("shopper_id,segment\n");
    for facts in &shop.shoppers {
        for name in book.members_of(facts, as_of) {
            let _ = writeln!(expected, "{},\"{name}\"", facts.shopper);
        }
    }
    fs::write(format!("{folder}/expected.csv"), expected).expect("the folder can be written");
    let columns = Columns::default().in_step(&["marts.shopper_traits", "marts.segments"]);
    let compiled = book.compile(&columns, as_of);
    let columns: Vec<[&str; 2]> =
        compiled.columns.iter().map(|(name, column)| [name.as_str(), column.as_str()]).collect();
    let out = serde_json::json!({
        "rules": RULES.len(), "sql": compiled.sql, "columns": columns, "tables": compiled.tables,
    });
    writeln!(std::io::stdout(), "{out}").expect("standard output takes a line");
}

/// A drawn shop of 400 shoppers.
struct Shop {
    shoppers: Vec<ShopperFacts>,
}

impl Shop {
    fn draw(as_of: Day) -> Self {
        let pick = |rng: &mut domain::Rng, list: &[&str]| list[rng.below(list.len())].to_owned();
        let shopper = |n: u64| {
            let rng = &mut Seed(5).stream(n);
            let mut facts = ShopperFacts::new(format!("s{n:03}"));
            let mut put = |rng: &mut domain::Rng, field, known: f64, value: Value| {
                if rng.uniform() < known {
                    facts.fields.insert(field, value);
                }
            };
            let (market, city) = (pick(rng, &["DE", "FR", "US"]), pick(rng, &["Berlin", "BERLIN", "Köln"]));
            let region = pick(rng, &["Bayern", "NRW"]);
            put(rng, Field::Market, 1.0, Value::Text(market));
            put(rng, Field::City, 0.6, Value::Text(city));
            put(rng, Field::Region, 0.6, Value::Text(region));
            let (language, consent) = (pick(rng, &["de", "en"]), rng.uniform() < 0.6);
            put(rng, Field::Language, 0.8, Value::Text(language));
            put(rng, Field::AcceptsMarketing, 0.8, Value::Yes(consent));
            let (brand, share) = (pick(rng, &["Nordkap", "Portena"]), rng.uniform());
            put(rng, Field::Brand, 0.9, Value::Text(brand));
            put(rng, Field::BrandShare, 0.9, Value::Number(share));
            let rfm = pick(rng, &["champions", "loyal", "at_risk"]);
            put(rng, Field::Rfm, 0.9, Value::Text(rfm));
            for (field, n) in [(Field::R, 5), (Field::F, 5), (Field::M, 5), (Field::Cluster, 4)] {
                let from = usize::from(field != Field::Cluster);
                let value = (from + rng.below(n)) as f64;
                put(rng, field, 0.9, Value::Number(value));
            }
            if rng.uniform() < 0.4 {
                facts.tags.insert(pick(rng, &["lapsing", "lost"]));
            }
            for _ in 0..rng.poisson(2.0) {
                let day = as_of.plus(-(rng.below(800) as i32) + 5); // Some lie after the cutoff.
                let revenue = Amount::from_micros(rng.below(30_000) as i64 * 10_000);
                let order = OrderFact { day, revenue, units: 1 + rng.below(3) as u32, returned: rng.uniform() < 0.3 };
                let product = rng.below(PRODUCTS.len());
                let (id, category, brand) = PRODUCTS[product];
                let own = |text: &str| (!text.is_empty()).then(|| text.to_owned());
                facts.orders.push(order);
                facts.bought.push(ProductFact {
                    day,
                    product: id.to_owned(),
                    category: own(category),
                    brand: own(brand),
                });
            }
            facts
        };
        Self { shoppers: (0..400).map(shopper).collect() }
    }

    fn write(&self, folder: &str) {
        let mut tables = [
            ("shoppers", "shopper_id,market,language,accepts_marketing,shopper_no\n".to_owned()),
            (
                "shopper_traits",
                "shopper_id,region,city,channel,channel_share,brand,brand_share,shopper_no\n".to_owned(),
            ),
            ("segments", "shopper_id,segment,r,f,m,cluster,tags,shopper_no\n".to_owned()),
            ("orders", "shopper_id,day,units,returned_units,gross,kind,shopper_no\n".to_owned()),
            ("order_lines", "shopper_id,product_id,day,settled,shopper_no\n".to_owned()),
            ("products", "product_id,category,brand\n".to_owned()),
        ];
        let mut put = |table: usize, row: String| tables[table].1.push_str(&row);
        for (n, f) in self.shoppers.iter().enumerate() {
            let id = &f.shopper;
            let cell = |field: Field| match f.fields.get(&field) {
                None => String::new(),
                Some(Value::Number(n)) => n.to_string(),
                Some(Value::Text(text)) => text.clone(),
                Some(Value::Day(day)) => day.to_string(),
                Some(Value::Yes(yes)) => yes.to_string(),
            };
            let cells = |fields: &[Field]| fields.iter().map(|f| cell(*f)).collect::<Vec<_>>().join(",");
            put(0, format!("{id},{},{n}\n", cells(&[Field::Market, Field::Language, Field::AcceptsMarketing])));
            let place = cells(&[Field::Region, Field::City]);
            put(1, format!("{id},{place},,,{},{n}\n", cells(&[Field::Brand, Field::BrandShare])));
            let tags: Vec<String> =
                f.tags.iter().map(|t| format!("{{\"\"tag\"\":\"\"{t}\"\",\"\"reason\"\":\"\"x\"\"}}")).collect();
            let scores = cells(&[Field::Rfm, Field::R, Field::F, Field::M, Field::Cluster]);
            put(2, format!("{id},{scores},\"[{}]\",{n}\n", tags.join(",")));
            for (o, line) in f.orders.iter().zip(&f.bought) {
                let (back, revenue) = (u8::from(o.returned), o.revenue.to_f64());
                put(3, format!("{id},{},{},{back},{revenue},sale,{n}\n", o.day, o.units));
                put(4, format!("{id},{},{},true,{n}\n", line.product, line.day));
            }
        }
        PRODUCTS.iter().for_each(|(id, category, brand)| put(5, format!("{id},{category},{brand}\n")));
        for (name, text) in &tables {
            fs::write(format!("{folder}/{name}.csv"), text).expect("the folder can be written");
        }
    }
}

const PRODUCTS: [(&str, &str, &str); 5] = [
    ("K1", "Kitchen > Coffee", "Nordkap"),
    ("K2", "Kitchen > Coffee makers", "Portena"),
    ("T1", "kitchen > tea", "NORDKAP"),
    ("V1", "Home", ""),
    ("X1", "", "Portena"),
];
