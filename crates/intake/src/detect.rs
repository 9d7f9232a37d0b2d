//! What a file is, by its column names, with reasons.

use crate::connect::{UCI_HEADER, UCI_HEADER_II};
use crate::error::{IntakeError, list};
use crate::format::Format;
use crate::header::Header;

/// A format that is told by its column names: those that must be there, and how many make it a
/// near miss worth naming.
struct Signature {
    format: Format,
    must: &'static [&'static str],
}

const SIGNATURES: [Signature; 2] = [
    Signature { format: Format::UciRetail, must: &UCI_HEADER },
    Signature { format: Format::UciRetailII, must: &UCI_HEADER_II },
];

/// The format of a table with this header, and why.
pub(crate) fn by_header(header: &Header) -> Result<(Format, Vec<String>), IntakeError> {
    for signature in &SIGNATURES {
        if header.count(signature.must) == signature.must.len() {
            let reason = format!("columns {} are those of {}", list(signature.must), signature.format.words());
            return Ok((signature.format.clone(), vec![reason]));
        }
    }
    let near = SIGNATURES.iter().max_by_key(|s| header.count(s.must) * 1000 / s.must.len());
    if let Some(near) = near
        && header.count(near.must) * 3 >= near.must.len() * 2
        && let Some(absent) = near.must.iter().find(|n| header.find(&[n]).is_none())
    {
        return Err(header.missing(&near.format.words(), absent));
    }
    Err(IntakeError::UnknownFormat { file: header.file.clone(), line: header.line, found: list(&header.names) })
}
