//! Folders of tiny models with some bytes changed: each opens or is refused with a reason, and none ends the program.

mod made;

use domain_rng::Rng;
use std::path::Path;

/// The little of a generator that is needed here.
mod domain_rng {
    pub(super) struct Rng(pub(super) u64);

    impl Rng {
        pub(super) fn below(&mut self, n: usize) -> usize {
            self.0 = super::made::mixed(self.0.wrapping_add(1));
            (self.0 % n.max(1) as u64) as usize
        }
    }
}

/// Some bytes changed, cut off or put in between.
fn damaged(bytes: &[u8], within: usize, rng: &mut Rng) -> Vec<u8> {
    let mut out = bytes.to_vec();
    for _ in 0..1 + rng.below(4) {
        let at = rng.below(within.min(out.len()));
        match rng.below(5) {
            0 => out[at] = [0, 0xFF, b'"', b'}', b'9', b'-'][rng.below(6)],
            1 => out[at] ^= 1 << rng.below(8),
            2 => out.truncate(out.len() - rng.below(out.len().min(40))),
            3 => out.insert(at, b"0123456789{}[],:\"e-"[rng.below(19)]),
            _ => drop(out.remove(at)),
        }
    }
    out
}

fn each(folder: &Path, file: &str, within: usize, n: usize) {
    let path = folder.join(file);
    let whole = std::fs::read(&path).unwrap();
    let mut rng = Rng(file.bytes().map(u64::from).sum());
    let mut refused = 0;
    for _ in 0..n {
        std::fs::write(&path, damaged(&whole, within, &mut rng)).unwrap();
        if let Err(why) = pretrained::load(folder) {
            assert!(!why.to_string().is_empty());
            refused += 1;
        }
    }
    std::fs::write(&path, &whole).unwrap();
    assert!(refused > n / 4, "{file}: {refused} of {n} refused");
    assert!(pretrained::load(folder).is_ok(), "{file}: whole again");
}

#[test]
fn a_model_with_changed_bytes_opens_or_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    made::text(path, "bert");
    made::pooled(path, true);
    each(path, "config.json", usize::MAX, 80);
    each(path, "tokenizer.json", usize::MAX, 80);
    each(path, "modules.json", usize::MAX, 40);
    // The header is where damage leads furthest: lengths, shapes, places.
    let header =
        8 + u64::from_le_bytes(std::fs::read(path.join("model.safetensors")).unwrap()[..8].try_into().unwrap());
    each(path, "model.safetensors", header as usize, 80);
}

#[test]
fn a_picture_model_with_changed_bytes_opens_or_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    made::resnet(folder.path(), "basic");
    each(folder.path(), "config.json", usize::MAX, 60);
    each(folder.path(), "preprocessor_config.json", usize::MAX, 60);
}
