// A session of the desk by the typed client; prints what came back. Argument: the server's URL.
import type { Client, RoomsClient } from "./support-desk.js";
import { answered, connectRefusal, isRefusal, path, RefusedError, roomsNamespace } from "./support-desk.js";
import { Manager } from "socket.io-client";

declare const process: { argv: string[]; exit(code: number): never };
declare const console: { log(text: string): void; error(text: string): void };
declare function setTimeout(run: () => void, milliseconds: number): { unref(): void };

const print = (value: unknown) => console.log(JSON.stringify(value));

async function main(): Promise<void> {
  const manager = new Manager(process.argv[2]!, { path, transports: ["websocket"], reconnection: false });
  const refused: Client = manager.socket("/", { auth: { name: "" } });
  const error = await new Promise<Error>((resolve) => refused.once("connect_error", resolve));
  print({ refused: connectRefusal(error)?.code, other: connectRefusal(new Error("xhr poll error")) ?? null });

  refused.auth = { name: "ada" };
  const desk: Client = refused.connect() as Client;
  const opened = new Promise((resolve) => desk.once("opened", resolve));
  const file = new Promise<ArrayBuffer | Uint8Array>((resolve) => desk.once("file", resolve));
  desk.on("sure", (text, ack) => ack(text === "really?"));
  await new Promise<void>((resolve) => desk.once("connect", () => resolve()));

  print({ promise: answered(await desk.emitWithAck("open ticket", { title: "It burns" })), opened: await opened });
  try {
    answered(await desk.timeout(5000).emitWithAck("open ticket", { title: "no" }));
  } catch (refusal) {
    print({ thrown: refusal instanceof RefusedError && [refusal.code, refusal.details] });
  }
  print({ callback: await new Promise((resolve) => desk.emit("both", "a", (...answer) => resolve(answer))) });
  print({ unasked: (await desk.emitWithAck("move", 1)) ?? null });
  print({ attached: await desk.emitWithAck("attach", { file: new Uint8Array([1, 2, 3]) }), file: (await file).byteLength });
  const exception = new Promise((resolve) => desk.once("exception", resolve));
  desk.emit("open ticket", { title: "no" });
  print({ exception: await exception });

  const room = manager.socket(roomsNamespace({ roomId: "7" })) as RoomsClient;
  const said = await room.emitWithAck("say", "hello");
  print({ said, refusal: isRefusal(await room.emitWithAck("say", "x".repeat(21))) });
  for (const roomId of ["", "a/b", "a,b", "a?b", "a#b"]) {
    try {
      print({ namespace: roomsNamespace({ roomId }) });
    } catch (wrong) {
      print({ wrong: wrong instanceof RangeError });
    }
  }
  desk.disconnect();
  room.disconnect();
}

void main();
setTimeout(() => { console.error("nothing more was heard"); process.exit(1); }, 30000).unref();
