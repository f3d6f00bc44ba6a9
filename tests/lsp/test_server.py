"""The language server, driven over standard input and output as an editor does."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COMMON = "layer bneck(stride) = bottleneck(kernel: 3 | 5, expand: 3x, stride: stride)\n"
TEXT = """# 🙂 a comment that UTF-16 counts otherwise
import bneck from "common.space"
space s {
    input image 32 x 32 x 3
    let width = 1/2 | 1
    layer more = residual(bneck(1) | skip)
    /* 🙂 */
    block b (filters: 32 * width) { bneck(2)  2 * more }
}
""".replace("    /* 🙂 */\n", "")


class Client:
    """JSON-RPC by hand, so that nothing of the server's library is on both sides."""

    def __init__(self, folder):
        paths = os.pathsep.join([str(ROOT), str(ROOT / "backends")])
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tunas_dsl", "lsp"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": paths},
            cwd=folder,
        )
        self.number = 0
        self.diagnostics = {}

    def send(self, message):
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.process.stdin.flush()

    def receive(self):
        length = 0
        while line := self.process.stdout.readline().strip():
            name, _, number = line.partition(b":")
            length = int(number) if name.lower() == b"content-length" else length
        message = json.loads(self.process.stdout.read(length))
        if message.get("method") == "textDocument/publishDiagnostics":
            self.diagnostics[message["params"]["uri"]] = message["params"]["diagnostics"]
        return message

    def request(self, method, **params):
        self.number += 1
        self.send({"id": self.number, "method": method, "params": params})
        while True:
            message = self.receive()
            if message.get("id") == self.number and "method" not in message:
                return message.get("result", message.get("error"))

    def notify(self, method, **params):
        self.send({"method": method, "params": params})

    def open(self, path):
        document = {"uri": path.as_uri(), "languageId": "space", "version": 1, "text": path.read_text()}
        self.notify("textDocument/didOpen", textDocument=document)
        self.request("textDocument/documentSymbol", textDocument={"uri": path.as_uri()})  # in order
        return path.as_uri()

    def change(self, uri, text):
        self.notify(
            "textDocument/didChange",
            textDocument={"uri": uri, "version": 2},
            contentChanges=[{"text": text}],
        )
        self.request("textDocument/documentSymbol", textDocument={"uri": uri})


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "common.space").write_text(COMMON)
    (tmp_path / "s.space").write_text(TEXT)
    return tmp_path


@pytest.fixture
def client(folder):
    client = Client(folder)
    answer = client.request("initialize", processId=None, rootUri=folder.as_uri(), capabilities={})
    assert answer["serverInfo"]["name"] == "tunas"
    client.notify("initialized")
    yield client
    client.request("shutdown")
    client.notify("exit")
    assert client.process.wait(10) == 0
    client.process.stdin.close()
    client.process.stdout.close()


def place(text, word, number=0):
    """The position of the first letter of ``word``, columns in UTF-16 units."""
    start = -1
    for _ in range(number + 1):
        start = text.index(word, start + 1)
    line = text.count("\n", 0, start)
    before = text[text.rfind("\n", 0, start) + 1 : start]
    return {"line": line, "character": len(before.encode("utf-16-le")) // 2}


def applied(text, edits):
    """``text`` with the server's edits, by UTF-16 positions."""
    original = text

    def at(place):
        lines = original.split("\n")
        before = lines[place["line"]].encode("utf-16-le")[: 2 * place["character"]]
        return sum(len(line) + 1 for line in lines[: place["line"]]) + len(before.decode("utf-16-le"))

    for edit in sorted(edits, key=lambda e: at(e["range"]["start"]), reverse=True):
        start, end = at(edit["range"]["start"]), at(edit["range"]["end"])
        text = text[:start] + edit["newText"] + text[end:]
    return text


def test_an_editors_session(client, folder):
    uri = client.open(folder / "s.space")
    document = {"uri": uri}
    assert client.diagnostics[uri] == []

    wrong = TEXT.replace("2 * more", "2 * mroe")
    client.change(uri, wrong)
    (found,) = [d for d in client.diagnostics[uri] if d["code"] == "E101"]
    assert found["range"]["start"] == place(wrong, "mroe")
    actions = client.request(
        "textDocument/codeAction",
        textDocument=document,
        range=found["range"],
        context={"diagnostics": [found]},
    )
    (edit,) = actions[0]["edit"]["changes"][uri]
    assert applied(wrong, [edit]) == TEXT
    client.change(uri, TEXT)
    assert client.diagnostics[uri] == []

    hover = client.request("textDocument/hover", textDocument=document, position=place(TEXT, "more", 1))
    assert "residual(bneck(1) | skip)" in hover["contents"]["value"]
    block = client.request("textDocument/hover", textDocument=document, position=place(TEXT, "b (filters"))
    assert "16 x 16 x (16 | 32)" in block["contents"]["value"]
    assert "% of the multiply-adds" in block["contents"]["value"]
    built_in = client.request("textDocument/hover", textDocument=document, position=place(TEXT, "residual"))
    assert "residual" in built_in["contents"]["value"]
    argument = client.request(
        "textDocument/hover", textDocument=document, position=place(TEXT, "filters: 32")
    )
    assert "2 options: 16, 32" in argument["contents"]["value"]

    defined = client.request(
        "textDocument/definition", textDocument=document, position=place(TEXT, "bneck", 1)
    )
    assert defined["uri"] == (folder / "common.space").as_uri()
    assert defined["range"]["start"] == place(COMMON, "bneck")
    file = client.request("textDocument/definition", textDocument=document, position=place(TEXT, "common"))
    assert file == {
        "uri": (folder / "common.space").as_uri(),
        "range": {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}},
    }

    loose = TEXT.replace("    let width = 1/2 | 1\n", "\n\nlet width=1/2|1  # \U0001f642\n").rstrip()
    client.change(uri, loose)
    options = {"tabSize": 8, "insertSpaces": False}  # the style has no options
    edits = client.request("textDocument/formatting", textDocument=document, options=options)
    assert applied(loose, edits) == TEXT.replace("1/2 | 1\n", "1/2 | 1  # \U0001f642\n").replace(
        "x 3\n", "x 3\n\n"
    )
    client.change(uri, TEXT)
    assert client.request("textDocument/formatting", textDocument=document, options=options) == []
    client.change(uri, TEXT + "}")
    assert client.request("textDocument/formatting", textDocument=document, options=options) is None
    client.change(uri, TEXT)

    symbols = client.request("textDocument/documentSymbol", textDocument=document)
    assert [child["name"] for child in symbols[0]["children"]] == ["width", "more", "b"]
    hints = client.request(
        "textDocument/inlayHint",
        textDocument=document,
        range={"start": {"line": 0, "character": 0}, "end": {"line": 9, "character": 0}},
    )
    assert [hint["label"] for hint in hints] == ["16 x 16 x (16 | 32)"]

    renamed = client.request(
        "textDocument/rename", textDocument=document, position=place(TEXT, "bneck", 1), newName="wide"
    )
    assert applied(TEXT, renamed["changes"][uri]) == TEXT.replace("bneck", "wide")
    common = (folder / "common.space").as_uri()
    assert applied(COMMON, renamed["changes"][common]) == COMMON.replace("bneck", "wide")
    refused = client.request(
        "textDocument/rename", textDocument=document, position=place(TEXT, "more"), newName="conv"
    )
    assert "cannot be a name" in refused["message"]

    references = client.request(
        "textDocument/references",
        textDocument=document,
        position=place(TEXT, "width"),
        context={"includeDeclaration": True},
    )
    assert [r["range"]["start"] for r in references] == [place(TEXT, "width"), place(TEXT, "width", 1)]


def test_a_file_that_is_only_in_the_editor_is_imported_as_it_is_there(client, folder):
    uri = client.open(folder / "s.space")
    common = client.open(folder / "common.space")
    client.change(common, COMMON.replace("bneck", "other"))
    client.change(uri, TEXT)
    assert {d["code"] for d in client.diagnostics[uri]} == {"E114"}
    client.change(common, COMMON.replace("3x", "x3"))
    client.change(uri, TEXT)
    assert client.diagnostics[common]


def test_all_safe_fixes_at_once(client, folder):
    uri = client.open(folder / "s.space")
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
def test_completion_knows_the_place(client, folder, text, wanted, unwanted):
    uri = client.open(folder / "s.space")
    whole = "let width = 1 | 2\n" + text
    client.change(uri, whole)
    line = whole.count("\n")
    items = client.request(
        "textDocument/completion",
        textDocument={"uri": uri},
        position={"line": line, "character": len(whole.rpartition("\n")[2])},
    )
    labels = {item["label"] for item in items}
    assert wanted <= labels
    assert not unwanted & labels


@pytest.mark.parametrize("text", ["", "space", "import", "\0", "}" * 50, "space s { block", "🙂" * 9])
def test_nothing_that_is_written_stops_the_server(client, folder, text):
    uri = client.open(folder / "s.space")
    client.change(uri, text)
    for method in ("hover", "definition", "completion", "signatureHelp"):
        position = {"line": 0, "character": 3}
        client.request(f"textDocument/{method}", textDocument={"uri": uri}, position=position)
    client.change(uri, TEXT)
    assert client.diagnostics[uri] == []
