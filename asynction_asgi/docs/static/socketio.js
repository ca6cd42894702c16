/**
 * A Socket.IO client in one small file: protocol 5 over Engine.IO 4.
 *
 * It speaks WebSocket, falls back to HTTP long-polling where that does not open, answers pings, notices
 * a silent server, and reconnects with growing pauses. Bytes are {"$binary": "…base64…"} on this side.
 *
 * Source: the Engine.IO protocol, revision 4, and the Socket.IO protocol, revision 5.
 */

const OPEN = "0", CLOSE = "1", PING = "2", PONG = "3", MESSAGE = "4";
const CONNECT = "0", DISCONNECT = "1", EVENT = "2", ACK = "3", CONNECT_ERROR = "4";
const WITH_BYTES = { [EVENT]: "5", [ACK]: "6" }, WITHOUT_BYTES = { 5: EVENT, 6: ACK };
const SEPARATOR = "\x1e";

const fromBase64 = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
const toBase64 = (bytes) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
const isBinary = (value) => typeof value?.$binary === "string" && Object.keys(value).length === 1;

/** The request's address, with the query that the transport and the caller want. */
function address(url, query, transport) {
  const made = new URL(url);
  for (const [name, value] of Object.entries(query)) made.searchParams.set(name, value);
  made.searchParams.set("EIO", "4");
  made.searchParams.set("transport", transport);
  return made;
}

/** One WebSocket; calls `onPacket(text or bytes)` and, once, `onClose(reason)`. */
function openWebSocket(url, { query, onPacket, onClose }) {
  const target = address(url, query, "websocket");
  target.protocol = target.protocol === "https:" ? "wss:" : "ws:";
  const socket = new WebSocket(target);
  let closed = false;
  const finish = (reason) => {
    if (!closed) { closed = true; socket.close(); onClose(reason); }
  };
  socket.binaryType = "arraybuffer";
  socket.onmessage = ({ data }) => closed || onPacket(typeof data === "string" ? data : new Uint8Array(data));
  socket.onclose = ({ code, reason }) => finish(`the WebSocket closed (${reason || code})`);
  return {
    name: "websocket",
    send: (packet) => socket.readyState === WebSocket.OPEN && socket.send(packet),
    close: (reason = "transport closed") => finish(reason),
  };
}

/** HTTP long-polling with the same face. */
function openPolling(url, { query, headers, onPacket, onClose }) {
  const stop = new AbortController();
  const outbox = [];
  const target = address(url, query, "polling");
  let open = false, posting = false, closed = false;

  const request = async (options) => {
    const response = await fetch(target, { ...options, headers, signal: stop.signal });
    const text = await response.text();
    if (!response.ok) throw new Error(`HTTP ${response.status}: ${text.slice(0, 300)}`);
    return text;
  };
  const fail = (error) => {
    if (!closed) { closed = true; stop.abort(); onClose(error?.message ?? error); }
  };
  const post = async () => {
    if (posting || !open) return;
    posting = true;
    while (outbox.length && !closed) {
      await request({ method: "POST", body: outbox.splice(0, 16).join(SEPARATOR) }).catch(fail);
    }
    posting = false;
  };
  (async () => {
    while (!closed) {
      for (const packet of (await request({ cache: "no-store" })).split(SEPARATOR)) {
        if (packet[0] === OPEN) { target.searchParams.set("sid", JSON.parse(packet.slice(1)).sid); open = true; }
        if (!closed) onPacket(packet[0] === "b" ? fromBase64(packet.slice(1)) : packet);
      }
      post();
    }
  })().catch(fail);
  return {
    name: "polling",
    send(packet) { outbox.push(typeof packet === "string" ? packet : `b${toBase64(packet)}`); post(); },
    close(reason = "transport closed") { post().finally(() => fail(reason)); },
  };
}

/** A packet as the frames that carry it: its text, then the bytes that stand in it. */
function encode(type, prefix, id, data) {
  const attachments = [];
  const json = JSON.stringify(data, (_, value) => {
    if (!isBinary(value)) return value;
    return { _placeholder: true, num: attachments.push(fromBase64(value.$binary)) - 1 };
  });
  const head = attachments.length ? `${WITH_BYTES[type]}${attachments.length}-` : type;
  return [`${MESSAGE}${head}${prefix}${id}${json}`, ...attachments];
}

/** Split `51-/namespace,7[…]` into its parts; throws on what is none. */
function parse(text) {
  const [, type, count, namespace = "/", id, json] = /^(\d)(?:(\d+)-)?(?:(\/[^,]*),)?(\d+)?(.*)$/s.exec(text);
  return { type: WITHOUT_BYTES[type] ?? type, missing: Number(count ?? 0), bytes: [], namespace, id: id === undefined ? null : Number(id), json };
}

/** The packet's data, with its bytes in place. */
function dataOf({ json, bytes }) {
  return json ? JSON.parse(json, (_, value) => (value?._placeholder === true ? { $binary: toBase64(bytes[value.num]) } : value)) : undefined;
}

/**
 * Connect to one namespace.
 *
 * `onStatus(status, detail)` hears `connecting` (detail: how), `connected` (detail: the transport),
 * `refused` (detail: the server's body; there is no further attempt) and `disconnected` (detail: why).
 * `onEvent(event, args, answer)` hears events; `answer` is null where the server wants none.
 * With `headers`, which a browser can't set on a WebSocket, it polls.
 */
export function connect(url, options = {}) {
  const { namespace = "/", auth, query = {}, headers = {}, transports = ["websocket", "polling"], reconnect = true } = options;
  const { onStatus = () => {}, onEvent = () => {} } = options;
  const openers = { websocket: openWebSocket, polling: openPolling };
  const prefix = namespace === "/" ? "" : `${namespace},`;
  const pending = new Map();
  const possible = Object.keys(headers).length ? ["polling"] : transports;
  let transport = null, partial = null, connected = false, finished = false, offsets = null;
  let nextId = 0, attempts = 0, watchdog = 0, patience = 45000;

  const settle = (error) => {
    for (const { reject, timer } of pending.values()) { clearTimeout(timer); reject(error); }
    pending.clear();
  };
  const watch = () => {
    clearTimeout(watchdog);
    watchdog = setTimeout(() => transport?.close("the server fell silent: no heartbeat"), patience);
  };
  const send = (type, id, data) => {
    for (const frame of encode(type, prefix, id, data)) transport?.send(frame);
  };

  const onMessage = (packet) => {
    if (packet.namespace !== namespace) return;
    const data = dataOf(packet);
    if (packet.type === CONNECT) {
      connected = true; attempts = 0;
      offsets = data?.pid === undefined ? null : data.offset ?? "argument";
      onStatus("connected", transport.name);
    } else if (packet.type === CONNECT_ERROR) {
      finished = true;
      transport.close();
      onStatus("refused", data);
    } else if (packet.type === EVENT) {
      const [event, ...args] = data;
      // What a server adds for clients that come back; this one starts anew.
      if (offsets === "event" && event === "~") return;
      if (offsets === "argument" && packet.id === null && typeof args.at(-1) === "string") args.pop();
      onEvent(event, args, packet.id === null ? null : (...answer) => send(ACK, packet.id, answer));
    } else if (packet.type === ACK) {
      const waiting = pending.get(packet.id);
      pending.delete(packet.id);
      if (waiting) { clearTimeout(waiting.timer); waiting.resolve(data); }
    } else if (packet.type === DISCONNECT) {
      transport.close("the server disconnected this client");
    }
  };
  const onFrame = (frame) => {
    const packet = typeof frame === "string" ? parse(frame) : partial;
    if (typeof frame !== "string") packet.bytes.push(frame);
    partial = packet.bytes.length < packet.missing ? packet : null;
    if (!partial) onMessage(packet);
  };

  const start = (place, why = "") => {
    if (finished) return;
    onStatus("connecting", `by ${possible[place]}${why}`);
    let opened = false;
    const mine = transport = openers[possible[place]](url, {
      query, headers,
      onPacket(text) {
        watch();
        if (text[0] === OPEN) {
          opened = true;
          const { pingInterval, pingTimeout } = JSON.parse(text.slice(1));
          patience = pingInterval + pingTimeout;
          mine.send(`${MESSAGE}${CONNECT}${prefix}${auth === undefined ? "" : JSON.stringify(auth)}`);
        } else if (text[0] === PING) mine.send(PONG);
        else if (text[0] === CLOSE) mine.close("the server closed the connection");
        else if (text[0] === MESSAGE || typeof text !== "string") {
          try {
            onFrame(typeof text === "string" ? text.slice(1) : text);
          } catch (error) {
            mine.close(`a packet could not be read: ${error.message}`);
          }
        }
      },
      onClose(reason) {
        if (mine !== transport) return;
        clearTimeout(watchdog);
        transport = partial = null; connected = false;
        settle(new Error("the connection was lost before the answer"));
        if (finished) return;
        if (!opened && place + 1 < possible.length) return start(place + 1, `, because the ${possible[place]} did not open`);
        onStatus("disconnected", reason);
        if (reconnect) setTimeout(() => start(0), Math.min(8000, 500 * 2 ** attempts++) * (0.75 + Math.random() / 2));
        else finished = true;
      },
    });
    watch();
  };
  start(0, possible === transports ? "" : ", because a browser can't set headers on a WebSocket");

  return {
    /** Send without asking for an answer; false when there is no connection. */
    emit(event, ...args) {
      if (connected) send(EVENT, "", [event, ...args]);
      return connected;
    },
    /** Send and wait for the acknowledgement's arguments; `timeout` in milliseconds. */
    request(event, args, timeout = 10000) {
      if (!connected) return Promise.reject(new Error("not connected"));
      const id = nextId++;
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => { pending.delete(id); reject(new Error("no answer in time")); }, timeout);
        pending.set(id, { resolve, reject, timer });
        send(EVENT, id, [event, ...args]);
      });
    },
    close() {
      finished = true;
      if (connected) transport.send(`${MESSAGE}${DISCONNECT}${prefix}`);
      transport?.close();
    },
  };
}
