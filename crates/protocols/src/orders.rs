//! Models of order, for the tasks whose histories are sequences.
//!
//! Their parameters are to be chosen on validation items with `examples/next_item.rs`; those here are the usual
//! ones for data of this size and not chosen on anything of these tasks.

use crate::recipe::{Config, Member, Recipe, Rows};
use recommend::{Gru4RecParams, ModelKind, NextItemParams, SasRecParams};

/// Strong dropout: some six purchases a shopper.
fn common() -> NextItemParams {
    NextItemParams { dropout: 0.5, batch: 256, ..NextItemParams::default() }
}

/// SASRec and GRU4Rec, to be added to what every catalogue task is answered with.
pub(crate) fn configs() -> Vec<Config> {
    let one = |name, what, kind| Config { name, what, recipe: Recipe::One(Member { kind, rows: Rows::Target }) };
    let sasrec = SasRecParams { common: common(), ..SasRecParams::default() };
    let gru4rec = Gru4RecParams { common: common(), ..Gru4RecParams::default() };
    vec![
        one("SASRec", "width 64, 2 blocks, all items compared", ModelKind::SasRec(sasrec)),
        one("GRU4Rec", "width 64, state 128, all items compared", ModelKind::Gru4Rec(gru4rec)),
    ]
}
