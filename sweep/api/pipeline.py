"""`Pipeline`: steps one after the other, such as prepare, sweep, use the best run's outputs."""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from sweep.api.runs import HyperDriveRun, ScriptRun
from sweep.api.steps import PipelineData, Step
from sweep.api.workspace import Experiment, Workspace
from sweep.errors import ConfigError, RunFailed, SweepError

TAG = "sweep.step"
"""Of a step's run: what is the same as long as nothing has changed."""
CANCELED = "Canceled"


class Pipeline:
    """Steps, in the order in which their data allows them to run; else as they are given.

    Args:
        workspace: where their runs are kept.
        steps: all of them.

    Raises:
        ConfigError: two have one name, or data comes from none, from two, or in a circle.
    """

    def __init__(self, workspace: Workspace, steps: Sequence[Step]) -> None:
        self.workspace = workspace
        self.steps = _in_order(list(steps))

    def submit(
        self, experiment_name: str, regenerate_outputs: bool = False, **options: Any
    ) -> PipelineRun:
        """Begin to work through it, one step at a time.

        Args:
            experiment_name: to which its runs belong.
            regenerate_outputs: run every step, also where a result of before would do.
            options: see `Experiment.submit`; for every step.

        Raises:
            WorkspaceError: the name is not allowed.
        """
        experiment = Experiment(self.workspace, experiment_name)
        return PipelineRun(self.steps, experiment, options, reuse=not regenerate_outputs)


class PipelineRun:
    """A pipeline that is worked through by a thread of this process.

    When this process ends, the step that is running goes on, and no other begins.

    Attributes:
        runs: the runs of the steps so far, by the steps' names.
        reused: names of the steps whose result of before did.
    """

    def __init__(
        self,
        steps: Sequence[Step],
        experiment: Experiment,
        options: dict[str, Any],
        *,
        reuse: bool,
    ) -> None:
        self.runs: dict[str, HyperDriveRun | ScriptRun] = {}
        self.reused: list[str] = []
        self._steps, self._experiment, self._options = steps, experiment, options
        self._reuse, self._status, self._error = reuse, "Running", ""
        self._canceled = threading.Event()
        self._thread = threading.Thread(target=self._work, name="pipeline", daemon=True)
        self._thread.start()

    def get_status(self) -> str:
        """Return Running, Completed, Failed or Canceled."""
        return self._status

    status = property(get_status)

    def get_steps(self) -> list[HyperDriveRun | ScriptRun]:
        """Return the runs of the steps so far, in order."""
        return list(self.runs.values())

    def find_step_run(self, name: str) -> list[HyperDriveRun | ScriptRun]:
        """Return the run of a step, in a list; an empty one where it has not begun."""
        return [self.runs[name]] if name in self.runs else []

    def wait_for_completion(self, show_output: bool = False, raise_on_error: bool = True) -> str:
        """Wait for the end; return the status.

        Args:
            show_output: print the steps and their ends.
            raise_on_error: raise when a step has failed.

        Raises:
            RunFailed: a step has failed.
        """
        self._thread.join()
        if show_output:
            for name, run in self.runs.items():
                again = " (reused)" if name in self.reused else ""
                sys.stdout.write(f"{name}: {run.get_status()}{again}  {run.id}\n")
        if self._status == "Failed" and raise_on_error:
            raise RunFailed(self._error)
        return self._status

    def cancel(self) -> None:
        """End the step that is running; begin no other."""
        self._canceled.set()
        for run in self.get_steps()[-1:]:
            run.cancel()

    def _work(self) -> None:
        paths: dict[PipelineData, Path] = {}
        over = "Failed"
        try:
            for step in self._steps:
                if self._canceled.is_set():
                    break
                paths |= step.found(self._run(step, paths))
            over = "Completed"
        except (SweepError, OSError) as error:
            self._error = str(error)
        finally:
            self._status = CANCELED if self._canceled.is_set() else over

    def _run(self, step: Step, paths: dict[PipelineData, Path]) -> HyperDriveRun | ScriptRun:
        """Return the run of a step that has completed: one of before, or a new one."""
        digest = step.digest(paths, self._experiment.workspace.folder.snapshots)
        if self._reuse and step.allow_reuse and (old := self._before(step, digest)):
            self.runs[step.name] = old
            self.reused.append(step.name)
            return old
        run = self._experiment.submit(step.bound(paths), {TAG: digest}, **self._options)
        self.runs[step.name] = run
        if self._canceled.is_set():
            run.cancel()
        run.wait_for_completion(raise_on_error=False)
        if run.engine is not None:
            run.engine.wait()
        if (status := run.get_status()) != "Completed":
            raise RunFailed(f"step {step.name}: {run.id} is {status}")
        return run

    def _before(self, step: Step, digest: str) -> HyperDriveRun | ScriptRun | None:
        """Return a run that has done the same, and whose data is still there."""
        for old in self._experiment.get_runs(tags={TAG: digest}):
            if isinstance(old, (HyperDriveRun, ScriptRun)) and old.status == "Completed":
                with suppress(RunFailed):
                    step.found(old)
                    return old
        return None


def _in_order(steps: list[Step]) -> list[Step]:
    names = [step.name for step in steps]
    if twice := [name for name in names if names.count(name) > 1]:
        raise ConfigError(f"steps: two of them are called {twice[0]!r}")
    made = [data for step in steps for data in step.makes]
    for data in made:
        if made.count(data) > 1:
            raise ConfigError(f"steps: {data} is made by two of them")
    found: list[Step] = []
    there: set[PipelineData] = set()
    while steps:
        ready = next((step for step in steps if there.issuperset(step.needs)), None)
        if ready is None:
            step = steps[0]
            missing = next(data for data in step.needs if data not in there)
            raise ConfigError(f"steps: {step.name} needs {missing}, which no step before it makes")
        steps.remove(ready)
        found.append(ready)
        there |= {*ready.makes}
    return found
