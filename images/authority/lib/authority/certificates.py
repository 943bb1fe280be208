"""Certificates of the stack's private authority: EC P-256, SHA-256, PEM text in and out.

Every leaf may act as server and as client, because pgBackRest uses one certificate for both: it
checks a server's certificate against the host name it dialled, and a client's common name against
`tls-server-auth`.
"""

from __future__ import annotations

import datetime
import ipaddress
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

# The authority outlives its leaves by far: replacing it means replacing them all at once.
AUTHORITY_DAYS = 3650
# Clocks of hosts differ: a certificate made now must be valid on a host that is a little behind.
CLOCK_SKEW = datetime.timedelta(hours=1)


class RequestError(ValueError):
    """The request is not one this program can answer; the message says which field and why."""


@dataclass(frozen=True)
class KeyPair:
    """A private key and its certificate, both PEM."""

    key: str
    crt: str


def create_authority(common_name: str, days: int = AUTHORITY_DAYS) -> KeyPair:
    """A self-signed authority that may sign leaves and nothing below them."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    certificate = (
        _builder(name, name, key.public_key(), days)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(sign_certificates=True), critical=True)
        .add_extension(identifier, critical=False)
        .sign(key, hashes.SHA256())
    )
    return _pem(key, certificate)


def issue(authority: KeyPair, common_name: str, alt_names: list[str], days: int) -> KeyPair:
    """A leaf certificate signed by `authority`, valid for `days` (never longer than it).

    `alt_names` are host names or IP addresses; the common name is always one of them.
    """
    ca_key = _load_key(authority.key)
    ca = _load_certificate(authority.crt)
    if ca_key.public_key() != ca.public_key():
        raise RequestError(
            "ca.key does not belong to ca.crt: give both from one holdfast-ca-create"
        )
    key = ec.generate_private_key(ec.SECP256R1())
    names = list(dict.fromkeys([common_name, *alt_names]))
    usages = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    ca_identifier = ca.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    certificate = (
        _builder(subject, ca.subject, key.public_key(), days, ca.not_valid_after_utc)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(sign_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        .add_extension(x509.SubjectAlternativeName(_general_names(names)), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(ca_identifier),
            critical=False,
        )
        .sign(ca_key, hashes.SHA256())
    )
    return _pem(key, certificate)


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    public_key: ec.EllipticCurvePublicKey,
    days: int,
    not_after: datetime.datetime | None = None,
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.timezone.utc)
    end = now + datetime.timedelta(days=days)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_SKEW)
        .not_valid_after(end if not_after is None else min(end, not_after))
    )


def _general_names(names: list[str]) -> list[x509.GeneralName]:
    """Addresses as IP addresses, everything else as DNS names."""
    return [_general_name(name) for name in names]


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _key_usage(sign_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not sign_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=not sign_certificates,
        key_cert_sign=sign_certificates,
        crl_sign=sign_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _load_key(pem: str) -> ec.EllipticCurvePrivateKey:
    try:
        key = serialization.load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError) as error:
        raise RequestError("ca.key is not an unencrypted PEM private key") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise RequestError("ca.key is not an elliptic curve key: make one with holdfast-ca-create")
    return key


def _load_certificate(pem: str) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(pem.encode())
    except ValueError as error:
        raise RequestError("ca.crt is not a PEM certificate") from error


def _pem(key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> KeyPair:
    return KeyPair(
        key=key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ).decode(),
        crt=certificate.public_bytes(serialization.Encoding.PEM).decode(),
    )
