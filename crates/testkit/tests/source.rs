//! What must not stand in the source: IO, clock or environment in a pure crate, unsafe code, open
//! ends, machine paths, and files that have outgrown one story.
//!
//! The scan is by line and by word, on purpose: it needs no parser, and a reader can predict what
//! it finds. `clippy.toml` forbids some of the same calls by their resolved paths.

use std::fs;
use std::path::Path;
use std::process::Command;
use testkit::pure::PURE;
use testkit::shared::project_root as root;

/// What a pure crate never says outside its tests.
const NOT_IN_PURE: &[&str] = &[
    "std::fs",
    "fs::File",
    "File::open",
    "File::create",
    "std::env",
    "std::net",
    "std::process",
    "SystemTime::now",
    "Instant::now",
    "Utc::now",
    "Local::now",
    "thread::spawn",
    "thread::sleep",
    "print!(",
    "println!(",
    "eprint!(",
    "eprintln!(",
    "dbg!(",
];

/// Where such a word is right: file (below `crates/`), word, reason.
const ALLOWED: &[(&str, &str, &str)] = &[
    ("sim/src/write", "std::fs", "the simulator's one product is a folder of files; only this module writes them"),
    ("sim/src/write", "fs::File", "as above"),
    ("sim/src/write", "File::create", "as above"),
];

/// `lib.rs` files that are more than a table of contents, and why.
const LIB_WITH_CODE: &[(&str, &str)] =
    &[("schema", "the two look-ups of the catalogue are the whole of its interface")];

/// Files longer than [`MAX_LINES`], and why they are one story all the same.
const LONG: &[(&str, &str)] = &[];

/// Lines a file may have; style aims at 100 to 400.
const MAX_LINES: usize = 600;

/// Files below a folder in order of path, each with its path relative to `crates/`.
fn rust_files(folder: &Path) -> Vec<(String, String)> {
    let crates = root().join("crates");
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries {
            let path = entry.expect("an entry of a readable folder").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let name = path.strip_prefix(&crates).expect("a file below crates/").display().to_string();
                files.push((name, fs::read_to_string(&path).expect("a source file is UTF-8")));
            }
        }
    }
    files.sort();
    files
}

fn all_rust_files() -> Vec<(String, String)> {
    rust_files(&root().join("crates"))
}

/// The code of a file with line numbers from 1: without comments and without its tests, which stand
/// last by convention, or in a file of their own.
fn code(name: &str, text: &str) -> Vec<(usize, String)> {
    if name.contains("/tests/") || name.ends_with("tests.rs") {
        return Vec::new();
    }
    let lines: Vec<&str> = text.lines().collect();
    let starts_tests = |i: usize| {
        lines[i] == "#[test]"
            || lines[i] == "#[cfg(test)]" && lines.get(i + 1).is_some_and(|next| next.trim_start().starts_with("mod "))
    };
    let end = (0..lines.len()).find(|&i| starts_tests(i)).unwrap_or(lines.len());
    let code = lines[..end].iter().enumerate();
    code.map(|(i, line)| (i + 1, line.split("//").next().unwrap_or_default().to_owned())).collect()
}

fn forbidden_words(name: &str, text: &str, words: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for (number, line) in code(name, text) {
        for word in words.iter().filter(|w| has_word(&line, w)) {
            if !ALLOWED.iter().any(|(file, allowed, _)| name.starts_with(file) && allowed == word) {
                found.push(format!("{name}:{number}: {word}"));
            }
        }
    }
    found
}

/// Whether the word occurs and does not merely end a longer name: `print!(` is not in `eprint!(`.
fn has_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_')
    })
}

#[test]
fn a_pure_crate_never_touches_files_clock_environment_or_terminal() {
    let mut found = Vec::new();
    for name in PURE {
        for (file, text) in rust_files(&root().join("crates").join(name).join("src")) {
            found.extend(forbidden_words(&file, &text, NOT_IN_PURE));
        }
    }
    assert!(found.is_empty(), "in a pure crate:\n  {}", found.join("\n  "));
}

/// The one file that calls into C, with the proof beside the call.
const UNSAFE_WITH_ITS_PROOF: &str = "app/src/allocator.rs";

#[test]
fn nothing_is_unsafe() {
    let word = concat!("uns", "afe ");
    let found: Vec<String> = all_rust_files()
        .iter()
        .filter(|(name, _)| !name.ends_with(UNSAFE_WITH_ITS_PROOF))
        .flat_map(|(name, text)| forbidden_words(name, text, &[word]))
        .collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn lib_rs_is_a_table_of_contents() {
    let starts = ["//", "mod ", "pub mod ", "use ", "pub use ", "pub(crate) use ", "#", "extern crate "];
    for (name, text) in all_rust_files() {
        let Some(krate) = name.strip_suffix("/src/lib.rs") else { continue };
        if LIB_WITH_CODE.iter().any(|(allowed, _)| *allowed == krate) {
            continue;
        }
        let mut inside_use = false;
        for (number, line) in code(&name, &text) {
            let line = line.trim();
            let fine = line.is_empty() || inside_use || starts.iter().any(|s| line.starts_with(s));
            assert!(fine, "{name}:{number}: not documentation, `mod` or `use`: {line}");
            inside_use = (inside_use || line.contains("use ")) && !line.ends_with(';') && !line.is_empty();
        }
    }
}

#[test]
fn a_file_tells_one_story() {
    let too_long: Vec<String> = all_rust_files()
        .into_iter()
        .map(|(name, text)| (text.lines().count(), name))
        .filter(|(n_lines, name)| *n_lines > MAX_LINES && !LONG.iter().any(|(long, _)| long == name))
        .map(|(n_lines, name)| format!("{name}: {n_lines} lines"))
        .collect();
    assert!(too_long.is_empty(), "above {MAX_LINES} lines: look for the second story:\n  {}", too_long.join("\n  "));
}

/// Text files that git knows, with their paths; `None` outside a clone.
#[expect(clippy::print_stderr, reason = "a skipped test has to say so")]
fn tracked_text_files() -> Option<Vec<(String, String)>> {
    let listed = Command::new("git").current_dir(root()).args(["ls-files", "-z"]).output().ok();
    let Some(listed) = listed.filter(|l| l.status.success()) else {
        eprintln!("skipped: this is not a git clone");
        return None;
    };
    let names = String::from_utf8(listed.stdout).expect("file names are UTF-8");
    let read = |name: &str| fs::read(root().join(name)).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    Some(names.split_terminator('\0').filter_map(|n| read(n).map(|text| (n.to_owned(), text))).collect())
}

/// Whether a line holds the path from the root of the file system on; inside a longer path, such as
/// `target/<path>`, it is a folder like any other.
fn names_absolute(line: &str, path: &str) -> bool {
    line.match_indices(path)
        .any(|(at, _)| !line[..at].chars().next_back().is_some_and(|c| c.is_alphanumeric() || "._-*}>)$/".contains(c)))
}

#[test]
fn no_tracked_file_knows_the_machine_it_was_written_on() {
    let Some(files) = tracked_text_files() else { return };
    let paths = [concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/ho", "me/"), concat!("/Us", "ers/")];
    for (name, text) in files {
        for (i, line) in text.lines().enumerate() {
            for path in paths {
                assert!(!names_absolute(line, path), "{name}:{}: an absolute path: {line}", i + 1);
            }
        }
    }
}

#[test]
fn nothing_is_left_open() {
    let Some(files) = tracked_text_files() else { return };
    let words = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("to", "do!("), concat!("unimple", "mented!(")];
    for (name, text) in files.iter().filter(|(n, _)| n.ends_with(".rs") || n.ends_with(".md") || n.ends_with(".sh")) {
        for (i, line) in text.lines().enumerate() {
            assert!(!words.iter().any(|w| has_word(line, w)), "{name}:{}: {line}", i + 1);
        }
    }
}

/// A reason that a model gives ends on a page in two languages: its term needs its words.
#[test]
fn every_reason_of_a_model_is_in_the_plans_vocabulary() {
    let crates = root().join("crates");
    let read = |path: &str| fs::read_to_string(crates.join(path)).expect("a source file");
    let vocabulary = read("decide/src/plan/vocabulary.rs").replace(['\n', ' '], "");
    let mut terms = Vec::new();
    for (name, text) in rust_files(&crates.join("recommend/src")) {
        for (line, code) in code(&name, &text) {
            let terms_of = ["term: \"", "term = \"", "let term = if"].into_iter().filter(|at| code.contains(at));
            for _ in terms_of.take(1) {
                terms
                    .extend(code.split('"').skip(1).step_by(2).map(|term| (term.to_owned(), format!("{name}:{line}"))));
            }
        }
    }
    let known = |term: &str| vocabulary.contains(&format!("e(\"{}\",", term.replace([' ', '-'], "_")));
    let unknown: Vec<_> = terms.iter().filter(|(term, _)| !known(term)).collect();
    assert!(terms.len() >= 6, "the scan has to find the terms there are: {terms:?}");
    assert!(unknown.is_empty(), "add these to TERMS in decide/src/plan/vocabulary.rs: {unknown:?}");
}

#[test]
fn the_scan_sees_code_and_overlooks_comments_and_tests() {
    let text =
        "//! std::fs in words\nuse std::fs;\nfn f() {} // std::fs\n#[cfg(test)]\nmod tests {\n    use std::fs;\n}\n";
    assert_eq!(forbidden_words("clean/src/x.rs", text, NOT_IN_PURE), ["clean/src/x.rs:2: std::fs"]);
    assert!(forbidden_words("sim/src/write/orders.rs", text, NOT_IN_PURE).is_empty(), "allowed there");
    assert!(forbidden_words("clean/src/tests.rs", text, NOT_IN_PURE).is_empty(), "a file of tests");
    let path = concat!("/ho", "me/");
    assert!(names_absolute(&format!("see `{path}x`"), path) && names_absolute(&format!("{path}x"), path));
    assert!(!names_absolute(&format!("https://shop.example{path}x"), path));
    assert!(has_word("  println!(\"x\")", "println!(") && !has_word("eprintln!(\"x\")", "println!("));
}
