"""Environments with packages of their own: each is made once on a node, and kept.

Below the user's folder for caches::

    hypersweep/environments/
      <id>             leads to the folder of an environment that is whole
      <id>.<random>/   that folder; nothing leads to one that is half made
      <id>.lock        held by the slot that makes it, while the others on the node wait
      <id>.log         what conda, uv or pip have said

Standard library only: it travels with the slot.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sweep.compute.node_files import base, waited_for
from sweep.compute.packages import BESIDES, fits, requirements, shown, split_conda

KEPT_SECONDS = 30 * 86400.0
"""An environment that no run has used for so long is taken away."""
NOTICE_SECONDS = 15.0
"""Between two words of how far it has come."""
TAIL_LINES = 6
"""Of what a program has said that failed."""
CONDAS = ("micromamba", "mamba", "conda")
OURS = ("sweep", "samplers", "policies")
"""What a script imports of us."""
SECRET_FREE_PREFIXES = ("RAY_", "SWEEP_", "CONDA_", "VIRTUAL_ENV", "PYTHONHOME", "PYTHONPATH")
"""Variables that would lead the programs that install astray, or are none of their business."""

Run = Callable[[Sequence[str], Mapping[str, str], Path], Awaitable[int]]
"""Executes a program to its end, and ends it when it is cancelled: arguments, environment, and a
file for its output; returns its exit code."""


class Unmet(OSError):
    """Something that every run needs cannot be had on this node; the message says what."""


@dataclass(frozen=True, slots=True)
class Tool:
    """What makes environments here.

    Attributes:
        kind: conda, uv or pip.
        program: of conda or uv; of pip, the Python to start from.
        python: what the environment's Python is, for its id.
    """

    kind: str
    program: str
    python: str


def home() -> Path:
    """Return this user's folder for environments; nobody else can write there."""
    caches = os.environ.get("XDG_CACHE_HOME") or os.environ.get("HOME") or str(base())
    path = Path(caches) / ("" if "XDG_CACHE_HOME" in os.environ else ".cache")
    path = path / "hypersweep" / "environments"
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


async def environment(
    packages: Mapping[str, Any], run: Run, notice: Callable[[str], None]
) -> Path:
    """Return the folder of an environment with these packages; it is made if there is none.

    Args:
        packages: `name`, `channels`, and what `conda` and `pip` are to install.
        run: executes programs.
        notice: tells the user how far it has come.

    Raises:
        Unmet: it cannot be made.
    """
    root = home()
    try:
        tool = await asyncio.to_thread(choose, packages)
        if tool.kind != "conda":
            requirements(packages)
    except ValueError as error:
        raise Unmet(f"the environment {packages['name']}: {error}") from None
    name = identity(packages, tool)
    place = root / name
    if not place.is_dir():
        async with waited_for(root / f"{name}.lock"):
            if not place.is_dir():
                await _make(packages, tool, place, run, notice)
    with contextlib.suppress(OSError):
        os.utime(place)
    return place.resolve()


def variables(prefix: Path, env: Mapping[str, str]) -> dict[str, str]:
    """Return the environment variables of a run with those that lead to an environment."""
    path = env.get("PATH") or os.defpath
    found = {name: value for name, value in env.items() if name != "PYTHONHOME"}
    return {**found, "PATH": f"{prefix / 'bin'}:{path}", "VIRTUAL_ENV": str(prefix)}


def choose(packages: Mapping[str, Any]) -> Tool:
    """Return what is to make an environment here.

    Raises:
        Unmet: the Python that is asked for is not here.
    """
    names = dict(map(split_conda, packages["conda"]))
    wanted = names.get("python", "")
    conda = next(filter(None, map(shutil.which, CONDAS)), None)
    if conda and names.keys() - set(BESIDES):
        return Tool("conda", conda, wanted)
    uv = shutil.which("uv")
    if uv and not fits(_version(), wanted):
        return Tool("uv", uv, wanted)
    for program, version in _pythons(wanted):
        if fits(version, wanted):
            return Tool("uv", uv, program) if uv else Tool("pip", program, version)
    if conda:
        return Tool("conda", conda, wanted)
    raise Unmet(
        f"the environment {packages['name']} asks for Python {wanted} and {_host()} has"
        f" {_version()}: install that Python there, or uv, which fetches it, or change the pin"
    )


def identity(packages: Mapping[str, Any], tool: Tool) -> str:
    """Return the id of an environment: what would be made anew has another."""
    asked = {name: packages[name] for name in ("channels", "conda", "pip")}
    parts = [asked, tool.kind, tool.python, os.uname().machine, *_our_texts()]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]


async def _make(
    packages: Mapping[str, Any],
    tool: Tool,
    place: Path,
    run: Run,
    notice: Callable[[str], None],
) -> None:
    """Make an environment where nobody looks for one, and lead to it when it is whole."""
    began, log = time.monotonic(), place.with_name(f"{place.name}.log")
    for folder in place.parent.glob(f"{place.name}.*"):  # what one that died has left
        if folder.is_dir():
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=f"{place.name}.", dir=place.parent))
    log.write_bytes(b"")
    telling = asyncio.create_task(_tell(packages, tool, log, notice))
    try:
        for argv in commands(packages, tool, folder):
            _check(packages, argv, await run(argv, _variables(), log), log)
        await asyncio.to_thread(_add_ours, folder)
        link = folder.with_name(f"{folder.name}.link")
        link.symlink_to(folder.name)
        link.replace(place)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    finally:
        telling.cancel()
        for kind in ("txt", "json"):  # addresses in it may hold secrets
            folder.with_name(f"{folder.name}.{kind}").unlink(missing_ok=True)
    notice(f"the environment {packages['name']} is there after {time.monotonic() - began:.0f} s")
    await asyncio.to_thread(_clear, place.parent)


def commands(packages: Mapping[str, Any], tool: Tool, folder: Path) -> Iterator[list[str]]:
    """Yield what makes an environment, step by step, with the files that it needs."""
    python = str(folder / "bin" / "python")
    if tool.kind == "conda":
        file = folder.with_name(f"{folder.name}.json")  # every JSON file is a YAML file
        dependencies = [
            *packages["conda"],
            *([{"pip": packages["pip"]}] if packages["pip"] else []),
        ]
        about = {"channels": packages["channels"], "dependencies": dependencies}
        file.write_text(json.dumps(about))
        create = ["create", "-y"] if tool.program.endswith("micromamba") else ["env", "create"]
        yield [tool.program, *create, "-p", str(folder), "-f", str(file)]
        return
    wanted = folder.with_name(f"{folder.name}.txt")
    wanted.write_text("".join(f"{line}\n" for line in requirements(packages)))
    if tool.kind == "uv":
        yield [tool.program, "venv", "--python", tool.python or sys.executable, str(folder)]
        yield [tool.program, "pip", "install", "--python", python, "-r", str(wanted)]
    else:
        yield [tool.program, "-I", "-m", "venv", str(folder)]
        quiet = ["--no-input", "--disable-pip-version-check", "--no-color", "--progress-bar=off"]
        yield [python, "-I", "-m", "pip", "install", *quiet, "-r", str(wanted)]


async def _tell(
    packages: Mapping[str, Any], tool: Tool, log: Path, notice: Callable[[str], None]
) -> None:
    name, what = packages["name"], shown([*packages["conda"], *packages["pip"]])
    notice(f"the environment {name} is made on {_host()} by {tool.kind}: {what}")
    conda = [word for word in packages["conda"] if split_conda(word)[0] not in BESIDES]
    if conda and tool.kind != "conda":
        notice(f"conda is not on {_host()}: pip installs {shown(conda)} under the same names")
    if len(requirements(packages)) < len(conda) + len(packages["pip"]):
        notice("azureml-defaults is left out: `from sweep import Run` works without it")
    began = time.monotonic()
    while True:
        await asyncio.sleep(NOTICE_SECONDS)
        last = (_tail(log, 1) or ["it has said nothing yet"])[0]
        notice(f"the environment {name}: {time.monotonic() - began:.0f} s; {last:.120}")


def _check(packages: Mapping[str, Any], argv: Sequence[str], code: int, log: Path) -> None:
    if code == 0:
        return
    program = "pip" if "pip" in argv else Path(argv[0]).name
    last = "".join(f"\n  {line}" for line in _tail(log, TAIL_LINES))
    raise Unmet(
        f"the environment {packages['name']} cannot be made on {_host()}: {program} ended with"
        f" {code}{last}\n  (all of it: {log}; --ignore-environment runs without its packages)"
    )


def _tail(log: Path, count: int) -> list[str]:
    with log.open("rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - 8192))
        text = file.read().decode(errors="replace")
    return [line.rstrip() for line in text.splitlines() if line.strip()][-count:]


def _variables() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if not k.startswith(SECRET_FREE_PREFIXES)}


def _version() -> str:
    return sys.version.split()[0]


def _host() -> str:
    return os.uname().nodename


def _pythons(wanted: str) -> Iterator[tuple[str, str]]:
    """Yield Pythons that are here, with their versions: ours first."""
    yield sys.executable, _version()
    if fits(_version(), wanted):
        return
    for minor in range(20, 5, -1):
        if found := shutil.which(f"python3.{minor}"):
            ask = [found, "-I", "-c", "import sys; print(sys.version.split()[0])"]
            with contextlib.suppress(OSError, subprocess.SubprocessError):
                answer = subprocess.run(ask, capture_output=True, timeout=20, check=True)
                yield found, answer.stdout.decode().strip()


def our_packages() -> Iterator[Path]:
    """Yield the folders of what a script imports of us, as far as they are here."""
    for name in OURS:
        found = importlib.util.find_spec(name)
        if found is not None and found.origin:
            yield Path(found.origin).parent


def _our_texts() -> Iterator[str]:
    for folder in our_packages():
        for file in sorted((folder / "script").glob("*.py")):
            yield file.read_text()


def _add_ours(folder: Path) -> None:
    """Copy what a script imports of us, as far as it is here, beside the packages."""
    for place in folder.glob("lib/python3*/site-packages"):
        for ours in our_packages():
            if not (place / ours.name).exists():  # else it was asked for by name
                skip = shutil.ignore_patterns("__pycache__")
                shutil.copytree(ours, place / ours.name, ignore=skip)


def _clear(root: Path) -> None:
    """Take away environments that nobody has used for long."""
    long_ago = time.time() - KEPT_SECONDS
    for link in [*root.iterdir()]:
        with contextlib.suppress(OSError):
            if link.is_symlink() and link.stat().st_mtime < long_ago:
                folder = link.resolve()
                link.unlink()
                shutil.rmtree(folder, ignore_errors=True)
