"""Makes an environment of its own for us on another machine; runs there, and only there.

``python -I bootstrap.py FOLDER REQUIREMENT...``: FOLDER gets `src` (our packages, unpacked
beside this file before), `env` (a virtual environment with the requirements), `log.txt`, and at
the very end `python`, which starts the environment's interpreter: where that is, all is there.
Packages come from wherever pip there takes them. Says JSON objects, one a line: ``{"k": "step",
"text": ...}``, ``{"k": "failed", "why": ...}``, ``{"k": "done"}``. Standard library only.
"""

from __future__ import annotations

import fcntl
import json
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

OLDEST = (3, 10)
NO_INDEX = ("NewConnectionError", "name resolution", "Connection refused", "timed out")


class Failed(Exception):
    """A step cannot be done; the message says why."""


class Maker:
    """One environment in the making."""

    def __init__(self, folder: Path, requirements: Sequence[str]) -> None:
        self._folder = folder
        self._requirements = requirements
        self._env = folder / "env"
        self._log = folder / "log.txt"

    def make(self, source: Path) -> None:
        """Do all steps, unless somebody else has done them before.

        Raises:
            Failed: a step cannot be done.
        """
        launcher = self._folder / "python"
        if not launcher.exists():
            shutil.rmtree(self._env, ignore_errors=True)  # of an attempt that was cut off
            shutil.rmtree(self._folder / "src", ignore_errors=True)
            source.rename(self._folder / "src")
            self._log.write_text("")
            say(k="step", text=f"a virtual environment with Python {sys.version.split()[0]}")
            self._virtual_environment()
            say(k="step", text=f"pip install {' '.join(self._requirements)}")
            self._install()
            (site,) = self._env.glob("lib/python3*/site-packages")
            (site / "hypersweep.pth").write_text(f"{self._folder / 'src'}\n")
            interpreter = shlex.quote(str(self._env / "bin/python"))
            new = self._folder / "python.new"
            new.write_text(f'#!/bin/sh\nexec {interpreter} "$@"\n')
            new.chmod(0o755)
            new.rename(launcher)

    def _virtual_environment(self) -> None:
        if sys.version_info < OLDEST:
            raise Failed(f"Python 3.10 or newer is needed, and there is {sys.version.split()[0]}")
        if self._run([sys.executable, "-m", "venv", str(self._env)]):
            return
        uv = shutil.which("uv")
        shutil.rmtree(self._env, ignore_errors=True)
        if not uv or not self._run(
            [uv, "venv", "--seed", "--python", sys.executable, str(self._env)]
        ):
            minor = f"{sys.version_info[0]}.{sys.version_info[1]}"
            raise Failed(
                f"{sys.executable} there cannot make a virtual environment: install its venv"
                f" module (Debian and Ubuntu: python{minor}-venv), or uv"
            )

    def _install(self) -> None:
        pip = [str(self._env / "bin/python"), "-m", "pip", "--disable-pip-version-check"]
        if self._run([*pip, "install", "--no-input", *self._requirements]):
            return
        text = self._log.read_text(errors="replace")
        if any(words in text for words in NO_INDEX):
            raise Failed("pip there reaches no package index: it needs a network, or a pip.conf")
        errors = [line for line in text.splitlines() if line.startswith("ERROR")]
        raise Failed(f"pip there: {errors[-1] if errors else 'it failed'}")

    def _run(self, command: Sequence[str]) -> bool:
        with self._log.open("a") as log:
            log.write(f"$ {shlex.join(command)}\n")
            log.flush()
            done = subprocess.run(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=False
            )
        return done.returncode == 0


def say(**facts: object) -> None:
    """Tell those who wait."""
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Make the environment; nobody else does at the same time."""
    folder, source = Path(sys.argv[1]).absolute(), Path(__file__).absolute().parent.parent.parent
    try:
        with (folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            Maker(folder, sys.argv[2:]).make(source)
        say(k="done")
    except (Failed, OSError) as error:
        say(k="failed", why=f"{error} (its log: {folder / 'log.txt'})")
    finally:
        shutil.rmtree(source, ignore_errors=True)  # where it was not used


if __name__ == "__main__":
    main()
