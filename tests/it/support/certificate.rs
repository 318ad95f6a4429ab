//! Certificates of an authority of the test's own.

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use std::path::Path;

/// Signs certificates for this machine.
pub struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    /// A new one, which nobody trusts yet.
    pub fn new() -> Self {
        let key = KeyPair::generate().expect("a key");
        let mut parameters = CertificateParams::new(Vec::new()).expect("parameters");
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = parameters.self_signed(&key).expect("signed").pem();
        let issuer = Issuer::new(parameters, key);
        Self { pem, issuer }
    }

    /// Its own certificate, which clients are given.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// Writes a certificate for `localhost` and 127.0.0.1, and its key.
    pub fn issue(&self, certificate: &Path, key: &Path) {
        let names = vec!["localhost".into(), "127.0.0.1".into()];
        let parameters = CertificateParams::new(names).expect("parameters");
        let secret = KeyPair::generate().expect("a key");
        let signed = parameters.signed_by(&secret, &self.issuer).expect("signed");
        std::fs::write(certificate, signed.pem()).expect("written");
        std::fs::write(key, secret.serialize_pem()).expect("written");
    }
}
