"""Short searches without a supernet, two seeds and a random baseline, for reports to be made of."""

import pytest

from tests.command_line import tunas

SOURCE = ("--quality", "tunas_dsl.search.synthetic:SyntheticQuality", "--latency", "macs", "--target", "0.25")


@pytest.fixture(scope="session")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    for seed in (0, 1):
        tunas(
            "search",
            "digits",
            *SOURCE,
            "--steps",
            400,
            "--rounds",
            1,
            "--seed",
            seed,
            "-o",
            folder / f"seed{seed}",
        )
    tunas("baseline", "random", "digits", *SOURCE, "-n", 200, "--batch", 10, "-o", folder / "random")
    return folder
