"""The command of a trial: its references checked, and what it takes to run it.

A command is a list of words without any shell, unless it declares one: `shell: bash` beside it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from sweep.formats.command_words import NeedsShell, Unbalanced, words_of
from sweep.formats.findings import Findings, Place, did_you_mean, quoted
from sweep.formats.references import REFERENCE, VARIABLES, Reference, references
from sweep.formats.shell_script import Misplaced, script_of

_ANY = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
_OLD = re.compile(r"(?<![${])\{(search_space|inputs|outputs)\.([A-Za-z_]\w*)\}(?!\})")
_OPTIONAL = re.compile(r"\$\[\[(.*?)\]\]", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Known:
    """What a command may refer to.

    Attributes:
        search_space, inputs, outputs: names.
        missing: optional inputs that are not given.
        renamed: references that stand for others: a component's inputs that are searched.
    """

    search_space: Collection[str] = ()
    inputs: Collection[str] = ()
    outputs: Collection[str] = ()
    missing: Collection[str] = ()
    renamed: Mapping[Reference, Reference] = field(default_factory=dict)

    def of(self, group: str) -> Collection[str]:
        """Return the names of one group."""
        names: dict[str, Collection[str]] = {
            "search_space": self.search_space,
            "inputs": [*self.inputs, *self.missing],
            "outputs": self.outputs,
        }
        return names.get(group, ())


@dataclass(frozen=True, slots=True)
class Command:
    """What a trial runs.

    Attributes:
        words: program and arguments, with references; for a shell, with variables in their place.
        text: the command as written, references in their present form.
        shell: the shell that it is for; empty for none.
    """

    words: tuple[str, ...] = ()
    text: str = ""
    shell: str = ""


@dataclass(frozen=True, slots=True)
class Spot:
    """Where in a file something is said: its dotted path and its place."""

    key: str
    at: Place


def read_command(text: str, shell: str, known: Known, spot: Spot, findings: Findings) -> Command:
    """Return a command; what is wrong with it goes to the findings."""
    problems = len(findings.problems)
    if _OLD.search(text):
        findings.warn(
            "references in single braces are an old form: write ${{search_space.NAME}}",
            spot.key,
            spot.at,
        )
        text = _OLD.sub(r"${{\1.\2}}", text)
    text = _without_missing(text, known)
    _check(text, known, spot, findings)
    text = REFERENCE.sub(lambda found: _renamed(found, known), text)
    if len(findings.problems) > problems:
        return Command()
    _warn_of_unused(text, known, spot, findings)
    try:
        if shell:
            return Command((shell, "-c", script_of(text), shell), text, shell)
        words = words_of(text)
    except NeedsShell as error:
        findings.problem(
            f"takes a shell ({error}), and none runs unless it is declared: add 'shell: bash'"
            " beside the command, or give --set trial.shell=bash",
            spot.key,
            spot.at,
        )
    except (Unbalanced, Misplaced) as error:
        findings.problem(str(error), spot.key, spot.at)
    else:
        if not words:
            findings.problem("is empty", spot.key, spot.at)
        return Command(tuple(words), text)
    return Command()


def _without_missing(text: str, known: Known) -> str:
    """Leave out the optional parts whose inputs are not given."""

    def part(found: re.Match[str]) -> str:
        inner = found[1]
        named = [r.name for r in references(inner) if r.group == "inputs"]
        return "" if any(name in known.missing for name in named) else inner

    return _OPTIONAL.sub(part, text)


def _check(text: str, known: Known, spot: Spot, findings: Findings) -> None:
    wrong = dict.fromkeys(filter(None, (_wrong(f[1].strip(), known) for f in _ANY.finditer(text))))
    if text.count("${{") > len(_ANY.findall(text)):
        wrong["a '${{' is never closed with '}}'"] = None
    if wrong:  # in one, as all of them have one place
        findings.problem("; ".join(wrong), spot.key, spot.at)


def _wrong(inner: str, known: Known) -> str:
    """Return what is wrong with what stands within `${{ }}`; nothing where all is well."""
    group, _, name = inner.partition(".")
    if group not in VARIABLES:
        hint = did_you_mean(group, VARIABLES)
        return f"a reference is to search_space, inputs or outputs, not {quoted(inner)}{hint}"
    if name in known.missing and group == "inputs":
        return f"the input {name} is not given, and stands outside of $[[ ]]"
    if name in known.of(group):
        return ""
    names = sorted(known.of(group))
    near = did_you_mean(name, names) or (f"; there is {', '.join(names)}" if names else "")
    return f"there is no {group}.{name}{near}"


def _renamed(found: re.Match[str], known: Known) -> str:
    reference = Reference(found[1], found[2])
    return str(known.renamed.get(reference, reference))


def _warn_of_unused(text: str, known: Known, spot: Spot, findings: Findings) -> None:
    used = {reference.name for reference in references(text) if reference.group == "search_space"}
    for name in known.search_space:
        variable = Reference("search_space", name).variable
        if name not in used and variable not in text:
            findings.warn(
                f"search_space.{name} does not stand in the command: the script gets it in the"
                f" variable {variable} only",
                spot.key,
                spot.at,
            )
