//! Pictures into the lake, broken ones put aside, and products that look like a picture.

use crate::support::Shop;
use serde_json::Value;

/// A BMP of so many pixels a side: a disc or a bar of a colour on white.
pub(crate) fn bmp(disc: bool, colour: [u8; 3], side: u32) -> Vec<u8> {
    let row = (side * 3).next_multiple_of(4);
    let mut bytes = b"BM".to_vec();
    for word in [54 + row * side, 0, 54, 40, side, side, 24 << 16 | 1, 0, row * side, 2835, 2835, 0, 0] {
        bytes.extend(word.to_le_bytes());
    }
    for y in 0..side {
        let mut line = Vec::new();
        for x in 0..side {
            let (u, v) = (x as f32 / side as f32 - 0.5, y as f32 / side as f32 - 0.5);
            let inside = if disc { u.hypot(v) < 0.35 } else { u.abs() < 0.12 && v.abs() < 0.45 };
            let [r, g, b] = if inside { colour } else { [255; 3] };
            line.extend([b, g, r]);
        }
        line.resize(row as usize, 0);
        bytes.extend(line);
    }
    bytes
}

/// Two plates, a spoon, and a cup whose picture is broken; and the folder that holds them.
pub(crate) fn shop() -> (Shop, String) {
    let shop = Shop::new();
    let folder = shop.path("catalogue");
    let write = |name: &str, bytes: &[u8]| {
        let path = std::path::Path::new(&folder).join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    };
    write("images/plate-red.bmp", &bmp(true, [200, 30, 30], 64));
    write("images/plate-blue.bmp", &bmp(true, [30, 30, 200], 64));
    write("images/spoon-red.bmp", &bmp(false, [200, 30, 30], 64));
    write("images/broken.png", b"\x89PNG\r\n\x1a\nnothing follows");
    write(
        "products.csv",
        b"product_code,name,category,price,currency,image\n\
          P1,Red plate,Kitchen,5.00,GBP,images/plate-red.bmp\n\
          P2,Blue plate,Kitchen,5.00,GBP,https://shop.example/images/plate-blue.bmp?v=3\n\
          S1,Red spoon,Kitchen,2.00,GBP,images/spoon-red.bmp\n\
          X1,Cup,Kitchen,2.00,GBP,images/broken.png\n",
    );
    (shop, folder)
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn pictures_are_kept_linked_and_broken_ones_put_aside_with_the_reason() {
    let (shop, folder) = shop();
    let said = shop.run(&["ingest", &folder]);
    let told = format!("{}{}", said.out, said.err);
    assert_eq!(said.code, 0, "{told}");
    assert!(told.contains("3 bmp files taken as media") && told.contains("broken.png: put aside"), "{told}");
    let linked = "select m.path, m.width, m.product_id from clean.media m order by m.path";
    let rows = shop.sql(linked);
    let found: Vec<_> =
        rows.iter().map(|r| (r["path"].as_str().unwrap(), r["product_id"].as_str(), r["width"].as_i64())).collect();
    assert_eq!(
        found,
        [
            ("images/plate-blue.bmp", Some("P2"), Some(64)),
            ("images/plate-red.bmp", Some("P1"), Some(64)),
            ("images/spoon-red.bmp", Some("S1"), Some(64)),
        ]
    );
    let rejects = shop.sql("select rule, \"column\", expected, stage from rejects.rows");
    assert_eq!(rejects.len(), 1);
    assert_eq!(rejects[0]["rule"], "unreadable_media");
    assert!(rejects[0]["expected"].as_str().unwrap().contains("PNG"), "{rejects:?}");
    // Of the pictures the report has a line together; one with a remark keeps its own.
    let report = shop.ok(&["quality"]);
    assert!(
        report.contains("| 3 files") && !report.contains("plate-red.bmp") && report.contains("broken.png"),
        "{report}"
    );
    // The same folder again changes nothing; forgotten, a picture is gone from the table and its copy stays.
    let again = shop.ok(&["ingest", &folder]);
    assert!(again.contains("already in the lake"), "{again}");
    assert_eq!(shop.value("select count(*) from raw.media"), 3);
    shop.ok(&["forget", "spoon-red.bmp"]);
    assert_eq!(shop.value("select count(*) from raw.media"), 2);
}

#[test]
fn a_photo_finds_the_product_it_shows() {
    let (shop, folder) = shop();
    shop.ok(&["ingest", &folder]);
    let photo = shop.path("photo.bmp");
    shop.file("photo.bmp", bmp(true, [200, 30, 30], 90));
    let found = json(&shop.ok(&["similar", "--image", &photo, "--json"]));
    let items = found["items"].as_array().unwrap();
    assert_eq!((items[0]["product"].as_str(), items[0]["same_picture"].as_bool()), (Some("P1"), Some(true)));
    assert_eq!(items.len(), 3, "a product without a usable picture is not among them");
    let like = json(&shop.ok(&["similar", "P1", "--by", "picture", "--json"]));
    assert!(like["items"].as_array().unwrap().iter().all(|i| i["product"] != "P1"), "{like}");
    shop.file("note.txt", "no picture");
    let wrong = shop.fails(&["similar", "--image", &shop.path("note.txt")]);
    assert!(wrong.contains("JPEG"), "{wrong}");
}
