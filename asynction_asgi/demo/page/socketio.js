/**
 * A Socket.IO client in one small file: protocol 5 over Engine.IO 4, text packets only.
 *
 * It speaks WebSocket, falls back to HTTP long-polling where that does not open, answers pings, notices
 * a silent server, and reconnects with growing pauses.
 *
 * Source: the Engine.IO protocol, revision 4, and the Socket.IO protocol, revision 5.
 */

const OPEN = "0", CLOSE = "1", PING = "2", PONG = "3", MESSAGE = "4";
const CONNECT = "0", DISCONNECT = "1", EVENT = "2", ACK = "3", CONNECT_ERROR = "4";
const SEPARATOR = "\x1e";

/** One WebSocket; calls `onPacket(text)` and, once, `onClose(reason)`. */
function openWebSocket(url, { onPacket, onClose }) {
  const address = new URL(url);
  address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
  address.search = "EIO=4&transport=websocket";
  const socket = new WebSocket(address);
  socket.onmessage = ({ data }) => typeof data === "string" && onPacket(data);
  socket.onclose = () => onClose("transport closed");
  return {
    name: "websocket",
    send: (packet) => socket.readyState === WebSocket.OPEN && socket.send(packet),
    close: () => socket.close(),
  };
}

/** HTTP long-polling with the same face. */
function openPolling(url, { onPacket, onClose }) {
  const stop = new AbortController();
  const outbox = [];
  let session = "", posting = false, closed = false;

  const request = async (options) => {
    const response = await fetch(`${url}?EIO=4&transport=polling${session}`, { ...options, signal: stop.signal });
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    return response.text();
  };
  const fail = () => {
    if (!closed) { closed = true; stop.abort(); onClose("transport closed"); }
  };
  const post = async () => {
    if (posting || !session) return;
    posting = true;
    while (outbox.length && !closed) {
      await request({ method: "POST", body: outbox.splice(0, 16).join(SEPARATOR) }).catch(fail);
    }
    posting = false;
  };
  (async () => {
    while (!closed) {
      for (const packet of (await request({ cache: "no-store" })).split(SEPARATOR)) {
        if (packet[0] === OPEN) session = `&sid=${encodeURIComponent(JSON.parse(packet.slice(1)).sid)}`;
        onPacket(packet);
      }
      post();
    }
  })().catch(fail);
  return { name: "polling", send: (packet) => { outbox.push(packet); post(); }, close: fail };
}

/** Split `/namespace,7[…]` into its parts; throws on JSON that is none. */
function parse(text) {
  const [, type, namespace = "/", id, json] = /^(\d)(?:(\/[^,]*),)?(\d+)?(.*)$/s.exec(text);
  return { type, namespace, id: id === undefined ? null : Number(id), data: json ? JSON.parse(json) : undefined };
}

/**
 * Connect to one namespace.
 *
 * `onStatus(status, detail)` hears `connecting`, `connected` (detail: the transport), `refused`
 * (detail: the server's body; there is no further attempt) and `disconnected`.
 */
export function connect(url, { namespace = "/", auth, onStatus = () => {}, onEvent = () => {} } = {}) {
  const prefix = namespace === "/" ? "" : `${namespace},`;
  const pending = new Map();
  let transport = null, connected = false, finished = false, nextId = 0, attempts = 0, watchdog = 0, patience = 45000;

  const settle = (error) => {
    for (const { reject, timer } of pending.values()) { clearTimeout(timer); reject(error); }
    pending.clear();
  };
  const again = () => setTimeout(() => start(openWebSocket), Math.min(8000, 500 * 2 ** attempts++) * (0.75 + Math.random() / 2));
  const watch = () => {
    clearTimeout(watchdog);
    watchdog = setTimeout(() => transport?.close(), patience);
  };
  const answer = (id, data) => transport?.send(`${MESSAGE}${ACK}${prefix}${id}${JSON.stringify(data)}`);

  const onMessage = (packet) => {
    if (packet.namespace !== namespace) return;
    if (packet.type === CONNECT) {
      connected = true; attempts = 0;
      onStatus("connected", transport.name);
    } else if (packet.type === CONNECT_ERROR) {
      finished = true;
      onStatus("refused", packet.data);
      transport.close();
    } else if (packet.type === EVENT) {
      const [event, ...args] = packet.data;
      onEvent(event, args, packet.id === null ? null : (...data) => answer(packet.id, data));
    } else if (packet.type === ACK) {
      const waiting = pending.get(packet.id);
      pending.delete(packet.id);
      if (waiting) { clearTimeout(waiting.timer); waiting.resolve(packet.data); }
    } else if (packet.type === DISCONNECT) {
      transport.close();
    }
  };

  const start = (open) => {
    if (finished) return;
    onStatus("connecting", "");
    let opened = false;
    const mine = transport = open(url, {
      onPacket(text) {
        watch();
        if (text[0] === OPEN) {
          opened = true;
          const { pingInterval, pingTimeout } = JSON.parse(text.slice(1));
          patience = pingInterval + pingTimeout;
          mine.send(`${MESSAGE}${CONNECT}${prefix}${auth === undefined ? "" : JSON.stringify(auth)}`);
        } else if (text[0] === PING) mine.send(PONG);
        else if (text[0] === MESSAGE) onMessage(parse(text.slice(1)));
        else if (text[0] === CLOSE) mine.close();
      },
      onClose(reason) {
        if (mine !== transport) return;
        clearTimeout(watchdog);
        transport = null; connected = false;
        settle(new Error("the connection was lost before the answer"));
        if (finished) return;
        if (!opened && open === openWebSocket) return start(openPolling);
        onStatus("disconnected", reason);
        again();
      },
    });
    watch();
  };
  start(openWebSocket);

  return {
    /** Send without asking for an answer; false when there is no connection. */
    emit(event, ...args) {
      if (connected) transport.send(`${MESSAGE}${EVENT}${prefix}${JSON.stringify([event, ...args])}`);
      return connected;
    },
    /** Send and wait for the acknowledgement's arguments. */
    request(event, args, timeout = 10000) {
      if (!connected) return Promise.reject(new Error("not connected"));
      const id = nextId++;
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => { pending.delete(id); reject(new Error("no answer in time")); }, timeout);
        pending.set(id, { resolve, reject, timer });
        transport.send(`${MESSAGE}${EVENT}${prefix}${id}${JSON.stringify([event, ...args])}`);
      });
    },
    close() {
      finished = true;
      if (connected) transport.send(`${MESSAGE}${DISCONNECT}${prefix}`);
      transport?.close();
    },
  };
}
