# ruff: noqa: ANN001, ANN201, PTH102, PTH123, SLF001
"""What HyperDrive's own client makes of configurations; runs in the environment that has it.

Reads one JSON list of cases from standard input, writes one JSON list of answers:
`{"wire": …}`, or `{"error": "Kind: message"}`.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import tempfile
import warnings


class Submitted(Exception):
    """Carries what would have been submitted."""


class Experiment:
    """Stands where the client would speak to the service."""

    def submit(self, config):
        """Bring what is submitted back to the caller."""
        raise Submitted(config)


def wire_of(config):
    """Return the parts of the payload that describe the sweep."""
    goal = config._primary_metric_config["goal"]
    return {
        "generator_config": config._generator_config,
        "policy_config": config._policy_config,
        "primary_metric_config": {**config._primary_metric_config, "goal": str(goal).lower()},
        "max_total_jobs": config._max_total_runs,
        "max_concurrent_jobs": config._max_concurrent_runs,
        "max_duration_minutes": config._max_duration_minutes,
    }


def innermost(function, file):
    """Return the function of a file that a decorator has wrapped: no login, no workspace."""
    while function.__code__.co_filename != file:
        cells = [cell.cell_contents for cell in function.__closure__ or ()]
        function = next(c for c in cells if getattr(c, "__name__", "") == function.__name__)
    return function


def from_file(text):
    """Return what the command line makes of a file."""
    from azureml._cli.run import run_commands

    submit_hyperdrive = innermost(run_commands.submit_hyperdrive, run_commands.__file__)
    with open("hdconfig.yml", "w", encoding="utf-8") as file:
        file.write(text)
    try:
        submit_hyperdrive(
            Experiment(),
            "hdconfig.yml",
            ".",
            "local",
            path=".",
            user_script_and_arguments=["train.py"],
            logger=logging.getLogger("client"),
        )
    except Submitted as caught:
        return caught.args[0]
    raise AssertionError("it has submitted nothing")


def from_python(case):
    """Return what the classes make of arguments."""
    import azureml.train.hyperdrive as names
    from azureml.core import ScriptRunConfig

    return made(case, names, ScriptRunConfig(source_directory=".", script="train.py"))


def made(case, names, script):
    """Return the configuration that a case describes, by whichever package's names."""
    space = {key: getattr(names, word)(*given) for key, (word, given) in case["space"].items()}
    policy = None
    if case["policy"]:
        kind, given = case["policy"]
        policy = getattr(names, kind)(**given)
    return names.HyperDriveConfig(
        hyperparameter_sampling=getattr(names, case["sampling"])(space),
        primary_metric_name=case["metric"],
        primary_metric_goal=getattr(names.PrimaryMetricGoal, case["goal"]),
        policy=policy,
        run_config=script,
        **case["limits"],
    )


def answer(case):
    """Return the answer to one case."""
    try:
        config = from_file(case["text"]) if case["kind"] == "file" else from_python(case)
        return {"wire": json.loads(json.dumps(wire_of(config)))}
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the answer
        return {"error": f"{type(error).__name__}: {str(error)[:300]}"}


def main():
    """Answer all cases."""
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    cases = json.load(sys.stdin)
    out, sys.stdout = sys.stdout, sys.stderr
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        from azureml.core.runconfig import RunConfiguration

        configuration = RunConfiguration(script="train.py")
        configuration.target = "cluster"
        os.mkdir(".azureml")
        configuration.save(path=".", name="local")
        with open("train.py", "w", encoding="utf-8") as file:
            file.write("")
        json.dump([answer(case) for case in cases], out)


if __name__ == "__main__":
    main()
