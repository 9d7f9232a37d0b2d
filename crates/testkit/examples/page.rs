//! Prints the table reference: `cargo run --release -p testkit --example tables_md > docs/tables.md`.

#![expect(clippy::print_stdout, reason = "its standard output is the file")]

fn main() {
    print!("{}", testkit::tables_md::tables_md());
}
