"""Files that were tampered with, in a process whose time and memory are watched."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from benchmarks.fuzz import HANG, MEMORY, Fuzzer, JournalReader, Reader, peak
from benchmarks.mutate import BOMBS
from sweep.errors import ConfigError
from sweep.formats.findings import MOST
from sweep.formats.hdconfig import read_hdconfig
from sweep.formats.runconfig import read_runconfig


def fuzz(only: str, inputs: int) -> subprocess.CompletedProcess[str]:
    words = ["--only", only, "--inputs", str(inputs), "--seed", "1"]
    return subprocess.run(
        [sys.executable, "-m", "benchmarks.fuzz", *words],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("only", ["hdconfig.yml", "run.runconfig"])
def test_a_configuration_is_read_or_refused(only):
    ended = fuzz(only, 1_000)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    read, refused = (
        int(re.search(rf"([\d,]+)  {only} {word}", ended.stdout)[1].replace(",", ""))
        for word in ("read", "refused")
    )
    assert read > 50 < refused, "both are tried"


def test_a_journal_is_read_or_refused():
    ended = fuzz("sweep.db", 300)
    assert ended.returncode == 0, ended.stdout + ended.stderr


@pytest.mark.parametrize("read", [read_hdconfig, read_runconfig], ids=["hdconfig", "runconfig"])
@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_is_refused_at_once(bomb, read, place):
    file = place / "bomb.yml"
    file.write_bytes(BOMBS[bomb])
    try:
        read(file)
    except ConfigError as error:
        refusal = str(error)
    else:
        # To a run configuration a foreign key is not an error, and an empty file is one of them.
        assert read is read_runconfig
        return
    assert refusal.startswith("bomb.yml:") or str(file) in refusal
    assert "\x1b" not in refusal
    assert len(refusal.splitlines()) <= MOST + 1
    assert not (place / "pwned").exists(), "nothing in a file is carried out"


def test_bombs_take_little_memory():
    code = (
        "import contextlib, pathlib, tempfile\n"
        "from benchmarks.fuzz import MEMORY, peak\n"
        "from benchmarks.mutate import BOMBS\n"
        "from sweep.errors import ConfigError\n"
        "from sweep.formats.hdconfig import read_hdconfig\n"
        "file = pathlib.Path(tempfile.mkstemp()[1])\n"
        "for bomb in BOMBS.values():\n"
        "    file.write_bytes(bomb)\n"
        "    with contextlib.suppress(ConfigError):\n"
        "        read_hdconfig(file)\n"
        "    assert peak() < MEMORY, peak()\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


class TestTheFuzzer:
    """It sees what it looks for."""

    class Broken(Reader):
        def __init__(self, folder, error):
            super().__init__("broken", folder)
            self.error = error

        def spoil(self, rng):
            pass

        def read(self):
            if self.error is not None:
                raise self.error

    def test_a_traceback_is_a_bug_and_an_error_of_ours_is_none(self, place, monkeypatch):
        monkeypatch.setattr("benchmarks.fuzz.MEMORY", 1 << 40)  # the tests before took some
        fuzzer = Fuzzer(0)
        fuzzer.one(self.Broken(place, ConfigError("no")))
        fuzzer.one(self.Broken(place, None))
        assert (dict(fuzzer.counts), fuzzer.bugs) == ({"broken read": 1, "broken refused": 1}, {})
        for _ in range(2):
            fuzzer.one(self.Broken(place, KeyError("x")))
        assert len(fuzzer.bugs) == 1
        assert "KeyError" in next(iter(fuzzer.bugs))

    def test_a_sound_database_is_read(self, place):
        reader = JournalReader(place)
        reader.file.write_bytes((place / "sample.db").read_bytes())
        reader.read()

    def test_limits(self):
        assert HANG <= 5
        assert peak() > 20 << 20
        assert MEMORY == 200 << 20
