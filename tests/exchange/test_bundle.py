import hashlib
import json
import re

import numpy as np
import pytest
from hypothesis import given, settings

from tests.cost.building import ENLARGED, SMALL, small_spaces
from tunas_dsl.cost.layers import macs_model, parameters_model
from tunas_dsl.cost.named import cost_model
from tunas_dsl.cost.sampling import sample
from tunas_dsl.errors import BundleError
from tunas_dsl.exchange.bundle import read_bundle, source_sha256, write_bundle
from tunas_dsl.storage.documents import sealed, unsealed

TEXT = "space proxylessnas_enlarged { }  # Straße\r\n"


def all_models(space):
    return [cost_model(space, "pixel1"), macs_model(space), parameters_model(space)]


@pytest.fixture(scope="module")
def models_of_enlarged():
    return all_models(ENLARGED)


@pytest.fixture
def bundle(tmp_path, models_of_enlarged):
    write_bundle(ENLARGED, TEXT, models_of_enlarged, tmp_path / "bundle")
    return tmp_path / "bundle"


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_bundle_holds_what_was_put_in(bundle, models_of_enlarged):
    read = read_bundle(bundle)
    points = sample(ENLARGED, 100, seed=0)
    assert (read.space, read.source, read.sha256) == (ENLARGED, TEXT, source_sha256(TEXT))
    assert list(read.models) == ["pixel1", "macs", "parameters"]
    for model in models_of_enlarged:
        again = read.models[model.name]
        assert (again.unit, again.options) == (model.unit, model.options)
        assert np.array_equal(again.total(points), model.total(points))
        assert list(again.by_site(points)) == list(model.by_site(points))
        assert [site.table.dtype for site in again.sites] == [site.table.dtype for site in model.sites]


@settings(max_examples=15)
@given(space=small_spaces())
def test_any_space_comes_back(space, tmp_path_factory):
    folder = tmp_path_factory.mktemp("any") / "bundle"
    write_bundle(space, "", [macs_model(space)], folder)
    assert read_bundle(folder).space == space


def test_bundles_are_equal_to_the_byte(bundle, tmp_path):
    write_bundle(ENLARGED, TEXT, all_models(ENLARGED), tmp_path / "elsewhere" / "again")
    assert contents(tmp_path / "elsewhere" / "again") == contents(bundle)


def test_what_lies_in_a_bundle(bundle):
    manifest = json.loads((bundle / "manifest.json").read_text())
    assert set(contents(bundle)) == {"manifest.json", *manifest["files"]}
    assert manifest["schema"] == "tunas.bundle/1"
    assert manifest["space_schema"] == "tunas.space/1"
    assert manifest["files"]["source.space"] == source_sha256(TEXT)
    decisions = json.loads((bundle / "decisions.json").read_text())
    assert [decision["id"] for decision in decisions] == [decision.id for decision in ENLARGED.decisions]


def test_an_older_bundle_is_replaced_and_nothing_else_is_left(bundle):
    (bundle / "stray").write_text("")
    write_bundle(SMALL, "other", [], bundle)
    assert read_bundle(bundle).space == SMALL
    assert list(bundle.parent.iterdir()) == [bundle]
    assert "stray" not in contents(bundle)


def test_an_empty_folder_is_used_and_another_is_left_alone(tmp_path):
    (tmp_path / "empty").mkdir()
    write_bundle(SMALL, "", [], tmp_path / "empty")
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.png").write_text("")
    (tmp_path / "file").write_text("")
    for taken in ("photos", "file"):
        with pytest.raises(BundleError, match=r"exists and is not a bundle: name another folder"):
            write_bundle(SMALL, "", [], tmp_path / taken)
    assert list(contents(tmp_path / "photos")) == ["cat.png"]


def test_a_failure_leaves_the_older_bundle_as_it_was(bundle, monkeypatch):
    before = contents(bundle)

    def disk_full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_bytes", disk_full)
    with pytest.raises(OSError, match="No space left"):
        write_bundle(SMALL, "", [], bundle)
    assert contents(bundle) == before
    assert list(bundle.parent.iterdir()) == [bundle]


def edit_manifest(key, entry):
    def edit(folder):
        path = folder / "manifest.json"
        manifest = unsealed(json.loads(path.read_text()))
        path.write_text(json.dumps(sealed({**manifest, key: entry})))

    return edit


OTHER_SITES = {"name": "m", "unit": "ms", "intercept": 1, "sites": [{"name": "a", "decisions": [5]}]}


def change_weights(folder):
    path = folder / "latency.npz"
    path.write_bytes(path.read_bytes()[:-1] + b"!")


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda folder: (folder / "manifest.json").unlink(), "bundle is no bundle: it has no manifest.json"),
        (lambda folder: (folder / "manifest.json").write_text("{"), "manifest.json: line 1, column 2: "),
        (
            lambda folder: (folder / "space.json").unlink(),
            "space.json cannot be read: No such file or directory",
        ),
        (
            lambda folder: (folder / "manifest.json").write_text(
                (folder / "manifest.json").read_text().replace('"unit": "ms"', '"unit": "MAdds"')
            ),
            "manifest.json: it is not what was written",
        ),
        (change_weights, "latency.npz was changed after it was compiled: compile the space again"),
        (
            lambda folder: (folder / "source.space").write_text("space other {}"),
            "source.space was changed after it was compiled",
        ),
        (
            edit_manifest("schema", "tunas.bundle/2"),
            'manifest.json: $.schema is "tunas.bundle/2": this version reads "tunas.bundle/1"',
        ),
        (
            edit_manifest("space_schema", "tunas.space/2"),
            "manifest.json: the space is written as tunas.space/2, this version reads tunas.space/1",
        ),
        (edit_manifest("files", {"../secret": "0"}), "manifest.json: $.files names ../secret"),
        (edit_manifest("models", [{"name": "m"}]), "manifest.json: $.models[0].unit is missing"),
        (
            edit_manifest("models", [OTHER_SITES]),
            "bundle cannot be read: site a: a table of",
        ),
    ],
)
def test_a_damaged_bundle_is_refused(bundle, edit, message):
    edit(bundle)
    with pytest.raises(BundleError, match=re.escape(message)) as caught:
        read_bundle(bundle)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, "x"])
def test_a_table_of_what_is_no_number_is_refused_though_its_hash_is_right(bundle, wrong):
    path = bundle / "latency.npz"
    with np.load(path) as tables:
        changed = {name: np.full(table.shape, wrong) for name, table in tables.items()}
    np.savez(path, **changed)
    manifest = json.loads((bundle / "manifest.json").read_text())
    files = {**manifest["files"], path.name: hashlib.sha256(path.read_bytes()).hexdigest()}
    edit_manifest("files", files)(bundle)
    with pytest.raises(BundleError, match=r"cannot be read: site .*: its table has what is no finite number"):
        read_bundle(bundle)


def test_no_folder_is_no_bundle(tmp_path):
    with pytest.raises(BundleError, match="is no bundle"):
        read_bundle(tmp_path / "nowhere")
