"""Packages as conda and pip write them, compared and translated. Standard library only."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

PACKAGE = re.compile(r"(?:[\w./-]+::)?(?P<name>[A-Za-z0-9_][\w.-]*)\s*(?P<rest>[^\w\s].*|\d.*)?")
CLAUSE = re.compile(r"(===|==|~=|!=|<=|>=|<|>|=)?\s*([\w.!+*-]+)")
ELSEWHERE = {"pytorch": "torch", "py-xgboost": "xgboost", "matplotlib-base": "matplotlib"}
"""Packages that pip knows by another name than conda; all others have the same."""
BESIDES = ("python", "pip", "setuptools", "wheel")
"""What every environment has anyway."""
OF_THE_SERVICE = ("azureml-defaults", "azureml-core", "azureml-sdk", "azureml-mlflow")
"""What its templates install for its own sake; what stands in for it works without."""


def split_conda(spec: str) -> tuple[str, str]:
    """Return the name of a package of conda's and which versions fit, as pip writes them.

    >>> split_conda("conda-forge::scipy=1.11")
    ('scipy', '==1.11.*')

    Raises:
        ValueError: it is no such thing, or only conda can read it.
    """
    found = PACKAGE.fullmatch(spec.strip())
    if found is None:
        raise ValueError("expected a package such as numpy=1.26")
    name, rest = found["name"].lower(), (found["rest"] or "").strip()
    if not rest or rest == "*":
        return name, ""
    if "|" in rest or "[" in rest:
        raise ValueError("only conda can choose among such versions, and it is not here")
    return name, ",".join(_clause(clause.strip()) for clause in rest.split(","))


def _clause(clause: str) -> str:
    if (build := re.fullmatch(r"=?=?\s*([\w.!+*-]+)=[\w.*]+", clause)) is not None:
        return f"=={build[1]}"  # what follows the second = is a build of conda's
    found = CLAUSE.fullmatch(clause)
    if found is None:
        raise ValueError("expected a version such as =1.26 or >=1.24,<2")
    operator, version = found[1] or "==", found[2]
    if operator == "=":
        return f"=={version}" if version.endswith("*") else f"=={version}.*"
    return f"{operator}{version}"


def pip_requirement(spec: str) -> str:
    """Return a package of conda's as one of pip's, or nothing for what is there anyway.

    Raises:
        ValueError: as `split_conda`.
    """
    name, versions = split_conda(spec)
    return "" if name in BESIDES else f"{ELSEWHERE.get(name, name)}{versions}"


def name_of(requirement: str) -> str:
    """Return the name of a package in a requirement of pip's."""
    return re.split(r"[^\w.-]", requirement.strip(), maxsplit=1)[0].lower().replace("_", "-")


def requirements(packages: Mapping[str, Any]) -> list[str]:
    """Return everything that pip is to install: what conda would have, and what pip would.

    Raises:
        ValueError: as `split_conda`.
    """
    conda = filter(None, map(pip_requirement, packages["conda"]))
    return [*conda, *(word for word in packages["pip"] if name_of(word) not in OF_THE_SERVICE)]


def fits(version: str, wanted: str) -> bool:
    """Tell whether a version of Python, such as `3.11.7`, is one that is wanted.

    >>> fits("3.11.7", ">=3.10,<3.12"), fits("3.11.7", "==3.8.*")
    (True, False)
    """
    return all(_fits(version, *_parts(clause)) for clause in wanted.split(",") if clause)


def _parts(clause: str) -> tuple[str, str]:
    found = CLAUSE.fullmatch(clause.strip())
    return (found[1] or "==", found[2]) if found else ("==", clause)


def _fits(version: str, operator: str, wanted: str) -> bool:
    mine, bound = _numbers(version), _numbers(wanted)
    start = mine[: len(bound)]
    of_it = start == bound  # 3.10.1 is of 3.10, which nobody means for 3.10.0 alone
    answers = {
        "!=": not of_it,
        "~=": mine >= bound and mine[: len(bound) - 1] == bound[:-1],
        ">=": mine >= bound,
        "<=": mine <= bound or of_it,
        ">": mine > bound and not of_it,
        "<": mine < bound,
    }
    return answers.get(operator, of_it)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version.partition("*")[0]))


def shown(words: Iterable[str], most: int = 6) -> str:
    """Return a list of packages, cut short where it is long; addresses may hold secrets."""
    found = [w if "://" not in w else name_of(w) for w in words if not w.startswith("-")]
    more = f" and {len(found) - most} more" if len(found) > most else ""
    return ", ".join(found[:most]) + more
