"""What is held for a block and then closed."""

from __future__ import annotations

from typing import TypeVar

T = TypeVar("T", bound="Closing")


class Closing:
    """Lets anything that has a `close` be held by `with`."""

    def close(self) -> None:
        """Let go."""
        raise NotImplementedError

    def __enter__(self: T) -> T:  # noqa: PYI019 - Self is not in Python 3.10
        """Hold it for a block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of it."""
        self.close()
