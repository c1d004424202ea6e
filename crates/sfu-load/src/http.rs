//! The HTTP that WHIP and WHEP need: one request at a time on connections that are kept, none of which is waited for.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::os::fd::AsRawFd;
use std::time::Duration;

use sfu_io::sys::Epoll;

/// Requests under way at once; more wait. Enough for a storm, and below any server's backlog.
const CONNECTIONS: usize = 64;
const CONNECT_PATIENCE: Duration = Duration::from_secs(3);
/// An answer with 256 kB of SDP would be a mistake.
const MOST_BYTES: usize = 256 << 10;

/// An `http` address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Url {
    /// `host:port`.
    pub authority: String,
    /// From the slash on.
    pub path: String,
}

impl Url {
    /// Reads one. Errors say what to write instead.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.starts_with("https://") {
            return Err(format!("{text}: https is not spoken here. Give the http address behind the proxy."));
        }
        let rest = text
            .strip_prefix("http://")
            .ok_or_else(|| format!("{text} is no address: write http://host:port/path."))?;
        let (authority, path) = rest.find('/').map_or((rest, "/"), |at| rest.split_at(at));
        if authority.is_empty() {
            return Err(format!("{text} is no address: write http://host:port/path."));
        }
        let bracket = authority.rfind(']').unwrap_or(0);
        let has_port = authority[bracket..].contains(':');
        let authority = if has_port { authority.to_owned() } else { format!("{authority}:80") };
        Ok(Self { authority, path: path.to_owned() })
    }

    /// What `location` means in an answer of this address: a whole address or a path.
    pub fn join(&self, location: &str) -> Option<Self> {
        if location.starts_with('/') {
            return Some(Self { authority: self.authority.clone(), path: location.to_owned() });
        }
        if location.starts_with("http") {
            return Self::parse(location).ok();
        }
        let folder = self.path.rfind('/').map_or("/", |at| &self.path[..=at]);
        Some(Self { authority: self.authority.clone(), path: format!("{folder}{location}") })
    }

    /// The first address of its host.
    pub fn resolve(&self) -> Result<SocketAddr, String> {
        let mut found =
            self.authority.to_socket_addrs().map_err(|error| format!("{}: {error}.", self.authority))?;
        found.next().ok_or_else(|| format!("{} has no address.", self.authority))
    }
}

/// What is asked.
#[derive(Debug)]
pub struct Request {
    /// `POST` or `DELETE`.
    pub method: &'static str,
    /// Where.
    pub url: Url,
    /// For `Authorization: Bearer`.
    pub token: Option<String>,
    /// SDP.
    pub body: String,
    /// Who wants to know.
    pub tag: u64,
}

/// What is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// Header of that name.
    pub location: Option<String>,
    /// Text.
    pub body: String,
}

/// One connection.
struct Line {
    stream: TcpStream,
    authority: String,
    /// Under way.
    tag: Option<u64>,
    unsent: Vec<u8>,
    read: Vec<u8>,
}

/// All connections. Their tokens in the loop are `base` and up.
pub struct Http {
    base: u64,
    lines: Vec<Option<Line>>,
    waiting: VecDeque<Request>,
}

/// Who asked, and what came of it.
pub type Outcome = (u64, Result<Response, String>);

impl Http {
    /// No connection yet.
    pub fn new(base: u64) -> Self {
        Self { base, lines: Vec::new(), waiting: VecDeque::new() }
    }

    /// Asks, now or when there is room.
    pub fn ask(&mut self, request: Request) {
        self.waiting.push_back(request);
    }

    /// Requests without an answer.
    pub fn open(&self) -> usize {
        self.waiting.len() + self.lines.iter().flatten().filter(|line| line.tag.is_some()).count()
    }

    /// Begins what there is room for; adds what has failed at once.
    pub fn advance(&mut self, epoll: &Epoll, outcomes: &mut Vec<Outcome>) {
        while let Some(request) = self.waiting.front() {
            let idle = |line: &Line| line.tag.is_none() && line.authority == request.url.authority;
            let free = self.lines.iter().position(|line| line.as_ref().is_some_and(idle));
            let free = free.or_else(|| self.lines.iter().position(Option::is_none));
            let at = match free {
                Some(at) => at,
                None if self.lines.len() < CONNECTIONS => {
                    self.lines.push(None);
                    self.lines.len() - 1
                }
                None => return,
            };
            let Some(request) = self.waiting.pop_front() else { return };
            let token = self.base + at as u64;
            if let Err(sentence) = begin(&mut self.lines[at], epoll, token, &request) {
                outcomes.push((request.tag, Err(sentence)));
            }
        }
    }

    /// A connection has news.
    pub fn ready(&mut self, token: u64, outcomes: &mut Vec<Outcome>) {
        let Some(slot) = self.lines.get_mut((token - self.base) as usize) else { return };
        let Some(line) = slot else { return };
        let end = match line.read() {
            Ok(end) => end,
            Err(error) => {
                if let Some(tag) = line.tag {
                    outcomes.push((tag, Err(format!("{} broke off: {error}.", line.authority))));
                }
                *slot = None;
                return;
            }
        };
        let parsed = parse(&line.read, end);
        let mut close = end;
        if let Some(tag) = line.tag {
            match parsed {
                Ok(Some((response, keep))) => {
                    line.tag = None;
                    line.read.clear();
                    close |= !keep;
                    outcomes.push((tag, Ok(response)));
                }
                Ok(None) if !end => {}
                Ok(None) => {
                    outcomes.push((tag, Err(format!("{} closed without an answer.", line.authority))));
                }
                Err(problem) => {
                    close = true;
                    outcomes.push((tag, Err(format!("{} speaks no HTTP: {problem}.", line.authority))));
                }
            }
        }
        if close {
            *slot = None; // closing the descriptor takes it out of the loop
        }
    }
}

fn begin(slot: &mut Option<Line>, epoll: &Epoll, token: u64, request: &Request) -> Result<(), String> {
    if slot.is_none() {
        let authority = request.url.authority.clone();
        let failed = |error| {
            format!(
                "Nothing answers at http://{authority}: {error}. Start the server, or give the address it listens on."
            )
        };
        let stream = TcpStream::connect_timeout(&request.url.resolve()?, CONNECT_PATIENCE).map_err(failed)?;
        stream.set_nodelay(true).and_then(|()| stream.set_nonblocking(true)).map_err(failed)?;
        epoll.add(stream.as_raw_fd(), token).map_err(failed)?;
        *slot = Some(Line {
            stream,
            authority: authority.clone(),
            tag: None,
            unsent: Vec::new(),
            read: Vec::new(),
        });
    }
    let Some(line) = slot else { return Ok(()) };
    let Url { authority, path } = &request.url;
    let bearer =
        request.token.as_ref().map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
    let kind = if request.body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
    let head = format!(
        "{} {path} HTTP/1.1\r\nHost: {authority}\r\n{bearer}{kind}Content-Length: {}\r\n\r\n{}",
        request.method,
        request.body.len(),
        request.body
    );
    line.tag = Some(request.tag);
    line.unsent = head.into_bytes();
    line.read.clear();
    // A kept connection may have been closed by the server in this very moment: reading tells.
    let _ = line.write();
    Ok(())
}

impl Line {
    /// A few kilobytes always fit a fresh send buffer; what does not goes with the next event.
    fn write(&mut self) -> std::io::Result<()> {
        while !self.unsent.is_empty() {
            let count = self.stream.write(&self.unsent)?;
            self.unsent.drain(..count);
        }
        Ok(())
    }

    /// Reads everything that waits. `true` at the end.
    fn read(&mut self) -> std::io::Result<bool> {
        let mut piece = [0; 16 << 10];
        loop {
            match self.stream.read(&mut piece) {
                Ok(0) => return Ok(true),
                Ok(count) => self.read.extend_from_slice(&piece[..count]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
            if self.read.len() > MOST_BYTES {
                return Err(std::io::Error::other("an answer without end"));
            }
        }
    }
}

/// A whole answer and whether the connection can be used again; `None` while something is missing.
fn parse(bytes: &[u8], at_end: bool) -> Result<Option<(Response, bool)>, &'static str> {
    let Some(head_end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { return Ok(None) };
    let head = std::str::from_utf8(&bytes[..head_end]).map_err(|_| "its head is no text")?;
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.strip_prefix("HTTP/1.")?.split(' ').nth(1)?.parse().ok());
    let status: u16 = status.ok_or("there is no status")?;
    let header = |name: &str| {
        let found = head.split("\r\n").skip(1).filter_map(|line| line.split_once(':'));
        found.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).next()
    };
    let rest = &bytes[head_end + 4..];
    if status / 100 == 1 {
        return parse(rest, at_end);
    }
    let chunked = header("transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case("chunked"));
    let body = if chunked {
        unchunked(rest)?
    } else if let Some(len) = header("content-length") {
        let len: usize = len.parse().map_err(|_| "its length is no number")?;
        rest.get(..len).map(<[u8]>::to_vec)
    } else if status == 204 {
        Some(Vec::new())
    } else {
        at_end.then(|| rest.to_vec())
    };
    let Some(body) = body else { return Ok(None) };
    let keep = !header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
    let body = String::from_utf8_lossy(&body).into_owned();
    Ok(Some((Response { status, location: header("location").map(str::to_owned), body }, keep)))
}

/// The whole of a chunked body (RFC 9112 §7.1).
fn unchunked(mut rest: &[u8]) -> Result<Option<Vec<u8>>, &'static str> {
    let mut body = Vec::new();
    loop {
        let Some(line_end) = rest.windows(2).position(|window| window == b"\r\n") else { return Ok(None) };
        let size = std::str::from_utf8(&rest[..line_end]).ok().and_then(|line| line.split(';').next());
        let size =
            size.and_then(|size| usize::from_str_radix(size.trim(), 16).ok()).ok_or("a chunk has no size")?;
        if size > MOST_BYTES {
            return Err("a chunk is too large");
        }
        let Some(chunk) = rest.get(line_end + 2..line_end + 2 + size) else { return Ok(None) };
        let Some(after) = rest.get(line_end + 2 + size + 2..) else { return Ok(None) };
        if size == 0 {
            return Ok(Some(body));
        }
        body.extend_from_slice(chunk);
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_joined() {
        let url = Url::parse("http://[::1]/whip/a").unwrap();
        assert_eq!((url.authority.as_str(), url.path.as_str()), ("[::1]:80", "/whip/a"));
        assert_eq!(url.join("/x").unwrap().path, "/x");
        assert_eq!(url.join("y").unwrap().path, "/whip/y");
        assert_eq!(url.join("http://h:1/z").unwrap(), Url { authority: "h:1".into(), path: "/z".into() });
        assert!(Url::parse("https://h/").unwrap_err().contains("http address"));
        assert!(Url::parse("h:8080").is_err());
    }

    #[test]
    fn answers_are_whole_or_waited_for() {
        let text = b"HTTP/1.1 201 Created\r\nLocation: /s\r\nContent-Length: 5\r\n\r\nv=0\r\n";
        for cut in 0..text.len() {
            assert_eq!(parse(&text[..cut], false), Ok(None));
        }
        let (response, keep) = parse(text, false).unwrap().unwrap();
        assert_eq!((response.status, response.location.as_deref(), keep), (201, Some("/s"), true));
        let chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
        let (response, keep) = parse(chunked, false).unwrap().unwrap();
        assert_eq!((response.body.as_str(), keep), ("abc", false));
        assert!(parse(b"SSH-2.0\r\n\r\n", false).is_err());
    }
}
