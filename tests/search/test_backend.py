import sys
import types

import pytest

from tunas_dsl import backend
from tunas_dsl.backend import load_backend
from tunas_dsl.errors import SearchError


def test_the_torch_backend_is_found_with_and_without_an_entry_point(monkeypatch):
    installed = load_backend("torch")
    monkeypatch.setattr(backend, "entry_points", lambda **_: [])
    assert load_backend("torch") is installed


def test_an_entry_point_of_another_distribution_is_taken(monkeypatch):
    class Entry:
        @staticmethod
        def load():
            return "theirs"

    found = {("tunas_dsl.backends", "jax"): [Entry]}
    monkeypatch.setattr(backend, "entry_points", lambda group, name: found[group, name])
    assert load_backend("jax") == "theirs"


def test_a_backend_that_is_not_there_is_named():
    with pytest.raises(SearchError, match="the backend `abacus` cannot be used: there is no module"):
        load_backend("abacus")


def test_a_module_in_a_bare_checkout_will_do(monkeypatch):
    monkeypatch.setitem(sys.modules, "tunas_slide", types.SimpleNamespace(BACKEND="slide rule"))
    assert load_backend("slide") == "slide rule"
