//! From the configuration's words to socket addresses: where to listen and which candidates to offer.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};

use crate::sys;

/// Why a worker cannot start. The message is for the operator: it names the address and what to do.
#[derive(Debug)]
pub enum StartError {
    /// `listen` or `advertise` is no address.
    Address(String),
    /// The socket could not be opened.
    Listen {
        /// What the system said.
        source: io::Error,
        /// The same as a sentence.
        message: String,
    },
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(message) | Self::Listen { message, .. } => f.write_str(message),
        }
    }
}

impl std::error::Error for StartError {}

/// Reads `address:port`.
pub(crate) fn parse_listen(text: &str) -> Result<SocketAddr, StartError> {
    text.parse().map_err(|_| {
        let sentence =
            "is no address and port: write for example 0.0.0.0:3478 or [::]:3478, port 0 for any free one";
        StartError::Address(format!("{text:?} {sentence}"))
    })
}

/// A sentence for a socket of `protocol` that could not be opened on `listen`.
pub(crate) fn cannot_listen(listen: SocketAddr, protocol: &str, source: io::Error) -> StartError {
    let advice = match source.kind() {
        io::ErrorKind::AddrInUse => {
            "another program has the port: stop it, or choose another port (0 for any free one)"
        }
        io::ErrorKind::PermissionDenied => {
            "the system does not permit it: choose a port above 1023, or give the process CAP_NET_BIND_SERVICE"
        }
        io::ErrorKind::AddrNotAvailable => {
            "no interface has this address: listen on 0.0.0.0 and advertise the address instead"
        }
        _ => "check the address and the limit of open files",
    };
    let message = format!("cannot listen for media on {protocol} {listen} ({source}): {advice}");
    StartError::Listen { source, message }
}

/// The candidates of the answers: what is advertised, else what is listened on, else every local address.
///
/// Loopback addresses are offered only when nothing else is there, and link-local ones never: their zone means nothing
/// on another machine. A port that is advertised is the first worker's, and those of the others follow.
pub(crate) fn candidates(
    bound: SocketAddr,
    advertise: &[String],
    worker: usize,
) -> Result<Vec<SocketAddr>, StartError> {
    if !advertise.is_empty() {
        return advertise.iter().map(|text| parse_advertised(text, bound.port(), worker)).collect();
    }
    if !bound.ip().is_unspecified() {
        return Ok(vec![bound]);
    }
    let local = local_addresses().map_err(|source| {
        let message = format!("cannot list the local addresses ({source}): set the advertised addresses");
        StartError::Listen { source, message }
    })?;
    let usable = local.into_iter().filter(|ip| ip.is_ipv4() || bound.is_ipv6());
    Ok(usable.map(|ip| (ip, bound.port()).into()).collect())
}

/// A media address and how it is reached from this machine itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// As clients know it.
    pub advertised: SocketAddr,
    /// Where its socket is, without the way through a NAT.
    pub local: SocketAddr,
}

/// How each candidate of a socket is reached from here. A family of which this machine has no address is left out.
pub(crate) fn routes(bound: SocketAddr, candidates: &[SocketAddr]) -> Vec<Route> {
    let own = local_addresses().unwrap_or_default();
    let local = |advertised: &SocketAddr| {
        if !bound.ip().is_unspecified() {
            return (bound.is_ipv4() == advertised.is_ipv4()).then_some(bound);
        }
        let ip = own.iter().find(|ip| ip.is_ipv4() == advertised.is_ipv4())?;
        Some(SocketAddr::new(*ip, bound.port()))
    };
    candidates
        .iter()
        .filter_map(|advertised| Some(Route { advertised: *advertised, local: local(advertised)? }))
        .collect()
}

/// Addresses under which this machine can be reached, IPv4 first; loopback alone when there is no other.
pub fn local_addresses() -> io::Result<Vec<IpAddr>> {
    let mut all = sys::interface_addresses()?;
    all.retain(|ip| !is_link_local(*ip));
    all.sort_by_key(IpAddr::is_ipv6); // stable: the kernel's order within a family
    all.dedup();
    if all.iter().any(|ip| !ip.is_loopback()) {
        all.retain(|ip| !ip.is_loopback());
    }
    Ok(all)
}

fn is_link_local(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    }
}

fn parse_advertised(text: &str, port: u16, worker: usize) -> Result<SocketAddr, StartError> {
    let nth = |first: SocketAddr| {
        let port = u16::try_from(usize::from(first.port()) + worker).unwrap_or(0);
        SocketAddr::new(first.ip(), if first.port() == 0 { 0 } else { port })
    };
    let address =
        text.parse::<IpAddr>().map(|ip| SocketAddr::new(ip, port)).or_else(|_| text.parse().map(nth));
    match address {
        Ok(address) if !address.ip().is_unspecified() && address.port() != 0 => Ok(address),
        _ => Err(StartError::Address(format!(
            "{text:?} cannot be advertised: write the address that clients reach, for example 203.0.113.7 or 203.0.113.7:3478"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::{IpAddr, SocketAddr, candidates, local_addresses, parse_listen, routes};

    #[test]
    fn advertised_addresses_take_the_bound_port_unless_they_name_one() {
        let bound = "0.0.0.0:4000".parse().expect("an address");
        let advertise = ["203.0.113.7".to_owned(), "198.51.100.1:3478".to_owned(), "2001:db8::1".to_owned()];
        let candidates = candidates(bound, &advertise, 0).expect("addresses");
        let text: Vec<String> = candidates.iter().map(ToString::to_string).collect();
        assert_eq!(text, ["203.0.113.7:4000", "198.51.100.1:3478", "[2001:db8::1]:4000"]);
        let third = super::candidates("0.0.0.0:4002".parse().expect("an address"), &advertise, 2);
        let text: Vec<String> = third.expect("addresses").iter().map(ToString::to_string).collect();
        assert_eq!(text, ["203.0.113.7:4002", "198.51.100.1:3480", "[2001:db8::1]:4002"]);
    }

    #[test]
    fn a_specific_address_is_its_own_candidate() {
        let bound = "127.0.0.1:4000".parse().expect("an address");
        assert_eq!(candidates(bound, &[], 0).expect("addresses"), [bound]);
    }

    #[test]
    fn an_ipv4_socket_offers_ipv4_only() {
        let bound = "0.0.0.0:4000".parse().expect("an address");
        let candidates = candidates(bound, &[], 0).expect("addresses");
        assert!(!candidates.is_empty());
        assert!(candidates.iter().all(|c| c.is_ipv4() && c.port() == 4000));
    }

    #[test]
    fn loopback_is_offered_only_alone() {
        let local = local_addresses().expect("interfaces");
        assert!(local.iter().all(IpAddr::is_loopback) || !local.iter().any(IpAddr::is_loopback));
    }

    #[test]
    fn routes_lead_to_the_socket_itself() {
        let public: SocketAddr = "203.0.113.7:3478".parse().expect("an address");
        let bound = "127.0.0.1:4000".parse().expect("an address");
        let found = routes(bound, &[public, "[2001:db8::1]:4000".parse().expect("an address")]);
        assert_eq!(found.iter().map(|it| (it.advertised, it.local)).collect::<Vec<_>>(), [(public, bound)]);
        let found = routes("0.0.0.0:4000".parse().expect("an address"), &[public]);
        assert!(found.iter().all(|it| it.local.port() == 4000 && !it.local.ip().is_unspecified()));
        assert_eq!(found.len(), 1, "every machine has an address of IPv4, if only loopback");
    }

    #[test]
    fn what_is_no_address_is_named() {
        let bound = "0.0.0.0:4000".parse().expect("an address");
        for text in ["", "example.org", "0.0.0.0", "203.0.113.7:0", "203.0.113.7:99999"] {
            let error = candidates(bound, &[text.to_owned()], 0).expect_err(text).to_string();
            assert!(error.contains(&format!("{text:?}")), "{error}");
        }
        assert!(parse_listen("localhost").expect_err("no port").to_string().contains("\"localhost\""));
    }
}
