"""A command line as a list of words, where no shell is needed to make sense of it.

Quotes, backslashes and line continuations mean what they mean to a shell. Whatever else a shell
would act on (a variable, a pipe, a second command, a pattern of file names) is not done here:
`NeedsShell` names it. References stay as they are, each within one word, whatever its value.
"""

from __future__ import annotations

from sweep.formats.references import REFERENCE, Reference

_OPERATORS = frozenset("|&;<>()")
_PATTERNS = frozenset("*?")
_BLANK = frozenset(" \t")
_EXPANDED_IN_QUOTES = frozenset("_{(@*#?!$-0123456789")
"""What makes a variable of a dollar sign in front of it, as a letter does."""
_EXPANDED = _EXPANDED_IN_QUOTES | frozenset("'\"")
_ESCAPED_IN_QUOTES = frozenset('$`"\\\n')
_BUILTINS = {
    *("!", ".", ":", "[[", "{", "alias", "bg", "break", "builtin", "case", "cd", "command"),
    *("continue", "declare", "dirs", "do", "done", "eval", "exec", "exit", "export", "fg", "for"),
    *("function", "getopts", "hash", "if", "jobs", "let", "local", "mapfile", "popd", "pushd"),
    *("read", "readarray", "readonly", "return", "select", "set", "shift", "shopt", "source"),
    *("then", "time", "times", "trap", "type", "typeset", "ulimit", "umask", "unalias", "unset"),
    *("until", "wait", "while"),
}
_SHELLS = {"sh", "bash", "dash", "zsh", "ksh", "ash"}


class NeedsShell(ValueError):
    """A command that only a shell understands; the message names what in it."""


class Unbalanced(ValueError):
    """A quote is never closed."""


def words_of(text: str) -> list[str]:
    """Return the words of a command.

    >>> words_of("python 'my train.py' --lr ${{ search_space.lr }}")
    ['python', 'my train.py', '--lr', '${{search_space.lr}}']

    Raises:
        NeedsShell: it takes a shell.
        Unbalanced: a quote is never closed.
    """
    words = _Scanner(text.lstrip()).words()
    if words and "=" in words[0]:
        raise NeedsShell(f"a variable is set in front of the command: {words[0]!r}")
    if words and words[0] in _BUILTINS:
        raise NeedsShell(f"{words[0]!r} is a word of the shell's")
    _refuse_inner_shell(words)
    return words


def _refuse_inner_shell(words: list[str]) -> None:
    """Refuse `bash -c "… ${{search_space.x}}"`, where a value would become a shell's text."""
    names = [word.rpartition("/")[2] for word in words]
    inner = any(name in _SHELLS for name in names)
    if inner and any(REFERENCE.search(word) and set(word) & _BLANK for word in words):
        raise NeedsShell("a shell is started within it, and a value would become its text")


class _Scanner:
    """One walk over a command."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._words: list[str] = []
        self._word: list[str] | None = None

    def words(self) -> list[str]:
        while self._at < len(self._text):
            self._step()
        self._end()
        return self._words

    def _add(self, piece: str) -> None:
        if self._word is None:
            self._word = []
        self._word.append(piece)

    def _end(self) -> None:
        if self._word is not None:
            self._words.append("".join(self._word))
        self._word = None

    def _reference(self) -> bool:
        found = REFERENCE.match(self._text, self._at)
        if found:
            self._add(str(Reference(found[1], found[2])))
            self._at = found.end()
        return found is not None

    def _step(self) -> None:
        if self._reference():
            return
        text, at = self._text, self._at
        sign, after = text[at], text[at + 1 : at + 2]
        self._at += 1
        if sign in _BLANK:
            self._end()
        elif sign == "\n":
            if text[at:].strip():
                raise NeedsShell("it has a second line")
            self._at = len(text)
        elif sign == "\\":
            self._at += 1
            if after != "\n":
                self._add(after)
        elif sign == "'":
            self._single()
        elif sign == '"':
            self._double()
        else:
            self._plain(sign, after)

    def _plain(self, sign: str, after: str) -> None:
        if sign in _OPERATORS or sign == "`":
            raise NeedsShell(f"{sign!r} stands in it")
        if sign in _PATTERNS:
            raise NeedsShell(f"a pattern of file names stands in it: {sign!r}")
        if sign == "$" and (after.isalpha() or after in _EXPANDED):
            raise self._variable()
        if self._word is None and sign in "~#":
            raise NeedsShell(f"{sign!r} begins a word")
        if sign == "{" and self._braces():
            raise NeedsShell("a list in braces stands in it")
        self._add(sign)

    def _variable(self) -> NeedsShell:
        return NeedsShell(f"a variable stands in it: {self._text[self._at - 1 :][:20]!r}")

    def _braces(self) -> bool:
        """Tell whether a shell would make several words of what begins with this brace."""
        inner = self._text[self._at :].partition("}")
        word = inner[0]
        return (
            bool(inner[1]) and not set(word) & (_BLANK | {"\n"}) and ("," in word or ".." in word)
        )

    def _single(self) -> None:
        self._add("")
        while self._at < len(self._text):
            if self._reference():
                continue
            sign = self._text[self._at]
            self._at += 1
            if sign == "'":
                return
            self._add(sign)
        raise Unbalanced("a ' is never closed")

    def _double(self) -> None:
        self._add("")
        text = self._text
        while self._at < len(text):
            if self._reference():
                continue
            sign, after = text[self._at], text[self._at + 1 : self._at + 2]
            self._at += 1
            if sign == '"':
                return
            if sign == "\\" and after in _ESCAPED_IN_QUOTES:
                self._at += 1
                self._add("" if after == "\n" else after)
            elif sign == "`" or (
                sign == "$" and (after.isalpha() or after in _EXPANDED_IN_QUOTES)
            ):
                raise self._variable()
            else:
                self._add(sign)
        raise Unbalanced('a " is never closed')
