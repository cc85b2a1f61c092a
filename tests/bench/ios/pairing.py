"""A phone's key, and the certificates that make up a pairing with a host.

A host sends a record with a root certificate of its own, and certificates for itself and for the phone's public key that the root
has signed. The phone then speaks TLS as the server with the certificate that it was given, and admits only the host's.
"""

import plistlib
import ssl
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.x509.oid import NameOID

_KEY_BITS = 2048
_NOT_BEFORE = datetime(2024, 1, 1, tzinfo=UTC)
_NOT_AFTER = datetime(2044, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Keys:
    """A phone's key, and the hosts it is paired with."""

    folder: Path
    key: RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, _KEY_BITS))
    records: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What each host sent, by its HostID."""

    @property
    def public_pem(self) -> bytes:
        """The public key as lockdownd gives it."""
        return self.key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.PKCS1)

    def context(self, host_id: str) -> ssl.SSLContext:
        """Return how to speak TLS with a paired host."""
        record = self.records[host_id]
        file = self.folder / f"{uuid.uuid4()}.pem"
        file.write_bytes(record["DeviceCertificate"] + b"\n" + _pem(self.key))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers("DEFAULT:@SECLEVEL=0")  # hosts sign with what their libraries still had years ago
        context.load_cert_chain(file)
        for name in ("RootCertificate", "HostCertificate"):  # the host's own, too: some hosts give all certificates one empty name
            context.load_verify_locations(cadata=bytes(record[name]).decode())
        context.verify_flags |= ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN
        context.verify_mode = ssl.CERT_REQUIRED
        file.unlink()
        return context


def host_record(phone: Keys, buid: str, wifi_address: str) -> bytes:
    """Return the record of a host that the phone is paired with from the start, as usbmuxd keeps it."""
    root_key, host_key = (rsa.generate_private_key(65537, _KEY_BITS) for _ in range(2))
    root = _certificate(root_key.public_key(), root_key, "Root", is_authority=True)
    host_id = str(uuid.uuid4()).upper()
    public = {
        "DeviceCertificate": _certificate(phone.key.public_key(), root_key, "Device"),
        "HostCertificate": _certificate(host_key.public_key(), root_key, "Host"),
        "RootCertificate": root,
        "HostID": host_id,
        "SystemBUID": buid,
    }
    phone.records[host_id] = public
    secret = {"HostPrivateKey": _pem(host_key), "RootPrivateKey": _pem(root_key), "WiFiMACAddress": wifi_address, "EscrowBag": bytes(32)}
    return plistlib.dumps(public | secret)


def _pem(key: RSAPrivateKey) -> bytes:
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption())


def _certificate(public: RSAPublicKey, signer: RSAPrivateKey, name: str, *, is_authority: bool = False) -> bytes:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{name} of the bench")])
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Root of the bench")])
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(public)
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(_NOT_BEFORE).not_valid_after(_NOT_AFTER)
    builder = builder.add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
    return builder.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
