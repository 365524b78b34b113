//! HTTPS: TLS 1.2 and 1.3 without early data (TAXII 2.1, section 8.2).

use std::sync::Arc;

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::version::{TLS12, TLS13};

use crate::error::ServeError;
use crate::settings::TlsSettings;

/// What accepts TLS connections with this certificate.
pub(crate) fn acceptor(settings: &TlsSettings) -> Result<TlsAcceptor, ServeError> {
    let wrong = |text: String| ServeError::Tls(text);
    let certificates: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(&settings.cert_pem)
        .collect::<Result<_, _>>()
        .map_err(|error| wrong(format!("the certificate: {error}")))?;
    if certificates.is_empty() {
        return Err(wrong("there is no certificate".into()));
    }
    let key = PrivateKeyDer::from_pem_slice(&settings.key_pem)
        .map_err(|error| wrong(format!("the key: {error}")))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&TLS13, &TLS12])
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(certificates, key))
        .map_err(|error| wrong(error.to_string()))?;
    // Early data can be played back by others.
    config.max_early_data_size = 0;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_is_wrong_with_a_certificate() {
        let table: [(&[u8], &[u8], &str); 3] = [
            (b"", b"", "no certificate"),
            (b"-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n", b"", "the certificate"),
            (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", b"none", "the key"),
        ];
        for (cert, key, expected) in table {
            let settings = TlsSettings { cert_pem: cert.to_vec(), key_pem: key.to_vec() };
            let error = acceptor(&settings).err().unwrap().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
