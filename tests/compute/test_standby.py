"""A host that is started ahead."""

from __future__ import annotations

from pathlib import Path

import pytest

from sweep.compute import standby
from sweep.compute.host_process import HostProcess
from sweep.engine import ahead
from tests.cli.workspaces import until


@pytest.fixture
def hosts():
    """Hosts that are to be closed at the end."""
    hosts: list[HostProcess] = []
    yield hosts
    standby.dismiss()
    for host in hosts:
        host.close()


def works_in(host: HostProcess, folder: Path) -> bool:
    process = Path(f"/proc/{host.pid}")
    log = folder / "host.log"
    return (process / "cwd").resolve() == folder and (process / "fd/2").resolve() == log


def test_it_settles_where_it_is_needed(tmp_path, hosts):
    standby.begin()
    [ahead] = standby._ahead
    host = standby.host_in(tmp_path)
    hosts.append(host)
    assert host is ahead.host
    until(lambda: works_in(host, tmp_path))
    assert host.last_words() == f" (its log: {tmp_path / 'host.log'})"


def test_it_is_given_once(tmp_path, hosts):
    standby.begin()
    hosts += [standby.host_in(tmp_path), standby.host_in(tmp_path)]
    assert hosts[0].pid != hosts[1].pid
    until(lambda: all(works_in(host, tmp_path) for host in hosts))


def test_it_ends_where_nobody_needs_it(hosts):
    standby.begin()
    [ahead] = standby._ahead
    ahead.join()
    assert Path(f"/proc/{ahead.host.pid}").exists()
    standby.dismiss()
    assert not Path(f"/proc/{ahead.host.pid}").exists()
    standby.dismiss()  # there is none


def test_where_it_cannot_be_started_the_next_attempt_says_so(tmp_path, monkeypatch, hosts):
    with monkeypatch.context() as patch:
        patch.setattr(HostProcess, "command", ("/no/such/program",))
        standby.begin()
        standby._ahead[0].join()
    host = standby.host_in(tmp_path)
    hosts.append(host)
    until(lambda: works_in(host, tmp_path))


@pytest.mark.parametrize(
    ("line", "here"),
    [
        ("hdconfig.yml train.py", True),
        ("", True),
        ("last -q", True),
        ("--help", False),
        ("--target pool hdconfig.yml train.py", False),
        ("--ray-address=10.0.0.1:6379 hdconfig.yml train.py", False),
        ("--async", False),
    ],
)
def test_it_is_begun_where_it_is_likely_to_be_needed(line, here, hosts):
    assert ahead.begin(line.split()) is here
    assert bool(standby._ahead) is here
