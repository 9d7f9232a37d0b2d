//! Containers (`learn::container`) with lengths and checksums made right.
//!
//! Every bit of a saved model is under a checksum, so a fuzzer that changes one never gets past it, while somebody who writes a file by
//! hand does. Here what was changed is sealed again, in containers within containers too.

/// Bytes before the text of the kind.
const HEAD: usize = 42;

fn crc(parts: [&[u8]; 2]) -> [u8; 4] {
    let mut crc = crc32fast::Hasher::new();
    parts.iter().for_each(|part| crc.update(part));
    crc.finalize().to_le_bytes()
}

fn number<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk::<N>().copied()
}

/// The same bytes as a container that opens, as far as they can be read as one.
pub fn sealed(bytes: &[u8]) -> Vec<u8> {
    let mut out = bytes.to_vec();
    let Some(kind) = number::<2>(bytes, HEAD - 2).map(|n| usize::from(u16::from_le_bytes(n))) else { return out };
    if !bytes.starts_with(b"PORTOMDL") || bytes.len() < HEAD + kind + 4 {
        return out;
    }
    let mut at = HEAD + kind + 4;
    let mut n_sections = 0_u32;
    while let Some(end) = section(&mut out, at) {
        (at, n_sections) = (end, n_sections + 1);
    }
    out.truncate(at);
    out[8..12].copy_from_slice(&1_u32.to_le_bytes());
    out[12..20].copy_from_slice(&(at as u64).to_le_bytes());
    out[36..40].copy_from_slice(&n_sections.to_le_bytes());
    let seal = crc([&out[..HEAD + kind], &[]]);
    out[HEAD + kind..HEAD + kind + 4].copy_from_slice(&seal);
    out
}

/// Seals the section that begins here, in place; where it ends.
fn section(bytes: &mut [u8], start: usize) -> Option<usize> {
    let name = usize::from(*bytes.get(start)?);
    let of = start + 1 + name;
    let size = match *bytes.get(of)? {
        0 | 1 => 4,
        2 | 3 => 8,
        _ => 1,
    };
    let n = u64::from_le_bytes(number(bytes, of + 1)?);
    let data = of + 13;
    let there = bytes.len().checked_sub(data)?;
    // A count that is too large becomes what is there.
    let n = n.min((there / size) as u64);
    bytes[of + 1..of + 9].copy_from_slice(&n.to_le_bytes());
    let end = data + n as usize * size;
    if bytes[of] == 5 {
        let inner = sealed(&bytes[data..end]);
        if inner.len() == end - data {
            bytes[data..end].copy_from_slice(&inner);
        }
    }
    let seal = crc([&bytes[start..of + 9], &bytes[data..end]]);
    bytes[of + 9..data].copy_from_slice(&seal);
    Some(end)
}
