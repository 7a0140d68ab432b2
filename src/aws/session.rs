//! Who asks: the ordinary credentials, profiles, roles, Regions and endpoints go in, a [`Session`] comes out.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use aws_config::sts::AssumeRoleProvider;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use aws_smithy_runtime_api::client::http::{SharedHttpClient, SharedHttpConnector};
use aws_smithy_runtime_api::client::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::service_config::ServiceConfigKey;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::Mutex;

use crate::aws::fault::{Fault, Kind, chain};
use crate::aws::http;
use crate::aws::meter::Meter;

/// Attempts of one call, the first included. With backoff and jitter this bridges about half a minute.
pub(crate) const ATTEMPTS_MAX: u32 = 6;
/// Waited before the second attempt, at most; doubled for each further one.
pub(super) const BACKOFF: Duration = Duration::from_millis(300);
/// The longest wait between two attempts.
pub(super) const BACKOFF_MAX: Duration = Duration::from_secs(20);

/// Credentials that expire sooner are renewed first: a call is signed anew at each attempt, and looked at as it arrives.
const LASTS: Duration = Duration::from_secs(20);

/// Whose eyes to look through; what is `None` comes from the environment and the profile, as with the AWS CLI.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Ask {
    /// `eu-west-1`
    pub region: Option<String>,
    /// A profile of `~/.aws/config`.
    pub profile: Option<String>,
    /// A role to assume.
    pub role_arn: Option<String>,
    /// For every service alike, for S3-compatible stores and tests.
    pub endpoint_url: Option<String>,
}

/// The way to AWS, one a run: runtime, connections and meter.
#[derive(Clone)]
pub struct Aws {
    inner: Arc<Inner>,
}

struct Inner {
    /// Taken when this is dropped.
    runtime: Option<Runtime>,
    handle: Handle,
    client: SharedHttpClient,
    connector: SharedHttpConnector,
    meter: Arc<Meter>,
    timeout: Duration,
}

impl Drop for Inner {
    fn drop(&mut self) {
        // The last to hold it may be a task of its own, and a task must not wait for the end of its runtime.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Aws {
    /// Connects nowhere yet. `timeout`: how long an answer, or the next bytes of one, may take.
    ///
    /// # Errors
    /// A system that gives no threads; an `AWS_CA_BUNDLE` that cannot be read.
    pub fn new(requests_max: Option<u64>, timeout: Duration) -> Result<Aws, Box<Fault>> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("aws")
            .enable_all()
            .build()
            .map_err(|why| Box::new(Fault::local(&why.to_string())))?;
        let bundle = std::env::var_os("AWS_CA_BUNDLE").filter(|file| !file.is_empty());
        let bundle = bundle
            .map(|file| {
                std::fs::read(&file).map_err(|why| {
                    let what = format!("AWS_CA_BUNDLE {}: {why}", file.display());
                    Box::new(Fault::local(&what))
                })
            })
            .transpose()?;
        let (client, connector) = http::clients(timeout, bundle);
        Ok(Aws {
            inner: Arc::new(Inner {
                handle: runtime.handle().clone(),
                runtime: Some(runtime),
                client,
                connector,
                meter: Arc::new(Meter::new(requests_max)),
                timeout,
            }),
        })
    }

    /// How much was asked so far.
    pub fn meter(&self) -> &Arc<Meter> {
        &self.inner.meter
    }

    /// Finds credentials' providers and Region; asks nothing of AWS yet, unless a Region must be found.
    ///
    /// # Errors
    /// No Region, neither given nor in the environment or profile.
    pub fn session(&self, ask: &Ask) -> Result<Session, Box<Fault>> {
        let config = self.block_on(self.config(ask));
        // An empty variable is as good as none, as for the AWS CLI.
        let region = config.region().map(ToString::to_string);
        let Some(region) = region.filter(|region| !region.is_empty()) else {
            return Err(Box::new(Fault {
                kind: Kind::NoRegion,
                ..Fault::local("no Region is set")
            }));
        };
        Ok(Session {
            aws: self.clone(),
            config,
            region,
        })
    }

    async fn config(&self, ask: &Ask) -> SdkConfig {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(http::CONNECT_TIMEOUT)
            .read_timeout(self.inner.timeout)
            .build();
        let retries = RetryConfig::standard()
            .with_max_attempts(ATTEMPTS_MAX)
            .with_initial_backoff(BACKOFF)
            .with_max_backoff(BACKOFF_MAX);
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .http_client(self.inner.client.clone())
            .timeout_config(timeouts)
            .retry_config(retries)
            // Bodies have a timeout of their own, and one that waits for its reader has not stalled.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        if let Some(region) = &ask.region {
            loader = loader.region(Region::new(region.clone()));
        }
        if let Some(profile) = &ask.profile {
            loader = loader.profile_name(profile);
        }
        if let Some(url) = &ask.endpoint_url {
            loader = loader.endpoint_url(url);
        }
        let base = self.patient(loader.load().await);
        let Some(role) = &ask.role_arn else {
            return base;
        };
        let provider = AssumeRoleProvider::builder(role)
            .session_name("flowproof")
            .configure(&base)
            .build()
            .await;
        let provider = SharedCredentialsProvider::new(provider);
        let config = base.into_builder().credentials_provider(provider);
        self.patient(config.build())
    }

    /// The same, with credentials that come in time or not at all: some providers start a program, and wait for it for ever.
    fn patient(&self, config: SdkConfig) -> SdkConfig {
        let Some(inner) = config.credentials_provider() else {
            return config;
        };
        let patient = Patient {
            inner,
            timeout: self.inner.timeout,
            given: Mutex::default(),
        };
        let provider = SharedCredentialsProvider::new(patient);
        config.into_builder().credentials_provider(provider).build()
    }

    /// Waits for a call. Never from inside one.
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.inner.handle.block_on(future)
    }

    /// Where tasks run that nobody waits for yet.
    pub fn runtime(&self) -> &Handle {
        &self.inner.handle
    }

    /// How long an answer, or the next bytes of one, may take.
    pub fn timeout(&self) -> Duration {
        self.inner.timeout
    }

    pub(super) fn connector(&self) -> &SharedHttpConnector {
        &self.inner.connector
    }
}

/// A provider of credentials with a limit on its time.
#[derive(Debug)]
struct Patient {
    inner: SharedCredentialsProvider,
    timeout: Duration,
    /// What it gave last, and when: some ask a server or start a program each time.
    given: Mutex<Option<(Credentials, Instant)>>,
}

impl Patient {
    async fn credentials(&self) -> Result<Credentials, CredentialsError> {
        let asked = Instant::now();
        let mut given = self.given.lock().await;
        let soon = SystemTime::now() + LASTS;
        if let Some((credentials, at)) = given.as_ref() {
            // What came while this one waited is as good as what it would be given, however short it lasts: else many that ask together would
            // wait for one another's.
            if *at >= asked || credentials.expiry().is_none_or(|expiry| expiry > soon) {
                return Ok(credentials.clone());
            }
        }
        let fresh = self.inner.provide_credentials().await?;
        *given = Some((fresh.clone(), Instant::now()));
        Ok(fresh)
    }
}

impl ProvideCredentials for Patient {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async {
            let asked = tokio::time::timeout(self.timeout, self.credentials());
            let late = |_| Err(CredentialsError::provider_timed_out(self.timeout));
            asked.await.unwrap_or_else(late)
        })
    }
}

/// One pair of eyes: credentials and a Region.
#[derive(Clone)]
pub struct Session {
    aws: Aws,
    config: SdkConfig,
    region: String,
}

impl Session {
    /// For the SDK's clients.
    pub fn config(&self) -> &SdkConfig {
        &self.config
    }

    /// The Region that is asked.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// Whether a URL of the user's own stands in for the service of this id (`S3`): by option, environment or profile.
    pub fn has_endpoint_of_its_own(&self, service_id: &'static str) -> bool {
        let key = ServiceConfigKey::builder()
            .service_id(service_id)
            .env("AWS_ENDPOINT_URL")
            .profile("endpoint_url")
            .build();
        let own = self.config.service_config().zip(key.ok());
        self.config.endpoint_url().is_some()
            || own.is_some_and(|(config, key)| config.load_config(key).is_some())
    }

    /// The same eyes, looking at another Region.
    #[must_use]
    pub fn in_region(&self, region: &str) -> Session {
        let config = self
            .config
            .clone()
            .into_builder()
            .region(Region::new(region.to_owned()))
            .build();
        Session {
            aws: self.aws.clone(),
            config,
            region: region.to_owned(),
        }
    }

    /// Credentials for now. Who limits the time of a call asks for them first: they have a limit of their own, and what ends at the same
    /// moment would be taken for AWS's silence.
    ///
    /// # Errors
    /// There are none, or they did not come in time: what the provider says.
    pub async fn credentials(&self) -> Result<Credentials, String> {
        let provider = self.config.credentials_provider();
        let provider = provider.ok_or_else(|| "there are none".to_owned())?;
        let given = provider.provide_credentials().await;
        given.map_err(|error| chain(&error))
    }

    /// The way to AWS.
    pub fn aws(&self) -> &Aws {
        &self.aws
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc::channel;

    use super::*;

    /// Takes its time, and counts.
    #[derive(Debug)]
    struct Slow {
        lasts: Duration,
        asked: Arc<AtomicUsize>,
    }

    impl ProvideCredentials for Slow {
        fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
        where
            Self: 'a,
        {
            future::ProvideCredentials::new(async {
                self.asked.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(Duration::from_millis(20)).await;
                let expiry = SystemTime::now() + self.lasts;
                Ok(Credentials::new("id", "key", None, Some(expiry), "test"))
            })
        }
    }

    #[test]
    fn those_who_ask_together_are_given_together() {
        let aws = Aws::new(None, Duration::from_secs(60)).unwrap();
        let hour = Duration::from_secs(3600);
        // Those that hardly last are asked for again by whoever comes later.
        for (lasts, later) in [(LASTS / 2, 2), (hour, 1)] {
            let asked = Arc::new(AtomicUsize::new(0));
            let slow = Slow {
                lasts,
                asked: Arc::clone(&asked),
            };
            let patient = Patient {
                inner: SharedCredentialsProvider::new(slow),
                timeout: Duration::from_secs(60),
                given: Mutex::default(),
            };
            let ask = || patient.provide_credentials();
            aws.block_on(async {
                let (a, b, c) = tokio::join!(ask(), ask(), ask());
                for given in [a, b, c] {
                    given.unwrap();
                }
                assert_eq!(asked.load(Ordering::Relaxed), 1, "{lasts:?}");
                ask().await.unwrap();
                assert_eq!(asked.load(Ordering::Relaxed), later, "{lasts:?}");
            });
        }
    }

    #[test]
    fn a_task_may_be_the_last_to_hold_the_way() {
        let aws = Aws::new(None, Duration::from_secs(1)).unwrap();
        let (go, wait) = channel::<()>();
        let (done, ended) = channel();
        let held = aws.clone();
        aws.runtime().spawn(async move {
            wait.recv().unwrap();
            drop(held);
            done.send(()).unwrap();
        });
        drop(aws);
        go.send(()).unwrap();
        ended.recv().unwrap();
    }
}
