"""A policy in one word of a command line: ``bandit:slack_factor=0.1,delay_evaluation=5``."""

from __future__ import annotations

from typing import Any

from policies import EarlyTerminationPolicy, PolicyError
from sweep.errors import ConfigError
from sweep.formats.findings import did_you_mean
from sweep.formats.policy_section import ARGUMENTS, NAMES, kind_of

_SHORT = {"median": "medianstopping", "truncation": "truncationselection"}


def policy_of_words(text: str) -> EarlyTerminationPolicy:
    """Return the policy that a word means: a name, and after a colon its arguments.

    Raises:
        ConfigError: the name, or an argument, is unknown or wrong.
    """
    name, _, rest = text.partition(":")
    word = name.strip().lower()
    kind = kind_of(_SHORT.get(word, word))
    if kind is None:
        near = did_you_mean(name, NAMES)
        raise ConfigError(f"policy {name!r}: expected one of {', '.join(ARGUMENTS)}{near}")
    known = ARGUMENTS[kind.__name__]
    arguments: dict[str, Any] = {}
    for one in filter(None, rest.split(",")):
        key, equals, value = (part.strip() for part in one.partition("="))
        if not equals:
            raise ConfigError(f"policy {text!r}: expected key=value, got {one!r}")
        if key not in known:
            own = f"expected {', '.join(known)}" if known else "it has no arguments"
            raise ConfigError(f"policy {text!r}: {key!r}: {own}{did_you_mean(key, known)}")
        arguments[key] = _value(value)
    try:
        return kind(**arguments)
    except PolicyError as error:
        raise ConfigError(f"policy {text!r}: {error}") from None
    except TypeError:
        message = f"policy {text!r}: an argument is missing: it takes {', '.join(known)}"
        raise ConfigError(message) from None


def _value(text: str) -> Any:
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    if text.removeprefix("-").isdecimal():
        return int(text)
    try:
        return float(text)
    except ValueError:
        return text
