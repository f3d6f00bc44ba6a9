"""The language server, driven over standard input and output as an editor does."""

import pytest

from tests.lsp.client import Client, applied, place

COMMON = "layer bneck(stride) = bottleneck(kernel: 3 | 5, expand: 3x, stride: stride)\n"
TEXT = """# 🙂 a comment that UTF-16 counts otherwise
import bneck from "common.space"
space s {
    input image 32 x 32 x 3
    let width = 1/2 | 1
    layer more = residual(bneck(1) | skip)
    block b (filters: 32 * width) { bneck(2)  2 * more }
}
"""
WHOLE = {"start": {"line": 0, "character": 0}, "end": {"line": 9, "character": 0}}
STYLE = {"tabSize": 8, "insertSpaces": False}  # ours has no options


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    client = Client(tmp_path_factory.mktemp("workspace"))
    answer = client.request("initialize", processId=None, rootUri=None, capabilities={})
    assert answer["serverInfo"]["name"] == "tunas"
    client.notify("initialized")
    yield client
    client.end()


@pytest.fixture
def client(server):
    """An editor in which nothing is open; what a test opens in it is closed after it."""
    yield server
    server.close_all()


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "common.space").write_text(COMMON)
    (tmp_path / "s.space").write_text(TEXT)
    return tmp_path


@pytest.fixture
def uri(client, folder):
    """The space, open in the editor."""
    return client.open(folder / "s.space")


def test_a_misspelt_name_is_found_and_mended(client, uri):
    assert client.diagnostics[uri] == []
    wrong = TEXT.replace("2 * more", "2 * mroe")
    client.change(uri, wrong)
    (found,) = [d for d in client.diagnostics[uri] if d["code"] == "E101"]
    assert found["range"]["start"] == place(wrong, "mroe")
    actions = client.request(
        "textDocument/codeAction",
        textDocument={"uri": uri},
        range=found["range"],
        context={"diagnostics": [found]},
    )
    (edit,) = actions[0]["edit"]["changes"][uri]
    assert applied(wrong, [edit]) == TEXT
    client.change(uri, TEXT)
    assert client.diagnostics[uri] == []


@pytest.mark.parametrize(
    ("word", "number", "said"),
    [
        ("more", 1, "residual(bneck(1) | skip)"),
        ("b (filters", 0, "16 x 16 x (16 | 32)"),
        ("b (filters", 0, "% of the multiply-adds"),
        ("residual", 0, "residual"),
        ("filters: 32", 0, "2 options: 16, 32"),
    ],
)
def test_hovering_says_what_a_word_stands_for(client, uri, word, number, said):
    assert said in client.at(uri, "hover", place(TEXT, word, number))["contents"]["value"]


def test_definitions_are_found_in_imported_files(client, uri, folder):
    common = (folder / "common.space").as_uri()
    defined = client.at(uri, "definition", place(TEXT, "bneck", 1))
    assert defined["uri"] == common
    assert defined["range"]["start"] == place(COMMON, "bneck")
    start = {"line": 0, "character": 0}
    file = client.at(uri, "definition", place(TEXT, "common"))
    assert file == {"uri": common, "range": {"start": start, "end": start}}


def test_formatting_is_what_has_to_change(client, uri):
    def formatted(text):
        client.change(uri, text)
        return client.request("textDocument/formatting", textDocument={"uri": uri}, options=STYLE)

    loose = TEXT.replace("    let width = 1/2 | 1\n", "\n\nlet width=1/2|1  # \U0001f642\n").rstrip()
    neat = TEXT.replace("1/2 | 1\n", "1/2 | 1  # \U0001f642\n").replace("x 3\n", "x 3\n\n")
    assert applied(loose, formatted(loose)) == neat
    assert formatted(TEXT) == []
    assert formatted(TEXT + "}") is None


def test_the_outline_and_the_shapes_at_the_ends_of_blocks(client, uri):
    symbols = client.request("textDocument/documentSymbol", textDocument={"uri": uri})
    assert [child["name"] for child in symbols[0]["children"]] == ["width", "more", "b"]
    hints = client.request("textDocument/inlayHint", textDocument={"uri": uri}, range=WHOLE)
    assert [hint["label"] for hint in hints] == ["16 x 16 x (16 | 32)"]


def test_renaming_reaches_imported_files_and_knows_what_cannot_be_a_name(client, uri, folder):
    changes = client.at(uri, "rename", place(TEXT, "bneck", 1), newName="wide")["changes"]
    assert applied(TEXT, changes[uri]) == TEXT.replace("bneck", "wide")
    common = (folder / "common.space").as_uri()
    assert applied(COMMON, changes[common]) == COMMON.replace("bneck", "wide")
    refused = client.at(uri, "rename", place(TEXT, "more"), newName="conv")
    assert "cannot be a name" in refused["message"]


def test_references_are_where_a_name_stands(client, uri):
    found = client.at(uri, "references", place(TEXT, "width"), context={"includeDeclaration": True})
    assert [r["range"]["start"] for r in found] == [place(TEXT, "width"), place(TEXT, "width", 1)]


def test_a_file_that_is_only_in_the_editor_is_imported_as_it_is_there(client, uri, folder):
    common = client.open(folder / "common.space")
    client.change(common, COMMON.replace("bneck", "other"))
    client.change(uri, TEXT)
    assert {d["code"] for d in client.diagnostics[uri]} == {"E114"}
    client.change(common, COMMON.replace("3x", "x3"))
    client.change(uri, TEXT)
    assert client.diagnostics[common]


def test_all_safe_fixes_at_once(client, uri):
    wrong = TEXT.replace("2 * more", "2 * mroe").replace(
        "let width = ", "let unused = 3\n    let width = 1 | "
    )
    wrong = wrong.replace("width = 1 | 1/2", "width : 1/2")
    client.change(uri, wrong)
    start = {"line": 0, "character": 0}

    def actions(*kinds):
        return client.request(
            "textDocument/codeAction",
            textDocument={"uri": uri},
            range={"start": start, "end": start},
            context={"diagnostics": [], "only": list(kinds)},
        )

    kept = TEXT.replace("let width = ", "let unused = 3\n    let width = ")  # that fix may be wrong
    for kind in ("source", "source.fixAll"):
        (action,) = actions(kind)
        assert action["kind"] == "source.fixAll"
        assert applied(wrong, action["edit"]["changes"][uri]) == kept
    assert actions("quickfix", "refactor") == []
    client.change(uri, TEXT)
    assert actions("source") == []


@pytest.mark.parametrize(
    ("text", "wanted", "unwanted"),
    [
        ("space s {\n    ", {"block", "let", "input"}, {"conv"}),
        ("space s {\n    block b (filters: 8) { ", {"conv", "bottleneck", "width"}, {"let"}),
        ("space s {\n    block b (filters: 8) { conv(", {"kernel", "stride"}, {"expand"}),
        ("space s {\n    block b (filters: 8) { conv(kernel: 3, ", {"stride", "bn"}, {"kernel"}),
        ("space s {\n    block b (filters: 8) { sepconv(kernel: 3, act: ", {"relu", "swish6"}, {"kernel"}),
        ("space s {\n    block b (", {"filters"}, {"kernel"}),
    ],
)
def test_completion_knows_the_place(client, uri, text, wanted, unwanted):
    whole = "let width = 1 | 2\n" + text
    client.change(uri, whole)
    end = {"line": whole.count("\n"), "character": len(whole.rpartition("\n")[2])}
    items = client.at(uri, "completion", end)
    labels = {item["label"] for item in items}
    assert wanted <= labels
    assert not unwanted & labels


@pytest.mark.parametrize("text", ["", "space", "import", "\0", "}" * 50, "space s { block", "🙂" * 9])
def test_nothing_that_is_written_stops_the_server(client, uri, text):
    client.change(uri, text)
    for method in ("hover", "definition", "completion", "signatureHelp"):
        client.at(uri, method, {"line": 0, "character": 3})
    client.change(uri, TEXT)
    assert client.diagnostics[uri] == []
