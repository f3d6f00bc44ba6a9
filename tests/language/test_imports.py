"""Files that import each other: what they share, and what can go wrong between them."""

import pytest

from tunas_dsl.diagnostics import SpaceError, render
from tunas_dsl.language.compiler import check_text, load_space
from tunas_dsl.language.sources import read_source

BODY = "{ input image 32 x 32 x 3  block b (filters: 16) { bneck(2)  2 * more } }"
COMMON = """
let kernel = 3 | 5
layer bneck(stride) = bottleneck(kernel: kernel, expand: 3x, stride: stride)
layer more = residual(bneck(1) | skip)
"""


@pytest.fixture
def folder(tmp_path):
    def write(**files):
        for name, text in files.items():
            path = tmp_path / f"{name.replace('__', '/')}.space"
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        return tmp_path

    return write


def codes(path):
    return [(d.code, d.span.source.path.rsplit("/", 1)[-1]) for d in found(path)]


def found(path):
    return check_text(read_source(path))[1].diagnostics


def test_an_import_means_what_its_text_would(folder):
    whole = f"space s {{ {COMMON} {BODY[1:]}"
    path = folder(
        whole=whole,
        common=COMMON,
        named=f'import bneck, more from "common.space"\nspace s {BODY}',
        everything=f'import "common.space"\nspace s {BODY}',
        through=f'import "between/again.space"\nspace s {BODY}',
        between__again='import bneck as b, more as m from "../common.space"\n'
        "layer bneck(s) = b(s)\nlayer more = m\n",
    )
    spaces = [load_space(path / f"{name}.space") for name in ("whole", "named", "everything", "through")]
    assert all(space == spaces[0] for space in spaces)
    assert not any(found(path / f"{name}.space") for name in ("named", "everything", "through", "common"))


def test_a_space_exports_its_names_too(folder):
    path = folder(
        first=f"space first {{ {COMMON} {BODY[1:]}",
        second=f'import bneck, more from "first.space" space s {BODY}',
    )
    assert load_space(path / "second.space").blocks == load_space(path / "first.space").blocks


def test_a_decide_is_shared_across_files(folder):
    path = folder(
        widths="decide width = 1/2 | 1\nlayer wide = conv(kernel: 3, filters: 32 * width)",
        s='import "widths.space" space s { input image 8 x 8 x 1 block b (filters: 16 * width) { wide } }',
    )
    space = load_space(path / "s.space")
    assert [d.id for d in space.decisions] == ["width"]
    assert space.decisions[0].options == ("1/2", 1)


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ('import "gone.space"', "E111"),
        ('import "."', "E111"),
        ('import ""', "E111"),
        ('import "a\\b.space"', "E111"),
        ('import "../outside.space"', "E113"),
        ('import "/etc/passwd"', "E113"),
        ('import "link.space"', "E113"),
        ('import nothing, bneck from "common.space"', "E114"),
        ('import bnek from "common.space"', "E114"),
        ('import bneck from "common.space" layer bneck(stride) = conv(3, stride)', "E102"),
    ],
)
def test_an_import_that_fails_is_the_only_finding(folder, header, code):
    path = folder(inner__common=COMMON, outside=COMMON, inner__s=f"{header} space s {BODY}")
    (path / "inner" / "link.space").symlink_to(path / "outside.space")
    names = {name for name, _ in codes(path / "inner" / "s.space")}
    assert names - {"E101"} == {code}
    assert "E101" not in names or "more" not in header  # what was not imported is missing


def test_a_circle_is_shown_whole(folder):
    path = folder(
        s='import "a.space" space s { input image 8 x 8 x 1 block b (filters: 8) { conv(kernel: k) } }',
        a='import "b.space"\nlet k = 3',
        b='import "a.space"\nlet other = k',
    )
    (diagnostic,) = found(path / "s.space")
    assert diagnostic.code == "E112"
    assert "a.space -> b.space -> a.space" in render(diagnostic)
    assert f"{path}/b.space:1:8" in render(diagnostic)


def test_mistakes_in_an_imported_file_are_shown_there(folder):
    path = folder(
        s='import "bad.space" space s { input image 8 x 8 x 1 block b (filters: 8) { conv(kernel: k) } }',
        bad="let j = = 3\nlet k = 4\nlet l = m\n",
    )
    assert codes(path / "s.space") == [("E012", "bad.space"), ("E201", "bad.space"), ("E101", "bad.space")]


def test_definitions_alone_are_no_space(folder):
    path = folder(common=COMMON)
    with pytest.raises(SpaceError, match="the file has no space"):
        load_space(path / "common.space")
