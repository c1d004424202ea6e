"""A certificate made by ourselves, so that browsers on a local network give camera and microphone after one warning."""

from __future__ import annotations

import ipaddress
import os
import socket
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

# Browsers refuse certificates of servers that are valid for longer than this.
_VALID = timedelta(days=397)
# Made anew before it runs out, so that no start serves one that ends within the week.
_RENEW_BEFORE = timedelta(days=30)
# Clocks of other machines may be behind ours.
_BACKDATED = timedelta(hours=1)


def self_signed_files(directory: Path, public_url: str, now: datetime, *others: str) -> tuple[str, str]:
    """Certificate and key below `directory`, made anew when they are missing, near their end or lack a name.

    Covers this machine's names and addresses, the host of `public_url` and the `others`.
    """
    certificate, key = directory / "certificate.pem", directory / "key.pem"
    names = _names(public_url, *others)
    if not _is_good(certificate, key, names, now):
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        _make(certificate, key, names, now)
    return str(certificate), str(key)


def local_addresses() -> list[str]:
    """This machine's addresses that others on its networks may use, without a packet being sent."""
    found: list[str] = []
    for family, probe in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        with socket.socket(family, socket.SOCK_DGRAM) as asking:
            try:
                # Connecting a UDP socket only asks the routing table; the addresses are documentation's (RFC 5737, 3849).
                asking.connect((probe, 9))
            except OSError:
                continue
            found.append(asking.getsockname()[0])
    return [address for address in found if not ipaddress.ip_address(address).is_loopback]


def _names(public_url: str, *others: str) -> list[x509.GeneralName]:
    hosts = {"localhost", socket.gethostname(), "127.0.0.1", "::1", *local_addresses()}
    hosts.update([urlsplit(public_url).hostname or "localhost", *filter(None, others)])
    return [_general_name(host) for host in sorted(hosts)]


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _is_good(certificate: Path, key: Path, names: list[x509.GeneralName], now: datetime) -> bool:
    try:
        found = x509.load_pem_x509_certificate(certificate.read_bytes())
        covered = set(found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
    except (OSError, ValueError, x509.ExtensionNotFound):
        return False
    return key.is_file() and covered >= set(names) and found.not_valid_after_utc > now + _RENEW_BEFORE


def _make(certificate: Path, key: Path, names: list[x509.GeneralName], now: datetime) -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Meetings on this network")])
    signed = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(now - _BACKDATED + _VALID)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(private, hashes.SHA256())
    )
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    descriptor = os.open(key, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(pem)
    certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
