import pytest

from tunas_dsl.language.compiler import compile_text, load_space
from tunas_dsl.language.unparse import unparse
from tunas_dsl.training.recipe import recipe, recipe_dropout

V2, V3 = (f"spaces/reference/{name}.space" for name in ("mobilenet_v2", "mobilenet_v3_large"))


@pytest.mark.parametrize(
    ("path", "epochs", "dropout"),
    [(V2, 90, 0), (V3, 149, 0), (V2, 360, 0.15), (V3, 360, 0.25), (V2, 150, 0.15)],
)
def test_long_trainings_have_the_papers_dropout(path, epochs, dropout):
    """Facts 8: 0 below 150 epochs, else 0.25 for the family of MobileNetV3 and 0.15 for others."""
    assert recipe_dropout(load_space(path), epochs) == dropout


def test_a_dropout_in_the_text_goes_before_the_recipes():
    text = unparse(load_space(V2)).replace("(classes: 1001", "(classes: 1001, dropout: 0.3")
    assert recipe_dropout(compile_text(text), 90) == recipe_dropout(compile_text(text), 360) == 0.3


@pytest.mark.parametrize(
    ("preset", "given", "settings"),
    [
        ("90", {}, {"epochs": 90, "dropout": 0}),
        ("360", {}, {"epochs": 360, "dropout": 0.25}),
        ("360", {"steps": 500}, {"steps": 500, "dropout": 0.25}),
        ("360", {"epochs": 2.0, "dropout": 0.5}, {"epochs": 2, "dropout": 0.5}),
        (None, {"steps": 500, "seed": 3}, {"steps": 500, "seed": 3, "dropout": 0}),
        (None, {"epochs": 200.0}, {"epochs": 200, "dropout": 0.25}),
    ],
)
def test_what_is_given_goes_before_the_preset(preset, given, settings):
    assert recipe(load_space(V3), preset, given) == settings
