"""All that reading a script tells of a sweep of it."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from samplers import Space
from sweep.core.single import Single
from sweep.engine import script_check
from sweep.engine.needs import has_packages
from sweep.engine.program import command_of
from sweep.engine.script_check import Remark
from sweep.engine.submit import Submission
from sweep.errors import SweepError
from sweep.formats.arguments import strip_fixed, text_of
from sweep.formats.script_options import ScriptOptions, read_options
from sweep.formats.script_text import ScriptText

AZUREML_COMPAT = "SWEEP_AZUREML_COMPAT"
"""Says in a run whether what stands in for azureml is to do so; see `sweep.compat`."""
EPOCHS = re.compile(r"--(?:(?:n|num|max|number-of)-)?(?:train-)?(?:epochs?|rounds|iterations)")
"""Options that mostly say how often a script reports its metric."""


@dataclass(slots=True)
class ScriptChecked:
    """What was found.

    Attributes:
        remarks: one at least for each part.
        epochs: an option that may say how often the script reports, and how often that is.
    """

    remarks: list[Remark] = field(default_factory=list)
    epochs: tuple[str, int] | None = None


def check_script(submission: Submission, *, quick: bool = False) -> ScriptChecked:
    """Read the script of a sweep.

    Args:
        submission: the sweep; its `cluster` is set.
        quick: start no other program, and say only what cannot work.
    """
    found = ScriptChecked()
    try:
        script, interpreter = _script(submission)
    except SweepError as error:
        found.remarks.append(Remark("script", "error", str(error)))
        return found
    if not script:
        if not quick:
            said = "a command, or a program of another language: not looked into"
            found.remarks.append(Remark("script", "fine", said))
        return found
    text = script_check.look_at(submission.source, script)
    if isinstance(text, Remark):
        found.remarks.append(text)
    if not isinstance(text, ScriptText):
        return found
    _options(found, text, script, submission)
    _imports(found, text, script, interpreter, submission, quick=quick)
    if quick:
        found.remarks = [remark for remark in found.remarks if remark.level == "error"]
        return found
    files = script_check.check_files(text, script, submission.source)
    files += script_check.check_arguments(_fixed(submission), submission.source, Path.cwd())
    found.remarks += files
    return found


def _script(submission: Submission) -> tuple[str, str]:
    """Return the script of a sweep and what executes it; empty where it is no Python."""
    configuration, here = submission.configuration, submission.cluster is None
    if configuration.command:
        return "", ""
    words = command_of(configuration, submission.source, here=here)
    return (words[1], words[0]) if len(words) == 2 and words[1].endswith(".py") else ("", "")


def _space(submission: Submission) -> Space | None:
    sampling = submission.definition.sampling
    return None if isinstance(sampling, Single) else sampling.space


def _fixed(submission: Submission) -> list[str]:
    fixed = [text_of(argument) for argument in submission.configuration.arguments]
    space = _space(submission)
    return fixed if space is None else strip_fixed(fixed, space.flags)[0]


def _options(found: ScriptChecked, text: ScriptText, script: str, submission: Submission) -> None:
    space, fixed = _space(submission), _fixed(submission)
    takes = read_options(text.tree)
    remarks = script_check.check_options(takes, script, space, fixed)
    found.remarks += remarks
    found.epochs = _epochs(takes, fixed)
    if not remarks and not takes.library:
        said = f"{script}: how it reads its arguments is not known, so they are not checked"
        found.remarks.append(Remark("script", "fine", said))
    elif not remarks:
        count = 0 if space is None else len(space.flags)
        said = f"{script}: takes all that is swept ({count} by {takes.library})"
        found.remarks.append(Remark("script", "fine", said))


def _epochs(takes: ScriptOptions, fixed: Sequence[str]) -> tuple[str, int] | None:
    for option in takes.options:
        for name in option.names:
            if not EPOCHS.fullmatch(name.replace("_", "-")):
                continue
            given = dict(zip(fixed, [*fixed[1:], ""], strict=False)).get(name, "")
            given = next((w.partition("=")[2] for w in fixed if w.startswith(f"{name}=")), given)
            if given.isdecimal():
                return name, int(given)
            if type(option.default) is int and option.default > 0:
                return name, option.default
    return None


def _imports(
    found: ScriptChecked,
    text: ScriptText,
    script: str,
    interpreter: str,
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
            interpreter,
            (submission.source / script).parent,
            ask=not quick,
            stand_in=stand_in,
        )
        found.remarks += remarks
        if remarks:
            return
        modules = sorted(text.imports.keys() - sys.stdlib_module_names)
        said = f"{', '.join(modules)}: found" if modules else "the standard library only"
    found.remarks.append(Remark("imports", "fine", said))
