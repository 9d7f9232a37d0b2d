//! A key, and files that are sealed with it.
//!
//! A sealed file is the line `portolan-sealed-1`, the 8 bytes that tell the key, the 24 bytes that begin a stream of
//! XChaCha20-Poly1305, and pieces of 64 KiB with 17 bytes more each, the last one marked as such: the secretstream of
//! libsodium (<https://doc.libsodium.org/secret-key_cryptography/secretstream>), so that another program with the key reads
//! it, too. A changed, moved or missing piece and a cut end do not open.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use orion::aead::SecretKey;
use orion::aead::streaming::{ABYTES, Nonce, StreamOpener, StreamSealer, StreamTag};
use std::io::{Error, ErrorKind, Read, Result as IoResult, Write};
use std::sync::Arc;

const MAGIC: &[u8] = b"portolan-sealed-1\n";
/// How the line of a key begins; base64 of its 32 bytes follows.
const KEY: &str = "PORTOLAN-SEAL-KEY-1-";
/// Bytes of a piece before it is sealed.
const PIECE: usize = 64 << 10;
const NONCE: usize = 24;
const ID: usize = 8;

/// With which key files are sealed, and the key where it is at hand.
#[derive(Clone)]
pub struct Seal {
    id: String,
    key: Result<Arc<SecretKey>, String>,
}

impl std::fmt::Debug for Seal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Seal").field("id", &self.id).field("key", &self.key.is_ok()).finish()
    }
}

impl Seal {
    /// By what tells the key (16 hexadecimal digits) and the text of the key's file, or why there is none. A key that is
    /// none or another is no error here: it is told when something is to be sealed or opened.
    pub fn new(id: &str, key: Result<String, String>) -> Self {
        let key = key.and_then(|text| key_in(&text)).and_then(|key| {
            let its = id_of(&key)?;
            if its == id { Ok(Arc::new(key)) } else { Err(format!("the key at hand is {its}, not {id}")) }
        });
        Self { id: id.to_owned(), key }
    }

    /// By the text of a key's file.
    ///
    /// # Errors
    /// Says why there is no key in it.
    pub fn of_key(text: &str) -> Result<Self, String> {
        let key = key_in(text)?;
        Ok(Self { id: id_of(&key)?, key: Ok(Arc::new(key)) })
    }

    /// The text of a new key's file.
    ///
    /// # Errors
    /// Where the machine gives no random numbers.
    pub fn generate() -> Result<String, String> {
        let key = SecretKey::generate().map_err(|_| "the machine gives no random numbers".to_owned())?;
        let text = BASE64_STANDARD.encode(key.unprotected_as_ref());
        Ok(format!("# key {} of sealed files: whoever has it reads them\n{KEY}{text}\n", id_of(&key)?))
    }

    /// What tells the key: 16 hexadecimal digits of a hash of it.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Why nothing can be sealed or opened; `None` where it can.
    pub fn missing(&self) -> Option<&str> {
        self.key.as_ref().err().map(String::as_str)
    }

    /// Whether a file begins as a sealed one does.
    pub fn is_sealed(head: &[u8]) -> bool {
        head.starts_with(MAGIC)
    }

    fn key(&self) -> IoResult<&SecretKey> {
        self.key.as_deref().map_err(|why| closed(why))
    }

    /// Seals what is written; [`SealWriter::finish`] ends the file.
    ///
    /// # Errors
    /// `PermissionDenied` where the key is not at hand, and that of the writer.
    pub fn writer<W: Write>(&self, mut to: W) -> IoResult<SealWriter<W>> {
        let (stream, nonce) = StreamSealer::new(self.key()?).map_err(Error::other)?;
        to.write_all(MAGIC)?;
        to.write_all(&u64::from_str_radix(&self.id, 16).map_err(Error::other)?.to_be_bytes())?;
        to.write_all(nonce.as_ref())?;
        Ok(SealWriter { stream, piece: Vec::with_capacity(PIECE), to })
    }

    /// Opens what was sealed.
    ///
    /// # Errors
    /// `PermissionDenied` where the key is not at hand or is another; `InvalidData` for what is no sealed file.
    pub fn reader<R: Read>(&self, mut from: R) -> IoResult<SealReader<R>> {
        let mut head = [0; MAGIC.len() + ID + NONCE];
        from.read_exact(&mut head).map_err(|_| broken("its head is cut"))?;
        let (magic, rest) = head.split_at(MAGIC.len());
        let (id, nonce) = rest.split_at(ID);
        if magic != MAGIC {
            return Err(broken("it does not begin as a sealed file does"));
        }
        let id: String = id.iter().map(|byte| format!("{byte:02x}")).collect();
        let key = self.key()?;
        if id != self.id {
            return Err(closed(&format!("its key is {id}; the one at hand is {}", self.id)));
        }
        let nonce = Nonce::try_from(nonce).map_err(Error::other)?;
        let stream = StreamOpener::new(key, &nonce).map_err(Error::other)?;
        Ok(SealReader { stream, from, sealed: vec![0; PIECE + ABYTES], piece: Vec::new(), at: 0, ended: false })
    }
}

/// The first key in the text of a key's file; lines that begin with `#` are remarks.
fn key_in(text: &str) -> Result<SecretKey, String> {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'));
    // The line itself is never repeated: it may be a key with a slip.
    let bytes = line.and_then(|line| BASE64_STANDARD.decode(line.strip_prefix(KEY)?).ok());
    let key = bytes.and_then(|bytes| SecretKey::try_from(bytes.get(..32).filter(|_| bytes.len() == 32)?).ok());
    key.ok_or_else(|| format!("there is no key in it (`{KEY}…`)"))
}

fn id_of(key: &SecretKey) -> Result<String, String> {
    let said = [b"portolan seal key id:", key.unprotected_as_ref()].concat();
    let digest = orion::hash::digest(&said).map_err(|_| "the key cannot be told".to_owned())?;
    Ok(digest.as_ref()[..ID].iter().map(|byte| format!("{byte:02x}")).collect())
}

/// The error of a file whose key is not at hand.
pub(super) fn closed(why: &str) -> Error {
    Error::new(ErrorKind::PermissionDenied, format!("the file is sealed, and {why}"))
}

fn broken(why: &str) -> Error {
    Error::new(ErrorKind::InvalidData, format!("the sealed file is not what was written: {why}"))
}

/// Seals what is written to it.
pub struct SealWriter<W: Write> {
    stream: StreamSealer,
    piece: Vec<u8>,
    to: W,
}

impl<W: Write> SealWriter<W> {
    fn push(&mut self, tag: &StreamTag) -> IoResult<()> {
        self.to.write_all(&self.stream.seal_chunk(&self.piece, tag).map_err(Error::other)?)?;
        self.piece.clear();
        Ok(())
    }

    /// Writes the last piece. Without it the file does not open.
    ///
    /// # Errors
    /// That of the writer.
    pub fn finish(mut self) -> IoResult<W> {
        self.push(&StreamTag::Finish)?;
        Ok(self.to)
    }
}

impl<W: Write> Write for SealWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> IoResult<usize> {
        // A full piece waits until more comes, because the last one is marked.
        if self.piece.len() == PIECE {
            self.push(&StreamTag::Message)?;
        }
        let n = bytes.len().min(PIECE - self.piece.len());
        self.piece.extend_from_slice(&bytes[..n]);
        Ok(n)
    }

    fn flush(&mut self) -> IoResult<()> {
        self.to.flush()
    }
}

/// Opens what it reads.
pub struct SealReader<R: Read> {
    stream: StreamOpener,
    from: R,
    sealed: Vec<u8>,
    piece: Vec<u8>,
    at: usize,
    ended: bool,
}

impl<R: Read> SealReader<R> {
    /// Opens the next piece.
    fn next(&mut self) -> IoResult<()> {
        let mut n = 0;
        while n < self.sealed.len() {
            match self.from.read(&mut self.sealed[n..]) {
                Ok(0) => break,
                Ok(more) => n += more,
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        if n == 0 {
            return Err(broken("its end is missing"));
        }
        let opened = self.stream.open_chunk(&self.sealed[..n]).map_err(|_| broken("a piece does not open"))?;
        self.ended = opened.1 == StreamTag::Finish;
        if self.ended && self.from.read(&mut [0])? > 0 {
            return Err(broken("something was added to it"));
        }
        (self.piece, self.at) = (opened.0, 0);
        Ok(())
    }
}

impl<R: Read> Read for SealReader<R> {
    fn read(&mut self, into: &mut [u8]) -> IoResult<usize> {
        while self.at == self.piece.len() && !self.ended {
            self.next()?;
        }
        let n = into.len().min(self.piece.len() - self.at);
        into[..n].copy_from_slice(&self.piece[self.at..self.at + n]);
        self.at += n;
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed(seal: &Seal, bytes: &[u8]) -> Vec<u8> {
        let mut writer = seal.writer(Vec::new()).unwrap();
        writer.write_all(bytes).unwrap();
        writer.finish().unwrap()
    }

    fn opened(seal: &Seal, bytes: &[u8]) -> IoResult<Vec<u8>> {
        let mut out = Vec::new();
        seal.reader(bytes)?.read_to_end(&mut out)?;
        Ok(out)
    }

    #[test]
    fn what_is_sealed_comes_back_whole_at_every_length_about_a_piece() {
        let seal = Seal::of_key(&Seal::generate().unwrap()).unwrap();
        for n in [0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 2 * PIECE + 7] {
            let bytes: Vec<u8> = (0..n).map(|at| (at % 251) as u8).collect();
            let file = sealed(&seal, &bytes);
            assert_eq!(opened(&seal, &file).unwrap(), bytes, "{n} bytes");
            assert_ne!(file, sealed(&seal, &bytes), "the same stream twice");
        }
    }

    #[test]
    fn no_byte_can_be_changed_cut_moved_or_added() {
        let seal = Seal::of_key(&Seal::generate().unwrap()).unwrap();
        let file = sealed(&seal, &vec![7; PIECE + 100]);
        let head = MAGIC.len() + ID + NONCE;
        for at in [0, MAGIC.len(), head - 1, head, head + PIECE, file.len() - 1] {
            let mut other = file.clone();
            other[at] ^= 1;
            assert!(opened(&seal, &other).is_err(), "byte {at} was changed");
        }
        for n in [0, head - 1, head, head + PIECE + ABYTES, file.len() - 1] {
            assert!(opened(&seal, &file[..n]).is_err(), "cut at {n}");
        }
        assert!(opened(&seal, &[&file[..], b"x"].concat()).is_err(), "a byte was added");
        let two = sealed(&seal, &vec![7; 2 * PIECE]);
        let (first, second) = two[head..].split_at(PIECE + ABYTES);
        assert!(opened(&seal, &[&two[..head], second, first].concat()).is_err(), "pieces were exchanged");
    }

    #[test]
    fn a_key_is_told_without_being_shown() {
        let text = Seal::generate().unwrap();
        let seal = Seal::of_key(&text).unwrap();
        assert_eq!(Seal::new(seal.id(), Ok(text.clone())).missing(), None);
        let secret = text.lines().last().unwrap();
        assert!(!format!("{seal:?}").contains(&secret[KEY.len()..]));
        let nearly = Seal::of_key(&secret[..secret.len() - 3]).unwrap_err();
        assert!(nearly.contains("no key") && !nearly.contains(&secret[KEY.len()..KEY.len() + 8]), "{nearly}");
        let other = Seal::new(seal.id(), Ok(Seal::generate().unwrap()));
        assert!(other.missing().is_some_and(|why| why.contains(seal.id())), "{other:?}");
        let stranger = Seal::of_key(&Seal::generate().unwrap()).unwrap();
        assert_eq!(opened(&stranger, &sealed(&seal, b"x")).unwrap_err().kind(), ErrorKind::PermissionDenied);
    }
}
