import base64
import io
import json
import re
import shutil
import subprocess
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from tests.command_line import document, tunas
from tests.report.conftest import SOURCE
from tunas_dsl.report.heatmap import heat_map
from tunas_dsl.report.page import page
from tunas_dsl.report.reading import find_runs, read_record
from tunas_dsl.report.svg import Scale, markup, tag

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")


class Tags(HTMLParser):
    """Counts elements and notes what they would load."""

    def __init__(self):
        super().__init__()
        self.counts, self.loaded = {}, []

    def handle_starttag(self, tag, attributes):
        self.counts[tag] = self.counts.get(tag, 0) + 1
        self.loaded += [value for name, value in attributes if name in ("src", "href", "xlink:href")]


@pytest.fixture(scope="session")
def written(runs, tmp_path_factory):
    file = tmp_path_factory.mktemp("page") / "report.html"
    tunas("report", runs, "-o", file, "--title", "Searches <of> digits & more")
    return file


def test_the_page_needs_nothing_else(written):
    tags = Tags()
    tags.feed(written.read_text())
    assert "script" not in tags.counts
    assert "link" not in tags.counts
    assert tags.loaded
    assert all(place.startswith("data:image/png;base64,") for place in tags.loaded)
    assert "<h1>Searches &lt;of&gt; digits &amp; more</h1>" in written.read_text()


def test_each_search_has_its_curves_architecture_reasons_and_policy(written, runs):
    text = written.read_text()
    # Quality, reward, entropy, cost, and the scatter plot; of the baseline a drawing, but no heat map.
    assert text.count('class="chart"') == 5
    assert text.count('class="network"') == 3
    assert text.count('class="heat"') == 2
    for name in ("seed0", "seed1", "random"):
        assert f"</span>{name}</h2>" in text
    assert re.search(r"that seed0 sampled last are (better|worse) than random ones by", text)
    assert "Seeds together" in text


def test_a_name_cannot_bring_code_in(runs):
    records = [read_record(path) for path in find_runs([runs])]
    assert "<img" not in page(records, "<img src=x onerror=alert(1)>")


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium")
def test_a_browser_shows_it_without_a_network(written, tmp_path):
    options = (
        *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync"),
        *("--disable-background-networking", "--disable-component-update", "--disable-quic"),
        *("--host-resolver-rules=MAP * ~NOTFOUND", f"--user-data-dir={tmp_path}", "--enable-logging=stderr"),
        *("--window-size=1100,2000", f"--screenshot={tmp_path / 'page.png'}"),
    )
    ended = subprocess.run(
        [CHROMIUM, *options, written.as_uri()], capture_output=True, text=True, timeout=600, check=False
    )
    assert "CONSOLE" not in ended.stderr, ended.stderr
    with Image.open(tmp_path / "page.png") as picture:
        pixels = np.asarray(picture.convert("RGB")).reshape(-1, 3)
    # Ink of both searches' colours is on the page: the style sheet and the charts were understood.
    for colour in ((217, 72, 15), (15, 138, 95)):
        assert (np.abs(pixels.astype(int) - colour).max(axis=1) < 8).sum() > 100


def test_the_heat_map_is_as_opaque_as_the_option_is_probable(runs):
    record = read_record(runs / "seed0")
    chart = heat_map(record.space.decisions, record.snapshots, record.found)
    first = next(element for element in chart.iter() if element.tag == "image")
    picture = Image.open(io.BytesIO(base64.b64decode(first.get("href").partition(",")[2])))
    number = next(n for n, d in enumerate(record.space.decisions) if len(d.options) > 1)
    wanted = np.array([rows[number] for _, rows in record.snapshots]).T
    assert np.asarray(picture)[..., 3] / 255 == pytest.approx(wanted, abs=1 / 255)


def test_ticks_are_round_numbers_inside_the_scale():
    assert Scale(0.0, 1.0, 0, 100).ticks() == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1.0])
    assert Scale(83.2, 84.9, 0, 100).ticks() == pytest.approx([83.5, 84, 84.5])


def test_text_is_escaped():
    assert markup(tag("p", "a < b & c", title='"x"')) == '<p title="&quot;x&quot;">a &lt; b &amp; c</p>'


def test_runs_lists_every_run_and_its_gap(runs):
    rows = document("runs", runs)
    assert [row["algorithm"] for row in rows] == ["random", "reinforce", "reinforce"]
    assert all(row["gap"] == pytest.approx(row["argmax_cost"] / 0.25 - 1) for row in rows)
    text = tunas("runs", runs).stdout
    assert "seed0" in text
    assert "±" in text
    assert "…" not in text  # at 80 columns every heading is whole
    best = json.loads((runs / "random" / "result.json").read_text())["quality"]
    assert rows[0]["best"] == pytest.approx(best)
    (line,) = (line for line in text.splitlines() if line.split()[:1] == ["random"])
    assert f"{best:.4f}".rstrip("0") in line


def test_watch_shows_a_finished_search_once_and_ends(runs):
    text = tunas("watch", runs / "seed0").stdout
    assert "step 400, finished" in text
    assert re.search(r"found 0\.\d+ M MAdds, [+-]\d+\.\d+ % from the target of 0\.2", text)


def test_tensorboard_reads_what_the_log_says(runs, tmp_path):
    live = tmp_path / "live"
    tunas("search", "digits", *SOURCE, "--steps", 40, "--tensorboard", "-o", live)
    tunas("report", live, "--tensorboard", tmp_path / "boards")
    logged = [step["reward"] for step in read_record(live).steps]
    for folder in (live / "tensorboard", tmp_path / "boards" / "live"):
        board = EventAccumulator(str(folder))
        board.Reload()
        assert [point.value for point in board.Scalars("reward")] == pytest.approx(logged, rel=1e-6)
