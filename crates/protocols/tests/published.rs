//! Figures of the reference implementation on WSDM Cup market t1, where lists and rows are the
//! released ones and nothing is drawn. On a fixture the protocol is tested in `src/cup.rs`.

use domain::Seed;
use protocols::cup::{Lists, load};
use protocols::{Lab, cup_configs};

/// Reference: dense matrices in numpy with `pytrec_eval`, printed to four decimals.
const REFERENCE: [(&str, f64, f64); 5] = [
    ("popularity", 0.3088, 0.5143),
    ("item-kNN Jaccard", 0.6770, 0.7608),
    ("item-kNN Jaccard, all markets", 0.6866, 0.7786),
    ("item-kNN cosine", 0.6756, 0.7601),
    ("item-kNN cosine, all markets", 0.6815, 0.7720),
];

#[test]
fn the_reference_figures_of_t1_come_out() {
    let Some(dir) = testkit::shared::shared_data("wsdm_xmrec") else { return };
    let task = load(&dir, "cup-t1", "t1", Lists::Released).unwrap();
    let mut lab = Lab::new(&task, Seed(1), &|| 0.0);
    for (name, ndcg, hit_rate) in REFERENCE {
        let config = cup_configs().into_iter().find(|c| c.name == name).unwrap();
        let answered = lab.answer(&config).unwrap();
        for (marks, want) in answered.marks.iter().zip([ndcg, hit_rate]) {
            let mean = marks.iter().sum::<f64>() / marks.len() as f64;
            assert!((mean - want).abs() < 1e-4, "{name}: {mean}, the reference has {want}");
        }
    }
}
