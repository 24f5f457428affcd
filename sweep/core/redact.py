"""What looks like a secret, by its name or by its form, and texts without it.

A name is judged by its words, so that `--api-key` and `AWS_SECRET_ACCESS_KEY` are secret, and
`--max-tokens`, `--key-dim` and `--monkey` are not. What is swept is never redacted: a
hyperparameter is there to be compared.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any

REDACTED = "[redacted]"

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_SECRET = {"password", "passwd", "passphrase", "passcode", "pwd", "secret", "secrets", "sas"}
_SECRET |= {"credential", "credentials", "cookie", "bearer", "token", "accesskey", "accountkey"}
_SECRET |= {"apikey", "privatekey", "secretkey"}
"""Words that make a name one of a secret, wherever they stand."""
_SECRET_ENDS = ("password", "passwd", "secret", "token", "apikey")
"""Ends of words that do: `PGPASSWORD`, `authtoken`."""
_SECRET_AT_THE_END = {"key", "auth", "authorization", "pat", "dsn"}
_CONNECTION = {"connection", "string"}
_HARMLESS_AT_THE_END = {"dropout", "embedding", "embeddings", "dim", "size", "length", "len"}
_HARMLESS_AT_THE_END |= {"count", "id", "type", "file", "path", "dir", "level", "mask", "limit"}
_HARMLESS_AT_THE_END |= {"rate", "ratio", "pruning", "merging", "mixing", "shift"}
"""`token_dropout` is about tokens; a file or a path with a secret in it is not the secret."""

_URL = re.compile(r"\b([a-z][a-z0-9+.-]*://)[^/\s]*@", re.IGNORECASE)
_IN_TEXT = re.compile(
    r"\b((?:sig|signature|access_token|token|api_key|apikey|password|pwd|client_secret"
    r"|AccountKey|SharedAccessKey|SharedAccessSignature)=)[^&;\s'\"]+",
    re.IGNORECASE,
)
_BEARER = re.compile(r"\b(Bearer|Basic)(\s+)[A-Za-z0-9._~+/=-]{8,}")
_ISSUED = re.compile(
    r"\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{20,}|hf_[A-Za-z0-9]{20,}"
    r"|sk-[\w-]{20,}|xox[abprs]-[\w-]{10,}|(?:AKIA|ASIA)[A-Z0-9]{16}"
    r"|eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*)"
)
"""The forms in which services issue tokens."""
_OPTION = re.compile(r"(?P<flag>-{1,2}[A-Za-z][\w.-]*|[A-Za-z_][\w.-]*)=(?P<value>.+)", re.DOTALL)
_IN_A_LINE = re.compile(
    r"(?P<flag>(?<!\S)-{1,2}[A-Za-z][\w.-]*(?==|\s)|\b[A-Za-z_]\w*(?==))(?P<gap>=|\s+)"
    r"(?P<value>(?!-{1,2}[A-Za-z])\S+)"
)


def is_secret(name: str) -> bool:
    """Tell whether what is called so is a secret."""
    words = [word.lower() for word in _WORD.findall(name)]
    if not words or words[-1] in _HARMLESS_AT_THE_END:
        return False
    joined = {a + b for a, b in pairwise(words)}
    return (
        not _SECRET.isdisjoint(words)
        or not _SECRET.isdisjoint(joined)
        or any(word.endswith(_SECRET_ENDS) for word in words)
        or words[-1] in _SECRET_AT_THE_END
        or set(words) >= _CONNECTION
    )


def text(words: str) -> str:
    """Return a text without what has the form of a secret."""
    words = _URL.sub(rf"\1{REDACTED}@", words)
    words = _IN_TEXT.sub(rf"\1{REDACTED}", words)
    words = _BEARER.sub(rf"\1\2{REDACTED}", words)
    return _ISSUED.sub(REDACTED, words)


def arguments(words: Iterable[str]) -> list[str]:
    """Return arguments without secrets: `--token x`, `--token=x`, `db.password=x`, and texts.

    A secret option takes the next word for its value, unless that is an option itself.
    """
    found: list[str] = []
    expected = False
    for word in words:
        option = _OPTION.fullmatch(word)
        if expected and not re.match(r"--?[A-Za-z]", word):
            found.append(REDACTED)
        elif option and is_secret(option["flag"]):
            found.append(f"{option['flag']}={REDACTED}")
        else:
            found.append(_line(word) if " " in word else text(word))
        expected = word.startswith("-") and "=" not in word and is_secret(word)
    return found


def variables(values: Mapping[str, str]) -> dict[str, str]:
    """Return environment variables without secrets."""
    return {name: REDACTED if is_secret(name) else text(v) for name, v in values.items()}


def nested(value: Any) -> Any:
    """Return a JSON value without secrets."""
    if isinstance(value, dict):
        return {
            k: REDACTED if _is_text(v) and is_secret(k) else nested(v) for k, v in value.items()
        }
    if isinstance(value, list):
        return arguments(value) if all(map(_is_text, value)) else [nested(v) for v in value]
    return text(value) if _is_text(value) else value


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _line(words: str) -> str:
    """Return a line for a shell without secrets."""

    def without(found: re.Match[str]) -> str:
        return f"{found['flag']}{found['gap']}{REDACTED}" if is_secret(found["flag"]) else found[0]

    return text(_IN_A_LINE.sub(without, words))
