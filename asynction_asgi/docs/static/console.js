/**
 * The console: connects to this very server, emits, listens, answers.
 *
 * All that comes from outside becomes text nodes. Secrets stay in their fields.
 */

import { connect } from "./socketio.js";

const KEPT = 500;
const DATA = JSON.parse(document.getElementById("console.data").content.textContent);
const URL_OF_SERVER = new URL(DATA.path, document.baseURI);
const OTHER = "other…";
const REFUSALS = document.getElementById("refusals");
const ICONS = { sent: "↑ sent", received: "↓ received", refused: "✗ refused", error: "! error", status: "· status" };

const make = (tag, properties = {}, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in element && name !== "list") element[name] = value; else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
};
const pretty = (value) => {
  const line = JSON.stringify(value);
  return line === undefined ? "" : line.length < 60 ? line : JSON.stringify(value, null, 2);
};
let fields = 0;
const labelled = (text, field) => {
  field.id = `console.field.${fields++}`;
  return make("div", { className: "field" }, make("label", { htmlFor: field.id }, text), field);
};
const isRefusal = (args) => typeof args?.[0]?.error?.code === "string";

// --- what the page says of events -----------------------------------------------------------------

const cards = new Map();
const keyOf = (namespace, direction, event) => JSON.stringify([namespace, direction, event]);
for (const card of document.querySelectorAll(".card[data-event]")) {
  cards.set(keyOf(card.dataset.namespace, card.dataset.direction, card.dataset.event), card);
}
const emitted = (namespace) => [...cards.values()].filter((one) => one.dataset.namespace === namespace && one.dataset.direction === "emit");
const shown = (figure) => figure?.querySelector("pre").textContent ?? "[]";

// --- connecting -----------------------------------------------------------------------------------

/** Set a member by its name or JSON Pointer, without ever touching a prototype. */
function put(target, field, value) {
  const path = field.startsWith("/") ? field.slice(1).split("/").map((token) => token.replaceAll("~1", "/").replaceAll("~0", "~")) : [field];
  const last = path.pop();
  const set = (object, name, inner) => Object.defineProperty(object, name, { value: inner, enumerable: true, writable: true, configurable: true });
  for (const name of path) {
    if (!Object.hasOwn(target, name) || typeof target[name] !== "object" || target[name] === null) set(target, name, {});
    target = target[name];
  }
  set(target, last, value);
}

const basic = (user, password) => {
  const bytes = new TextEncoder().encode(`${user}:${password}`);
  return `Basic ${btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""))}`;
};

/** How each kind of credential is asked for, and where it goes. */
function credentialFields({ scheme, kind, name, field, words }) {
  const secret = (label) => {
    const input = make("input", { type: "password", autocomplete: "off" });
    return [input, labelled(`${scheme}: ${label}`, input)];
  };
  const note = make("p", { className: "note" }, `${scheme}: ${words}`);
  if (kind === "none") return { parts: [note], apply() {} };
  if (kind === "cookie" && !field) {
    note.append(". The browser sends the cookies that it has; a page can't set this one.");
    return { parts: [note], apply() {} };
  }
  if (kind === "basic" || kind === "userPassword") {
    const user = make("input", { autocomplete: "off" });
    const [password, row] = secret("password");
    return {
      parts: [note, labelled(`${scheme}: username`, user), row],
      apply(request) {
        if (!user.value && !password.value) return;
        const pair = { username: user.value, password: password.value };
        if (field) put(request.auth ??= {}, field, pair);
        else if (kind === "userPassword") for (const key in pair) put(request.auth ??= {}, key, pair[key]);
        else request.headers.Authorization = basic(user.value, password.value);
      },
    };
  }
  const [input, row] = secret(kind === "bearer" ? "token" : "key");
  return {
    parts: [note, row],
    apply(request) {
      if (!input.value) return;
      if (field || kind === "auth") put(request.auth ??= {}, field ?? name, input.value);
      else if (kind === "bearer") request.headers.Authorization = `Bearer ${input.value}`;
      else put(kind === "query" ? request.query : request.headers, name, input.value);
    },
  };
}

function inputFor({ enum: values, default: preset, required }) {
  const field = values
    ? make("select", {}, ...(required ? [] : [make("option", { value: "" }, "")]), ...values.map((one) => make("option", { value: one }, String(one))))
    : make("input", { autocomplete: "off" });
  if (preset !== undefined) field.value = typeof preset === "string" ? preset : JSON.stringify(preset);
  return field;
}

/** The fields of one namespace; `read()` gives what to connect with, or throws with the reason. */
function connectionFields(namespace) {
  const set = make("fieldset", { hidden: true });
  const groups = { parameters: [], query: [], headers: [] };
  for (const [group, fields] of Object.entries(groups)) {
    for (const one of namespace[group]) {
      // A default of a header is left to the server: setting it would cost the WebSocket.
      const input = inputFor(group === "headers" ? { ...one, default: undefined } : one);
      fields.push({ ...one, input });
      set.append(labelled(`${one.name}${one.required ? " (required)" : ""}`, input));
    }
  }
  const credentials = namespace.schemes.map(credentialFields);
  for (const one of credentials) set.append(...one.parts);
  const auth = make("textarea", { rows: 3, spellcheck: false, value: namespace.auth === null ? "" : pretty(namespace.auth) });
  set.append(labelled("Auth object, JSON", auth));
  const read = () => {
    const request = { query: {}, headers: {}, auth: undefined };
    let name = namespace.name;
    for (const [group, fields] of Object.entries(groups)) {
      for (const one of fields) {
        const missing = one.required && !one.input.value;
        one.input.setAttribute("aria-invalid", String(missing));
        if (missing) { one.input.focus(); throw new Error(`${one.name} is required`); }
        if (group === "parameters") name = name.replace(`{${one.name}}`, () => one.input.value);
        else if (one.input.value) put(request[group], one.name, one.input.value);
      }
    }
    if (auth.value.trim()) {
      try { request.auth = JSON.parse(auth.value); } catch (error) { auth.focus(); throw new Error(`the auth object is no JSON: ${error.message}`); }
      if (Object.prototype.toString.call(request.auth) !== "[object Object]") { auth.focus(); throw new Error("the auth must be a JSON object"); }
    }
    for (const one of credentials) one.apply(request);
    return { ...request, namespace: name };
  };
  return { set, read, template: namespace.name, where: namespace.name, client: null, status: "not connected" };
}

// --- the panel ------------------------------------------------------------------------------------

const all = new Map(DATA.namespaces.map((one) => [one.name, connectionFields(one)]));
const choice = make("select", {}, ...DATA.namespaces.map((one) => make("option", { value: one.name }, one.name)));
const transport = make("select", {}, ...[["websocket,polling", "WebSocket, else polling"], ["websocket", "WebSocket"], ["polling", "polling"]].map(([value, text]) => make("option", { value }, text)));
const toggle = make("button", { type: "submit", className: "primary" }, "Connect");
const status = make("p", { role: "status", className: "note" }, "not connected");
const event = make("select", {}), otherName = make("input", { autocomplete: "off" });
const other = labelled("Name of the event", otherName);
const pick = make("select", {}), picking = labelled("Example", pick);
const args = make("textarea", { rows: 4, spellcheck: false, value: "[]" });
const wantsAck = make("input", { type: "checkbox" }), timeout = make("input", { type: "number", min: 0.1, step: 0.1, value: 10 });
const log = make("div", { className: "log", role: "log", "aria-label": "Log", tabIndex: 0 });
const connecting = make("form", { noValidate: true, autocomplete: "off" }, labelled("Namespace", choice), ...[...all.values()].map((one) => one.set), labelled("Transport", transport), toggle, status);
const sending = make("form", { noValidate: true }, make("h3", {}, "Emit"), labelled("Event", event), other, picking, labelled("Arguments, a JSON array", args),
  make("div", { className: "bar" }, make("label", {}, wantsAck, " expect an ack"), labelled("within seconds", timeout), make("button", { type: "submit" }, "Send")));
const close = make("button", { type: "button" }, "Close");
const clear = make("button", { type: "button" }, "Clear");
const panel = make("aside", { hidden: true, id: "console.panel", "aria-label": "Console" },
  make("div", { className: "bar" }, make("h2", {}, "Console"), close), connecting, sending,
  make("div", { className: "bar" }, make("h3", {}, "Log"), clear), log);
const opener = make("button", { type: "button", "aria-expanded": "false", "aria-controls": panel.id }, "Console");
document.body.append(panel);
document.getElementById("tools.bar").append(" ", opener);

function show(open) {
  panel.hidden = !open;
  document.body.classList.toggle("with-console", open);
  opener.setAttribute("aria-expanded", String(open));
  if (open) choice.focus(); else opener.focus();
}
opener.addEventListener("click", () => show(panel.hidden));
close.addEventListener("click", () => show(false));
clear.addEventListener("click", () => log.replaceChildren());
addEventListener("asynction:console", () => show(true));
panel.addEventListener("keydown", (pressed) => {
  if (pressed.key === "Escape") show(false);
  if (pressed.key === "Enter" && (pressed.ctrlKey || pressed.metaKey)) { pressed.preventDefault(); sending.requestSubmit(); }
});

function chooseNamespace() {
  for (const [name, one] of all) one.set.hidden = name !== choice.value;
  event.replaceChildren(...emitted(choice.value).map((card) => make("option", { value: card.dataset.event }, card.dataset.event)), make("option", { value: "" }, OTHER));
  chooseEvent();
  showStatus();
}
function chooseEvent() {
  const card = cards.get(keyOf(choice.value, "emit", event.value));
  const isOther = event.selectedIndex === event.options.length - 1;
  other.hidden = !isOther;
  const figures = card && !isOther ? [...card.querySelectorAll(".example")] : [];
  pick.replaceChildren(...figures.map((figure, place) => make("option", { value: String(place) }, figure.querySelector("figcaption").firstChild.textContent)));
  picking.hidden = figures.length < 2;
  args.value = shown(figures[0]);
  wantsAck.checked = isOther || Boolean(card?.querySelector(".ack"));
}
function showStatus() {
  const { client, status: words } = all.get(choice.value) ?? {};
  toggle.textContent = client ? "Disconnect" : "Connect";
  status.textContent = words ?? "the document declares no namespace";
}
choice.addEventListener("change", chooseNamespace);
event.addEventListener("change", chooseEvent);
pick.addEventListener("change", () => {
  const card = cards.get(keyOf(choice.value, "emit", event.value));
  args.value = shown(card.querySelectorAll(".example")[Number(pick.value)]);
});

// --- the log --------------------------------------------------------------------------------------

/** A line of the log; `card` is where the event is described, undefined where it is not. */
function write(kind, namespace, text, { card, payload, unknown = false } = {}) {
  const time = new Date().toTimeString().slice(0, 8);
  const name = card ? make("a", { href: `#${card.id}` }, text) : text;
  const entry = make("div", { className: kind }, make("span", { className: "kind" }, ICONS[kind]), " ", make("small", {}, `${time} ${namespace}`), " ", name);
  if (unknown) entry.append(" ", make("em", {}, "not in the document"));
  if (payload !== undefined) entry.append(make("pre", {}, pretty(payload)));
  log.prepend(entry);
  while (log.children.length > KEPT) log.lastChild.remove();
  return entry;
}
const complain = (namespace, error) => write("error", namespace, error.message);

// --- what happens ---------------------------------------------------------------------------------

connecting.addEventListener("submit", (submitted) => {
  submitted.preventDefault();
  const one = all.get(choice.value);
  if (!one) return;
  if (one.client) {
    one.client.close();
    one.client = null;
    one.status = "disconnected";
    write("status", one.where, "disconnected by you");
    return showStatus();
  }
  let request;
  try { request = one.read(); } catch (error) { return complain(one.template, error); }
  const where = one.where = request.namespace;
  try {
    const client = connect(URL_OF_SERVER, {
      ...request,
      transports: transport.value.split(","),
      reconnect: false,
      onStatus(word, detail) { queueMicrotask(() => one.client === client && hear(one, where, word, detail)); },
      onEvent(name, data, answer) { if (one.client === client) receive(one, where, name, data, answer); },
    });
    one.client = client;
  } catch (error) { // such as a header that HTTP can't carry
    complain(where, error);
  }
  showStatus();
});

function hear(one, where, word, detail) {
  one.status = word === "connected" ? `connected to ${where} by ${detail}` : word === "refused" ? "refused" : `${word}: ${detail}`;
  if (word === "refused" || word === "disconnected") one.client = null;
  if (word === "refused") write("refused", where, `CONNECT_ERROR ${detail?.message ?? ""}`, { payload: detail });
  else write(word === "disconnected" ? "error" : "status", where, one.status);
  showStatus();
}

function receive(one, where, name, data, answer) {
  const card = cards.get(keyOf(one.template, "on", name));
  const refused = name === "exception" && isRefusal(data);
  const entry = write(refused ? "refused" : "received", where, String(name), { card: card ?? (refused ? REFUSALS : undefined), payload: data, unknown: !card && !refused });
  if (answer) entry.append(replyBox(where, card, answer));
}

/** Where the server asked for an acknowledgement. */
function replyBox(where, card, answer) {
  const text = make("textarea", { rows: 2, spellcheck: false, value: shown(card?.querySelector(".answer")) });
  const button = make("button", { type: "submit" }, "Answer");
  const form = make("form", {}, labelled("The server waits for an ack, a JSON array", text), button);
  form.addEventListener("submit", (submitted) => {
    submitted.preventDefault();
    try {
      answer(...readArray(text.value));
      form.replaceChildren(make("span", { className: "kind" }, "↑ answered"), make("pre", {}, text.value));
    } catch (error) { complain(where, error); }
  });
  return form;
}

function readArray(text) {
  let value;
  try { value = JSON.parse(text); } catch (error) { throw new Error(`the arguments are no JSON: ${error.message}`); }
  if (!Array.isArray(value)) throw new Error("the arguments must be a JSON array: write [ ] around them");
  return value;
}

sending.addEventListener("submit", async (submitted) => {
  submitted.preventDefault();
  const one = all.get(choice.value), where = one?.client ? one.where : choice.value;
  const isOther = event.selectedIndex === event.options.length - 1;
  const name = isOther ? otherName.value : event.value;
  const card = isOther ? undefined : cards.get(keyOf(choice.value, "emit", name));
  let entry;
  try {
    const data = readArray(args.value);
    args.setAttribute("aria-invalid", "false");
    if (!one?.client) throw new Error("not connected: nothing was sent");
    if (isOther && !name) { otherName.focus(); throw new Error("the name of the event is required"); }
    const options = { card, payload: data, unknown: !card };
    if (!wantsAck.checked) {
      if (!one.client.emit(name, ...data)) throw new Error("not connected yet: nothing was sent");
      write("sent", where, name, options);
      return;
    }
    const began = performance.now();
    const asked = one.client.request(name, data, Math.max(0.1, Number(timeout.value) || 10) * 1000);
    entry = write("sent", where, name, options);
    const answer = await asked;
    conclude(entry, `${isRefusal(answer) ? "✗ refused" : "✓ ack"} after ${Math.round(performance.now() - began)} ms`, answer);
  } catch (error) {
    if (entry) conclude(entry, `! ${error.message}`);
    else { if (error.message.startsWith("the arguments")) { args.setAttribute("aria-invalid", "true"); args.focus(); } complain(where, error); }
  }
});

/** Put the answer, or its absence, beside the request. */
function conclude(entry, words, answer) {
  const refused = answer === undefined || isRefusal(answer);
  entry.append(make("div", { className: `answered${refused ? " refused" : ""}` }, make("span", { className: "kind" }, words), ...(answer === undefined ? [] : [make("pre", {}, pretty(answer))])));
}

for (const [, card] of cards) {
  if (card.dataset.direction !== "emit" || !all.has(card.dataset.namespace)) continue;
  card.querySelectorAll(".example").forEach((figure, place) => {
    const button = make("button", { type: "button", "aria-label": `use in console: ${card.dataset.event}` }, "use in console");
    button.addEventListener("click", () => {
      if (panel.hidden) show(true);
      choice.value = card.dataset.namespace;
      chooseNamespace();
      event.value = card.dataset.event;
      chooseEvent();
      pick.value = String(place);
      args.value = shown(figure);
      args.focus();
    });
    figure.querySelector("figcaption").append(button);
  });
}
chooseNamespace();
addEventListener("pagehide", () => { for (const one of all.values()) one.client?.close(); });
