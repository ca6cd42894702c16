// Both sides of the desk, for any page; names and types are those of the document.
import { io } from "socket.io-client";
import { answered, connectRefusal, path, type Client, type Ticket } from "./support-desk.js";

export function connect(url: string, token: string, refused: (why: string) => void): Client {
  const desk: Client = io(url, { path, auth: { token } });
  desk.on("connect_error", (error) => refused(connectRefusal(error)?.message ?? error.message));
  return desk;
}

/** Opens a ticket; throws a RefusedError if the desk does not take it. */
export async function open(desk: Client, title: string): Promise<Ticket> {
  return answered(await desk.emitWithAck("open ticket", { title, priority: "urgent" }));
}

export function answerAllTickets(desk: Client, text: string): void {
  desk.on("queue", async (tickets) => {
    for (const { number } of tickets) {
      desk.emit("reply", number, text);
      await desk.emitWithAck("close ticket", number);
    }
  });
}
