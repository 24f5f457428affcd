import pickle

import pytest

from samplers.errors import SpaceError, spelled


@pytest.mark.parametrize("word", ["sobol", "SOBOL", " Sobol "])
def test_any_letter_case_will_do(word: str) -> None:
    assert spelled("a rule", word, ["random", "sobol"]) == "sobol"


def test_the_known_spelling_is_returned() -> None:
    assert spelled("an estimator", "gp", ("GP", "ET")) == "GP"


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("sobel", r"^'sobel' is not a rule; did you mean 'sobol'\? \(known: random, sobol\)$"),
        ("halton", r"^'halton' is not a rule \(known: random, sobol\)$"),
        (None, r"^None is not a rule \(known: random, sobol\)$"),
    ],
)
def test_the_nearest_word_is_suggested(word: object, message: str) -> None:
    with pytest.raises(SpaceError, match=message):
        spelled("a rule", word, ["random", "sobol"])


def test_an_error_knows_where_it_is() -> None:
    error = SpaceError("too big", argument=2).within("lr", argument=2, parameter="lr")
    assert str(error) == "lr: too big"
    assert (error.argument, error.parameter) == (2, "lr")
    assert isinstance(error, ValueError)


def test_an_error_travels_between_processes() -> None:
    error = pickle.loads(pickle.dumps(SpaceError("no", argument=1, parameter="x")))
    assert (str(error), error.argument, error.parameter) == ("no", 1, "x")
