"""Sampling by any sampler of Optuna. Needs Optuna, which the extra `optuna` brings."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final
from warnings import catch_warnings, simplefilter

from samplers.dice import seed_of
from samplers.errors import SpaceError, spelled
from samplers.guide import DEFAULTS, Guide, Points, reseeded
from samplers.refusal import Refuse
from samplers.sampler import Sampler, changed
from samplers.space import Configuration, Space, space_of
from samplers.values import plain

ASKS = 20
"""How often a sampler of Optuna is asked before something is drawn instead of what is refused."""


class OptunaParameterSampling:
    """Propose what a sampler of Optuna does.

    All expressions and conditional spaces will do: an option is a category, and a number is given
    by its place in the unit interval, on the scale on which it is drawn. `sampler_class` is the
    name of a class in `optuna.samplers`, and `options` are its arguments but for the seed, as a
    JSON value. Configurations may repeat, if the sampler repeats them. `points_to_evaluate` are
    configurations to begin with, or parts of them; `refuse` are conditions on configurations, and
    functions of them, that are not to be.

    Raises:
        SpaceError: something is wrong with the space or with a setting.
    """

    name: ClassVar[str] = "Optuna"
    exact: ClassVar[bool] = False
    defaults: ClassVar[dict[str, Any]] = {
        "seed": None,
        "sampler_class": "TPESampler",
        "options": {},
        **DEFAULTS,
    }

    def __init__(
        self,
        parameter_space: Space | Mapping[str, Any],
        *,
        seed: int | None = None,
        sampler_class: str = "TPESampler",
        options: Mapping[str, Any] | None = None,
        points_to_evaluate: Points | None = None,
        refuse: Refuse | None = None,
    ) -> None:
        self.space: Final = space_of(parameter_space)
        self.seed: Final = seed_of(seed)
        if not isinstance(sampler_class, str):
            raise SpaceError(f"sampler_class is the name of a class, got {sampler_class!r}")
        self.sampler_class: Final = sampler_class
        self.options: Final[dict[str, Any]] = plain(dict(options or {}))
        self.guide: Final = Guide(self.space, points_to_evaluate, refuse, duplicates=False)

    @property
    def properties(self) -> dict[str, Any]:
        """The settings that differ from their defaults."""
        return changed(self)

    def seeded(self, seed: int) -> "OptunaParameterSampling":
        """Return the same sampling with this seed."""
        return reseeded(self, seed)

    def sampler(self, begun: Sequence[Configuration] = ()) -> Sampler:
        """Return a sampler that knows nothing yet; see `Sampling`.

        Raises:
            SpaceError: Optuna is not installed, or has no such sampler.
        """
        made = self._made()
        from samplers.optuna_adapter import OptunaSampler  # noqa: PLC0415 -- takes a second

        sampler = OptunaSampler(self.space.distinct(), self.seed or 0, made, self.options)
        return self.guide.around(sampler, self.seed, asks=ASKS, begun=begun)

    def check(self) -> None:
        """Look whether the sampler of Optuna can be made.

        Raises:
            SpaceError: Optuna is not installed, has no such sampler, or it takes no such options.
        """
        made = self._made()
        try:
            with catch_warnings():
                simplefilter("ignore")
                made(seed=0, **self.options)
        except Exception as error:  # noqa: BLE001 -- whatever Optuna raises
            message = f"{self.sampler_class} does not take them: {error}"
            raise SpaceError(message, parameter="options") from None

    def _made(self) -> Any:
        """Return the class of the sampler."""
        try:
            import optuna  # noqa: PLC0415 -- an extra
        except ImportError:
            message = "Optuna is not installed; pip install optuna, or hypersweep[optuna]"
            raise SpaceError(message) from None
        known = [name for name in dir(optuna.samplers) if name.endswith("Sampler")]
        try:
            word = spelled("a sampler of Optuna", self.sampler_class, known)
        except SpaceError as error:
            raise SpaceError(str(error), parameter="sampler_class") from None
        return getattr(optuna.samplers, word)
