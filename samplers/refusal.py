"""Which configurations are refused: by conditions, and by functions of the user's."""

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from samplers.choices import Node
from samplers.condition import Test, condition
from samplers.errors import Misplaced, SpaceError
from samplers.values import plain

Refusing: TypeAlias = Callable[[dict[str, Any]], bool]
"""A function that tells of a configuration whether it is refused."""
Refuse: TypeAlias = Mapping[str, Any] | Refusing | Sequence[Mapping[str, Any] | Refusing | str]
"""What a user may say: conditions, functions, or a list of them. A text is the name of a
function that is not here: functions are not kept."""


class Refusals:
    """Conditions and functions, each of which refuses configurations.

    Args:
        root: of the space.
        said: what the user has said.

    Attributes:
        said: the same as a list.
        wire: the same in JSON: of a function there is its name.
        absent: the names of functions that are not here.

    Raises:
        SpaceError: it is none of that, or a condition that no configuration can meet.
    """

    def __init__(self, root: Node, said: Refuse | None) -> None:
        self.said = _listed(said)
        self.wire = [name_of(one) if callable(one) else plain(one) for one in self.said]
        self.absent = [one for one in self.said if isinstance(one, str)]
        self._tests = [_test(root, one, place) for place, one in enumerate(self.said)]

    def __bool__(self) -> bool:
        """Tell whether there are any."""
        return bool(self.said)

    @property
    def functions(self) -> bool:
        """Whether functions are among them, here or not."""
        return any(isinstance(one, str) or callable(one) for one in self.said)

    def refuser(self, configuration: Mapping[str, Any]) -> int | None:
        """Return the place of the first that refuses a configuration; None: it is allowed.

        Raises:
            SpaceError: a function has raised, or is not here.
        """
        for place, test in enumerate(self._tests):
            if test(configuration):
                return place
        return None

    def with_functions(self, functions: Iterable[Refusing]) -> list[Any]:
        """Return what was said, with functions in the places of those that are not here.

        Raises:
            SpaceError: there are more or fewer of them.
        """
        given = list(functions)
        if len(given) != len(self.absent):
            names = ", ".join(self.absent) or "none"
            raise SpaceError(
                f"refuse: {len(given)} functions are given for {len(self.absent)} ({names})"
            )
        left = iter(given)
        return [next(left) if isinstance(one, str) else one for one in self.said]


def name_of(function: Any) -> str:
    """Return how a function is called where it is not kept."""
    name = getattr(function, "__qualname__", type(function).__qualname__)
    return f"{getattr(function, '__module__', '')}.{name}".lstrip(".")


def _listed(said: Refuse | None) -> list[Any]:
    if said is None:
        return []
    items = [said] if isinstance(said, Mapping) or callable(said) else said
    if isinstance(items, list | tuple):
        for place, one in enumerate(items):
            if not isinstance(one, Mapping | str) and not callable(one):
                message = f"expected a condition such as {{'lr': [0.1, 1]}}, got {one!r}"
                raise Misplaced(message, ("refuse", place))
        return list(items)
    raise SpaceError(f"refuse is a list of conditions and functions, got {said!r}")


def _test(root: Node, one: Any, place: int) -> Test:
    if isinstance(one, Mapping):
        return condition(root, one, ("refuse", place))
    if isinstance(one, str):
        return _missing(one)

    def refuses(configuration: Any) -> bool:
        try:
            return bool(one(copy.deepcopy(configuration)))
        except Exception as error:
            kind = type(error).__name__
            message = f"{name_of(one)} raised {kind}: {error}, for {configuration}"
            raise Misplaced(message, ("refuse", place)) from error

    return refuses


def _missing(name: str) -> Test:
    def refuses(_: Any) -> bool:
        raise SpaceError(
            f"refuse: the function {name} is not kept; go on in Python, where it is given again:"
            " tune(..., resume=..., refuse=...)"
        )

    return refuses
