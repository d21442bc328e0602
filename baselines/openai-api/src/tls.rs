//! Whom to trust: a server's own certificate, and what to do where one does not hold.

use std::path::Path;
use std::sync::Arc;

use plugin_api::Error;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

/// Whether a connection failed because its certificate does not hold.
pub fn is_distrust(reason: &str) -> bool {
    reason.contains("certificate")
}

/// What to say of such a server.
pub fn advice(reason: &str) -> String {
    format!(
        "shows a certificate that cannot be trusted ({reason}), so nothing was sent; check this machine's clock; a certificate of your own goes into `certificate = \"/path/to/it.pem\"` in [config], an authority of your site into the environment variable SSL_CERT_FILE"
    )
}

/// A connection that trusts what a PEM file holds and nothing else: the server's own certificate, or the authority that signed it.
///
/// # Errors
/// Where the file cannot be read or holds no certificate.
pub fn only(path: &Path) -> Result<ClientConfig, Error> {
    let wrong = |what: &dyn std::fmt::Display| {
        Error::config(format!("`certificate`: {}: {what}; name a PEM file", path.display()))
    };
    let certificates: Vec<CertificateDer<'static>> =
        CertificateDer::pem_file_iter(path).and_then(Iterator::collect).map_err(|e| wrong(&e))?;
    if certificates.is_empty() {
        return Err(wrong(&"it holds no certificate"));
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = RootCertStore::empty();
    for certificate in &certificates {
        roots.add(certificate.clone()).map_err(|e| wrong(&e))?;
    }
    let authority =
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
            .build()
            .map_err(|e| wrong(&e))?;
    let own = Own { certificates, authority, provider: Arc::clone(&provider) };
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| wrong(&e))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(own))
        .with_no_client_auth();
    Ok(config)
}

/// Trusts certificates byte for byte, and those that they signed by the usual rules.
#[derive(Debug)]
struct Own {
    certificates: Vec<CertificateDer<'static>>,
    authority: Arc<WebPkiServerVerifier>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Own {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        // The very certificate that the user named: whose name it bears, and who signed it, they know.
        if self.certificates.iter().any(|own| own.as_ref() == end_entity.as_ref()) {
            return Ok(ServerCertVerified::assertion());
        }
        self.authority.verify_server_cert(end_entity, intermediates, name, ocsp, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let known = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, cert, dss, known)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let known = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, cert, dss, known)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
