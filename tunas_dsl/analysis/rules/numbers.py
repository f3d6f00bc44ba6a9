"""Warnings about numbers that are hardly meant."""

import re

import attrs

from tunas_dsl.diagnostics import Diagnostic, Fix


def _as_factors(options: str) -> str:
    """``3 | 4`` as ``3x | 4x``."""
    return re.sub(r"[0-9]+", r"\g<0>x", options)


def _becoming(options: tuple[str, ...], rounded: str) -> str:
    """``8 and 10 both become 8``."""
    *most, last = options if len(options) <= 6 else (*options[:4], "...", options[-1])
    return f"{', '.join(most)} and {last} {'both' if len(options) == 2 else 'all'} become {rounded}"


@attrs.frozen(kw_only=True)
class MergedOptions(Diagnostic):
    """Options that are rounded to the same number are one option.

    Filters are rounded to multiples of ``filters divisible by``.
    """

    code = "W501"
    message = "of {written} options, rounding leaves {kept}: {groups}"

    written: int
    merged: tuple[tuple[str, tuple[str, ...]], ...]
    left: tuple[str, ...]

    @property
    def text(self) -> str:
        """The message, which is shorter where one option is left."""
        return f"all {self.written} options round to {self.left[0]}" if len(self.left) == 1 else super().text

    @property
    def kept(self) -> str:
        """The options that there are."""
        return ", ".join(self.left)

    @property
    def groups(self) -> str:
        """Which options become the same."""
        return "; ".join(_becoming(options, rounded) for rounded, options in self.merged)

    @property
    def hint(self) -> str:
        """The way out."""
        return (
            "leave one of those that become the same, let `filters divisible by` be a smaller number, "
            "or say `# tunas: ignore[W501]` on the line"
        )


@attrs.frozen(kw_only=True)
class StrideOnPixel(Diagnostic):
    """A stride over an image of one pixel, which has nothing left to be reduced.

    Strides multiply: with five strides of 2, an image of 32 pixels is down to one.
    """

    code = "W504"
    message = "the image is 1 x 1 here, so that the stride of {stride} does nothing"

    stride: int


@attrs.frozen(kw_only=True)
class ChannelsFirst(Diagnostic):
    """An input of one or three pixels in height, and with as many channels as it is wide.

    The order is height, width, channels; PyTorch's tensors have the channels first.
    """

    code = "W507"
    message = "this image is {height} pixels high and has {channels} channels; the channels come last"

    height: int
    width: int
    channels: int

    @property
    def hint(self) -> str:
        """The way out."""
        return f"write `input image {self.width} x {self.channels} x {self.height}`"

    @property
    def fix(self) -> Fix:
        """The numbers in the other order."""
        return Fix(self.span, f"{self.width} x {self.channels} x {self.height}", "maybe")


@attrs.frozen(kw_only=True)
class LargeKernel(Diagnostic):
    """A kernel so large that some of its weights never see the image, but padding alone.

    On an image of ``n`` pixels, a kernel of more than ``2 n - 1`` has such weights, wherever it is put.
    """

    code = "W508"
    message = "a kernel of {kernel} on an image of {size}: {least} is enough to see all of it"

    kernel: int
    size: str
    least: int


@attrs.frozen(kw_only=True)
class SmallExpansion(Diagnostic):
    """An expansion to fewer filters than there are, most often a factor without its ``x``.

    ``expand: 6`` means six filters, ``expand: 6x`` six times the filters of the input.
    """

    code = "W509"
    message = "`{written}` is a number of filters and becomes {filters}, but the layer's input has {inputs}"

    written: str
    filters: int
    inputs: int

    @property
    def text(self) -> str:
        """The message, which is another about several options."""
        if self.written.isdecimal():
            return super().text
        return f"`{self.written}` are numbers of filters, fewer than the {self.inputs} of the layer's input"

    @property
    def hint(self) -> str:
        """The way out."""
        if self.written.isdecimal():
            return f"a factor is written `{self.written}x`"
        return f"did you mean `{_as_factors(self.written)}`?"

    @property
    def fix(self) -> Fix | None:
        """The factor, or all of them."""
        plain = re.fullmatch(r"[0-9]+(\s*\|\s*[0-9]+)*", self.span.text)
        return Fix(self.span, _as_factors(self.span.text), "maybe") if plain else None


@attrs.frozen(kw_only=True)
class RoundedFilters(Diagnostic):
    """A number of filters that is not a multiple of what filters are rounded to, and so becomes another.

    A number that a product gives, such as ``16 * 5/8``, is meant to be rounded, and not reported.
    """

    code = "W510"
    message = "{written} filters become {rounded}, a multiple of {divisor}"

    written: str
    rounded: int
    divisor: int

    @property
    def hint(self) -> str:
        """The way out."""
        return f"write `{self.rounded}`, or say what `filters divisible by` is"

    @property
    def fix(self) -> Fix:
        """The number that it becomes."""
        return Fix(self.span, str(self.rounded), "maybe")
