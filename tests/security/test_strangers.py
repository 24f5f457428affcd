"""Our Ray belongs to the sweep that started it: without its token nobody submits or reads."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import stat
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from sweep.compute.target import Process, RunEnded, RunOrder, SlotsAre
from tests.compute.test_targets import Bench, on_ray
from tests.security.test_values import HOSTILE, TELL

pytestmark = pytest.mark.ray

SUBMIT = """
    import sys, ray
    ray.init(address=sys.argv[1], log_to_driver=False, logging_level="error")
    print("inside", ray.get(ray.remote(lambda: 6 * 7).remote()))
"""
READ = """
    import sys, ray
    from ray._raylet import GcsClient
    client = GcsClient(address=sys.argv[1])
    print("inside", len(client.get_all_node_info(timeout=10)))
"""
WRITE = """
    import sys, ray
    from ray._raylet import GcsClient
    client = GcsClient(address=sys.argv[1])
    print("inside", client.internal_kv_put(b"stranger", b"was here", True, None, 10))
"""
LOOPBACK = {
    "0100007F",
    "00000000000000000000000001000000",
    "0000000000000000FFFF00000100007F",
}


class Cluster:
    """What somebody on this machine may find out about a Ray of ours."""

    def __init__(self, bench: Bench, folder: Path) -> None:
        self.bench = bench
        self.folder = folder
        self.processes = bench.target.processes()
        self.argv = {pid: self.read(pid, "cmdline") for pid in self.processes}
        [host] = [pid for pid, argv in self.argv.items() if b"sweep.compute.host" in argv]
        variables = dict(v.split(b"=", 1) for v in self.read(host, "environ").split(b"\0") if v)
        self.mode = variables[b"RAY_AUTH_MODE"]
        self.token = variables[b"RAY_AUTH_TOKEN"]
        found = [re.search(rb"--gcs-address=([\d.:]+)", argv) for argv in self.argv.values()]
        self.address = next(m[1].decode() for m in found if m)

    def read(self, pid: int, what: str) -> bytes:
        with contextlib.suppress(OSError):
            return Path(f"/proc/{pid}/{what}").read_bytes()
        return b""

    def listening(self) -> dict[int, str]:
        """Return the ports on which its processes listen, and the addresses."""
        sockets = set()
        for pid in self.bench.target.processes():
            with contextlib.suppress(OSError):
                for fd in Path(f"/proc/{pid}/fd").iterdir():
                    with contextlib.suppress(OSError):
                        sockets.add(str(fd.readlink())[8:-1])
        found = {}
        for table in ("tcp", "tcp6", "udp", "udp6"):
            for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
                columns = line.split()
                waits = columns[3] == "0A" or (table.startswith("udp") and columns[3] == "07")
                if waits and columns[9] in sockets:
                    address, port = columns[1].split(":")
                    found[int(port, 16)] = address
        return found

    def client(self, code: str, **env: str) -> subprocess.Popen[str]:
        """Start a program that wants something of it."""
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("RAY_")}
        return subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(code), self.address],
            env={**inherited, "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0", **env},
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    folder = tmp_path_factory.mktemp("s")
    target, order = on_ray(folder)
    bench = Bench(target, order)
    target.open(1)
    try:
        while bench.slots < 1:
            bench.wait(SlotsAre)
        yield Cluster(bench, folder)
    finally:
        target.close()


STRANGERS = {
    "no token": {"RAY_AUTH_MODE": "disabled"},
    "a wrong token": {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": "0" * 64},
}
PROGRAMS = {"submit": SUBMIT, "read": READ, "write": WRITE}


@pytest.fixture(scope="module", autouse=True)
def strangers(cluster):
    """Start them all, while the other tests look around."""
    started = {
        (code, stranger): cluster.client(PROGRAMS[code], **STRANGERS[stranger])
        for code in PROGRAMS
        for stranger in STRANGERS
    }
    yield started
    for client in started.values():
        with client:
            client.kill()


def test_no_port_is_open_to_other_machines(cluster):
    ports = cluster.listening()
    assert len(ports) > 2
    assert set(ports.values()) <= LOOPBACK


def test_no_port_answers_a_browser(cluster):
    """Neither jobs nor a dashboard: a web page can reach this machine's ports."""
    for port in cluster.listening():
        for verb in ("GET", "POST", "PUT", "DELETE"):
            for path in ("/", "/api/jobs/", "/api/version", "/api/job_agent/jobs/", "/nodes"):
                link = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
                with contextlib.suppress(OSError, http.client.HTTPException):
                    link.request(verb, path, body=b"{}")
                    answer = link.getresponse()
                    assert answer.status >= 400, (port, verb, path, answer.read(200))
                link.close()


def test_the_token_is_strong_and_in_no_argument(cluster):
    assert cluster.mode == b"token"
    assert re.fullmatch(rb"[0-9a-f]{64}", cluster.token)
    holders = [pid for pid, argv in cluster.argv.items() if cluster.token in argv]
    assert holders == []


def test_the_token_is_in_no_file(cluster):
    for place in (cluster.folder, Path.home()):
        for file in place.rglob("*"):
            if file.is_file() and not file.is_symlink():
                assert cluster.token not in file.read_bytes(), file


def test_the_folder_of_ray_is_closed_too(cluster):
    assert stat.S_IMODE((cluster.folder / "ray").stat().st_mode) == 0o700


def test_a_run_is_not_given_the_token(cluster):
    code = f"print({cluster.token.decode()!r} in repr(os.environb), 'RAY' in repr(os.environ))"
    code += "\nprint(sorted(os.listdir('/proc/self/fd')))"
    folder = Path(cluster.bench.launch([], code=code).work.folder)
    assert cluster.bench.wait(RunEnded).error == ""
    lines = (folder / "user_logs" / "std_log.txt").read_text().splitlines()
    assert lines[0] == "False False"
    # Its three streams, its channel, and the folder that it is looking at.
    assert lines[1] == "['0', '1', '2', '3', '4']", "nor any open file of ours"


def test_hostile_values_go_through_ray_as_they_are(cluster):
    words = [*HOSTILE, "last"]
    script = cluster.folder / "tell.py"
    script.write_text(TELL)
    variables = {f"V{n}": word for n, word in enumerate(words)}
    folder = cluster.folder / "runs" / "hostile"
    process = Process(
        argv=[sys.executable, "-S", str(script), *words],
        env={"PATH": os.environ["PATH"], **variables},
        folder=str(folder),
    )
    cluster.bench.target.launch(RunOrder(1000, 1, {}, process))
    assert cluster.bench.wait(RunEnded).error == ""
    told = json.loads((folder / "user_logs" / "std_log.txt").read_text())
    assert [bytes.fromhex(word).decode() for word in told["argv"]] == words
    env = {bytes.fromhex(k).decode(): bytes.fromhex(v).decode() for k, v in told["env"].items()}
    assert {name: env[name] for name in variables} == variables


@pytest.mark.parametrize("stranger", STRANGERS)
@pytest.mark.parametrize("code", PROGRAMS)
def test_without_the_token_nobody_is_let_in(strangers, code, stranger):
    """At the end of this file, since Ray's own client tries for twenty seconds."""
    client = strangers[code, stranger]
    out, err = client.communicate(timeout=100)
    assert "inside" not in out
    assert client.returncode != 0
    assert "auth" in err.lower() or "token" in err.lower(), err[-3000:]


@pytest.mark.parametrize("code", ["read", "write"])
def test_with_the_token_it_is_possible(cluster, code):
    """So what keeps strangers out is the token, and not a mistake in these tests."""
    token = cluster.token.decode()
    with cluster.client(PROGRAMS[code], RAY_AUTH_MODE="token", RAY_AUTH_TOKEN=token) as client:
        out, err = client.communicate(timeout=100)
    assert "inside" in out, err[-3000:]
