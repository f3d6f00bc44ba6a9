"""The tables of the grammar that are kept are what Lark makes of it today."""

from tunas_dsl.storage.resources import shipped
from tunas_dsl.syntax.generation import tables_text
from tunas_dsl.syntax.grammar import GRAMMARS, TABLES


def test_the_tables_are_those_of_the_grammar():
    kept = (shipped(GRAMMARS) / TABLES).read_text(encoding="utf-8")
    assert kept == tables_text(), "the grammar changed: run python -m tunas_dsl.syntax.generation"
