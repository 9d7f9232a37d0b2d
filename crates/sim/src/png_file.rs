//! The PNG container: enough of it to write and check 8-bit RGB pictures.
//!
//! Source: W3C, "Portable Network Graphics (PNG) Specification (Third Edition)", 2025. Written out
//! here because the usual crate switches on a second zlib inside `flate2` for the whole program,
//! Parquet reader included; the compression and the checksum are still libraries'.

use flate2::Compression;
use flate2::write::ZlibEncoder;
use std::io::Write;

const SIGNATURE: [u8; 8] = [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a];

/// Encodes `width × height` pixels of three bytes, row by row from the top left.
///
/// # Errors
/// Whatever the compressor says; writing to memory gives it no reason.
pub(crate) fn encode_rgb(width: u32, height: u32, rgb: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut header = Vec::with_capacity(13);
    header.extend_from_slice(&width.to_be_bytes());
    header.extend_from_slice(&height.to_be_bytes());
    // 8 bits a channel, RGB, deflate, adaptive filters, not interlaced.
    header.extend_from_slice(&[8, 2, 0, 0, 0]);
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::fast());
    for row in rgb.chunks(3 * width as usize) {
        // Filter 1 stores differences to the pixel on the left: flat areas become zeros.
        let mut line = Vec::with_capacity(row.len() + 1);
        line.push(1);
        line.extend((0..row.len()).map(|i| row[i].wrapping_sub(if i < 3 { 0 } else { row[i - 3] })));
        packed.write_all(&line)?;
    }
    let mut file = SIGNATURE.to_vec();
    chunk(&mut file, b"IHDR", &header);
    chunk(&mut file, b"IDAT", &packed.finish()?);
    chunk(&mut file, b"IEND", &[]);
    Ok(file)
}

fn chunk(file: &mut Vec<u8>, kind: &[u8; 4], data: &[u8]) {
    file.extend_from_slice(&(data.len() as u32).to_be_bytes());
    let from = file.len();
    file.extend_from_slice(kind);
    file.extend_from_slice(data);
    let checksum = crc32fast::hash(&file[from..]);
    file.extend_from_slice(&checksum.to_be_bytes());
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::io::Read;

    /// Width, height and pixels of a file of [`encode_rgb`], checksums checked.
    pub(crate) fn decode_rgb(file: &[u8]) -> (u32, u32, Vec<u8>) {
        assert_eq!(file[..8], SIGNATURE);
        let word = |at: usize| u32::from_be_bytes(file[at..at + 4].try_into().unwrap());
        let (mut at, mut size, mut packed) = (8, (0, 0), Vec::new());
        while at < file.len() {
            let n = word(at) as usize;
            let (kind, data) = (&file[at + 4..at + 8], &file[at + 8..at + 8 + n]);
            assert_eq!(word(at + 8 + n), crc32fast::hash(&file[at + 4..at + 8 + n]), "checksum of {kind:?}");
            match kind {
                b"IHDR" => size = (word(at + 8), word(at + 12)),
                b"IDAT" => packed.extend_from_slice(data),
                _ => {}
            }
            at += n + 12;
        }
        let mut lines = Vec::new();
        flate2::read::ZlibDecoder::new(&packed[..]).read_to_end(&mut lines).unwrap();
        let mut rgb = Vec::new();
        for line in lines.chunks(3 * size.0 as usize + 1) {
            assert_eq!(line[0], 1);
            let from = rgb.len();
            for (i, difference) in line[1..].iter().enumerate() {
                let left = if i < 3 { 0 } else { rgb[from + i - 3] };
                rgb.push(difference.wrapping_add(left));
            }
        }
        (size.0, size.1, rgb)
    }

    #[test] // CRC-32 of the four letters alone, as the end of every PNG file shows it.
    fn a_file_ends_with_the_well_known_bytes() {
        let file = encode_rgb(2, 1, &[1, 2, 3, 4, 5, 6]).unwrap();
        assert_eq!(file[file.len() - 12..], [0, 0, 0, 0, b'I', b'E', b'N', b'D', 0xae, 0x42, 0x60, 0x82]);
        assert_eq!(decode_rgb(&file), (2, 1, vec![1, 2, 3, 4, 5, 6]));
    }
}
