"""The parameters of a Katib experiment: what their feasible spaces are here."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from samplers import Expression, SpaceError, choice, lognormal, normal, qloguniform, uniform
from sweep.formats.foreign import log_range, number_of, stepped, whole_numbers

SIGMAS = 6
"""How many standard deviations Katib takes the range of a normal distribution for."""


def expression_of(parameter: Mapping[str, Any], lost: list[str]) -> Expression:
    """Return the expression of one parameter; what it does not say is added to `lost`.

    Raises:
        SpaceError: it makes no sense.
    """
    kind, space = str(parameter.get("parameterType", "")), parameter.get("feasibleSpace")
    if not isinstance(space, Mapping):
        raise SpaceError("feasibleSpace: expected a mapping")
    if kind in ("categorical", "discrete"):
        values = space.get("list")
        if not isinstance(values, list):
            raise SpaceError("feasibleSpace.list: expected a list")
        if kind == "discrete":
            values = [value if (n := number_of(value)) is None else n for value in values]
        return choice(values)
    if kind not in ("int", "double"):
        raise SpaceError(
            f"parameterType: expected int, double, discrete or categorical, got {kind!r}"
        )
    least, most = number_of(space.get("min")), number_of(space.get("max"))
    if least is None or most is None:
        raise SpaceError("feasibleSpace: expected numbers for min and max")
    step = number_of(space["step"]) if space.get("step") not in (None, "") else None
    word = str(space.get("distribution") or "uniform")
    name = str(parameter.get("name"))
    if word != "uniform":
        return _distributed(word, kind, (least, most), name, lost)
    if step is not None:
        return stepped(least, most, step)
    if kind == "int":
        return whole_numbers(int(least), int(most))
    return uniform(least, most)


def _distributed(
    word: str, kind: str, bounds: tuple[float, float], name: str, lost: list[str]
) -> Expression:
    least, most = bounds
    if word == "logUniform":
        if kind == "int":
            log_range(least, most)  # it says what is wrong with them
            return qloguniform(math.log(least), math.log(most), 1)
        return log_range(least, most)
    if word == "normal":
        lost.append(f"{name}: a normal distribution has no bounds here")
        return normal((least + most) / 2, (most - least) / SIGMAS)
    if word == "logNormal":
        low, high = map(math.log, bounds)
        lost.append(f"{name}: a log-normal distribution has no bounds here")
        return lognormal((low + high) / 2, (high - low) / SIGMAS)
    raise SpaceError(f"distribution: there is no {word!r} here")
