//! Where a service answers: partition, FIPS, dual stack, or a URL of the user's own.
//!
//! The table says what the endpoint rule sets of AWS's own tools say of EC2, STS and CloudWatch (botocore 1.44.5, compared with it for
//! every Region that it knows).

use aws_types::service_config::ServiceConfigKey;

use crate::aws::query::Service;
use crate::aws::session::Session;

/// Where to send a call, and for which Region to sign it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Endpoint {
    pub(super) url: String,
    pub(super) signing_region: String,
}

/// Which of AWS's own endpoints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Variant {
    fips: bool,
    dual_stack: bool,
}

/// Regions whose names begin so, and the suffixes of their hosts: plain, dual-stack.
type Partition = (&'static str, &'static str, &'static str);

/// The first that fits; the last fits all.
#[rustfmt::skip]
const PARTITIONS: &[Partition] = &[
    ("cn-",      "amazonaws.com.cn", "api.amazonwebservices.com.cn"),
    ("us-gov-",  "amazonaws.com",    "api.aws"),
    ("us-iso-",  "c2s.ic.gov",       "api.aws.ic.gov"),
    ("us-isob-", "sc2s.sgov.gov",    "api.aws.scloud"),
    ("eu-isoe-", "cloud.adc-e.uk",   "api.cloud-aws.adc-e.uk"),
    ("us-isof-", "csp.hci.ic.gov",   "api.aws.hci.ic.gov"),
    ("eusc-",    "amazonaws.eu",     "api.amazonwebservices.eu"),
    ("",         "amazonaws.com",    "api.aws"),
];

/// The endpoint of a service in the session's Region: `--endpoint-url`, else the service's own variable or profile key, else the
/// general one, else AWS's.
///
/// # Errors
/// A Region that is none; FIPS or dual stack together with a URL, as AWS's own tools have it.
pub(super) fn of(session: &Session, service: Service) -> Result<Endpoint, String> {
    let config = session.config();
    let variant = Variant {
        fips: config.use_fips().unwrap_or(false),
        dual_stack: config.use_dual_stack().unwrap_or(false),
    };
    let general = || config.endpoint_url().map(str::to_owned);
    // The option is of this run; what the environment or a profile says of one service stands before what they say of all.
    let url = if config.get_origin("endpoint_url").is_client_config() {
        general()
    } else {
        own_url(session, service).or_else(general)
    };
    resolve(service, session.region(), variant, url)
}

/// `AWS_ENDPOINT_URL_EC2`, or `endpoint_url` of the service in the profile; AWS_IGNORE_CONFIGURED_ENDPOINT_URLS is heeded in there.
fn own_url(session: &Session, service: Service) -> Option<String> {
    let general = "AWS_ENDPOINT_URL";
    let id = service.endpoint_variable.strip_prefix(general)?;
    let key = ServiceConfigKey::builder()
        .service_id(id.trim_start_matches('_'))
        .env(general)
        .profile("endpoint_url")
        .build()
        .ok()?;
    session.config().service_config()?.load_config(key)
}

fn resolve(
    service: Service,
    region: &str,
    variant: Variant,
    url: Option<String>,
) -> Result<Endpoint, String> {
    let signing_region = region.to_owned();
    if let Some(url) = url {
        let asked = match (variant.fips, variant.dual_stack) {
            (true, _) => "FIPS endpoints",
            (false, true) => "dual-stack endpoints",
            (false, false) => {
                return Ok(Endpoint {
                    url,
                    signing_region,
                });
            }
        };
        return Err(format!(
            "{asked} and an endpoint URL are both configured, and only one can be meant"
        ));
    }
    // It becomes a part of the host that gets a signed request.
    let is_label = (1..=63).contains(&region.len())
        && region
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && !region.starts_with('-')
        && !region.ends_with('-');
    if !is_label {
        return Err("this is not the name of a Region".to_owned());
    }
    let host = host(service, region, variant);
    Ok(Endpoint {
        url: format!("https://{host}"),
        signing_region,
    })
}

fn host(service: Service, region: &str, variant: Variant) -> String {
    let fits = |partition: &&Partition| region.starts_with(partition.0);
    let (prefix, plain, dual_stack) =
        PARTITIONS
            .iter()
            .find(fits)
            .copied()
            .unwrap_or(("", "amazonaws.com", "api.aws"));
    let suffix = if variant.dual_stack {
        dual_stack
    } else {
        plain
    };
    // GovCloud's plain hosts are FIPS ones; of the dual-stack hosts only CloudWatch's.
    let plain_is_fips =
        prefix == "us-gov-" && (!variant.dual_stack || service.name == "monitoring");
    let fips = if variant.fips && !plain_is_fips {
        "-fips"
    } else {
        ""
    };
    format!("{}{fips}.{region}.{suffix}", service.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::query::{EC2, MONITORING, STS};

    const PLAIN: Variant = Variant {
        fips: false,
        dual_stack: false,
    };
    const FIPS: Variant = Variant {
        fips: true,
        dual_stack: false,
    };
    const DUAL: Variant = Variant {
        fips: false,
        dual_stack: true,
    };
    const BOTH: Variant = Variant {
        fips: true,
        dual_stack: true,
    };

    #[test]
    fn every_partition_has_its_hosts() {
        #[rustfmt::skip]
        let cases = [
            (EC2, "eu-west-1", PLAIN, "ec2.eu-west-1.amazonaws.com"),
            (EC2, "eu-west-1", DUAL, "ec2.eu-west-1.api.aws"),
            (EC2, "us-east-1", FIPS, "ec2-fips.us-east-1.amazonaws.com"),
            (EC2, "us-east-1", BOTH, "ec2-fips.us-east-1.api.aws"),
            (EC2, "mx-new-7", PLAIN, "ec2.mx-new-7.amazonaws.com"),
            (STS, "eu-west-1", PLAIN, "sts.eu-west-1.amazonaws.com"),
            (STS, "us-west-2", FIPS, "sts-fips.us-west-2.amazonaws.com"),
            (MONITORING, "ap-south-2", DUAL, "monitoring.ap-south-2.api.aws"),
            (EC2, "cn-north-1", PLAIN, "ec2.cn-north-1.amazonaws.com.cn"),
            (EC2, "cn-north-1", DUAL, "ec2.cn-north-1.api.amazonwebservices.com.cn"),
            (STS, "cn-northwest-1", PLAIN, "sts.cn-northwest-1.amazonaws.com.cn"),
            (EC2, "us-gov-west-1", FIPS, "ec2.us-gov-west-1.amazonaws.com"),
            (EC2, "us-gov-west-1", BOTH, "ec2-fips.us-gov-west-1.api.aws"),
            (STS, "us-gov-east-1", FIPS, "sts.us-gov-east-1.amazonaws.com"),
            (MONITORING, "us-gov-east-1", BOTH, "monitoring.us-gov-east-1.api.aws"),
            (EC2, "us-iso-east-1", PLAIN, "ec2.us-iso-east-1.c2s.ic.gov"),
            (EC2, "us-isob-east-1", FIPS, "ec2-fips.us-isob-east-1.sc2s.sgov.gov"),
            (STS, "eu-isoe-west-1", DUAL, "sts.eu-isoe-west-1.api.cloud-aws.adc-e.uk"),
            (MONITORING, "us-isof-south-1", PLAIN, "monitoring.us-isof-south-1.csp.hci.ic.gov"),
            (EC2, "eusc-de-east-1", PLAIN, "ec2.eusc-de-east-1.amazonaws.eu"),
        ];
        for (service, region, variant, host) in cases {
            let endpoint = resolve(service, region, variant, None).unwrap();
            assert_eq!(endpoint.url, format!("https://{host}"));
            assert_eq!(endpoint.signing_region, region);
        }
    }

    #[test]
    fn a_url_of_ones_own_stands_before_the_table_but_not_beside_fips() {
        let url = || Some("http://127.0.0.1:1".to_owned());
        let endpoint = resolve(EC2, "eu-west-1", PLAIN, url()).unwrap();
        assert_eq!(endpoint.url, "http://127.0.0.1:1");
        for variant in [FIPS, DUAL, BOTH] {
            assert!(resolve(EC2, "eu-west-1", variant, url()).is_err());
        }
    }

    #[test]
    fn a_region_cannot_name_another_host() {
        for region in ["", "a.evil.example", "x/", "eu-west-1#", "-", "EU", "é"] {
            assert!(resolve(EC2, region, PLAIN, None).is_err(), "{region}");
        }
    }
}
