"""What the columns are that a model sees of configurations."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[np.float64]
Groups: TypeAlias = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Columns:
    """The parameters that columns from 0 to 1 belong to.

    Attributes:
        groups: the parameter, numbered from 0, that each column belongs to.
        bendable: whether each is the only one of a number, whose scale may be another (booleans).
    """

    groups: Groups
    bendable: NDArray[np.bool_]

    @property
    def parameters(self) -> int:
        """How many parameters there are."""
        return int(self.groups.max(initial=-1)) + 1

    def alike(self) -> "Columns":
        """Return the columns as if they were all of one parameter."""
        return straight(np.zeros_like(self.groups))

    def with_another(self) -> "Columns":
        """Return these columns and one more, of a parameter of its own that is not bent."""
        groups = np.append(self.groups, self.parameters)
        return Columns(groups, np.append(self.bendable, False))


def straight(groups: Groups) -> Columns:
    """Return columns of which none may be bent."""
    return Columns(groups, np.zeros(len(groups), dtype=bool))
