//! System calls that the standard library does not offer. The only `unsafe` of the project; public for the load
//! generator, which is a program of its own and waits and reads in the same ways.

#![expect(unsafe_code, reason = "system calls; each site says why it is sound")]

mod address;
mod epoll;
mod interfaces;
mod message;
mod poll;
mod random;

pub(crate) use address::from_raw;
pub use address::{RawAddress, to_raw};
pub use epoll::{Epoll, Ready};
pub(crate) use interfaces::interface_addresses;
pub use message::{Received, receive, send};
pub(crate) use poll::Pipe;
pub use poll::wait;
pub(crate) use random::seed;

use std::io;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

/// A bound, non-blocking UDP socket. An unspecified IPv6 address serves IPv4 as well.
pub(crate) fn udp_socket(listen: SocketAddr) -> io::Result<UdpSocket> {
    bound(listen, libc::SOCK_DGRAM).map(UdpSocket::from)
}

/// A non-blocking TCP socket that takes connections, also while those of a server before it are still being closed. An
/// unspecified IPv6 address serves IPv4 as well.
pub(crate) fn tcp_listener(listen: SocketAddr) -> io::Result<TcpListener> {
    let socket = bound(listen, libc::SOCK_STREAM)?;
    // SAFETY: no pointers.
    check(unsafe { libc::listen(socket.as_raw_fd(), libc::SOMAXCONN) })?;
    Ok(TcpListener::from(socket))
}

fn bound(listen: SocketAddr, kind: i32) -> io::Result<OwnedFd> {
    let family = if listen.is_ipv4() { libc::AF_INET } else { libc::AF_INET6 };
    // SAFETY: no pointers; the result is checked before use.
    let fd = check(unsafe { libc::socket(family, kind | libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC, 0) })?;
    // SAFETY: `fd` is open, just made, and owned by nobody else.
    let socket = unsafe { OwnedFd::from_raw_fd(fd) };
    if kind == libc::SOCK_STREAM {
        set_option(&socket, libc::SOL_SOCKET, libc::SO_REUSEADDR, 1)?;
    }
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

/// Sets what pays for a socket that reads much: a large buffer, joined reads (`UDP_GRO`), the kernel's drop counter. Old
/// kernels know neither of the last two: datagrams then come one by one, and their loss is not counted.
pub fn receive_joined(socket: &UdpSocket, buffer_bytes: i32) -> io::Result<()> {
    set_buffer(socket, libc::SO_RCVBUF, libc::SO_RCVBUFFORCE, buffer_bytes)?;
    let _ = set_option(socket, libc::SOL_UDP, libc::UDP_GRO, 1);
    let _ = set_option(socket, libc::SOL_SOCKET, libc::SO_RXQ_OVFL, 1);
    Ok(())
}

/// Sets one of a socket's buffers. The kernel gives less where `net.core.rmem_max` or `wmem_max` is lower, which `forced`
/// passes over for a privileged process.
pub(crate) fn set_buffer(socket: &UdpSocket, name: i32, forced: i32, bytes: i32) -> io::Result<()> {
    set_option(socket, libc::SOL_SOCKET, forced, bytes)
        .or_else(|_| set_option(socket, libc::SOL_SOCKET, name, bytes))
}

/// A descriptor that somebody gave away.
pub(crate) fn owned_fd(fd: RawFd) -> OwnedFd {
    // SAFETY: the caller of the seam hands over a descriptor that it no longer uses.
    unsafe { OwnedFd::from_raw_fd(fd) }
}

/// Sets an integer socket option.
pub(crate) fn set_option(socket: &impl AsRawFd, level: i32, name: i32, value: i32) -> io::Result<()> {
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
