// A client of a secured server is refused, admitted, renewed and expired; it prints what it receives.
// Arguments: the package, the URL, the transport.

const [name, url, transport] = process.argv.slice(2);
const { Manager } = require(name);

const print = (value) => console.log(JSON.stringify(value));
const once = (socket, event) => new Promise((resolve) => socket.once(event, (...args) => resolve(args)));
const ask = (socket, ...args) => new Promise((resolve) => socket.emit(...args, (...answer) => resolve(answer)));

async function main() {
  const manager = new Manager(url, { transports: [transport], reconnection: false });
  const refused = manager.socket("/", { auth: { token: "unknown" } });
  const [error] = await once(refused, "connect_error");
  print({ refused: [error.message, error.data] });

  refused.auth = { token: "short" };
  const socket = refused.connect();
  await once(socket, "connect");
  const other = manager.socket("/other", { auth: { token: "grace" } });
  await once(other, "connect");
  print({ who: [await ask(socket, "who"), await ask(other, "who")] });

  print({ wrong: await ask(socket, "again", { token: "unknown" }) });
  const exception = once(socket, "exception");
  const disconnect = once(socket, "disconnect");
  print({ renewed: await ask(socket, "again", { token: "longer" }) });
  await ask(other, "later");
  print({ still: await ask(socket, "who") });
  await ask(other, "later");
  print({ exception: await exception });
  print({ disconnect: (await disconnect)[0] });
  print({ others: await ask(other, "who") });
  manager._close();
}

main();
setTimeout(() => { console.error("timed out waiting for an event"); process.exit(1); }, 15000).unref();
