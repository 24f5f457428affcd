"""What can be wrong with a space or with the way to sample it.

ValueError
└── SpaceError     says what was given, what was expected, and where
    └── Misplaced  the same of something in a list or mapping, with its place there
UserWarning
└── SpaceWarning   legal, but probably not what was meant
"""

from collections.abc import Iterable


class SpaceError(ValueError):
    """An expression, a space, a configuration or a sampling that cannot be.

    `argument` is the index of the offending positional argument or option, and `parameter` the
    name of the parameter it belongs to; each is None where there is no single one to blame.
    """

    def __init__(
        self, message: str, *, argument: int | None = None, parameter: str | None = None
    ) -> None:
        super().__init__(message)
        self.argument = argument
        self.parameter = parameter

    def within(
        self, place: str, *, argument: int | None = None, parameter: str | None = None
    ) -> "SpaceError":
        """Return the same error, seen from the `place` around it."""
        return SpaceError(f"{place}: {self}", argument=argument, parameter=parameter)


class Misplaced(SpaceError):
    """Something in a point to evaluate, or in a condition, that the space does not have.

    `where` leads to it: names, and indices of lists. `name` tells that the last of these is wrong
    itself, and not what it stands for. `bare` is the message without the place.
    """

    def __init__(
        self, message: str, where: tuple[str | int, ...] = (), *, name: bool = False
    ) -> None:
        self.where = where
        self.name = name
        self.bare = message
        path = ""
        for step in where:
            path += f"[{step}]" if isinstance(step, int) else f".{step}" if path else step
        super().__init__(f"{path}: {message}" if path else message)


class SpaceWarning(UserWarning):
    """A space that is legal but probably not what its author meant."""


def spelled(what: str, word: object, known: Iterable[str]) -> str:
    """Return the member of `known` that `word` spells in any letter case.

    Raises:
        SpaceError: nothing in `known` is spelled so; names the nearest `what`, or all of them.
    """
    words: dict[str, str] = {}
    for name in known:
        words.setdefault(name.lower(), name)
    if isinstance(word, str) and (found := words.get(word.strip().lower())) is not None:
        return found
    raise SpaceError(unknown(what, word, words.values()))


def unknown(what: str, word: object, known: Iterable[str]) -> str:
    """Return that `word` is not `what`, which member of `known` it may mean, and all of these."""
    names = [*known]
    message = f"{word!r} is not {what}"
    if isinstance(word, str) and (near := nearest(word.strip(), names)) is not None:
        message += f"; did you mean {near!r}?"
    return f"{message} (known: {', '.join(names)})"


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the member of `known` that a word was probably meant to be; None if none is near."""
    from difflib import get_close_matches  # noqa: PLC0415 -- only mistakes pay for it

    by_lower = {name.lower(): name for name in known}
    near = get_close_matches(word.lower(), by_lower, n=1)
    return by_lower[near[0]] if near else None
