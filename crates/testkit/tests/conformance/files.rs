//! What every recommender promises about its file: the same bits back, and no damage that passes.

use crate::memory::largest_piece;
use crate::promises::{Reads, catalogue, checkerboard, fit, items, table};
use domain::{History, ItemIdx, Rng, Seed, ShopperIdx};
use learn::container::{ContainerError, FORMAT_VERSION, Reader};
use recommend::{ModelKind, Recommender, saved};

/// What a file may make the loader ask for in one piece: so many times its bytes, and as much besides.
const TIMES: usize = 64;
const BESIDES: usize = 1 << 20;
/// Damaged files that are tried a model, of each sort.
const TRIALS: usize = 400;
/// Bytes of the header before the text of the kind, as `learn::container` writes it.
const HEAD: usize = 42;

fn bytes_of(kind: &ModelKind) -> Vec<u8> {
    let train = table(checkerboard());
    let names: Vec<String> = catalogue().iter().map(|i| format!("P{}", i.0)).collect();
    saved::save(kind, fit(kind, &train).as_ref(), saved::fingerprint(&train), &names)
}

/// Everything that can be asked, for shoppers of all sorts.
fn answers(model: &dyn Recommender) -> Vec<(Vec<Option<u32>>, usize)> {
    let train = table(checkerboard());
    let strange = items([0, 999, 2, 2].into_iter());
    let mut histories: Vec<Vec<ItemIdx>> = (0..3).map(|s| train.row(ShopperIdx(s)).to_vec()).collect();
    histories.extend([strange, catalogue(), Vec::new()]);
    answers_for(model, &histories)
}

fn answers_for(model: &dyn Recommender, histories: &[Vec<ItemIdx>]) -> Vec<(Vec<Option<u32>>, usize)> {
    let candidates: Vec<ItemIdx> = catalogue().into_iter().chain([ItemIdx(999), ItemIdx(u32::MAX)]).collect();
    let answer = |history: &Vec<ItemIdx>| {
        let scores = model.score(History::of(history), &candidates);
        assert_eq!(scores.len(), candidates.len());
        let n_reasons = candidates[..3].iter().map(|c| model.explain(History::of(history), *c).len()).sum();
        (scores.into_iter().map(|s| s.map(f32::to_bits)).collect(), n_reasons)
    };
    histories.iter().map(answer).collect()
}

pub(crate) fn a_saved_model_gives_the_same_bits(kind: &ModelKind, _: Reads) {
    let train = table(checkerboard());
    let (model, bytes) = (fit(kind, &train), bytes_of(kind));
    let loaded = saved::load_as(kind.name(), &bytes).unwrap();
    assert_eq!(answers(model.as_ref()), answers(loaded.model.as_ref()), "{}", kind.name());
    let about = loaded.about;
    assert_eq!((about.trained_on, about.parameters), (saved::fingerprint(&train), format!("{kind:?}")));
    assert_eq!(about.items.len(), catalogue().len());
    // What was read is written again to the same bytes.
    assert_eq!(saved::save(kind, loaded.model.as_ref(), about.trained_on, &about.items), bytes, "{}", kind.name());
    let other = if kind.name() == "ials" { "bpr" } else { "ials" };
    assert!(matches!(saved::load_as(other, &bytes), Err(ContainerError::Kind { .. })), "{}", kind.name());
    let empty = fit(kind, &table(Vec::new()));
    let loaded = saved::load(&saved::save::<&str>(kind, empty.as_ref(), 0, &[])).unwrap();
    assert_eq!(answers(empty.as_ref()), answers(loaded.model.as_ref()), "{}: without data", kind.name());
}

/// Where the data of each section lies: start of its header, of the checksum, of the data, and its end.
fn sections(bytes: &[u8]) -> Vec<[usize; 4]> {
    let number = |at: usize, n: usize| bytes[at..at + n].iter().rev().fold(0, |sum, b| sum << 8 | usize::from(*b));
    let mut at = HEAD + number(HEAD - 2, 2) + 4;
    let mut found = Vec::new();
    while at < bytes.len() {
        let crc = at + 1 + usize::from(bytes[at]) + 1 + 8;
        let size = [4, 4, 8, 8, 1, 1][usize::from(bytes[crc - 9])];
        let end = crc + 4 + size * number(crc - 8, 8);
        found.push([at, crc, crc + 4, end]);
        at = end;
    }
    found
}

/// Makes the checksum of a section fit again.
fn mend(bytes: &mut [u8], [start, crc, data, end]: [usize; 4]) {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&bytes[start..crc]);
    hasher.update(&bytes[data..end]);
    bytes[crc..data].copy_from_slice(&hasher.finalize().to_le_bytes());
}

/// One to four bytes, each by a bit, to an extreme, or at random.
fn damage(bytes: &mut [u8], rng: &mut Rng, within: std::ops::Range<usize>) {
    for _ in 0..=rng.below(4) {
        let at = within.start + rng.below(within.len());
        bytes[at] = match rng.below(4) {
            0 => bytes[at] ^ 1 << rng.below(8),
            1 => 0,
            2 => 255,
            _ => rng.below(256) as u8,
        };
    }
}

/// Cut, flipped or overwritten bytes are found out. With checksums that fit again they may be a model,
/// which then answers everything without a panic, or they are refused.
pub(crate) fn no_damaged_file_passes(kind: &ModelKind, _: Reads) {
    let whole = bytes_of(kind);
    assert!(Reader::open(&whole).is_ok());
    let mut rng = Seed(11).stream(0);
    for _ in 0..TRIALS {
        assert!(saved::load(&whole[..rng.below(whole.len())]).is_err(), "{}: cut", kind.name());
        let mut bytes = whole.clone();
        damage(&mut bytes, &mut rng, 0..whole.len());
        assert!(bytes == whole || saved::load(&bytes).is_err(), "{}: overwritten", kind.name());
    }
    let places: Vec<[usize; 4]> = sections(&whole).into_iter().filter(|[_, _, data, end]| data < end).collect();
    let few = [items([0, 2].into_iter()), items([1, 999, 5, 5].into_iter())];
    let mut n_read = 0;
    for _ in 0..TRIALS {
        let mut bytes = whole.clone();
        let place = places[rng.below(places.len())];
        damage(&mut bytes, &mut rng, place[2]..place[3]);
        mend(&mut bytes, place);
        if let Ok(loaded) = saved::load(&bytes) {
            n_read += 1;
            answers_for(loaded.model.as_ref(), &few);
        }
    }
    assert!(n_read > 0, "{}: the damage reaches past the checksums", kind.name());
}

/// A file of an earlier or later format, and one that ends at a section or just behind it, are told apart from damage.
pub(crate) fn other_versions_and_cut_files_are_refused_by_name(kind: &ModelKind, _: Reads) {
    let whole = bytes_of(kind);
    let error = |bytes: &[u8]| saved::load(bytes).map(|_| ()).unwrap_err();
    for version in [0_u32, FORMAT_VERSION + 1, u32::MAX] {
        let mut other = whole.clone();
        other[8..12].copy_from_slice(&version.to_le_bytes());
        assert_eq!(error(&other), ContainerError::Version { got: version }, "{}", kind.name());
        assert!(error(&other).to_string().contains(&format!("version {version} cannot be read")));
    }
    let ends = sections(&whole).into_iter().flatten().flat_map(|at| [at, at + 1]).filter(|at| *at < whole.len());
    for end in ends {
        let (have, need) = (end as u64, whole.len() as u64);
        assert_eq!(error(&whole[..end]), ContainerError::Length { have, need }, "{}: cut at {end}", kind.name());
    }
    assert!(matches!(error(b"not a model at all"), ContainerError::Magic));
}

/// Whole numbers of a file (sizes, places, seeds) at their extremes, under checksums that fit: the loader neither panics
/// nor asks for more memory than a few times the file, and what it accepts answers.
pub(crate) fn absurd_sizes_make_no_room(kind: &ModelKind, _: Reads) {
    let whole = bytes_of(kind);
    let few = [items([0, 2].into_iter()), items([1, 999, 5, 5].into_iter())];
    let limit = TIMES * whole.len() + BESIDES;
    let of_numbers = |place: &[usize; 4]| whole[place[1] - 9] == 2;
    for place in sections(&whole).into_iter().filter(of_numbers) {
        let n = (place[3] - place[2]) / 8;
        // The first ones are sizes; of long lists a few do.
        for word in (0..n).filter(|w| *w < 8 || w + 1 == n) {
            for value in [0, 1, 3, 4_096, 16_384, 65_536, u64::from(u32::MAX), 1 << 40, u64::MAX] {
                let mut bytes = whole.clone();
                let at = place[2] + 8 * word;
                bytes[at..at + 8].copy_from_slice(&value.to_le_bytes());
                mend(&mut bytes, place);
                let (largest, loaded) = largest_piece(|| saved::load(&bytes));
                assert!(largest <= limit, "{}: {value} at word {word} asks for {largest} bytes", kind.name());
                if let Ok(loaded) = loaded {
                    answers_for(loaded.model.as_ref(), &few);
                }
            }
        }
    }
}
