"""A pool whose nodes are on hosts that are reached by SSH."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sweep.compute.pool import Pool
from sweep.compute.ssh_provider import SshProvider, machines_of
from sweep.compute.target import RunStarted
from sweep.errors import ConfigError, UserError
from tests.compute import sshd
from tests.compute.pools import await_no_keeper, states, using
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


@pytest.mark.ray
def test_grows_on_the_hosts_loses_one_and_shrinks(server, tmp_path):
    kept = {"name": "lab", "folder": str(tmp_path / "pool"), "provider": "ssh", "max_nodes": 2}
    pool = Pool.from_kept({**kept, "idle_seconds_before_scaledown": 1, "options": options(server)})
    try:
        with using(pool, tmp_path / "a", 2) as user:
            user.start(0, 1)
            assert states(pool) == ["running"] * 2
            hosts = sorted(node["host"] for node in pool.status()["nodes"])
            assert hosts == ["127.0.0.1", "localhost"]
            assert len({m.facts["node"] for m in user.of(RunStarted).values()}) == 2
            server.cut()
            user.lost()
        await_no_keeper(pool)
    finally:
        pool.end()
    until = time.monotonic() + 15
    while left := server.living():
        assert time.monotonic() < until, left
        time.sleep(0.05)
    assert not [*Path(server.folder / "t").iterdir()]
