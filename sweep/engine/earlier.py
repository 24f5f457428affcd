"""What earlier attempts of a run have left, or the run of an earlier sweep that it repeats.

A script that can may go on from there.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sweep.storage.workspace import SweepFolder

OPTION = "--resume-from"
"""HyperDrive's: the folder with an earlier run's outputs."""
VARIABLE = "SWEEP_RESUME_FROM"
SCRIPT_BYTES = 1 << 20


def earlier_outputs(
    sweep: SweepFolder, number: int, attempt: int, of_others: Sequence[str] = (), place: int = -1
) -> Path | None:
    """Return the outputs of the latest earlier attempt that has any; or those of another run.

    Args:
        sweep: of the run.
        number: of the run.
        attempt: the present one.
        of_others: outputs of runs of earlier sweeps, for the first configurations.
        place: the number of the run's configuration; -1: that of the run.
    """
    for before in range(attempt - 1, 0, -1):
        outputs = sweep.run_folder(number, before) / "outputs"
        if outputs.is_dir() and any(outputs.iterdir()):
            return outputs
    place = number if place < 0 else place
    if place < len(of_others) and of_others[place] and Path(of_others[place]).is_dir():
        return Path(of_others[place])
    return None


def takes_resume_from(command: Sequence[str], tree: Path) -> bool:
    """Tell whether a script mentions the option: others would refuse it."""
    for word in command:
        script = tree / word
        if not Path(word).is_absolute() and script.is_file():  # else it is the interpreter
            with script.open("rb") as file:
                text = file.read(SCRIPT_BYTES)
            return OPTION.encode() in text
    return False
