"""What an editor does: it speaks to a language server, and applies what it answers to a text."""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


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
        self.opened = []
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
        self.opened.append(document["uri"])
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

    def at(self, uri, what, position, **more):
        """The answer to a request ``textDocument/...`` about a position in a document."""
        return self.request(f"textDocument/{what}", textDocument={"uri": uri}, position=position, **more)

    def close_all(self):
        while self.opened:
            self.notify("textDocument/didClose", textDocument={"uri": self.opened.pop()})

    def end(self):
        self.request("shutdown")
        self.notify("exit")
        assert self.process.wait(timeout=300) == 0  # on a machine that does much else
        self.process.stdin.close()
        self.process.stdout.close()


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
