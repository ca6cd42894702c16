// Clients whose server is restarted: they ask for something slow, one ends the server, and all come back.
// Prints by transport what each was told. Argument: the URL.

const [url] = process.argv.slice(2);
const { io } = require("socket.io-client");

const once = (emitter, event) => new Promise((resolve) => emitter.once(event, resolve));

class Client {
  constructor(transports) {
    const options = { transports, forceNew: true, reconnectionDelay: 100, reconnectionDelayMax: 300 };
    this.socket = io(url, options);
    this.told = [];
  }

  async ask() {
    await once(this.socket, "connect");
    const { engine } = this.socket.io;
    if (engine.opts.transports.includes("websocket") && engine.transport.name === "polling") {
      await once(engine, "upgrade");
    }
    this.socket.on("disconnect", (reason) => this.told.push(reason));
    this.answered = this.socket.emitWithAck("finish").then((answer) => this.told.push(answer));
    this.pid = await this.socket.emitWithAck("pid");
  }

  async comeBack() {
    await once(this.socket, "connect");
    await this.answered;
    this.told.push(await this.socket.emitWithAck("pid") !== this.pid);
    this.socket.off("disconnect");
    this.socket.close();
  }
}

async function main() {
  const clients = [["websocket"], ["polling"], ["polling", "websocket"]].map((names) => new Client(names));
  await Promise.all(clients.map((client) => client.ask()));
  const back = clients.map((client) => client.comeBack());
  process.kill(clients[0].pid, "SIGTERM");
  await Promise.all(back);
  for (const client of clients) console.log(JSON.stringify(client.told));
}

main();
setTimeout(() => { console.error("nothing more was heard"); process.exit(1); }, 60000).unref();
