"""The run folder of ``tunas search --algorithm``: a search by an algorithm of one's own."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
import click

from tunas_dsl.api.run_folders import create_run, reopen_run
from tunas_dsl.api.subjects import Subject, load_subject
from tunas_dsl.cli.estimates import Estimates
from tunas_dsl.cli.holding import hold_folder
from tunas_dsl.cli.options.recipe import chosen_recipe
from tunas_dsl.cli.run_folders import needed
from tunas_dsl.cost.lookup import Missing
from tunas_dsl.search.algorithms.own import AlgorithmClass, OwnSettings, named_algorithm
from tunas_dsl.search.algorithms.registry import SETTINGS
from tunas_dsl.search.quality import load_class
from tunas_dsl.search.run import RunFolder


def own_run(
    output: Path,
    space: str | None,
    quality: str | None,
    latency: str | None,
    missing: Missing,
    algorithm: str | None,
    options: Sequence[str],
    wanted: Mapping[str, Any],
    of_trainings: Mapping[str, Any],
    preset: str | None,
    *,
    resume: bool,
) -> tuple[Subject, RunFolder, AlgorithmClass]:
    """A new run, or the one to go on with, and the class that makes its algorithm.

    Raises:
        SearchError: there is no such algorithm, or the run was started otherwise.
    """
    if algorithm is None:
        raise click.UsageError("--option is for an algorithm of one's own: name it by --algorithm")
    if algorithm in SETTINGS:
        raise click.UsageError(_built_in(algorithm))
    _check_settings(wanted, preset)
    own = named_algorithm(algorithm, load_class)
    given = {**wanted, "options": _read(options)} if options else dict(wanted)
    if resume:
        sources = {"quality": quality} if quality else {}
        kept = {**given, **of_trainings, **sources, "algorithm": algorithm}
        named = None if space is None else (space, load_subject(space))
        return *reopen_run(output, named, kept, hold_folder), own
    given.setdefault("options", {})
    needed(
        SPACE=space, quality=quality, latency=latency, target=given.get("target"), steps=given.get("steps")
    )
    settings = OwnSettings(**given)
    recipe = chosen_recipe(quality, dict(of_trainings), settings.seed)
    subject = load_subject(str(space), missing=missing, notice=Estimates(missing))
    subject, run = create_run(
        output, hold_folder, subject, latency, settings, quality=quality, algorithm=algorithm, recipe=recipe
    )
    return subject, run, own


def _built_in(algorithm: str) -> str:
    """How an algorithm that comes along is asked for."""
    if algorithm == "reinforce":
        return "`tunas search` learns a policy by itself: leave --algorithm out"
    return f"`{algorithm}` comes along: write `tunas baseline {algorithm}`"


def _check_settings(wanted: Mapping[str, Any], preset: str | None) -> None:
    """A usage error for settings that only the built-in search has."""
    known = {field.name for field in attrs.fields(OwnSettings)}
    names = [f"--{name.replace('_', '-')}" for name in sorted(wanted.keys() - known)]
    if names or preset:
        given = ", ".join([*names, *(["--preset"] if preset else [])])
        raise click.UsageError(
            f"an algorithm of one's own has no use for {given}: its options are given as --option NAME=JSON"
        )


def _read(options: Sequence[str]) -> dict[str, Any]:
    """The options by name. What is no JSON is a text."""
    read: dict[str, Any] = {}
    for option in options:
        name, equals, written = option.partition("=")
        if not equals or not name.isidentifier():
            raise click.UsageError(f"--option {option!r} is not of the form NAME=JSON")
        try:
            read[name] = json.loads(written)
        except ValueError:
            read[name] = written
    return read
