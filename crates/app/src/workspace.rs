//! A workspace: a folder with `portolan.toml`, the lake and the plans.
//!
//! The file is read in two steps: text into a struct that mirrors it, then into checked values.

use crate::evidence::{DEFAULT_MODELS, family};
use crate::exit::{Exit, Stop};
use crate::pipeline::decisions::settings::{DecideSettings, RawDecide};
use crate::seal;
use anyhow::{Context, Result};
use audience::entry::attractiveness::{AttractivenessParams, Criterion};
use domain::{Currency, Market};
use lake::{Filling, GateSetting, GateSettingError, GateSettings, Severity, Undone};
use lake::{KeptFiles, Lake};
use recommend::ModelKind;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Name of the configuration file.
pub(crate) const FILE: &str = "portolan.toml";

/// `portolan.toml` as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawConfig {
    /// Home market, two letters.
    home: Option<String>,
    /// Reporting currency, three letters.
    currency: Option<String>,
    /// Folder of the lake, relative to the workspace.
    lake: Option<String>,
    /// Identities that no longer join shoppers, `email=…` with the key of clean.identity_links.
    undone_links: Vec<String>,
    /// Policies for missing values, by `table.column`.
    missing_values: BTreeMap<String, String>,
    /// Limits of quality gates, by name.
    gates: BTreeMap<String, RawGate>,
    /// What competes for the markets.
    recommend: RawRecommend,
    /// How decisions are made.
    decide: RawDecide,
    /// How markets are compared.
    markets: RawMarkets,
    /// How products are found.
    search: RawSearch,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawSearch {
    /// A sentence encoder that `portolan models add` has taken in.
    model: Option<String>,
    /// An encoder of pictures, or of texts and pictures.
    pictures: Option<String>,
    /// An encoder of speech.
    speech: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawMarkets {
    /// Weight of each criterion of a market's attractiveness.
    weights: BTreeMap<Criterion, f64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawRecommend {
    /// Models by name.
    models: Option<Vec<String>>,
}

/// Kinds of identity, as clean.identity_links names them.
const LINK_KINDS: [&str; 5] = ["customer_id", "email", "phone", "anonymous", "handle"];

/// A gate's limit, or more about it.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum RawGate {
    Limit(f64),
    Whole(RawGateTable),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawGateTable {
    at_most: Option<f64>,
    severity: Option<String>,
}

const KEYS: [&str; 10] =
    ["home", "currency", "lake", "undone_links", "missing_values", "gates", "recommend", "markets", "search", "decide"];

/// An opened workspace.
#[derive(Debug)]
pub(crate) struct Workspace {
    pub(crate) root: PathBuf,
    pub(crate) home: Option<Market>,
    pub(crate) currency: Option<Currency>,
    pub(crate) undone: Vec<Undone>,
    /// Visitors whose link to a shopper somebody took back on the server.
    taken_back: Vec<Undone>,
    pub(crate) fillings: Vec<Filling>,
    pub(crate) gates: GateSettings,
    /// Models that compete for the markets, the simplest first, each once.
    pub(crate) models: Vec<String>,
    /// How decisions are made.
    pub(crate) decide: DecideSettings,
    /// How markets are compared: those of the settings in the place of the defaults.
    pub(crate) attractiveness: AttractivenessParams,
    /// The sentence encoder that finds products by meaning; without one, it is learnt from the catalogue.
    pub(crate) search_model: Option<String>,
    /// The encoder by which pictures are alike; without one, it is shapes and colours.
    pub(crate) picture_model: Option<String>,
    /// The encoder that listens to sounds.
    pub(crate) speech_model: Option<String>,
    lake: PathBuf,
}

impl Workspace {
    /// The folder given, else the nearest one above the current folder with a `portolan.toml`.
    pub(crate) fn find(given: Option<&Path>) -> Result<Self> {
        let root = match given {
            Some(dir) if dir.join(FILE).is_file() => dir.to_path_buf(),
            Some(dir) => {
                return Err(Stop::error(
                    Exit::Missing,
                    format!("`{}` is no workspace: it has no {FILE}", dir.display()),
                    format!("`portolan init {}` makes one", dir.display()),
                ));
            }
            None => {
                let here = std::env::current_dir().context("the current folder")?;
                here.ancestors().find(|d| d.join(FILE).is_file()).map(Path::to_path_buf).ok_or_else(|| {
                    Stop::error(
                        Exit::Missing,
                        format!("no {FILE} here or in a folder above"),
                        "`portolan init DIR` makes a workspace; then use it as the current folder or with --workspace DIR",
                    )
                })?
            }
        };
        Self::open(root)
    }

    fn open(root: PathBuf) -> Result<Self> {
        let path = root.join(FILE);
        let text = std::fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
        let raw: RawConfig = toml::from_str(&text).map_err(|e| {
            Stop::error(
                Exit::Usage,
                format!("{}: {}", path.display(), e.to_string().trim_end()),
                suggestion(&e.to_string()),
            )
        })?;
        let wrong = |key: &str, e: String| {
            Stop::error(Exit::Usage, format!("{}: `{key}`: {e}", path.display()), format!("mend `{key}` in {FILE}"))
        };
        let home = raw.home.map(|m| m.parse::<Market>()).transpose().map_err(|e| wrong("home", e.to_string()))?;
        let currency =
            raw.currency.map(|c| c.parse::<Currency>()).transpose().map_err(|e| wrong("currency", e.to_string()))?;
        let lake = root.join(raw.lake.unwrap_or_else(|| "lake".into()));
        let undo = |text: &String| {
            let (kind, key) = text.split_once('=').ok_or_else(|| {
                let right = "write for example \"email=9f86d0…\" with kind and key of clean.identity_links";
                wrong("undone_links", format!("`{text}` names no link; {right}"))
            })?;
            let kind = kind.trim();
            if !LINK_KINDS.contains(&kind) {
                let near = LINK_KINDS.iter().map(|k| (strsim::damerau_levenshtein(kind, k), *k)).min();
                let near = near.filter(|(distance, _)| *distance <= 4);
                let meant = near.map_or_else(String::new, |(_, k)| format!("; did you mean `{k}`?"));
                let kinds = LINK_KINDS.join(", ");
                return Err(wrong("undone_links", format!("`{kind}` is no kind of link; {kinds} are{meant}")));
            }
            Ok::<_, anyhow::Error>(Undone { key_kind: kind.to_owned(), key: key.trim().to_owned() })
        };
        let undone = raw.undone_links.iter().map(undo).collect::<Result<_>>()?;
        let visitor = |l: crate::undone::UndoneLink| Undone { key_kind: "anonymous".to_owned(), key: l.visitor };
        let taken_back = crate::undone::read(&root)?.into_iter().map(visitor).collect();
        let filling = |(column, policy): (&String, &String)| {
            Filling::new(column, policy).map_err(|e| wrong("missing_values", e.to_string()))
        };
        let fillings = raw.missing_values.iter().map(filling).collect::<Result<_>>()?;
        let gates = gate_settings(&raw.gates, &path)?;
        let models = models(raw.recommend.models, &path)?;
        let mut attractiveness = AttractivenessParams::default();
        attractiveness.weights.extend(raw.markets.weights);
        attractiveness.checked().map_err(|e| wrong("markets", e.to_string()))?;
        let decide = raw.decide.settings().map_err(|e| wrong("decide", e))?;
        Ok(Self {
            root,
            home,
            currency,
            undone,
            taken_back,
            fillings,
            gates,
            models,
            decide,
            attractiveness,
            search_model: raw.search.model,
            picture_model: raw.search.pictures,
            speech_model: raw.search.speech,
            lake,
        })
    }

    /// Every identity that no longer joins shoppers: those of the settings, and those of the server.
    pub(crate) fn all_undone(&self) -> Vec<Undone> {
        let mut all: Vec<Undone> = self.undone.clone();
        all.extend(self.taken_back.iter().filter(|u| !self.undone.contains(u)).cloned());
        all
    }

    /// The lake of the workspace.
    pub(crate) fn lake(&self) -> Result<Lake> {
        let lake = Lake::open(&self.lake.to_string_lossy())?;
        Ok(match seal::read(&self.root)? {
            Some(seal) => lake.sealed(seal),
            None => lake,
        })
    }

    /// The files as they came; an error where they are sealed and the key is not at hand.
    pub(crate) fn kept_files(&self) -> Result<KeptFiles> {
        if let Some(why) = seal::read(&self.root)?.as_ref().and_then(lake::Seal::missing) {
            return Err(seal::no_key(why));
        }
        Ok(self.lake()?.kept_files())
    }

    /// Makes a workspace; an existing one is left as it is.
    pub(crate) fn init(dir: &Path, home: Option<Market>, currency: Option<Currency>) -> Result<(Self, bool)> {
        let path = dir.join(FILE);
        if path.is_file() {
            return Ok((Self::open(dir.to_path_buf())?, false));
        }
        std::fs::create_dir_all(dir).with_context(|| format!("making {}", dir.display()))?;
        let line = |key: &str, value: Option<String>, example: &str| match value {
            Some(v) => format!("{key} = \"{v}\"\n"),
            None => format!("# {key} = \"{example}\"\n"),
        };
        let text = format!(
            "# A Portolan workspace.\n\n\
             # Home market: where you know your shoppers. Without it, the market with the largest revenue.\n{}\n\
             # Reporting currency. Without it, the currency of most order lines.\n{}\n\
             # Folder of the lake, relative to this file.\n{}\n\
             # Identities that must not join two shoppers, by kind and key of clean.identity_links.\n\
             # undone_links = [\"email=9f86d0…\"]\n\n\
             # Gaps that are filled, by table and column; nothing is filled otherwise.\n\
             # [missing_values]\n\
             # \"products.weight_kg\" = \"median\"\n\n\
             # Other limits of quality gates, by the names that `portolan quality` shows.\n\
             # [gates]\n\
             # order_lines_rejected = 0.1\n\
             # orders_fresh = {{ at_most = 30, severity = \"warn\" }}\n\n\
             # Models that compete for every market. Any of docs/models.md; networks and hybrids take longer.\n\
             # [recommend]\n\
             # models = [\"popularity\", \"item-knn\", \"ials\", \"hybrid-stacked\", \"sasrec\"]\n\n\
             # What makes a market attractive: weights of demand, size, competition, distance, cost and transfer.\n\
             # [markets.weights]\n\
             # demand = 0.6\n\n\
             # Encoders of sentences, pictures and speech, by the names that `portolan models add` gave them.\n\
             # [search]\n\
             # model = \"minilm\"\n\
             # pictures = \"clip\"\n\
             # speech = \"whisper\"\n",
            line("home", home.map(|m| m.to_string()), "DE"),
            line("currency", currency.map(|c| c.to_string()), "EUR"),
            line("lake", None, "lake"),
        );
        let temporary = dir.join(".portolan.toml.new");
        std::fs::write(&temporary, text).with_context(|| format!("writing {}", path.display()))?;
        std::fs::rename(&temporary, &path).with_context(|| format!("writing {}", path.display()))?;
        let workspace = Self::open(dir.to_path_buf())?;
        workspace.lake()?;
        Ok((workspace, true))
    }
}

/// The gates' limits; a name that is none, a limit that cannot be and a severity that is none are refused.
fn gate_settings(raw: &BTreeMap<String, RawGate>, path: &Path) -> Result<GateSettings> {
    let mut settings = GateSettings::default();
    for (name, gate) in raw {
        let stop =
            |e: String, next: String| Stop::error(Exit::Usage, format!("{}: `gates`: {e}", path.display()), next);
        let (at_most, severity) = match gate {
            RawGate::Limit(limit) => (Some(*limit), None),
            RawGate::Whole(whole) => (whole.at_most, whole.severity.as_deref()),
        };
        let severity = match severity.map(|word| (word, Severity::from_name(word))) {
            None => None,
            Some((_, Some(severity))) => Some(severity),
            Some((word, None)) => {
                return Err(stop(
                    format!("`{name}`: `{word}` is no severity"),
                    "write severity = \"fail\" or severity = \"warn\"".to_owned(),
                ));
            }
        };
        settings.set(name, GateSetting { at_most, severity }).map_err(|e| {
            let next = match &e {
                GateSettingError::Unknown(name) => {
                    let names = lake::BUILT_IN.iter().map(|g| g.name);
                    let near = names.map(|n| (strsim::damerau_levenshtein(name, n), n)).min();
                    let meant = near.map(|(_, n)| format!("did you mean `{n}`? ")).unwrap_or_default();
                    format!("{meant}`portolan quality` lists the gates")
                }
                GateSettingError::Limit { .. } => format!("mend the limit in {FILE}"),
            };
            stop(e.to_string(), next)
        })?;
    }
    Ok(settings)
}

/// The models that compete; a name that is none, one that is there twice and an empty list are refused.
fn models(named: Option<Vec<String>>, path: &Path) -> Result<Vec<String>> {
    let Some(named) = named else { return Ok(DEFAULT_MODELS.map(str::to_owned).to_vec()) };
    let stop = |e: String, next: String| {
        Err(Stop::error(Exit::Usage, format!("{}: `recommend.models`: {e}", path.display()), next))
    };
    let all = ModelKind::all(Market::UNKNOWN).map(|kind| kind.name());
    let known: Vec<&str> = all.into_iter().filter(|name| family(name).is_some()).collect();
    if let Some(name) = named.iter().find(|name| family(name).is_none()) {
        let near = known.iter().map(|k| (strsim::damerau_levenshtein(name, k), *k)).min();
        let meant = near
            .filter(|(distance, _)| *distance <= 3)
            .map_or_else(String::new, |(_, k)| format!("did you mean `{k}`? "));
        return stop(format!("there is no model `{name}`"), format!("{meant}The models are {}", known.join(", ")));
    }
    if let Some(name) = named.iter().enumerate().find(|(at, name)| named[..*at].contains(name)).map(|(_, name)| name) {
        return stop(format!("`{name}` is there twice"), format!("name every model once in {FILE}"));
    }
    if named.is_empty() {
        return stop("no model is named".to_owned(), format!("name at least one, or take the line out of {FILE}"));
    }
    Ok(named)
}

/// The key that was probably meant.
fn suggestion(error: &str) -> String {
    let unknown = error.split("unknown field `").nth(1).and_then(|rest| rest.split('`').next());
    let near = unknown.and_then(|u| KEYS.iter().map(|k| (strsim::damerau_levenshtein(u, k), *k)).min());
    match near {
        Some((distance, key)) if distance <= 3 => format!("did you mean `{key}`? The keys are {}", KEYS.join(", ")),
        _ => format!("the keys are {}", KEYS.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_key_is_refused_with_the_one_that_was_meant() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(FILE), "curency = \"EUR\"\n").unwrap();
        let error = Workspace::find(Some(dir.path())).unwrap_err();
        let stop = error.downcast_ref::<Stop>().unwrap();
        assert_eq!(stop.exit, Exit::Usage);
        assert!(stop.next.contains("did you mean `currency`"), "{}", stop.next);
    }

    #[test]
    fn a_link_of_no_known_kind_is_refused_with_the_one_that_was_meant() {
        let dir = tempfile::tempdir().unwrap();
        let refused = |link: &str| {
            std::fs::write(dir.path().join(FILE), format!("undone_links = [\"{link}\"]\n")).unwrap();
            Workspace::find(Some(dir.path())).unwrap_err().to_string()
        };
        assert!(refused("e-mail=9f86").contains("did you mean `email`?"), "{}", refused("e-mail=9f86"));
        assert!(refused("customer=7").contains("customer_id, email, phone, anonymous"));
        assert!(refused("9f86").contains("names no link"));
    }

    #[test]
    fn models_are_named_once_and_by_names_that_there_are() {
        let dir = tempfile::tempdir().unwrap();
        let open = |models: &str| {
            std::fs::write(dir.path().join(FILE), format!("[recommend]\nmodels = [{models}]\n")).unwrap();
            Workspace::find(Some(dir.path()))
        };
        assert_eq!(open("\"ials\", \"hybrid-ranks\"").unwrap().models, ["ials", "hybrid-ranks"]);
        let refused = |models: &str| {
            let error = open(models).unwrap_err();
            (error.to_string(), error.downcast_ref::<Stop>().unwrap().next.clone())
        };
        let (what, next) = refused("\"sasrek\"");
        assert!(
            what.contains("there is no model `sasrek`") && next.contains("did you mean `sasrec`?"),
            "{what} {next}"
        );
        assert!(refused("\"popularity-market\"").0.contains("no model `popularity-market`"));
        assert!(refused("\"ials\", \"ials\"").0.contains("`ials` is there twice"));
        assert!(refused("").0.contains("no model is named"));
        std::fs::write(dir.path().join(FILE), "").unwrap();
        assert_eq!(Workspace::find(Some(dir.path())).unwrap().models, DEFAULT_MODELS);
    }

    #[test]
    fn init_twice_keeps_the_first() {
        let dir = tempfile::tempdir().unwrap();
        let de = "DE".parse().unwrap();
        assert!(Workspace::init(dir.path(), Some(de), None).unwrap().1);
        let (again, made) = Workspace::init(dir.path(), None, None).unwrap();
        assert!(!made);
        assert_eq!(again.home, Some(de));
    }
}
