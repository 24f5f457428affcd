"""Stopped means stopped: nothing of a run lives on, however it tries."""

from __future__ import annotations

import os
import signal
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from sweep.compute.guarding import send_order
from tests.compute.guards import Watched, parent_of

STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
SLEEP = "print('up', flush=True); import time; time.sleep(1000)"


@pytest.fixture
def watched() -> Iterator[Watched]:
    guard = Watched()
    yield guard
    guard.close()


def code(text: str) -> str:
    return textwrap.dedent(text)


class TestAnOrdinaryRun:
    def test_says_when_it_starts_and_how_it_ends(self, watched):
        started = watched.start(["/bin/sh", "-c", "echo hello; exit 3"])
        ended = watched.hear()
        assert started["event"] == "started"
        assert started["pid"] > 0
        assert (ended["code"], ended["stopped"], ended["stop_seconds"]) == (3, False, None)
        assert ended["cpu_seconds"] >= 0
        assert ended["peak_memory"] > 0
        assert watched.said() == b"hello\n"

    def test_gets_its_arguments_byte_for_byte(self, watched):
        words = ["a b", "$(id)", "'", '"', "*", "-x", "", "é\n\t", "x" * 10_000]
        watched.start([sys.executable, "-S", "-c", "import sys; print(sys.argv[1:])", *words])
        assert watched.hear()["code"] == 0
        assert watched.said().decode() == f"{words}\n"

    def test_has_its_own_environment_folder_session_and_no_input(self, watched, tmp_path):
        watched.start(
            [
                sys.executable,
                "-S",
                "-c",
                (
                    "import os, sys; print(sorted(os.environ), os.getcwd(),"
                    " os.getsid(0) == os.getpid(), sys.stdin.read() == '')"
                ),
            ],
            cwd=str(tmp_path),
            LC_ALL="C.UTF-8",
        )
        watched.hear()
        names = sorted(["LC_ALL", "PATH", "SWEEP_RUN_ID"])
        assert watched.said().decode() == f"{names} {tmp_path} True True\n"

    def test_hands_no_descriptors_of_the_guard_down(self, watched):
        watched.start(
            [sys.executable, "-S", "-c", "import os; print(os.listdir('/proc/self/fd'))"]
        )
        watched.hear()
        assert watched.said() == b"['0', '1', '2', '3']\n", "3 is the listing itself"

    def test_starts_with_default_signals(self, watched):
        watched.start(["/bin/sh", "-c", "grep SigIgn /proc/self/status"])
        watched.hear()
        assert watched.said().split()[1].strip(b"0") == b""

    def test_one_after_the_other(self, watched):
        for number in range(20):
            assert watched.start(["/bin/sh", "-c", f"exit {number}"])["event"] == "started"
            assert watched.hear()["code"] == number

    @pytest.mark.parametrize(
        ("argv", "cwd", "says"),
        [
            (["/no/such/program"], "/", "/no/such/program (in /): No such file or directory"),
            (["/bin/true"], "/no/such/folder", "No such file or directory"),
            (["/etc/passwd"], "/", "Permission denied"),
        ],
    )
    @pytest.mark.parametrize("leash", [False, True])
    def test_that_cannot_start_says_why(self, watched, argv, cwd, says, leash):
        watched.leash = leash
        answer = watched.start(argv, cwd=cwd)
        assert answer["event"] == "refused"
        assert says in answer["error"]
        assert watched.start(["/bin/true"])["event"] == "started", "and the guard goes on"

    def test_killed_from_outside_is_told_apart(self, watched):
        answer = watched.python(SLEEP)
        os.kill(answer["pid"], signal.SIGKILL)
        ended = watched.hear()
        assert (ended["code"], ended["stopped"]) == (-signal.SIGKILL, False)


class TestStop:
    def test_an_obedient_run_goes_at_the_first_signal(self, watched):
        watched.python(SLEEP)
        ended = watched.stop(grace=60)
        assert (ended["code"], ended["stopped"]) == (-signal.SIGTERM, True)
        assert ended["stop_seconds"] < 10
        assert watched.left() == []

    def test_a_run_may_use_its_grace_for_a_checkpoint(self, watched):
        watched.python(
            code("""
                import os, signal, sys, time
                def save(*_):
                    os.write(1, b"saved\\n")
                    sys.exit(0)
                signal.signal(signal.SIGTERM, save)
                print("up", flush=True)
                time.sleep(1000)
            """)
        )
        ended = watched.stop(grace=60)
        assert (ended["code"], ended["stopped"]) == (0, True)
        assert watched.said() == b"saved\n"

    @pytest.mark.parametrize(
        "program",
        [
            pytest.param(STUBBORN + SLEEP, id="ignores TERM"),
            pytest.param(
                STUBBORN + "print('up', flush=True)\nwhile True: pass", id="spins and ignores TERM"
            ),
            pytest.param(
                "import os, signal; print('up', flush=True); os.kill(os.getpid(), signal.SIGSTOP)",
                id="is stopped",
            ),
            pytest.param(
                code("""
                    import os, time
                    for _ in range(3):
                        if os.fork() == 0:
                            time.sleep(1000)
                    print("up", flush=True)
                    time.sleep(1000)
                """),
                id="has children",
            ),
            pytest.param(
                code("""
                    import os, signal, time
                    if os.fork() == 0:
                        os.setsid()
                        if os.fork() == 0:
                            signal.signal(signal.SIGTERM, signal.SIG_IGN)
                            print("up", flush=True)
                            time.sleep(1000)
                        os._exit(0)
                    time.sleep(1000)
                """),
                id="has a daemon in another session",
            ),
            pytest.param(
                code("""
                    import os, signal, time
                    signal.signal(signal.SIGTERM, signal.SIG_IGN)
                    for i in range(300):
                        if os.fork() == 0:
                            if i % 2:
                                os.setsid()
                            if i % 3 == 0:
                                os.kill(os.getpid(), signal.SIGSTOP)
                            time.sleep(1000)
                    print("up", flush=True)
                    time.sleep(1000)
                """),
                id="has hundreds of children",
            ),
            pytest.param(
                code("""
                    import os, signal, time
                    def again(*_):
                        if os.fork() == 0:
                            os.setsid()
                    signal.signal(signal.SIGTERM, again)
                    print("up", flush=True)
                    while True:
                        time.sleep(1000)
                """),
                id="forks when told to stop",
            ),
        ],
    )
    def test_nothing_is_left_of_a_run_that(self, watched, program):
        watched.python(program)
        ended = watched.stop(grace=0.2)
        assert ended["stopped"]
        assert watched.left() == []
        assert watched.start(["/bin/true"])["event"] == "started", "the slot is free"

    def test_without_grace_it_goes_at_once(self, watched):
        watched.python(STUBBORN + SLEEP)
        assert watched.stop(grace=0)["code"] == -signal.SIGKILL
        assert watched.left() == []

    def test_a_shell_between_does_not_keep_the_signal(self, watched):
        answer = watched.start(
            ["/bin/sh", "-c", f'{sys.executable} -S -c "{SLEEP}"; echo never reached']
        )
        assert answer["event"] == "started"
        assert watched.said() == b"up\n"
        ended = watched.stop(grace=60)
        assert ended["stop_seconds"] < 30
        assert watched.left() == []

    def test_a_second_stop_can_only_hasten(self, watched):
        watched.python(STUBBORN + SLEEP)
        send_order(watched.socket, {"do": "stop", "grace": 1000}, [])
        assert watched.stop(grace=0.1)["stopped"]

    def test_stopping_nothing_does_nothing(self, watched):
        send_order(watched.socket, {"do": "stop", "grace": 0}, [])
        assert watched.start(["/bin/true"])["event"] == "started"

    def test_what_an_ordinary_end_leaves_behind_goes_too(self, watched):
        watched.start(
            [
                sys.executable,
                "-S",
                "-c",
                "import subprocess; subprocess.Popen(['sleep', '1000'], start_new_session=True)",
            ]
        )
        ended = watched.hear()
        assert (ended["code"], ended["stopped"]) == (0, False)
        assert watched.left() == []


class TestDeath:
    """Whoever dies around a run, the run does not live on."""

    def gone(self, watched: Watched) -> bool:
        """Wait for the end of all output: for the last process that holds the pipe."""
        while watched.said():
            pass
        return watched.left() == []

    def test_of_the_slot(self, watched):
        watched.python(SLEEP)
        watched.vanish()
        assert self.gone(watched)

    def test_of_the_slot_of_a_stubborn_run(self, watched):
        watched.python(
            "import os, subprocess;"
            "subprocess.Popen(['sleep', '1000'], start_new_session=True);" + STUBBORN + SLEEP
        )
        watched.vanish()
        assert self.gone(watched)

    def test_of_the_guard_itself(self, watched):
        watched.leash = True
        answer = watched.python(SLEEP)
        os.kill(parent_of(answer["pid"]), signal.SIGKILL)
        assert self.gone(watched), "the death signal reaches the run's first process"

    def test_signals_of_others_do_not_end_the_guard(self, watched):
        answer = watched.python(SLEEP)
        parent = parent_of(answer["pid"])
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            os.kill(parent, number)
        assert watched.stop(grace=60)["stopped"]


def test_a_guard_knows_nothing_of_our_environment(watched):
    answer = watched.python(SLEEP)
    assert Path(f"/proc/{parent_of(answer['pid'])}/environ").read_bytes() == b""


def test_memory_is_to_be_taken_from_the_run_first(watched):
    answer = watched.python(SLEEP)
    assert Path(f"/proc/{answer['pid']}/oom_score_adj").read_text().strip() == "500"
