//! A workspace in a temporary folder and the program on it.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// Today, as the tests know it.
pub(crate) const TODAY: &str = "2026-01-01";

pub(crate) struct Shop {
    dir: TempDir,
}

pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Shop {
    /// A fresh workspace in pounds at home in the United Kingdom.
    pub(crate) fn new() -> Self {
        Self::with(&["--home", "GB", "--currency", "GBP"])
    }

    pub(crate) fn with(options: &[&str]) -> Self {
        let shop = Self { dir: tempfile::tempdir().expect("a temporary folder") };
        let made = portolan(&[&["init", shop.root().to_str().unwrap()], options].concat());
        assert_eq!(made.code, 0, "{}", made.err);
        shop
    }

    /// A workspace that is there already, in `shop` of a folder.
    pub(crate) fn of(dir: TempDir) -> Self {
        Self { dir }
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.dir.path().join("shop")
    }

    /// Writes a file beside the workspace.
    pub(crate) fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.dir.path().join(name);
        std::fs::write(&path, bytes).expect("a temporary file");
        path
    }

    pub(crate) fn run(&self, args: &[&str]) -> Said {
        let root = self.root();
        portolan(&[args, &["--quiet", "--workspace", root.to_str().unwrap()]].concat())
    }

    /// Runs and expects success.
    pub(crate) fn ok(&self, args: &[&str]) -> String {
        let said = self.run(args);
        assert_eq!(said.code, 0, "portolan {}: {}{}", args.join(" "), said.out, said.err);
        said.out
    }

    /// Runs, expects a failure, and gives what was said of it.
    pub(crate) fn fails(&self, args: &[&str]) -> String {
        let said = self.run(args);
        assert_ne!(said.code, 0, "portolan {}: {}", args.join(" "), said.out);
        said.err
    }

    /// A place beside the workspace.
    pub(crate) fn path(&self, name: &str) -> String {
        self.dir.path().join(name).to_string_lossy().into_owned()
    }

    pub(crate) fn ingest(&self, path: &Path) -> Said {
        self.run(&["ingest", path.to_str().unwrap(), "--as-of", TODAY])
    }

    pub(crate) fn ingest_ok(&self, path: &Path) -> String {
        self.ok(&["ingest", path.to_str().unwrap(), "--as-of", TODAY])
    }

    /// Rows of a query.
    pub(crate) fn sql(&self, query: &str) -> Vec<Value> {
        let text = self.ok(&["sql", query, "--json"]);
        serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text}"))
    }

    /// The one value of a query with one row and one column.
    pub(crate) fn value(&self, query: &str) -> Value {
        let rows = self.sql(query);
        let row = rows.first().and_then(Value::as_object).unwrap_or_else(|| panic!("no row of {query}"));
        row.values().next().cloned().unwrap_or(Value::Null)
    }

    /// Hash of every table.
    pub(crate) fn digest(&self) -> Value {
        let text = self.ok(&["doctor", "--json"]);
        serde_json::from_str::<Value>(&text).expect("JSON")["digest"].clone()
    }
}

/// The built program with these arguments.
pub(crate) fn portolan(args: &[&str]) -> Said {
    let Output { status, stdout, stderr } =
        Command::new(env!("CARGO_BIN_EXE_portolan")).args(args).output().expect("the program starts");
    Said {
        code: status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&stdout).into_owned(),
        err: String::from_utf8_lossy(&stderr).into_owned(),
    }
}

/// A retail export of eight lines with a repeat, a cancellation, a guest, postage and an odd country.
pub(crate) const RETAIL: &str = "\
InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
536365,85123A,WHITE HANGING HEART,6,2010-12-01 08:26:00,2.55,17850,United Kingdom
536365,85123A,WHITE HANGING HEART,6,2010-12-01 08:26:00,2.55,17850,United Kingdom
536366,22633,HAND WARMER,10,2010-12-01 08:28:00,1.855,13047,EIRE
C536367,22633,HAND WARMER,-4,2010-12-02 09:00:00,1.855,13047,EIRE
536368,22633,HAND WARMER,1,2010-12-02 10:00:00,3.71,,Unspecified
536369,POST,POSTAGE,1,2010-12-03 11:00:00,18.00,12583,Germany
536369,85123a,WHITE HANGING HEART,2,2010-12-03 11:00:00,2.55,12583,Germany
536370,22633,HAND WARMER,3,2010-12-04 12:00:00,0,12583,Germany
";

/// What a command says as JSON.
pub(crate) fn json(shop: &Shop, args: &[&str]) -> serde_json::Value {
    serde_json::from_str(&shop.ok(&[args, &["--json"]].concat())).unwrap()
}

/// A number, also one that is written as a text.
pub(crate) fn number(value: &serde_json::Value) -> f64 {
    value
        .as_f64()
        .or_else(|| value.as_str().and_then(|t| t.parse().ok()))
        .unwrap_or_else(|| panic!("{value} is no number"))
}
