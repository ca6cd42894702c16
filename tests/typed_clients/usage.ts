// What compiles and what must not; every line below an "@ts-expect-error" is an error, or the compiler says so.
import type { Client, ConnectOptions, Contract, Refusal, RefusalError, Ticket } from "./support-desk.js";
import { answered, connectRefusal, isRefusal, namespace, path, roomsNamespace } from "./support-desk.js";
import { io } from "socket.io-client";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<T extends true>(): T | undefined { return undefined; }

const options: ConnectOptions = { path, auth: { name: "ada" } };
// @ts-expect-error the contract refuses a connection without a name
const nameless: ConnectOptions = { path, auth: {} };
// @ts-expect-error the server is not at the default path
const pathless: ConnectOptions = { auth: { name: "ada" } };
const desk: Client = io(`http://localhost${namespace}`, options);

async function asks(): Promise<void> {
  const number = await desk.emitWithAck("open ticket", { title: "It burns" });
  same<Equal<typeof number, number | Refusal>>();
  const certain = answered(number);
  same<Equal<typeof certain, number>>();
  if (isRefusal(number)) same<Equal<typeof number.error.retryAfter, number | undefined>>(); else number.toFixed();
  const late = await desk.timeout(500).emitWithAck("open ticket", { title: "It burns" });
  same<Equal<typeof late, number | Refusal>>();
  const first = await desk.emitWithAck("both", "a");
  same<Equal<typeof first, string | Refusal>>();
  const undeclared = await desk.emitWithAck("move", 1);
  same<Equal<typeof undeclared, Refusal | undefined>>();
  // @ts-expect-error the title is missing
  await desk.emitWithAck("open ticket", { tags: [] });
  // @ts-expect-error nothing declares this member
  await desk.emitWithAck("open ticket", { title: "It burns", urgent: true });
  // @ts-expect-error no such event
  await desk.emitWithAck("close ticket", 1);
}

desk.emit("open ticket", { title: "It burns" });
desk.emit("open ticket", { title: "It burns", parent: { title: "Fire" } }, (answer) => {
  same<Equal<typeof answer, number | Refusal>>();
});
desk.emit("both", "a", (...answer) => {
  same<Equal<typeof answer, [text: string, value: number | null] | [refusal: Refusal]>>();
});
desk.emit("move", 1);
desk.emit("move", 1, "up");
// @ts-expect-error undefined would arrive as null
desk.emit("move", 1, undefined);
// @ts-expect-error not one of the values
desk.emit("move", 1, "left");
// @ts-expect-error not a number
desk.emit("move", "1");
desk.emit("tick");
// @ts-expect-error it takes nothing
desk.emit("tick", 1);
desk.emit("attach", { file: new Uint8Array(3) });
desk.emit("attach", { file: new ArrayBuffer(3) });
// @ts-expect-error bytes are not a text
desk.emit("attach", { file: "abc" });

desk.on("opened", (ticket) => {
  same<Equal<typeof ticket, Ticket>>();
  same<Equal<typeof ticket.parent, Ticket | undefined>>();
});
desk.on("file", (file) => {
  same<Equal<typeof file, ArrayBuffer | Uint8Array>>();
});
desk.on("sure", (text, ack) => {
  ack(text.length > 3);
  // @ts-expect-error it answers a boolean
  ack("yes");
});
desk.on("exception", (refusal) => {
  same<Equal<typeof refusal.event, string>>();
});
desk.on("connect_error", (error) => {
  const reason = connectRefusal(error);
  same<Equal<typeof reason, RefusalError | undefined>>();
});
// @ts-expect-error the server emits no such event
desk.on("closed", () => {});

const room = roomsNamespace({ roomId: "7" });
same<Equal<typeof room, `/rooms/${string}`>>();
// @ts-expect-error the parameter is missing
roomsNamespace({});
export type Assignable = [Contract<{}, {}>, typeof asks, typeof nameless, typeof pathless];
