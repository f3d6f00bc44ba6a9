"""Single options as values of a kind of setting: what fits, and what was meant by what does not."""

import re
from collections.abc import Sequence
from fractions import Fraction

import attrs

from tunas_dsl.analysis.operators import WORDS, Kind
from tunas_dsl.ir import space as ir
from tunas_dsl.source import Span

MAX_NUMBER = 100_000
MAX_PIXELS = 4096
MAX_STRIDE = 32
MAX_COUNT = 5000
MAX_WRITTEN = 12

Option = int | Fraction | bool | str | ir.Relative | ir.Size


@attrs.frozen
class Written:
    """An option before it is known what setting it is for."""

    span: Span
    number: Fraction | None = None
    times: bool = False
    word: str | None = None
    size: tuple[Fraction, Fraction] | None = None
    relative: Span | None = None
    """Where a definition has the factor of the input that it is, or is multiplied by."""

    @property
    def written(self) -> str:
        """The option in words of its own: ``3``, ``5/8``, ``3x``, ``on``."""
        if self.size is not None:
            return "x".join(map(str, self.size))
        return self.word or f"{self.number}{'x' if self.times else ''}"


def converted(raw: Written, kind: Kind) -> Option | None:
    """The option as a value of the setting; None where it is of another kind, or outside the range."""
    if kind == "switch":
        return {"on": True, "off": False}.get(raw.word or "")
    if kind == "act":
        return raw.word if raw.word in WORDS["act"] else None
    if kind == "resolution":
        return _resolution(raw)
    if raw.number is None:
        return None
    number = raw.number
    if raw.times:
        return ir.Relative(number) if kind == "expansion" and 0 < number <= 1000 else None
    whole = number.numerator if number.denominator == 1 and 1 <= number.numerator <= MAX_NUMBER else None
    match kind:
        case "odd":
            return whole if whole and whole % 2 == 1 and whole <= 31 else None
        case "stride":
            return whole if whole and whole <= MAX_STRIDE else None
        case "filters":  # rounded later, to what the filters are divisible by
            return number if whole or 0 < number <= MAX_NUMBER else None
        case "ratio":
            return number if 0 < number <= 1 else None
        case "fraction":
            return number if 0 <= number < 1 else None
        case "count":
            return int(number) if number.denominator == 1 and 0 <= number <= MAX_COUNT else None
        case _:
            return whole


def _resolution(raw: Written) -> ir.Size | None:
    """Height and width; one number is both."""
    if raw.times or raw.word is not None:
        return None
    sides = raw.size or (raw.number, raw.number)
    pixels = [int(side) for side in sides if side and side.denominator == 1 and side <= MAX_PIXELS]
    return (pixels[0], pixels[1]) if len(pixels) == 2 else None


def mended(raw: Written, kind: Kind) -> tuple[str | None, str | None]:
    """What was probably meant by a value of the wrong kind: in words, and as it is written."""
    if kind in ("odd", "stride") and raw.size is not None and raw.size[0] == raw.size[1]:
        return f"it is square: write `{raw.size[0]}`", str(raw.size[0])
    if kind == "odd" and raw.number is not None and raw.number.denominator == 1 and 2 <= raw.number <= 30:
        return f"write {raw.number - 1} or {raw.number + 1}, which have a centre", None
    if kind == "switch" and raw.number in (0, 1):
        word = "on" if raw.number else "off"
        return f"write `{word}`", word
    if kind == "switch" and raw.number is not None and raw.number < 1:
        return f"write `on`; the ratio is an argument of its own, `se_ratio: {raw.written}`", None
    if kind == "ratio" and raw.number is not None and raw.number > 1:
        return f"it is a part of the expanded filters, such as `1/{raw.number}`", None
    if kind == "filters" and raw.times:
        plain = without_factors(raw.span.text)
        product = plain if "*" in plain else f"32 * {plain}"
        return f"only `expand` is relative; filters are multiplied by plain numbers: `{product}`", None
    if kind == "fraction" and raw.number is not None and 2 <= raw.number <= 99:
        return f"write `{float(raw.number / 100):g}`", f"{float(raw.number / 100):g}"
    if kind == "count" and raw.word is not None:
        return "the number comes first: `3 * layer`", None
    return None, None


def without_factors(written: str) -> str:
    """``0.5x | 1x`` as ``0.5 | 1``."""
    return re.sub(r"([0-9])x\b", r"\1", " ".join(written.split()))


def as_alternatives(combined: Sequence[Written], kind: Kind) -> str | None:
    """Options as alternatives, each once; None where they are many, or none of the setting's."""
    options = dict.fromkeys(raw.written for raw in combined)
    fits = all(converted(raw, kind) is not None for raw in combined)
    return " | ".join(options) if fits and 2 <= len(options) <= MAX_WRITTEN else None
