/** The chat page: what a person sees of the contract, refusals included. */

import { connect } from "./socketio.js";

const $ = (id) => document.getElementById(id);
const TYPING_PAUSE = 800;
const KEPT_MESSAGES = 500;
const PRESETS = [
  ["a number as a message", "new message", [42]],
  ["an empty message", "new message", [""]],
  ["600 characters", "new message", ["x".repeat(600)]],
  ["two arguments", "new message", ["one", "two"]],
  ["an argument too many", "typing", [true]],
  ["an event that is not declared", "shout", ["HELLO"]],
  ["an event that is reserved", "disconnect", []],
  ["entering a second time", "add user", ["somebody else"]],
];

const typists = new Map();
let name = "", typing = 0;

const client = connect(new URL("socket.io/", document.baseURI), { onStatus, onEvent });

function onStatus(status, detail) {
  $("status").textContent = status === "connected" ? `connected by ${detail}` : status;
  $("status").dataset.state = status;
  if (status === "refused") note(detail?.message ?? "refused");
  if (status === "connected" && name) enter(name);
  if (status === "disconnected") typists.clear();
}

function onEvent(event, args) {
  const [data] = args;
  if (event === "login") { room(); present(data.numUsers); }
  else if (event === "user joined") { line(`${data.username} came in`); present(data.numUsers); }
  else if (event === "user left") { line(`${data.username} left`); present(data.numUsers); shown(data.username, false); }
  else if (event === "new message") { message(data.username, data.message); shown(data.username, false); }
  else if (event === "typing") shown(data.username, true);
  else if (event === "stop typing") shown(data.username, false);
  else if (event === "exception") answer('the event "exception"', data);
}

/** The refusal in an acknowledgement, or undefined when it is an acceptance. */
const refusal = (args) => args[0]?.error;

function element(tag, text, className = "") {
  const made = document.createElement(tag);
  made.textContent = text;
  made.className = className;
  return made;
}

function append(item) {
  const list = $("messages");
  const follow = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
  list.append(item);
  while (list.children.length > KEPT_MESSAGES) list.firstChild.remove();
  if (follow) list.scrollTop = list.scrollHeight;
}

const line = (text) => append(element("p", text, "notice"));

function message(username, text) {
  const item = element("p", "");
  const who = element("strong", username);
  let hue = 0;
  for (const character of username) hue = (hue * 31 + 137 * character.codePointAt(0)) % 360;
  who.style.setProperty("--hue", hue);
  item.append(who, " ", element("span", text));
  append(item);
}

function present(count) {
  $("present").textContent = count === 1 ? "You are alone here." : `${count} people are here.`;
}

function shown(username, is) {
  if (is) typists.set(username, true); else typists.delete(username);
  const names = [...typists.keys()];
  $("typing").textContent = names.length > 3 ? `${names.length} people are typing` : names.length ? `${names.join(", ")} typing …` : "";
}

function room() {
  const entered = $("talk").hidden;
  $("enter").hidden = true;
  $("talk").hidden = false;
  if (entered) $("text").focus();
}

const note = (text) => { $("enter-note").textContent = text; };

function answer(what, value) {
  $("answer").textContent = value === undefined ? what : `${what}\n${JSON.stringify(value, null, 2)}`;
}

async function enter(wanted) {
  note("");
  try {
    const refused = refusal(await client.request("add user", [wanted]));
    if (refused) note(refused.message); else name = wanted;
  } catch (error) {
    note(error.message);
  }
}

$("enter").addEventListener("submit", (submitted) => {
  submitted.preventDefault();
  enter($("name").value.trim());
});

$("say").addEventListener("submit", async (submitted) => {
  submitted.preventDefault();
  const text = $("text").value;
  stopTyping();
  try {
    const refused = refusal(await client.request("new message", [text]));
    if (refused) return line(`not sent: ${refused.message}`);
    message(name, text);
    $("text").value = "";
  } catch (error) {
    line(`not sent: ${error.message}`);
  }
});

function stopTyping() {
  if (!typing) return;
  clearTimeout(typing);
  typing = 0;
  client.emit("stop typing");
}

$("text").addEventListener("input", () => {
  if (!typing) client.emit("typing");
  clearTimeout(typing);
  typing = setTimeout(stopTyping, TYPING_PAUSE);
});

/** Send anything at all, and show what comes back. */
async function sendRaw(event, args, wantsAck) {
  const sent = `${event} ${JSON.stringify(args)}`.slice(0, 60);
  if (!wantsAck) {
    answer(client.emit(event, ...args) ? `${sent}\nSent; a refusal comes as the event "exception".` : "Nothing was sent: not connected.");
    return;
  }
  try {
    answer(`${sent}\nis acknowledged with`, await client.request(event, args));
  } catch (error) {
    answer(`${sent}\n${error.message}`);
  }
}

$("raw").addEventListener("submit", (submitted) => {
  submitted.preventDefault();
  try {
    const args = JSON.parse($("arguments").value);
    if (!Array.isArray(args)) throw new Error("write [ ] around them");
    sendRaw($("event").value, args, $("ack").checked);
  } catch (error) {
    answer(`Nothing was sent. The arguments are no JSON array: ${error.message}`);
  }
});

for (const [label, event, args] of PRESETS) {
  const button = element("button", label);
  button.type = "button";
  button.addEventListener("click", () => {
    $("event").value = event;
    $("arguments").value = JSON.stringify(args);
    sendRaw(event, args, true);
  });
  const item = document.createElement("li");
  item.append(button);
  $("presets").append(item);
}

addEventListener("pagehide", () => client.close());
