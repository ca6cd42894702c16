// Use every feature of a Socket.IO client, with one of its versions and some transports, and print the
// server's answers. Arguments: the package, the URL, the transports as JSON.

const [name, url, transports] = process.argv.slice(2);
const { io } = require(name);

const options = { transports: JSON.parse(transports), forceNew: true, reconnection: false };
const print = (value) => console.log(JSON.stringify(value));
const once = (socket, event) => new Promise((resolve) => socket.once(event, (...args) => resolve(args)));
const ask = (socket, ...args) => new Promise((resolve) => socket.emit(...args, (...answer) => resolve(answer)));
const bytes = (value) => (value instanceof Uint8Array ? { bytes: [...value] } : value);

async function main() {
  const socket = io(url, options);
  const engine = () => socket.io.engine;
  const upgraded = new Promise((resolve) => {
    if (options.transports.length === 1) resolve();
    else socket.io.once("open", () => engine().once("upgrade", resolve));
  });
  await once(socket, "connect");

  // Started concurrently, so that some cross the upgrade.
  const answers = await Promise.all(Array.from({ length: 100 }, (_, number) => ask(socket, "echo", number)));
  print({ ordered: answers.every(([number], index) => number === index) });
  await upgraded;
  print({ transport: engine().transport.name });

  print({ echo: (await ask(socket, "echo", 1, "zwei \u2603", { a: [true, null] }, Buffer.from([0, 255]))).map(bytes) });
  print({ refused: (await ask(socket, "text", 1))[0].error.code });
  print({ unknown: (await ask(socket, "no such event"))[0].error.code });
  const exception = once(socket, "exception");
  socket.emit("text", 1);
  const [refusal] = await exception;
  print({ exception: [refusal.error.code, refusal.event] });

  socket.on("question", (question, answer) => answer(question + "!"));
  print({ asked: await ask(socket, "ask", "why") });

  const moods = socket.io.socket("/moods", { auth: { mood: "greet" } });
  const greeting = once(moods, "news");
  moods.connect();
  print({ greeted: await greeting });
  moods.disconnect().connect();
  await once(moods, "connect");
  print({ again: await ask(moods, "echo", "again") });

  for (const [namespace, mood] of [["/nowhere", "any"], ["/moods", "refuse"], ["/moods", "boom"]]) {
    const refused = io(url + namespace, { ...options, auth: { mood } });
    const [error] = await once(refused, "connect_error");
    print({ namespace, mood, message: error.message, code: error.data && error.data.code });
    refused.io.engine.close();
  }

  const news = once(socket, "news");
  socket.emit("shout", Buffer.from([1, 2, 3]));
  print({ news: (await news).map(bytes) });

  socket.emit("kick");
  print({ kicked: await once(socket, "disconnect").then(([reason]) => reason) });
  engine().close();  // the process ends once nothing is under way
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
