"""``tunas check``: its formats for programs, its fixes, and watching."""

import codecs
import json
import os
import signal
import subprocess
import sys
import threading
from functools import partial
from pathlib import Path

import jsonschema
import pytest

from tests.command_line import tunas
from tunas_dsl.language.explaining import RULES

ROOT = Path(__file__).parents[2]
check = partial(tunas, "check")
WRONG = "space s {\n    input image 8 x 8 x 1\n    block b (filters: 8) { conw(kernel: 3) }\n}\n"
RIGHT = WRONG.replace("conw", "conv")
TWO_PLACES = RIGHT.replace("}\n}", "}\n    block b (filters: 16) { relu }\n}")


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "a b,c.space"
    path.write_text(WRONG)
    return path.relative_to(tmp_path)


# What SARIF 2.1.0 requires of what is used of it (sections 3.13 to 3.58).
TEXT = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string", "minLength": 1}}}
PLACE = {
    "type": "object",
    "required": ["artifactLocation", "region"],
    "properties": {
        "artifactLocation": {
            "type": "object",
            "required": ["uri"],
            "properties": {"uri": {"type": "string", "pattern": "^[^ \\\\]+$"}},
        },
        "region": {
            "type": "object",
            "required": ["startLine", "startColumn", "endLine", "endColumn"],
            "additionalProperties": {"type": "integer", "minimum": 1},
        },
    },
}
LOG = {
    "type": "object",
    "required": ["version", "runs"],
    "properties": {
        "version": {"const": "2.1.0"},
        "runs": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["tool", "results"],
                "properties": {
                    "tool": {
                        "type": "object",
                        "required": ["driver"],
                        "properties": {
                            "driver": {
                                "type": "object",
                                "required": ["name", "rules"],
                                "properties": {
                                    "rules": {
                                        "type": "array",
                                        "uniqueItems": True,
                                        "items": {
                                            "type": "object",
                                            "required": ["id"],
                                            "properties": {"shortDescription": TEXT, "help": TEXT},
                                        },
                                    }
                                },
                            }
                        },
                    },
                    "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                    "results": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "required": ["message", "ruleId", "locations"],
                            "properties": {
                                "level": {"enum": ["none", "note", "warning", "error"]},
                                "message": TEXT,
                                "locations": {
                                    "type": "array",
                                    "items": {
                                        "required": ["physicalLocation"],
                                        "properties": {"physicalLocation": PLACE},
                                    },
                                },
                                "relatedLocations": {
                                    "type": "array",
                                    "items": {
                                        "required": ["physicalLocation", "message"],
                                        "properties": {"physicalLocation": PLACE, "message": TEXT},
                                    },
                                },
                                "fixes": {
                                    "type": "array",
                                    "items": {"required": ["artifactChanges"]},
                                },
                            },
                        },
                    },
                },
            },
        },
    },
}


def sarif(*paths, status=1):
    log = json.loads(check(*paths, "--format", "sarif", status=status).stdout)
    jsonschema.validate(log, LOG)
    (run,) = log["runs"]
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
    return run


def test_sarif_of_a_finding_with_a_fix(file):
    (result,) = sarif(file)["results"]
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "a%20b%2Cc.space"
    assert place["region"] == {"startLine": 3, "startColumn": 28, "endLine": 3, "endColumn": 32}
    (change,) = result["fixes"][0]["artifactChanges"]
    assert change["replacements"][0] == {
        "deletedRegion": place["region"],
        "insertedContent": {"text": "conv"},
    }


def test_sarif_of_everything_that_can_be_wrong():
    run = sarif(ROOT / "tests" / "errors")
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == list(RULES)
    assert len(run["results"]) > 300
    assert any("relatedLocations" in result for result in run["results"])
    assert sarif("digits", status=0)["results"] == []


def test_github_shows_findings_beside_their_lines(file):
    (line,) = check(file, "--format", "github", status=1).stdout.splitlines()
    assert line == (
        "::error file=a b%2Cc.space,line=3,endLine=3,col=28,endColumn=32,title=E101::"
        "there is no layer called `conw`%0Adid you mean `conv`?"
    )


def test_what_nobody_would_read_is_only_counted(file):
    file.write_text("space s {\n    input image 8 x 8 x 1\n" + "    block b { relu }\n" * 130 + "}\n")
    ended = check(file, status=1)
    assert ended.stdout == "100 errors, 0 warnings in 1 file; 29 more are not shown\n"


def test_json_keeps_its_contract(file):
    (found,) = json.loads(check(file, "--format", "json", status=1).stdout)
    assert list(found)[:9] == [
        *("path", "line", "column", "end_line", "end_column"),
        *("code", "severity", "message", "hint"),
    ]


def test_fixes_are_written_and_told(file):
    file.chmod(0o600)
    ended = check(file, "--fix")
    assert file.read_text() == RIGHT
    assert file.stat().st_mode & 0o777 == 0o600
    assert ended.stderr == f"fixed {file}:3:28 E101: replace `conw` by `conv`\n"
    assert ended.stdout == "0 errors, 0 warnings in 1 file\n"
    assert check(file, "--fix").stderr == ""


def test_fixes_can_be_looked_at_first(file):
    ended = check(file, "--fix", "--diff", status=1)
    assert file.read_text() == WRONG
    changed = [line for line in ended.stdout.splitlines() if line[0] in "+-"]
    assert changed[2:] == [f"-{WRONG.splitlines()[2]}", f"+{RIGHT.splitlines()[2]}"]
    assert "would fix" in ended.stderr


def test_what_has_no_fix_stays_and_is_found(file):
    file.write_text(TWO_PLACES)
    ended = check(file, "--fix", "--format", "json", status=1)
    assert [found["code"] for found in json.loads(ended.stdout)] == ["E102"]
    assert file.read_text() == TWO_PLACES


def test_a_byte_order_mark_stays(file):
    file.write_bytes(codecs.BOM_UTF8 + WRONG.encode())
    assert "\n \ufeff" in check(file, "--fix", "--diff", status=1).stdout  # so that `patch` finds the line
    check(file, "--fix")
    assert file.read_bytes() == codecs.BOM_UTF8 + RIGHT.encode()
    assert check("-", "--fix", stdin=codecs.BOM_UTF8 + WRONG.encode()).stdout_bytes == file.read_bytes()


def test_standard_input_is_fixed_to_standard_output():
    assert check("-", "--fix", stdin=WRONG).stdout == RIGHT


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("digits", "--fix"), "no such file"),
        (("digits", "--diff"), "--diff belongs to --fix"),
        (("digits", "--fix", "--diff", "--format", "json"), "--diff prints a patch"),
        (("-", "--fix", "--format", "json"), "two things"),
        (("-", "--watch"), "--watch"),
        (("digits", "--watch", "--format", "sarif"), "--watch"),
        (("no-such.space", "--format", "sarif"), "No such file"),
    ],
)
def test_usage_errors(arguments, message):
    assert message in check(*arguments, status=2).stderr


def test_watching_checks_again_until_it_is_stopped(file):
    # Polling looks at whole seconds: a file changed in the second in which it was made looks the same.
    os.utime(file, (0, 0))
    replacement = file.with_name("new")
    replacement.write_text(RIGHT)
    paths = os.pathsep.join([str(ROOT), str(ROOT / "backends")])
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "tunas_dsl", "check", str(file), "--watch"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, "PYTHONPATH": paths, "WATCHFILES_FORCE_POLLING": "1"},
        text=True,
        preexec_fn=heeding_ctrl_c,
    )
    late = threading.Timer(300, process.kill)  # on a machine that does much else
    late.start()
    try:
        until(process, "1 error")
        until(process, "waiting for changes")
        replacement.replace(file)  # at once: half of it might be read, and the rest be of the same second
        until(process, "0 errors, 0 warnings in 1 file")
        file.unlink()
        until(process, "No such file")
        process.send_signal(signal.SIGINT)
        assert process.wait() == 0
        assert "Traceback" not in process.stdout.read()
    finally:
        late.cancel()
        process.kill()
        process.wait()
        process.stdout.close()


def heeding_ctrl_c():
    """Programs in the background are started deaf to it, and what they start, too."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def until(process, text):
    seen = ""
    for line in process.stdout:
        seen += line
        if text in line:
            return
    raise AssertionError(seen)


def test_watching_needs_watchfiles(file, monkeypatch):
    monkeypatch.setitem(sys.modules, "watchfiles", None)
    ended = check(file, "--watch", status=1)
    assert "pip install 'tunas-dsl[watch]'" in ended.stderr
