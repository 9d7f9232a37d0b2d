//! The written pages keep to what is there: generated pages are up to date, links lead somewhere.

use std::fs;
use std::path::{Path, PathBuf};
use testkit::shared::project_root as root;

/// All Markdown pages: those of the root and those of `docs/`.
fn pages() -> Vec<PathBuf> {
    let mut pages: Vec<PathBuf> = [root(), root().join("docs")]
        .iter()
        .flat_map(|folder| fs::read_dir(folder).expect("the root and docs/ are there"))
        .map(|entry| entry.expect("an entry of a readable folder").path())
        .filter(|path| path.extension().is_some_and(|e| e == "md"))
        .collect();
    pages.sort();
    pages
}

/// Targets of Markdown links in a text, without the part after `#`; code blocks are not read.
fn links(text: &str) -> Vec<String> {
    let mut in_code = false;
    let mut found = Vec::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        }
        if in_code {
            continue;
        }
        for (at, _) in line.match_indices("](") {
            let rest = &line[at + 2..];
            if let Some(end) = rest.find(')') {
                found.push(rest[..end].split('#').next().unwrap_or_default().to_owned());
            }
        }
    }
    found
}

#[test]
fn generated_pages_say_what_the_code_says() {
    for (name, wanted) in [("tables", testkit::tables_md::tables_md()), ("rules", testkit::rules_md::rules_md())] {
        let page = fs::read_to_string(root().join(format!("docs/{name}.md"))).expect("the page is there");
        assert!(page == wanted, "docs/{name}.md is out of date: run `make docs`");
    }
}

#[test]
fn every_table_and_column_says_what_it_means() {
    for table in schema::tables() {
        assert!(!table.meaning.trim().is_empty(), "{}", table.full_name());
        assert!(table.key.iter().all(|k| table.column(k).is_some()), "{}: a key that is no column", table.full_name());
        for column in table.columns {
            let meaning = column.meaning.trim();
            assert!(
                !meaning.is_empty() && !meaning.ends_with('.'),
                "{}.{}: {meaning:?}",
                table.full_name(),
                column.name
            );
        }
    }
}

#[test]
fn links_between_pages_lead_somewhere() {
    for page in pages() {
        let folder = page.parent().unwrap_or(Path::new("."));
        for link in links(&fs::read_to_string(&page).expect("a page is UTF-8")) {
            let outside = link.is_empty() || link.contains("://") || link.starts_with("mailto:");
            assert!(outside || folder.join(&link).exists(), "{}: {link}", page.display());
        }
    }
}

/// Source files that a text names between backticks, `recommend/src/ials.rs`; patterns such as
/// `<name>.rs` are left out.
fn named_sources(text: &str) -> Vec<&str> {
    text.split('`')
        .skip(1)
        .step_by(2)
        .filter(|word| word.contains("/src/") && !word.contains(['<', '{', ' ', '*', '\n']))
        .collect()
}

#[test]
fn source_files_that_pages_name_exist() {
    for page in pages() {
        for name in named_sources(&fs::read_to_string(&page).expect("a page is UTF-8")) {
            let found = root().join(name).exists() || root().join("crates").join(name).exists();
            assert!(found, "{}: {name}", page.display());
        }
    }
    assert_eq!(named_sources("see `a/src/b.rs` and `a/src/<x>.rs` or `make`"), ["a/src/b.rs"]);
}

#[test]
fn links_are_found_outside_of_code_blocks() {
    let text = "see [a](docs/a.md#part) and [b](b.md)\n```\n[c](c.md)\n```\n[d](#here)\n";
    assert_eq!(links(text), ["docs/a.md", "b.md", ""]);
}
