"""The Run of a script: what each call says to the slot, and what it remembers."""

from __future__ import annotations

import json

import pytest

from sweep.script.channel import SocketChannel
from sweep.script.errors import RunEnvironmentError, RunLogError, RunStopped
from sweep.script.run import Run

MATRIX = {
    "schema_type": "confusion_matrix",
    "data": {"matrix": [[2, 0], [1, 3]], "class_labels": ["a", "b"]},
}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda r: r.log("loss", 0.5), {"k": "s", "n": "loss", "v": 0.5}),
        (lambda r: r.log("loss", 0.5, "of the test set"), {"k": "s", "n": "loss", "v": 0.5}),
        (lambda r: r.log("loss", 1, step=3), {"k": "s", "n": "loss", "v": 1, "s": 3}),
        (lambda r: r.log("note", "warm"), {"k": "s", "n": "note", "v": "warm"}),
        (lambda r: r.log("pair", (1, 2)), {"k": "s", "n": "pair", "v": "(1, 2)"}),
        (lambda r: r.log("table", {"a": 1}), {"k": "s", "n": "table", "v": "{'a': 1}"}),
        (lambda r: r.log_list("loss", [1, 0.5]), {"k": "l", "n": "loss", "v": [1, 0.5]}),
        (
            lambda r: r.log_list("loss", (x for x in "ab"), step=2.5),
            {"k": "l", "n": "loss", "v": ["a", "b"], "s": 2.5},
        ),
        (lambda r: r.log_row("roc", x=1, y=0.5), {"k": "r", "n": "roc", "v": {"x": 1, "y": 0.5}}),
        (
            lambda r: r.log_table("roc", {"x": [1, 2], "y": (3, 4), "z": range(2)}),
            {"k": "t", "n": "roc", "v": {"x": [1, 2], "y": [3, 4], "z": [0, 1]}},
        ),
        (lambda r: r.log_table("one", {"x": 1}), {"k": "t", "n": "one", "v": {"x": 1}}),
        (
            lambda r: r.log_confusion_matrix("cm", MATRIX),
            {"k": "j", "n": "cm", "v": MATRIX, "d": "confusion_matrix"},
        ),
        (
            lambda r: r.log_accuracy_table("at", {"a": 1}),
            {"k": "j", "n": "at", "v": {"a": 1}, "d": "accuracy_table"},
        ),
        (
            lambda r: r.log_residuals("res", {"a": None}),
            {"k": "j", "n": "res", "v": {"a": None}, "d": "residual"},
        ),
        (
            lambda r: r.log_predictions("pred", {"a": []}),
            {"k": "j", "n": "pred", "v": {"a": []}, "d": "predictions"},
        ),
        (lambda r: r.tag("phase", 2), {"k": "tag", "v": {"phase": "2"}}),
        (lambda r: r.tag("seen"), {"k": "tag", "v": {"seen": None}}),
        (lambda r: r.set_tags({"a": 1, "b": "c"}), {"k": "tag", "v": {"a": "1", "b": "c"}}),
        (lambda r: r.remove_tags(k for k in "ab"), {"k": "untag", "v": ["a", "b"]}),
        (lambda r: r.add_properties({"a": 1.5}), {"k": "property", "v": {"a": "1.5"}}),
        (lambda r: r.fail("no data", 3), {"k": "property", "v": {"error_details": "no data"}}),
        (lambda r: r.fail(error_code=3), {"k": "property", "v": {"error_details": "3"}}),
        (lambda r: r.fail(), {"k": "property", "v": {"error_details": ""}}),
    ],
)
def test_each_call_is_one_message(run, slot, call, message):
    call(run)
    assert slot.said() == [message]


@pytest.mark.parametrize(
    "call",
    [
        lambda r: r.log_list("loss", []),
        lambda r: r.flush(timeout_seconds=1),
        lambda r: r.complete(),
        lambda r: r.get_metrics(),
        lambda r: r.get_status(),
        lambda r: r.get_children(),
    ],
)
def test_some_calls_say_nothing(run, slot, call):
    call(run)
    assert slot.lines() == []


def test_messages_carry_their_time(run, slot):
    run.log("loss", 1)
    assert json.loads(slot.lines()[0])["t"] > 1e9


def test_a_document_may_be_in_a_file(run, slot, tmp_path):
    path = tmp_path / "matrix.json"
    path.write_text(json.dumps(MATRIX))
    run.log_confusion_matrix("cm", str(path))
    assert slot.said()[0]["v"] == MATRIX
    assert run.get_metrics() == {"cm": MATRIX}


@pytest.mark.parametrize("name", ["", None, 3])
def test_a_metric_has_a_name(run, slot, name):
    with pytest.raises(RunLogError, match="a metric is named by a text, got"):
        run.log(name, 1)
    assert slot.lines() == []
    assert run.get_metrics() == {}


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda r: r.log("n", 10**5000), "'n' cannot be kept: Exceeds the limit"),
        (lambda r: r.log("big", "x" * (1 << 20)), "'big' takes 1,048,"),
        (lambda r: r.log_table("t", {"x": [1, 2], "y": [1]}), r"different lengths: \[1, 2\]"),
        (lambda r: r.log_table("t", {"x": [1, 2], "y": 1}), r"different lengths: \[1, 2\]"),
        (lambda r: r.log_table("t", [1]), r"log_table\('t'\): columns by name .* got \[1\]"),
        (lambda r: r.log_row("r", x=[1]), r"'r\.x'.*log_list"),
        (lambda r: r.log("x", 1, step=[1]), "log_list"),
        (lambda r: r.log_confusion_matrix("cm", {"m": object()}), "'cm'.*got object"),
        (lambda r: r.cancel(), "a script cannot cancel its own run"),
        (lambda r: r.create_children(101), "at most 100"),
    ],
)
def test_what_cannot_be_is_refused_and_not_remembered(run, slot, call, words):
    with pytest.raises(RunLogError, match=words):
        call(run)
    assert slot.lines() == []
    assert (run.get_metrics(), run.get_tags(), run.get_children()) == ({}, {}, [])


def test_metrics_are_read_back(run):
    run.log("loss", 3)
    run.log("loss", 2.5)
    run.log("acc", 1)
    assert run.get_metrics() == {"loss": [3, 2.5], "acc": 1}
    assert run.get_metrics("acc") == {"acc": 1}
    assert run.get_metrics(name="no such") == {}
    assert run.has_logged("loss")
    assert not run.has_logged("Loss")
    run.get_metrics()["loss"].append(0)  # the caller's own list
    assert run.get_metrics("loss") == {"loss": [3, 2.5]}


def test_tags_change_and_properties_do_not(run, slot):
    run.tag("a", 1)
    run.set_tags({"a": 2, "b": 3})
    run.remove_tags(["b", "never there"])
    assert run.get_tags() == {"a": 2}
    run.add_properties({"p": 1, "nan": float("nan")})
    run.add_properties({"p": 1, "nan": float("nan"), "q": 2})
    with pytest.raises(RunLogError, match="property 'p' is '1' for good"):
        run.add_properties({"r": 5, "p": 2})
    assert run.get_properties() == {"p": "1", "nan": "nan", "q": "2"}
    run.get_properties().clear()
    assert len(run.get_properties()) == 3
    assert [m["k"] for m in slot.said()] == ["tag", "tag", "untag", "property", "property"]


def test_what_a_part_logs_is_kept_with_the_run(run, slot):
    with run.child_run("fold") as fold:
        fold.log("loss", 1)
        fold.tag("seen", True)
        fold.remove_tags(["seen"])
        fold.add_properties({"rows": 7})
        fold.log_confusion_matrix("cm", {})
        deeper = fold.child_run("inner")
        deeper.log("loss", 2)
    assert slot.said() == [
        {"k": "s", "n": "fold/loss", "v": 1},
        {"k": "tag", "v": {"fold/seen": "True"}},
        {"k": "untag", "v": ["fold/seen"]},
        {"k": "property", "v": {"fold/rows": "7"}},
        {"k": "j", "n": "fold/cm", "v": {}, "d": "confusion_matrix"},
        {"k": "s", "n": "fold/inner/loss", "v": 2},
    ]
    assert (fold.id, deeper.id) == ("HD_x_3/fold", "HD_x_3/fold/inner")
    assert (fold.parent, deeper.parent, run.parent) == (run, fold, None)
    assert (fold.number, fold.attempt, fold.folder) == (3, 2, run.folder)
    assert fold.get_metrics() == {"loss": 1, "cm": {}}
    assert run.get_metrics() == {}
    assert run.get_metrics(recursive=True) == {
        "fold/loss": 1,
        "fold/cm": {},
        "fold/inner/loss": 2,
    }
    assert run.get_metrics("loss", recursive=True) == {"fold/loss": 1, "fold/inner/loss": 2}


def test_parts_without_a_name_are_told_apart(run, slot):
    one, other = run.create_children(2)
    third = run.child_run()
    for n, child in enumerate((one, other, third)):
        child.log("x", n)
    assert [m["n"] for m in slot.said()] == ["child_0/x", "child_1/x", "child_2/x"]
    assert run.get_children() == [one, other, third]


def test_a_part_of_the_same_name_goes_on_where_it_was(run):
    run.child_run("fold").log("loss", 1)
    run.child_run("fold").log("loss", 2)
    assert run.get_metrics(recursive=True) == {"fold/loss": [1, 2]}


def test_it_says_what_is_known_inside(run):
    run.add_properties({"a": "b"})
    assert run.get_status() == "Running"
    assert run.get_details() == {
        "runId": "HD_x_3",
        "status": "Running",
        "properties": {"a": "b"},
        "logFiles": {"user_logs/std_log.txt": f"{run.folder}/user_logs/std_log.txt"},
    }
    assert repr(run) == "Run('HD_x_3')"


def test_a_run_is_a_block(run, slot):
    with run as same:
        assert same is run
    with pytest.raises(KeyError), run:
        raise KeyError
    assert slot.lines() == []


class ToldToStop:
    """The channel of a function run that is to end."""

    def __init__(self):
        self.sent = []

    def send(self, message):
        self.sent.append(message["v"])

    def stopped(self):
        return True


@pytest.mark.parametrize(
    "call",
    [
        lambda r: r.log("x", 1),
        lambda r: r.child_run().log("x", 1),
        lambda r: r.log_predictions("x", {}),
    ],
)
def test_a_function_run_hears_at_its_next_word_that_it_is_to_stop(call):
    channel = ToldToStop()
    with pytest.raises(RunStopped):
        call(Run(channel, "HD_x_0"))
    assert len(channel.sent) == 1  # but that word is kept
    assert not issubclass(RunStopped, Exception)


# ---- which run this process is part of --------------------------------------------------


def test_the_context_is_what_the_environment_says(nobody, monkeypatch, slot, tmp_path):
    for name, value in {
        "CHANNEL": slot.path,
        "RUN_ID": "HD_y_12",
        "RUN_NUMBER": "12",
        "RUN_ATTEMPT": "2",
        "RUN_FOLDER": str(tmp_path),
    }.items():
        monkeypatch.setenv(f"SWEEP_{name}", value)
    run = Run.get_context(allow_offline=False)
    assert (run.id, run.number, run.attempt, run.folder) == ("HD_y_12", 12, 2, str(tmp_path))
    assert Run.get_context() is run
    run.log("x", 1)
    assert slot.said() == [{"k": "s", "n": "x", "v": 1}]


def test_the_context_can_be_given(nobody, run):
    Run.set_context(run)
    assert Run.get_context(allow_offline=False) is run


@pytest.mark.parametrize("asked_before", [False, True])
def test_a_script_can_insist_on_being_part_of_a_sweep(nobody, asked_before):
    if asked_before:
        Run.get_context()
    with pytest.raises(RunEnvironmentError, match="not started by a sweep"):
        Run.get_context(allow_offline=False)


# ---- a script that runs by itself -------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "printed"),
    [
        (lambda r: r.log("loss", 0.5), "Attempted to log scalar metric loss:\n0.5\n"),
        (lambda r: r.log("loss", 1, step=2), "Attempted to log scalar metric loss:\n1\n"),
        (lambda r: r.log("x", None), "Attempted to log scalar metric x:\nNone\n"),
        (lambda r: r.log_list("x", [1, 2]), "Attempted to log list metric x:\n[1, 2]\n"),
        (lambda r: r.log_row("x", a=1), "Attempted to log row metric x:\n{'a': 1}\n"),
        (lambda r: r.log_table("x", {"a": [1]}), "Attempted to log table metric x:\n{'a': [1]}\n"),
        (lambda r: r.log_image("x", path="a.png"), "Attempted to log image metric x:\na.png\n"),
        (lambda r: r.log_image("x", plot="<fig>"), "Attempted to log image metric x:\n<fig>\n"),
        (lambda r: r.log_residuals("x", {}), "Attempted to log residual metric x:\n{}\n"),
        (lambda r: r.log_predictions("x", {}), "Attempted to log predictions metric x:\n{}\n"),
        (
            lambda r: r.log_confusion_matrix("x", {}),
            "Attempted to log confusion_matrix metric x:\n{}\n",
        ),
        (
            lambda r: r.log_accuracy_table("x", {}),
            "Attempted to log accuracy_table metric x:\n{}\n",
        ),
        (lambda r: r.tag("a", 1), "Attempted to keep tag {'a': '1'}\n"),
        (lambda r: r.remove_tags(["a"]), "Attempted to keep untag ['a']\n"),
        (lambda r: r.add_properties({"a": 1}), "Attempted to keep property {'a': '1'}\n"),
        (lambda r: r.upload_file("train.py", "x.py"), "Attempted to keep file train.py\n"),
        (lambda r: r.fail("why"), "Attempted to keep property {'error_details': 'why'}\n"),
        (lambda r: r.flush(), ""),
    ],
)
def test_a_script_by_itself_prints(nobody, place, capsys, call, printed):
    (place / "train.py").write_text("mine")
    call(Run.get_context())
    assert capsys.readouterr().out == printed
    assert [p.name for p in place.iterdir()] == ["train.py"]  # and touches nothing
    assert (place / "train.py").read_text() == "mine"


def test_a_script_by_itself_has_an_id_and_reads_back(nobody):
    run = Run.get_context()
    assert run.id.startswith("OfflineRun_")
    run.log("x", 1)
    assert run.get_metrics() == {"x": 1}
    assert run.child_run("a").parent is run


def test_a_channel_is_all_that_a_run_needs(slot):
    Run(SocketChannel(slot.path), "HD_z_0").log("x", 1)
    assert slot.said() == [{"k": "s", "n": "x", "v": 1}]
