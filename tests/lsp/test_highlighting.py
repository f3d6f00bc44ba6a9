"""Highlighting knows every word of the language, and every character of the shipped spaces."""

import json
import re

import pytest
from pygments.token import Error, Name

from tunas_dsl.analysis.operators import BUILT_IN, OPERATORS, WORDS
from tunas_dsl.language.highlight import KEYWORDS, LAYERS, SpaceLexer
from tunas_dsl.language.highlight import WORDS as HIGHLIGHTED
from tunas_dsl.storage.resources import shipped
from tunas_dsl.syntax.words import STATEMENTS

GRAMMAR = json.loads((shipped("grammars") / "space.tmLanguage.json").read_text())
SPACES = sorted(shipped("spaces").rglob("*.space"))
PATTERNS = [GRAMMAR["repository"][include["include"][1:]]["match"] for include in GRAMMAR["patterns"]]


def test_both_know_the_words_of_the_language():
    words = frozenset().union(*WORDS.values())
    assert set(LAYERS) == set(OPERATORS) - words
    assert set(HIGHLIGHTED) == words
    assert set(STATEMENTS.values()) <= set(KEYWORDS)
    for name, wanted in (("builtin", set(LAYERS)), ("constant", words), ("keyword", set(KEYWORDS))):
        pattern = re.compile(GRAMMAR["repository"][name]["match"])
        assert [word for word in wanted if not pattern.fullmatch(word)] == []
    assert set(LAYERS) | set(HIGHLIGHTED) == BUILT_IN


@pytest.mark.parametrize("space", SPACES, ids=lambda path: path.stem)
def test_every_character_of_a_space_is_known(space):
    text = space.read_text()
    tokens = list(SpaceLexer().get_tokens(text))
    assert Error not in {kind for kind, _ in tokens}
    assert (Name.Builtin, "conv") in tokens
    whole = re.compile("|".join(f"(?:{pattern})" for pattern in PATTERNS), re.MULTILINE)
    assert re.sub(r"\s", "", whole.sub("", text)) == ""


def test_the_extension_packages_this_grammar():
    package = json.loads((shipped("grammars") / ".." / "editors" / "vscode" / "package.json").read_text())
    assert "grammars/space.tmLanguage.json" in package["scripts"]["prepackage"]
    assert package["contributes"]["grammars"][0]["scopeName"] == GRAMMAR["scopeName"]
