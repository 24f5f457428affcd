"""A pool of hosts that are reached by SSH: what can be none, and who is let in."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from sweep.compute.ssh_provider import SshProvider, machines_of
from sweep.errors import ConfigError, UserError
from tests.compute import sshd
from tests.compute.sshd import USER, Server


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with sshd.running() as made:
        yield made


def options(server: Server, **more):
    hosts = [f"{USER}@{name}:{server.port}" for name in ("127.0.0.1", "localhost")]
    return {
        "hosts": hosts,
        "private_key_file": server.key,
        "host_keys": dict.fromkeys(hosts, server.fingerprint),
        "python": sys.executable,
        **more,
    }


@pytest.mark.parametrize(
    ("about", "message"),
    [
        ({"hosts": []}, "needs a list of hosts"),
        ({"hosts": ["a b"]}, "hosts: expected user@host:port, got 'a b'"),
        ({"hosts": ["there"]}, "needs an address and a username"),
        ({"hosts": ["me@there"], "user": "me"}, "ssh option 'user': there is address, host_keys"),
    ],
)
def test_what_can_be_no_pool_is_refused(about, message):
    with pytest.raises(ConfigError, match=message):
        machines_of(about)


def test_hosts_are_taken_apart(tmp_path):
    found = machines_of({"hosts": ["a@x", "y:2222", "a@x", "[::1]:22"], "username": "b"})
    assert list(map(str, found)) == ["a@x", "b@y:2222", "b@::1"]


def test_every_host_must_let_us_in(server):
    SshProvider.check(options(server))
    assert SshProvider.address(options(server)) == "127.0.0.1"
    stranger = options(server, private_key_file=str(server.folder / "host_key"))
    with pytest.raises(UserError, match="does not let sweeper in"):
        SshProvider.check(stranger)
