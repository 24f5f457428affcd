"""A command for a shell, with variables in place of its references.

No value ever becomes a part of the script's text: it stands in an environment variable, and the
script gets an expansion of it that is quoted for the place where it stands. So whatever is in a
value, a shell takes it for one word.
"""

from __future__ import annotations

from sweep.formats.references import REFERENCE, Reference

SHELLS = ("bash", "sh")
"""Shells that may be declared."""

_CLOSE = {"(": ")", "$(": ")", "'": "'", '"': '"', "$'": "'", "`": "`", "${": "}", "$((": "))"}
_TOP = ("", "(", "$(")
_WHERE = {
    "$'": "a text in $'…'",
    "`": "a command in `…`: write $(…)",
    "${": "an expansion ${…}",
    "$((": "arithmetic: put it into a variable first",
}


class Misplaced(ValueError):
    """A reference stands where no shell could be given its value safely, or quotes are open."""


def script_of(text: str) -> str:
    """Return a command with an expansion of a variable in place of each reference.

    >>> script_of("python a.py ${{inputs.a}} | cat > ${{outputs.b}}/c")
    'python a.py "${AZURE_ML_INPUT_a}" | cat > "${AZURE_ML_OUTPUT_b}"/c'

    Raises:
        Misplaced: a reference stands within a here-document, `…` or another place in which its
            value cannot be quoted; or quotes or brackets are not closed.
    """
    return _Script(text.strip()).text()


class _Script:
    """One walk over a script: which quotes and brackets are open at each place."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._out: list[str] = []
        self._open: list[str] = [""]
        self._document = False

    def text(self) -> str:
        while self._at < len(self._text):
            found = REFERENCE.match(self._text, self._at)
            if found:
                self._out.append(self._expansion(Reference(found[1], found[2])))
                self._at = found.end()
            else:
                self._step()
        if len(self._open) > 1:
            raise Misplaced(f"{self._open[-1]!r} is never closed with {_CLOSE[self._open[-1]]!r}")
        return "".join(self._out)

    def _expansion(self, reference: Reference) -> str:
        inside = self._open[-1]
        variable = f"${{{reference.variable}}}"
        if self._document:
            raise Misplaced(f"{reference} stands behind a here-document '<<'")
        if inside in _WHERE:
            raise Misplaced(f"{reference} cannot stand within {_WHERE[inside]}")
        if inside == '"':
            return variable
        return f"'\"{variable}\"'" if inside == "'" else f'"{variable}"'

    def _take(self, count: int) -> None:
        self._out.append(self._text[self._at : self._at + count])
        self._at += count

    def _step(self) -> None:
        inside = self._open[-1]
        if inside == "'":
            self._within("'", escapes=False)
        elif inside == "$'":
            self._within("'", escapes=True)
        elif inside == '"':
            self._double()
        else:
            self._code(inside)

    def _within(self, end: str, *, escapes: bool) -> None:
        sign = self._text[self._at]
        if sign == end:
            self._open.pop()
        self._take(2 if escapes and sign == "\\" else 1)

    def _double(self) -> None:
        if self._text[self._at] == "\\":
            self._escape()
        elif self._text[self._at] == '"':
            self._open.pop()
            self._take(1)
        elif not self._opens(("$((", "$(", "${", "`")):
            self._take(1)

    def _code(self, inside: str) -> None:
        text, at = self._text, self._at
        if text[at] == "\\":
            self._escape()
        elif inside and text.startswith(_CLOSE[inside], at):
            self._open.pop()
            self._take(len(_CLOSE[inside]))
        elif inside in _TOP and text[at] == "#" and (at == 0 or text[at - 1] in " \t\n;"):
            self._comment()
        elif inside in _TOP and text.startswith("<<", at):
            self._document = self._document or not text.startswith("<<<", at)
            self._take(3 if text.startswith("<<<", at) else 2)
        elif not self._opens(("$((", "$(", "${", "$'", "'", '"', "`", "(")):
            self._take(1)

    def _opens(self, marks: tuple[str, ...]) -> bool:
        for mark in marks:
            if self._text.startswith(mark, self._at) and (mark != "`" or self._open[-1] != "`"):
                self._open.append(mark)
                self._take(len(mark))
                return True
        return False

    def _escape(self) -> None:
        if REFERENCE.match(self._text, self._at + 1):
            raise Misplaced("a reference stands behind a backslash")
        self._take(2)

    def _comment(self) -> None:
        end = self._text.find("\n", self._at)
        end = len(self._text) if end < 0 else end
        self._out.append(REFERENCE.sub(lambda found: found[2], self._text[self._at : end]))
        self._at = end
