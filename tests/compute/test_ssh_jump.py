"""Machines behind other machines: jump hosts, and what ~/.ssh/config says."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sweep.compute.ssh import RemoteMachine
from sweep.compute.ssh_loop import Loop
from sweep.compute.ssh_way import way_to
from sweep.errors import ConfigError, UserError
from tests.compute import sshd
from tests.compute.sshd import PASSWORD, USER, Server


@pytest.fixture(scope="module")
def behind() -> Iterator[Server]:
    with sshd.running() as made:
        yield made


@pytest.fixture(scope="module")
def jump(behind) -> Iterator[Server]:
    """Knows the key of the user behind it."""
    with sshd.running() as made:
        made.welcome(behind)
        yield made


@pytest.fixture
def config(monkeypatch, tmp_path) -> Path:
    """The user's own file, and no agent."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    (tmp_path / ".ssh").mkdir()
    return tmp_path / ".ssh/config"


def machine(behind: Server, jump: Server, **more: object) -> RemoteMachine:
    about = {
        "host_key": behind.fingerprint,
        "private_key_file": behind.key,
        "jump_host": f"{USER}@127.0.0.1:{jump.port}",
        "jump_host_key": jump.fingerprint,
        "ask": None,
        **more,
    }
    return RemoteMachine("127.0.0.1", USER, behind.port, **about)


def until_alone(*servers: Server) -> None:
    deadline = time.monotonic() + 10
    while any(server.sessions() for server in servers):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_the_way_is_through_the_jump_host_and_both_connections_end(behind, jump):
    loop = Loop()
    try:
        connection = machine(behind, jump).connect(loop)
        assert len(jump.sessions()) == len(behind.sessions()) == 1
        connection.abort()
        loop.call(connection.wait_closed())
    finally:
        loop.close()
    until_alone(behind, jump)


def test_a_jump_host_is_verified_and_named(behind, jump):
    other = "SHA256:" + "A" * 43
    with pytest.raises(UserError, match=rf"{jump.port}: its host key is .* the new jump_host_key"):
        machine(behind, jump, jump_host_key=other).check()
    with pytest.raises(UserError, match=rf"{jump.port}: its host key is not known"):
        machine(behind, jump, jump_host_key="").check()
    with pytest.raises(UserError, match=rf"nobody@127.0.0.1:{jump.port}: it does not let nobody"):
        machine(behind, jump, jump_host=f"nobody@127.0.0.1:{jump.port}").check()
    with pytest.raises(UserError, match=rf"{behind.port}: its host key is .* the new host_key"):
        machine(behind, jump, host_key=other).check()
    until_alone(behind, jump)


def test_a_password_goes_to_the_machine_and_not_to_the_jump_host(behind, jump, config):
    by_password = {"private_key_file": "", "password": PASSWORD}
    with pytest.raises(UserError, match=rf"{jump.port}: it does not let {USER} in: no key"):
        machine(behind, jump, **by_password).check()
    config.write_text(f"Host 127.0.0.1\n  IdentityFile {behind.key}\n")
    machine(behind, jump, **by_password).check()


def test_the_user_s_own_file_is_followed(behind, jump, config):
    config.write_text(
        f"Host box\n  HostName 127.0.0.1\n  Port {behind.port}\n  ProxyJump door\n"
        f"Host door\n  HostName 127.0.0.1\n  Port {jump.port}\n  User {USER}\n"
        f"Host *\n  IdentityFile {behind.key}\n  StrictHostKeyChecking no\n"
    )
    box = RemoteMachine("box", USER, ask=None)
    with pytest.raises(UserError, match="host key is not known"):
        box.check()
    known = [
        f"[127.0.0.1]:{server.port} {(server.folder / 'host_key.pub').read_text()}"
        for server in (behind, jump)
    ]
    config.with_name("known_hosts").write_text("".join(known))
    box.check()
    config.with_name("known_hosts").write_text(known[0])
    with pytest.raises(UserError, match=rf"{USER}@door: its host key is not known"):
        box.check()
    assert way_to("box", "", 22).port == behind.port
    assert way_to("box", "", 2200, "a@b, c").port == 2200
    assert way_to("box", "", 22, "a@b, c").jumps == ["a@b", "c"]
    assert way_to("elsewhere", "me", 22).jumps == []


def test_what_leads_nowhere_is_refused(config):
    with pytest.raises(ConfigError, match="jump_host: expected user@host:port, got 'a b'"):
        RemoteMachine("box", USER, jump_host="a b")
    with pytest.raises(ConfigError, match="jump_host_key: expected a fingerprint"):
        RemoteMachine("box", USER, jump_host_key="abc")
    config.write_text("Host *\n  ProxyJump me@door\n")
    with pytest.raises(ConfigError, match="is it a loop"):
        RemoteMachine("box", USER, ask=None).check()
    config.write_text("Port many\n")
    with pytest.raises(UserError, match="config cannot be used: "):
        RemoteMachine("box", USER, ask=None).check()
