"""The command of a sweep job's trial, with the values of one run in place of its references."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from samplers import Configuration, Space
from sweep.formats.arguments import render, takes_next, text_of
from sweep.formats.references import Reference, filled, only_reference

OUTPUTS = "named-outputs"
"""The folder, in that of a run, that holds a folder for each output."""


def folders_of(trial: Mapping[str, Any] | None) -> list[str]:
    """Return the folders of outputs, relative to a run's own, that are there when it starts."""
    return [f"{OUTPUTS}/{name}" for name in (trial or {}).get("outputs", ())]


def in_trial(
    words: Sequence[str],
    trial: Mapping[str, Any],
    folder: str,
    configuration: Configuration,
    space: Space | None,
) -> tuple[list[str], dict[str, str]]:
    """Return the words of one run, and the variables of what they may refer to.

    A parameter of a branch that the run has not taken has no value: a reference to it is an empty
    text, and goes, with the option in front of it, where it is a word of its own.

    Args:
        words: of the command, with references.
        trial: `outputs`, the names of folders.
        folder: the run's.
        configuration: its hyperparameters.
        space: what they are from.

    Raises:
        ConfigError: a value cannot be passed to a process.
    """
    texts = {name: text_of(value) for name, value in configuration.items()}
    values: dict[str, Any] = dict(configuration)
    if space is not None:
        flat = {name.lstrip("-"): value for name, value in space.flatten(configuration)}
        values |= flat
        absent = {flag.lstrip("-"): "" for flag in space.flags}
        texts = {**absent, **texts, **{name: text_of(value) for name, value in flat.items()}}
    places = {name: str(PurePosixPath(folder, OUTPUTS, name)) for name in trial.get("outputs", ())}

    def text(reference: Reference) -> str:
        group = places if reference.group == "outputs" else texts
        return group.get(reference.name, "")

    variables = {
        **{Reference("search_space", name).variable: value for name, value in texts.items()},
        **{Reference("outputs", name).variable: place for name, place in places.items()},
    }
    return _filled(words, values, text), variables


def _filled(words: Sequence[str], values: Mapping[str, Any], text: Any) -> list[str]:
    found: list[str] = []
    for word, before in zip(words, ["", *words], strict=False):
        only = only_reference(word)
        option = takes_next(before) and "{{" not in before
        if only is None or only.group != "search_space" or not option:
            found.append(filled(word, text))
        elif only.name in values:  # in one word where it would be taken for an option
            found[-1:] = render(before, values[only.name])
        else:
            del found[-1]
    return found
