"""A Ray cluster that is somebody else's, and is there already."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sweep.compute.cluster import Opened
from sweep.compute.host_process import HostProcess
from sweep.compute.ray_environment import ON_LOOPBACK, quiet_environment
from sweep.compute.resources import Resources
from sweep.compute.ssh_secrets import secret_of
from sweep.errors import TargetError, UserError

LOOPBACK = ("127.", "localhost:")
PROBE_SECONDS = 30.0
"""Within which a cluster must have said yes or no."""
CONNECT_SECONDS = 10.0
"""Within which it must have taken a connection."""


@dataclass(frozen=True, slots=True)
class ExistingCluster:
    """How to reach a cluster.

    Attributes:
        address: `host:port` of its GCS.
        token: its authentication token; empty for none.
        allow_unauthenticated: whether one will do that lets anybody in.
        patience: seconds that it may be without a slot of ours.
    """

    address: str
    token: str = field(default="", repr=False)
    allow_unauthenticated: bool = False
    patience: float = 120.0

    @classmethod
    def from_environment(
        cls,
        address: str,
        allow_unauthenticated: bool = False,
        environment: Mapping[str, str] = os.environ,
    ) -> ExistingCluster:
        """Take the token from where Ray itself looks for it: a variable, or a file it names.

        Raises:
            UserError: the file cannot be read.
        """
        token = environment.get("RAY_AUTH_TOKEN", "")
        path = environment.get("RAY_AUTH_TOKEN_PATH", "")
        if not token and path:
            try:
                token = Path(path).expanduser().read_text().strip()
            except OSError as error:
                raise UserError(f"RAY_AUTH_TOKEN_PATH: {path}: {error.strerror}") from None
        return cls(address, token, allow_unauthenticated)

    @classmethod
    def from_kept(cls, kept: Mapping[str, Any]) -> ExistingCluster:
        """Return the cluster of an `address`.

        Its token is taken from the environment: ``SWEEP_SECRET_<NAME>`` by the target's `name`, a
        `secret_file`, or what Ray itself looks at.

        Raises:
            UserError: a file cannot be read.
        """
        token = ""
        if name := kept.get("name"):
            token = secret_of(name, kept.get("secret_file", ""))
        if token:
            return cls(kept["address"], token, kept["allow_unauthenticated"])
        return cls.from_environment(kept["address"], kept["allow_unauthenticated"])

    def environment(self) -> dict[str, str]:
        """Return the environment of a process that speaks with it."""
        environment = quiet_environment()
        if self.address.startswith(LOOPBACK):
            environment |= ON_LOOPBACK  # else the driver would give itself another address
        if not self.token:
            return {**environment, "RAY_AUTH_MODE": "disabled"}
        return {**environment, "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": self.token}

    def open(self, wanted: int, resources: Resources, folder: Path) -> Opened:  # noqa: ARG002
        """Start a host here, which joins the cluster."""
        sockets = Path(tempfile.gettempdir()) / f"sweep-{secrets.token_hex(6)}"
        host = HostProcess(self.environment(), folder)
        return Opened(host, self.address, str(folder), str(sockets))

    def look(self) -> Sequence[str]:
        """Nothing: others look after it."""
        return ()

    def close(self) -> None:
        """Nothing: it is not ours."""

    def check(self) -> None:
        """See that the cluster is there, lets us in, and nobody who has no token.

        Raises:
            UserError: it lets anybody in, or not us, or its address is none.
            TargetError: it does not answer.
        """
        stranger = self._probe({**quiet_environment(), "RAY_AUTH_MODE": "disabled"})
        if "nodes" in stranger:
            if not self.allow_unauthenticated:
                raise UserError(
                    f"the Ray cluster at {self.address} lets anybody run anything on it: start it"
                    " with RAY_AUTH_MODE=token, or accept that: --allow-unauthenticated-ray"
                )
            return
        if not self.token:
            raise self._refusal(
                stranger, "set RAY_AUTH_TOKEN, or RAY_AUTH_TOKEN_PATH to a file with it"
            )
        answer = self._probe(self.environment())
        if "nodes" not in answer:
            raise self._refusal(answer, "the token in RAY_AUTH_TOKEN is not this cluster's")

    def nodes(self) -> int:
        """Return how many nodes it has on which runs can be.

        Raises:
            TargetError: it does not answer.
        """
        answer = self._probe(self.environment())
        if "usable" not in answer:
            raise self._silence(answer["text"])
        return int(answer["usable"])

    def _place(self) -> tuple[str, int]:
        host, _, port = self.address.rpartition(":")
        if not host or "/" in host or not port.isdecimal() or not 0 < int(port) < 1 << 16:
            raise UserError(
                f"expected host:port of a Ray cluster, as head.example:6379, got {self.address!r}"
            )
        return host.strip("[]"), int(port)

    def _refusal(self, answer: Mapping[str, Any], advice: str) -> Exception:
        if "auth" in f"{answer['error']} {answer['text']}".lower():
            return UserError(f"the Ray cluster at {self.address} does not let us in: {advice}")
        return self._silence(answer["text"])

    def _silence(self, why: str) -> TargetError:
        return TargetError(f"no Ray cluster answers at {self.address}: {why}")

    def _probe(self, environment: Mapping[str, str]) -> dict[str, Any]:
        try:  # Ray itself would try for half a minute where nobody listens
            socket.create_connection(self._place(), CONNECT_SECONDS).close()
        except OSError as error:
            raise self._silence(error.strerror or str(error)) from None
        command = [sys.executable, "-m", "sweep.compute.probe", self.address]
        try:
            done = subprocess.run(
                command, env=environment, capture_output=True, timeout=PROBE_SECONDS, check=False
            )
            answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        except subprocess.TimeoutExpired:
            return {"error": "Timeout", "text": f"nothing within {PROBE_SECONDS:g} s"}
        except (ValueError, IndexError):
            last = done.stderr.decode(errors="replace").strip().splitlines()
            return {"error": "Crash", "text": last[-1] if last else "the probe said nothing"}
        return answer
