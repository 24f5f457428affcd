"""A remote machine as a place for slots: a Ray of its own there, which ends with the sweep."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncssh

from sweep.compute.cluster import Opened
from sweep.compute.resources import Resources
from sweep.compute.ssh import NotLetIn, RemoteMachine
from sweep.compute.ssh_environment import RemoteEnvironment
from sweep.compute.ssh_host import NotThere, RemoteHost, close
from sweep.compute.ssh_loop import Loop
from sweep.compute.ssh_secrets import secret_of, variable_of
from sweep.errors import ResourceError, TargetError, UserError

CLUSTER_PATIENCE = 300.0
"""Seconds that a cluster over there may be without a slot of ours."""


class RemoteCluster:
    """One machine that is reached by SSH.

    Args:
        machine: how to reach it.
        python: an interpreter there that has hypersweep; empty to make an environment of our own
            there, once.
        packages: what that environment has besides, for the runs: requirements as pip takes them.
        secret: the variable by which its secret can be given, for messages.
        cluster: what is kept of a cluster that is reached from there, such as a Spark's, to use
            instead of a Ray of its own; None for such a Ray.
    """

    def __init__(
        self,
        machine: RemoteMachine,
        python: str = "",
        packages: Sequence[str] = (),
        secret: str = "",
        cluster: Mapping[str, Any] | None = None,
    ) -> None:
        self.patience = 30.0 if cluster is None else CLUSTER_PATIENCE
        self._cluster = cluster
        self._machine = machine
        self._python = python
        self._packages = packages
        self._secret = secret
        self._host: RemoteHost | None = None
        self._told: list[str] = []

    @classmethod
    def from_kept(cls, kept: Mapping[str, Any]) -> RemoteCluster:
        """Return the machine of `address`, `username` and what else there is.

        The password, or the passphrase where there is a `private_key_file`, is taken from the
        environment, ``SWEEP_SECRET_<NAME>`` by the target's `name`, or from a `secret_file`. In
        `cluster` is what is kept of one that is reached from there, such as a Spark's; its
        secrets are where it says, over there.

        Raises:
            ConfigError: one of these makes no sense.
            UserError: the secret cannot be read.
        """
        name, key_file = kept.get("name", ""), kept.get("private_key_file", "")
        secret = secret_of(name, kept.get("secret_file", ""))
        machine = RemoteMachine(
            address=kept["address"],
            username=kept["username"],
            ssh_port=kept.get("ssh_port", 22),
            password="" if key_file else secret,
            private_key_file=key_file,
            private_key_passphrase=secret if key_file else "",
            host_key=kept.get("host_key", ""),
            jump_host=kept.get("jump_host", ""),
            jump_host_key=kept.get("jump_host_key", ""),
        )
        return cls(
            machine,
            kept.get("python", ""),
            kept.get("packages", ()),
            variable_of(name),
            kept.get("cluster"),
        )

    def check(self) -> None:
        """Log in, and out again.

        What the user has typed for that is known to this process and those that it starts, as if
        the variable had been set: nobody is asked for the same twice.

        Raises:
            UserError: its host key is not known or is another; it does not let us in.
            TargetError: it does not answer.
        """
        machine = self._machine
        before = machine.password, machine.private_key_passphrase
        try:
            machine.check()
        except NotLetIn as error:
            raise NotLetIn(f"{error}; its secret is taken from {self._secret}") from None
        if self._secret and (machine.password, machine.private_key_passphrase) != before:
            os.environ[self._secret] = machine.password or machine.private_key_passphrase

    def prepare(self, told: Callable[[str], None]) -> None:
        """Make the environment there, if it is not there yet; takes a minute or two.

        Args:
            told: is told of each step.

        Raises:
            UserError: it does not let us in.
            TargetError: it does not answer, or has no Python, no venv, no network.
        """
        if not self._python:
            loop = Loop()
            try:
                connection = self._machine.connect(loop)
                try:
                    loop.call(RemoteEnvironment(self._packages).make(connection, told))
                finally:
                    loop.call(close(connection))
            finally:
                loop.close()

    def open(self, wanted: int, resources: Resources, folder: Path) -> Opened:
        """Start a host there, which starts Ray; before, where need be, make the environment.

        Raises:
            ResourceError: one run takes more than the machine has.
            UserError: it does not let us in; it has no such interpreter.
            TargetError: it cannot be started.
        """
        loop = Loop()
        try:
            connection = self._machine.connect(loop)
            try:
                asked = self._asked(wanted, resources)
                host = self._start(loop, connection, folder, asked)
            except BaseException:
                loop.call(close(connection))
                raise
        except BaseException:
            loop.close()
            raise
        there = host.there
        if self._cluster is not None:
            self._host = host
            return Opened(host, there["address"], there["temp"], there["sockets"])
        try:
            replace(resources, cpus=there["cpus"], gpus=there["gpus"]).check()
        except ResourceError as error:
            host.close()
            raise ResourceError(f"{self._machine}: {error}") from None
        self._host = host
        return Opened(host, None, there["temp"], there["sockets"])

    def _asked(self, wanted: int, resources: Resources) -> dict[str, Any] | None:
        """Return what the other side needs to know to bring up a cluster; there is no secret."""
        if self._cluster is None:
            return None
        each = {"cpus_per_run": resources.cpus_per_run, "gpus_per_run": resources.gpus_per_run}
        asked = {"cpus": 0, "gpus": 0, **each}  # what there is, the cluster knows
        return {"cluster": dict(self._cluster), "wanted": wanted, "resources": asked}

    def _start(
        self,
        loop: Loop,
        connection: asyncssh.SSHClientConnection,
        folder: Path,
        asked: Mapping[str, Any] | None,
    ) -> RemoteHost:
        name, log = str(self._machine), folder / "host.log"
        if self._python:
            try:
                return RemoteHost(loop, connection, name, self._python, log, asked)
            except NotThere as why:
                raise UserError(
                    f"{name}: python={self._python} cannot be used: {str(why).strip()}; name an"
                    " interpreter there that has hypersweep, or none"
                ) from None
        environment = RemoteEnvironment(self._packages)
        try:
            return RemoteHost(loop, connection, name, environment.python, log, asked)
        except NotThere:
            loop.call(environment.make(connection, self._told.append))
        try:
            return RemoteHost(loop, connection, name, environment.python, log, asked)
        except NotThere as why:
            raise TargetError(f"{name}: its environment cannot be used: {why}") from None

    def look(self) -> Sequence[str]:
        """Return what the host has told, and what was done there before."""
        told, self._told = self._told, []
        if self._host is not None:
            told += self._host.told
            self._host.told = []
        return [f"{self._machine}: {text}" for text in told]

    def close(self) -> None:
        """Nothing: the host has ended all there, and the connection."""
        self._host = None
