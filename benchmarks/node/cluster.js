// A socket.io server on a queue: node cluster.js pubsub|stream REDIS-URL
// Prints its port; "flood" [count, per second, size] emits numbers to all other clients.
"use strict";
const { createServer } = require("http");
const { Server } = require("socket.io");
const { createClient } = require("redis");

async function main() {
  const [kind, url] = process.argv.slice(2);
  const open = async () => {
    const client = createClient({ url });
    client.on("error", () => {});
    await client.connect();
    return client;
  };
  let adapter;
  if (kind === "pubsub") adapter = require("@socket.io/redis-adapter").createAdapter(await open(), await open());
  else adapter = require("@socket.io/redis-streams-adapter").createAdapter(await open());
  const http = createServer();
  const io = new Server(http, { pingInterval: 3600e3, adapter });
  io.on("connection", (socket) => {
    socket.on("flood", async (count, perSecond, size, ack) => {
      const begin = performance.now();
      const text = "x".repeat(size);
      let longest = 0;
      for (let i = 0; i < count; i++) {
        const wait = begin + (i * 1000) / perSecond - performance.now();
        if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
        const before = performance.now();
        socket.broadcast.emit("n", { i, at: Date.now() / 1000, x: text });
        longest = Math.max(longest, performance.now() - before);
      }
      ack(longest / 1000);
    });
  });
  http.listen(0, "127.0.0.1", () => console.log(http.address().port));
}
main();
