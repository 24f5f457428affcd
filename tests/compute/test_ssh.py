"""Remote machines: who gets in, who does not and why, and that nothing lives on there."""

from __future__ import annotations

import math
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sweep.compute.kinds import cluster_of
from sweep.compute.ray_target import RayTarget
from sweep.compute.resources import Resources
from sweep.compute.ssh import RemoteMachine
from sweep.compute.ssh_cluster import RemoteCluster
from sweep.compute.ssh_secrets import secret_of, variable_of
from sweep.compute.target import (
    RunEnded,
    RunSaid,
    RunStarted,
    SlotsAre,
)
from sweep.errors import ConfigError, ResourceError, TargetError, UserError
from tests.compute import sshd
from tests.compute.orders import EACH, order, wait
from tests.compute.sshd import PASSPHRASE, PASSWORD, USER, Server
from tests.compute.traces import alive

TALKER = """
import json, os, socket, time
channel = socket.socket(socket.AF_UNIX)
channel.connect(os.environ["SWEEP_CHANNEL"])
channel.sendall(json.dumps({"k": "s", "n": "m", "v": 1.5, "t": time.time()}).encode() + b"\\n")
time.sleep(1000)
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with sshd.running() as made:
        yield made


def machine(server: Server, **more) -> RemoteMachine:
    about = {"host_key": server.fingerprint, "ask": None, **more}
    return RemoteMachine("127.0.0.1", about.pop("username", USER), server.port, **about)


# ---- who gets in ----------------------------------------------------------------------


def test_a_password_lets_in(server):
    machine(server, password=PASSWORD).check()


def test_a_key_lets_in_and_one_with_its_passphrase(server):
    machine(server, private_key_file=server.key).check()
    machine(server, private_key_file=server.locked_key, private_key_passphrase=PASSPHRASE).check()


def test_the_agent_lets_in(server, tmp_path, monkeypatch):
    path = str(tmp_path / "a")
    agent = subprocess.Popen(["ssh-agent", "-D", "-a", path], stdout=subprocess.PIPE)
    try:
        agent.stdout.readline()
        monkeypatch.setenv("SSH_AUTH_SOCK", path)
        with pytest.raises(UserError, match="no key of the SSH agent"):
            machine(server).check()
        subprocess.run(["ssh-add", "-q", server.key], check=True)
        machine(server).check()
    finally:
        agent.kill()
        agent.wait()
        agent.stdout.close()


def test_who_is_there_is_asked_once(server, monkeypatch):
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    asked = []

    def answer(secret):
        return lambda text: asked.append(text) or secret

    by_password = machine(server, ask=answer(PASSWORD))
    by_password.check()
    by_password.check()
    machine(server, private_key_file=server.locked_key, ask=answer(PASSPHRASE)).check()
    assert asked == [
        f"Password of {USER}@127.0.0.1:{server.port}: ",
        f"Passphrase of {server.locked_key}: ",
    ]


def test_what_was_typed_is_known_from_then_on(server, monkeypatch):
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    monkeypatch.setenv("SWEEP_SECRET_TYPED", "")
    typed = machine(server, ask=lambda _: PASSWORD)
    RemoteCluster(typed, secret="SWEEP_SECRET_TYPED").check()
    assert os.environ["SWEEP_SECRET_TYPED"] == PASSWORD


@pytest.mark.parametrize(
    ("about", "message"),
    [
        ({"password": "guess"}, "it does not let sweeper in: the password is wrong"),
        ({"password": PASSWORD, "username": "nobody-else"}, "does not let nobody-else in"),
        ({"private_key_file": "locked_key"}, "locked_key needs its private_key_passphrase"),
        (
            {"private_key_file": "locked_key", "private_key_passphrase": "guess"},
            "the passphrase of .*locked_key is wrong",
        ),
        ({"private_key_file": "host_key"}, "it does not know the key .*host_key"),
        ({"private_key_file": "config"}, "config is no private key"),
        ({"private_key_file": "none"}, "none: No such file"),
        ({"private_key_file": "key.pub"}, "others may read .*: chmod 600"),
    ],
)
def test_who_does_not_get_in_is_told_why(server, about, message):
    (server.folder / "config").chmod(0o600)
    if "private_key_file" in about:
        about = {**about, "private_key_file": str(server.folder / about["private_key_file"])}
    with pytest.raises(UserError, match=message) as refused:
        machine(server, **about).check()
    assert "guess" not in str(refused.value)


def test_a_target_says_where_its_secret_is_taken_from(server, monkeypatch):
    locked = kept(server, private_key_file=server.locked_key)
    with pytest.raises(UserError, match="its secret is taken from SWEEP_SECRET_BOX"):
        cluster_of(locked).check()
    monkeypatch.setenv("SWEEP_SECRET_BOX", PASSPHRASE)
    cluster_of(locked).check()
    monkeypatch.setenv("SWEEP_SECRET_BOX", PASSWORD)
    cluster_of(kept(server, private_key_file="")).check()


def test_secrets_are_never_shown(server):
    shown = repr(machine(server, password=PASSWORD))
    assert PASSWORD not in shown
    assert USER in shown


def test_a_secret_comes_from_the_environment_or_a_file_of_ones_own(tmp_path):
    assert variable_of("my-box 2") == "SWEEP_SECRET_MY_BOX_2"
    file = tmp_path / "secret"
    file.write_text("in the file\n")
    with pytest.raises(UserError, match="chmod 600"):
        secret_of("box", str(file), {})
    file.chmod(0o600)
    assert secret_of("box", str(file), {}) == "in the file"
    assert secret_of("box", str(file), {"SWEEP_SECRET_BOX": "x"}) == "x"
    assert secret_of("box", "", {}) == ""


@pytest.mark.parametrize(
    ("about", "message"),
    [
        ({"address": ""}, "needs an address and a username"),
        ({"ssh_port": 0}, "ssh_port: expected 1 to 65535, got 0"),
        ({"host_key": "MD5:00"}, "host_key: expected a fingerprint"),
        ({"password": "p", "private_key_file": "k"}, "not both"),
    ],
)
def test_what_makes_no_sense_is_refused(about, message):
    with pytest.raises(ConfigError, match=message):
        RemoteMachine(**{"address": "there", "username": "me", **about})


# ---- whose machine it is --------------------------------------------------------------


def test_an_unknown_host_key_is_shown_and_not_trusted(server):
    with pytest.raises(UserError, match="host key is not known") as refused:
        machine(server, password=PASSWORD, host_key="").check()
    assert server.fingerprint in str(refused.value)
    assert f"ssh -p {server.port} {USER}@127.0.0.1" in str(refused.value)


def test_another_host_key_is_refused(server):
    other = "SHA256:" + "A" * 43
    with pytest.raises(UserError, match="it is another machine") as refused:
        machine(server, password=PASSWORD, host_key=other).check()
    assert server.fingerprint in str(refused.value)
    assert other in str(refused.value)


def test_known_hosts_are_believed_and_a_change_is_refused(server, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    known = tmp_path / ".ssh" / "known_hosts"
    known.parent.mkdir()
    place = f"[127.0.0.1]:{server.port} "
    known.write_text(place + (server.folder / "host_key.pub").read_text())
    machine(server, password=PASSWORD, host_key="").check()
    known.write_text(place + (server.folder / "key.pub").read_text())
    with pytest.raises(UserError, match="not the one in known_hosts: it is another machine"):
        machine(server, password=PASSWORD, host_key="").check()
    known.write_text("@revoked * " + (server.folder / "host_key.pub").read_text())
    with pytest.raises(UserError, match="revoked"):
        machine(server, password=PASSWORD).check()


def test_nobody_answers(server):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        with pytest.raises(TargetError, match="answers: Connection refused"):
            RemoteMachine("127.0.0.1", USER, port, password="p").check()
    with pytest.raises(TargetError, match="no machine has that name"):
        RemoteMachine("nowhere.invalid", USER, password="p").check()


# ---- a Ray there ----------------------------------------------------------------------


def kept(server: Server, **more):
    about = server.about()
    return {"kind": "remote", "name": "box", **about, "python": sys.executable, **more}


@pytest.mark.ray
def test_a_connection_that_is_cut_takes_everything_with_it(server, tmp_path):
    target, heard = RayTarget(EACH, tmp_path / "ray", cluster=cluster_of(kept(server))), []
    target.open(1)
    try:
        wait(target, heard, SlotsAre)
        target.launch(order(tmp_path, 0, TALKER))
        wait(target, heard, RunSaid)
        (began,) = [m for m in heard if isinstance(m, RunStarted)]
        server.cut()
        with pytest.raises(TargetError, match="is gone: the connection is lost"):
            wait(target, heard, RunEnded)
        until = time.monotonic() + 15
        while server.living() or alive(began.facts["pid"]):
            assert time.monotonic() < until, server.living()
            time.sleep(0.02)
        assert not [*(server.folder / "t").iterdir()]
    finally:
        target.close()


@pytest.mark.ray
def test_a_host_there_that_dies_takes_everything_with_it(server, tmp_path):
    target, heard = RayTarget(EACH, tmp_path / "ray", cluster=cluster_of(kept(server))), []
    target.open(1)
    try:
        wait(target, heard, SlotsAre)
        (bridge,) = [p for p, w in server.living().items() if "remote_host" in w]
        os.kill(bridge, signal.SIGKILL)
        with pytest.raises(TargetError, match="is gone: it has ended"):
            wait(target, heard, RunEnded)
        until = time.monotonic() + 15
        while server.living():
            assert time.monotonic() < until, server.living()
            time.sleep(0.02)
    finally:
        target.close()


def test_what_the_machine_does_not_have_is_refused(server, tmp_path):
    greedy = RayTarget(
        Resources(math.inf, math.inf, 10_000, 0),
        tmp_path / "ray",
        cluster=cluster_of(kept(server)),
    )
    with pytest.raises(ResourceError, match=f"{USER}@.*: one run asks for 10000 CPUs"):
        greedy.open(1)
    assert not server.living()


@pytest.mark.parametrize("python", ["/no/such/python", "/usr/bin/python3"])
def test_an_interpreter_without_us_is_refused(server, tmp_path, python):
    if python.startswith("/usr") and not Path(python).exists():
        pytest.skip("this machine has no Python of its own")
    target = RayTarget(EACH, tmp_path / "ray", cluster=cluster_of(kept(server, python=python)))
    with pytest.raises(UserError, match=f"python={python} cannot be used"):
        target.open(1)
    assert not server.living()


def test_the_engine_s_silence_ends_the_host(tmp_path):
    """A cable that is pulled tells nobody; whoever hears nothing for long enough gives up."""
    command = [sys.executable, "-m", "sweep.compute.remote_host", "0.3"]
    done = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ}
    )
    try:
        said = done.stdout.read()  # until it has ended; its input stays open
        assert said.startswith(b'{"k": "there"')
        assert done.wait(10) == 0
    finally:
        done.kill()
        done.wait()
        done.stdin.close()
        done.stdout.close()


@pytest.mark.slow
@pytest.mark.ray
@pytest.mark.timeout(600)
def test_an_environment_is_made_there_once(server, tmp_path):
    cluster = cluster_of(kept(server, python=""))
    assert isinstance(cluster, RemoteCluster)
    steps: list[str] = []
    try:
        cluster.prepare(steps.append)
    except TargetError as error:
        if "no package index" in str(error) or "venv" in str(error):
            pytest.skip(str(error))
        raise
    assert [s.split()[0] for s in steps] == ["a", "pip"]
    cluster.prepare(steps.append)
    assert len(steps) == 2, "it is there already"
    target, heard = RayTarget(EACH, tmp_path / "ray", cluster=cluster), []
    target.open(1)
    try:
        wait(target, heard, SlotsAre)
        target.launch(order(tmp_path, 0, "import sys; print(sys.executable)"))
        wait(target, heard, RunEnded)
        said = (tmp_path / "0.1" / "user_logs" / "std_log.txt").read_text()
        assert said.startswith(str(server.folder / "home" / ".cache" / "hypersweep"))
    finally:
        target.close()
    assert not server.living()
