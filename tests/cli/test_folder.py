"""`sweep folder attach` and `sweep experiment`."""

from __future__ import annotations

import json
import stat

import pytest

from sweep.cli.folder import AMLIGNORE
from sweep.formats.packages import packages_of
from sweep.formats.runconfig import find_runconfig, read_runconfig
from tests.cli.workspaces import kept, lone, sweep


def files(place):
    return sorted(
        str(p.relative_to(place))
        for p in place.rglob("*")
        if p.is_file() and ".sweep" not in p.parts
    )


class TestAttach:
    def test_a_folder_becomes_a_workspace_with_something_to_start_from(self, place):
        said = sweep("folder", "attach", "-e", "demo")
        assert (said.code, said.err) == (0, "")
        assert said.lines == [
            "Experiment name:  demo",
            f"Project path:     {place}",
            f"Workspace:        {place}/.sweep",
            "Configurations:   local, docker",
            "A run:            sweep run submit-script -c local my_train.py",
        ]
        names = ("conda_dependencies.yml", "config.json", "docker", "local")
        assert files(place) == [".amlignore", *(f".azureml/{name}" for name in names)]
        assert (place / ".amlignore").read_text() == AMLIGNORE
        assert json.loads((place / ".azureml/config.json").read_text())["Id"] == "demo"
        local = read_runconfig(find_runconfig(place, "local"))
        assert (local.target, local.environment.python.user_managed_dependencies) == (
            "local",
            True,
        )
        assert local.warnings == ()
        docker = read_runconfig(find_runconfig(place, "docker"))
        assert docker.docker["useDocker"]
        assert docker.environment.docker["baseImage"].startswith("python:3.")
        local.environment.python.user_managed_dependencies = False
        found = packages_of(local.environment.python, place)
        assert (found.name, found.pip) == ("project_environment", ("numpy",))
        assert stat.S_IMODE((place / ".sweep").stat().st_mode) == 0o700

    def test_each_target_has_its_run_configuration(self, place):
        sweep("folder", "attach")
        size = ("--max-nodes", 1, "--vm-size", "STANDARD_D2_V2")
        assert sweep("computetarget", "create", "amlcompute", "-n", "cpus", *size).code == 0
        assert sweep("folder", "attach").lines[3] == "Configurations:   local, docker, cpus"
        assert read_runconfig(find_runconfig(place, "cpus")).target == "cpus"

    def test_the_experiment_is_called_like_the_folder(self, place):
        (place / "My project!").mkdir()
        said = sweep("folder", "attach", "--path", "My project!", "--json")
        assert json.loads(said.out) == {
            "Experiment name": "My_project_",
            "Project path": str(place / "My project!"),
            "Workspace": str(place / "My project!/.sweep"),
        }

    def test_old_command_lines(self, place):
        assert sweep("folder", "attach", "-w", "ws", "-g", "group").code == 0

    def test_again_it_keeps_what_is_there(self, place):
        sweep("folder", "attach", "-e", "demo")
        for name in (".amlignore", ".azureml/local"):
            (place / name).write_text("# mine\n")
        said = sweep("folder", "attach")
        assert said.lines[0] == "Experiment name:  demo"
        assert (place / ".amlignore").read_text() == "# mine\n"
        assert (place / ".azureml/local").read_text() == "# mine\n"
        assert [e["name"] for e in listed()] == ["demo"]

    def test_another_experiment_takes_its_place(self, place):
        sweep("folder", "attach", "-e", "one")
        sweep("folder", "attach", "-e", "two")
        assert sweep("folder", "attach").lines[0] == "Experiment name:  two"
        assert [e["name"] for e in listed()] == ["one", "two"]

    def test_the_configuration_of_the_service_is_kept(self, place):
        (place / ".azureml").mkdir()
        theirs = {"Id": "theirs", "Scope": "/subscriptions/S/projects/theirs"}
        (place / ".azureml/config.json").write_text(json.dumps(theirs))
        assert sweep("folder", "attach").lines[0] == "Experiment name:  theirs"
        assert json.loads((place / ".azureml/config.json").read_text()) == theirs
        sweep("folder", "attach", "-e", "ours")
        assert json.loads((place / ".azureml/config.json").read_text()) == {**theirs, "Id": "ours"}

    @pytest.mark.parametrize("text", ["", "no json", "[]", '{"Id": 3}', '{"workspace_name": "w"}'])
    def test_a_configuration_that_names_no_experiment(self, place, text):
        (place / ".azureml").mkdir()
        (place / ".azureml/config.json").write_text(text)
        assert sweep("folder", "attach", "-e", "demo").code == 0
        found = json.loads((place / ".azureml/config.json").read_text())
        assert found["Id"] == "demo"
        assert ("workspace_name" in found) == ("workspace_name" in text)

    def test_a_gitignore_that_loses_its_effect_is_mentioned(self, place):
        (place / ".gitignore").write_text("data\n")
        assert "go by the new .amlignore from now on" in sweep("folder", "attach").err
        assert sweep("folder", "attach").err == ""

    @pytest.mark.parametrize(
        ("words", "fragment"),
        [
            (["--path", "nowhere"], "nowhere/.sweep: No such file or directory"),
            (["-e", "no good"], "'no good' cannot name an experiment"),
        ],
    )
    def test_mistakes(self, place, words, fragment):
        said = sweep("folder", "attach", *words)
        assert said.code == 2
        assert fragment in said.err
        assert files(place) == []


def listed():
    return json.loads(sweep("experiment", "list", "--json").out)


class TestExperiments:
    def test_to_create_one_twice_is_no_mistake(self, place):
        assert sweep("experiment", "create", "-n", "demo").lines == ["experiment demo: created"]
        again = sweep("experiment", "create", "-n", "demo", "-g", "group", "-w", "ws")
        assert (again.code, again.lines) == (0, ["experiment demo: is there already"])

    def test_the_oldest_first_with_their_sweeps(self, place):
        for name in ("b", "a"):
            sweep("experiment", "create", "-n", name)
        kept(place, experiment="a")
        lone(place, experiment="a")
        said = sweep("experiment", "list")
        assert said.lines == ["b  (sweeps and runs: 0)", "a  (sweeps and runs: 2)"]
        assert [(e["name"], e["sweeps"]) for e in listed()] == [("b", 0), ("a", 2)]

    def test_in_a_workspace_that_is_named(self, place):
        (place / "there").mkdir()
        sweep("experiment", "create", "-n", "demo", "--workspace", "there")
        for where in ("there", "there/.sweep"):
            assert sweep("experiment", "list", "--workspace", where).lines == [
                "demo  (sweeps and runs: 0)"
            ]
        assert sweep(
            "experiment", "create", "-n", "demo", "--workspace", "there/.sweep"
        ).lines == ["experiment demo: is there already"]

    @pytest.mark.parametrize("name", ["", "_x", "a b", "../x", "x" * 256, "é"])
    def test_a_name_that_is_none(self, place, name):
        said = sweep("experiment", "create", "-n", name)
        assert said.code == 2
        assert "cannot name an experiment: it starts with a letter or digit" in said.err
