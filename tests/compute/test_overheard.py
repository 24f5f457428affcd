"""Metrics that a program does not log: found in what it prints, and in a file that it writes."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

import pytest

from sweep.compute.hearing import Hearing
from sweep.compute.mailbox import Allowance, Mailbox
from sweep.compute.overheard import FILE_LINE_BYTES, LINE_CHARACTERS, LOOK_BYTES, Overheard
from tests.compute.test_slot import in_slot


class Scene:
    """A run that is listened to; `said` is what was found, once it is over."""

    def __init__(self, folder, messages=1000):
        self.folder, self.messages = folder, messages
        self.notices, self.said = [], []

    def __call__(self, story, **wanted):
        """Let a story happen to it: something printed, or something written."""

        async def whole():
            mailbox = Mailbox()
            path = Path(os.environ["TMPDIR"]) / f"overheard-{os.getpid()}"
            hearing = Hearing(path, "0.1", mailbox, Allowance(self.messages), self.notices.append)
            overheard = Overheard(wanted, self.folder, hearing, self.notices.append)
            story(overheard)
            overheard.close()
            hearing.close()
            if mailbox._kept:
                _, lines = await mailbox.take(0, 1)
                found = [json.loads(line) for line in lines.splitlines()]
                self.said = [(f["m"]["n"], f["m"]["v"], f["m"].get("s")) for f in found]

        asyncio.run(whole())
        return self.said

    def printed(self, *chunks, stdout):
        """What is found in the output."""
        stdout = [stdout] if isinstance(stdout, str) else stdout

        def story(overheard):
            for chunk in chunks:
                overheard.printed(chunk.encode())

        return self(story, stdout=stdout)

    def written(self, *parts, then=lambda overheard: overheard._look()):
        """What is found in the file, which is looked at after each part."""
        file = self.folder / "m.jsonl"

        def story(overheard):
            for part in parts:
                with file.open("ab") as stream:
                    stream.write(part if isinstance(part, bytes) else part.encode())
                then(overheard)

        return self(story, file="m.jsonl")


@pytest.fixture
def scene(tmp_path):
    return Scene(tmp_path)


class TestOutput:
    def test_groups_are_metrics(self, scene):
        said = scene.printed(
            "epoch 1: loss=0.5 acc=0.7\nnothing\nepoch 2: loss=0.25 acc=0.8\n",
            stdout=r"epoch (?P<step>\d+): loss=(?P<loss>\S+) acc=(?P<acc>\S+)",
        )
        assert said == [
            ("loss", 0.5, 1),
            ("acc", 0.7, 1),
            ("loss", 0.25, 2),
            ("acc", 0.8, 2),
        ]

    def test_a_name_may_be_in_the_line_itself(self, scene):
        said = scene.printed(
            "val-loss=0.5 val-acc=7e-1\n", stdout=r"(?P<name>[\w-]+)=(?P<value>[\d.e-]+)"
        )
        assert said == [("val-loss", 0.5, None), ("val-acc", 0.7, None)]

    def test_lines_come_in_pieces_and_the_last_may_lack_its_end(self, scene):
        assert scene.printed("lo", "ss=1\nloss", "=2", stdout=r"loss=(?P<loss>\d)") == [
            ("loss", 1, None),
            ("loss", 2, None),
        ]

    def test_a_progress_bar_is_many_lines(self, scene):
        assert len(scene.printed("\rloss=1\rloss=2\r", stdout=r"^loss=(?P<loss>\d)")) == 2

    def test_several_expressions(self, scene):
        said = scene.printed("a=1 b=2\n", stdout=[r"b=(?P<b>\d)", r"a=(?P<a>\d)"])
        assert said == [("b", 2, None), ("a", 1, None)]

    def test_what_is_no_number_is_told_of_once(self, scene):
        assert scene.printed("loss=x\nloss=y\nloss=1\n", stdout=r"loss=(?P<loss>\w)") == [
            ("loss", 1, None)
        ]
        assert scene.notices == ["metrics.stdout found 'x' for loss, which is no number"]

    def test_a_long_line_is_looked_at_as_far_as_it_goes(self, scene):
        text = "loss=1" + "x" * LINE_CHARACTERS + "loss=2" + "x" * 10 * LINE_CHARACTERS
        assert scene.printed(text, "x" * 100, "\n", stdout=r"loss=(?P<loss>\d)") == [
            ("loss", 1, None)
        ]

    def test_an_expression_that_takes_for_ever_is_given_up(self, scene, monkeypatch):
        monkeypatch.setattr("sweep.compute.overheard.SLOW_SECONDS", 0)
        assert scene.printed("loss=1\nloss=2\n", stdout=r"loss=(?P<loss>\d)") == [
            ("loss", 1, None)
        ]
        [notice] = scene.notices
        assert notice.startswith("metrics.stdout takes too long (")

    def test_what_is_too_much_is_counted_and_not_kept(self, tmp_path):
        scene = Scene(tmp_path, messages=2)
        assert len(scene.printed("loss=1\n" * 9, stdout=r"loss=(?P<loss>\d)")) == 2
        assert scene.notices == [
            "it has logged all that one run may; more is counted, and not kept"
        ]


class TestFile:
    def test_each_line_is_read_once_when_it_is_whole(self, scene):
        said = scene.written(
            '{"loss": 0.5, "acc": 1, "step": 3}\n{"los',
            's": 0.25}\n',
            '{"name": "val-loss", "value": 2, "step": 4}',
        )
        assert said == [
            ("loss", 0.5, 3),
            ("acc", 1.0, 3),
            ("loss", 0.25, None),
            ("val-loss", 2.0, 4),
        ]

    def test_what_is_no_metric_is_passed_over(self, scene):
        said = scene.written(
            'nonsense\n[1]\n\n{"a": "text", "b": true, "c": [1], "d": null, "e": 7}\n',
            b"\xff\xfe\n",
            '{"x": ' + "[" * 100_000 + "\n",
        )
        assert said == [("e", 7.0, None)]
        assert scene.notices[0] == (
            "b'nonsense' in the file of metrics is no JSON object; it is passed over"
        )
        assert len(scene.notices) == 1

    def test_a_file_that_is_begun_anew_is_read_anew(self, scene):
        def again(overheard):
            overheard._look()
            overheard.file.write_text('{"a":2}\n')
            overheard._look()

        assert scene.written('{"a": 1, "b": 1}\n', then=again) == [
            ("a", 1.0, None),
            ("b", 1.0, None),
            ("a", 2.0, None),
        ]

    def test_long_lines_and_long_files_do_no_harm(self, scene):
        long = '{"a": "' + "x" * FILE_LINE_BYTES + '"}\n'
        endless = "x" * (3 * LOOK_BYTES)
        said = scene.written(long + '{"a": 1}\n' * 200_000, endless + '\n{"b": 2}\n')
        assert len(said) <= 1000
        assert said[0] == ("a", 1.0, None)

    def test_a_file_without_an_end_does_not_hold_up_the_slot(self, scene, monkeypatch):
        monkeypatch.setattr("sweep.compute.overheard.LOOK_BYTES", 64)
        said = scene.written('{"a": 1}\n' * 1000, then=lambda overheard: None)
        assert len(said) == 64 * 7
        assert scene.notices == ["the file of metrics is too large: the rest of it is not read"]

    def test_what_is_not_the_runs_own_file_is_not_read(self, scene, tmp_path_factory):
        secret = tmp_path_factory.mktemp("other") / "secret"
        secret.write_text('{"a": 1}\n')
        link = scene.folder / "m.jsonl"
        link.symlink_to(secret)
        assert scene(lambda overheard: overheard._look(), file="m.jsonl") == []
        link.unlink()
        os.mkfifo(link)
        assert scene(lambda overheard: overheard._look(), file="m.jsonl") == []
        assert scene(lambda overheard: overheard._look(), file="none.jsonl") == []


def test_a_run_in_a_slot(tmp_path):
    code = """
        with open(os.environ["SWEEP_METRICS_FILE"], "a") as file:
            file.write('{"acc": 0.5}\\n')
            file.flush()
            print("loss: 0.75", flush=True)
            assert sys.stdin.read() == ""
        """
    wanted = {"stdout": [r"loss: (?P<loss>\S+)"], "file": "m.jsonl"}

    async def story(here):
        await here.slot.start(here.order(code, metrics=wanted))
        found = {}
        while len(found) < 2:
            message = (await here.hear("said"))["m"]
            found[message["n"]] = message["v"]
        assert found == {"loss": 0.75, "acc": 0.5}
        assert (await here.hear("ended"))["code"] == 0
        assert here.output() == "loss: 0.75\n"

    in_slot(story, tmp_path)
