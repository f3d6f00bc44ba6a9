"""``tunas fmt``: what it writes, what it only shows, and what it leaves alone."""

import codecs
from functools import partial

import pytest

from tests.command_line import tunas
from tunas_dsl.syntax import formatter

fmt = partial(tunas, "fmt")
LOOSE = "space s{input image 8x8x1 # why\nblock b(filters:8){conv(kernel:3)relu}}"
NEAT = """space s {
    input image 8 x 8 x 1  # why
    block b (filters: 8) { conv(kernel: 3)  relu }
}
"""
BROKEN = "space s {\n    block b { relu | relu }\n}\n"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "loose.space").write_text(LOOSE)
    (tmp_path / "neat.space").write_text(NEAT)
    return tmp_path


def test_files_in_folders_are_written(folder):
    ended = fmt(folder)
    assert ended.stderr == "1 file formatted, 1 file unchanged\n"
    assert (folder / "deep" / "loose.space").read_text() == NEAT
    assert fmt(folder, "--check").stdout == ""


def test_check_lists_what_would_change_and_writes_nothing(folder):
    loose = folder / "deep" / "loose.space"
    assert fmt(folder, "--check", status=1).stdout == f"{loose}\n"
    assert loose.read_text() == LOOSE


def test_a_diff_is_a_patch(folder):
    loose = folder / "deep" / "loose.space"
    patch = fmt(folder, "--diff", status=1).stdout.splitlines()
    assert loose.read_text() == LOOSE
    assert patch[:3] == [f"--- {loose}", f"+++ {loose}", "@@ -1,2 +1,4 @@"]
    assert [line[1:] for line in patch[3:] if line.startswith("-")] == LOOSE.splitlines()
    assert [line[1:] for line in patch[3:] if line.startswith("+")] == NEAT.splitlines()
    assert "\\ No newline at end of file" in patch


def test_standard_input_goes_to_standard_output():
    assert fmt("-", stdin=LOOSE).stdout == NEAT
    assert fmt("-", stdin=LOOSE.replace("\n", "\r\n")).stdout_bytes == NEAT.replace("\n", "\r\n").encode()
    assert fmt("-", "--check", stdin=LOOSE, status=1).stdout == "-\n"
    ended = fmt("-", stdin=BROKEN, status=2)
    assert ended.stdout == ""
    assert "E001" in ended.stderr


def test_a_file_with_syntax_errors_stays_and_the_others_are_formatted(folder):
    (folder / "broken.space").write_text(BROKEN)
    ended = fmt(folder, status=2)
    assert "broken.space:2:" in ended.stderr
    assert "1 file formatted, 1 file unchanged, 1 file with errors" in ended.stderr
    assert (folder / "broken.space").read_text() == BROKEN
    assert (folder / "deep" / "loose.space").read_text() == NEAT


def test_a_formatter_that_is_wrong_writes_nothing(folder, monkeypatch):
    monkeypatch.setattr(formatter, "text_of", lambda lines: NEAT.replace("3", "5"))
    loose = folder / "deep" / "loose.space"
    assert "would change what it means" in fmt(loose, status=2).stderr
    assert loose.read_text() == LOOSE


def test_mode_and_links_are_kept(folder):
    loose, link = folder / "deep" / "loose.space", folder / "link.space"
    loose.chmod(0o640)
    link.symlink_to(loose)
    fmt(link)
    assert link.is_symlink()
    assert loose.read_text() == NEAT
    assert loose.stat().st_mode & 0o777 == 0o640
    assert list(loose.parent.iterdir()) == [loose]  # nothing is left of the way it was written


@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8])
def test_a_byte_order_mark_is_kept_and_none_is_written(folder, mark):
    loose = folder / "deep" / "loose.space"
    loose.write_bytes(mark + LOOSE.encode())
    fmt(loose)
    assert loose.read_bytes() == mark + NEAT.encode()
    assert fmt(loose, "--check").stdout == ""
    assert fmt("-", stdin=mark + LOOSE.encode()).stdout_bytes == mark + NEAT.encode()


def test_names_of_shipped_spaces_and_of_nothing_are_no_files(folder):
    for name in ("digits", folder / "no-such.space"):
        assert "No such file" in fmt(name, status=2).stderr
