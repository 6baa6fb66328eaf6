"""nginx before the services: one address for agencies, TLS, streaming, honest errors when a service is away."""

import getpass
import os
import string
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from hubctl.local import probes
from hubctl.local.component import Component, Launch
from hubctl.local.ports import HOST, Port
from hubctl.local.state import NGINX, REPOSITORY, Stack

EDGE_FOLDER = REPOSITORY / "infra" / "edge"
_YEARS = timedelta(days=3650)


class _Template(string.Template):
    """`@{name}`: nginx has the dollar for its own variables."""

    delimiter = "@"


def render(stack: Stack) -> str:
    """nginx.conf of this stack."""
    state = stack.state
    template = _Template((EDGE_FOLDER / "nginx.conf").read_text(encoding="utf-8"))
    return template.substitute(
        # nginx's workers would else become a user who may not enter the stack's folder
        user=f"user {getpass.getuser()};" if os.geteuid() == 0 else "",
        infra=str(EDGE_FOLDER),
        run=str(state.run),
        temporary=str(state.data / "edge"),
        access_log=str(state.logs / "edge-access.log"),
        certificate=str(state.tls / "edge.crt"),
        key=str(state.tls / "edge.key"),
        http=stack.address(Port.EDGE_HTTP),
        https=stack.address(Port.EDGE_HTTPS),
        ingest=stack.address(Port.INGEST),
        router=stack.address(Port.ROUTER),
        status=stack.address(Port.STATUS),
    )


def ensure_certificate(folder: Path) -> None:
    """A self-signed certificate for localhost, made once."""
    certificate_file, key_file = folder / "edge.crt", folder / "edge.key"
    if certificate_file.exists() and key_file.exists():
        return
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    start = datetime.now(UTC) - timedelta(hours=1)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + _YEARS)
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(IPv4Address(HOST))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    key_file.touch(mode=0o600)
    key_file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    certificate_file.write_bytes(certificate.public_bytes(Encoding.PEM))


def prepare(stack: Stack) -> Launch:
    """Render the configuration, make the certificate."""
    (stack.state.data / "edge").mkdir(parents=True, exist_ok=True)
    ensure_certificate(stack.state.tls)
    configuration = stack.state.conf / "nginx.conf"
    configuration.write_text(render(stack), encoding="utf-8")
    return Launch(
        command=(str(NGINX), "-p", str(stack.state.root), "-c", str(configuration), "-e", "stderr"),
        environment={},
        probe=probes.http_ok(stack.address(Port.EDGE_HTTP), "/health/live"),
    )


EDGE = Component(
    name="edge",
    prepare=prepare,
    # the door closes before the rooms behind it
    stops_before=("ingest", "router", "status"),
    ports=(Port.EDGE_HTTP, Port.EDGE_HTTPS),
    ready_within=15.0,
)
