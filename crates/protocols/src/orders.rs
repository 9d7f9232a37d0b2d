//! Models of order, for the tasks whose histories are sequences.
//!
//! One setting for both, looked at on the validation items of Toys with `examples/next_item.rs`: strong dropout for some
//! six purchases a shopper, and 512 shared negatives, with which an epoch costs a fifth of one with all items.

use crate::recipe::{Config, Member, Recipe, Rows};
use recommend::{Gru4RecParams, ItemLoss, ModelKind, NextItemParams, SasRecParams};

const fn common() -> NextItemParams {
    NextItemParams {
        width: 64,
        max_len: 50,
        dropout: 0.5,
        loss: ItemLoss::Sampled { n_negatives: 512 },
        n_epochs: 40,
        patience: 8,
        batch: 128,
        rate: 2e-3,
    }
}

/// SASRec and GRU4Rec, to be added to what every catalogue task is answered with.
pub(crate) fn configs() -> Vec<Config> {
    let one = |name, what, kind| Config { name, what, recipe: Recipe::One(Member { kind, rows: Rows::Target }) };
    let sasrec = SasRecParams { common: common(), ..SasRecParams::default() };
    let gru4rec = Gru4RecParams { common: common(), ..Gru4RecParams::default() };
    vec![
        one("SASRec", "width 64, 2 blocks, 512 drawn items compared", ModelKind::SasRec(sasrec)),
        one("GRU4Rec", "width 64, state 128, 512 drawn items compared", ModelKind::Gru4Rec(gru4rec)),
    ]
}
