//! What stands between the rows of a text's pieces and its one vector: how they are pooled, further layers, length 1.
//!
//! Read from what sentence-transformers writes (`modules.json` and a folder for each step). A plain folder has none of it: its pieces
//! are averaged and the vector is scaled to length 1, and the description says that this was assumed.
//! Source: Reimers and Gurevych, "Sentence-BERT", EMNLP 2019.

use crate::PretrainedError;
use crate::folder::{Settings, Weights, inside};
use crate::net::{Activation, Linear};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// How rows become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pooling {
    /// Their mean.
    Mean,
    /// Their sum over the root of their number.
    MeanSqrt,
    /// The largest number of each column.
    Max,
    /// The first row.
    First,
    /// The last row.
    Last,
    /// The row of the mark of the text's end.
    End,
}

/// All steps after the layers.
#[derive(Clone, Debug)]
pub(crate) struct Steps {
    pub(crate) pooling: Pooling,
    pub(crate) dense: Vec<Linear>,
    pub(crate) unit: bool,
    /// Whether the folder said nothing of it.
    pub(crate) assumed: bool,
    /// Numbers of the vector.
    pub(crate) width: usize,
    /// Files of the steps, relative to the folder.
    pub(crate) files: Vec<String>,
}

impl Steps {
    /// Of a folder whose layers give rows of `width` numbers.
    pub(crate) fn read(folder: &Path, width: usize) -> Result<Self, PretrainedError> {
        let mut out =
            Self { pooling: Pooling::Mean, dense: Vec::new(), unit: true, assumed: true, width, files: Vec::new() };
        let Some(modules) = Settings::read(&folder.join("modules.json"))? else { return Ok(out) };
        let broken = || modules.wrong("modules", "a list of objects with `type` and `path`");
        let list = modules.value().as_array().filter(|list| list.len() <= 16).ok_or_else(broken)?;
        (out.unit, out.assumed) = (false, false);
        let mut pooled = false;
        for module in list {
            let said = |key: &str| module.get(key).and_then(|v| v.as_str());
            let (kind, path) = (said("type").ok_or_else(broken)?, said("path").unwrap_or_default());
            let step = kind.rsplit('.').next().unwrap_or(kind);
            match step {
                // Weights in a folder of their own lie there with their own settings.
                "Transformer" if path.is_empty() => {}
                "Pooling" => {
                    out.pooling = pooling(&settings(folder, path, &modules, &mut out.files)?)?;
                    pooled = true;
                }
                "Dense" => out.dense(folder, path, &modules)?,
                "Normalize" => out.unit = true,
                other => {
                    let found = if step == "Transformer" { format!("Transformer in {path}") } else { other.to_owned() };
                    return Err(PretrainedError::Step { path: modules.path().to_path_buf(), found });
                }
            }
        }
        out.assumed = !pooled;
        Ok(out)
    }

    fn dense(&mut self, folder: &Path, path: &str, modules: &Settings) -> Result<(), PretrainedError> {
        let s = settings(folder, path, modules, &mut self.files)?;
        let n_in = s.count("in_features", self.width..=self.width)?;
        let n_out = s.count("out_features", 1..=16_384)?;
        let activation = match s.text("activation_function").map(|a| a.rsplit('.').next().unwrap_or(a)) {
            None | Some("Tanh") => Activation::Tanh,
            Some("Identity") => Activation::None,
            Some("ReLU") => Activation::Relu,
            Some("GELU") => Activation::Gelu,
            Some(_) => return Err(s.wrong("activation_function", "Tanh, Identity, ReLU or GELU")),
        };
        let within = folder.join(path);
        let name = "model.safetensors";
        if !within.join(name).exists() && within.join("pytorch_model.bin").exists() {
            return Err(PretrainedError::OnlyPickle { folder: within, file: "pytorch_model.bin".to_owned() });
        }
        let weights = Weights::of_files(&within, &[name.to_owned()])?;
        self.dense.push(Linear::load(&weights, "linear", n_in, n_out)?.then(activation));
        self.files.push(format!("{path}/{name}"));
        self.width = n_out;
        Ok(())
    }
}

fn settings(
    folder: &Path,
    path: &str,
    modules: &Settings,
    files: &mut Vec<String>,
) -> Result<Settings, PretrainedError> {
    let wrong = || modules.wrong("path", format!("a folder inside this one, `{path}` is none"));
    let within = inside(folder, path).ok_or_else(wrong)?;
    files.push(format!("{path}/config.json"));
    Settings::need(&within, "config.json", "how a step after the layers works")
}

fn pooling(s: &Settings) -> Result<Pooling, PretrainedError> {
    let modes = [
        ("pooling_mode_cls_token", "cls", Pooling::First),
        ("pooling_mode_mean_tokens", "mean", Pooling::Mean),
        ("pooling_mode_max_tokens", "max", Pooling::Max),
        ("pooling_mode_mean_sqrt_len_tokens", "mean_sqrt_len_tokens", Pooling::MeanSqrt),
        ("pooling_mode_lasttoken", "lasttoken", Pooling::Last),
    ];
    if let Some(name) = s.text("pooling_mode") {
        let found = modes.iter().find(|(_, short, _)| *short == name);
        return found
            .map(|m| m.2)
            .ok_or_else(|| s.wrong("pooling_mode", "cls, mean, max, mean_sqrt_len_tokens or lasttoken"));
    }
    let known: Vec<Pooling> = modes.iter().filter(|(key, ..)| s.flag(key) == Some(true)).map(|m| m.2).collect();
    let other = s.flag("pooling_mode_weightedmean_tokens") == Some(true);
    match known.as_slice() {
        [one] if !other => Ok(*one),
        _ => Err(s.wrong("pooling_mode", "exactly one of cls, mean, max, mean_sqrt_len and lasttoken")),
    }
}
