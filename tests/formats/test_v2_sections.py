"""Sections of sweep jobs that the whole of a job does not show: data, components, conversions."""

from __future__ import annotations

import pytest

from sweep.errors import ConfigError
from sweep.formats.conversion import from_job
from sweep.formats.overrides import overrides_of
from sweep.formats.v2 import read_job
from tests.formats.test_v2 import JOB

COMPONENT = """\
type: command
inputs:
  lr: {type: number}
  kind: {type: string}
  n: {type: integer}
command: python train.py --lr ${{inputs.lr}} --k ${{inputs.kind}} --n ${{inputs.n}}
"""
WITH_COMPONENT = f"{JOB[: JOB.index('trial:')]}trial: ./train.yml\n{JOB[JOB.index('inputs:') :]}"


@pytest.fixture
def folder(place):
    (place / "src").mkdir()
    (place / "src" / "train.py").write_text("")
    (place / "data.csv").write_text("a\n")
    (place / "train.yml").write_text(COMPONENT)
    return place


def job(folder, text, *sets):
    (folder / "job.yml").write_text(text)
    return read_job("job.yml", overrides_of(sets))


class TestData:
    @pytest.mark.parametrize(
        ("section", "message"),
        [
            ("inputs: {data: x, n: 1, 'a b': 1}", "a name has letters, digits and _"),
            ("inputs: {data: x, n: [1]}", "expected a value, or a mapping"),
            ("inputs: {data: x, n: '${{inputs.data}}'}", "without a reference"),
            ("inputs: {data: x, n: {type: integer}}", "inputs.n.default: is required"),
            ("inputs: {data: x, n: {type: uri_file}}", "inputs.n.path: is required"),
            ("inputs: {data: x, n: {type: uri_fil, path: a}}", "did you mean 'uri_file'?"),
            ("inputs: {data: x, n: {type: uri_folder, path: data.csv}}", "is a file, and a"),
            ("inputs: {data: x, n: {type: uri_folder, path: 'https://a/b'}}", "folder cannot be"),
            ("inputs: [1]", "expected a mapping from names to values"),
            ("outputs: {model: [1]}", "expected a mapping such as {type: uri_folder}"),
            ("outputs: {model: {mode: write}}", "expected ro_mount"),
        ],
    )
    def test_mistakes(self, folder, section, message):
        start = section.split(":")[0]
        text = JOB.replace(f"\n{start}:\n", f"\n{section}\n")
        text = "".join(
            line for line in text.splitlines(keepends=True)
            if not (start == "inputs" and line.startswith(("  data: ", "  n: ")))
            and not (start == "outputs" and line.startswith("  model: "))
        )  # fmt: skip
        with pytest.raises(ConfigError) as caught:
            job(folder, text)
        assert message in str(caught.value)

    def test_values_as_mappings_and_files_at_a_url(self, folder):
        read = job(
            folder,
            JOB,
            *("inputs.n={type: number, default: 2.5}", "inputs.data.path=https://a.net/d.csv"),
            "outputs.model={path: 'azureml:x', mode: upload}",
        )
        assert read.inputs["n"].value == 2.5
        assert (read.inputs["data"].kind, read.inputs["data"].text) == (
            "url",
            "https://a.net/d.csv",
        )
        assert any("an output is in its trial's folder" in str(w) for w in read.warnings)

    def test_an_entry_of_a_list_said_otherwise(self, folder):
        read = job(folder, JOB, "search_space.kind.values[1]=poly")
        space = read.definition.to_wire()["generator_config"]["parameter_space"]
        assert space["kind"] == ["choice", [["rbf", "poly"]]]
        with pytest.raises(ConfigError, match="there is no entry 7"):
            job(folder, JOB, "search_space.kind.values[7]=poly")


class TestTrials:
    def test_what_only_the_service_does(self, folder):
        text = JOB.replace(
            "  code: src",
            "  code: src\n  distribution: {type: pytorch, process_count_per_instance: 2}\n"
            "  resources: {shm_size: 2g}",
        )
        said = " ".join(map(str, job(folder, text).warnings))
        assert "process_count_per_instance: a trial is one process" in said
        assert "trial.resources: has no effect here" in said

    @pytest.mark.parametrize(
        ("component", "message"),
        [
            (None, "is no file"),
            ("- 1\n", "expected a command component"),
            ("type: pipeline\n", "expected command"),
            (COMPONENT.replace("inputs.n}", "inputs.m}"), "there is no inputs.m"),
            (
                COMPONENT.replace("  n:", "  seed: {type: integer}\n  n:"),
                "inputs.seed: is given",
            ),
            (COMPONENT.replace("python train.py", "pip list && python train.py"), "a shell"),
        ],
    )
    def test_components_that_are_wrong(self, folder, component, message):
        if component is None:
            (folder / "train.yml").unlink()
        else:
            (folder / "train.yml").write_text(component)
        with pytest.raises(ConfigError) as caught:
            job(folder, WITH_COMPONENT)
        assert message in str(caught.value)
        assert str(caught.value).startswith("job.yml" if component is None else "train.yml")

    def test_a_registered_component(self, folder):
        with pytest.raises(ConfigError, match="registered with the service"):
            job(folder, WITH_COMPONENT.replace("./train.yml", "azureml:train:1"))

    @pytest.mark.parametrize(
        ("old", "new", "message"),
        [
            ("  code: src", "  code: data.csv", "is a file, not a folder"),
            ("trial:\n", "trials:\n", "trial: is required"),
            ("${{search_space.lr}}", "${{search_space.lr", "never closed with '}}'"),
            ("python train.py", "python 'train.py", "never closed"),
        ],
    )
    def test_mistakes(self, folder, old, new, message):
        with pytest.raises(ConfigError) as caught:
            job(folder, JOB.replace(old, new))
        assert message in str(caught.value)


class TestConversions:
    def lost(self, folder, text, *sets):
        return " | ".join(from_job(job(folder, text, *sets)).lost)

    def test_what_only_a_job_says(self, folder):
        said = self.lost(folder, JOB, "resources.gpus_per_trial=1")
        for words in (
            "model is passed as outputs/model",
            "environment variables belong into a run configuration: LEVEL",
            "--target cpu-cluster",
            "--gpus-per-run",
            "only a sweep job has tags, display_name, description",
        ):
            assert words in said

    def test_commands_that_run_no_script(self, folder):
        shell = JOB.replace("  code: src", "  code: src\n  shell: bash")
        assert "the command is for a shell" in self.lost(folder, shell)
        other = JOB.replace("python train.py", "mlflow run .")
        assert "the command runs no script" in self.lost(folder, other)
        assert from_job(job(folder, JOB.replace("python train.py", "./go.sh"))).script == "go.sh"

    def test_values_that_are_no_options(self, folder):
        text = JOB.replace("--lr ${{search_space.lr}}", "lr=${{search_space.lr}}")
        said = self.lost(folder, text)
        assert "'lr=${{search_space.lr}}' in the command, which is no option" in said
        assert from_job(job(folder, text)).arguments[-2:] == ("--out", "outputs/model")
        text = JOB.replace("--kind ${{search_space.kind}}", "--kind=${{search_space.kind}}")
        assert "options are all written alike" in self.lost(folder, text)
        text = JOB.replace("--kind ${{search_space.kind}}", "")
        said = self.lost(folder, text)
        assert "kind is passed as --kind, and not in the environment alone" in said

    def test_two_parameters_as_one_option(self, folder):
        text = JOB.replace("--kind ${{search_space.kind}}", "--lr ${{search_space.kind}}")
        with pytest.raises(ConfigError, match="as the same option"):
            from_job(job(folder, text))

    def test_a_folder_elsewhere(self, folder):
        (folder / "jobs").mkdir()
        (folder / "jobs" / "job.yml").write_text(
            JOB.replace("code: src", "code: ../src").replace("path: data.csv", "path: ../data.csv")
        )
        assert from_job(read_job("jobs/job.yml")).code.endswith("src")
