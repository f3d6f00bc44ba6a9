"""What people write who come from other languages, and how it is written here.

Only spellings are read here: comments, quotes, numbers, names. A sign in the wrong place is a matter of
:mod:`tunas_dsl.syntax.recovery`.
"""

import re
import unicodedata
from collections.abc import Callable
from fractions import Fraction

import attrs

from tunas_dsl.syntax.look_alikes import described, look_alike
from tunas_dsl.syntax.words import IDENTIFIER, SIGNS

Written = tuple[str, str, int, int]
"""A token before it is one: terminal, text, start, end."""

_COMMENT = "a comment begins with `#` and goes to the end of the line"
_MOST_PLACES = 12


@attrs.frozen(kw_only=True)
class Reading:
    """What was read up to ``end``: the tokens that it stands for, and how it should be written.

    ``help`` is missing where a later stage has to report it. ``joins`` says that the token before belongs
    to it; ``shown`` is how many characters are marked; ``once``, that the same text is reported once.
    ``marked`` is where the finding and its fix stand, if not over all that was read; ``said``, what is found
    there in words.
    """

    end: int
    help: str | None = None
    replacement: str | None = None
    tokens: tuple[Written, ...] = ()
    doubtful: bool = False
    joins: bool = False
    shown: int = 1_000
    once: bool = False
    sure: bool = True
    marked: tuple[int, int] | None = None
    said: str | None = None


Reader = Callable[[re.Match[str], tuple[str, str] | None, str], Reading | None]
"""Reads a match, with the token that touches it (terminal and text) and the last terminal before it."""


def read(text: str, position: int, touching: tuple[str, str] | None, last: str) -> Reading:
    """What stands at ``position``, where no terminal of the grammar begins."""
    for pattern, reader in _BY_FIRST.get(text[position], _READERS):
        match = pattern.match(text, position)
        if match is not None and (reading := reader(match, touching, last)) is not None:
            return reading
    raise AssertionError("the last reader reads everything")


def visible(text: str) -> str:
    """``text``, and the names of characters that cannot be seen."""
    if text.isprintable() and not text.isspace():
        return text
    return ", ".join(map(described, dict.fromkeys(text[:3])))


def _hash_comment(match: re.Match[str], touching: tuple[str, str] | None, last: str) -> Reading:
    marks = match[1]
    replacement = "#" if marks == "//" else None
    return Reading(end=match.end(), help=_COMMENT, replacement=replacement, shown=len(marks))


def _quoted(match: re.Match[str], touching: tuple[str, str] | None, last: str) -> Reading | None:
    inside, start, end = match[0][1:-1], match.start(), match.end()
    if last in ("FROM", "IMPORT") or re.fullmatch(r"[\w./-]+\.space", inside):
        return _quoted_file(f'"{inside}"', start, end)
    if re.fullmatch(IDENTIFIER, inside):
        help = f"words stand without quotes: `{inside}`"
        return Reading(end=end, help=help, replacement=inside, tokens=(("NAME", inside, start, end),))
    return Reading(end=end, help="words and numbers stand without quotes", doubtful=True)


def _open_quote(match: re.Match[str], touching: tuple[str, str] | None, last: str) -> Reading | None:
    start, end = match.start(), match.end()
    if last not in ("FROM", "IMPORT"):
        return None
    closed = f'{match[0]}"'
    return Reading(
        end=end, help="close the quotes", replacement=closed, tokens=(("STRING", closed, start, end),)
    )


def _list(match: re.Match[str], touching: tuple[str, str] | None, last: str) -> Reading | None:
    """``[3, 5, 7]``, whose commas are read as bars. Only plain words and numbers."""
    if touching is not None and touching[0] == "NAME":
        return None
    items = [*re.finditer(r"[^,\s]+", match[1])]
    kinds = [_plain_kind(item[0]) for item in items]
    if not items or None in kinds:
        return None
    tokens: list[Written] = [("LPAR", "(", match.start(), match.start() + 1)]
    for kind, item in zip(kinds, items, strict=True):
        begin, end = (match.start(1) + place for place in item.span())
        if len(tokens) > 1:
            tokens.append(("BAR", "|", begin, begin))
        tokens.append((str(kind), item[0], begin, end))
    tokens.append(("RPAR", ")", match.end() - 1, match.end()))
    written = " | ".join(item[0] for item in items)
    help = f"alternatives are written `{written}`" if len(items) > 1 else "brackets are not needed"
    return Reading(end=match.end(), help=help, replacement=written, tokens=tuple(tokens))


def _plain_kind(written: str) -> str | None:
    for kind, pattern in (
        ("NAME", IDENTIFIER),
        ("NUMBER", r"[0-9]+(?:\.[0-9]+)?(?:/[0-9]+)?"),
        ("TIMES", r"[0-9]+(?:\.[0-9]+)?(?:/[0-9]+)?x"),
    ):
        if re.fullmatch(pattern, written):
            return kind
    return None


def _percent(match: re.Match[str], touching: tuple[str, str] | None, last: str) -> Reading | None:
    if touching is None or touching[0] != "NUMBER" or "/" in touching[1]:
        return None
    number = _decimal(Fraction(touching[1]) / 100)
    start = match.start() - len(touching[1])
    return Reading(
        end=match.end(),
        help=f"write `{number}`",
        replacement=number,
        tokens=(("NUMBER", number, start, match.end()),),
        joins=True,
    )


def _number(match: re.Match[str], touching: tuple[str, str] | None, last: str) -> Reading | None:
    """``.5``, ``16.``, ``1e3``, ``1_000``, and what only begins like a number."""
    if match[0].startswith(".") and touching is not None and touching[0] == "NAME":
        return None
    written, start, end = match[0], match.start(), match.end()
    plain = written.replace("_", "")
    if len(plain) <= _MOST_PLACES and re.fullmatch(r"[0-9]*\.?[0-9]*(?:[eE][+-]?[0-9])?", plain):
        try:
            number = _decimal(Fraction(plain.rstrip(".") if "e" not in plain.lower() else plain))
        except ValueError:
            number = ""
        if number:
            tokens: tuple[Written, ...] = (("NUMBER", number, start, end),)
            return Reading(end=end, help=f"write `{number}`", replacement=number, tokens=tokens)
    help = "numbers are written `3`, `0.5`, `5/8` or `3x`; names begin with a letter"
    bounds = re.fullmatch(r"([0-9]{1,5})\.\.\.?([0-9]{1,5})", written)
    if bounds:
        low, high = int(bounds[1]), int(bounds[2])
        options = range(low, high + 1) if 0 < high - low < 8 else (low, "...", high)
        help = f"write the options out: `{' | '.join(map(str, options))}`"
    token: Written = ("NAME", written, start, end)
    return Reading(end=end, help=help, tokens=(token,), doubtful=True)


def _decimal(number: Fraction) -> str:
    """An exact number as text, a decimal where it has one."""
    if number.denominator == 1:
        return str(number.numerator)
    decimal = f"{float(number):.12f}".rstrip("0")
    return decimal if Fraction(decimal) == number else str(number)


def _word(match: re.Match[str], touching: tuple[str, str] | None, last: str) -> Reading | None:
    """Names with a hyphen, a dot, or letters that are not those of ASCII."""
    joins = touching is not None and touching[0] == "NAME"
    if match[0][0] in "-." and not joins:
        return None
    before = touching[1] if touching is not None and joins else ""
    bracket = "(" * match[0].endswith("(")
    whole = before + match[0].removesuffix("(")
    start, end = match.start() - len(before), match.end()
    dotted = "." in whole
    if not dotted and (reading := _with_look_alikes(whole, bracket, start, end, joins)) is not None:
        return reading
    if dotted and last == "FROM":
        return _quoted_file(f'"{whole}"', start, end - len(bracket), joins)
    plain = "" if dotted else _ascii(whole)
    kind = "CALL" if bracket else "NAME"
    help = "names are made of letters from a to z, digits and `_`"
    return Reading(
        end=end,
        help=None if dotted and last == "IMPORT" else "names have no dots" if dotted else help,
        replacement=plain + bracket if plain else None,
        tokens=((kind, (plain or whole) + bracket, start, end),),
        doubtful=dotted and last != "IMPORT",
        joins=joins,
        once=True,
        sure=False,
    )


def _with_look_alikes(word: str, bracket: str, start: int, end: int, joins: bool) -> Reading | None:
    """A name some of whose letters only look like those of ASCII, read as what it looks like.

    Names all of whose letters are of another script are hardly meant to be read so.
    """
    strange = [place for place, character in enumerate(word) if not character.isascii()]
    plain = "".join(c if c.isascii() else look_alike(c) or c for c in word)
    if len(strange) == len(word) > 1 or not re.fullmatch(IDENTIFIER, plain):
        return None
    first, last = start + strange[0], start + strange[-1] + 1
    letters = dict.fromkeys(word[place] for place in strange)
    said = " and ".join(f"`{letter}`, {described(letter)}" for letter in letters)
    meant = " and ".join(dict.fromkeys(f"`{look_alike(letter)}`" for letter in letters))
    return Reading(
        end=end,
        help=f"it looks like the letter {meant}: write `{plain}`",
        replacement=plain[strange[0] : strange[-1] + 1],
        tokens=(("CALL" if bracket else "NAME", plain + bracket, start, end),),
        joins=joins,
        marked=(first, last),
        said=f"in `{word}`, {said}, is not part of the language",
    )


def _ascii(word: str) -> str:
    """``word`` in the letters that a name can have, or nothing where none are left."""
    plain = unicodedata.normalize("NFKD", word).encode("ascii", "ignore").decode()
    plain = re.sub(r"[^A-Za-z0-9_]", "_", plain)
    return plain if re.fullmatch(r"[A-Za-z_]*[A-Za-z][A-Za-z0-9_]*", plain) else ""


def _quoted_file(quoted: str, start: int, end: int, joins: bool = False) -> Reading:
    help = "the name of a file stands in double quotes"
    token: Written = ("STRING", quoted, start, end)
    return Reading(end=end, help=help, replacement=quoted, tokens=(token,), joins=joins)


def _times_sign(match: re.Match[str], touching: tuple[str, str] | None, last: str) -> Reading:
    """``×``: an ``x`` between the sides of an image, else a product."""
    between = last in ("NUMBER", "SIZE") and re.compile(r"\s*[0-9]").match(match.string, match.end())
    meant = "x" if between and _is_size(match) else "*"
    if meant == "x":
        token = ("NAME", "x", match.start(), match.end())
        return Reading(end=match.end(), help="write the letter `x`", replacement="x", tokens=(token,))
    if last in ("NUMBER",) and not re.compile(r"\s*[\w({]").match(match.string, match.end()):
        start = match.start() - len(touching[1]) if touching is not None else match.start()
        written = f"{touching[1]}x" if touching is not None else "x"
        factor = ("TIMES", written, start, match.end())
        return Reading(
            end=match.end(),
            help=f"a factor is written with the letter: `{written}`",
            replacement="x",
            tokens=(factor,) if touching is not None else (),
            joins=touching is not None,
            marked=match.span(),
        )
    help = "write `*`, the number first: `2 * layer`, `32 * width`"
    return Reading(
        end=match.end(),
        help=help,
        replacement="*",
        tokens=(("STAR", "*", match.start(), match.end()),),
    )


_STATEMENT = re.compile(r"\b(?:input|filters\s+divisible|let|decide|layer|default|block|classifier)\b")


def _is_size(match: re.Match[str]) -> bool:
    """Whether a sign between two numbers belongs to an image's size, by the statement that it stands in."""
    before = match.string[max(0, match.start() - 1000) : match.start()]
    statements = _STATEMENT.findall(before)
    if statements and statements[-1] not in ("let", "decide"):
        return bool(statements[-1] == "input")
    left = re.search(r"([0-9]+)\s*\Z", before)
    right = re.compile(r"\s*([0-9]+)(?![0-9./x])").match(match.string, match.end())
    return left is not None and right is not None and min(int(left[1]), int(right[1])) >= 8


def _invisible(match: re.Match[str], touching: tuple[str, str] | None, last: str) -> Reading:
    blank = " " if match[0].isspace() else ""
    help = "write a space" if blank else "remove this character, which cannot be seen"
    said = f"a {described(match[0][0])} is not part of the language" if blank else None
    return Reading(end=match.end(), help=help, replacement=blank, said=said)


def _sign(match: re.Match[str], touching: tuple[str, str] | None, last: str) -> Reading:
    """A sign that no terminal begins with: what it means depends on what stands around it.

    One that looks like a sign of the language is read as that.
    """
    meant = None if match[0].isascii() else look_alike(match[0])
    if meant is not None and meant in _KINDS:
        said = f"`{match[0]}`, {described(match[0])}, is not part of the language"
        tokens = ((_KINDS[meant], meant, *match.span()),)
        return Reading(end=match.end(), help=f"write `{meant}`", replacement=meant, tokens=tokens, said=said)
    return Reading(end=match.end(), tokens=(("ODD", match[0], match.start(), match.end()),))


_KINDS = {sign: kind for kind, sign in SIGNS.items()}

_READERS: tuple[tuple[re.Pattern[str], Reader], ...] = (
    (re.compile(r"(//)[^\n]*"), _hash_comment),
    (re.compile(r"(/\*).*?(?:\*/|\Z)", re.DOTALL), _hash_comment),
    (re.compile(r'(""").*?(?:"""|\Z)', re.DOTALL), _hash_comment),
    (re.compile(r"'[^'\n]*'|`[^`\n]*`|\u201c[^\u201c\u201d\n]*\u201d"), _quoted),
    (re.compile(r"\"[^\n]*"), _open_quote),
    (re.compile(r"\[([^\[\](){}\n]*)\]"), _list),
    (re.compile(r"%"), _percent),
    (re.compile(r"\.?[0-9](?:[A-Za-z0-9_.]|(?<=[eE])[+-](?=[0-9]))*"), _number),
    (re.compile(r"(?:[-.](?=\w)|[^\W\d])\w*(?:[-.]\w+)*\(?"), _word),
    (re.compile("\N{MULTIPLICATION SIGN}"), _times_sign),
    (re.compile(r"[^\S \t\r\n]+"), _invisible),
    (re.compile(r"[\x00-\x1f\x7f-\x9f\xad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]+"), _invisible),
    (re.compile(r"([;&@$!?~^<>+=-])\1*[=>]*|.", re.DOTALL), _sign),
)  # fmt: skip

_BY_FIRST = dict.fromkeys(";&@$!?~^<>+=", _READERS[-1:])
"""What need not be tried one after the other."""
