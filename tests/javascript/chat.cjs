// Let two clients of different versions chat, and print the events that they receive, in order.
const [, , url] = process.argv;
const clients = {
  Ada: require("socket.io-client")(url),
  Grace: require("socket.io-client-3")(url),
};

const received = (name, event) =>
  new Promise((resolve) => clients[name].once(event, (data) => resolve([name, event, data])));
const say = (line) => console.log(JSON.stringify(line));
const ask = (name, event, ...args) => new Promise((resolve) => clients[name].emit(event, ...args, (...ack) => resolve(ack)));

(async () => {
  await Promise.all(Object.values(clients).map((client) => new Promise((resolve) => client.on("connect", resolve))));
  say(await ask("Ada", "new message", "too early"));
  const login = received("Ada", "login");
  clients.Ada.emit("add user", "Ada");
  say(await login);
  const joined = received("Ada", "user joined");
  clients.Grace.emit("add user", "Grace");
  say(await joined);
  for (const [event, ...args] of [["typing"], ["new message", "hello"], ["stop typing"]]) {
    const arrival = received("Ada", event);
    clients.Grace.emit(event, ...args);
    say(await arrival);
  }
  const refusal = received("Grace", "exception");
  clients.Grace.emit("new message", 42);
  say(await refusal);
  const left = received("Ada", "user left");
  clients.Grace.disconnect();
  say(await left);
  clients.Ada.disconnect();
})();
setTimeout(() => { console.error("timed out waiting for an event"); process.exit(1); }, 15000).unref();
