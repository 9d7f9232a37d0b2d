//! How long association rules take: CPU seconds of the whole of `RuleParams::mine`, with what it finds.
//!
//! `cargo run --release -p audience --example rules BASKETS MIN_SUPPORT MIN_CONFIDENCE [REPEATS]`, where BASKETS has a line a
//! basket, its items separated by tabs. `scripts/peers/mlxtend_rules.py` writes that file and measures its peer in the same run. The baskets
//! are mined REPEATS times (20 without it) on the threads that RAYON_NUM_THREADS allows; time is the mean processor time of one.

use audience::rules::RuleParams;
use std::collections::BTreeSet;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let args: Vec<String> = std::env::args().collect();
    let (file, support, confidence, repeats) = match args.as_slice() {
        [_, file, support, confidence] => (file, support, confidence, 20),
        [_, file, support, confidence, repeats] => (file, support, confidence, repeats.parse()?),
        _ => return Err("give BASKETS MIN_SUPPORT MIN_CONFIDENCE [REPEATS]".into()),
    };
    let text = std::fs::read_to_string(file)?;
    let lines: Vec<BTreeSet<&str>> = text.lines().map(|l| l.split('\t').filter(|i| !i.is_empty()).collect()).collect();
    let names: Vec<String> =
        lines.iter().flatten().collect::<BTreeSet<_>>().into_iter().map(|n| (*n).to_owned()).collect();
    let number = |item: &&str| names.binary_search_by(|n| n.as_str().cmp(item)).map(|at| at as u32);
    let baskets: Result<Vec<Vec<u32>>, usize> = lines.iter().map(|items| items.iter().map(number).collect()).collect();
    let baskets = baskets.map_err(|_| "a name went missing")?;
    let params = RuleParams {
        min_support: support.parse()?,
        min_count: 1,
        min_confidence: confidence.parse()?,
        max_len: 20,
        max_itemsets: 10_000_000,
    };
    let before = cpu_seconds()?;
    let mut set = params.mine(&baskets, &names)?;
    for _ in 1..repeats {
        set = params.mine(&baskets, &names)?;
    }
    let cpu = (cpu_seconds()? - before) / f64::from(repeats.max(1));
    let chance = set.rules().iter().filter(|r| r.q_value > 0.05).count();
    let redundant = set.rules().iter().filter(|r| r.is_redundant()).count();
    let sums = set.rules().iter().fold((0.0, 0.0, 0.0), |s, r| (s.0 + r.lift, s.1 + r.confidence, s.2 + r.leverage));
    write(&format!(
        "{{\"baskets\": {}, \"items\": {}, \"itemsets\": {}, \"rules\": {}, \"chance\": {chance}, \"redundant\": {redundant}, \
         \"telling\": {}, \"sum_lift\": {:.9}, \"sum_confidence\": {:.9}, \"sum_leverage\": {:.9}, \"cpu_s\": {cpu:.6}}}\n",
        set.n_baskets(),
        names.len(),
        set.itemsets().len(),
        set.rules().len(),
        set.telling(0.05).count(),
        sums.0,
        sums.1,
        sums.2,
    ))
}

fn write(text: &str) -> Result<(), Failure> {
    use std::io::Write;
    Ok(std::io::stdout().write_all(text.as_bytes())?)
}

fn cpu_seconds() -> Result<f64, Failure> {
    let Ok(stat) = std::fs::read_to_string("/proc/self/stat") else { return Ok(0.0) };
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks: Result<Vec<f64>, _> = after_name.split_whitespace().skip(11).take(2).map(str::parse).collect();
    Ok(ticks?.iter().sum::<f64>() / 100.0)
}
