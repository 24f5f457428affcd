"""Runs in containers: what docker is told, and that nothing of them stays."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sweep.compute import containers
from sweep.compute.containers import LABEL, NoEngine, clear, contained, engine
from sweep.compute.spread import LAUNCHER
from tests.compute import docker_engine
from tests.compute.docker_engine import Container, Engine
from tests.compute.test_slot import SOURCES, Bench, in_slot

NEEDS = {
    "docker": {"image": "r.example/mine:1", "arguments": ["--memory", "1g"], "shm_size": "2g"}
}


@pytest.fixture
def docker(short, monkeypatch) -> Iterator[Engine]:
    """An engine that is the only program on the PATH."""
    monkeypatch.setenv("PATH", str(short))
    (short / "python").symlink_to(sys.executable)
    with docker_engine.running(short) as running:
        yield running


def order(**more: object) -> dict[str, object]:
    env = {"PATH": "/bin", "HOME": "/h", "TOKEN": "hunter2", "SWEEP_RUN_ID": "r"}
    return {"needs": NEEDS, "env": env, "argv": ["python", "x.py"], "folder": "/f", **more}


class TestWords:
    def test_everything_that_docker_is_told(self, monkeypatch):
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
        found = contained(order(), "/bin/docker", Path("/s"), {"images": "/d"})
        name = found["container"][1]
        argv = found["argv"]
        package = Path(containers.__file__).parent.parent
        assert argv[:5] == ["/bin/docker", "run", "--rm", "--init", "--name"]
        assert argv[5] == name
        assert ["--user", f"{os.getuid()}:{os.getgid()}"] == argv[10:12]
        words = " ".join(argv)
        for path in ("/f", "/s", "/d"):
            assert f"--mount type=bind,source={path},target={path} " in words
        assert f"source={package},target=/opt/hypersweep/sweep,ro" in words
        names = ("TOKEN", "SWEEP_RUN_ID", "PYTHONPATH", "SWEEP_CHANNEL")
        names += ("MLFLOW_TRACKING_URI", "SWEEP_METRICS_FILE")
        passed = [word for name in names for word in ("--env", name)]
        tail = ["--memory", "1g", "r.example/mine:1", "python", "x.py"]
        assert argv[argv.index("--workdir") :] == ["--workdir", "/f", *passed, *tail]
        assert "hunter2" not in words
        assert "--env PATH" not in words
        assert found["env"]["TOKEN"] == "hunter2"

    def test_gpus_and_other_nodes(self, monkeypatch):
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1,3")
        needs = {**NEEDS, "nodes": 2}
        argv = contained(order(needs=needs), "/bin/podman", Path("/s"), {})["argv"]
        assert argv[argv.index("--gpus") + 1] == '"device=1,3"'
        assert argv[argv.index("--network") + 1] == "host"
        assert "--userns=keep-id" in argv
        assert "--user" not in argv

    def test_a_path_that_cannot_be_given(self):
        with pytest.raises(NoEngine, match="'/a,b' cannot be given to a container"):
            contained(order(folder="/a,b"), "docker", Path("/s"), {})


class TestEngine:
    def test_there_is_none(self, monkeypatch, tmp_path):
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(NoEngine, match="there is no docker or podman on"):
            engine()

    def test_it_does_not_answer(self, monkeypatch, tmp_path):
        monkeypatch.setenv("PATH", str(tmp_path))
        with docker_engine.running(tmp_path):
            assert engine() == str(tmp_path / "docker")
        with pytest.raises(NoEngine, match="Cannot connect to the Docker daemon"):
            engine()

    def test_containers_of_dead_slots_are_removed(self, docker, short):
        dead = subprocess.Popen([sys.executable, "-S", "-c", ""])
        dead.wait()
        sleep = [sys.executable, "-S", "-c", "import time; time.sleep(1000)"]
        for name, pid in (("old", dead.pid), ("mine", os.getpid())):
            process = subprocess.Popen(sleep)
            docker.containers[name] = Container(process, {f"{LABEL}.slot": str(pid)})
        clear(str(short / "docker"))
        assert docker.containers["old"].process.poll() == -9
        assert docker.containers["mine"].process.poll() is None


class TestInASlot:
    def test_a_run_in_a_container(self, docker, short):
        code = """
            import os
            from sweep import Run
            Run.get_context().log("score", 0.5)
            print(os.environ["IMAGE"], os.environ.get("HOME"), os.getcwd(), flush=True)
        """

        async def story(here: Bench) -> None:
            wanted = here.order(code, needs=NEEDS)
            wanted["env"] |= {"SWEEP_RUN_NUMBER": "0", "SWEEP_RUN_ATTEMPT": "1", "HOME": "/h"}
            wanted["env"] |= {"SWEEP_RUN_FOLDER": wanted["folder"]}
            wanted["argv"] = ["python", wanted["argv"][-1]]
            await here.slot.start(wanted)
            assert (await here.hear("said"))["m"]["v"] == 0.5
            end = await here.hear("ended")
            assert (end["code"], end["stopped"]) == (0, False)
            assert here.output() == f"r.example/mine:1 None {here.folder}/runs/0.1\n"
            assert docker.containers == {}

        in_slot(story, short)

    @pytest.mark.parametrize("stubborn", [False, True])
    def test_a_stop_removes_the_container(self, docker, short, stubborn):
        code = "import signal, time\n"
        code += "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" if stubborn else ""

        async def story(here: Bench) -> None:
            wanted = here.order(code + "say(k='s')\ntime.sleep(1000)", needs=NEEDS)
            wanted["argv"] = ["python", wanted["argv"][-1]]
            await here.slot.start(wanted)
            await here.hear("said")
            [container] = docker.containers.values()
            await here.slot.stop("0.1", 0.2 if stubborn else 20)
            end = await here.hear("ended")
            assert end["stopped"]
            assert container.process.poll() == (-9 if stubborn else -15)

        in_slot(story, short)

    def test_several_processes_are_in_one_container(self, docker, short, monkeypatch):
        launcher = Path(containers.__file__).with_name(LAUNCHER)
        monkeypatch.setitem(SOURCES, LAUNCHER, launcher.read_text())

        async def story(here: Bench) -> None:
            needs = {**NEEDS, "processes": 2}
            wanted = here.order("print(os.environ['RANK'], flush=True)", needs=needs)
            wanted["argv"] = ["python", wanted["argv"][-1]]
            await here.slot.start(wanted)
            assert (await here.hear("ended"))["code"] == 0
            assert sorted(here.output().split()) == ["0", "1"]
            assert len([call for call in docker.calls if call[0] == "run"]) == 1

        in_slot(story, short)

    def test_without_an_engine_the_sweep_ends(self, short, monkeypatch):
        monkeypatch.setenv("PATH", str(short))

        async def story(here: Bench) -> None:
            await here.slot.start(here.order("", needs=NEEDS))
            why = (await here.hear("fatal"))["why"]
            assert why.startswith("the image r.example/mine:1: there is no docker or podman on")
            here.slot._run = None

        in_slot(story, short)
