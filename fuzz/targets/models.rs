//! Saved recommenders, their checksums made right: refused, or a model that answers. Numbers near the end of what a float holds may meet
//! in a score that is none; what ranks by it does not mind (`total_cmp`).
#![no_main]

use domain::{History, ItemIdx};
use libfuzzer_sys::fuzz_target;
use portolan_fuzz::{seal::sealed, watch};

fuzz_target!(init: watch::start(), |bytes: &[u8]| {
    let bytes = sealed(bytes);
    let Ok(loaded) = watch::within(32, || recommend::saved::load(&bytes)) else { return };
    let items: Vec<ItemIdx> = (0..12).chain([u32::MAX]).map(ItemIdx).collect();
    for history in [&[][..], &items[..1], &[ItemIdx(3), ItemIdx(1), ItemIdx(u32::MAX), ItemIdx(1)]] {
        let history = History::of(history);
        let scores = watch::within(64, || loaded.model.score(history, &items));
        assert_eq!(scores.len(), items.len());
        watch::within(64, || loaded.model.explain(history, items[2]));
    }
});
