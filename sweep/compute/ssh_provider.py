"""Nodes of a pool on remote machines that are there already: a list of hosts, one node on each.

The pool's head listens where these hosts reach it; Ray's own traffic between the machines is not
encrypted, and only whoever has the pool's token is listened to: a network of one's own is needed.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import asyncssh

from sweep.compute.providers import Site
from sweep.compute.ray_node import address_towards
from sweep.compute.ssh import RemoteMachine, command_line, first_word
from sweep.compute.ssh_environment import RemoteEnvironment
from sweep.compute.ssh_host import GOODBYE, NOT_FOUND, SILENCE, close
from sweep.compute.ssh_loop import Loop
from sweep.compute.ssh_names import HOST
from sweep.compute.ssh_secrets import secret_of
from sweep.compute.ssh_sources import PROTOCOL
from sweep.errors import ConfigError, SweepError, TargetError

STARTING = 120.0
"""Seconds in which a node must be up, once its host has an environment."""
OPTIONS = (
    "address",
    "host_keys",
    "hosts",
    "packages",
    "private_key_file",
    "python",
    "secret_file",
    "username",
)
"""What a user may say: `hosts`, each `user@host:port`; `host_keys`, their fingerprints, by host;
`address`, on which the head is to listen; the others as for a remote machine."""


@dataclass
class _Node:
    """A node, from its launch to its end."""

    machine: RemoteMachine
    work: asyncio.Task[str] | None = None
    process: asyncssh.SSHClientProcess[bytes] | None = None
    words: list[str] = field(default_factory=list)
    pid: int = 0
    told: bool = False
    why: str = ""


class SshProvider:
    """Nodes on a list of hosts.

    Args:
        site: what they join and offer.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._machines = machines_of(site.options)
        self._python: str = site.options.get("python", "")
        self._environment = RemoteEnvironment(site.options.get("packages", ()))
        self._nodes: dict[str, _Node] = {}
        self._loop = Loop()

    @staticmethod
    def address(options: Mapping[str, Any]) -> str:
        """Return where the head listens: the address of this machine towards the first host."""
        first = machines_of(options)[0]
        return str(options.get("address") or address_towards(f"{first.address}:{first.ssh_port}"))

    @staticmethod
    def check(options: Mapping[str, Any]) -> None:
        """Log in to every host, and out again.

        Raises:
            ConfigError: an option is not one, or makes no sense.
            UserError: a host does not let us in.
            TargetError: a host does not answer.
        """
        machines = machines_of(options)
        with ThreadPoolExecutor(max_workers=8) as threads:
            [*threads.map(RemoteMachine.check, machines)]

    def launch(self, name: str) -> None:
        """Begin to start a node on a host that has none.

        Raises:
            TargetError: every host has one.
        """
        used = {str(node.machine) for node in self._nodes.values()}
        free = [machine for machine in self._machines if str(machine) not in used]
        if not free:
            raise TargetError(f"each of the {len(self._machines)} hosts has its node already")
        self._nodes[name] = node = _Node(free[0])
        self._loop.call(self._begin(name, node))

    async def _begin(self, name: str, node: _Node) -> None:
        node.work = asyncio.create_task(self._run(name, node))

    async def _run(self, name: str, node: _Node) -> str:
        """Run a node from its start to its end; return why it has ended."""
        try:
            connection = await node.machine.connected()
        except SweepError as error:
            return str(error)
        try:
            return await self._run_on(connection, name, node)
        except (SweepError, asyncssh.Error, OSError, asyncio.TimeoutError) as error:
            return f"{node.machine}: {error or 'it does not come up'}"
        finally:
            await close(connection, node.process)

    async def _run_on(
        self, connection: asyncssh.SSHClientConnection, name: str, node: _Node
    ) -> str:
        python = self._python or self._environment.python
        if not self._python:
            await self._environment.make(connection, lambda _: None)
        command = command_line([python, "-m", "sweep.compute.remote_node", f"{SILENCE:g}"])
        node.process = process = await connection.create_process(command, encoding=None)
        errors = asyncio.create_task(_tail(process, node))
        beating = asyncio.create_task(_beat(process))
        try:
            said = await asyncio.wait_for(first_word(process.stdout), STARTING)
            if said:
                node.pid = said["pid"]
                if said["protocol"] != PROTOCOL:
                    return f"{node.machine}: it has another version of hypersweep"
                process.stdin.write(self._asked(name))
                if node.told:
                    process.stdin.write_eof()
                await asyncio.wait_for(process.stdout.readline(), STARTING)
                await process.stdout.read()  # until it ends
            await process.wait_closed()
            await errors
        finally:
            errors.cancel()
            beating.cancel()
        if process.exit_status in NOT_FOUND:
            return f"{node.machine}: there is no {python}"
        return f"{node.machine}: it has ended{': ' + node.words[-1] if node.words else ''}"

    def _asked(self, name: str) -> bytes:
        site = self._site
        public = {k: v for k, v in site.environment.items() if k.startswith("RAY_")}
        token = public.pop("RAY_AUTH_TOKEN")
        asked = {"head": site.head, "cpus": site.cpus, "gpus": site.gpus, "name": name}
        asked |= {"pool": site.pool, "environment": public, "token": token}
        return json.dumps(asked).encode() + b"\n"

    def ended(self) -> Mapping[str, str]:
        """Return the nodes that have ended, or whose connection has."""
        ended = {}
        for name, node in [*self._nodes.items()]:
            if node.work is not None and node.work.done():
                del self._nodes[name]
                ended[name] = "it was told to end" if node.told else node.work.result()
        return ended

    def leaving(self) -> Mapping[str, float]:
        """None: these machines stay."""
        return {}

    def terminate(self, name: str) -> None:
        """Begin to end a node: the end of its input tells it."""
        if node := self._nodes.get(name):
            node.told = True
            self._loop.soon(_end, node)

    def describe(self, name: str) -> Mapping[str, Any]:
        """Return its host, and its first process there."""
        node = self._nodes.get(name)
        return {} if node is None else {"host": node.machine.address, "pid": node.pid}

    def close(self) -> None:
        """End all nodes; return when they are gone."""
        for name in [*self._nodes]:
            self.terminate(name)
        self._loop.call(_all([n.work for n in self._nodes.values() if n.work is not None]))
        self._loop.close()


def machines_of(options: Mapping[str, Any]) -> list[RemoteMachine]:
    """Return the machines of a pool; their passwords or passphrases are taken from where they are.

    A secret comes from ``SWEEP_SECRET_<HOST>``, or from a `secret_file` for all.

    Raises:
        ConfigError: an option is not one, or makes no sense.
        UserError: a secret cannot be read.
    """
    for key in options:
        if key not in OPTIONS:
            raise ConfigError(f"ssh option {key!r}: there is {', '.join(OPTIONS)}")
    if not options.get("hosts"):
        raise ConfigError("a pool of remote machines needs a list of hosts")
    found = {}
    for text in options["hosts"]:
        parts = HOST.fullmatch(text)
        if parts is None:
            raise ConfigError(f"hosts: expected user@host:port, got {text!r}")
        address, key_file = parts["address"].strip("[]"), options.get("private_key_file", "")
        secret = secret_of(address, options.get("secret_file", ""))
        machine = RemoteMachine(
            address,
            parts["user"] or options.get("username", ""),
            int(parts["port"] or 22),
            password="" if key_file else secret,
            private_key_file=key_file,
            private_key_passphrase=secret if key_file else "",
            host_key=options.get("host_keys", {}).get(text, ""),
            ask=None,
        )
        found[str(machine)] = machine
    return [*found.values()]


async def _tail(process: asyncssh.SSHClientProcess[bytes], node: _Node) -> None:
    with contextlib.suppress(OSError, asyncssh.Error):
        async for line in process.stderr:
            if text := line.decode(errors="replace").strip():
                node.words = [*node.words[-9:], text]


async def _beat(process: asyncssh.SSHClientProcess[bytes]) -> None:
    while True:
        await asyncio.sleep(SILENCE / 6)
        with contextlib.suppress(OSError, asyncssh.Error):
            process.stdin.write(b"\n")


def _end(node: _Node) -> None:
    with contextlib.suppress(OSError, asyncssh.Error):
        if node.process is not None:
            node.process.stdin.write_eof()
        elif node.work is not None:
            node.work.cancel()


async def _all(tasks: list[asyncio.Task[str]]) -> None:
    if tasks:
        await asyncio.wait(tasks, timeout=GOODBYE)
