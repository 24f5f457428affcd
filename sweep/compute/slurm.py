"""Nodes of a pool as jobs of Slurm: one node, one job.

The jobs' names begin with the pool's own, so that a keeper finds again what an earlier one, which
was killed, has left in the queue. A job that Slurm puts back into its queue joins again when it
runs again. Before its time is over Slurm says so, and the node leaves in order: see
`sweep.compute.slurm_node`.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sweep.compute.providers import Site, named_address
from sweep.errors import ConfigError, TargetError, UserError

TOOLS = ("sbatch", "squeue", "scancel")
PATIENCE = 30.0
"""Seconds, of one command."""
LOOK_SECONDS = 2.0
"""Between two looks at the queue."""
CLOSING = 30.0
"""Seconds in which the jobs must have left the queue."""
WARNING = 60
"""Seconds before its time is over in which a node leaves."""
SCRIPT = '#!/bin/sh\nexec "$SWEEP_PYTHON" -m sweep.compute.slurm_node "$SWEEP_NODE"\n'
"""Nothing is put into it: what differs from node to node comes through the environment."""
EXPORTED = ("HOME", "LANG", "LD_LIBRARY_PATH", "LOGNAME", "PATH", "PYTHONPATH", "USER")
OPTIONS = {"partition": str, "account": str, "qos": str, "time_minutes": int, "address": str}
"""What a user may say, and of what type it is; `time_minutes` is of a job."""


class SlurmProvider:
    """Nodes that Slurm grants.

    Args:
        site: what they join and offer; its folder must be there on every node.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._jobs: dict[str, str] = {}  # node: job
        self._ended: dict[str, str] = {}
        self._to_cancel: set[str] = set()  # until Slurm has heard of it
        self._next_look = 0.0
        self._prefix = f"sweep-{site.pool}-"
        self._cancel(self._queue())

    @staticmethod
    def address(options: Mapping[str, Any]) -> str:
        """Return where the head listens: the address of this machine that its name stands for."""
        return named_address(options)

    @staticmethod
    def check(options: Mapping[str, Any]) -> None:
        """Refuse what Slurm would not understand, and a Slurm that does not answer.

        Raises:
            ConfigError: an option is not one.
            UserError: there is no Slurm here.
            TargetError: its controller does not answer; the message is what it says.
        """
        for key, value in options.items():
            if key not in OPTIONS:
                raise ConfigError(f"Slurm option {key!r}: there is {', '.join(OPTIONS)}")
            if not isinstance(value, OPTIONS[key]):
                raise ConfigError(f"Slurm option {key}: expected {OPTIONS[key].__name__}")
        missing = [tool for tool in TOOLS if shutil.which(tool) is None]
        if missing:
            raise UserError(f"Slurm's {', '.join(missing)} not found: a pool needs its commands")
        _slurm(["squeue", "--me", "--noheader"])

    def launch(self, name: str) -> None:
        """Submit a job.

        Raises:
            TargetError: Slurm does not take it.
        """
        folder = self._site.folder / name
        folder.mkdir(mode=0o700)
        plain = asdict(self._site)
        kept = {k: plain[k] for k in ("head", "cpus", "gpus", "pool")}
        kept |= {"name": name, "token": str(self._site.token)}
        public = {k: v for k, v in self._site.environment.items() if k.startswith("RAY_")}
        del public["RAY_AUTH_TOKEN"]
        kept["environment"] = public
        (folder / "node.json").write_text(json.dumps(kept))
        environment = {
            **os.environ,
            "SWEEP_PYTHON": sys.executable,
            "SWEEP_NODE": str(folder),
        }
        exported = [*(n for n in EXPORTED if n in environment), "SWEEP_PYTHON", "SWEEP_NODE"]
        command = [
            "sbatch",
            "--parsable",
            f"--job-name={self._prefix}{name}",
            f"--output={folder / 'node.log'}",
            "--open-mode=append",
            f"--chdir={folder}",
            f"--export={','.join(exported)}",
            "--requeue",
            f"--signal=B:USR1@{WARNING}",
            "--nodes=1",
            "--ntasks=1",
            f"--cpus-per-task={max(1, int(self._site.cpus))}",
            *self._asked(),
        ]
        self._jobs[name] = _slurm(command, SCRIPT, environment).split(";")[0].strip()

    def _asked(self) -> Sequence[str]:
        options = dict(self._site.options)
        options.pop("address", None)
        minutes = options.pop("time_minutes", None)
        asked = [f"--{key}={value}" for key, value in options.items()]
        if minutes is not None:
            asked.append(f"--time={minutes}")
        if self._site.gpus:
            asked.append(f"--gpus-per-node={int(self._site.gpus)}")
        return asked

    def ended(self) -> Mapping[str, str]:
        """Return the nodes whose jobs have left the queue."""
        if self._jobs and time.monotonic() >= self._next_look:
            self._next_look = time.monotonic() + LOOK_SECONDS
            try:
                there = self._queue()
                self._cancel(self._to_cancel & there)
                self._to_cancel.clear()
            except TargetError:  # its controller is away; what runs goes on, and it comes back
                there = set(self._jobs.values())
            for name, job in [*self._jobs.items()]:
                if job not in there:
                    del self._jobs[name]
                    self._ended[name] = f"Slurm job {job} has ended{self._last_words(name)}"
        ended, self._ended = self._ended, {}
        return ended

    def leaving(self) -> Mapping[str, float]:
        """Return the nodes that have said that their time is nearly over."""
        found = {}
        for name in self._jobs:
            try:
                until = float((self._site.folder / name / "leaving").read_text())
            except (OSError, ValueError):
                continue
            found[name] = max(0.0, round(until - time.time(), 1))
        return found

    def terminate(self, name: str) -> None:
        """Cancel a job."""
        if job := self._jobs.get(name):
            self._to_cancel.add(job)
            self._next_look = 0.0

    def describe(self, name: str) -> Mapping[str, Any]:
        """Return its job."""
        return {"job": self._jobs[name]} if name in self._jobs else {}

    def close(self) -> None:
        """Cancel all jobs, and wait until they have left the queue."""
        until = time.monotonic() + CLOSING
        with contextlib.suppress(TargetError):  # the next keeper finds them
            self._cancel(self._queue())
            while self._queue() and time.monotonic() < until:
                time.sleep(LOOK_SECONDS / 10)

    def _queue(self) -> set[str]:
        """Return the jobs of this pool that are in the queue."""
        listed = _slurm(["squeue", "--me", "--noheader", "--format=%i|%j"])
        jobs = [line.strip().split("|", 1) for line in listed.splitlines()]
        return {job for job, name in jobs if name.startswith(self._prefix)}

    @staticmethod
    def _cancel(jobs: Collection[str]) -> None:
        if jobs:
            _slurm(["scancel", *jobs])

    def _last_words(self, name: str) -> str:
        try:
            lines = (self._site.folder / name / "node.log").read_text(errors="replace")
        except OSError:
            return ""
        last = lines.strip().splitlines()[-1:]
        return f": {last[0]}" if last else ""


def _slurm(
    command: Sequence[str], text: str = "", environment: Mapping[str, str] | None = None
) -> str:
    """Run one of Slurm's commands and return what it prints.

    Raises:
        TargetError: it fails; the message is what it says.
    """
    try:
        done = subprocess.run(
            [*command],
            input=text,
            env=None if environment is None else dict(environment),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise TargetError(f"{command[0]}: no answer within {PATIENCE:g} s") from None
    except OSError as error:
        raise TargetError(f"{command[0]}: {error.strerror}") from None
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise TargetError(f"{command[0]}: {said[-1] if said else f'exit {done.returncode}'}")
    return done.stdout


def kept_node(folder: Path) -> dict[str, Any]:
    """Return what `launch` has written down for the job."""
    kept: dict[str, Any] = json.loads((folder / "node.json").read_text())
    return kept
