"""The way to a machine: what the user's own ~/.ssh/config says of it, and the hosts before it.

Host keys are verified whatever that file says, of every host on the way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import asyncssh

from sweep.compute.ssh_names import HOST
from sweep.errors import ConfigError, UserError

SYSTEM_KNOWN_HOSTS = Path("/etc/ssh/ssh_known_hosts")
MOST_JUMPS = 8
"""Hosts on the way after which they are taken for a loop."""


@dataclass(frozen=True, slots=True)
class Way:
    """How a machine is reached.

    Attributes:
        known_as: by which its key is looked up.
        port: of its SSH server.
        username: that the file has for it; that of this user where it has none.
        jumps: hosts that are logged in to before, each through the one before it.
        config: the file, if there is one.
    """

    known_as: str
    port: int
    username: str
    jumps: Sequence[str]
    config: Sequence[str]


def way_to(address: str, username: str, port: int, jump_host: str = "") -> Way:
    """Return the way to a machine.

    Args:
        address: its name or IP address, or what the user's file calls it.
        username: of an account there; empty to take the file's.
        port: of its SSH server; 22: what the file says, if it says anything.
        jump_host: hosts before it, separated by commas; empty to take the file's.

    Raises:
        UserError: the file cannot be read.
    """
    file = Path("~/.ssh/config").expanduser()
    config = [str(file)] if file.is_file() else []
    try:
        found = asyncssh.SSHClientConnectionOptions(
            config=config or None,
            host=address,
            port=() if port == 22 else port,
            username=username or (),
            client_keys=None,
            agent_path=None,
        )
    except (OSError, ValueError, asyncssh.Error) as error:
        raise UserError(f"{file} cannot be used: {error}") from None
    jumps = (jump_host or str(found.tunnel or "")).split(",")
    return Way(
        found.host_key_alias or found.host,
        found.port,
        found.username,
        [jump.strip() for jump in jumps if jump.strip().lower() not in ("", "none")],
        config,
    )


def check_jumps(text: str) -> None:
    """Refuse what names no hosts on the way.

    Raises:
        ConfigError: says what was expected.
    """
    for jump in text.split(",") if text else ():
        if not HOST.fullmatch(jump.strip()):
            raise ConfigError(f"jump_host: expected user@host:port, got {jump!r}")


def known_hosts() -> asyncssh.SSHKnownHosts:
    """Return the host keys that the user, and this machine, know.

    Raises:
        UserError: a file of them cannot be read.
    """
    places = [Path("~/.ssh/known_hosts").expanduser(), SYSTEM_KNOWN_HOSTS]
    text = "\n".join(p.read_text(errors="replace") for p in places if p.is_file())
    try:
        return asyncssh.import_known_hosts(text)
    except ValueError as error:
        raise UserError(f"{places[0]} cannot be read: {error}") from None


class HostKeyWatch(asyncssh.SSHClient):
    """Judges a key that is not among the trusted ones, and remembers it."""

    def __init__(self, expected: str) -> None:
        self._expected = expected
        self.seen: asyncssh.SSHKey | None = None

    def validate_host_public_key(
        self,
        host: str,  # noqa: ARG002
        addr: str,  # noqa: ARG002
        port: int,  # noqa: ARG002
        key: asyncssh.SSHKey,
    ) -> bool:
        """Accept the key of the fingerprint that was accepted before, and no other."""
        self.seen = key
        return bool(self._expected) and key.get_fingerprint() == self._expected
