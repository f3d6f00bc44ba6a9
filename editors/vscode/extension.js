// Starts the language server of tunas for .space files.
const { workspace, window } = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

let client;

async function activate() {
  const [command, ...args] = workspace.getConfiguration("space").get("command");
  const server = { command, args };
  const options = { documentSelector: [{ language: "space" }] };
  client = new LanguageClient("space", "Space", server, options);
  try {
    await client.start();
  } catch (error) {
    window.showErrorMessage(
      `The language server did not start (${error.message}). ` +
        "Install it with: pip install 'tunas-dsl[lsp]', or set space.command."
    );
  }
}

function deactivate() {
  return client && client.isRunning() ? client.stop() : undefined;
}

module.exports = { activate, deactivate };
