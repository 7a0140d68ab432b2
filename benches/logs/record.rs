//! One line of a log.

use std::io::{self, Write};

use super::world::{ACCOUNT, Interface, REGION, VPC};

/// What stands in the columns that a peer fills: an address and how AWS calls its owner.
#[derive(Clone, Copy)]
pub struct Host {
    pub octets: [u64; 4],
    pub port: u64,
    /// `S3` or `-`.
    pub service: &'static str,
}

/// A flow as one interface logs it.
pub struct Flow<'a> {
    pub at: &'a Interface,
    pub src: Host,
    pub dst: Host,
    /// The packet's own source, where a NAT gateway's interface hides it.
    pub packet_src: Option<Host>,
    /// The packet's own destination, likewise.
    pub packet_dst: Option<Host>,
    pub protocol: u64,
    pub packets: u64,
    pub bytes: u64,
    pub start_unix_s: u64,
    pub end_unix_s: u64,
    pub accepted: bool,
    pub tcp_flags: u64,
    /// `traffic-path` of an egress record; none for ingress.
    pub egress_path: Option<u64>,
}

impl Flow<'_> {
    pub fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let eni = self.at;
        write!(out, "5 {ACCOUNT} {} ", eni.id)?;
        address(out, self.src)?;
        address(out, self.dst)?;
        let action = if self.accepted { "ACCEPT" } else { "REJECT" };
        write!(
            out,
            "{} {} {} {} {} {} {} {action} OK {VPC} {} {} {} IPv4 ",
            self.src.port,
            self.dst.port,
            self.protocol,
            self.packets,
            self.bytes,
            self.start_unix_s,
            self.end_unix_s,
            eni.subnet,
            eni.instance,
            self.tcp_flags
        )?;
        let (src, dst) = (
            self.packet_src.unwrap_or(self.src),
            self.packet_dst.unwrap_or(self.dst),
        );
        address(out, src)?;
        address(out, dst)?;
        write!(
            out,
            "{REGION} {} - - {} {} ",
            eni.az_id, src.service, dst.service
        )?;
        match self.egress_path {
            Some(path) => writeln!(out, "egress {path}"),
            None => writeln!(out, "ingress -"),
        }
    }
}

/// An interval without traffic. AWS fills the interface's own columns only.
pub fn write_nodata(
    at: &Interface,
    start_unix_s: u64,
    end_unix_s: u64,
    out: &mut impl Write,
) -> io::Result<()> {
    writeln!(
        out,
        "5 {ACCOUNT} {} - - - - - - - {start_unix_s} {end_unix_s} - NODATA {VPC} {} {} - - - - {REGION} {} - - - - - -",
        at.id, at.subnet, at.instance, at.az_id
    )
}

fn address(out: &mut impl Write, host: Host) -> io::Result<()> {
    let [a, b, c, d] = host.octets;
    write!(out, "{a}.{b}.{c}.{d} ")
}
