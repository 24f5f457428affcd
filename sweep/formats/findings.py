"""What is found wrong or odd in one file, gathered so that all of it can be shown at once."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from sweep.errors import ConfigError, Problem

LONGEST = 500
"""Longest message."""

MOST = 100
"""Most problems, and most warnings, of one file: nobody mends more in one go."""

SHOWN = 60
"""Longest piece of a file that a message repeats."""


class Place(Protocol):
    """Something that stands somewhere in a file."""

    @property
    def line(self) -> int:
        """The 1-based line."""

    @property
    def column(self) -> int:
        """The 1-based column."""


class Findings:
    """The problems and warnings of one file.

    Attributes:
        source: the file as the user named it.
        problems: what makes the file unusable.
        warnings: what is legal but worth a word.
    """

    __slots__ = ("_blamed", "problems", "source", "warnings")

    def __init__(self, path: str | Path) -> None:
        name = str(path)
        self.source = _line(name)
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []
        self._blamed: set[tuple[str, int, int]] = set()

    def problem(self, message: str, key: str = "", at: Place | None = None) -> None:
        """Note that something is wrong; a second problem of one value only follows the first.

        Raises:
            ConfigError: there are `MOST` already.
        """
        found = self._finding(message, key, at)
        spot = (key, found.line, found.column)
        if spot in self._blamed:
            return
        if len(self.problems) >= MOST:
            shown = in_file_order(self.problems)
            raise ConfigError([*shown, self._finding("and more: mend these first", "", None)])
        self._blamed.add(spot)
        self.problems.append(found)

    def warn(self, message: str, key: str = "", at: Place | None = None) -> None:
        """Note that something is legal but probably not meant; beyond `MOST`, it goes unsaid."""
        if not self.full:
            self.warnings.append(self._finding(message, key, at))

    @property
    def full(self) -> bool:
        """Whether no more warnings are taken."""
        return len(self.warnings) >= MOST

    def fatal(self, message: str, key: str = "", at: Place | None = None) -> ConfigError:
        """Note a problem after which there is no going on, and return all as one error."""
        self.problem(message, key, at)
        return self.error()

    def error(self) -> ConfigError:
        """Return all problems as one error, in the order of the file."""
        return ConfigError(in_file_order(self.problems))

    def check(self) -> None:
        """Go on only with a sound file.

        Raises:
            ConfigError: there are problems.
        """
        if self.problems:
            raise self.error()

    def _finding(self, message: str, key: str, at: Place | None) -> Problem:
        line, column = (at.line, at.column) if at else (0, 0)
        return Problem(_line(message), key=key, source=self.source, line=line, column=column)


def in_file_order(findings: Iterable[Problem]) -> list[Problem]:
    """Return `findings` from the top of the file to its end."""
    return sorted(findings, key=lambda finding: (finding.line, finding.column))


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the member of `known` that `word` was probably meant to be.

    >>> nearest("max", ["maximize", "minimize"])
    'maximize'
    """
    if not word or len(word) > SHOWN:
        return None
    from difflib import get_close_matches  # noqa: PLC0415 - only mistakes pay for it

    word = word.lower()
    by_lower = {name.lower(): name for name in known}
    near = get_close_matches(word, by_lower, n=1)
    starts = [name for name in by_lower if name.startswith(word) or word.startswith(name)]
    return by_lower[(near or starts)[0]] if near or len(starts) == 1 else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return `; did you mean 'right'?`, or nothing where no member of `known` is near."""
    near = nearest(word, known)
    return f"; did you mean {near!r}?" if near else ""


def quoted(text: str) -> str:
    """Return `text` in quotes on one line, cut short where it is long."""
    return repr(text if len(text) <= SHOWN else text[:SHOWN] + "…")


def _line(text: str) -> str:
    """Return `text` fit for one line of a terminal; messages repeat pieces of the file."""
    if not text.isprintable():
        text = text.encode("unicode_escape").decode()
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"
