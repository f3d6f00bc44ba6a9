"""What holds for the repository as a whole: when torch loads, directions of imports, examples in prose."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tunas_dsl.language.compiler import check_text
from tunas_dsl.source import Source

ROOT = Path(__file__).parents[1]
SPACE = "spaces/proxylessnas.space"

RUN_COMMAND = """
import sys
from tunas_dsl.cli import main
try:
    status = main()
except SystemExit as exit:
    status = exit.code
assert not status, status
loaded = sorted(name for name in sys.modules if name.partition(".")[0] in ("torch", "tunas_torch"))
assert not loaded, loaded
"""


def examples():
    for file in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        blocks = re.findall(
            r"^```space\n(.*?)^```$", file.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
        )
        for number, text in enumerate(blocks, 1):
            yield pytest.param(text, id=f"{file.name}-{number}")


def run(*command):
    paths = os.pathsep.join([str(ROOT), str(ROOT / "backends")])  # a bare checkout will do
    environment = {**os.environ, "PYTHONPATH": paths, "PYTHONIOENCODING": "utf-8"}
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, encoding="utf-8", check=False
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ("--help",),
        ("check", SPACE),
        ("explain", "E302"),
        ("fmt", "--check", SPACE),
        ("spaces",),
        ("show", SPACE),
        ("diff", SPACE, SPACE),
        ("cost", SPACE),
        ("sample", SPACE),
    ],
    ids=" ".join,
)
def test_commands_before_a_search_do_not_import_torch(arguments):
    ended = run(sys.executable, "-c", RUN_COMMAND, *arguments)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout + ended.stderr


def test_a_search_without_a_supernet_does_not_import_torch(tmp_path):
    source = ("--quality", "tunas_dsl.search.synthetic:SyntheticQuality", "--latency", "macs")
    arguments = ("search", "digits", *source, "--target", "0.2", "--steps", "5", "-o", str(tmp_path / "run"))
    ended = run(sys.executable, "-c", RUN_COMMAND, *arguments)
    assert ended.returncode == 0, ended.stderr


def test_imports_point_down():
    program = Path(sys.executable).with_name("lint-imports")
    ended = run(program, "--no-cache")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "0 broken" in ended.stdout


def test_readme_and_language_reference_have_examples():
    assert {"README.md-1", "language.md-1"} <= {example.id for example in examples()}


@pytest.mark.parametrize("text", list(examples()))
def test_examples_in_prose_are_spaces(text):
    space, report = check_text(Source("example.space", text), load_example)
    assert [finding.text for finding in report.diagnostics] == []
    if not text.startswith("# "):  # a file of definitions, which begins with its name
        assert any(len(decision.options) > 1 for decision in space.decisions)


def load_example(path, importing):
    named = (parameter.values[0] for parameter in examples())
    return next(Source(path, text) for text in named if text.startswith(f"# {path}\n"))


def test_every_link_in_prose_leads_somewhere():
    for file in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", file.read_text(encoding="utf-8")):
            assert (file.parent / target).exists(), f"{file.name} points to {target}"


def test_every_path_of_the_rules_for_contributors_is_there():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    paths = [path for path in re.findall(r"`([\w.]+(?:/[\w.]+)+/?)`", text) if "CODE" not in path]
    assert len(paths) >= 20
    assert [path for path in paths if not (ROOT / path).exists() and path != "build/site"] == []


def test_every_page_has_its_place_in_the_site():
    places = (ROOT / "docs" / "index.md").read_text(encoding="utf-8").splitlines()
    pages = [page.stem for page in sorted((ROOT / "docs").glob("*.md")) if page.stem != "index"]
    assert [page for page in pages if places.count(page) != 1] == []
