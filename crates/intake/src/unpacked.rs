//! The bytes of a file as they are inside its packing, for whoever looks for something in them.

use crate::bytes::members;
use crate::error::IntakeError;
use std::io;

/// Bytes handed over at once.
const PIECE: usize = 1 << 20;
/// Bytes of a piece that come again at the beginning of the next: a text that is not longer is in one of them whole.
const OVERLAP: usize = 4 << 10;

/// Whether `says` says yes to any piece of the file, unpacked (gzip, Zstandard, the members of a zip; a workbook as it is).
/// Pieces overlap by 4 KiB. Cost: one read of the file, 1 MiB of memory.
///
/// # Errors
/// [`IntakeError`] when the file cannot be read or unpacked.
pub fn any_piece(
    open: &dyn Fn() -> io::Result<Box<dyn io::Read + Send>>,
    file_name: &str,
    says: &dyn Fn(&[u8]) -> bool,
) -> Result<bool, IntakeError> {
    let (_, members) = members(open, file_name)?;
    let mut piece = vec![0; PIECE];
    for member in &members {
        let mut stream = member.open()?;
        let mut kept = 0;
        loop {
            let mut end = kept;
            while end < PIECE {
                let n = stream.read(&mut piece[end..])?;
                if n == 0 {
                    break;
                }
                end += n;
            }
            if end == kept {
                break;
            }
            if says(&piece[..end]) {
                return Ok(true);
            }
            kept = end.min(OVERLAP);
            piece.copy_within(end - kept..end, 0);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Cursor, Write};

    fn holds(bytes: Vec<u8>, text: &str) -> bool {
        let open = move || Ok(Box::new(Cursor::new(bytes.clone())) as Box<dyn io::Read + Send>);
        any_piece(&open, "file", &|piece| piece.windows(text.len()).any(|w| w == text.as_bytes())).unwrap()
    }

    #[test]
    fn a_text_is_found_in_any_packing_and_across_pieces() {
        // The name lies across the end of the first piece.
        let mut plain = vec![b'x'; PIECE - 4];
        plain.extend(b"quillfeather");
        plain.extend(vec![b'y'; 100]);
        assert!(holds(plain.clone(), "quillfeather") && !holds(plain.clone(), "quilfeather"));
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gz.write_all(&plain).unwrap();
        assert!(holds(gz.finish().unwrap(), "quillfeather"));
        assert!(holds(zstd::encode_all(&plain[..], 1).unwrap(), "quillfeather"));
        assert!(!holds(Vec::new(), "quillfeather"));
    }
}
