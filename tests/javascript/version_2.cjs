// A client of Engine.IO 3 prints whether the server refuses it.

const io = require("socket.io-client-2");
const [url, transports] = process.argv.slice(2);
const socket = io(url, { transports: JSON.parse(transports), reconnection: false });

socket.on("connect", () => done("connected"));
socket.on("connect_error", () => done("refused"));

function done(what) {
  console.log(JSON.stringify(what));
  process.exit(0);
}
