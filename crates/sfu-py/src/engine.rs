//! The class `Engine`: each method is one call of [`sfu_io::Pool`].

use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use sfu_io::{Pool, Settings, StartError};

use crate::values::{Command, EngineConfig, Event, RoomSnapshot};

/// How many workers 0 stands for on this machine.
#[pyfunction]
pub(crate) fn default_workers() -> usize {
    sfu_io::default_workers()
}

/// Workers: a UDP socket, a TCP listener beside it and a thread that forwards media, each. Every command gets exactly one `Accepted` or `Rejected`.
#[pyclass(frozen, module = "meetinghouse.media._native")]
pub(crate) struct Engine {
    pool: Pool,
}

#[pymethods]
impl Engine {
    /// Opens the sockets and starts the threads. Raises `OSError` when it cannot listen, `ValueError` for a bad address.
    #[new]
    fn new(config: EngineConfig) -> PyResult<Self> {
        let settings = Settings {
            listen: config.listen,
            tcp: config.tcp,
            advertise: config.advertise,
            statistics_interval: std::time::Duration::from_millis(u64::from(config.statistics_interval_ms)),
            spread_peers: config.spread_peers,
            peers_per_room: config.peers_per_room,
            limits: sfu::Limits {
                peers: config.peers,
                offer_bytes: config.offer_bytes,
                m_lines: config.m_lines,
                pictures: config.pictures,
                tiles: config.tiles,
            },
        };
        match Pool::start(&settings, config.workers) {
            Ok(pool) => Ok(Self { pool }),
            Err(error) => Err(not_started(error)),
        }
    }

    /// Hands commands to the engine. Raises `RuntimeError` after `close`.
    fn submit(&self, commands: Vec<Command>) -> PyResult<()> {
        self.pool.submit(commands.into_iter().map(Into::into)).map_err(stopped)
    }

    /// Takes at most `limit` events, oldest first. Raises `RuntimeError` once a thread of the engine has died.
    fn drain(&self, limit: usize) -> PyResult<Vec<Event>> {
        Ok(self.pool.drain(limit).map_err(stopped)?.into_iter().map(Into::into).collect())
    }

    /// A file descriptor that is readable while events wait. The engine keeps it; `drain` reads it.
    fn wake_fd(&self) -> i32 {
        self.pool.wake_fd()
    }

    /// The room as it is after every command submitted before; `None` when there is none.
    fn snapshot(&self, py: Python<'_>, room: &str) -> PyResult<Option<RoomSnapshot>> {
        let snapshot = py.detach(|| self.pool.snapshot(room)).map_err(stopped)?;
        Ok(snapshot.map(Into::into))
    }

    /// For tests: lets a worker meet a fault, as a bug would.
    fn break_worker(&self, number: usize) -> PyResult<()> {
        self.pool.fail(number).map_err(stopped)
    }

    /// Stops the threads and closes the sockets. Doing it again does nothing.
    fn close(&self, py: Python<'_>) {
        py.detach(|| self.pool.close());
    }

    /// How each of `media_addresses` is reached from this machine itself, as pairs of both.
    #[getter]
    fn media_routes(&self) -> Vec<((String, u16), (String, u16))> {
        let pair = |address: std::net::SocketAddr| (address.ip().to_string(), address.port());
        self.pool.routes().iter().map(|route| (pair(route.advertised), pair(route.local))).collect()
    }

    /// Where clients are told to send: the candidates of the answers.
    #[getter]
    fn media_addresses(&self) -> Vec<(String, u16)> {
        self.pool.addresses().iter().map(|address| (address.ip().to_string(), address.port())).collect()
    }
}

/// What an operator reads.
pub(crate) fn not_started(error: StartError) -> PyErr {
    match error {
        StartError::Address(message) => PyValueError::new_err(message),
        StartError::Listen { source, message } => {
            let errno = source.raw_os_error().unwrap_or(0);
            pyo3::exceptions::PyOSError::new_err((errno, message))
        }
    }
}

fn stopped(error: sfu_io::Stopped) -> PyErr {
    PyRuntimeError::new_err(error.to_string())
}
