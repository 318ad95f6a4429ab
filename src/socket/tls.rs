//! TLS in the hub itself, by rustls: TLS 1.2 and 1.3, with a certificate from files that are read again when
//! they change.

use anyhow::Context as _;
use parking_lot::RwLock;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(2);

/// Shakes hands. A cheap handle.
#[derive(Clone)]
pub struct Acceptor(Arc<Inner>);

struct Inner {
    certificate: PathBuf,
    key: PathBuf,
    handshake: Duration,
    config: RwLock<Arc<ServerConfig>>,
}

/// When the two files were changed.
type Stamp = [Option<SystemTime>; 2];

impl Acceptor {
    /// Reads a PEM file with a certificate and those that sign it, and one with its private key. `handshake`
    /// is how long a client may take.
    ///
    /// # Errors
    /// In words for the operator.
    pub fn open(certificate: &str, key: &str, handshake: Duration) -> anyhow::Result<Self> {
        let (certificate, key) = (PathBuf::from(certificate), PathBuf::from(key));
        let config = RwLock::new(read(&certificate, &key)?);
        Ok(Self(Arc::new(Inner {
            certificate,
            key,
            handshake,
            config,
        })))
    }

    /// Shakes hands with a client.
    ///
    /// # Errors
    /// When it takes too long or speaks something else.
    pub async fn accept(&self, tcp: TcpStream) -> Result<TlsStream<TcpStream>, Error> {
        let acceptor = TlsAcceptor::from(self.0.config.read().clone());
        let late = |_| Error::new(ErrorKind::TimedOut, "the TLS handshake took too long");
        let shaken = tokio::time::timeout(self.0.handshake, acceptor.accept(tcp)).await;
        let shaken = shaken.map_err(late).and_then(|shaken| shaken);
        if shaken.is_err() {
            metrics::counter!("generic_corp_tls_failures_total").increment(1);
        }
        shaken
    }

    /// Reads the files again whenever they change; runs until it is aborted. Connections go on as they are.
    pub async fn follow(self) {
        let mut known = self.0.stamp();
        loop {
            tokio::time::sleep(LOOK).await;
            let stamp = self.0.stamp();
            if stamp == known {
                continue;
            }
            known = stamp;
            match read(&self.0.certificate, &self.0.key) {
                Ok(config) => {
                    *self.0.config.write() = config;
                    tracing::info!("the TLS certificate was read again");
                }
                // Half of the pair may be written so far; the old one serves meanwhile.
                Err(error) => {
                    tracing::warn!("the TLS certificate stays as it was: {error:#}");
                }
            }
        }
    }
}

impl Inner {
    fn stamp(&self) -> Stamp {
        let changed = |path: &Path| {
            std::fs::metadata(path)
                .and_then(|file| file.modified())
                .ok()
        };
        [changed(&self.certificate), changed(&self.key)]
    }
}

fn read(certificate: &Path, key: &Path) -> anyhow::Result<Arc<ServerConfig>> {
    let of = |name: &'static str, path: &Path| format!("server.{name}: {}", path.display());
    let chain: Result<Vec<_>, _> = CertificateDer::pem_file_iter(certificate)
        .with_context(|| of("tls_certificate", certificate))?
        .collect();
    let chain = chain.with_context(|| of("tls_certificate", certificate))?;
    let secret = PrivateKeyDer::from_pem_file(key).with_context(|| of("tls_key", key))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, secret)
        .with_context(|| of("tls_certificate", certificate))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
