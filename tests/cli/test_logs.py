"""`sweep logs`, and HyperDrive's `run monitor-logs`."""

from __future__ import annotations

import threading

import pytest

from sweep.cli.logs import _Log
from sweep.compute.run_log import RunLog
from sweep.storage.lock import Lock
from sweep.storage.reader import SweepReader
from tests.cli.workspaces import abandoned, kept, lone, play, printed, sweep, values


def test_what_a_run_has_printed_without_its_colours(told):
    said = sweep("logs", 0)
    assert (said.code, said.out, said.err) == (0, "epoch 1\nepoch 2\n", "")


@pytest.mark.parametrize(
    "words",
    [
        ["logs", "-f", "0"],
        ["logs", "HD_story_0", "--follow"],
        ["run", "monitor-logs", "-r", "0"],
        ["run", "monitor-logs", "--run", "HD_story_0", "-g", "group", "-w", "workspace"],
    ],
)
def test_a_run_that_is_over_has_no_more_to_say(told, words):
    said = sweep(*words)
    assert (said.code, said.out, said.err) == (0, "epoch 1\nepoch 2\n", "")


@pytest.mark.parametrize("words", [["logs", "1"], ["logs", "-f", "1"]])
def test_a_run_that_has_printed_nothing(told, words):
    said = sweep(*words)
    assert (said.code, said.out) == (0, "")
    assert said.err == "run 1 has printed nothing (Canceled)\n"


def test_output_that_is_turned_over_is_read_once_and_in_order(tmp_path):
    path = tmp_path / "user_logs" / "std_log.txt"
    log, reader = RunLog(path, 10_000), _Log(path)
    assert list(reader.more()) == []
    heard = ""
    for number in range(400):
        log.write(b"%099d\n" % number)
        if number % 30 == 0 or number == 399:  # less than a piece holds
            heard += "".join(reader.more())
    log.close()
    numbers = [int(line) for line in heard.splitlines() if not line.startswith("[")]
    assert numbers == list(range(400))
    late = [int(x) for x in "".join(_Log(path).more()).splitlines() if not x.startswith("[")]
    assert late == numbers[-len(late) :]
    assert len(late) > 45


def test_a_lone_run_is_named_by_its_id_or_as_the_last(place):
    folder = lone(place)
    play(folder, values())
    printed(folder, 0, "hello\n")
    for reference in (folder.id, "last", "0"):
        assert sweep("logs", reference).out == "hello\n"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("10%\r20%\r100%\r\ndone\n", "10%\n20%\n100%\ndone\n"),
        ("a\tb\x07\x00c", "a\tbc"),
        ("\x1b]0;title\x07x\x1b[2J\x1b[1;31my\x1b[0m", "xy"),
        ("é" * 600_000, "é" * 600_000),  # no character is torn where blocks meet
    ],
)
def test_nothing_reaches_the_terminal_but_text(place, text, shown):
    folder = kept(place, points=1)
    play(folder, values())
    printed(folder, 0, text)
    assert sweep("logs", 0).out == shown


def test_bytes_that_are_no_text(place):
    folder = kept(place, points=1)
    play(folder, values())
    printed(folder, 0, "").write_bytes(b"\xff\xfeok\n")
    assert sweep("logs", 0).out == "\ufffd\ufffdok\n"


def test_a_run_that_nobody_works_on_is_not_waited_for(place):
    folder = abandoned(place)
    printed(folder, 0, "half of\n")
    said = sweep("logs", "-f", 0)
    assert (said.code, said.out) == (0, "half of\n")
    assert said.err == "run 0 is Running, and nobody works on it now\n"


def test_the_end_of_a_run_that_comes_back_is_waited_for(place):
    folder = abandoned(place)
    printed(folder, 0, "first attempt\n")
    lock = Lock(folder.lock)
    said = []
    follower = threading.Thread(target=lambda: said.append(sweep("logs", "-f", 0)))
    follower.start()
    printed(folder, 0, "second attempt\n", attempt=2)
    play(folder, values(0.5))
    lock.close()
    follower.join(30)
    assert said[0].out.endswith("second attempt\n"), "the log of the new attempt, from its start"
    with SweepReader(folder.database) as reader:
        assert reader.run(0).status == "Completed"


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("17", "HD_story has no run 17: it has 6 runs"),
        ("HD_story", "HD_story is a sweep: name one of its runs, such as 0, or HD_story_0"),
        ("HD_other_0", "there is no sweep 'HD_other"),
        ("-1", "No such option '-1'"),
    ],
)
def test_no_such_run(told, reference, words):
    said = sweep("logs", reference)
    assert said.code == 2
    assert words in said.err
