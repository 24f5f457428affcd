"""A Linux machine that is reached by SSH: who it is, and how it lets us in.

Host keys are verified against the user's `known_hosts`, or against one fingerprint that was
accepted expressly; nothing is trusted by being seen first. Passwords and passphrases come from
the environment, the keyboard, or the caller, live in memory only, and are never shown.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import shlex
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncssh

from sweep.compute.ssh_loop import Loop
from sweep.compute.ssh_names import HOST
from sweep.compute.ssh_secrets import from_terminal
from sweep.compute.ssh_way import MOST_JUMPS, HostKeyWatch, check_jumps, known_hosts, way_to
from sweep.errors import ConfigError, TargetError, UserError

LOGIN_SECONDS = 20.0
"""Within which a machine must have let us in."""
KEEPALIVE = {"keepalive_interval": 5, "keepalive_count_max": 4}
"""A connection on which nothing comes back for so long is lost."""
FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}")


class NotLetIn(UserError):
    """A password, a passphrase or a key is wrong or missing."""


def command_line(argv: Sequence[str]) -> str:
    """Return a command for the login shell over there, which it replaces."""
    return f"exec {shlex.join(argv)}"


async def first_word(said: asyncssh.SSHReader[bytes]) -> dict[str, Any]:
    """Return the first object that a program of ours says; empty when it ends without one.

    What comes before is the login shell's: some greet even where nobody looks.
    """
    async for line in said:
        with contextlib.suppress(ValueError):
            word = json.loads(line)
            if isinstance(word, dict):
                return word
    return {}


@dataclass(slots=True)
class RemoteMachine:
    """How to reach a machine.

    Args:
        address: its name or IP address.
        username: of an account there.
        ssh_port: where its SSH server listens.
        password: of the account; empty to log in with a key.
        private_key_file: in any format of OpenSSH; empty for the agent's and the usual keys.
        private_key_passphrase: of that file.
        host_key: fingerprint of the machine's own key, ``SHA256:...``; empty to look it up in
            the user's known_hosts.
        jump_host: hosts that are logged in to before, ``user@host:port``, separated by commas,
            with the agent's, the usual or the same private key; empty: as in ~/.ssh/config.
        jump_host_key: fingerprint of theirs; empty to look it up.
        ask: asks the user for a secret, by a text; None when there is nobody to ask.

    Raises:
        ConfigError: one of these makes no sense.
    """

    address: str
    username: str
    ssh_port: int = 22
    password: str = field(default="", repr=False)
    private_key_file: str = ""
    private_key_passphrase: str = field(default="", repr=False)
    host_key: str = ""
    jump_host: str = ""
    jump_host_key: str = ""
    ask: Callable[[str], str] | None = field(default_factory=from_terminal, repr=False)
    _key: asyncssh.SSHKey | None = field(default=None, init=False, repr=False)
    _depth: int = field(default=0, init=False, repr=False)

    def __post_init__(self) -> None:
        if not self.address or not self.username:
            raise ConfigError("a remote machine needs an address and a username")
        if not 0 < self.ssh_port < 1 << 16:
            raise ConfigError(f"ssh_port: expected 1 to 65535, got {self.ssh_port}")
        if self.password and self.private_key_file:
            raise ConfigError("a remote machine takes a password or a private_key_file, not both")
        for name, key in (("host_key", self.host_key), ("jump_host_key", self.jump_host_key)):
            if key and not FINGERPRINT.fullmatch(key):
                raise ConfigError(
                    f"{name}: expected a fingerprint as `ssh-keygen -lf` shows it, SHA256: and 43"
                    f" characters, got {key!r}"
                )
        check_jumps(self.jump_host)

    def __str__(self) -> str:
        port = f":{self.ssh_port}" if self.ssh_port != 22 else ""
        return f"{self.username}@{self.address}{port}"

    def check(self) -> None:
        """Log in, and out again.

        Raises:
            UserError: its host key is not known or is another; it does not let us in.
            TargetError: it does not answer.
        """
        loop = Loop()
        try:
            connection = self.connect(loop)
            connection.abort()
            loop.call(connection.wait_closed())
        finally:
            loop.close()

    def connect(self, loop: Loop) -> asyncssh.SSHClientConnection:
        """Log in; whoever calls closes the connection.

        Raises:
            UserError: its host key is not known or is another; it does not let us in.
            TargetError: it does not answer.
        """
        while True:
            options = self._options()
            try:
                return loop.call(self._connect(options))
            except asyncssh.PermissionDenied:
                if self.password or self.private_key_file or self.ask is None:
                    raise NotLetIn(f"{self}: {self._denied()}") from None
                self.password = self.ask(f"Password of {self}: ")

    async def connected(
        self, through: asyncssh.SSHClientConnection | None = None
    ) -> asyncssh.SSHClientConnection:
        """Log in from within a loop, where nobody can be asked for anything; see `connect`."""
        options = await asyncio.to_thread(self._options)  # a key's passphrase takes a second
        try:
            return await self._connect(options, through)
        except asyncssh.PermissionDenied:
            raise NotLetIn(f"{self}: {self._denied()}") from None

    def _denied(self) -> str:
        denied = f"it does not let {self.username} in"
        if self.password:
            return f"{denied}: the password is wrong, or it takes none"
        if self.private_key_file:
            return f"{denied}: it does not know the key {self.private_key_file}"
        return (
            f"{denied}: no key of the SSH agent or in ~/.ssh is known there; name a"
            " private_key_file, or give a password"
        )

    # ---- how it lets us in ------------------------------------------------------------

    def _options(self) -> dict[str, Any]:
        if self.private_key_file:
            keys = [self._private_key()]
            return {"client_keys": keys, "agent_path": None, "preferred_auth": "publickey"}
        if self.password:
            return {
                "password": self.password,
                "client_keys": None,
                "agent_path": None,
                "preferred_auth": "password,keyboard-interactive",
            }
        return {"preferred_auth": "publickey"}

    def _private_key(self) -> asyncssh.SSHKey:
        if self._key is None:
            self._key = self._read_key()
        return self._key

    def _read_key(self) -> asyncssh.SSHKey:
        path = Path(self.private_key_file).expanduser()
        try:
            data = path.read_bytes()
            mode = path.stat().st_mode
        except OSError as error:
            raise UserError(f"private_key_file: {path}: {error.strerror}") from None
        if mode & 0o077:
            raise UserError(f"private_key_file: others may read {path}: chmod 600 {path}")
        try:
            return asyncssh.import_private_key(data, self.private_key_passphrase or None)
        except (asyncssh.KeyEncryptionError, asyncssh.KeyImportError) as error:
            # Without a passphrase both may be raised for a key that has one.
            encrypted = "passphrase" in str(error).lower()
            if not encrypted and isinstance(error, asyncssh.KeyImportError):
                raise UserError(f"private_key_file: {path} is no private key: {error}") from None
        if self.private_key_passphrase:
            raise NotLetIn(f"private_key_file: the passphrase of {path} is wrong")
        if self.ask is None:
            raise NotLetIn(f"private_key_file: {path} needs its private_key_passphrase")
        self.private_key_passphrase = self.ask(f"Passphrase of {path}: ")
        if not self.private_key_passphrase:
            raise NotLetIn(f"private_key_file: {path} needs its private_key_passphrase")
        return self._read_key()

    # ---- who it is --------------------------------------------------------------------

    async def _connect(
        self, options: dict[str, Any], through: asyncssh.SSHClientConnection | None = None
    ) -> asyncssh.SSHClientConnection:
        watch = HostKeyWatch(self.host_key)
        way = way_to(self.address, self.username, self.ssh_port, self.jump_host)
        trusted, authorities, revoked = known_hosts().match(way.known_as, "", way.port)[:3]
        if self.host_key:
            trusted, authorities = [], []
        through = through or await self._on_the_way(way.jumps)
        connection: asyncssh.SSHClientConnection | None = None
        try:
            connection = await asyncio.wait_for(
                asyncssh.connect(
                    self.address,
                    way.port,
                    username=self.username,
                    known_hosts=(trusted, authorities, revoked),
                    client_factory=lambda: watch,
                    config=way.config or None,
                    tunnel=through,
                    gss_host=None,
                    **KEEPALIVE,
                    **options,
                ),
                LOGIN_SECONDS,
            )
        except asyncssh.PermissionDenied:
            raise
        except asyncssh.HostKeyNotVerifiable:
            raise UserError(self._refusal(watch, bool(trusted or authorities))) from None
        except socket.gaierror as error:
            raise TargetError(f"{self}: no machine has that name: {error.strerror}") from None
        except asyncio.TimeoutError:
            raise TargetError(f"{self}: nothing answers within {LOGIN_SECONDS:g} s") from None
        except (OSError, asyncssh.Error) as error:
            number = getattr(error, "errno", None)
            reason = os.strerror(number) if number else error
            raise TargetError(f"{self}: no SSH server answers: {reason}") from None
        finally:
            if through is not None and connection is None:
                through.abort()
        connection.set_tunnel(through)  # which ends with it
        return connection

    async def _on_the_way(self, jumps: Sequence[str]) -> asyncssh.SSHClientConnection | None:
        """Log in to the hosts before this one, each through the one before it."""
        last = None
        if jumps and self._depth >= MOST_JUMPS:
            raise ConfigError(f"{self}: more than {MOST_JUMPS} hosts on the way: is it a loop?")
        for jump in jumps:
            host = HOST.fullmatch(jump)
            if host is None:
                raise ConfigError(f"ProxyJump: expected user@host:port, got {jump!r}")
            address, port = host["address"].strip("[]"), int(host["port"] or 22)
            machine = RemoteMachine(
                address,
                host["user"] or way_to(address, "", port).username,
                port,
                private_key_file=self.private_key_file,
                private_key_passphrase=self.private_key_passphrase,
                host_key=self.jump_host_key,
                ask=None,
            )
            machine._key, machine._depth = self._key, self._depth + 1
            last = await machine.connected(last)
        return last

    def _refusal(self, watch: HostKeyWatch, known: bool) -> str:
        if watch.seen is None:
            return f"{self}: its host key is revoked, or cannot be read"
        shown = f"{watch.seen.get_fingerprint()} ({watch.seen.get_algorithm()})"
        option = "jump_host_key" if self._depth else "host_key"
        if self.host_key or known:
            expected = self.host_key or "the one in known_hosts"
            return (
                f"{self}: its host key is {shown}, not {expected}: it is another machine, or was"
                " set up anew; nothing was sent to it. If its owner says that this is its key,"
                f" accept it as the new {option}"
            )
        port = f" -p {self.ssh_port}" if self.ssh_port != 22 else ""
        return (
            f"{self}: its host key is not known: {shown}. If its owner says that this is its key,"
            f" accept it: {option}={watch.seen.get_fingerprint()}, or log in once by hand: ssh"
            f"{port} {self.username}@{self.address}"
        )
