"""Runs on nodes that do not see our files, with a real Ray."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sweep.api.tune import pickled
from sweep.compute import delivery
from sweep.compute.cluster import Host, LocalRay, Opened
from sweep.compute.ray_target import RayTarget
from sweep.compute.resources import Resources
from sweep.compute.target import (
    Call,
    Function,
    Message,
    NodeIs,
    Notice,
    Process,
    RunEnded,
    RunLost,
    RunOrder,
    RunStarted,
    SlotsAre,
)
from sweep.storage import snapshot

pytestmark = pytest.mark.ray
LIST = """
    import hashlib, json, os
    found = {}
    for folder, folders, files in os.walk("."):
        for name in files + folders:
            path = os.path.join(folder, name)
            if os.path.islink(path):
                found[path] = os.readlink(path)
            elif os.path.isfile(path) and not path.startswith("./user_logs/"):
                content = open(path, "rb").read()
                found[path] = [hashlib.sha256(content).hexdigest(), os.access(path, os.X_OK)]
    with open("outputs/list.json", "w") as file:
        json.dump(found, file)
    with open("outputs/place.txt", "w") as file:
        file.write(os.getcwd() + " " + os.environ["SWEEP_RUN_FOLDER"])
"""


class Elsewhere:
    """A host that is told a probe which does not fit the file: its slots do not see ours."""

    def __init__(self, host: Host, asked: list[dict[str, Any]]) -> None:
        self._host = host
        self._asked = asked

    def tell(self, **order: Any) -> None:
        if order["do"] == "open":
            order["probe"] = {**order["probe"], "text": "of another machine"}
        self._host.tell(**order)

    def hear(self, timeout: float) -> list[dict[str, Any]]:
        said = self._host.hear(timeout)
        self._asked += [s for s in said if s["k"] == "want" and s["part"] == "data"]
        return said

    def __getattr__(self, name: str) -> Any:
        return getattr(self._host, name)


class Away(LocalRay):
    """A Ray whose slots see another file system, as far as they know."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[dict[str, Any]] = []

    def open(self, wanted: int, resources: Resources, folder: Path) -> Opened:
        opened = super().open(wanted, resources, folder)
        return replace(opened, host=Elsewhere(opened.host, self.asked))


class There:
    """A target with two slots elsewhere, and what it has said."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.cluster = Away()
        self.target = RayTarget(Resources(2, 0, 1, 0), folder / "ray", cluster=self.cluster)
        self.heard: list[Message] = []
        self.number = 0

    def until(self, done: Callable[[], Any]) -> None:
        until = time.monotonic() + 60
        while not done():
            assert time.monotonic() < until, self.heard
            self.heard += self.target.poll(0.2)

    def wait(self, kind: type[Message], run: int) -> Any:
        found: list[Message] = []

        def come() -> bool:
            found.extend(m for m in self.heard if isinstance(m, kind) and m.run == run)
            return bool(found)

        self.until(come)
        return found[0]

    def launch(self, code: str, tree: str = "", **env: str) -> tuple[int, Path]:
        run, self.number = self.number, self.number + 1
        folder = self.folder / "runs" / str(run)
        process = Process(
            argv=[sys.executable, "-S", "-c", textwrap.dedent(code)],
            env={
                "PATH": os.environ["PATH"],
                "SWEEP_RUN_ID": f"{self.folder}_{run}",
                "SWEEP_RUN_FOLDER": str(folder),
                **env,
            },
            folder=str(folder),
            tree=tree,
        )
        self.target.launch(RunOrder(run, 1, {}, process))
        return run, folder


def train(run, x):
    run.log("score", x)
    sys.stdout.write("training\n")
    (Path(run.folder) / "models").mkdir()
    (Path(run.folder) / "models" / "best").write_text(str(x))


def test_calls_bring_back_all_that_they_write(tmp_path):
    function = Function(pickled(train), "score", {**os.environ, "SWEEP_RUN_ID": "t"}, "/nowhere")
    target = RayTarget(Resources(1, 0, 1, 0), tmp_path / "ray", function, Away())
    target.open(1)
    try:
        heard: list[Message] = []
        until = time.monotonic() + 60
        for number in range(3):
            folder = tmp_path / "runs" / str(number)
            target.launch(RunOrder(number, 1, {"x": number}, Call(str(number), str(folder))))
        while sum(isinstance(m, RunEnded) for m in heard) < 3:
            assert time.monotonic() < until, heard
            heard += target.poll(1.0)
        assert [m.error for m in heard if isinstance(m, RunEnded)] == ["", "", ""]
        for number in range(3):
            folder = tmp_path / "runs" / str(number)
            assert (folder / "models" / "best").read_text() == str(number)
            assert (folder / "user_logs" / "std_log.txt").read_text() == "training\n"
            assert {p.name for p in folder.iterdir()} <= {"models", "user_logs"}
    finally:
        target.close()


@pytest.fixture(scope="module")
def there(tmp_path_factory) -> Iterator[There]:
    made = There(tmp_path_factory.mktemp("t"))
    made.target.open(2)
    try:
        made.until(lambda: any(isinstance(m, SlotsAre) and m.slots == 2 for m in made.heard))
        yield made
    finally:
        made.target.close()


def test_a_snapshot_arrives_byte_for_byte_and_once(there, tmp_path):
    source = tmp_path / "source"
    (source / "data" / "deep er" / "ü").mkdir(parents=True)
    (source / "train.py").write_text("pass")
    (source / "empty").touch()
    (source / "data" / "deep er" / "ü" / "large").write_bytes(os.urandom(3_000_001))
    (source / "run.sh").write_text("#!/bin/sh")
    (source / "run.sh").chmod(0o755)
    (source / "data" / "shortcut").symlink_to("deep er/ü")
    shot = snapshot.take(source, tmp_path / "store")
    there.cluster.asked.clear()
    runs = [there.launch(LIST, str(shot.tree)) for _ in range(2)]
    assert [there.wait(RunEnded, run).code for run, _ in runs] == [0, 0], there.heard
    expected = {
        "./data/shortcut": "deep er/ü",
        **{
            f"./{path.relative_to(source)}": [
                hashlib.sha256(path.read_bytes()).hexdigest(),
                os.access(path, os.X_OK),
            ]
            for path in source.rglob("*")
            if path.is_file()
        },
    }
    for _, folder in runs:
        assert json.loads((folder / "outputs" / "list.json").read_text()) == expected
        place, told = (folder / "outputs" / "place.txt").read_text().split(" ")
        assert place == told
        assert not Path(place).is_relative_to(there.folder)
    assert len({asked["slot"] for asked in there.cluster.asked}) == 1, "once for the node"
    assert {p.name for p in runs[0][1].iterdir()} == set(delivery.FOLDERS)
    there.cluster.asked.clear()
    run, _ = there.launch(LIST, str(shot.tree))
    assert there.wait(RunEnded, run).code == 0
    assert there.cluster.asked == []


def test_outputs_come_back_while_a_run_goes_on_and_are_whole_at_its_end(there):
    run, folder = there.launch("""
        import os, signal, sys, time
        def end(*_):
            log.write("last words\\n")
            log.flush()
            open("outputs/model.bin", "wb").write(b"new" * 1_000_000)
            os.remove("outputs/old")
            print("bye")
            sys.stdout.flush()
            os._exit(0)
        signal.signal(signal.SIGTERM, end)
        log = open("logs/train.log", "w")
        log.write("first words\\n")
        log.flush()
        open("outputs/model.bin", "wb").write(b"first" * 1_000_000)
        open("outputs/old", "w").write("old")
        print("hello", flush=True)
        while True:
            time.sleep(1000)
    """)
    outputs = folder / "outputs"
    there.until(lambda: (outputs / "old").exists() and (outputs / "model.bin").exists())
    there.until(lambda: (folder / "user_logs" / "std_log.txt").exists())
    assert (outputs / "model.bin").read_bytes() == b"first" * 1_000_000
    there.target.stop(run, 1, 30)
    assert there.wait(RunEnded, run).stopped
    assert (outputs / "model.bin").read_bytes() == b"new" * 1_000_000
    assert not (outputs / "old").exists()
    assert (folder / "logs" / "train.log").read_text() == "first words\nlast words\n"
    assert (folder / "user_logs" / "std_log.txt").read_text() == "hello\nbye\n"


def test_a_later_attempt_has_the_outputs_of_the_earlier(there, tmp_path):
    earlier = tmp_path / "earlier" / "outputs"
    earlier.mkdir(parents=True)
    (earlier / "checkpoint").write_text("epoch 3")
    run, folder = there.launch(
        """
        import os
        text = open(os.environ["SWEEP_RESUME_FROM"] + "/checkpoint").read()
        open("outputs/found", "w").write(text)
        """,
        SWEEP_RESUME_FROM=str(earlier),
    )
    assert there.wait(RunEnded, run).code == 0
    assert (folder / "outputs" / "found").read_text() == "epoch 3"


def test_links_out_of_the_run_do_not_come_back(there, tmp_path):
    (tmp_path / "secret").write_text("secret")
    run, folder = there.launch(f"""
        import os
        open("outputs/best", "w").write("model")
        os.symlink("best", "outputs/latest")
        os.symlink({str(tmp_path / "secret")!r}, "outputs/out")
        os.symlink({str(tmp_path)!r}, "outputs/folder")
        os.mkfifo("outputs/pipe")
    """)
    assert there.wait(RunEnded, run).code == 0
    assert {p.name for p in (folder / "outputs").iterdir()} == {"best", "latest"}
    assert (folder / "outputs" / "latest").read_text() == "model"
    assert not (folder / "outputs" / "latest").is_symlink()


def test_a_tree_that_no_run_has_is_not_given_away(there, tmp_path):
    run, _ = there.launch("pass", str(tmp_path / "no"))
    ended = there.wait(RunEnded, run)
    assert ended.kind == "start"
    assert "no" in ended.error


def test_what_a_node_is_can_be_read(there):
    (node,) = {m.name: m for m in there.heard if isinstance(m, NodeIs)}.values()
    assert node.facts["cpus"] == len(os.sched_getaffinity(0))
    assert node.facts["packages"]["ray"]
    run, _ = there.launch("pass")
    assert there.wait(RunStarted, run).facts["node"] == node.name
    there.wait(RunEnded, run)


def test_what_has_come_stays_when_the_connection_is_lost(there):
    run, folder = there.launch("""
        import os, time
        open("outputs/checkpoint", "w").write("epoch 1")
        while True:
            time.sleep(1000)
    """)
    there.until(lambda: (folder / "outputs" / "checkpoint").exists())
    for pid in there.target.processes():
        if Path(f"/proc/{pid}/cmdline").read_bytes().startswith((b"ray::Slot", b"ray::NearSlot")):
            os.kill(pid, signal.SIGKILL)
    there.wait(RunLost, run)
    assert (folder / "outputs" / "checkpoint").read_text() == "epoch 1"
    assert not (folder / ".arriving").exists()
    there.until(lambda: any(isinstance(m, Notice) and "is gone" in m.text for m in there.heard))
