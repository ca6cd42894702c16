// socket.io serving the same events as apps.py: node server.js SCHEMAS-AS-JSON|none
// Prints its port; ends when standard input does.
"use strict";
const { createServer } = require("http");
const { Server } = require("socket.io");

const schemas = process.argv[2] === "none" ? null : JSON.parse(process.argv[2]);
const events = JSON.parse(process.argv[3]);
const checks = {};
if (schemas) {
  const Ajv = require("ajv");
  const ajv = new Ajv({ strict: false });
  for (const name of Object.keys(schemas)) checks[name] = ajv.compile(schemas[name]);
}
const accepts = (name, payload) => !schemas || checks[name](payload);

const http = createServer();
const io = new Server(http, { pingInterval: 3600e3 });
io.on("connection", (socket) => {
  for (const name of events)
    socket.on(name, (payload, ack) => {
      if (!accepts(name, payload)) return ack({ error: "payload" });
      if (!accepts(name, payload)) return ack({ error: "ack" });
      ack(payload);
    });
  socket.on("shout", (payload, ack) => {
    if (!accepts("flat", payload)) return ack({ error: "payload" });
    if (accepts("flat", payload)) io.emit("news", payload);
    ack();
  });
  socket.on("collect", (_nothing, ack) => {
    if (global.gc) global.gc();
    ack();
  });
});
http.listen(0, "127.0.0.1", () => console.log(http.address().port));
process.stdin.on("end", () => process.exit(0)).resume();
