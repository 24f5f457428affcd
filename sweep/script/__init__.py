"""What a training script uses. Nothing here imports anything heavy.

Nor what is only convenient, as each module takes a script that starts 0.2 ms: types are quoted,
and `__future__` is left alone.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


class Replicate:
    """One of several runs of a configuration.

    Attributes:
        configuration_number: that of its configuration; None where each is run once.
        replicate: which of its runs this is, from 0.
        seed: for its randomness, another one for each replicate; None where each is run once.
    """

    configuration_number: "int | None" = None
    replicate = 0
    seed: "int | None" = None

    def be_told(self, told: "Mapping[str, str]") -> None:
        """Take over what variables of the environment say of a replicate, if they do."""
        if "SWEEP_REPLICATE" in told:
            self.configuration_number = int(told["SWEEP_CONFIGURATION_NUMBER"])
            self.replicate = int(told["SWEEP_REPLICATE"])
            self.seed = int(told["SWEEP_SEED"])
