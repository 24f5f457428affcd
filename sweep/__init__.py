"""Hyperparameter sweeps with early termination, in HyperDrive's words, on Ray.

Everything a user needs is importable from here. Names are found when they are first used, so
that a training script that only wants `Run` pays for nothing else.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sweep.script.errors import RunStopped as RunStopped
    from sweep.script.run import Run as Run

_PLACES = {
    "Run": "sweep.script.run",
    "RunStopped": "sweep.script.errors",
}

__all__ = [*_PLACES]  # noqa: PLE0604 - the table above is the list
__version__ = "0.1.0"


def __getattr__(name):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    place = _PLACES.get(name)
    if place is None:
        raise AttributeError(f"module 'sweep' has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415

    value = globals()[name] = getattr(import_module(place), name)
    return value


def __dir__():  # type: ignore[no-untyped-def]  # noqa: ANN202
    return [*globals(), *__all__]
