"""One setting, checked: what each of a run's settings must be, said in a line where it is not."""

import math
import re
from collections.abc import Callable, Mapping
from typing import Any, Literal, Self, get_args

import attrs

from tunas_dsl.errors import SearchError

Precision = Literal["float32", "bfloat16"]
"""The numbers that convolutions and matrix products are computed in."""

_SIZE = re.compile(r"(\d+(?:\.\d+)?) ?([KMGT]i?)B", re.IGNORECASE)

Validator = Callable[[Any, "attrs.Attribute[Any]", Any], None]


def setting(demand: str, holds: Callable[[Any], bool], kinds: tuple[type, ...]) -> Validator:
    """What is of one of ``kinds`` and ``holds``; ``demand`` says so in words."""

    def check(_: Any, field: "attrs.Attribute[Any]", value: Any) -> None:
        is_kind = isinstance(value, kinds) and isinstance(value, bool) == (bool in kinds)
        if not is_kind or not holds(value):
            raise SearchError(f"`{field.name}` is {value!r:.80}, but must be {demand}")

    return check


def number(demand: str, holds: Callable[[float], bool]) -> Validator:
    """A finite number that ``holds``."""
    return setting(demand, lambda value: math.isfinite(value) and holds(value), (int, float))


COUNT = setting("an integer of at least 1", lambda count: count >= 1, (int,))
NATURAL = setting("an integer of at least 0", lambda count: count >= 0, (int,))
AT_LEAST_ONE = number("a number of at least 1", lambda number: number >= 1)
SEED = setting("an integer from 0 to 2^63 - 1", lambda seed: 0 <= seed < 2**63, (int,))
POSITIVE = number("a number above 0", lambda number: number > 0)
RATE = number("a number above 0 and up to 1,000,000", lambda number: 0 < number <= 1_000_000)
NOT_NEGATIVE = number("a number of at least 0", lambda number: number >= 0)
NEGATIVE = number("a number of at most 0, since missing the target must not pay", lambda number: number <= 0)
SHARE = number("a number from 0 to 1", lambda number: 0 <= number <= 1)
POSITIVE_SHARE = number("a number above 0, and at most 1", lambda number: 0 < number <= 1)
BELOW_ONE = number("a number from 0 to below 1", lambda number: 0 <= number < 1)
MEMORY = setting("a size such as 8GB or 500MB", lambda size: bool(_SIZE.fullmatch(size)), (str,))
HOLDOUT = number(
    "a share above 0 and up to a third, or a count of images",
    lambda holdout: 0 < holdout <= 1 / 3 or (holdout >= 1 and holdout == int(holdout)),
)
FLAG = setting("true or false", lambda flag: True, (bool,))


def one_of(words: tuple[str, ...]) -> Validator:
    """One of these words."""
    return setting("one of " + ", ".join(words), lambda word: word in words, (str,))


PRECISION = one_of(get_args(Precision))


def byte_count(size: str) -> int:
    """The bytes of a size such as 8GB (8e9) or 8GiB (8 times 2^30)."""
    match = _SIZE.fullmatch(size)
    if match is None:
        raise ValueError(f"{size!r} is not a size such as 8GB")
    number, unit = match.groups()
    base = 1024 if len(unit) == 2 else 1000
    return int(float(number) * base ** (1 + "KMGT".index(unit[0].upper())))


@attrs.frozen(kw_only=True)
class RunSettings:
    """What the settings of every run have, be it a search or a training.

    Raises:
        SearchError: a setting is out of range, or two contradict each other.
    """

    seed: int = attrs.field(default=0, validator=SEED)

    def to_json(self) -> dict[str, Any]:
        """Every setting by its name, defaults included."""
        return attrs.asdict(self)

    @classmethod
    def from_json(cls, settings: Mapping[str, Any]) -> Self:
        """The settings that :meth:`to_json` gave.

        Raises:
            SearchError: a name is unknown or missing, or a setting is out of range.
        """
        fields = attrs.fields(cls)
        unknown = settings.keys() - {field.name for field in fields}
        missing = {field.name for field in fields if field.default is attrs.NOTHING} - settings.keys()
        for fault, names in (("no setting is called", unknown), ("there is no value for", missing)):
            if names:
                raise SearchError(f"{fault} " + ", ".join(f"`{name}`" for name in sorted(names)))
        return cls(**settings)

    def _checked(self, name: str) -> Any:
        # A default that is computed from another setting comes before the validators.
        field = getattr(attrs.fields(type(self)), name)
        setting = getattr(self, name)
        field.validator(self, field, setting)
        return setting


@attrs.frozen(kw_only=True)
class Settings(RunSettings):
    """What the settings of every algorithm have; ``target`` is in the unit of the cost model, ms or M MAdds.

    Raises:
        SearchError: a setting is out of range, or two contradict each other.
    """

    target: float = attrs.field(validator=POSITIVE)
