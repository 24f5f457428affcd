"""What can be wrong with a space or with the way to sample it.

ValueError
└── SpaceError     says what was given, what was expected, and where
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
    message = f"{word!r} is not {what}"
    if isinstance(word, str):
        from difflib import get_close_matches  # noqa: PLC0415 -- only mistakes pay for it

        if near := get_close_matches(word.strip().lower(), words, n=1):
            message += f"; did you mean {words[near[0]]!r}?"
    raise SpaceError(f"{message} (known: {', '.join(words.values())})")
