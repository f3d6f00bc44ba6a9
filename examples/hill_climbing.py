r"""An algorithm of one's own: it changes one decision of the best architecture so far at a time.

tunas search quickstart --quality synthetic --latency macs --target 3 --steps 200 -o run \
    --algorithm hill_climbing:HillClimbing --option width=8
"""

import numpy as np


class HillClimbing:
    """The best of ``width`` neighbours of the best so far that cost no more than the target."""

    def __init__(self, space, cost, settings):
        self.counts = np.array([len(decision.options) for decision in space.decisions])
        self.settings, self.width = settings, settings.options.get("width", 4)
        self.step, self.steps = 0, settings.steps
        self.row, self.quality = [0] * len(self.counts), -np.inf

    def propose(self):
        random = np.random.default_rng([self.settings.seed, self.step])  # the same until there is feedback
        rows = np.tile(self.row, (self.width, 1))
        for row in rows:
            decision = random.integers(len(row))
            row[decision] = random.integers(self.counts[decision])
        return rows

    def feedback(self, indices, qualities, costs):
        affordable = np.where(costs <= self.settings.target, qualities, -np.inf)
        if affordable.max() > self.quality:
            self.quality, self.row = float(affordable.max()), indices[affordable.argmax()].tolist()
        self.step += 1

    def figures(self):
        return {"best": self.quality}

    def best(self):
        return tuple(self.row)

    def state(self):
        return {"step": self.step, "row": self.row, "quality": self.quality}

    def load_state(self, state):
        self.step, self.row, self.quality = state["step"], state["row"], state["quality"]
