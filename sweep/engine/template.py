"""How a configuration becomes a process: the part of a run that is the same for all."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from samplers import Configuration, Space
from sweep.compute.target import Call, Function, Process
from sweep.core import redact
from sweep.engine.earlier import OPTION, VARIABLE, earlier_outputs, takes_resume_from
from sweep.engine.replicate import variables
from sweep.engine.trial import folders_of, in_trial
from sweep.formats.arguments import Style, environment, render
from sweep.formats.passing import check_room, space_bytes, variables_bytes, words_bytes
from sweep.storage.private import secrets_of
from sweep.storage.workspace import SweepFolder

SECRET_FREE_PREFIXES = ("RAY_", "SWEEP_")
"""Variables of the engine's own environment that are none of a run's business."""


@dataclass(frozen=True, slots=True)
class ScriptTemplate:
    """A training script, ready to be given a configuration.

    Attributes:
        command: interpreter and script, or any other program; relative to the run's folder.
        arguments: fixed ones, the same for every run.
        environment_variables: set for every run, over those of the engine.
        tree: the snapshot of the source directory; empty for none.
        argument_style: see `sweep.formats.arguments.render`.
        pass_arguments: whether hyperparameters are passed as arguments at all.
        threads: of numeric libraries, unless the user's environment says how many.
        outputs_bytes: what a run may write into its folder; None for no bound.
        warm: see `sweep.compute.target.Process`.
        needs: see `sweep.compute.needs`.
        trial: of a sweep job: the command has references, see `sweep.engine.trial`.
        metrics: see `sweep.compute.target.Process`.
        earlier: outputs of runs of earlier sweeps, for the first runs, which go on from them.
        redacted: whether secrets are left out; runs get them from the sweep's folder.
    """

    command: Sequence[str]
    arguments: Sequence[str] = ()
    environment_variables: Mapping[str, str] = field(default_factory=dict)
    tree: str = ""
    argument_style: Style = "space"
    pass_arguments: bool = True
    threads: int = 1
    outputs_bytes: int | None = None
    warm: Sequence[str] | None = None
    needs: Mapping[str, Any] | None = None
    trial: Mapping[str, Any] | None = None
    metrics: Mapping[str, Any] | None = None
    earlier: Sequence[str] = ()
    redacted: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return the template as a JSON value."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> ScriptTemplate:
        """Return the template that `to_json` stored."""
        return cls(**stored)

    def without_secrets(self) -> tuple[ScriptTemplate, dict[str, Any]]:
        """Return what anybody may read, and the JSON value of what is kept apart from it."""
        public: dict[str, Any] = {
            "command": redact.arguments(self.command),
            "arguments": redact.arguments(self.arguments),
            "environment_variables": redact.variables(self.environment_variables),
            "needs": redact.nested(self.needs),
        }
        secret = {k: v for k in public if (v := _plain(getattr(self, k))) != public[k]}
        return replace(self, **public, redacted=bool(secret)), secret

    def _complete(self, sweep: SweepFolder) -> ScriptTemplate:
        """Return the template with its secrets.

        Raises:
            WorkspaceError: they are not there.
        """
        if not self.redacted:
            return self
        return replace(self, **secrets_of(sweep), redacted=False)

    def check(self, space: Space | None) -> None:
        """Refuse what no run could be given.

        Raises:
            ConfigError: an argument, a variable or a hyperparameter cannot be passed to a
                process, or all of them together are too large.
        """
        taken = words_bytes(self.command, "command") + words_bytes(self.arguments, "arguments")
        taken += variables_bytes({**inherited(self.threads), **self.environment_variables})
        if space is not None:
            passed = self.pass_arguments or self.trial is not None
            taken += space_bytes(space, self.argument_style, as_arguments=passed)
        check_room(taken)

    def process(
        self,
        sweep: SweepFolder,
        number: int,
        attempt: int,
        configuration: Configuration,
        space: Space | None,
        replicate: Mapping[str, int] | None = None,
    ) -> Process:
        """Return the process of one attempt of one run.

        Args:
            sweep: of the run.
            number: of the run.
            attempt: of the run.
            configuration: its hyperparameters.
            space: that these are from.
            replicate: what `sweep.engine.replicate` gives; None where it is no replicate.

        Raises:
            ConfigError: a value cannot be passed to a process.
            WorkspaceError: the secrets that it is to be given are gone.
        """
        whole = self._complete(sweep)
        values = space.flatten(configuration) if space else []
        folder = str(sweep.run_folder(number, attempt))
        argv = [*whole.command, *whole.arguments_of(configuration, space)]
        named: dict[str, str] = {}
        if whole.trial is not None:
            argv, named = in_trial(argv, whole.trial, folder, configuration, space)
        resume: dict[str, str] = {}
        place = number if replicate is None else replicate["configuration_number"]
        if earlier := earlier_outputs(sweep, number, attempt, self.earlier, place):
            resume = {VARIABLE: str(earlier)}
            if self.pass_arguments and takes_resume_from(self.command, Path(self.tree)):
                end = argv.index("--") if "--" in argv else len(argv)
                argv[end:end] = [OPTION, str(earlier)]
        return Process(
            argv=argv,
            env={
                **inherited(self.threads),
                "PYTHONUNBUFFERED": "1",  # what a script prints is seen when it is printed
                **whole.environment_variables,
                **environment(dict(values)),
                **named,
                **resume,
                "SWEEP_ID": sweep.id,
                "SWEEP_RUN_ID": sweep.run_id(number),
                "SWEEP_RUN_NUMBER": str(number),
                "SWEEP_RUN_ATTEMPT": str(attempt),
                "SWEEP_RUN_FOLDER": folder,
                **variables(replicate),
            },
            folder=folder,
            tree=self.tree,
            outputs_bytes=self.outputs_bytes,
            warm=self.warm,
            needs=whole.needs,
            folders=folders_of(self.trial),
            metrics=self.metrics,
        )

    def arguments_of(self, configuration: Configuration, space: Space | None) -> list[str]:
        """Return the fixed arguments and the others; behind `--` a script takes no options."""
        values = space.flatten(configuration) if space and self.pass_arguments else []
        swept = [word for pair in values for word in render(*pair, self.argument_style)]
        fixed = list(self.arguments)
        end = fixed.index("--") if "--" in fixed else len(fixed)
        return [*fixed[:end], *swept, *fixed[end:]]


@dataclass(frozen=True, slots=True)
class FunctionTemplate:
    """A function to be tuned; the function itself is not kept, only what it was called.

    Attributes:
        function: its qualified name.
        threads: as for scripts.
    """

    function: str
    threads: int = 1

    def to_json(self) -> dict[str, Any]:
        """Return the template as a JSON value."""
        return asdict(self)

    def common(self, sweep: SweepFolder, pickled: bytes, metric: str) -> Function:
        """Return what all calls have in common."""
        env = {**inherited(self.threads), "SWEEP_ID": sweep.id, "SWEEP_RUN_ID": sweep.id}
        return Function(pickled, metric, env, str(Path.cwd()))

    def call(
        self,
        sweep: SweepFolder,
        number: int,
        attempt: int,
        replicate: Mapping[str, int] | None = None,
    ) -> Call:
        """Return the call of one attempt of one run."""
        folder = str(sweep.run_folder(number, attempt))
        return Call(sweep.run_id(number), folder, variables(replicate))


def _plain(words: Sequence[str] | Mapping[str, Any] | None) -> Any:
    if words is None:
        return None
    return dict(words) if isinstance(words, Mapping) else list(words)


def inherited(threads: int) -> dict[str, str]:
    """Return what a run inherits from the engine's environment.

    Runs share the machine, so a library's threads are bounded where the user has not said how
    many there are to be.
    """
    env = {k: v for k, v in os.environ.items() if not k.startswith(SECRET_FREE_PREFIXES)}
    env.setdefault("OMP_NUM_THREADS", str(threads))
    return env


def interpreter_argv(interpreter: str, script: str, tree: Path) -> list[str]:
    """Return the command for a script: by the interpreter, or by itself when it is a program."""
    if script.endswith(".py") or not os.access(tree / script, os.X_OK):
        return [interpreter, f"./{script}" if script.startswith("-") else script]
    return [f"./{script}"]
