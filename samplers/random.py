"""Random sampling: independent draws, or quasi-random ones."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from samplers.course import Course
from samplers.dice import seed_of, unit
from samplers.errors import SpaceError, spelled
from samplers.guide import DEFAULTS, Guide, Points, reseeded
from samplers.refusal import Refuse
from samplers.sampler import Sampler, changed
from samplers.space import Configuration, Space, space_of
from samplers.values import real

RULES = ("random", "sobol")


class RandomParameterSampling:
    """Draw each configuration at random; repeats are possible.

    `rule` is `random` for independent draws, or `sobol` for quasi-random ones, which cover the
    space more evenly. `logbase`, a number above 1 or `e`, is what `log` expressions raise to a
    power. `duplicates` false: no configuration comes twice. `points_to_evaluate` are
    configurations to begin with, or parts of them; `refuse` are conditions on configurations, and
    functions of them, that are not to be. `properties` may hold the same settings, as in
    HyperDrive, and has precedence.

    Raises:
        SpaceError: something is wrong with the space or with a setting.
    """

    name: ClassVar[str] = "RANDOM"
    defaults: ClassVar[dict[str, Any]] = {
        "seed": None,
        "rule": "random",
        "logbase": "e",
        "duplicates": True,
        **DEFAULTS,
    }

    def __init__(  # noqa: PLR0913 -- a sampling has that many sides
        self,
        parameter_space: Space | Mapping[str, Any],
        properties: Mapping[str, Any] | None = None,
        *,
        seed: int | None = None,
        rule: str = "random",
        logbase: float | str = "e",
        duplicates: bool = True,
        points_to_evaluate: Points | None = None,
        refuse: Refuse | None = None,
    ) -> None:
        settings: dict[str, Any] = {
            "seed": seed,
            "rule": rule,
            "logbase": logbase,
            "duplicates": duplicates,
            "points_to_evaluate": points_to_evaluate,
            "refuse": refuse,
        }
        for name, value in (properties or {}).items():
            settings[spelled("a property of random sampling", name, settings)] = value
        self.seed: Final = seed_of(settings["seed"])
        self.rule: Final = spelled("a rule of random sampling", settings["rule"], RULES)
        self.logbase: Final = _logbase(settings["logbase"])
        base = math.e if isinstance(self.logbase, str) else self.logbase
        self.space: Final = space_of(parameter_space).rebased(base)
        self.duplicates: Final[bool] = settings["duplicates"]
        points, refuse = settings["points_to_evaluate"], settings["refuse"]
        self.guide: Final = Guide(self.space, points, refuse, duplicates=self.duplicates)

    @property
    def exact(self) -> bool:
        """Whether configuration n depends on the seed and n only: not on a user's function."""
        return not self.guide.refusals.functions

    @property
    def properties(self) -> dict[str, Any]:
        """The settings that differ from their defaults."""
        return changed(self)

    def seeded(self, seed: int) -> "RandomParameterSampling":
        """Return the same sampling with this seed."""
        return reseeded(self, seed)

    def sampler(self, begun: Sequence[Configuration] = ()) -> Sampler:
        """Return a sampler for the rule; see `Sampling`."""
        if self.rule == "sobol":
            from samplers.sobol import SobolSampler  # noqa: PLC0415 -- SciPy takes a second

            sobol = SobolSampler(self.space, self.seed or 0)
            skips = not self.duplicates
            return self.guide.around(sobol, self.seed, in_order=True, skips=skips, begun=begun)
        sampler = RandomSampler(self.space, self.seed or 0)
        return self.guide.around(sampler, self.seed, skips=not self.duplicates, begun=begun)


class RandomSampler:
    """Draw every parameter of every run from an address of its own."""

    def __init__(self, space: Space, seed: int) -> None:
        self._space = space
        self._seed = seed
        self._streams = [leaf.stream for leaf in space.leaves]

    def ask(
        self,
        number: int,
        pending: Sequence[Configuration] = (),  # noqa: ARG002 -- the protocol has it
    ) -> Configuration:
        """Return draw `number`."""
        return self._space.decode([unit(self._seed, number, stream) for stream in self._streams])

    def tell(
        self, configuration: Configuration, loss: float | None, course: Course | None = None
    ) -> None:
        """Learn nothing."""


def _logbase(value: Any) -> float | str:
    if isinstance(value, str) and value.lower() == "e":
        return "e"
    base = real(value, "logbase")
    if base <= 1:
        raise SpaceError(f"logbase must be e or a number > 1, got {value!r}")
    return base
