//! One HTTP client for all calls: proxies and certificate authorities as the environment names them.

use std::time::Duration;

use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_http_client::{Builder, Connector};
use aws_smithy_runtime_api::client::http::{
    HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};

/// How long a connection may take to be made.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The client for the SDK, and one connector for calls that are made without it.
pub(super) fn clients(
    timeout: Duration,
    bundle: Option<Vec<u8>>,
) -> (SharedHttpClient, SharedHttpConnector) {
    let tls = tls(bundle);
    let settings = HttpConnectorSettings::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(timeout)
        .build();
    let own = SharedHttpConnector::new(connector(Some(&settings), &tls));
    let client =
        Builder::new().build_with_connector_fn(move |settings, _| connector(settings, &tls));
    (client, own)
}

fn connector(settings: Option<&HttpConnectorSettings>, tls: &TlsContext) -> Connector {
    let mut builder = Connector::builder()
        .proxy_config(ProxyConfig::from_env())
        .enable_tcp_nodelay(true)
        .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
        .tls_context(tls.clone());
    if let Some(settings) = settings {
        builder = builder.connector_settings(settings.clone());
    }
    builder.build()
}

/// The system's authorities, and those of `AWS_CA_BUNDLE`, as the AWS CLI has it.
fn tls(bundle: Option<Vec<u8>>) -> TlsContext {
    let mut store = TrustStore::default().with_native_roots(true);
    if let Some(bundle) = bundle {
        store = store.with_pem_certificate(bundle);
    }
    TlsContext::builder()
        .with_trust_store(store)
        .build()
        .unwrap_or_default()
}
