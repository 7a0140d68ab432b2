//! A conversation as one interface on its way logs it: two records.

use super::record::{Flow, Host};
use super::world::Interface;

/// What both directions of a conversation have in common wherever it is logged: request, then reply.
#[derive(Clone, Copy)]
pub struct Exchange {
    pub protocol: u64,
    pub packets: [u64; 2],
    pub bytes: [u64; 2],
    pub tcp_flags: [u64; 2],
    pub start_unix_s: u64,
    pub end_unix_s: u64,
}

/// A conversation at one interface.
pub struct Leg<'a> {
    pub at: &'a Interface,
    pub client: Host,
    pub server: Host,
    /// Who is behind the address that the interface shows as the server, if somebody else is.
    pub server_behind: Option<Host>,
    /// Whether the interface is the client's, so that requests leave it.
    pub client_side: bool,
    pub egress_path: u64,
    pub meant: &'static str,
}

impl<'a> Leg<'a> {
    /// Where the client's own interface logs it.
    pub fn at_client(at: &'a Interface, client: Host, server: Host, meant: &'static str) -> Self {
        Leg {
            at,
            client,
            server,
            server_behind: None,
            client_side: true,
            egress_path: 1,
            meant,
        }
    }

    pub fn request(&self, exchange: &Exchange) -> Flow<'_> {
        Flow {
            at: self.at,
            src: self.client,
            dst: self.server,
            packet_src: None,
            packet_dst: self.server_behind,
            protocol: exchange.protocol,
            packets: exchange.packets[0],
            bytes: exchange.bytes[0],
            start_unix_s: exchange.start_unix_s,
            end_unix_s: exchange.end_unix_s,
            accepted: true,
            tcp_flags: exchange.tcp_flags[0],
            egress_path: self.client_side.then_some(self.egress_path),
        }
    }

    pub fn reply(&self, exchange: &Exchange) -> Flow<'_> {
        Flow {
            src: self.server,
            dst: self.client,
            packet_src: self.server_behind,
            packet_dst: None,
            packets: exchange.packets[1],
            bytes: exchange.bytes[1],
            tcp_flags: exchange.tcp_flags[1],
            egress_path: (!self.client_side).then_some(self.egress_path),
            ..self.request(exchange)
        }
    }
}

pub fn host(eni: &Interface, port: u64) -> Host {
    public(eni.octets, port, "-")
}

pub fn public(octets: [u64; 4], port: u64, service: &'static str) -> Host {
    Host {
        octets,
        port,
        service,
    }
}
