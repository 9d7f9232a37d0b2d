//! Options of the commands around the server.

use clap::{Args, Subcommand, ValueHint};
use domain::Market;
use std::net::SocketAddr;
use std::path::PathBuf;

/// `portolan serve`.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Address to listen on; port 0 takes a free one.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8787")]
    pub(crate) addr: SocketAddr,
    /// Chain of certificates in PEM; with it, HTTPS is spoken.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, requires = "tls_key")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// Private key in PEM.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, requires = "tls_cert")]
    pub(crate) tls_key: Option<PathBuf>,
    /// Address that people type, such as `https://portolan.example`, where a proxy stands before the server.
    #[arg(long, value_name = "URL")]
    pub(crate) public_origin: Option<String>,
    /// A proxy of your own stands before the server and writes X-Forwarded-For; its word is taken for who asks.
    #[arg(long)]
    pub(crate) behind_proxy: bool,
    /// Database of keys, people and the audit log, such as postgres://…; without it, state.db in the workspace.
    #[arg(long, value_name = "URL")]
    pub(crate) state: Option<String>,
    /// Personalise answers only for persons who said yes; without it, for all who did not say no.
    #[arg(long)]
    pub(crate) personalise_only_with_consent: bool,
    /// What is said, and the log, as one JSON object a line.
    #[arg(long)]
    pub(crate) json: bool,
}

/// `portolan keys`.
#[derive(Debug, Args)]
pub(crate) struct Keys {
    /// Database of the keys; without it, state.db in the workspace.
    #[arg(long, value_name = "URL", global = true)]
    pub(crate) state: Option<String>,
    #[command(subcommand)]
    pub(crate) what: KeysWhat,
}

/// What to do with the keys.
#[derive(Debug, Subcommand)]
pub(crate) enum KeysWhat {
    /// Make a key; its secret is shown once.
    Create {
        /// What it is for.
        name: String,
        /// What it may do: write sends events, read asks, admin changes.
        #[arg(long, value_parser = ["write", "read", "admin"], default_value = "read")]
        kind: String,
        /// The only market that it may ask about.
        #[arg(long)]
        market: Option<Market>,
        /// Web pages that may use it, such as `https://shop.example`; may be repeated.
        #[arg(long = "origin", value_name = "ORIGIN")]
        origins: Vec<String>,
        /// Result as JSON.
        #[arg(long)]
        json: bool,
    },
    /// The keys, without their secrets.
    List {
        /// Result as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Make a key useless for good.
    Revoke {
        /// Its id, as `portolan keys list` shows it.
        id: String,
        /// Result as JSON.
        #[arg(long)]
        json: bool,
    },
}
