"""Sweeps of all kinds, made up by hypothesis."""

from __future__ import annotations

import itertools

from hypothesis import strategies as st

from sweep.core.definition import SweepDefinition
from sweep.formats.portable import Portable

NAMES = ("--learning-rate", "momentum", "--batch_size", "-p", "units", "--x2")
INNER = ("depth", "--leaf", "rate")
WORDS = ("rbf", "a b", "1e-4", "true", "it's", '"', "$HOME", "-x", "ä", "yes", "~", "a: b", "#")

METRICS = (None, {"file": "metrics.jsonl"}, {"stdout": [r"loss=(?P<loss>\d+)"], "file": "m"})

numbers = st.one_of(
    st.integers(-1000, 1000), st.floats(-1000, 1000, allow_nan=False).map(lambda v: round(v, 6))
)
scalars = st.one_of(numbers, st.sampled_from(WORDS), st.booleans(), st.none())
steps = st.one_of(st.integers(1, 50), st.sampled_from([0.1, 0.25, 2.5]))


def ordered(values):
    return st.tuples(values, values).filter(lambda v: v[0] < v[1]).map(list)


bounds = ordered(numbers)
logs = ordered(st.one_of(st.integers(-12, 5), st.floats(-12, 5).map(lambda v: round(v, 6))))
bells = st.tuples(numbers, st.integers(0, 20)).map(list)
log_bells = st.tuples(st.integers(-5, 5), st.integers(0, 3)).map(list)


def stepped(values):
    return st.tuples(values, steps).map(lambda v: [*v[0], v[1]])


def wire(word, arguments):
    return arguments.map(lambda given: [word, given])


simple = st.one_of(
    wire("randint", st.integers(1, 1000).map(lambda n: [n])),
    wire("uniform", bounds),
    wire("quniform", stepped(bounds)),
    wire("loguniform", logs),
    wire("qloguniform", stepped(logs)),
    wire("normal", bells),
    wire("qnormal", stepped(bells)),
    wire("lognormal", log_bells),
    wire("qlognormal", stepped(log_bells)),
)
options = st.lists(scalars, min_size=1, max_size=4, unique_by=repr)
lists = st.lists(st.lists(scalars, max_size=2), min_size=1, max_size=2, unique_by=repr)
choices = wire("choice", st.one_of(options, lists).map(lambda given: [given]))
constants = st.lists(
    st.dictionaries(st.sampled_from(["m", "n"]), scalars, min_size=1),
    min_size=1,
    max_size=3,
    unique_by=repr,
)
branches = wire(
    "choice",
    st.lists(
        st.fixed_dictionaries({"kind": st.sampled_from("abc")}, optional={
            name: st.one_of(simple, wire("choice", options.map(lambda given: [given])))
            for name in INNER
        }),
        min_size=1,
        max_size=3,
        unique_by=repr,
    ).map(lambda given: [given]),
)  # fmt: skip
flat = st.one_of(simple, choices, wire("choice", constants.map(lambda given: [given])))


@st.composite
def spaces(draw, expressions=flat, branched=True):
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique=True))
    space = {name: draw(expressions) for name in names}
    if branched and draw(st.booleans()):
        space["model"] = draw(branches)
    return space


@st.composite
def generators(draw):
    kind = draw(st.sampled_from(["RANDOM", "GRID", "BayesianOptimization"]))
    seed = draw(st.one_of(st.just({}), st.integers(0, 99).map(lambda n: {"seed": n})))
    if kind == "GRID":
        space = draw(spaces(choices, branched=False))
        more = draw(st.sampled_from([{}, {"shuffle": True}]))
    elif kind == "RANDOM":
        space = draw(spaces())
        more = draw(st.sampled_from([{}, {"rule": "sobol"}, {"logbase": 10}, {"logbase": 2.5}]))
    else:
        space = draw(spaces())
        more = draw(st.sampled_from([{}, {"initial_points": 5}, {"estimator": "RF"}]))
    properties = {**seed, **more}
    found = {"name": kind, "parameter_space": space}
    return {**found, "properties": properties} if properties else found


when = {
    "evaluation_interval": st.integers(1, 9),
    "delay_evaluation": st.integers(0, 9),
}
slack = st.one_of(st.integers(1, 5), st.floats(0.01, 5).map(lambda v: round(v, 3)))
policies = st.one_of(
    st.just({"name": "Default"}),
    *(
        st.fixed_dictionaries(
            {**when, **own}, optional={"audit_fraction": st.sampled_from([0.05, 1.0])}
        ).map(lambda p, n=name: {"name": n, "properties": p})
        for name, own in (
            ("Bandit", {"slack_factor": slack}),
            ("Bandit", {"slack_amount": slack}),
            ("MedianStopping", {}),
            ("TruncationSelection", {"truncation_percentage": st.integers(1, 99),
                                     "exclude_finished_jobs": st.booleans()}),
        )
    ),
)  # fmt: skip
positive = st.one_of(st.none(), st.integers(1, 5000))


@st.composite
def definitions(draw, plain=False):
    runs = draw(st.integers(1, 2000))
    given = {
        "generator_config": draw(generators()),
        "policy_config": draw(policies),
        "primary_metric_config": {
            "name": draw(st.sampled_from(["accuracy", "val loss", "1e3", "yes", "a:b"])),
            "goal": draw(st.sampled_from(["maximize", "minimize"])),
        },
        "max_total_jobs": runs,
        "max_concurrent_jobs": draw(st.integers(1, runs)),
        "max_duration_minutes": draw(st.integers(1, 20000)),
        "max_run_duration_seconds": draw(positive),
    }
    if not plain:
        given |= {
            "max_consecutive_failures": draw(st.one_of(st.none(), st.integers(1, 9))),
            "max_attempts": draw(st.sampled_from([3, 1, 5, {"again": 3, "lost": 5, "error": 2}])),
            "max_idle_seconds": draw(positive),
            "max_first_report_seconds": draw(positive),
            "on_non_finite": draw(st.sampled_from(["stop", None])),
        }
    return SweepDefinition.from_wire(
        {k: v for k, v in given.items() if v is not None or (k == "max_consecutive_failures")}
    )


@st.composite
def sweeps(draw, plain=False):
    words = draw(st.lists(st.sampled_from(WORDS), max_size=2))
    rest = draw(st.sampled_from([[], ["--", "file"]]))
    return Portable(
        draw(definitions(plain=plain)),
        draw(st.sampled_from(["train.py", "my train.py", "run.sh"])),
        tuple(itertools.chain.from_iterable(zip(["--fixed", "--more"], words, strict=False)))
        + tuple(rest),
        ".",
        "space" if plain else draw(st.sampled_from(["space", "equals"])),
        draw(st.sampled_from([None, "auto", ("sklearn", "pandas")])),
        None if plain else draw(st.sampled_from(METRICS)),
    )
