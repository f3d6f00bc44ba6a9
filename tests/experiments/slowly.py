"""A quality that takes its time where it is told to, so that a test finds the search at work."""

import os
import time

from tunas_dsl.search.synthetic import SyntheticQuality

PAUSE = "SECONDS_PER_EVALUATION"


class SlowQuality(SyntheticQuality):
    """The synthetic one, after the seconds that the environment says."""

    def __call__(self, architectures):
        time.sleep(float(os.environ.get(PAUSE, "0")))
        return super().__call__(architectures)
