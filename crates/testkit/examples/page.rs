//! Prints a page that is generated from the code: `cargo run --release -p testkit --example page -- tables`.

#![expect(clippy::print_stdout, reason = "its standard output is the file")]

use std::process::ExitCode;

fn main() -> ExitCode {
    let page = match std::env::args().nth(1).as_deref() {
        Some("tables") => testkit::tables_md::tables_md(),
        Some("rules") => testkit::rules_md::rules_md(),
        _ => {
            println!("usage: page tables | rules");
            return ExitCode::from(2);
        }
    };
    print!("{page}");
    ExitCode::SUCCESS
}
