"""Runs that are forked from a warmed process: as good as started, or started after all."""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sweep.compute.descent import descendants
from sweep.compute.warm import _read
from tests.compute.guards import Watched, parent_of

MODULES = ["decimal", "logging:getLogger"]
SLEEP = "print('up', flush=True)\nimport time\ntime.sleep(1000)\n"


class Bench(Watched):
    """A guard, and a folder with a script."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder

    def begin(
        self, script: str, *arguments: str, warm: list[str] | None = MODULES, **env: str
    ) -> dict[str, Any]:
        """Start a script; return the guard's first answer."""
        (self.folder / "train.py").write_text(script)
        argv = [sys.executable, "train.py", *arguments]
        return self.start(argv, str(self.folder), warm, OMP_NUM_THREADS="1", **env)

    def whole(self, script: str, *arguments: str, **more: Any) -> tuple[int, str]:
        """Run a script to its end; return its exit code and its output."""
        answer = self.begin(script, *arguments, **more)
        while answer["event"] != "ended":
            answer = self.hear()
        return answer["code"], self.everything()

    def zygote(self, run: int) -> int:
        """Return the warmed process, while a run is alive."""
        (zygote,) = set(descendants(parent_of(run))) - {run, *descendants(run)}
        return zygote


@pytest.fixture
def bench(tmp_path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.close()


def test_a_run_is_forked_with_what_is_imported(bench):
    script = "import sys; print('decimal' in sys.modules, 'logging' in sys.modules)"
    assert bench.whole(script, warm=None) == (0, "False False\n")
    assert bench.whole(script) == (0, "True True\n")
    assert bench.whole(script) == (0, "True True\n")


SAME = {
    "arguments and places": """
        import os, sys
        print(sys.argv, __file__, sys.path[0], os.getcwd(), __name__, sys.orig_argv, __doc__)
        print(__spec__, __package__, __cached__, type(__loader__).__name__, __builtins__)
        """,
    "the environment, here and in children": """
        import os, subprocess
        print(sorted((k, v) for k, v in os.environ.items()), flush=True)
        subprocess.run(["/bin/sh", "-c", "env | grep -v PWD | grep -v '^_=' | sort"])
        """,
    "standard streams and descriptors": """
        import os, sys
        print(repr(sys.stdin.read()), sys.stdout.seekable(), sys.stdout.isatty(),
              sys.stdout.line_buffering, sys.stderr.encoding, sorted(os.listdir("/proc/self/fd")))
        """,
    "session, group and signals": """
        import os, signal
        print(os.getsid(0) == os.getpid() == os.getpgid(0), len(os.listdir("/proc/self/task")))
        print([str(signal.getsignal(n)) for n in range(1, 32) if n not in (9, 19)])
        print([s for s in open("/proc/self/status") if s[:6] in ("SigBlk", "SigIgn", "SigCgt")])
        print(open("/proc/self/oom_score_adj").read())
        """,
    "an error": "def f(x):\n    return 1 / x\n\nf(0)\n",
    "an error in an error": """
        try:
            {}["a"]
        except KeyError as error:
            raise ValueError("bad") from error
        """,
    "an error of syntax": "x = 1\ny = = 2\n",
    "an error in a hook": """
        import sys
        sys.excepthook = lambda *what: print("hook", what[0], what[2].tb_lineno)
        raise OSError("x")
        """,
    "exit with a code": "import sys; print('a', end=''); sys.exit(7)",
    "exit with a large code": "raise SystemExit(256 + 3)",
    "exit with a word": "import sys; sys.exit('no data')",
    "exit with nothing": "import sys; sys.exit()",
    "the end of the process": "import os; os._exit(9)",
    "an interrupt": "import os, signal; os.kill(os.getpid(), signal.SIGINT)",
    "a signal": "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
    "exit functions, after threads": """
        import atexit, threading, time
        atexit.register(print, "last")
        def work():
            time.sleep(0.05)
            print("thread")
        threading.Thread(target=work).start()
        print("main")
        """,
    "an exit function that fails": "import atexit; atexit.register(lambda: 1 / 0)",
    "output that cannot be written": """
        import os
        os.dup2(os.open("/dev/full", os.O_WRONLY), 1)
        print("x")
        """,
    "children of several kinds": """
        import multiprocessing, pickle
        class Thing:
            x: int = 1
        def work(n):
            return type(pickle.loads(pickle.dumps(Thing()))).__name__, n
        if __name__ == "__main__":
            for kind in ("fork", "spawn"):
                with multiprocessing.get_context(kind).Pool(1) as pool:
                    print(pool.map(work, [1, 2]))
        """,
    "its own modules": """
        import helper
        print(helper.VALUE, helper.__file__)
        """,
}
ADDRESS = re.compile(r"0x[0-9a-f]+")


@pytest.mark.parametrize("script", SAME.values(), ids=SAME.keys())
def test_a_warm_run_is_like_a_cold_one(bench, tmp_path, script):
    (tmp_path / "helper.py").write_text("VALUE = 3")
    script = "\n".join(line.removeprefix("        ") for line in script.splitlines())
    cold = bench.whole(script, "--x", "a b", warm=None)
    for _ in range(2):
        code, output = bench.whole(script, "--x", "a b")
        assert (code, ADDRESS.sub("", output)) == (cold[0], ADDRESS.sub("", cold[1]))


def test_a_script_that_is_not_there(bench):
    argv = [sys.executable, "gone.py"]
    ends = []
    for warm in (None, MODULES):
        bench.start(argv, str(bench.folder), warm)
        ends.append((bench.hear()["code"], bench.everything()))
    assert ends[0] == ends[1]
    assert ends[0][0] == 2


def test_a_folder_that_is_not_there(bench):
    bench.whole("")
    answer = bench.start([sys.executable, "train.py"], "/no/such", MODULES, OMP_NUM_THREADS="1")
    assert answer["event"] == "refused"
    assert "(in /no/such): No such file or directory" in answer["error"]
    assert bench.whole("") == (0, "")


def test_each_run_has_its_own_dice(bench):
    script = "import random, uuid; print(random.random(), uuid.uuid4())"
    assert len({bench.whole(script) for _ in range(3)}) == 3


def test_each_run_has_numpys_dice_of_its_own(bench):
    script = "import numpy as np; print(np.random.rand(), np.random.default_rng().random())"
    outputs = {bench.whole(script, warm=["numpy"]) for _ in range(3)}
    assert len(outputs) == 3


def test_nothing_of_a_run_reaches_the_next(bench):
    script = "import decimal, os; print(hasattr(decimal, 'x'), os.environ.get('X')); decimal.x = 1"
    script += "\nos.environ['X'] = 'x'; os.chdir('/')"
    assert {bench.whole(script) for _ in range(3)} == {(0, "False None\n")}


def test_others_see_what_it_is(bench):
    started = bench.begin(SLEEP, "--x", "1", SWEEP_ID="HD_x")
    bench.said()
    process = Path(f"/proc/{started['pid']}")
    words = (process / "cmdline").read_bytes().rstrip(b"\0").split(b"\0")
    assert words == [os.fsencode(sys.executable), b"train.py", b"--x", b"1"]
    variables = (process / "environ").read_bytes().split(b"\0")
    assert {b"SWEEP_ID=HD_x", f"SWEEP_RUN_ID={bench.mark}".encode()} <= {*variables}
    assert parent_of(started["pid"]) == started["guard"]
    zygote = Path(f"/proc/{bench.zygote(started['pid'])}/environ").read_bytes()
    assert b"SWEEP_RUN_ID" not in zygote, "it belongs to no run"


class TestEnds:
    def test_a_stop_ends_the_run_and_not_the_warmed_process(self, bench):
        zygotes = set()
        for grace in (60, 0, 60):
            started = bench.begin(SLEEP)
            assert bench.said() == b"up\n"
            zygotes.add(bench.zygote(started["pid"]))
            ended = bench.stop(grace)
            assert ended["stopped"]
            assert ended["code"] == (-signal.SIGTERM if grace else -signal.SIGKILL)
            assert bench.left() == []
        assert len(zygotes) == 1

    def test_what_it_leaves_behind_goes_with_it(self, bench):
        script = """
import os, signal, subprocess, time
subprocess.Popen(["sleep", "1000"], start_new_session=True)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
out, into = os.pipe()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.write(into, b"x")
        time.sleep(1000)
    os._exit(0)
os.read(out, 1)
print("up", flush=True)
"""
        for more in ("", "time.sleep(1000)"):
            assert bench.begin(script + more)["event"] == "started"
            assert bench.said() == b"up\n"
            ended = bench.stop(0.1) if more else bench.hear()
            assert ended["stopped"] == bool(more)
            assert bench.left() == []
        assert bench.whole("print(1)") == (0, "1\n")

    def test_a_stop_may_come_while_it_waits_for_imports(self, bench, tmp_path):
        (tmp_path / "slow.py").write_text("import time; time.sleep(1000)")
        argv = [sys.executable, "train.py"]
        bench.order(argv, str(tmp_path), ["slow"], PYTHONPATH=str(tmp_path))
        ended = bench.stop(60)
        assert (ended["event"], ended["stopped"]) == ("ended", True)

    def test_the_death_of_the_guard_is_that_of_both(self, bench):
        started = bench.begin("import os\nos.fork()\n" + SLEEP)
        bench.said()
        zygote = bench.zygote(started["pid"])
        os.kill(started["guard"], signal.SIGKILL)
        pidfd = os.pidfd_open(zygote)
        signal.pidfd_send_signal(pidfd, 0)
        for pid in bench.left():  # what it had forked carries its mark
            os.kill(pid, signal.SIGKILL)
        bench.everything()
        assert bench.left() == []
        os.close(pidfd)

    def test_the_death_of_the_slot_ends_the_run(self, bench):
        bench.begin(SLEEP)
        bench.said()
        bench.vanish()
        bench.everything()
        assert bench.left() == []

    def test_a_warmed_process_that_dies_is_replaced(self, bench):
        started = bench.begin(SLEEP)
        bench.said()
        zygote = bench.zygote(started["pid"])
        os.kill(zygote, signal.SIGKILL)
        assert bench.stop(60)["stopped"], "the run does not depend on it"
        script = "import sys; print('decimal' in sys.modules)"
        # A run that comes at once may find none, and starts cold.
        assert (0, "True\n") in (bench.whole(script) for _ in range(5))


class TestColdAfterAll:
    """What cannot be forked safely is started, and the guard says why, once."""

    def check(self, bench: Bench, reason: str, warm: list[str], **env: str) -> None:
        script = "import sys; print('decimal' in sys.modules)"
        answer = bench.begin(script, warm=warm, **env)
        assert answer["event"] == "notice"
        assert reason in answer["text"]
        assert bench.hear()["event"] == "started"
        assert bench.hear()["code"] == 0
        assert "False\n" in bench.everything()

    @pytest.mark.parametrize(
        ("source", "reason"),
        [
            (
                "import _thread, time; _thread.start_new_thread(time.sleep, (1000,))",
                "after the import of odd, 1 more threads run",
            ),
            (
                "import subprocess; subprocess.Popen(['sleep', '1000'])",
                "after the import of odd, another process was started",
            ),
            ("raise RuntimeError('no')", "odd cannot be imported here: RuntimeError: no"),
            ("import os; os._exit(3)", "the process that imports does not live on"),
        ],
        ids=["thread", "process", "error", "death"],
    )
    def test_a_module_that_does_more_than_define(self, bench, tmp_path, source, reason):
        (tmp_path / "lib").mkdir()
        (tmp_path / "lib" / "odd.py").write_text(source)
        modules, path = ["decimal", "odd"], str(tmp_path / "lib")
        self.check(bench, reason, modules, PYTHONPATH=path)
        assert bench.begin("", warm=modules, PYTHONPATH=path)["event"] == "started", "told once"
        assert bench.hear()["code"] == 0

    def test_a_thread_that_ends_is_no_reason(self, bench, tmp_path):
        source = "import _thread, time; _thread.start_new_thread(time.sleep, (0.05,))"
        (tmp_path / "lib").mkdir()
        (tmp_path / "lib" / "brief.py").write_text(source)
        script = "import sys; print('brief' in sys.modules)"
        path = str(tmp_path / "lib")
        assert bench.whole(script, warm=["brief"], PYTHONPATH=path) == (0, "True\n")

    @pytest.mark.parametrize(
        ("name", "value"), [("PYTHONHASHSEED", "1"), ("LD_PRELOAD", ""), ("MKL_NUM_THREADS", "2")]
    )
    def test_another_environment_than_that_of_the_first(self, bench, name, value):
        bench.whole("")
        self.check(bench, f"the variable {name} differs", MODULES, **{name: value})
        assert bench.whole("import sys; print('decimal' in sys.modules)") == (0, "True\n")

    def test_variables_of_a_run_may_differ(self, bench):
        script = "import os, sys; print(os.environ['SWEEP_X'], 'decimal' in sys.modules)"
        assert bench.whole(script, SWEEP_X="1") == (0, "1 True\n")
        assert bench.whole(script, SWEEP_X="2") == (0, "2 True\n")

    def test_other_modules_than_those_of_the_first(self, bench):
        bench.whole("")
        self.check(bench, "its modules differ", ["decimal"])

    def test_a_path_that_is_relative_to_the_run(self, bench):
        self.check(bench, "PYTHONPATH has a folder", MODULES, PYTHONPATH="src:/usr/lib")

    def test_a_file_of_the_run_that_is_called_like_a_module(self, bench, tmp_path):
        bench.whole("")
        (tmp_path / "decimal.py").write_text("own = True")
        assert bench.begin("import decimal; print(decimal.own)")["event"] == "notice"
        assert bench.hear()["event"] == "started"
        assert bench.hear()["code"] == 0
        assert bench.everything() == "True\n"


def test_an_answer_counts_before_its_end_has_come():
    """Whoever forks may be held up when the run has already begun."""
    out, into = os.pipe()
    os.write(into, b"123")
    assert _read(out, 0.01) == b"123"
    os.close(into)
    assert _read(out, 10) == b""
    os.close(out)
