"""What a run knows of itself where each configuration is run several times."""

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
