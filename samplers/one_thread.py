"""Linear algebra on one thread: matrices here are small, and threads would wait for each other.

It also makes the digits of a sum independent of how many processors a machine has.
"""

from contextlib import AbstractContextManager
from functools import cache
from typing import Any


def one_thread() -> AbstractContextManager[Any]:
    """Return a context in which NumPy's and SciPy's linear algebra starts no threads."""
    context: AbstractContextManager[Any] = _controller().limit(limits=1, user_api="blas")
    return context


@cache
def _controller() -> Any:
    # Made when it is used first: it finds only the libraries that have been loaded by then.
    from threadpoolctl import ThreadpoolController  # noqa: PLC0415 -- as said above

    return ThreadpoolController()
