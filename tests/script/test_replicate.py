"""What a run knows of itself where each configuration is run several times."""

from __future__ import annotations

from sweep.script import Replicate
from sweep.script.run import Run


class Silent:
    def send(self, message):
        raise AssertionError(message)

    def stopped(self):
        return False


def test_a_run_of_which_there_is_one():
    run = Run(Silent(), "HD_x_0")
    run.be_told({"SWEEP_RUN_NUMBER": "0"})
    assert (run.configuration_number, run.replicate, run.seed) == (None, 0, None)


def test_one_of_several():
    run = Run(Silent(), "HD_x_7")
    run.be_told(
        {"SWEEP_CONFIGURATION_NUMBER": "2", "SWEEP_REPLICATE": "1", "SWEEP_SEED": "99", "A": "b"}
    )
    assert (run.configuration_number, run.replicate, run.seed) == (2, 1, 99)
    assert Replicate.seed is None
