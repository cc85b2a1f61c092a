"""The cluster's own certificate authority, and a key for each host. Whoever holds one of them can run programs on every host.

A host is let in by a certificate that this authority has signed; its name in there is not compared with its address.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from farm.errors import InputError, StoreError

AUTHORITY, AUTHORITY_KEY = "ca.pem", "ca-key.pem"
CERTIFICATE, KEY = "cert.pem", "key.pem"
SCHEDULER = "scheduler"
_EARLY = timedelta(minutes=5)
"""Hosts' clocks differ a little."""
_WARN = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Keys:
    """A host's own keys: the files, whose they are, and until when they are good."""

    folder: Path
    name: str
    expires_at: datetime

    @property
    def authority(self) -> Path:
        """The certificate that others' are held against."""
        return self.folder / AUTHORITY

    @property
    def certificate(self) -> Path:
        """This host's."""
        return self.folder / CERTIFICATE

    @property
    def key(self) -> Path:
        """The secret one."""
        return self.folder / KEY


def make(folder: Path, names: Sequence[str], now_utc: datetime, days: int, *, renew: bool = False) -> list[Keys]:
    """Make what is missing: the authority, and a folder of keys for each name; return those of all names.

    Keys that are there are kept, unless renew. Every file is its owner's alone. Raises InputError where the authority has expired.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not (folder / AUTHORITY_KEY).exists():
            _authority(folder, now_utc, now_utc + timedelta(days=max(days, 3650)))
        made = []
        for name in names:
            own = folder / name
            if renew or not (own / KEY).exists():
                own.mkdir(exist_ok=True, mode=0o700)
                _host(folder, own, name, now_utc, timedelta(days=days))
            made.append(_read(own))
        return made
    except OSError as error:
        raise StoreError(
            f"the keys cannot be written: {error.filename}: {error.strerror}", hint="name another folder with --into"
        ) from error


def opened(folder: Path, now_utc: datetime) -> tuple[Keys, str | None]:
    """Return the keys of a folder, and a warning where they end soon.

    Raises InputError when they are missing, open to others or expired.
    """
    missing = [name for name in (AUTHORITY, CERTIFICATE, KEY) if not (folder / name).is_file()]
    if missing:
        raise InputError(
            f"there are no keys of the cluster in {folder}: {', '.join(missing)} missing",
            hint="farm cluster keys makes them, on the scheduler's host; copy this host's folder here, or name it with --keys",
        )
    if (folder / KEY).stat().st_mode & 0o077:
        raise InputError(f"{folder / KEY} can be read by others", hint=f"chmod 600 {folder / KEY}")
    keys = _read(folder)
    renewal = "on the scheduler's host: farm cluster keys --renew; then copy them anew"
    if keys.expires_at <= now_utc:
        raise InputError(f"the certificate of {keys.name} expired on {keys.expires_at:%Y-%m-%d %H:%M} UTC", hint=renewal)
    if keys.expires_at - now_utc < _WARN:
        return keys, f"the certificate of {keys.name} expires on {keys.expires_at:%Y-%m-%d}; {renewal}"
    return keys, None


def _read(folder: Path) -> Keys:
    try:
        certificate = x509.load_pem_x509_certificate((folder / CERTIFICATE).read_bytes())
        authority = x509.load_pem_x509_certificate((folder / AUTHORITY).read_bytes())
    except ValueError as error:
        raise InputError(f"the keys in {folder} cannot be read: {error}", hint="copy them anew") from error
    (name,) = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return Keys(folder, str(name.value), min(certificate.not_valid_after_utc, authority.not_valid_after_utc))


def _authority(folder: Path, now_utc: datetime, expires_at: datetime) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "farm cluster")])
    usage = x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
    certificate = (
        _builder(name, name, key, now_utc, expires_at)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    _write(folder / AUTHORITY, certificate.public_bytes(serialization.Encoding.PEM))
    _write(folder / AUTHORITY_KEY, _pem(key))  # last: with it, the authority is whole


def _host(folder: Path, own: Path, name: str, now_utc: datetime, good_for: timedelta) -> None:
    authority = x509.load_pem_x509_certificate((folder / AUTHORITY).read_bytes())
    if authority.not_valid_after_utc <= now_utc:
        raise InputError(
            f"the cluster's own authority expired on {authority.not_valid_after_utc:%Y-%m-%d}",
            hint=f"remove {folder}, make all keys anew and copy them to every host",
        )
    signing = serialization.load_pem_private_key((folder / AUTHORITY_KEY).read_bytes(), None)
    assert isinstance(signing, ec.EllipticCurvePrivateKey), "made by _authority"
    key = ec.generate_private_key(ec.SECP256R1())
    expires_at = min(now_utc + good_for, authority.not_valid_after_utc)
    certificate = (
        _builder(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]), authority.subject, key, now_utc, expires_at)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key()), critical=False)
        .sign(signing, hashes.SHA256())
    )
    _write(own / KEY, _pem(key))
    _write(own / CERTIFICATE, certificate.public_bytes(serialization.Encoding.PEM))
    _write(own / AUTHORITY, authority.public_bytes(serialization.Encoding.PEM))


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now_utc: datetime, expires_at: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(min(now_utc, expires_at) - _EARLY)
        .not_valid_after(expires_at)
    )


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def _write(path: Path, content: bytes) -> None:
    """Write a file that nobody else may read, not even for a moment; whole or not at all."""
    partial = path.with_suffix(".partial")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    partial.replace(path)
