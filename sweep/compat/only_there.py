"""What only the service has: answered by a sentence, at the latest when it is used."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from typing import Any

from sweep.errors import UserError

INSTEAD = {
    "Dataset": "pass the script a path",
    "Datastore": "pass the script a path",
    "DataReference": "pass the script a path",
    "OutputFileDatasetConfig": "PipelineData is what one step leaves for another",
    "Model": "a run's files stay with it: run.download_file",
    "register_model": "the file stays with the run: run.download_file",
    "Webservice": "use the model from a program of your own",
    "Keyvault": "pass a secret in an environment variable",
    "AutoMLConfig": "sweep over a script of your own",
    "ParallelRunStep": "a sweep runs its runs side by side",
    "input_datasets": "pass the script a path",
    "get_secret": "pass a secret in an environment variable",
    "get_default_datastore": "pass the script a path",
    "datasets": "pass the script a path",
}
"""By the last part of the name: what to do instead."""

_said: set[str] = set()


class OnlyAtTheService(UserError):
    """Something was used that Azure Machine Learning has and we have not."""


def sentence(name: str) -> str:
    """Return what is said of something that is not to be had here."""
    hint = INSTEAD.get(name.rpartition(".")[2], "")
    return f"{name} is the service's own and not available here" + (f": {hint}" if hint else "")


def say_once(text: str) -> None:
    """Tell the user something, the first time that it comes up."""
    if text not in _said:
        _said.add(text)
        print(f"sweep: {text}", file=sys.stderr)  # noqa: T201 - a script's own output


def passed_over(name: str) -> Callable[..., None]:
    """Return a call that says once that it has no effect, for a script to go on."""

    def call(*_: Any, **__: Any) -> None:
        say_once(f"{sentence(name)}; the script goes on")

    call.__name__ = name.rpartition(".")[2]
    return call


class _Absent(type):
    """A class that can be imported, and that refuses everything else."""

    def __call__(cls, *_: Any, **__: Any) -> Any:
        raise OnlyAtTheService(sentence(cls.__qualname__))

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise OnlyAtTheService(sentence(cls.__qualname__))


class _Later(type):
    """A class that is imported when it is used."""

    def __call__(cls, *arguments: Any, **named: Any) -> Any:
        return cls._found()(*arguments, **named)

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(cls._found(), name)

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, cls._found())

    def _found(cls) -> Any:
        try:
            return getattr(importlib.import_module(cls.__module__), cls.__name__)
        except ImportError as error:
            raise OnlyAtTheService(f"{cls.__name__} is of no use in a run: {error}") from None


def later(name: str, place: str) -> type:
    """Return something of ours that is imported when it is used."""
    return _Later(name, (), {"__module__": place})


def class_of(name: str) -> type:
    """Return a class for a name that cannot be had: it says so when it is used."""
    short = name.rpartition(".")[2]
    return _Absent(short, (), {"__qualname__": name, "__doc__": sentence(name)})


def without_effect(name: str) -> Any:
    """Return a class or function for which there is nothing to do here: it takes anything."""
    if name[:1].isupper():
        return type(name, (), {"__init__": lambda *_, **__: None})
    return lambda *_, **__: None
