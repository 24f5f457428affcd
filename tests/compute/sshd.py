"""A real OpenSSH server on this machine, with a user of its own in a home of its own.

The user is there for this server only: it runs in a mount namespace, in which its own passwd and
shadow files cover the machine's.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import MARK

USER, PASSWORD, PASSPHRASE = "sweeper", "a secret word", "open sesame"
PROGRAM = "/usr/sbin/sshd"
COVERED = """
set -e
mount --bind "$1/passwd" /etc/passwd
mount --bind "$1/shadow" /etc/shadow
if [ -n "$3" ]; then mount -t tmpfs tmpfs "$3"; fi
exec "$2" -D -e -f "$1/config"
"""


@dataclass
class Server:
    """A running server.

    Attributes:
        folder: all that is done there names it: home, files for Ray, keys.
        fingerprint: of its host key.
    """

    folder: Path
    port: int
    pid: int
    fingerprint: str

    @property
    def key(self) -> str:
        return str(self.folder / "key")

    @property
    def locked_key(self) -> str:
        return str(self.folder / "locked_key")

    def about(self) -> dict[str, object]:
        """How a target finds it, and is let in."""
        found = {"address": "127.0.0.1", "ssh_port": self.port, "username": USER}
        return {**found, "host_key": self.fingerprint, "private_key_file": self.key}

    def welcome(self, other: Server) -> None:
        """Let in whoever has the key of another server's user."""
        with (self.folder / "authorized_keys").open("a") as known:
            known.write((other.folder / "key.pub").read_text())

    def sessions(self) -> list[int]:
        """The processes of the server that serve one connection each."""
        return [p for p in _numbers() if _parent(p) == self.pid]

    def cut(self) -> None:
        """Cut all connections, without a goodbye."""
        for pid in self.sessions():
            os.kill(pid, signal.SIGKILL)

    def living(self) -> dict[int, str]:
        """All processes on the far side: they have the folder in their words or environment."""
        found, word = {}, str(self.folder).encode()
        for pid in _numbers():
            words = _read(pid, "cmdline")
            if b"sshd" not in words and (
                word in words or word in _read(pid, "environ") or _cwd(pid).startswith(word)
            ):
                found[pid] = words.replace(b"\0", b" ").decode(errors="replace")
        return found


def _numbers() -> list[int]:
    return [int(p.name) for p in Path("/proc").iterdir() if p.name.isdecimal()]


def _read(pid: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""


def _cwd(pid: int) -> bytes:
    try:
        return bytes(Path(f"/proc/{pid}/cwd").readlink())
    except OSError:
        return b""


def _parent(pid: int) -> int:
    words = _read(pid, "stat").rpartition(b")")[2].split()
    return int(words[1]) if words else 0


@contextlib.contextmanager
def running(hidden: Path | None = None) -> Iterator[Server]:
    """A server that is gone in the end, with whatever is left of what it has started.

    Args:
        hidden: a folder that those who log in do not see, as if it were on another machine.
    """
    server, process = start(hidden)
    try:
        yield server
    finally:
        stop(server, process)


def start(hidden: Path | None = None) -> tuple[Server, subprocess.Popen[bytes]]:
    """Start a server; whoever calls ends it by `stop`."""
    for needed in (PROGRAM, "/bin/bash", "unshare", "ssh-keygen", "openssl"):
        if shutil.which(needed) is None:
            pytest.skip(f"{needed} is not installed (openssh-server)")
    if os.geteuid() != 0:
        pytest.skip("a server for another user has to be started by root")
    folder = Path(tempfile.mkdtemp(prefix="s"))
    (folder / "home").mkdir()
    (folder / "home" / ".bashrc").write_text("echo welcome; echo '[1]'\n")  # as some do
    (folder / "t").mkdir()
    _keys(folder)
    _users(folder)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    _configuration(folder, port)
    Path("/run/sshd").mkdir(exist_ok=True)
    process = subprocess.Popen(
        ["unshare", "--mount", "sh", "-c", COVERED, "sh", str(folder), PROGRAM, str(hidden or "")],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    line = b""
    while b"listening" not in line:
        line = process.stderr.readline()
        if not line:
            process.wait()
            pytest.skip("no mount namespace, or no server, can be had here")
    shown = subprocess.run(
        ["ssh-keygen", "-lf", folder / "host_key.pub"], capture_output=True, check=True, text=True
    ).stdout
    return Server(folder, port, process.pid, shown.split()[1]), process


def stop(server: Server, process: subprocess.Popen[bytes]) -> None:
    """End the server, its sessions, and whatever is left of what they have started."""
    sessions = server.sessions()
    process.kill()
    process.wait()
    process.stderr.close()
    for pid in sessions:
        with contextlib.suppress(ProcessLookupError):  # it may have gone with the server
            os.kill(pid, signal.SIGKILL)
    until = time.monotonic() + 10
    while (left := server.living()) and time.monotonic() < until:
        time.sleep(0.05)
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    shutil.rmtree(server.folder, ignore_errors=True)
    assert not left


def _keys(folder: Path) -> None:
    for name, passphrase in (("host_key", ""), ("key", ""), ("locked_key", PASSPHRASE)):
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-f", folder / name],
            check=True,
        )
    known = (folder / "key.pub").read_text() + (folder / "locked_key.pub").read_text()
    (folder / "authorized_keys").write_text(known)


def _users(folder: Path) -> None:
    done = subprocess.run(
        ["openssl", "passwd", "-6", PASSWORD], capture_output=True, check=True, text=True
    )
    entry = f"{USER}:x:0:0::{folder / 'home'}:/bin/bash\n"
    (folder / "passwd").write_text(Path("/etc/passwd").read_text() + entry)
    shadow = folder / "shadow"
    shadow.touch(0o600)
    shadow.write_text(f"{USER}:{done.stdout.strip()}:19000:0:99999:7:::\nroot:*:19000::::::\n")


def _configuration(folder: Path, port: int) -> None:
    lines = [
        f"Port {port}",
        "ListenAddress 127.0.0.1",
        f"HostKey {folder / 'host_key'}",
        f"AuthorizedKeysFile {folder / 'authorized_keys'}",
        f"SetEnv TMPDIR={folder / 't'} {MARK}={os.environ.get(MARK, '')}",
        "PermitRootLogin yes",
        "PasswordAuthentication yes",
        "MaxStartups 100",
        "StrictModes no",
        "UsePAM no",
        "PidFile none",
    ]
    (folder / "config").write_text("\n".join(lines) + "\n")
