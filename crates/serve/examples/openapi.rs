//! Prints the OpenAPI document: `cargo run --release -p serve --example openapi`.

#[expect(clippy::print_stdout, reason = "printing is what it is for")]
fn main() {
    println!("{}", serve::openapi_json());
}
