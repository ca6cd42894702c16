// An auction on npm's socket.io whose every rule can be broken on purpose; prints its port.
// A connection names the bugs that it wants in the query: ?bugs=limit,unique. "exit" ends the process.

const { createServer } = require("node:http");
const { Server } = require("socket.io");

const isText = (value, least, most) => {
  const length = typeof value === "string" ? [...value].length : -1;
  return length >= least && length <= most;
};
const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const isDate = (value) => typeof value === "string" && /^\d{4}-\d{2}-\d{2}$/.test(value) && !isNaN(Date.parse(value));

function isBid(args, bugs) {
  const [bid] = args;
  if (args.length !== 1 || !isObject(bid)) return false;
  const known = ["item", "amount", "note", "tags"];
  if (!bugs.has("additional") && Object.keys(bid).some((name) => !known.includes(name))) return false;
  const { item, amount, note, tags } = bid;
  if (!("item" in bid) ? !bugs.has("required") : !/^[a-z]{3}-[0-9]{4}$/.test(item) || typeof item !== "string") return false;
  if (typeof amount !== "number" || amount > 1000000) return false;
  if (bugs.has("exclusive") ? amount < 0 : amount <= 0) return false;
  if ("note" in bid && note !== null && !isText(note, 0, 20)) return false;
  if (!("tags" in bid)) return true;
  if (!Array.isArray(tags) || tags.length > 3 || !tags.every((tag) => isText(tag, 1, Infinity))) return false;
  return bugs.has("unique") || new Set(tags).size === tags.length;
}

function isWatch(args, bugs) {
  const [day, count] = args;
  if (args.length !== 2 || !(bugs.has("format") ? typeof day === "string" : isDate(day))) return false;
  return Number.isInteger(count) && count >= 1 && count <= 10;
}

const isSaying = (args, bugs) => args.length === 1 && isText(args[0], 1, bugs.has("limit") ? 99 : 100);
const checks = { bid: isBid, watch: isWatch, say: isSaying, wave: (args) => args.length === 0 };

const answers = {
  bid: ([{ amount }], bugs) => (bugs.has("silence") && amount >= 1e6 ? undefined : [{ taken: true }]),
  watch: ([, count]) => [count],
  say: ([text], bugs) => [bugs.has("ack") && text.length > 50 ? "long" : text.length],
  wave: () => [],
};

function flood(socket) {
  for (let i = 0; i < 200; i++) socket.emit("said", { text: "x" });
  if (socket.connected) setTimeout(flood, 5, socket);
}

const http = createServer();
const io = new Server(http);

io.use((socket, next) => {
  const { token } = socket.handshake.auth;
  const bugs = new Set((socket.handshake.query.bugs ?? "").split(","));
  socket.data.bugs = bugs;
  next(token === "secret" || bugs.has("door") ? undefined : new Error("who are you?"));
});

io.on("connection", (socket) => {
  const { bugs } = socket.data;
  socket.onAny((name, ...args) => {
    const ack = typeof args.at(-1) === "function" ? args.pop() : () => {};
    const refuse = (code) => bugs.has("refusals") || ack({ error: { code, message: "no" } });
    if (!(name in checks)) return bugs.has("unknown") || refuse("unknown_event");
    if (!checks[name](args, bugs)) return refuse("invalid_payload");
    if (name === "say") {
      if (/[^\x00-\x7f]/.test(args[0])) {
        if (bugs.has("exit")) process.exit(1);
        if (bugs.has("hangup")) return socket.disconnect();
      }
      socket.emit("said", { text: bugs.has("null") && args[0].length > 20 ? null : args[0] });
      socket.broadcast.emit("said", { text: args[0], ...(bugs.has("others") ? { by: 7 } : {}) });
    }
    if (name === "say" && bugs.has("flood")) flood(socket);
    if (name === "say" && bugs.has("garbage")) socket.conn.write("9garbage");
    if (name === "say" && bugs.has("late")) setTimeout(() => socket.emit("later"), 30);
    if (name === "bid" && bugs.has("hang") && args[0].amount === 1000000) for (;;);
    if (name === "wave" && bugs.has("undeclared")) socket.emit("waved");
    if (name === "wave") socket.emit("sure", () => {});
    const answer = answers[name](args, bugs);
    if (answer !== undefined) ack(...answer);
  });
});

http.listen(0, "127.0.0.1", () => console.log(JSON.stringify(http.address().port)));
