"""Sweep jobs: the YAML of Azure Machine Learning's version 2, `type: sweep`.

What the service alone has (identity, services, queues, instance types, curated environments) is
read and said to have no effect; any other key that is not known is an error. Beyond version 2
there are, all optional: `shell` and `warm_start` under `trial`, `cpus_per_trial` and
`gpus_per_trial` under `resources`, the settings of an hdconfig's samplings under
`sampling_algorithm`, and its further bounds under `limits`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from policies import NoTerminationPolicy
from samplers import SAMPLINGS, BayesianParameterSampling, Sampling
from sweep.core.definition import SweepDefinition
from sweep.errors import Problem
from sweep.formats.checks import Unfit, mapping, number, text
from sweep.formats.fields import Fields
from sweep.formats.findings import Findings, in_file_order, quoted
from sweep.formats.guidance import GUIDING, guided
from sweep.formats.located import Node, inside
from sweep.formats.overrides import overridden
from sweep.formats.record import variables
from sweep.formats.sampling_section import SETTINGS, made_of, with_extra
from sweep.formats.v2_command import Command
from sweep.formats.v2_data import Input, read_inputs, read_outputs
from sweep.formats.v2_limits import read_early_termination, read_limits, read_objective
from sweep.formats.v2_space import read_space, word_of
from sweep.formats.v2_trial import Around, Trial, read_trial
from sweep.formats.yaml12 import read_yaml

KEYS = (
    *("$schema", "type", "name", "display_name", "experiment_name", "description", "tags"),
    *("properties", "trial", "search_space", "sampling_algorithm", "objective", "limits"),
    *("early_termination", "compute", "inputs", "outputs", "resources", "identity", "services"),
    "queue_settings",
)
OF_THE_SERVICE = ("identity", "services", "queue_settings")
RESOURCES = (
    *("instance_type", "instance_count", "max_instance_count", "shm_size", "docker_args"),
    *("locations", "properties"),
)
MORE_RESOURCES = ("cpus_per_trial", "gpus_per_trial")
"""Keys under `resources` that version 2 does not have."""
_VERSION_1 = "is the word of an hdconfig; here it is "
_ELSEWHERE = {
    "sampling": f"{_VERSION_1}sampling_algorithm and search_space",
    "policy": f"{_VERSION_1}early_termination",
    "primary_metric_name": f"{_VERSION_1}primary_metric under 'objective'",
    "primary_metric_goal": f"{_VERSION_1}goal under 'objective'",
    "max_total_runs": f"{_VERSION_1}max_total_trials under 'limits'",
    "command": "belongs under 'trial'",
    "code": "belongs under 'trial'",
    "environment": "belongs under 'trial'",
    "sweep": "is of AutoML's jobs, which need the service",
}


@dataclass(frozen=True, slots=True)
class JobFile:
    """What a sweep job's file says.

    Attributes:
        path: the file.
        definition: the sweep.
        trial: what each trial runs.
        compute: name of the compute target; `local` for this machine.
        name: of the job; empty for one that is made up.
        experiment: the name that groups jobs; empty for that of the folder.
        about: `display_name`, `description` and `properties`, where given.
        tags: of the job.
        inputs: by name; those of a component's defaults too.
        outputs: names of folders that each trial has.
        cpus, gpus: what a trial takes; None where the file does not say.
        warnings: what is legal but worth a word, in file order.
    """

    path: Path
    definition: SweepDefinition
    trial: Trial
    compute: str = "local"
    name: str = ""
    experiment: str = ""
    about: Mapping[str, Any] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, Input] = field(default_factory=dict)
    outputs: tuple[str, ...] = ()
    cpus: float | None = None
    gpus: float | None = None
    warnings: tuple[Problem, ...] = ()


def read_job(path: str | Path, overrides: Mapping[str, Node] | None = None) -> JobFile:
    """Read and check the file of a sweep job.

    Args:
        path: the file.
        overrides: other values, by the dotted paths of their entries.

    Raises:
        ConfigError: with everything that is wrong in the file, in file order.
    """
    findings = Findings(path)
    return job_in(overridden(read_yaml(path, findings), overrides or {}), path, findings)


def job_in(root: Node, path: str | Path, findings: Findings) -> JobFile:
    """Check the file of a sweep job that has been parsed.

    Raises:
        ConfigError: with everything that is wrong in the file, in file order.
    """
    if not isinstance(root.value, dict):
        raise findings.fatal(
            f"expected a mapping with the keys {', '.join(KEYS[1:])}, got {root}", at=root
        )
    return _Reading(root, Path(path), findings).job()


class _Reading:
    """One reading of one file."""

    def __init__(self, root: Node, path: Path, findings: Findings) -> None:
        self._top = Fields(root, "", findings)
        self._path = path
        self._findings = findings

    def job(self) -> JobFile:
        top, findings = self._top, self._findings
        top.only(KEYS, _ELSEWHERE)
        top.need("type", _sweep, "sweep")
        sampling = self._sampling()
        metric, goal = read_objective(top, findings)
        limits = read_limits(top, findings)
        policy = read_early_termination(top, findings)
        inputs = read_inputs(top, self._path.parent, findings)
        outputs = read_outputs(top, findings)
        names = sampling.space.names if sampling is not None else ()
        inner = sampling.space.flags if sampling is not None else ()
        space = dict.fromkeys([*names, *sorted(flag.lstrip("-") for flag in inner)])
        around = Around([*space], inputs, outputs)
        trial = Trial(Command())
        if sampling is not None:  # without a space, every reference to it would look wrong
            trial = read_trial(top, around, self._path.parent, findings)
        elif "trial" not in top:
            top.need("trial", text, "")
        nothing: dict[str, str] = {}
        about: dict[str, Any] = {
            "display_name": top.take("display_name", _line, ""),
            "description": top.take("description", _line, ""),
            "properties": top.take("properties", variables, nothing),
        }
        cpus, gpus = self._resources()
        for key in OF_THE_SERVICE:
            if key in top:
                findings.warn("is the service's and has no effect here", key, top.at(key))
        found: dict[str, Any] = {
            "compute": _target(top.take("compute", text, "local")),
            "name": top.take("name", text, ""),
            "experiment": top.take("experiment_name", text, ""),
            "tags": top.take("tags", variables, nothing),
        }
        findings.check()
        assert sampling is not None
        definition = SweepDefinition(sampling, metric, goal, limits, policy)
        self._warn(definition)
        return JobFile(
            path=self._path,
            definition=definition,
            trial=trial,
            about={key: value for key, value in about.items() if value},
            inputs={**trial.inputs, **inputs},
            outputs=(*dict.fromkeys([*outputs, *trial.outputs]),),
            cpus=cpus,
            gpus=gpus,
            warnings=tuple(in_file_order(findings.warnings)),
            **found,
        )

    def _sampling(self) -> Sampling | None:
        top, findings = self._top, self._findings
        problems = len(findings.problems)
        kind, settings = self._algorithm()
        parameters = read_space(top, findings)
        if not kind or not parameters:
            return None
        said = {key: settings.pop(key) for key in GUIDING if key in settings}
        make = partial(SAMPLINGS[kind], **settings)
        at = top.at("search_space")
        sampling = made_of(parameters, make, "search_space", at, findings, problems)
        section = Fields(top.at("sampling_algorithm"), "sampling_algorithm", findings)
        return guided(with_extra(sampling, section, findings), said, section.path, findings)

    def _algorithm(self) -> tuple[str, dict[str, Any]]:
        """Return the kind of sampling and its settings."""
        top, findings = self._top, self._findings
        words = word_of({word: word for word in SAMPLINGS})
        node = top.at("sampling_algorithm")
        if "sampling_algorithm" not in top:
            findings.warn("is absent: random is taken", "sampling_algorithm", node)
            return "random", {}
        if not isinstance(node.value, dict):
            return top.take("sampling_algorithm", words, ""), {}
        section = Fields(node, "sampling_algorithm", findings)
        kind = section.need("type", words, "")
        return kind, section.arguments(SETTINGS, kind, ["type"])

    def _resources(self) -> tuple[float | None, float | None]:
        top, findings = self._top, self._findings
        node = top.take("resources", mapping("{gpus_per_trial: 1}"), None)
        if node is None:
            return None, None
        section = Fields(node, "resources", findings)
        section.only((*RESOURCES, *MORE_RESOURCES))
        idle = [key for key in RESOURCES if key in section]
        if idle:
            findings.warn(
                f"{', '.join(idle)}: the service's, without effect here; a trial takes"
                " cpus_per_trial and gpus_per_trial",
                "resources",
                node,
            )
        cpus = section.take("cpus_per_trial", number(0), None)
        return cpus, section.take("gpus_per_trial", number(0), None)

    def _warn(self, definition: SweepDefinition) -> None:
        top, findings = self._top, self._findings
        bayesian = isinstance(definition.sampling, BayesianParameterSampling)
        if bayesian and not isinstance(definition.policy, NoTerminationPolicy):
            findings.warn(
                "the service has no early termination with Bayesian sampling; here it has its"
                " effect",
                "early_termination",
                top.at("early_termination"),
            )
        environment = _environment_of(top)
        if isinstance(environment, str):
            findings.warn(
                f"{quoted(environment)} is the service's: trials use the Python that sweep has",
                inside("trial", "environment"),
                top.at("trial"),
            )


def _environment_of(top: Fields) -> Any:
    trial = top.at("trial").value
    node = trial.get("environment") if isinstance(trial, dict) else None
    return node.plain() if node is not None else None


def _sweep(node: Node) -> str:
    kind = str(node.value)
    if kind.lower() == "sweep":
        return kind
    hint = {
        "command": "; `sweep run submit-script` runs a script once",
        "pipeline": "; a pipeline's steps are run one by one here",
    }.get(kind, "")
    raise Unfit("sweep", node, hint)


def _line(node: Node) -> str:
    if isinstance(node.value, str):
        return node.value
    raise Unfit("text", node)


def _target(name: str) -> str:
    """Return the name of a compute target as the workspace knows it."""
    return name.removeprefix("azureml:").partition("@")[0] or "local"
