"""What a reward is held against before the policy learns from it (facts 7)."""


class Baseline:
    """An exponential moving average of rewards, corrected for its start from zero.

    ``numerator`` and ``denominator`` are floats that begin at 0.
    """

    def __init__(self, momentum: float = 0.95) -> None:
        self.momentum = momentum
        self.numerator = 0.0
        self.denominator = 0.0

    def update(self, reward: float) -> float:
        """Folds a step's mean reward in and returns the average, this step included."""
        self.numerator = self.momentum * self.numerator + (1 - self.momentum) * reward
        self.denominator = self.momentum * self.denominator + (1 - self.momentum)
        return self.numerator / self.denominator
