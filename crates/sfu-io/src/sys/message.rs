//! `sendmsg` and `recvmsg` with their control messages: segmentation offload both ways, the kernel's drop counter, and
//! which of this machine's addresses a datagram came to or leaves from.

use std::io::{self, IoSlice};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;
use std::ptr;

use super::{RawAddress, from_raw};

/// Control bytes of one message, aligned as `cmsghdr` must be. Two messages of 4 bytes take 48, an `in6_pktinfo` 40.
#[repr(C, align(8))]
struct Control([u8; 96]);

/// One read of the socket.
#[derive(Debug, Clone, Copy)]
pub struct Received {
    /// Who sent it; `None` for a family that is not IP.
    pub from: Option<SocketAddr>,
    /// Which of our addresses it came to, where the socket was told to say (`IP_PKTINFO`). IPv4 is never mapped.
    pub to: Option<IpAddr>,
    /// Bytes in the buffer.
    pub len: usize,
    /// Bytes of each datagram in it but the last, which may be shorter.
    pub segment: usize,
    /// Datagrams that the kernel has dropped since the socket was opened because nobody read it (`SO_RXQ_OVFL`).
    pub overflow: Option<u32>,
}

/// Reads one datagram, or a run from one sender that the kernel has joined (`UDP_GRO`).
pub fn receive(socket: &UdpSocket, buffer: &mut [u8]) -> io::Result<Received> {
    // SAFETY: all zeros is a valid sockaddr_storage and a valid msghdr.
    let (mut from, mut message) =
        unsafe { (std::mem::zeroed::<libc::sockaddr_storage>(), std::mem::zeroed::<libc::msghdr>()) };
    let mut control = Control([0; 96]);
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
    let mut received = Received { from: from_raw(&from), to: None, len, segment: len, overflow: None };
    // SAFETY: the kernel has just filled the message in.
    let mut header = unsafe { libc::CMSG_FIRSTHDR(&raw const message) };
    while !header.is_null() {
        // SAFETY: not null, hence the head of a whole control message inside `control`.
        let (kind, data) = unsafe { (((*header).cmsg_level, (*header).cmsg_type), libc::CMSG_DATA(header)) };
        // SAFETY: the kernel writes after the head what the kind says, and `read_unaligned` asks for no alignment.
        unsafe {
            match kind {
                (libc::SOL_UDP, libc::UDP_GRO) => {
                    received.segment = data.cast::<libc::c_int>().read_unaligned().max(1) as usize;
                }
                (libc::SOL_SOCKET, libc::SO_RXQ_OVFL) => {
                    received.overflow = Some(data.cast::<u32>().read_unaligned());
                }
                (libc::IPPROTO_IP, libc::IP_PKTINFO) => {
                    let info = data.cast::<libc::in_pktinfo>().read_unaligned();
                    received.to = Some(Ipv4Addr::from(u32::from_be(info.ipi_addr.s_addr)).into());
                }
                (libc::IPPROTO_IPV6, libc::IPV6_PKTINFO) => {
                    let info = data.cast::<libc::in6_pktinfo>().read_unaligned();
                    received.to = Some(IpAddr::from(info.ipi6_addr.s6_addr).to_canonical());
                }
                _ => {}
            }
        }
        // SAFETY: `header` came from this very message.
        header = unsafe { libc::CMSG_NXTHDR(&raw const message, header) };
    }
    Ok(received)
}

/// Sends the parts, one after the other, to one address: as one datagram, or cut into datagrams of `segment` bytes
/// each (`UDP_SEGMENT`); from the address that the kernel chooses, or from `source` (`IP_PKTINFO`).
pub fn send(
    socket: &UdpSocket,
    to: &RawAddress,
    source: Option<IpAddr>,
    parts: &[IoSlice<'_>],
    segment: Option<u16>,
) -> io::Result<()> {
    // SAFETY: all zeros is a valid msghdr.
    let mut message = unsafe { std::mem::zeroed::<libc::msghdr>() };
    let mut control = Control([0; 96]);
    message.msg_name = ptr::from_ref(&to.0).cast_mut().cast();
    message.msg_namelen = to.1;
    // IoSlice is an iovec by its documentation; sendmsg does not write to either.
    message.msg_iov = parts.as_ptr().cast_mut().cast();
    message.msg_iovlen = parts.len() as _;
    let mut used = 0;
    if let Some(segment) = segment {
        used += append(&mut control, used, (libc::SOL_UDP, libc::UDP_SEGMENT), segment);
    }
    // The destination's family decides: to IPv4 over a socket of IPv6, the address is written as a mapped one.
    match source {
        Some(IpAddr::V4(v4)) if i32::from(to.0.ss_family) == libc::AF_INET => {
            let source = libc::in_addr { s_addr: u32::from(v4).to_be() };
            let info = libc::in_pktinfo {
                ipi_ifindex: 0,
                ipi_spec_dst: source,
                ipi_addr: libc::in_addr { s_addr: 0 },
            };
            used += append(&mut control, used, (libc::IPPROTO_IP, libc::IP_PKTINFO), info);
        }
        Some(ip) if i32::from(to.0.ss_family) == libc::AF_INET6 => {
            let ip: Ipv6Addr = match ip {
                IpAddr::V4(v4) => v4.to_ipv6_mapped(),
                IpAddr::V6(v6) => v6,
            };
            let info =
                libc::in6_pktinfo { ipi6_addr: libc::in6_addr { s6_addr: ip.octets() }, ipi6_ifindex: 0 };
            used += append(&mut control, used, (libc::IPPROTO_IPV6, libc::IPV6_PKTINFO), info);
        }
        _ => {}
    }
    if used > 0 {
        message.msg_control = control.0.as_mut_ptr().cast();
        message.msg_controllen = used as _;
    }
    // SAFETY: name, parts and control are readable for the lengths given and outlive the call.
    let sent = unsafe { libc::sendmsg(socket.as_raw_fd(), &raw const message, 0) };
    if sent < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Writes one control message at byte `at`; the bytes that it takes.
fn append<T: Copy>(control: &mut Control, at: usize, kind: (libc::c_int, libc::c_int), value: T) -> usize {
    let size = size_of::<T>() as u32;
    // SAFETY: pure arithmetic.
    let (space, len) = unsafe { (libc::CMSG_SPACE(size) as usize, libc::CMSG_LEN(size)) };
    assert!(at + space <= size_of::<Control>(), "room for what is ever sent together");
    let head = ptr::from_mut(control).wrapping_byte_add(at).cast::<libc::cmsghdr>();
    // SAFETY: head and value lie inside `control`, as asserted, and the head is aligned: `at` is a sum of spaces.
    unsafe {
        head.write(libc::cmsghdr { cmsg_len: len as _, cmsg_level: kind.0, cmsg_type: kind.1 });
        libc::CMSG_DATA(head).cast::<T>().write_unaligned(value);
    }
    space
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
        if send(&sender, &to, None, &parts, Some(100)).is_err() {
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
