"""Inputs at a URL: fetched once, over a checked connection; what goes wrong is said."""

from __future__ import annotations

import datetime
import gc
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from sweep.engine import fetch
from sweep.engine.fetch import fetched
from sweep.errors import UserError
from sweep.formats.v2_data import Input
from sweep.storage.workspace import WorkspaceFolder


class Site(BaseHTTPRequestHandler):
    """Serves one file, a way on to it, and a way on to what is not encrypted."""

    def do_GET(self):
        self.server.asked.append(self.path)
        leads = {"/moved.csv": "/data.csv", "/unsafe.csv": "http://127.0.0.1:1/data.csv"}
        if self.path in leads:
            self.send_response(302)
            self.send_header("Location", leads[self.path])
            self.end_headers()
        elif self.path.startswith("/data.csv"):
            self.send_response(200)
            self.send_header("Content-Length", "3")
            self.end_headers()
            self.wfile.write(b"1,2")
        elif self.path == "/cut.csv":
            self.send_response(200)
            self.send_header("Content-Length", "9")
            self.end_headers()
            self.wfile.write(b"1,2")
        elif self.path == "/long.csv":  # it does not say how long
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"1,2")
        else:
            self.send_error(404)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for this machine that nobody has signed but itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.timezone.utc)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("certificate") / "site.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return file


@pytest.fixture
def site(certificate):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.asked = []
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def trusted(certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def workspace(tmp_path):
    return WorkspaceFolder.make(tmp_path)


def at(site, path):
    return Input(f"https://127.0.0.1:{site.server_address[1]}{path}", "url", "uri_file")


def open_to(site):
    """Return our ends of connections to a site that are not closed."""
    sockets = [one for one in gc.get_objects() if isinstance(one, ssl.SSLSocket)]
    ours = [one for one in sockets if one.fileno() >= 0 and one is not site.socket]
    return [one for one in ours if one.getsockname()[1] != site.server_address[1]]


def test_it_is_fetched_once(site, trusted, workspace):
    first = fetched(at(site, "/data.csv?key=secret"), workspace)
    assert first.kind == "path"
    assert str(first.value).endswith("/data.csv")
    assert fetched(at(site, "/data.csv?key=secret"), workspace) == first
    assert site.asked == ["/data.csv?key=secret"]
    assert Path(str(first.value)).read_bytes() == b"1,2"


def test_it_may_have_moved(site, trusted, workspace):
    assert str(fetched(at(site, "/moved.csv"), workspace).value).endswith("/moved.csv")


def test_its_length_need_not_be_known(site, trusted, workspace):
    assert Path(str(fetched(at(site, "/long.csv"), workspace).value)).read_bytes() == b"1,2"


def test_what_is_too_long(site, trusted, workspace, monkeypatch):
    monkeypatch.setattr(fetch, "MOST_BYTES", 2)
    for path in ("/data.csv", "/long.csv"):
        with pytest.raises(UserError, match="are too many to fetch"):
            fetched(at(site, path), workspace)
    assert list(workspace.path.rglob("inputs/*/*")) == []


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/cut.csv", "it ended after 3 of 9 bytes"),
        ("/other.csv?key=secret", "cannot be fetched (Not Found)"),
        ("/unsafe.csv", "not https"),
    ],
)
def test_what_goes_wrong(site, trusted, workspace, path, message):
    with pytest.raises(UserError) as caught:
        fetched(at(site, path), workspace)
    assert open_to(site) == []
    assert message in str(caught.value)
    assert "secret" not in str(caught.value)
    assert list(workspace.path.rglob("inputs/*/*")) == []


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # http.client's
def test_a_site_that_nobody_vouches_for(site, workspace):
    with pytest.raises(UserError, match="cannot be fetched"):
        fetched(at(site, "/data.csv"), workspace)
    assert site.asked == []


def test_what_is_here_stays(workspace):
    here = Input("/data.csv", "path", "uri_file")
    assert fetched(here, workspace) is here
