"""Labels of images that lie in no folder of their class: tables, ImageNet's devkit, names of files."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from tunas_torch.data.listing import Files

_SUFFIXES = (".csv", ".tsv", ".txt")
_LARGEST = 1 << 28
"""Bytes of a table."""
_MOST = 40
"""Tables that are looked at."""
_COVERED = 0.8
"""The share of images that a table must know, and of a column that must be files."""

_LABELS = (
    "label", "labels", "class", "classes", "class_name", "classname", "category", "target", "breed",
    "species", "label_name", "predictionstring", "diagnosis", "dx", "wnid", "synset", "y",
)  # fmt: skip
_SPLITS = ("split", "set", "subset", "partition", "fold")

_NUMBERED = re.compile(r"(.*[^\W\d_].*?)[ ._\-(]*\d+\)?")

Rows = list[list[str]]


class LabelTable:
    """The labels of files, and their splits where the table has a column of those."""

    def __init__(self, name: str, labels: Mapping[str, str], splits: Mapping[str, str]) -> None:
        self.name = name
        self._labels, self._splits = labels, splits

    def label(self, image: str) -> str | None:
        """The label of ``image``, by its path, a part of it, or its name with or without suffix."""
        return _found(self._labels, image)

    def split(self, image: str) -> str | None:
        """What the table says of the split of ``image``."""
        return _found(self._splits, image) if self._splits else None

    def knows(self, images: Sequence[str]) -> bool:
        """Whether it has labels, of two classes and more, for nearly all of ``images``."""
        labels = [self.label(image) for image in images]
        known = len(labels) - labels.count(None)
        return known >= _COVERED * len(images) and len(set(labels) - {None}) > 1


def label_tables(files: Files, images: Sequence[str]) -> Iterator[LabelTable]:
    """The tables among ``files`` that name ``images`` and something that may be their label."""
    names = [name for name in files.names if name.lower().endswith(_SUFFIXES)]
    names = sorted(names, key=lambda name: (name.count("/"), name))[:_MOST]
    known = {form for image in images for form in _last_forms(image)} if names else set()
    for name in names:
        if files.sizes.get(name, 0) <= _LARGEST:
            table = _table(name, _rows(files.read(name)), known)
            if table is not None:
                yield table


def labels_in_order(files: Files, images: Sequence[str]) -> dict[str, str] | None:
    """ImageNet's devkit: line n of the ground truth is the number of a synset in ``meta.mat``."""
    truth = [name for name in files.names if name.endswith("validation_ground_truth.txt")]
    meta = [name for name in files.names if name.rpartition("/")[2] == "meta.mat"]
    if not truth or not meta:
        return None
    numbers = files.read(truth[0]).decode("ascii", "replace").split()
    synsets = _synsets(files.read(meta[0]))
    if len(numbers) != len(images) or not all(number in synsets for number in numbers):
        return None
    return {image: synsets[number] for image, number in zip(sorted(images), numbers, strict=True)}


def labels_in_names(images: Sequence[str]) -> dict[str, str] | None:
    """``cat.0.jpg`` and ``cat_12.jpg`` are of the class ``cat``, where all files are called like that."""
    found: dict[str, str] = {}
    for image in images:
        stem = image.rpartition("/")[2].rpartition(".")[0]
        match = _NUMBERED.fullmatch(stem)
        if match is None:
            return None
        found[image] = match[1]
    counts = Counter(found.values())
    return found if len(counts) > 1 and min(counts.values()) > 1 else None


def _synsets(content: bytes) -> dict[str, str]:
    """The synset of each number in the devkit's ``meta.mat``."""
    from scipy.io import loadmat

    rows = loadmat(io.BytesIO(content), squeeze_me=True)["synsets"]
    return {str(row["ILSVRC2012_ID"]): str(row["WNID"]) for row in rows}


def _rows(content: bytes) -> Rows:
    text = content.decode("utf-8-sig", "replace")
    head = text[: 1 << 12].splitlines()[:1]
    delimiter = max(",;\t", key=head[0].count) if head else ","
    if head and delimiter in head[0]:
        return [row for row in csv.reader(io.StringIO(text), delimiter=delimiter) if row]
    return [line.split() for line in text.splitlines() if line.strip()]


def _table(name: str, rows: Rows, known: set[str]) -> LabelTable | None:
    width = min(map(len, rows[1:] or rows), default=0)
    rows = [row for row in rows if len(row) >= width]
    if width < 2 or len(rows) < 2:
        return None
    file_column = next((column for column in range(width) if _are_files(rows[1:], column, known)), None)
    if file_column is None:
        return None
    header = None if _last(rows[0][file_column]) in known else [cell.strip().lower() for cell in rows[0]]
    body = rows if header is None else rows[1:]
    labels = _label_cells(header, body, file_column, width, rows[0])
    if labels is None:
        return None
    names = [_plain(row[file_column]) for row in body]
    column = next((header.index(word) for word in _SPLITS if word in header), None) if header else None
    splits = (
        {} if column is None or column >= width else dict(zip(names, (r[column] for r in body), strict=True))
    )
    return LabelTable(name, dict(zip(names, labels, strict=True)), splits)


def _label_cells(
    header: list[str] | None, body: Rows, file_column: int, width: int, head: list[str]
) -> list[str] | None:
    """The label in each row of ``body``: in a column called so, one of two, or the class with a 1."""
    others = [column for column in range(width) if column != file_column]
    named = [header.index(word) for word in _LABELS if word in header] if header else []
    named = [column for column in named if column in others]
    if not named and header and len(others) > 1 and (hot := _one_hot(body, others)) is not None:
        return [head[column].strip() for column in hot]
    if not named and len(others) > 1 and header is not None:
        return None
    column = named[0] if named else others[0]
    first_word = header is not None and header[column] == "predictionstring"
    cells = (row[column].strip() for row in body)
    return [cell.split()[0] if first_word and cell else cell for cell in cells]


def _one_hot(body: Rows, columns: list[int]) -> list[int] | None:
    found = []
    for row in body:
        ones = [column for column in columns if row[column].strip() in ("1", "1.0")]
        zeros = [column for column in columns if row[column].strip() in ("0", "0.0")]
        if len(ones) != 1 or len(ones) + len(zeros) != len(columns):
            return None
        found += ones
    return found


def _are_files(rows: Rows, column: int, known: set[str]) -> bool:
    sample = rows[:: -(-len(rows) // 1000)]
    return sum(_last(row[column]) in known for row in sample) >= _COVERED * len(sample) / 2


def _plain(cell: str) -> str:
    return cell.strip().replace("\\", "/").removeprefix("./")


def _forms(image: str) -> Iterator[str]:
    """How a table may call ``image``: its path, the ends of that, and its name without suffix."""
    rest = image
    while rest:
        yield rest
        rest = rest.partition("/")[2]
    yield image.rpartition("/")[2].rpartition(".")[0]
    yield image.rpartition(".")[0]


def _last(cell: str) -> str:
    return _plain(cell).rpartition("/")[2]


def _last_forms(image: str) -> tuple[str, str]:
    last = image.rpartition("/")[2]
    return last, last.rpartition(".")[0]


def _found(cells: Mapping[str, str], image: str) -> str | None:
    return next((cells[form] for form in _forms(image) if form in cells), None)
