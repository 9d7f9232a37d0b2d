//! Writes the seeds of the named targets: `seeds FOLDER TARGET…` makes `FOLDER/TARGET/`.

// What the flags of the fuzzer ask for in every program is in its library.
use libfuzzer_sys as _;
use std::error::Error;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    let mut words = std::env::args().skip(1);
    let folder = words.next().ok_or("a folder, then names of targets")?;
    for target in words {
        let n = portolan_fuzz::seeds::write(&target, &Path::new(&folder).join(&target))?;
        if n == 0 {
            return Err(format!("there are no seeds for `{target}`").into());
        }
        println!("{target}: {n} seeds");
    }
    Ok(())
}
