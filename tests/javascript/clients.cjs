// Clients that do what lines of JSON say: ["open", name, url, namespace, options], ["emit", name, …], ["leave", name].
// Prints a line for all that happens to one: [name, what, …]; ends with its input.

const { Manager } = require("socket.io-client");

const sockets = {};
const print = (...line) => console.log(JSON.stringify(line));
const commands = {
  open(name, url, namespace, { auth, ...options }) {
    // A connection that breaks while it opens is given up by the timeout alone.
    const delays = { reconnectionDelay: 20, reconnectionDelayMax: 50, randomizationFactor: 0, timeout: 1000 };
    const socket = new Manager(url, { ...delays, ...options }).socket(namespace, { auth });
    sockets[name] = socket;
    socket.on("connect", () => print(name, "connect", socket.id, socket.recovered || false));
    socket.on("disconnect", (reason) => print(name, "disconnect", reason));
    socket.on("connect_error", (error) => print(name, "connect_error", error.message));
    socket.onAny((...event) => print(name, "event", ...event));
    socket.io.on("open", () => {
      socket.io.engine.once("upgrade", (transport) => print(name, "upgrade", transport.name));
    });
  },
  emit(name, ...event) {
    sockets[name].emit(...event);
  },
  auth(name, auth) {
    sockets[name].auth = auth;
  },
  leave(name) {
    sockets[name].disconnect();
    delete sockets[name];
  },
};

require("readline")
  .createInterface({ input: process.stdin })
  .on("line", (line) => {
    const [command, ...rest] = JSON.parse(line);
    commands[command](...rest);
  })
  .on("close", () => process.exit(0));
