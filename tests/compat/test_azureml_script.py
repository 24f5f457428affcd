"""Training scripts that import azureml reach their sweep, unchanged."""

from __future__ import annotations

import io
import subprocess
import sys
import tarfile
import textwrap
import venv
from pathlib import Path

import pytest

from sweep.compute.ssh_sources import packed

ROOT = Path(__file__).parents[2]

LOGS = """
    from azureml.core import Run
    from azureml.core.run import Run as Same

    assert Run is Same
    run = Run.get_context()
    run.log("loss", 0.5)
    run.log("loss", 0.25, "a description", step=7)
    run.log_list("all", [1, 2])
    run.log_row("row", x=1, y=2)
    run.log_table("table", {"x": [1, 2]})
    run.log_confusion_matrix("cm", {"schema_type": "confusion_matrix"}, "of the test")
    run.log_accuracy_table("at", {"schema_type": "accuracy_table"})
    run.tag("kind", "quick")
    run.set_tags({"a": "b"})
    run.add_properties({"p": 1})
    run.flush()
    run.complete()
"""


def test_what_it_logs_arrives(script):
    script(LOGS)
    assert script.said == [
        ("s", "loss", 0.5),
        ("s", "loss", 0.25),
        ("l", "all", [1, 2]),
        ("r", "row", {"x": 1, "y": 2}),
        ("t", "table", {"x": [1, 2]}),
        ("j", "cm", {"schema_type": "confusion_matrix"}),
        ("j", "at", {"schema_type": "accuracy_table"}),
        ("tag", None, {"kind": "quick"}),
        ("tag", None, {"a": "b"}),
        ("property", None, {"p": "1"}),
    ]
    assert script.slot.said()[1]["s"] == 7
    assert script.error == ""


def test_by_itself_it_prints_as_the_sdk_does(script):
    printed = script(LOGS, offline=True)
    assert printed.startswith("Attempted to log scalar metric loss:\n0.5\n")
    assert script.said == []


def test_files_and_parts(script):
    (script.folder / "data").mkdir(parents=True)
    (script.folder / "data" / "a.txt").write_text("a")
    script("""
        from azureml.core import Run

        run = Run.get_context(allow_offline=False)
        run.upload_file("outputs/a.txt", "data/a.txt", datastore_name=None)
        run.upload_folder("outputs/all", "data", datastore_name=None)
        fold = run.child_run(name="fold0", run_id=None, outputs=None)
        assert type(fold) is type(run) and fold.parent is run
        fold.log("loss", 1)
        one, two = run.create_children(tag_key="part", tag_values=["a", "b"])
        assert run.get_children(recursive=True) == [fold, one, two]
        assert run.get_metrics(recursive=True, run_type=None) == {"fold0/loss": 1}
        assert "outputs/a.txt" in run.get_file_names()
        """)
    assert ("file", "outputs/a.txt", None) in script.said
    assert ("file", "outputs/all/a.txt", None) in script.said
    assert ("s", "fold0/loss", 1) in script.said
    assert ("tag", None, {"child_1/part": "a"}) in script.said
    assert (script.folder / "outputs" / "all" / "a.txt").read_text() == "a"


def test_what_a_run_knows_of_itself(script):
    printed = script("""
        from azureml.core.run import Run, _OfflineRun

        run = Run.get_context()
        assert not isinstance(run, _OfflineRun) and run is Run.get_context()
        print(run.id, run.name, run.number, run.parent.id, run.get_status(), run.status)
        print(run.experiment.name, run.experiment.workspace.name, run.get_details()["runId"])
        """)
    first, second = printed.splitlines()
    assert first == "HD_x_3 HD_x_3 3 HD_x Running Running"
    assert second == "HD_x local HD_x_3"


def test_a_call_that_is_lacking_says_so_once_and_the_script_goes_on(script):
    script("""
        from azureml.core import Run

        run = Run.get_context()
        for _ in range(3):
            run.register_model(model_name="m", model_path="outputs/m.pkl")
        run.cancel()
        assert not hasattr(run, "registr_model")
        run.log("loss", 1)
        """)
    assert script.error.splitlines() == [
        (
            "sweep: Run.register_model is the service's own and not available here: the file stays"
            " with the run: run.download_file; the script goes on"
        ),
        "sweep: a script cannot cancel its own run; it goes on",
    ]
    assert script.said == [("s", "loss", 1)]


def test_what_is_imported_and_not_used_does_no_harm(script):
    printed = script("""
        import sys
        from azureml.core import Dataset, Experiment, Model, Run, Workspace
        from azureml.core.authentication import ServicePrincipalAuthentication
        from azureml.data.data_reference import DataReference

        ServicePrincipalAuthentication("a", "b", service_principal_password="c")
        assert not isinstance(3, Dataset)
        print(sorted({m.split(".")[0] for m in sys.modules} & {"ray", "click", "numpy", "yaml"}))
        try:
            Dataset.get_by_name(None, "iris")
        except Exception as error:
            print(error)
        try:
            import azureml.opendatasets
        except ImportError as error:
            print(error)
        """)
    assert printed.splitlines() == [
        "[]",
        "azureml.core.Dataset is the service's own and not available here: pass the script a path",
        "azureml.opendatasets is the service's own and not available here",
    ]


def test_a_sweep_py_beside_the_script_is_in_nobodys_way(script):
    script.folder.mkdir()
    (script.folder / "sweep.py").write_text("THEIRS = True\n")
    (script.folder / "m.txt").write_text("m")
    script("""
        from azureml.core import Run
        import sweep

        assert sweep.THEIRS
        run = Run.get_context()
        run.log("loss", 1)
        run.upload_file("outputs/m.txt", "m.txt")
        """)
    assert script.said == [("s", "loss", 1), ("file", "outputs/m.txt", None)]


def test_an_interpreter_without_hypersweep_will_do(script, tmp_path):
    venv.create(tmp_path / "venv", symlinks=True)
    script(LOGS, python=str(tmp_path / "venv" / "bin" / "python"))
    assert len(script.said) == 10


class TestWhereTheRealOneIsInstalled:
    @pytest.fixture
    def real(self, tmp_path):
        core = tmp_path / "real" / "azureml" / "core"
        core.mkdir(parents=True)
        (core / "__init__.py").write_text("Run = 'the real one'\n")
        return {"PYTHONPATH": str(tmp_path / "real")}

    SHOW = "from azureml.core import Run; print(Run)"

    def test_it_is_used_wherever_it_is_on_the_path(self, script, real):
        for first in (True, False):
            text = f"import sys; sys.path.append({real['PYTHONPATH']!r}); {self.SHOW}"
            printed = script(self.SHOW, **real) if first else script(text)
            assert printed == "the real one\n"
        assert "--azureml-compat always puts ours in its place" in script.error

    def test_unless_ours_is_wanted(self, script, real):
        text = f"import sys; sys.path.append({real['PYTHONPATH']!r}); {self.SHOW}"
        assert "azureml_run.Run" in script(text, SWEEP_AZUREML_COMPAT="always")

    def test_ours_is_not_there_if_it_is_not_wanted(self, script):
        printed = script(
            """
            try:
                import azureml.core
            except ImportError as error:
                print(error)
            """,
            SWEEP_AZUREML_COMPAT="never",
        )
        assert printed == "No module named 'azureml'\n"

    def test_other_packages_of_the_sdks_stay_importable(self, script, tmp_path):
        other = tmp_path / "other" / "azureml" / "dataprep"
        other.mkdir(parents=True)
        (other / "__init__.py").write_text("")
        text = f"""
            import sys; sys.path.append({str(tmp_path / "other")!r})
            import azureml.dataprep
            from azureml.core import Run
            Run.get_context().log("loss", 1)
            """
        script(text)
        assert script.said == [("s", "loss", 1)]


def test_it_is_part_of_what_is_installed():
    code = textwrap.dedent("""
        from setuptools.config.pyprojecttoml import read_configuration
        found = read_configuration("pyproject.toml")["tool"]["setuptools"]
        print(*found["packages"], sep="\\n")
        """)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if "No module named" in done.stderr:
        pytest.skip("setuptools is not installed here")
    assert "sweep.compat.importable.azureml" in done.stdout.split(), done.stderr


def test_all_of_it_travels_to_other_machines():
    with tarfile.open(fileobj=io.BytesIO(packed())) as tar:
        names = {name for name in tar.getnames() if name.startswith("sweep/compat/importable/")}
    there = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "sweep" / "compat" / "importable").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert names == there
