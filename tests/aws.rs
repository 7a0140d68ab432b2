//! AWS without AWS: S3, CloudWatch Logs and EC2 answered on loopback.
//!
//! `aws/servers.py` starts seaweedfs (S3, checks signatures and rights) and moto (everything else) once a test process, and
//! they end with it. What no emulator answers (throttling, cut bodies, empty pages) comes from `aws/proxy.rs`.
//!
//! seaweedfs has a bucket of its own for each test; moto has one account for all, so each test takes a Region, a log group
//! or a VPC of its own.

mod common;

#[path = "aws/proxy.rs"]
mod proxy;
#[path = "aws/run.rs"]
mod run;
#[path = "aws/servers.rs"]
mod servers;

#[path = "aws/cloudwatch.rs"]
mod cloudwatch;
#[path = "aws/cloudwatch_traps.rs"]
mod cloudwatch_traps;
#[path = "aws/ec2.rs"]
mod ec2;
#[path = "aws/ec2_faults.rs"]
mod ec2_faults;
#[path = "aws/evidence.rs"]
mod evidence;
#[path = "aws/eyes.rs"]
mod eyes;
#[path = "aws/harness.rs"]
mod harness;
#[path = "aws/iam.rs"]
mod iam;
#[path = "aws/metrics.rs"]
mod metrics;
#[path = "aws/s3.rs"]
mod s3;
#[path = "aws/s3_faults.rs"]
mod s3_faults;
#[path = "aws/wait.rs"]
mod wait;
