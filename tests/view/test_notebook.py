"""What a notebook shows: a live widget, and objects as a few lines of HTML."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path

import pytest

from sweep import Experiment, HyperDriveRun, RunDetails, Workspace
from sweep.engine.wishes import leave
from sweep.storage.reader import SweepReader
from sweep.view.card import sweep_card
from sweep.view.snapshot import snapshot
from tests.cli.workspaces import abandoned, kept, lone, play, story, values

ROOT = Path(__file__).parents[2]


def seen(folder):
    with SweepReader(folder.database) as reader:
        return json.loads(json.dumps(snapshot(reader, folder), allow_nan=False))


def test_a_snapshot_is_json_and_has_all_that_is_drawn(place):
    state = seen(story(place))
    assert (state["status"], state["over"], state["total"]) == ("Completed", 6, 6)
    words = {"completed": 3, "stopped early": 1, "failed": 1, "canceled": 1}
    assert state["counts"] == words
    assert state["best"]["run"] == 4
    assert state["curves"][0] == {
        "run": 4,
        "outcome": "completed",
        "points": [[1, 0.6], [2, 0.8], [3, 0.95]],
    }
    assert [axis["label"] for axis in state["axes"]] == ["x", "accuracy"]
    assert state["lines"][-1] == {"shade": 1.0, "places": [1.0, 1.0]}
    assert [row["run"] for row in state["rows"]] == [4, 0, 2, 3, 1, 5]


def test_of_what_has_no_results(place):
    state = seen(kept(place))
    assert (state["over"], state["total"], state["best"], state["curves"]) == (0, 6, None, [])
    assert seen(lone(place))["axes"] == []
    folder = kept(place, points=2)
    play(folder, values(float("nan"), float("inf")))
    assert seen(folder)["curves"] == []


def test_long_curves_keep_their_ends_and_many_runs_the_best(place):
    folder = kept(place, points=400)
    play(folder, lambda c: [c["--x"] + n for n in range(2 if c["--x"] < 399 else 1000)])
    state = seen(folder)
    longest = state["curves"][0]["points"]
    assert len(longest) <= 151
    assert longest[-1] == [1000, 399 + 999]
    assert [curve["run"] for curve in state["curves"]] == [*range(399, 249, -1)]
    assert len(state["lines"]) == 300


def test_objects_as_html(place):
    folder = story(place)
    workspace = Workspace(place)
    experiment = Experiment(workspace, "demo")
    run = HyperDriveRun(experiment, folder.id)
    child = run.get_best_run_by_primary_metric()
    shown = run._repr_html_()
    assert "6 of 6: 3 completed, 1 stopped early, 1 failed, 1 canceled" in shown
    assert "0.95, run 4: x=4" in shown
    assert "best 0.95, last 0.95, 3 reports" in child._repr_html_()
    assert "HD_story" in workspace._repr_html_()
    assert "Experiment demo" in experiment._repr_html_()
    play(lone(place), values())
    assert "Completed" in next(experiment.get_runs(type="azureml.scriptrun"))._repr_html_()


def test_a_list_of_sweeps_tells_which_was_interrupted(place):
    abandoned(place)
    assert "<td style='text-align:left'>Interrupted</td>" in Workspace(place)._repr_html_()


def test_texts_of_the_users_are_no_markup(place):
    space = {"--<b>": ["choice", [["<script>1</script>"]]]}
    folder = kept(place, space=space, points=1, metric="<u>")

    def curve(_):
        yield 0.5
        leave(folder.requests, "cancel", 0, "<i>why")
        yield from (0.5, 0.5)

    play(folder, curve)
    run = HyperDriveRun(Experiment(Workspace(place), "demo"), folder.id)
    for shown in (sweep_card(folder), next(run.get_children())._repr_html_()):
        assert not any(raw in shown for raw in ("<u>", "<i>", "<script"))
        assert "&lt;script&gt;" in shown


def test_a_plain_process_shows_text(place, capsys):
    RunDetails(HyperDriveRun(Experiment(Workspace(place), "demo"), story(place).id)).show()
    assert "HD_story: Completed" in capsys.readouterr().out


class TestKernel:
    """A real kernel, which is started once for all cells."""

    def executed(self, place, *cells):
        nbformat = pytest.importorskip("nbformat")
        nbclient = pytest.importorskip("nbclient")
        pytest.importorskip("anywidget")
        where = {"metadata": {"path": str(place)}}
        kernel = {"kernel_name": "python3", "timeout": 60, "resources": where}
        notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(textwrap.dedent(cell)) for cell in cells]
        )
        nbclient.NotebookClient(notebook, **kernel).execute()
        return notebook

    @pytest.mark.filterwarnings("ignore")
    def test_a_widget_that_follows_a_sweep(self, place, monkeypatch):
        monkeypatch.setenv("PYTHONPATH", str(ROOT))
        notebook = self.executed(
            place,
            """
            from pathlib import Path
            import sweep.view.widget as widgets
            widgets.INTERVAL = 0.05
            from sweep import Experiment, HyperDriveRun, RunDetails, Workspace
            from tests.cli.workspaces import kept, play, values
            folder = kept(Path.cwd(), points=3, identity="HD_live")
            run = HyperDriveRun(Experiment(Workspace("."), "demo"), "HD_live")
            RunDetails(run).show()
            """,
            """
            play(folder, values(0.5, 0.75))
            import gc, time
            [shown] = [o for o in gc.get_objects() if isinstance(o, widgets.SweepWidget)]
            until = time.monotonic() + 30
            while shown.state["over"] < 3 and time.monotonic() < until:
                time.sleep(0.02)
            shown.state["over"], shown.state["best"]["best"]
            """,
            "run",
        )
        first, second, third = (cell.outputs for cell in notebook.cells)
        [view] = [o for o in first if o.output_type == "display_data"]
        model = view.data["application/vnd.jupyter.widget-view+json"]["model_id"]
        assert second[-1].data["text/plain"] == "(3, '0.75')"
        assert "3 of 3: 3 completed" in third[-1].data["text/html"]
        widgets = notebook.metadata.widgets["application/vnd.jupyter.widget-state+json"]["state"]
        assert widgets[model]["state"]["state"]["over"] == 3
        assert "learning curves" in widgets[model]["state"]["_esm"]

    @pytest.mark.filterwarnings("ignore")
    def test_without_the_widget_it_is_shown_as_it_is(self, place, monkeypatch):
        monkeypatch.setenv("PYTHONPATH", str(ROOT))
        story(place)
        notebook = self.executed(
            place,
            """
            import sys
            sys.modules["anywidget"] = None
            from sweep import RunDetails, Workspace
            RunDetails(Workspace(".").get_run("HD_story")).show()
            """,
        )
        assert "0.95, run 4: x=4" in notebook.cells[0].outputs[-1].data["text/html"]
