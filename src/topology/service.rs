//! Names of services, in the one form that is compared.

use crate::model::name::normal_service;

/// The service of an endpoint or prefix list by its name.
///
/// `com.amazonaws.us-east-1.s3` is `s3`, `com.amazonaws.eu-west-1.ecr.api` is `ecr.api`, `com.amazonaws.vpce.us-east-1.vpce-svc-0a` is
/// `vpce-svc-0a`, `aws.sagemaker.us-east-1.notebook` is `sagemaker.notebook`, `com.amazonaws.iam` is `iam`.
pub fn service_of_name(name: &str) -> Option<String> {
    let parts: Vec<&str> = name
        .split('.')
        .filter(|part| {
            !matches!(
                *part,
                "com" | "amazonaws" | "aws" | "cn" | "vpce" | "global" | "ipv6"
            )
        })
        .collect();
    let rest: Vec<&str> = parts
        .iter()
        .copied()
        .filter(|part| region_of_name(part).as_deref() != Some(*part))
        .collect();
    (!rest.is_empty()).then(|| normal_service(&rest.join(".")))
}

/// The Region at the front of a zone's or Region's name: `us-east-1a` and `us-west-2-lax-1a` are of `us-east-1` and `us-west-2`.
pub fn region_of_name(name: &str) -> Option<String> {
    let digit = name.find(|c: char| c.is_ascii_digit())?;
    let digits = name[digit..]
        .chars()
        .take_while(char::is_ascii_digit)
        .count();
    let words: Vec<&str> = name[..digit].strip_suffix('-')?.split('-').collect();
    let wordy = words.len() >= 2
        && words
            .iter()
            .all(|word| word.len() >= 2 && word.chars().all(|c| c.is_ascii_lowercase()));
    (wordy && words[0].len() <= 4 && words[0] != "vpce").then(|| name[..digit + digits].to_owned())
}

/// The Region in an ARN.
pub fn region_of_arn(arn: &str) -> Option<String> {
    arn.split(':')
        .nth(3)
        .filter(|region| !region.is_empty())
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_are_found_in_awss_names() {
        #[rustfmt::skip]
        let cases = [
            ("com.amazonaws.us-east-1.s3",                          Some("s3")),
            ("com.amazonaws.eu-west-1.ecr.api",                     Some("ecr.api")),
            ("com.amazonaws.vpce.us-east-1.vpce-svc-0a1b",          Some("vpce-svc-0a1b")),
            ("aws.sagemaker.us-east-1.notebook",                    Some("sagemaker.notebook")),
            ("com.amazonaws.iam",                                   Some("iam")),
            ("com.amazonaws.us-gov-west-1.dynamodb",                Some("dynamodb")),
            ("cn.com.amazonaws.cn-north-1.sts",                     Some("sts")),
            ("com.amazonaws.global.cloudfront.origin-facing",       Some("cloudfront.origin-facing")),
            ("com.amazonaws.us-east-1.ec2-instance-connect",        Some("ec2-instance-connect")),
            ("com.amazonaws.us-east-1",                             None),
        ];
        for (name, service) in cases {
            assert_eq!(service_of_name(name).as_deref(), service, "{name}");
        }
    }

    #[test]
    fn zones_lie_in_regions() {
        #[rustfmt::skip]
        let cases = [("us-east-1a", Some("us-east-1")), ("us-west-2-lax-1a", Some("us-west-2")), ("us-gov-west-1", Some("us-gov-west-1")), ("s3", None), ("ec2-instance-connect", None)];
        for (name, region) in cases {
            assert_eq!(region_of_name(name).as_deref(), region, "{name}");
        }
        assert_eq!(
            region_of_arn("arn:aws:ec2:us-east-1:111122223333:subnet/subnet-1").as_deref(),
            Some("us-east-1")
        );
    }
}
