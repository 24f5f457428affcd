"""All that reading a script tells of a sweep of it."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sweep.compute.resources import of_this_machine
from sweep.core.prospects import prospects
from sweep.engine import script_check
from sweep.engine.continuation import space_of
from sweep.engine.needs import has_packages
from sweep.engine.program import command_of, script_of
from sweep.engine.script_check import Remark, values_of
from sweep.engine.submit import Submission, resources_for
from sweep.errors import SweepError, UserError
from sweep.formats.arguments import flag_of, strip_fixed, takes_next, text_of
from sweep.formats.references import only_reference, references
from sweep.formats.script_options import ScriptOptions, read_options
from sweep.formats.script_reports import reported_once
from sweep.formats.script_text import ScriptText

AZUREML_COMPAT = "SWEEP_AZUREML_COMPAT"
"""Says in a run whether what stands in for azureml is to do so; see `sweep.compat`."""
EPOCHS = re.compile(r"--(?:(?:n|num|max|number-of)-)?(?:train-)?(?:epochs?|rounds|iterations)")
"""Options that mostly say how often a script reports its metric."""
PYTHON = re.compile(r"python[0-9.]*")
UNBUFFERED = ("-u", "-B", "-O", "-OO")
"""Options of Python's own that change nothing of what a script is given."""


@dataclass(slots=True)
class ScriptChecked:
    """What was found.

    Attributes:
        remarks: one at least for each part.
        reports: what may say how often the script reports the metric, and how often that is.
    """

    remarks: list[Remark] = field(default_factory=list)
    reports: tuple[str, int] | None = None


def surely_wrong(submission: Submission) -> Iterator[str]:
    """Yield what reading a sweep and its script, in milliseconds, tells that cannot be meant.

    Args:
        submission: the sweep; its `cluster` is set.
    """
    script = check_script(submission, quick=True)
    yield from (remark.text for remark in script.remarks)
    reports, known = script.reports and script.reports[1], submission.ancestors.trials()
    try:
        if submission.cluster is None:
            resources_for(submission.cpus_per_run, submission.gpus_per_run, submission.grace)
    except UserError:  # it is raised again soon after
        return
    yield from prospects(submission.definition, reports, known, at_once(submission))


def at_once(submission: Submission) -> int:
    """Return how many runs of a sweep there may be at one time.

    Args:
        submission: the sweep; its `cluster` is set.
    """
    concurrent = submission.definition.limits.concurrent
    if submission.cluster is not None:
        nodes = submission.cluster.get("max_nodes")
        return min(concurrent, nodes) if isinstance(nodes, int) and nodes else concurrent
    return min(concurrent, of_this_machine(submission.cpus_per_run, submission.gpus_per_run).slots)


@dataclass(frozen=True, slots=True)
class _Program:
    """A script, what executes it, its fixed arguments, and the values of its swept options."""

    script: str
    interpreter: str
    fixed: Sequence[str]
    swept: Mapping[str, Sequence[Any]]


def check_script(submission: Submission, *, quick: bool = False) -> ScriptChecked:
    """Read the script of a sweep.

    Args:
        submission: the sweep; its `cluster` is set.
        quick: start no other program, and say only what cannot work.
    """
    found = ScriptChecked()
    try:
        program = _program(submission)
    except SweepError as error:
        if not quick:  # else it is an error soon after
            found.remarks.append(Remark("script", "error", str(error)))
        return found
    if program is None:
        if not quick:
            said = "a command, or a program of another language: not looked into"
            found.remarks.append(Remark("script", "fine", said))
        return found
    text = script_check.look_at(submission.source, program.script)
    if isinstance(text, Remark):
        found.remarks.append(text)
    if not isinstance(text, ScriptText):
        return found
    _options(found, text, program)
    if (line := reported_once(text.tree, submission.definition.metric)) is not None:
        found.reports = f"{program.script}:{line}, in no loop,", 1
    _imports(found, text, program, submission, quick=quick)
    if quick:
        found.remarks = [remark for remark in found.remarks if remark.level == "error"]
        return found
    files = script_check.check_files(text, program.script, submission.source)
    files += script_check.check_arguments(program.fixed, submission.source, Path.cwd())
    found.remarks += files
    return found


def _program(submission: Submission) -> _Program | None:
    """Return the script of a sweep and what it is given; None where it is no Python.

    Raises:
        UserError: there is no such script.
    """
    configuration, here = submission.configuration, submission.cluster is None
    if submission.job is not None:
        return _of_command([*configuration.command], submission)
    if configuration.command:
        return None
    words = command_of(configuration, submission.source, here=here)
    if len(words) != 2 or not words[1].endswith(".py"):
        return None
    fixed = [text_of(argument) for argument in configuration.arguments]
    space = space_of(submission.definition)
    values = {flag_of(name): ends for name, ends in values_of(space).items()}
    if space is not None:
        fixed = strip_fixed(fixed, space.flags)[0]
    return _Program(words[1], words[0], fixed, values)


def _of_command(words: list[str], submission: Submission) -> _Program | None:
    """Return the script of a job's command where it is `python X.py …`, without a shell."""
    if not words or not PYTHON.fullmatch(Path(words[0]).name):
        return None
    first = next((n for n, word in enumerate(words) if n and word not in UNBUFFERED), len(words))
    if not "".join(words[first : first + 1]).endswith(".py") or any(references(words[first])):
        return None
    script = words[first]
    if not Path(script).is_absolute():
        named = replace(submission.configuration, script=script, command="")
        script = script_of(named, submission.source)
    values = values_of(space_of(submission.definition))
    swept: dict[str, Sequence[Any]] = {}
    fixed: list[str] = []
    for word in words[first + 1 :]:
        flag, equals, value = word.partition("=")
        name = _searched(value) if flag.startswith("-") and equals else None
        if name is None and fixed and takes_next(fixed[-1]):
            flag, name = fixed[-1], _searched(word)
            if name is not None:
                fixed.pop()
        if name is None:
            fixed.append(word)
        else:
            swept[flag] = values.get(name, [])
    return _Program(script, words[0], fixed, swept)


def _searched(word: str) -> str | None:
    """Return the hyperparameter whose value a word is."""
    reference = only_reference(word)
    return reference.name if reference and reference.group == "search_space" else None


def _options(found: ScriptChecked, text: ScriptText, program: _Program) -> None:
    takes, script = read_options(text.tree), program.script
    remarks = script_check.check_options(takes, script, program.swept, program.fixed)
    found.remarks += remarks
    found.reports = _epochs(takes, program)
    if not remarks and not takes.library:
        said = f"{script}: how it reads its arguments is not known, so they are not checked"
        found.remarks.append(Remark("script", "fine", said))
    elif not remarks:
        said = f"{script}: takes all that is swept ({len(program.swept)} by {takes.library})"
        found.remarks.append(Remark("script", "fine", said))


def _epochs(takes: ScriptOptions, program: _Program) -> tuple[str, int] | None:
    fixed = program.fixed
    swept = [takes.find(flag) for flag in program.swept]
    for option in takes.options:
        if option in swept:  # it is another number for each run
            continue
        for name in option.names:
            if not EPOCHS.fullmatch(name.replace("_", "-")):
                continue
            given = dict(zip(fixed, [*fixed[1:], ""], strict=False)).get(name, "")
            given = next((w.partition("=")[2] for w in fixed if w.startswith(f"{name}=")), given)
            if given.isdecimal():
                return f"{name} {given}", int(given)
            if type(option.default) is int and option.default > 0:
                return f"{name} {option.default}", option.default
    return None


def _imports(
    found: ScriptChecked,
    text: ScriptText,
    program: _Program,
    submission: Submission,
    *,
    quick: bool,
) -> None:
    if has_packages(submission.configuration):
        said = "not looked for: the runs have packages of their own"
    elif submission.cluster is not None:
        said = "not looked for: the runs are not on this machine"
    else:
        stand_in = submission.configuration.environment_variables.get(AZUREML_COMPAT) != "never"
        remarks = script_check.check_imports(
            text,
            program.interpreter,
            (submission.source / program.script).parent,
            ask=not quick,
            stand_in=stand_in,
        )
        found.remarks += remarks
        if remarks:
            return
        modules = sorted(text.imports.keys() - sys.stdlib_module_names)
        said = f"{', '.join(modules)}: found" if modules else "the standard library only"
    found.remarks.append(Remark("imports", "fine", said))
