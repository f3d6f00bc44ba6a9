"""Small texts that stand for more than any machine can do: refused by count, with numbers."""

from pathlib import Path

import pytest

from tunas_dsl.budgets import MAX_LAYERS, MAX_WORDS, OverBudget, spend, work
from tunas_dsl.diagnostics.diagnostic import MOST_COMPARED, nearest
from tunas_dsl.language.compiler import check_text, compile_source
from tunas_dsl.language.sources import Folder
from tunas_dsl.source import Source, Span

HEAD = "space s {\n input image 32 x 32 x 3\n"
TAIL = " classifier (classes: 10)\n}\n"


def _messages(definitions: str, layers: str = "conv(kernel: 3)") -> list[str]:
    text = f"{HEAD}{definitions}\n block b (filters: 16) {{ {layers} global_pool }}\n{TAIL}"
    space, report = check_text(Source("a.space", text))
    assert space is None
    return [found.text for found in report.diagnostics if found.severity == "error"]


def _chain(body: str, count: int, first: str = "layer l0 = conv(kernel: 3)", head: str = "layer l{0}") -> str:
    later = (f"{head.format(i)} = {body.format(i - 1)}" for i in range(1, count + 1))
    return "\n".join([first, *later])


def test_repetitions_of_repetitions_are_refused_by_the_outermost_that_is_too_much():
    levels = [f"layer {new} = 100 * {old}" for old, new in ("ab", "bc", "cd")]
    definitions = "\n".join(["layer a = 100 * conv(kernel: 3)", *levels])
    assert _messages(definitions, "d") == ["`d` stands for 100,000,000 layers; at most 20,000"]


def test_layers_that_are_twice_the_one_before():
    [message] = _messages(_chain("{{ l{0} l{0} }}", 60), "l60")
    assert message == f"`l60` stands for {2**60:,} layers; at most {MAX_LAYERS:,}"


@pytest.mark.parametrize(
    ("definitions", "layers"),
    [
        (_chain("(l{0} | l{0})", 60), "l60"),
        (_chain("{{ l{0} l{0} }}", 60, "layer l0 = { }"), "l60"),
        (_chain("5000 * l{0}", 6, "layer l0 = 0 * conv(kernel: 3)"), "l6"),
        (_chain("{{ l{0}(k) l{0}(k * k) }}", 60, "layer l0(k) = conv(kernel: k)", "layer l{0}(k)"), "l60(1)"),
    ],
    ids=["alternatives", "empty", "repeated-nothing", "arguments"],
)
def test_other_layers_that_multiply(definitions, layers):
    messages = _messages(definitions, layers)
    assert messages
    assert all("at most 20,000" in message or "more than" in message for message in messages)


@pytest.mark.parametrize("first", ["3/7", "3", "0.5"])
def test_products_of_products_have_so_many_digits(first):
    definitions = _chain("k{0} * k{0}", 40, f"let k0 = {first}", "let k{0}")
    assert _messages(definitions, "conv(kernel: 3, filters: k40)") == ["this product has more than 30 digits"]


def test_products_of_many_options_are_counted_before_they_are_made():
    many = "let a = " + " | ".join(map(str, range(1, 1000)))
    assert _messages(many, "conv(kernel: 3, filters: a * a)") == ["this makes more than 1,000 options"]


def test_a_bomb_of_imports(tmp_path: Path):
    (tmp_path / "f0.space").write_text("layer l0 = conv(kernel: 3)\n")
    for i in range(1, 30):
        text = f'import l{i - 1} from "f{i - 1}.space"\nlayer l{i} = {{ l{i - 1} l{i - 1} }}\n'
        (tmp_path / f"f{i}.space").write_text(text)
    main = f'import l29 from "f29.space"\n{HEAD} block b (filters: 16) {{ l29 }}\n{TAIL}'
    source = Source(str(tmp_path / "main.space"), main)
    report = compile_source(source, Folder.of(source).load).report
    assert [found.text for found in report.diagnostics] == [
        f"`l29` stands for {2**29:,} layers; at most {MAX_LAYERS:,}"
    ]


def test_a_file_of_more_words_than_anyone_writes():
    [message] = _messages("", "conv(kernel: 3) " * (MAX_WORDS // 5))
    assert message == f"this file is more than the limit of {MAX_WORDS:,} words, numbers and signs"


def test_unknown_names_are_compared_with_so_many_names_at_most(monkeypatch):
    compared: list[int] = []
    from difflib import get_close_matches

    def counting(name, names, n):
        compared.append(len(names))
        return get_close_matches(name, names, n=n)

    monkeypatch.setattr("difflib.get_close_matches", counting)
    near = nearest("widht", ["width", *(f"other{i}" for i in range(5000))])
    assert near is not None
    assert near.name == "width"
    assert compared == [MOST_COMPARED]


def test_a_large_space_within_the_limits_is_fine():
    text = f"{HEAD} layer a = 100 * conv(kernel: 3)\n block b (filters: 16) {{ 199 * a }}\n{TAIL}"
    space, report = check_text(Source("a.space", text))
    assert space is not None, report.diagnostics


def test_work_is_counted_inside_of_its_budget_alone():
    span = Span(Source("a", "abc"), 0, 1)
    spend(10**9, span)
    with work(5):
        spend(5, span)
        with pytest.raises(OverBudget):
            spend(1, span)
    spend(1, span)
