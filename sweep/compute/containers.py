"""Runs in containers, by docker or podman. Standard library only: it travels with the slot."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sweep.compute.compat import IMPORTABLE, TRACKING
from sweep.compute.environments import our_packages
from sweep.compute.out_of_sight import OF_A_MACHINE
from sweep.compute.overheard import VARIABLE

ENGINES = ("docker", "podman")
ASK_SECONDS = 20.0
"""Within which an engine must have answered."""
OURS = "/opt/hypersweep"
"""Where a script in a container finds what it imports of us."""
LABEL = "hypersweep"


class NoEngine(OSError):
    """There is no docker or podman that could run a container; the message says why."""


def engine() -> str:
    """Return the program that runs containers here, and answers.

    Raises:
        NoEngine: there is none, or it does not answer.
    """
    found = next(filter(None, map(shutil.which, ENGINES)), None)
    if found is None:
        raise NoEngine(f"there is no docker or podman on {os.uname().nodename}")
    try:
        done = subprocess.run(
            [found, "ps", "-q"], capture_output=True, timeout=ASK_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NoEngine(f"{found} on {os.uname().nodename}: {error}") from None
    if done.returncode:
        lines = done.stderr.decode(errors="replace").strip().splitlines() or ["it does not answer"]
        raise NoEngine(f"{found} on {os.uname().nodename}: {lines[-1]}")
    return found


def contained(
    order: Mapping[str, Any], program: str, sockets: Path, data: Mapping[str, str]
) -> dict[str, Any]:
    """Return an order for a container in place of a process.

    The environment is given by names, so no value of it is on a command line. The run's folder
    has the same path inside; `container` is the name by which it is removed.

    Args:
        order: of a run; its needs have `docker`: `image`, and `arguments` and `shm_size`.
        program: docker or podman.
        sockets: the slot's folder, through which it is heard.
        data: other paths by name.

    Raises:
        NoEngine: a path cannot be given to it.
    """
    asked, name = order["needs"]["docker"], f"hypersweep-{secrets.token_hex(8)}"
    folder = order["folder"]
    argv = [program, "run", "--rm", "--init", "--name", name]
    argv += ["--label", f"{LABEL}={owner()}", "--label", f"{LABEL}.slot={os.getpid()}"]
    if Path(program).name == "podman":
        argv += ["--userns=keep-id"]
    else:
        argv += ["--user", f"{os.getuid()}:{os.getgid()}"]
    if order["needs"].get("nodes", 1) > 1:
        argv += ["--network", "host"]
    if devices := os.environ.get("CUDA_VISIBLE_DEVICES"):
        argv += ["--gpus", f'"device={devices}"']
    if size := asked.get("shm_size"):
        argv += ["--shm-size", str(size)]
    places = [folder, str(sockets), *data.values()]
    argv += [word for path in dict.fromkeys(places) for word in _mount(path, path)]
    for path in our_packages():
        argv += _mount(str(path), f"{OURS}/{path.name}", ",ro")
    argv += ["--workdir", order.get("cwd") or folder]
    env = dict(order["env"])
    ours = (OURS, env.get("PYTHONPATH"), f"{OURS}/{IMPORTABLE.relative_to(IMPORTABLE.parents[2])}")
    env["PYTHONPATH"] = ":".join(filter(None, ours))
    passed = [name for name in env if not OF_A_MACHINE.fullmatch(name)]
    passed += [name for name in ("SWEEP_CHANNEL", TRACKING, VARIABLE) if name not in passed]
    argv += [word for name in passed for word in ("--env", name)]
    argv += [*asked.get("arguments", ()), asked["image"], *order["argv"]]
    return {**order, "env": env, "argv": argv, "container": [program, name]}


def remove(container: list[str]) -> None:
    """Remove a container, if it is still there."""
    program, name = container
    _quietly([program, "rm", "--force", name])


def clear(program: str) -> None:
    """Remove containers whose slots on this machine have been killed."""
    label = f"label={LABEL}={owner()}"
    form = '{{.ID}} {{.Label "' + LABEL + '.slot"}}'
    for line in _quietly([program, "ps", "--all", "--filter", label, "--format", form]):
        identity, _, pid = line.partition(" ")
        if identity and pid.isdecimal() and not Path(f"/proc/{pid}").exists():
            _quietly([program, "rm", "--force", identity])


def owner() -> str:
    """Return what this machine, since it was started, has to itself."""
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return f"{os.uname().nodename}:{boot}"


def _mount(source: str, target: str, more: str = "") -> list[str]:
    if "," in source or '"' in source:
        raise NoEngine(f"the path {source!r} cannot be given to a container: it has a comma in it")
    return ["--mount", f"type=bind,source={source},target={target}{more}"]


def _quietly(argv: list[str]) -> list[str]:
    """Return the lines that a program prints; none if it fails."""
    try:
        done = subprocess.run(argv, capture_output=True, timeout=ASK_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return []
    return done.stdout.decode(errors="replace").splitlines()
