//! TLS from two files in PEM: the chain of certificates and the key. TLS 1.2 and 1.3, HTTP/2 and HTTP/1.1.

use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Why the files cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The file is not there or holds no such thing.
    #[error("{file}: {why}; it has to hold {wanted} in PEM")]
    File {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        why: rustls_pki_types::pem::Error,
        /// What it should hold.
        wanted: &'static str,
    },
    /// No certificate in the file.
    #[error("{0}: no certificate; it has to hold a chain of certificates in PEM, the server's first")]
    Empty(PathBuf),
    /// Certificate and key do not belong together, or are of a kind that cannot be used.
    #[error("certificate and key cannot be used: {0}")]
    Unusable(#[from] rustls::Error),
}

/// What connections are encrypted with.
#[derive(Clone, Debug)]
pub struct Tls(pub(crate) Arc<ServerConfig>);

impl Tls {
    /// Reads certificate chain and key.
    ///
    /// # Errors
    /// [`TlsError`].
    pub fn from_files(certificates: &Path, key: &Path) -> Result<Self, TlsError> {
        let failed = |file: &Path, wanted| {
            let file = file.to_owned();
            move |why| TlsError::File { file, why, wanted }
        };
        let wanted = "a chain of certificates";
        let chain = CertificateDer::pem_file_iter(certificates).map_err(failed(certificates, wanted))?;
        let chain = chain.collect::<Result<Vec<_>, _>>().map_err(failed(certificates, wanted))?;
        if chain.is_empty() {
            return Err(TlsError::Empty(certificates.to_owned()));
        }
        let key = PrivateKeyDer::from_pem_file(key).map_err(failed(key, "a private key"))?;
        let provider = Arc::new(aws_lc_rs::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self(Arc::new(config)))
    }
}
