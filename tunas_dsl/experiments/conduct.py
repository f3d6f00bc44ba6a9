"""Carries an experiment out: searches, then rates what was found, for every row, space and seed."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
import numpy as np

from tunas_dsl.cost.named import cost_model
from tunas_dsl.cost.sampling import sample
from tunas_dsl.exchange.bundle import read_bundle
from tunas_dsl.experiments.jobs import Job, Jobs
from tunas_dsl.experiments.plan import Experiment, Place, Row, Size, own_space
from tunas_dsl.ir import space as ir
from tunas_dsl.language.compiler import compile_text
from tunas_dsl.language.sources import read_source
from tunas_dsl.runs.events import cpu_seconds, step_history
from tunas_dsl.search.presets import with_preset
from tunas_dsl.search.quality import load_quality
from tunas_dsl.search.run import RunFolder
from tunas_dsl.search.settings import SearchSettings
from tunas_dsl.training.run import TrainingFolder
from tunas_dsl.training.settings import TrainingSettings

LATE = 0.1
"""The share of the last steps over which the average cost of a policy is taken."""


@attrs.frozen(kw_only=True)
class Trial:
    """One search or one draw, and what came of it: figures by name, costs as their distance in percent.

    ``cpu_seconds`` is what its searches and trainings computed, on all cores, where their logs say so.
    """

    place: str
    row: str
    seed: int
    figures: Mapping[str, float]


def conduct(experiment: Experiment, work: Path, jobs: Jobs) -> Iterator[Trial]:
    """All trials of ``experiment``, those of one space after those of another.

    Raises:
        SearchError, InterruptedJobError: see :class:`Jobs`.
    """
    for place in experiment.size.places:
        for row in experiment.rows:
            for seed in range(experiment.size.seeds):
                conductor = _Conductor(experiment.size, place, row, seed, work, jobs)
                yield Trial(place=place.space, row=row.name, seed=seed, figures=conductor.figures())


class _Conductor:
    def __init__(self, size: Size, place: Place, row: Row, seed: int, work: Path, jobs: Jobs) -> None:
        self.size, self.place, self.row, self.seed, self.jobs = size, place, row, seed, jobs
        name = f"{place.space}_{row.variant}" if row.variant else place.space
        self.text = space_text(name)
        self.file = work / "spaces" / f"{Path(name).name.removesuffix('.space')}.space"
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.file.write_text(self.text, encoding="utf-8")
        self._spent: list[float | None] = []
        self.label = f"{place.space}, {row.name}, seed {seed}"

    def figures(self) -> dict[str, float]:
        if self.row.kind == "search":
            figures = self._searched()
        else:
            figures = self._random_rated() if self.size.data is None else self._random_trained()
        known = [seconds for seconds in self._spent if seconds is not None]
        spent = {"cpu_seconds": sum(known)} if len(known) == len(self._spent) else {}
        return {**figures, **spent}

    def _searched(self) -> dict[str, float]:
        source = ("--data", self.size.data) if self.size.quality is None else ("--quality", self.size.quality)
        folder = self._job("search", *source, *self._asked(), "--steps", self.size.steps, **self._settings())
        indices, figures = self._read(folder)
        history = step_history(folder / "events.jsonl")
        late = [event["cost"] for event in history if event["step"] >= (1 - LATE) * self.size.steps]
        figures["average"] = 100 * (float(np.mean(late)) / self.place.target - 1)
        return {**figures, **self._worth(indices)}

    def _random_rated(self) -> dict[str, float]:
        within = self.size.within * self.place.target
        source = ("--quality", self.size.quality)
        band = (self.place.target - within, self.place.target + within)
        space = self._space()
        folder = self._job(
            "baseline", "random", *source, *self._asked(), "-n", self.size.random, within=within
        )
        indices, figures = self._read(folder)
        drawn = sample(space, self.size.random, self.seed, cost_model(space, self.place.latency), band)
        judged = np.asarray(load_quality(str(self.size.judge or self.size.quality), space)(drawn))
        return {**figures, **self._worth(indices), **_spread("quality", judged.tolist())}

    def _random_trained(self) -> dict[str, float]:
        space = compile_text(self.text, str(self.file))
        model = cost_model(space, self.place.latency)
        reach = self.size.within * self.place.target
        band = (self.place.target - reach, self.place.target + reach)
        drawn = sample(space, self.size.random, self.seed, model, band)
        worths = [self._worth(tuple(row)) for row in drawn.tolist()]
        accuracies = [worth["accuracy"] for worth in worths]
        best = int(np.argmax(accuracies))
        gap = 100 * (float(model.total(drawn[best : best + 1])[0]) / self.place.target - 1)
        return {
            "found": gap,
            **worths[best],
            **_spread("accuracy", accuracies),
            **_spread("test", [worth["test"] for worth in worths]),
        }

    def _read(self, folder: Path) -> tuple[tuple[int, ...], dict[str, float]]:
        run = RunFolder.open(folder)
        bundle = read_bundle(run.bundle)
        model = run.costs(bundle)
        found = run.found(bundle.space, model)
        argmax = run.most_probable(bundle.space) if run.algorithm == "reinforce" else found
        gaps = 100 * (model.total(np.array([found, argmax])) / self.place.target - 1)
        return found, {"found": float(gaps[0]), "argmax": float(gaps[1])}

    def _worth(self, indices: tuple[int, ...]) -> dict[str, float]:
        if self.size.data is None:
            judge = load_quality(str(self.size.judge or self.size.quality), self._space())
            return {"quality": float(np.asarray(judge(np.array([indices])))[0])}
        vector = ":".join(map(str, indices))
        steps = self.size.train_steps or self.size.steps
        trained = ("train", str(self.file), vector, "--data", self.size.data, "--steps", steps, "--test")
        result = TrainingFolder.open(self._job(*trained, **self._training_settings())).read_result()
        assert result is not None  # the job has ended
        return {
            "accuracy": float(result["validation"]["accuracy"]),
            "test": float(result["test"]["accuracy"]),
        }

    def _space(self) -> ir.Space:
        return compile_text(self.text, str(self.file))

    def _asked(self) -> tuple[object, ...]:
        return (str(self.file), "--latency", self.place.latency, "--target", self.place.target)

    def _settings(self) -> dict[str, Any]:
        return {**self.size.settings, **self.row.settings}

    def _training_settings(self) -> dict[str, Any]:
        """Of the settings that the search is given, also by its preset, those that a training has, too."""
        settings = self._settings()
        wanted = with_preset(SearchSettings, settings.pop("preset", None), settings)
        fields = attrs.fields(TrainingSettings)
        return {field.name: wanted[field.name] for field in fields if field.name in wanted}

    def _job(self, *arguments: object, **settings: object) -> Path:
        flags = (part for name, value in settings.items() for part in _flag(name, value))
        words = tuple(str(part) for part in (*arguments, *flags, "--seed", self.seed))
        folder = self.jobs(Job(self.label, words, self.text))
        self._spent.append(cpu_seconds(folder / "events.jsonl"))
        return folder


def _spread(figure: str, values: Sequence[float]) -> dict[str, float]:
    """Mean and deviation of random architectures, by which what was found is judged."""
    deviation = float(np.std(values, ddof=1)) if len(values) > 1 else 0.0
    return {f"mean_{figure}": float(np.mean(values)), f"deviation_{figure}": deviation}


def _flag(name: str, value: object) -> tuple[str, ...]:
    flag = name.replace("_", "-")
    if isinstance(value, bool):
        return (f"--{flag}" if value else f"--no-{flag}",)
    return (f"--{flag}", str(value))


def space_text(name: str) -> str:
    """The space called ``name``: one for experiments alone, a shipped one, or a file.

    Raises:
        OSError, SpaceError: there is none, or it is no text.
    """
    own = own_space(name)
    return read_source(name).text if own is None else own.read_text(encoding="utf-8")
