"""References in commands: `${{search_space.x}}`, `${{inputs.y}}`, `${{outputs.z}}`.

They are put in place once: a value that has the form of a reference stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

Group = Literal["search_space", "inputs", "outputs"]

REFERENCE = re.compile(r"\$\{\{\s*(search_space|inputs|outputs)\.([A-Za-z_]\w*)\s*\}\}")
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
"""What parameters, inputs and outputs may be called: it is also the name of a variable."""

VARIABLES: dict[str, str] = {
    "search_space": "AZUREML_SWEEP_",
    "inputs": "AZURE_ML_INPUT_",
    "outputs": "AZURE_ML_OUTPUT_",
}
"""What a variable is called in the environment that holds what a reference stands for."""


class Reference(NamedTuple):
    """One reference: what it names."""

    group: str
    name: str

    def __str__(self) -> str:
        return f"${{{{{self.group}.{self.name}}}}}"

    @property
    def variable(self) -> str:
        """The environment variable that holds its value."""
        return VARIABLES[self.group] + self.name


def references(text: str) -> Iterator[Reference]:
    """Yield the references in a text, in order."""
    for found in REFERENCE.finditer(text):
        yield Reference(found[1], found[2])


def only_reference(word: str) -> Reference | None:
    """Return the reference that a word consists of; None where there is anything else in it."""
    found = REFERENCE.fullmatch(word)
    return Reference(found[1], found[2]) if found else None


def filled(text: str, value: Callable[[Reference], str]) -> str:
    """Return a text with values in place of its references."""
    return REFERENCE.sub(lambda found: value(Reference(found[1], found[2])), text)
