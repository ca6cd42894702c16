// What AsyncAPI's own parser makes of documents: `node parse.cjs FILE`, with a list of them.
// Prints for each what is wrong with it, and the payloads by name of message, with all references followed;
// null for one that holds itself.
const { readFileSync } = require("node:fs");
const { Parser } = require("@asyncapi/parser");

const plain = (value) => {
  try {
    return JSON.parse(JSON.stringify(value, (key, inner) => (key.startsWith("x-parser-") ? undefined : inner)));
  } catch {
    return null; // a circle
  }
};

(async () => {
  const parser = new Parser();
  for (const text of JSON.parse(readFileSync(process.argv[2], "utf8"))) {
    const { document, diagnostics } = await parser.parse(text);
    const errors = diagnostics
      .filter(({ severity }) => severity === 0)
      .map(({ path, message }) => `${path.join("/")}: ${message}`);
    const messages = document ? document.allMessages().all() : [];
    const payloads = messages.map((message) => [message.name(), plain(message.payload()?.json())]);
    console.log(JSON.stringify([errors, Object.fromEntries(payloads)]));
  }
})();
