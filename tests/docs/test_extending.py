"""The loggers of docs/extending.md, told of a run, with stand-ins for the packages that they need."""

import re
import sys
from pathlib import Path
from types import ModuleType
from unittest.mock import MagicMock

import pytest

from tests.command_line import tunas

PAGE = (Path(__file__).parents[2] / "docs" / "extending.md").read_text(encoding="utf-8")
EXAMPLES = {
    re.search(r"import (\w+)", text)[1]: text
    for text in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    if "def begin" in text
}


@pytest.mark.parametrize(("package", "name"), [("mlflow", "MLflow"), ("wandb", "WandB")])
def test_a_logger_of_the_page_is_told_of_a_run(package, name, tmp_path, monkeypatch):
    told = MagicMock()
    stand_in = ModuleType(package)
    stand_in.__getattr__ = lambda attribute: getattr(told, attribute)
    monkeypatch.setitem(sys.modules, package, stand_in)
    (tmp_path / f"own_{package}.py").write_text(EXAMPLES[package], encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    search = (
        "search",
        "digits",
        "--quality",
        "synthetic",
        "--latency",
        "macs",
        "--target",
        0.2,
        "--steps",
        20,
    )
    ended = tunas(*search, "--logger", f"own_{package}:{name}", "-o", "run")
    assert "failed" not in ended.stderr
    if package == "mlflow":
        assert told.log_params.call_args.args[0]["steps"] == "20"
        steps = {call.kwargs["step"] for call in told.log_metrics.call_args_list}
        told.end_run.assert_called_once_with("FINISHED")
    else:
        assert told.init.call_args.kwargs["config"]["steps"] == 20
        steps = {call.kwargs["step"] for call in told.init.return_value.log.call_args_list}
        told.init.return_value.summary.update.assert_called_once_with({"finished": True})
    assert steps >= set(range(20))
    assert len(EXAMPLES[package].splitlines()) <= 20
