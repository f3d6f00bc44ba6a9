"""The two rounding rules of the paper, exact, for integers and for NumPy integer arrays alike.

Both break ties upwards. They differ: filters use :func:`round_filters`, squeeze-and-excite
widths use :func:`make_divisible` (TuNAS reference code; facts 2.1).
"""

from fractions import Fraction
from typing import Any


def round_filters(filters: Any, multiplier: Fraction, divisor: int) -> Any:
    """The multiple of ``divisor`` nearest to ``filters * multiplier``, at least ``divisor``.

    ``filters`` is an integer or an integer array; ties round up.
    """
    numerator, denominator = multiplier.as_integer_ratio()
    steps = (2 * filters * numerator + divisor * denominator) // (2 * divisor * denominator)
    return _at_least(steps * divisor, divisor)


def make_divisible(width: Any, ratio: Fraction, divisor: int) -> Any:
    """``width * ratio`` rounded to a multiple of ``divisor``, never more than 10 % below it.

    ``width`` is an integer or an integer array; ties round up.
    """
    numerator, denominator = ratio.as_integer_ratio()
    exact = width * numerator  # over ``denominator``
    rounded = _at_least((2 * exact + divisor * denominator) // (2 * divisor * denominator) * divisor, divisor)
    return rounded + divisor * (10 * rounded * denominator < 9 * exact)


def _at_least(number: Any, minimum: int) -> Any:
    # Arithmetic instead of max(): it serves an array as it does an integer, without NumPy.
    return number + (minimum - number) * (number < minimum)
