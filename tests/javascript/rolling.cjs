// Clients under load while their servers are restarted: each sends events one after another, those that were
// not answered again, and notes what it receives. Ends with its standard input; prints what was seen.
// Arguments: the URL, how many clients, events a second of each, and the only transport of all; without that, they use
// polling, an upgrade and WebSocket in turn.

const [url, count, rate, only] = process.argv.slice(2);
const { io } = require("socket.io-client");

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
let stopping = false;

const TRANSPORTS = only ? [[only]] : [["polling"], ["polling", "websocket"], ["websocket"]];

class Client {
  constructor(place) {
    this.id = `c${place}`;
    this.refused = this.disconnects = this.answered = this.repeated = 0;
    this.numbers = [];
    this.returns = [];
    this.socket = io(url, { transports: TRANSPORTS[place % TRANSPORTS.length], forceNew: true });
    this.socket.on("connect_error", () => { this.refused += 1; });
    this.socket.on("disconnect", () => { this.disconnects += 1; this.left = Date.now(); });
    this.socket.on("connect", () => { if (this.left) this.returns.push([this.left, Date.now()]); });
    this.socket.on("tick", (number) => { this.numbers.push(number); });
  }

  async connected() {
    while (!this.socket.connected) await sleep(20);
  }

  async send() {
    while (!stopping) {
      await this.connected();
      try {
        const refusal = await this.socket.timeout(20000).emitWithAck("add", this.id, this.answered);
        if (refusal === undefined) this.answered += 1;
        else this.refused += 1;
      } catch {
        this.repeated += 1;
      }
      await sleep(1000 / rate);
    }
    await this.connected();
  }

  told() {
    const { refused, disconnects, answered, repeated, returns, numbers } = this;
    const disordered = numbers.filter((number, place) => place && number < numbers[place - 1]).length;
    const doubled = numbers.length - new Set(numbers).size;
    const missed = numbers.length && Math.max(...numbers) - Math.min(...numbers) + 1 - new Set(numbers).size;
    this.socket.close();
    return { refused, disconnects, answered, repeated, returns, disordered, doubled, missed };
  }
}

async function main() {
  const clients = Array.from({ length: Number(count) }, (_, place) => new Client(place));
  for (const client of clients) await client.connected();
  console.log("connected");
  const sending = clients.map((client) => client.send());
  await new Promise((resolve) => process.stdin.on("end", resolve).resume());
  stopping = true;
  await Promise.all(sending);
  console.log(JSON.stringify(clients.map((client) => client.told())));
}

main();
