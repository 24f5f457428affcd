"""A sweep apart from any file format: what converting carries from one to another."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from samplers.words import is_wire
from sweep.core.definition import Limits, SweepDefinition
from sweep.formats.arguments import Style, takes_next
from sweep.formats.references import Reference, filled, only_reference, references

PYTHON = ("python", "python3")


@dataclass(frozen=True, slots=True)
class Portable:
    """A sweep and what each of its runs executes.

    Attributes:
        definition: the sweep; its parameters are named as a script's options, `--lr`.
        script: what each run executes, relative to `code`; empty where that is not known.
        arguments: fixed ones.
        code: the source directory, as written.
        style: how hyperparameters are passed.
        warm_start: modules that runs are forked with, or "auto"; None for none.
        metrics: what is found in runs' output, see `metrics_section`; None for nothing.
        extra: sections of a sweep job that only its own format has, ready to be written.
        lost: what could not be carried over, in sentences.
    """

    definition: SweepDefinition
    script: str = ""
    arguments: tuple[str, ...] = ()
    code: str = "."
    style: Style = "space"
    warm_start: str | tuple[str, ...] | None = None
    metrics: Mapping[str, Any] | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    lost: tuple[str, ...] = ()

    @property
    def warm_words(self) -> str | list[str] | None:
        """`warm_start` as files have it."""
        warm = self.warm_start
        return [*warm] if isinstance(warm, tuple) else warm


def parameters_of(definition: SweepDefinition) -> dict[str, Any]:
    """Return the wire forms of a sweep's parameters by name."""
    found: dict[str, Any] = definition.to_wire()["generator_config"]["parameter_space"]
    return found


def settings_of(definition: SweepDefinition) -> dict[str, Any]:
    """Return the settings of the sampling that are not its defaults."""
    return dict(definition.to_wire()["generator_config"].get("properties", {}))


def policy_of(definition: SweepDefinition) -> tuple[str, dict[str, Any]]:
    """Return the wire name of the policy and its settings, without those that have no effect."""
    wire = definition.to_wire()["policy_config"]
    settings = dict(wire.get("properties", {}))
    if settings.get("exclude_finished_jobs") is False:
        del settings["exclude_finished_jobs"]
    return wire["name"], settings


def more_limits_of(definition: SweepDefinition) -> dict[str, Any]:
    """Return the bounds that HyperDrive does not have, where they are not the defaults."""
    usual = _more_limits(Limits(1, 1))
    return {k: v for k, v in _more_limits(definition.limits).items() if v != usual[k]}


def _more_limits(limits: Limits) -> dict[str, Any]:
    attempts = limits.attempts.to_wire()
    if isinstance(attempts, Mapping):
        attempts = {kind: count for kind, count in attempts.items() if kind != "again"}
    return {
        "max_consecutive_failures": limits.consecutive_failures or "none",
        "max_idle_seconds": limits.idle_seconds,
        "max_first_report_seconds": limits.first_report_seconds,
        "max_attempts": attempts,
        "on_non_finite": "stop" if limits.stop_diverged else None,
        "replicates": limits.replicates if limits.replicates > 1 else None,
    }


def renamed(wire: Any, names: Mapping[str, str]) -> Any:
    """Return an expression's wire form with other names for the parameters in its branches."""
    word, arguments = wire
    if word != "choice" or not any(map(is_branch, arguments[0])):
        return wire
    options = [_renamed_in(o, names) if isinstance(o, Mapping) else o for o in arguments[0]]
    return [word, [options]]


def _renamed_in(branch: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    found = {}
    for name, value in branch.items():
        other = renamed(value, names) if is_wire(value) else value
        found[names.get(name, name)] = _renamed_in(value, names) if is_branch(value) else other
    return found


def in_branches(option: Any, written: Callable[[Any], Any]) -> Any:
    """Return an option's wire form with its expressions, at any depth, as `written` gives them."""
    if not is_branch(option):
        return option
    return {
        name: written(value) if is_wire(value) else in_branches(value, written)
        for name, value in option.items()
    }


def is_branch(option: Any) -> bool:
    """Tell whether an option, in the wire form, has expressions in it, at any depth."""
    if not isinstance(option, Mapping):
        return False
    return any(is_wire(value) or is_branch(value) for value in option.values())


def inner_names(wire: Any) -> Iterator[str]:
    """Yield the names under which a run is given the parameters of branches."""
    if is_wire(wire) and wire[0] == "choice":
        options = wire[1][0]
        if any(map(is_branch, options)):
            for option in options:
                if isinstance(option, Mapping):
                    yield from _names_in(option)


def _names_in(option: Mapping[str, Any]) -> Iterator[str]:
    for name, value in option.items():
        inner = [*(_names_in(value) if is_branch(value) else inner_names(value))]
        yield from inner or [name]


def every_name(parameters: Mapping[str, Any]) -> list[str]:
    """Return the names of parameters, those in branches too, each once."""
    inner = (name for wire in parameters.values() for name in inner_names(wire))
    return [*dict.fromkeys([*parameters, *inner])]


def passed_names(parameters: Mapping[str, Any]) -> list[str]:
    """Return the names under which a script may be given hyperparameters, each once."""
    found: dict[str, None] = {}
    for name, wire in parameters.items():
        found |= dict.fromkeys([*inner_names(wire)] or [name])
    return [*found]


def identifiers(names: Iterable[str]) -> dict[str, str]:
    """Return for each name one that version 2 takes: letters, digits and underscores.

    >>> identifiers(["--learning-rate", "lr", "--lr"])
    {'--learning-rate': 'learning_rate', 'lr': 'lr', '--lr': 'lr_2'}
    """
    found: dict[str, str] = {}
    for name in names:
        fitted = re.sub(r"[^A-Za-z0-9_]", "_", name.lstrip("-"))
        fitted = fitted if fitted[:1] and not fitted[0].isdigit() else f"_{fitted}"
        unique, count = fitted, 1
        while unique in found.values():
            count += 1
            unique = f"{fitted}_{count}"
        found[name] = unique
    return found


@dataclass(slots=True)
class Passing:
    """How a command's words pass hyperparameters, as far as options of a script can say it.

    Attributes:
        flags: the option for each parameter.
        fixed: the other words.
        styles: the ways in which options and values are written.
        lost: what options cannot say.
    """

    flags: dict[str, str] = field(default_factory=dict)
    fixed: list[str] = field(default_factory=list)
    styles: set[Style] = field(default_factory=set)
    lost: list[str] = field(default_factory=list)


def passing_of(words: Sequence[str], places: Mapping[Reference, str]) -> Passing:
    """Return how words with references pass hyperparameters.

    Args:
        words: behind the script.
        places: what stands for inputs and outputs.
    """
    found = Passing()
    for word in words:
        option, equals, value = word.partition("=")
        whole, before = only_reference(word), found.fixed[-1] if found.fixed else ""
        if whole and whole.group == "search_space" and takes_next(before):
            _pass(found, whole.name, found.fixed.pop(), "space")
            continue
        behind = only_reference(value) if equals and option.startswith("-") else None
        if behind and behind.group == "search_space":
            _pass(found, behind.name, option, "equals")
            continue
        searched = [r for r in references(word) if r.group == "search_space"]
        if searched:
            found.lost.append(f"{word!r} in the command, which is no option and its value")
        else:
            found.fixed.append(filled(word, lambda r: places.get(r, str(r))))
    return found


def _pass(found: Passing, name: str, option: str, style: Style) -> None:
    found.styles.add(style)
    if found.flags.setdefault(name, option) != option:
        found.lost.append(f"{name} is passed as {found.flags[name]} only, and not as {option}")
