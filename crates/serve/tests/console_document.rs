//! The console's client is generated from `console/openapi.json`: it has to be the document that the server writes.

use std::error::Error;
use std::path::Path;

#[test]
fn the_console_is_made_for_this_interface() -> Result<(), Box<dyn Error>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../console/openapi.json");
    let kept: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(path)?)?;
    let written: serde_json::Value = serde_json::from_str(&serve::openapi_json())?;
    assert!(kept == written, "routes or their types changed: `make api` takes them over, then mend the console");
    Ok(())
}
