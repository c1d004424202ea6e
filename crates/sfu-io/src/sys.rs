//! System calls that the standard library does not offer. The only `unsafe` of the project.

#![expect(unsafe_code, reason = "system calls; each site says why it is sound")]

mod address;
mod interfaces;
mod message;
mod poll;
mod random;

pub(crate) use address::{RawAddress, from_raw, to_raw};
pub(crate) use interfaces::interface_addresses;
pub(crate) use message::{receive, send};
pub(crate) use poll::{Pipe, wait};
pub(crate) use random::seed;

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

/// A bound, non-blocking UDP socket. An unspecified IPv6 address serves IPv4 as well.
pub(crate) fn udp_socket(listen: SocketAddr) -> io::Result<UdpSocket> {
    let family = if listen.is_ipv4() { libc::AF_INET } else { libc::AF_INET6 };
    let kind = libc::SOCK_DGRAM | libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC;
    // SAFETY: no pointers; the result is checked before use.
    let fd = check(unsafe { libc::socket(family, kind, 0) })?;
    // SAFETY: `fd` is open, just made, and owned by nobody else.
    let socket = UdpSocket::from(unsafe { OwnedFd::from_raw_fd(fd) });
    if listen.is_ipv6() {
        // The system's default for this differs between distributions.
        let only_v6 = !listen.ip().is_unspecified();
        set_option(&socket, libc::IPPROTO_IPV6, libc::IPV6_V6ONLY, i32::from(only_v6))?;
    }
    let (raw, len) = to_raw(listen);
    // SAFETY: `raw` is an address of `len` initialized bytes that outlives the call.
    check(unsafe { libc::bind(socket.as_raw_fd(), (&raw const raw).cast(), len) })?;
    Ok(socket)
}

/// Sets an integer socket option.
pub(crate) fn set_option(socket: &UdpSocket, level: i32, name: i32, value: i32) -> io::Result<()> {
    let size = size_of::<i32>() as libc::socklen_t;
    // SAFETY: `value` is an i32 of `size` bytes that outlives the call.
    let result =
        unsafe { libc::setsockopt(socket.as_raw_fd(), level, name, (&raw const value).cast(), size) };
    check(result).map(drop)
}

/// −1 is an error in `errno`.
fn check(result: RawFd) -> io::Result<RawFd> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}
