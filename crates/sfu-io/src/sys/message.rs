//! `sendmsg` and `recvmsg` with their control messages: segmentation offload both ways, and the kernel's drop counter.

use std::io::{self, IoSlice};
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;
use std::ptr;

use super::{RawAddress, from_raw};

/// Control bytes of one message, aligned as `cmsghdr` must be. Two messages of 4 bytes take 48.
#[repr(C, align(8))]
struct Control([u8; 64]);

/// One read of the socket.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Received {
    /// Who sent it; `None` for a family that is not IP.
    pub(crate) from: Option<SocketAddr>,
    /// Bytes in the buffer.
    pub(crate) len: usize,
    /// Bytes of each datagram in it but the last, which may be shorter.
    pub(crate) segment: usize,
    /// Datagrams that the kernel has dropped since the socket was opened because nobody read it (`SO_RXQ_OVFL`).
    pub(crate) overflow: Option<u32>,
}

/// Reads one datagram, or a run from one sender that the kernel has joined (`UDP_GRO`).
pub(crate) fn receive(socket: &UdpSocket, buffer: &mut [u8]) -> io::Result<Received> {
    // SAFETY: all zeros is a valid sockaddr_storage and a valid msghdr.
    let (mut from, mut message) =
        unsafe { (std::mem::zeroed::<libc::sockaddr_storage>(), std::mem::zeroed::<libc::msghdr>()) };
    let mut control = Control([0; 64]);
    let mut part = libc::iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: buffer.len() };
    message.msg_name = (&raw mut from).cast();
    message.msg_namelen = size_of_val(&from) as libc::socklen_t;
    message.msg_iov = &raw mut part;
    message.msg_iovlen = 1;
    message.msg_control = control.0.as_mut_ptr().cast();
    message.msg_controllen = control.0.len() as _;
    // SAFETY: name, buffer and control are writable for the lengths given and outlive the call.
    let len = unsafe { libc::recvmsg(socket.as_raw_fd(), &raw mut message, 0) };
    let len = usize::try_from(len).map_err(|_| io::Error::last_os_error())?;
    let mut received = Received { from: from_raw(&from), len, segment: len, overflow: None };
    // SAFETY: the kernel has just filled the message in.
    let mut header = unsafe { libc::CMSG_FIRSTHDR(&raw const message) };
    while !header.is_null() {
        // SAFETY: not null, hence a whole control message inside `control`; both kinds read here carry an int, and
        // `read_unaligned` asks for no alignment of it.
        let (kind, value) = unsafe {
            let kind = ((*header).cmsg_level, (*header).cmsg_type);
            (kind, libc::CMSG_DATA(header).cast::<u32>().read_unaligned())
        };
        match kind {
            (libc::SOL_UDP, libc::UDP_GRO) if value > 0 => received.segment = value as usize,
            (libc::SOL_SOCKET, libc::SO_RXQ_OVFL) => received.overflow = Some(value),
            _ => {}
        }
        // SAFETY: `header` came from this very message.
        header = unsafe { libc::CMSG_NXTHDR(&raw const message, header) };
    }
    Ok(received)
}

/// Sends the parts, one after the other, to one address: as one datagram, or cut into datagrams of `segment` bytes
/// each (`UDP_SEGMENT`).
pub(crate) fn send(
    socket: &UdpSocket,
    to: &RawAddress,
    parts: &[IoSlice<'_>],
    segment: Option<u16>,
) -> io::Result<()> {
    // SAFETY: all zeros is a valid msghdr.
    let mut message = unsafe { std::mem::zeroed::<libc::msghdr>() };
    let mut control = Control([0; 64]);
    message.msg_name = ptr::from_ref(&to.0).cast_mut().cast();
    message.msg_namelen = to.1;
    // IoSlice is an iovec by its documentation; sendmsg does not write to either.
    message.msg_iov = parts.as_ptr().cast_mut().cast();
    message.msg_iovlen = parts.len() as _;
    if let Some(segment) = segment {
        message.msg_control = control.0.as_mut_ptr().cast();
        // SAFETY: pure arithmetic.
        message.msg_controllen = unsafe { libc::CMSG_SPACE(size_of::<u16>() as u32) } as _;
        // SAFETY: `control` has room for one control message, so its first header is inside, aligned by `Control`.
        unsafe {
            let header = libc::CMSG_FIRSTHDR(&raw const message);
            (*header).cmsg_level = libc::SOL_UDP;
            (*header).cmsg_type = libc::UDP_SEGMENT;
            (*header).cmsg_len = libc::CMSG_LEN(size_of::<u16>() as u32) as _;
            libc::CMSG_DATA(header).cast::<u16>().write_unaligned(segment);
        }
    }
    // SAFETY: name, parts and control are readable for the lengths given and outlive the call.
    let sent = unsafe { libc::sendmsg(socket.as_raw_fd(), &raw const message, 0) };
    if sent < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use std::io::IoSlice;
    use std::net::UdpSocket;

    use super::super::to_raw;
    use super::{receive, send};

    #[test]
    fn a_run_is_cut_into_datagrams() {
        let (sender, receiver) = (bind(), bind());
        let to = to_raw(receiver.local_addr().expect("bound"));
        let parts = [IoSlice::new(&[1; 100]), IoSlice::new(&[2; 100]), IoSlice::new(&[3; 40])];
        if send(&sender, &to, &parts, Some(100)).is_err() {
            return; // a kernel without UDP_SEGMENT: the fallback has its own test
        }
        let mut buffer = [0; 2048];
        for (len, byte) in [(100, 1), (100, 2), (40, 3)] {
            let received = receive(&receiver, &mut buffer).expect("a datagram");
            assert_eq!((received.len, received.segment), (len, len));
            assert_eq!(received.from, sender.local_addr().ok());
            assert!(buffer[..len].iter().all(|b| *b == byte));
        }
    }

    fn bind() -> UdpSocket {
        UdpSocket::bind("127.0.0.1:0").expect("a socket on loopback")
    }
}
