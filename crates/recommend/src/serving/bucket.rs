//! Which part of an experiment somebody falls into: the same part on every machine and in every release.
//!
//! `bucket = ⌊n · h / 2⁶⁴⌋`, `h` a 64-bit hash of the experiment's salt and the shopper, FNV-1a finished by the mixer
//! of MurmurHash3 (FNV alone leaves the high bits of short texts alike). Another salt deals everybody anew, so two
//! experiments do not share their sides. Source: Kohavi, Longbotham, Sommerfield and Henne, "Controlled experiments
//! on the web: survey and practical guide", Data Mining and Knowledge Discovery 18, 2009, section 4.1.2 (hash and
//! partition). Cost: one pass over the texts.

/// A number from 0 to `n − 1`; 0 where `n` is 0.
pub fn bucket(salt: &str, who: &str, n: u32) -> u32 {
    // The byte 0xff is in no UTF-8 text, so ("a", "bc") and ("ab", "c") differ.
    let bytes = salt.bytes().chain([0xff]).chain(who.bytes());
    let fnv = bytes
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    let mut h = fnv;
    h = (h ^ (h >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    h = (h ^ (h >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    h ^= h >> 33;
    ((u128::from(h) * u128::from(n)) >> 64) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 20,000 shoppers in 10 buckets: 2,000 each, standard deviation √(20,000 · 0.1 · 0.9) = 42.4; five of them is 212.
    #[test]
    fn shoppers_spread_evenly() {
        let mut counts = [0_i32; 10];
        for s in 0..20_000 {
            counts[bucket("checkout", &format!("shop:{s}"), 10) as usize] += 1;
        }
        assert!(counts.iter().all(|n| (n - 2_000).abs() < 212), "{counts:?}");
    }

    /// Of 20,000 shoppers half are on side 1 of each experiment and, if the two are independent, a quarter on side 1
    /// of both: 5,000, standard deviation √(20,000 · 3/16) = 61.
    #[test]
    fn another_salt_deals_anew() {
        let both = (0..20_000).filter(|s| {
            let who = format!("shop:{s}");
            bucket("one", &who, 2) == 1 && bucket("two", &who, 2) == 1
        });
        let n = both.count() as i32;
        assert!((n - 5_000).abs() < 305, "{n}");
    }

    #[test] // Recorded once: a release that deals differently would spoil every running experiment.
    fn the_deal_never_changes() {
        let dealt: Vec<u32> = ["a", "b", "shop:1", "顾客"].iter().map(|who| bucket("salt", who, 1_000)).collect();
        assert_eq!(dealt, RECORDED);
        assert_ne!(bucket("a", "bc", 1 << 30), bucket("ab", "c", 1 << 30));
        assert_eq!(bucket("salt", "a", 0), 0);
    }

    /// From a second implementation in Python.
    const RECORDED: [u32; 4] = [638, 441, 351, 667];
}
