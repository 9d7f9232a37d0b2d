use super::*;
use arrow::array::{Float64Array, StringArray};
use audience::segments::{Definition, SegmentBook};
use domain::Day;
use lake::{EngineOptions, IngestOptions, Lake, RefineParams};

fn batch(numbers: Vec<Option<i64>>, texts: Vec<&str>) -> RecordBatch {
    let numbers: ArrayRef = Arc::new(Int64Array::from(numbers));
    let texts: ArrayRef = Arc::new(StringArray::from(texts));
    RecordBatch::try_from_iter([("shopper_no", numbers), ("city", texts)]).unwrap()
}

fn cities(columns: &Columns) -> Vec<Option<&str>> {
    assert_eq!((columns.len(), columns[0].0.as_str()), (1, "city"));
    columns[0].1.as_string::<i32>().iter().collect()
}

#[test]
fn rows_go_to_the_place_of_their_number() {
    let in_order = placed(&batch(vec![Some(0), Some(1)], vec!["a", "b"]), 2, true).unwrap().unwrap();
    assert_eq!(cities(&in_order), [Some("a"), Some("b")]);
    // Number 1 has no row; 9 is nobody's, as is a row without a number.
    let mixed = batch(vec![Some(2), None, Some(0), Some(9)], vec!["c", "x", "a", "y"]);
    assert_eq!(cities(&placed(&mixed, 3, false).unwrap().unwrap()), [Some("a"), None, Some("c")]);
    assert_eq!(placed(&mixed, 3, true).unwrap().unwrap_err(), "a row has no place");
    let twice = batch(vec![Some(1), Some(1)], vec!["a", "b"]);
    assert_eq!(placed(&twice, 2, false).unwrap().unwrap_err(), "the shopper of number 1 comes twice");
}

#[test]
fn amounts_and_truths_are_whole_numbers() {
    let amounts = Decimal128Array::from(vec![Some(1_500_000), None]).with_precision_and_scale(18, 6).unwrap();
    let amounts: ArrayRef = Arc::new(amounts);
    assert_eq!(integers(&amounts).unwrap(), [1_500_000, 0]);
    let cents: ArrayRef = Arc::new(Decimal128Array::from(vec![150]).with_precision_and_scale(18, 2).unwrap());
    assert_eq!(integers(&cents).unwrap(), [1_500_000]);
    let truths: ArrayRef = Arc::new(BooleanArray::from(vec![Some(true), None, Some(false)]));
    assert_eq!(integers(&truths).unwrap(), [1, 0, 0]);
}

/// Shoppers with up to five orders each over three years, some lines of which came back, views, searches, and marts about
/// two thirds of them.
async fn shop(dir: &std::path::Path, wrong_number: bool) -> Engine {
    let mut rng = domain::Seed(8).stream(0);
    let mut lines = String::from("order_id,ordered_at,shopper_id,product_id,quantity,unit_price,currency,market\n");
    let mut events = String::new();
    let mut n = 0;
    for shopper in 0..60 {
        let market = ["DE", "FR", "JP"][rng.below(3)];
        for _ in 0..rng.below(6) {
            let day = Day(20_000 + rng.below(1_000) as i32);
            for _ in 0..1 + rng.below(3) {
                let (product, units) = (rng.below(6), 1 + rng.below(3));
                lines += &format!("{n},{day},s{shopper:02},P{product},{units},{}.50,EUR,{market}\n", 10 + product);
                if rng.uniform() < 0.25 {
                    lines +=
                        &format!("{n},{},s{shopper:02},P{product},-1,{}.50,EUR,{market}\n", day.plus(5), 10 + product);
                }
            }
            n += 1;
        }
        // Somebody who only looks is a shopper of whom no order tells.
        for (at, name) in ["Product Viewed", "Products Searched"].into_iter().enumerate() {
            let day = Day(20_800 + rng.below(200) as i32);
            let of = match at {
                0 => format!("\"product_id\":\"P{}\"", rng.below(6)),
                _ => format!("\"query\":\"{}\"", ["blue kettle", "red lamp"][rng.below(2)]),
            };
            events += &format!(
                "{{\"type\":\"track\",\"event\":\"{name}\",\"messageId\":\"e{shopper}-{at}\",\"userId\":\"s{shopper:02}\",\"timestamp\":\"{day}T10:00:00Z\",\"properties\":{{{of}}}}}\n"
            );
        }
    }
    let kinds =
        ["Kitchen > Coffee,Nordkap", "Kitchen > Tea,Nordkap", "Home,", "Toys,Portena", "Books,", "Toys,Nordkap"];
    let products: Vec<String> = kinds.iter().enumerate().map(|(p, kind)| format!("P{p},Thing,{kind}")).collect();
    let files = [
        ("lines.csv", lines),
        ("events.ndjson", events),
        ("products.csv", format!("product_id,title,category,brand\n{}\n", products.join("\n"))),
    ]
    .map(|(name, text)| {
        std::fs::write(dir.join(name), text).unwrap();
        dir.join(name)
    });
    let lake = Lake::open(&dir.join("lake").to_string_lossy()).unwrap();
    let lock = lake.lock().unwrap();
    let options = IngestOptions::new(intake::ReadOptions::new(Day(30_000)));
    let report = lake::ingest(&lake, &lock, &files, &options, &|_| ()).await.unwrap();
    report.files.iter().for_each(|file| assert!(file.result.is_ok(), "{:?}", file.result));
    let params = RefineParams { base: None, as_of: Day(30_000), undone: Vec::new(), fillings: Vec::new() };
    let clean = lake::refine(&lake, &lock, &params, &|_| ()).await.unwrap();
    let engine = Engine::open(&lake, &clean.snapshot, &EngineOptions::default()).await.unwrap();
    let known = Rows::query(&engine, "select shopper_id, shopper_no from clean.shoppers").await.unwrap();
    let (ids, numbers) = (known.texts("shopper_id").unwrap(), known.ints("shopper_no").unwrap());
    let kept: Vec<usize> = (0..ids.len()).filter(|at| at % 3 != 1).rev().collect();
    let moved = i64::from(wrong_number);
    let numbers = Int64Array::from_iter_values(kept.iter().map(|at| (numbers[*at] + moved) % ids.len() as i64));
    let texts = |of: &dyn Fn(usize) -> Option<String>| -> ArrayRef {
        Arc::new(kept.iter().map(|at| of(*at)).collect::<StringArray>())
    };
    let floats = |of: &dyn Fn(usize) -> f64| -> ArrayRef {
        Arc::new(Float64Array::from_iter_values(kept.iter().map(|at| of(*at))))
    };
    let own: Vec<(&str, ArrayRef)> = vec![
        ("shopper_id", texts(&|at| Some(ids[at].clone()))),
        ("shopper_no", Arc::new(numbers)),
        ("city", texts(&|at| (at % 2 == 0).then(|| "Berlin".to_owned()))),
        ("brand", texts(&|_| Some("Nordkap".to_owned()))),
        ("brand_share", floats(&|at| (at % 10) as f64 / 10.0)),
        ("tags", texts(&|at| Some(if at % 4 == 0 { "[{\"tag\":\"lapsing\"}]" } else { "[]" }.to_owned()))),
        ("segment", texts(&|at| Some(["champions", "loyal"][at % 2].to_owned()))),
        ("r", floats(&|at| (1 + at % 5) as f64)),
        ("f", floats(&|at| (1 + at % 4) as f64)),
        ("m", floats(&|at| (1 + at % 3) as f64)),
    ];
    let mut snapshot = clean.snapshot;
    for name in ["shopper_traits", "segments"] {
        let def = schema::table(schema::Zone::Marts, name).unwrap();
        let schema = def.arrow_schema();
        let columns = schema.fields().iter().map(|field| {
            let column = own.iter().find(|(name, _)| name == field.name()).map(|(_, column)| column.clone());
            let column = column.unwrap_or_else(|| {
                if field.is_nullable() {
                    arrow::array::new_null_array(field.data_type(), kept.len())
                } else {
                    cast(&(Arc::new(Int64Array::from(vec![0; kept.len()])) as ArrayRef), field.data_type()).unwrap()
                }
            });
            (field.name().clone(), column)
        });
        let batch = RecordBatch::try_from_iter(columns.collect::<Vec<_>>()).unwrap();
        snapshot = lake::write_mart(&lake, &lock, name, "test", vec![(name, vec![batch])]).await.unwrap();
    }
    Engine::open(&lake, &snapshot, &EngineOptions::default()).await.unwrap()
}

const RULES: [(&str, &str); 12] = [
    ("core", "orders.count(300d) >= 2 and market in [DE, FR] and not returned_last"),
    ("rich", "orders.revenue(600d) >= 60.5 and orders.average(600d) >= 30"),
    ("core or poor", "segment(core) or not segment(rich)"),
    ("silent", "days_since_last_order between 90 and 365 or first_order >= 60d ago"),
    ("returners", "returns.share(900d) >= 30% and returns.count >= 1"),
    ("coffee", "bought(category Coffee, 400d) and not bought(brand Nordkap, 100d)"),
    ("seen", "viewed(category Toys, 150d) or searched(\"kettle\")"),
    ("city", "city = berlin or city is missing and brand_share > 0.4"),
    ("not asked", "accepts_marketing is missing and market = JP"),
    ("scored", "tag(lapsing) and rfm = champions or r >= 4 and f >= 3"),
    ("liking", "interest(Coffee) > 0.2 or cart_abandoned(30d)"),
    ("baskets", "basket_size <= 2 and orders.units(500d) > 1 or orders.count = 0"),
];

fn book() -> SegmentBook {
    let definitions: Vec<Definition> = RULES.iter().map(|(name, rule)| Definition::new(*name, *rule)).collect();
    SegmentBook::read(&definitions).unwrap()
}

fn told(rows: &Rows, compiled: &Compiled) -> Vec<(String, Vec<bool>)> {
    let inside: Vec<Vec<bool>> = compiled.columns.iter().map(|(_, column)| rows.truths(column).unwrap()).collect();
    let ids = rows.texts("shopper_id").unwrap();
    let mut told: Vec<_> =
        ids.into_iter().enumerate().map(|(at, id)| (id, inside.iter().map(|column| column[at]).collect())).collect();
    told.sort();
    told
}

/// Every kind of part: sums, returns, flags, events, marts by number and by name; the query with joins says the same.
#[tokio::test(flavor = "multi_thread")]
async fn laid_out_the_same_shoppers_are_in_the_same_segments() {
    let dir = tempfile::tempdir().unwrap();
    let engine = shop(dir.path(), false).await;
    for columns in
        [super::super::columns(), super::super::columns().in_step(&["marts.shopper_traits", "marts.segments"])]
    {
        let compiled = book().compile(&columns, Day(21_000));
        let laid = compiled.laid.as_ref().unwrap();
        assert_eq!((laid.scans.len(), laid.parts.len()), (2, 5), "all kinds of parts: {:?}", laid.parts);
        let table = laid_out(&engine, laid).await.unwrap().unwrap();
        let batches = engine.over(TABLE, &table).unwrap().sql(&laid.sql).await.unwrap();
        let joined = Rows::query(&engine, &compiled.sql).await.unwrap();
        let (laid, joined) = (told(&Rows::of(&batches).unwrap(), &compiled), told(&joined, &compiled));
        assert_eq!(laid, joined);
        let n_in = |at: usize| laid.iter().filter(|(_, inside)| inside[at]).count();
        let sizes: Vec<(&str, usize)> =
            compiled.columns.iter().enumerate().map(|(at, (name, _))| (name.as_str(), n_in(at))).collect();
        let telling = sizes.iter().filter(|(_, n)| (1..laid.len()).contains(n)).count();
        assert!(telling >= 8, "rules that tell nobody apart test nothing: {sizes:?} of {}", laid.len());
        assert_eq!(told(&answer(&engine, &compiled).await.unwrap(), &compiled), joined);
    }
}

/// A mart of other clean tables: its numbers are those of other shoppers, its names are right.
#[tokio::test(flavor = "multi_thread")]
async fn numbers_of_other_clean_tables_are_refused_and_names_answer() {
    let dir = tempfile::tempdir().unwrap();
    let engine = shop(dir.path(), true).await;
    let compiled = book().compile(&super::super::columns(), Day(21_000));
    let why = laid_out(&engine, compiled.laid.as_ref().unwrap()).await.unwrap().unwrap_err();
    assert_eq!(why, "a mart has other numbers than the clean tables");
    let joined = Rows::query(&engine, &compiled.sql).await.unwrap();
    assert_eq!(told(&answer(&engine, &compiled).await.unwrap(), &compiled), told(&joined, &compiled));
}
