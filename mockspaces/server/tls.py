"""TLS for clients that have the vendor's names compiled in: a throw-away CA, or a certificate of the user's own.

The CA signs one certificate and is forgotten before the server starts: its private key is never stored, shown
or kept, so whoever trusts it trusts this one process.
"""

import contextlib
import ipaddress
import os
import ssl
import tempfile
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from mockspaces.contract import hosts

LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")
CA_NAME = "mockspaces throw-away CA"
BACKDATED = timedelta(days=1)  # a client's clock may be behind
LIFE = timedelta(days=365)  # some clients refuse certificates that live longer than 398 days
USES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


class Tls(NamedTuple):
    """How a listener speaks TLS, and the CA that clients have to trust: None if that is not ours to say."""

    context: ssl.SSLContext
    ca_pem: bytes | None


class Issued(NamedTuple):
    """A certificate with its key and the CA that signed it, all in PEM."""

    ca: bytes
    certificate: bytes
    key: bytes


def throw_away(names: Iterable[str] = ()) -> Tls:
    """Return a certificate for the loopback, every host name of the vendor and ``names``, by a CA of its own."""
    issued = issue(dict.fromkeys([*LOCAL_NAMES, *hosts.NAMES, *names]))
    with _readable(issued.key + issued.certificate) as path:
        return Tls(_context(path), issued.ca)


def issue(names: Iterable[str]) -> Issued:
    """Return a certificate for host names and addresses; the CA's own key is gone when this returns."""
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca = _authority(ca_key)
    certificate = _certificate(ca, ca_key, key.public_key(), [_general_name(name) for name in names])
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return Issued(_pem(ca), _pem(certificate), private)


def own(certificate: Path, key: Path | None) -> Tls:
    """Return a certificate from files: chain and key in PEM, or both in one file.

    Raises `OSError` or `ValueError` if they cannot be used.
    """
    for path in filter(None, [certificate, key]):
        path.open("rb").close()  # ssl does not say which of the files it could not read
    try:
        return Tls(_context(certificate, key), None)
    except ssl.SSLError as error:
        where = f"{certificate} and {key}" if key else str(certificate)
        message = f"{where}: no certificate chain with its unencrypted key in PEM ({error.reason or 'unreadable'})"
        raise ValueError(message) from None


def _context(certificate: Path, key: Path | None = None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["http/1.1"])
    # An encrypted key must not ask for its passphrase on a terminal that may not be there.
    context.load_cert_chain(certificate, key, password="")
    return context


def _authority(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name, public = _name(CA_NAME), key.public_key()
    return (
        _begun(name, name, public)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage("key_cert_sign", "crl_sign"), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .sign(key, hashes.SHA256())
    )


def _certificate(
    ca: x509.Certificate,
    ca_key: ec.EllipticCurvePrivateKey,
    public: ec.EllipticCurvePublicKey,
    names: list[x509.GeneralName],
) -> x509.Certificate:
    # Strict clients (Python 3.13) want both key identifiers; browsers want the purpose.
    issuer_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key())
    return (
        _begun(_name("mockspaces"), ca.subject, public)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage("digital_signature"), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(issuer_id, critical=False)
        .sign(ca_key, hashes.SHA256())
    )


def _begun(subject: x509.Name, issuer: x509.Name, public: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    begin = datetime.now(UTC) - BACKDATED
    return x509.CertificateBuilder(
        issuer_name=issuer,
        subject_name=subject,
        public_key=public,
        serial_number=x509.random_serial_number(),
        not_valid_before=begin,
        not_valid_after=begin + LIFE,
    )


def _usage(*uses: str) -> x509.KeyUsage:
    return x509.KeyUsage(**{name: name in uses for name in USES})


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


@contextlib.contextmanager
def _readable(content: bytes) -> Iterator[Path]:
    """Lend a file to OpenSSL, which reads keys from files only; in memory if the system can, so without any disk."""
    if hasattr(os, "memfd_create"):
        with os.fdopen(os.memfd_create("mockspaces"), "wb") as memory:
            memory.write(content)
            memory.flush()
            yield Path(f"/proc/self/fd/{memory.fileno()}")
    else:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "key.pem")
            path.write_bytes(content)
            yield path
