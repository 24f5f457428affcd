"""The modules of the SDK's name: which there are, and where what is in them comes from."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from importlib.abc import Loader
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

import sweep
from sweep.compat import azureml_run, only_there
from sweep.compat.azureml_names import HYPERDRIVE, MODULES, NO_EFFECT, OWN

OURS = frozenset(sweep.__all__)
VARIABLE = "SWEEP_AZUREML_COMPAT"
VERSION = "1.61.0+hypersweep"
IN_A_RUN = "SWEEP_CHANNEL"
HEAVY = ("sweep", "sweep.compat.azureml_driver", "sweep.compat.widgets")
"""What a training script may name, but hardly uses: imported there when it is."""


def stand_in(name: str, path: Sequence[str]) -> list[str]:
    """Return where the package's modules are looked for, and see to it that ours are found.

    Args:
        name: of the package.
        path: the folder of our package.

    Raises:
        ModuleNotFoundError: the real one is not there, and we are not to stand in for it.
    """
    wanted = os.environ.get(VARIABLE, "auto")
    others = [] if wanted == "always" else _elsewhere(name, path)
    if wanted != "always" and PathFinder.find_spec(f"{name}.core", others) is not None:
        if wanted == "auto" and IN_A_RUN in os.environ:
            only_there.say_once(
                "azureml-core is installed here and is used: what is logged through it reaches no"
                " sweep; --azureml-compat always puts ours in its place"
            )
        return others
    if wanted == "never":
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)
    if not any(isinstance(finder, Finder) for finder in sys.meta_path):
        sys.meta_path.append(Finder())
    return [*path, *others]


def _elsewhere(name: str, path: Sequence[str]) -> list[str]:
    """Return the folders of a package of the same name further down the path."""
    mine = {os.path.realpath(os.path.dirname(folder)) for folder in path}
    rest = [p for p in sys.path if os.path.realpath(p or ".") not in mine]
    found: list[str] = []
    for finder in sys.meta_path:
        if isinstance(finder, Finder) or not hasattr(finder, "find_spec"):
            continue
        spec = finder.find_spec(name, rest if finder is PathFinder else None)
        for place in (spec.submodule_search_locations or ()) if spec is not None else ():
            if os.path.realpath(os.path.dirname(place)) not in mine and place not in found:
                found.append(place)
    return found


class Finder(Loader):
    """Finds the SDK's modules; asked when nothing else has found them."""

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,  # noqa: ARG002 - what finders are asked
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> ModuleSpec | None:
        """Return how one of the modules is made.

        Raises:
            ModuleNotFoundError: it is one of the SDK's that has no counterpart here.
        """
        if not fullname.startswith("azureml."):
            return None
        if fullname not in MODULES:
            raise ModuleNotFoundError(only_there.sentence(fullname), name=fullname)
        return ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: ModuleSpec) -> Names:
        """Return the module, empty."""
        return Names(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Nothing: names are found when they are used."""


class Names(ModuleType):
    """A module whose names are found when they are used."""

    VERSION = __version__ = VERSION

    def __getattr__(self, name: str) -> Any:
        """Return ours of that name, or what says that there is none."""
        if name == "__all__" and self.__name__ == "azureml.train.hyperdrive":
            return HYPERDRIVE
        if name.startswith("__"):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        value = self._find(name)
        self.__dict__[name] = value
        return value

    def _find(self, name: str) -> Any:
        if name in azureml_run.NAMES:
            return getattr(azureml_run, name)
        if (place := OWN.get(name) or (name in OURS and "sweep")) and place in HEAVY:
            return only_there.later(name, place) if IN_A_RUN in os.environ else ours(place, name)
        if place:
            return ours(place, name)
        if name in NO_EFFECT:
            return only_there.without_effect(name)
        if f"{self.__name__}.{name}" in MODULES:
            return importlib.import_module(f"{self.__name__}.{name}")
        if not name[:1].isupper():
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        return only_there.class_of(f"{self.__name__}.{name}")

    def __dir__(self) -> list[str]:
        return sorted({*self.__dict__, *OURS, *OWN, *azureml_run.NAMES})


def ours(place: str, name: str) -> Any:
    """Return something of ours."""
    return getattr(importlib.import_module(place), name)
