//! The front door itself: what the manual says, folders with other things in them, exit codes,
//! what `doctor` sees, what `-v` tells.

use crate::support::{RETAIL, Shop, TODAY, portolan};
use serde_json::Value;
use std::fs;
use std::path::PathBuf;

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|e| panic!("{e}: {text}"))
}

/// The only file of a folder of the lake whose name ends so.
fn file_in(shop: &Shop, folder: &str, ending: &str) -> PathBuf {
    let folder = shop.root().join("lake").join(folder);
    let mut files: Vec<PathBuf> = fs::read_dir(&folder).unwrap().map(|e| e.unwrap().path()).collect();
    files.retain(|p| p.is_file() && p.to_string_lossy().ends_with(ending));
    files.sort();
    files.pop().unwrap_or_else(|| panic!("nothing in {}", folder.display()))
}

#[test]
fn the_help_lists_every_command_and_the_manual_their_options() {
    let help = portolan(&["--help"]).out;
    for command in ["completions", "man", "init", "ingest", "run", "plan", "recommend", "sql", "tables", "quality"] {
        assert!(help.contains(&format!("\n  {command}")), "{command} is not in {help}");
    }
    let manual = portolan(&["man"]).out.replace("\\-", "-");
    assert!(manual.contains(".TH"));
    for option in ["--as-of", "--guess", "--force", "--lang", "--explain", "--snapshot", "--scale", "--digest"] {
        assert!(manual.contains(option), "{option}");
    }
}

#[test]
fn in_a_folder_what_is_no_table_is_passed_over_and_leaves_nothing() {
    let shop = Shop::new();
    let folder = shop.file("readme.txt", "").parent().unwrap().join("exports");
    fs::create_dir_all(folder.join("more")).unwrap();
    fs::write(folder.join("orders.csv"), RETAIL).unwrap();
    fs::write(folder.join("notes.txt"), "Dear colleague,\nplease find the orders attached.\n").unwrap();
    fs::write(folder.join("odd.csv"), "colour,mood\nred,fine\n").unwrap();
    fs::write(folder.join("empty.csv"), "").unwrap();
    fs::write(folder.join("more/invoice.pdf"), b"%PDF-1.7\n\x00\x01\x02\x03\xff\xfe\x00").unwrap();
    let path = folder.to_str().unwrap();
    let said = shop.run(&["ingest", path, "--as-of", TODAY, "--json"]);
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    let files = json(&said.out)["files"].as_array().unwrap().clone();
    let state = |name: &str| {
        let file = files.iter().find(|f| f["file"].as_str().unwrap().ends_with(name));
        file.unwrap_or_else(|| panic!("{name} is not told of"))["state"].as_str().unwrap().to_owned()
    };
    assert_eq!(state("orders.csv"), "added");
    for name in ["notes.txt", "odd.csv", "empty.csv", "invoice.pdf"] {
        assert_eq!(state(name), "passed over", "{name}");
    }
    assert_eq!(shop.value("select count(*) from raw.sources"), 1);
    let kept = fs::read_dir(shop.root().join("lake/raw/files")).unwrap().count();
    assert_eq!(kept, 1, "only the table is kept");

    // Named by itself the same file is an error, and so is a folder without any table.
    assert_eq!(shop.ingest(&folder.join("odd.csv")).code, 3);
    assert_eq!(shop.ingest(&folder.join("more")).code, 3);
    // A table that is damaged is never passed over.
    fs::write(folder.join("more/orders.csv"), RETAIL.replace("Quantity", "Anzahl")).unwrap();
    assert_eq!(shop.ingest(&folder).code, 3);
    assert_eq!(
        fs::read_dir(shop.root().join("lake/raw/files")).unwrap().count(),
        1,
        "nothing of a refused file is kept"
    );
}

#[test]
fn the_code_says_whose_mistake_it_was() {
    let shop = Shop::new();
    let out = shop.root().join("merchant");
    let out = out.to_str().unwrap();
    let scale = portolan(&["simulate", "--scale", "0", "--out", out]);
    assert_eq!(scale.code, 2, "{}", scale.err);
    assert!(scale.err.contains("0.0001 to 10,000") && scale.err.contains("next:"), "{}", scale.err);
    let market = portolan(&["simulate", "--markets", "QQ", "--out", out]);
    assert_eq!(market.code, 2, "{}", market.err);
    let orders = shop.file("orders.csv", RETAIL);
    let map = shop.run(&["ingest", orders.to_str().unwrap(), "--map", "missing.toml"]);
    assert_eq!(map.code, 3, "{}", map.err);
    assert!(map.err.contains("missing.toml") && map.err.contains("--guess"), "{}", map.err);
    // A folder that cannot be made is the disk's matter.
    let under_a_file = orders.join("merchant");
    let disk = portolan(&["simulate", "--scale", "0.001", "--out", under_a_file.to_str().unwrap()]);
    assert_eq!(disk.code, 5, "{}", disk.err);
}

#[test]
fn init_tells_a_program_what_it_made() {
    let shop = Shop::new();
    let again = json(&portolan(&["init", shop.root().to_str().unwrap(), "--json"]).out);
    assert_eq!((&again["made"], &again["home"], &again["currency"]), (&false.into(), &"GB".into(), &"GBP".into()));
}

#[test]
fn more_log_lines_are_there_when_asked_for() {
    let shop = Shop::new();
    let orders = shop.file("orders.csv", RETAIL);
    let root = shop.root();
    let args = ["ingest", orders.to_str().unwrap(), "--as-of", TODAY, "--workspace", root.to_str().unwrap()];
    let told = portolan(&[&args[..], &["-v"]].concat()).err;
    assert!(told.contains("taken") && told.contains("orders.csv") && told.contains("published"), "{told}");
    let quiet = portolan(&args).err;
    assert!(!quiet.contains("INFO"), "{quiet}");
    let run = portolan(&["run", "-vv", "--workspace", root.to_str().unwrap()]).err;
    assert!(run.contains("stage=\"marts\""), "{run}");
}

#[test]
fn doctor_finds_a_changed_and_a_lost_file() {
    let damaged = |damage: &dyn Fn(&Shop), word: &str| {
        let shop = Shop::new();
        shop.ingest_ok(&shop.file("orders.csv", RETAIL));
        let healthy = json(&shop.ok(&["doctor", "--json"]));
        assert_eq!((&healthy["kept_files"], &healthy["writing"]), (&1.into(), &"free".into()));
        damage(&shop);
        let said = shop.run(&["doctor"]);
        assert_eq!(said.code, 5, "{}", said.out);
        assert!(said.err.contains(word), "`{word}` is not in {}", said.err);
        assert_eq!(json(&shop.run(&["doctor", "--json"]).out)["problems"].as_array().map(Vec::len), Some(1));
    };
    let flip = |path: PathBuf| {
        let mut bytes = fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&path, bytes).unwrap();
    };
    damaged(&|shop| flip(file_in(shop, "raw/files", "")), "raw/files");
    damaged(&|shop| flip(file_in(shop, "raw/order_lines", ".parquet")), "raw/order_lines");
    damaged(&|shop| fs::remove_file(file_in(shop, "raw/files", "")).unwrap(), "cannot be read");
    damaged(&|shop| fs::remove_file(file_in(shop, "clean/order_lines", ".parquet")).unwrap(), "clean/order_lines");

    let shop = Shop::new();
    let lock = fs::File::create(shop.root().join("lake/.lock")).unwrap();
    lock.lock().unwrap();
    assert!(shop.ok(&["doctor"]).contains("another process is writing"));
}
