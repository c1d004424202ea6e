//! The class `TurnServer`: each method is one call of [`sfu_io::TurnServer`].

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use sfu_io::{Route, TurnSettings};

use crate::engine::not_started;
use crate::values::TurnConfig;

/// TURN over TLS for people whose network passes nothing else, in a thread; it relays to the media addresses it is given.
#[pyclass(frozen, module = "meetinghouse.media._native")]
pub(crate) struct TurnServer {
    server: sfu_io::TurnServer,
}

#[pymethods]
impl TurnServer {
    /// Opens the listeners and starts the thread. Raises `OSError` when it cannot listen, `ValueError` for a bad address or
    /// certificate.
    #[new]
    fn new(config: TurnConfig) -> PyResult<Self> {
        let settings = TurnSettings {
            listen: config.listen,
            plain_listen: config.plain_listen,
            shared: config.shared_fd,
            host: config.host,
            certificate: config.certificate.into(),
            key: config.key.into(),
            realm: config.realm,
            secret: config.secret,
            routes: config.routes.into_iter().map(route).collect::<PyResult<_>>()?,
            limits: turn::Limits {
                allocations: config.allocations,
                allocations_per_user: config.allocations_per_participant,
                lifetime: Duration::from_secs(config.lifetime_seconds.into()),
                ..turn::Limits::default()
            },
        };
        sfu_io::TurnServer::start(settings).map(|server| Self { server }).map_err(not_started)
    }

    /// A file descriptor that is readable while connections of HTTPS wait. The server keeps it; `take` reads it.
    fn wake_fd(&self) -> i32 {
        self.server.wake_fd()
    }

    /// Connections to the shared port that are HTTPS, as descriptors of which nothing was read; the caller owns them.
    fn take(&self) -> Vec<i32> {
        self.server.take()
    }

    /// What was turned away or lost, by reason, and the relayed addresses at present; as of a second ago.
    fn counts(&self) -> BTreeMap<String, u64> {
        self.server.counts().into_iter().map(|(name, count)| (name.to_owned(), count)).collect()
    }

    /// Reads certificate and key anew, for connections from now on. Raises `ValueError` when they cannot be used; then all stays
    /// as it was.
    fn renew(&self) -> PyResult<()> {
        self.server.renew().map_err(not_started)
    }

    /// Stops the thread and closes every socket. Doing it again does nothing.
    fn close(&self, py: Python<'_>) {
        py.detach(|| self.server.close());
    }

    /// Where it listens: by TLS, then without, as far as they are set.
    #[getter]
    fn addresses(&self) -> Vec<(String, u16)> {
        self.server.addresses().iter().map(|address| (address.ip().to_string(), address.port())).collect()
    }
}

fn route((advertised, local): ((String, u16), (String, u16))) -> PyResult<Route> {
    let address = |(host, port): (String, u16)| match host.parse::<IpAddr>() {
        Ok(ip) => Ok(SocketAddr::new(ip, port)),
        Err(_) => Err(PyValueError::new_err(format!("{host:?} is no address"))),
    };
    Ok(Route { advertised: address(advertised)?, local: address(local)? })
}
