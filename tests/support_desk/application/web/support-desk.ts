// Made by "asynction-asgi client" from "Support desk 1.0.0". Do not edit: changes are overwritten.
/* eslint-disable */
import type { ManagerOptions, Socket, SocketOptions } from "socket.io-client";

/** The path of the server: the option `path` of `io()`. */
export const path = "/desk/socket.io";

/** What a refusal is for; handlers have codes of their own as well. */
export type RefusalCode =
  | "invalid_payload"
  | "unknown_event"
  | "reserved_event"
  | "invalid_ack"
  | "invalid_handshake"
  | "unauthorized"
  | "forbidden"
  | "rate_limited"
  | "payload_too_large"
  | "timeout"
  | "unavailable"
  | "internal_error"
  | (string & {});

/** One place where a value does not match the contract. */
export interface RefusalDetail {
  /** JSON Pointer into the list of arguments, such as `/0/text`. */
  pointer: string;
  keyword: string;
  message: string;
}

/** Why the server refused. */
export interface RefusalError {
  code: RefusalCode;
  message: string;
  details?: RefusalDetail[];
  /** Seconds after which to try again, where a rate was exceeded. */
  retryAfter?: number;
  /** Finds the line in the server's log. */
  ref?: string;
}

/** What the server answers in place of an acknowledgement if it refuses an event. */
export interface Refusal {
  error: RefusalError;
}

/** A refusal as an exception; see `answered`. */
export class RefusedError extends Error {
  readonly code: RefusalCode;
  readonly details: RefusalDetail[];
  /** Seconds after which to try again, where a rate was exceeded. */
  readonly retryAfter: number | undefined;
  readonly ref: string | undefined;

  constructor(error: RefusalError) {
    super(error.message);
    this.name = "RefusedError";
    this.code = error.code;
    this.details = error.details ?? [];
    this.retryAfter = error.retryAfter;
    this.ref = error.ref;
  }
}

/** Whether an answer is a refusal. */
export function isRefusal(answer: unknown): answer is Refusal {
  const error: unknown = (answer as { error?: unknown } | null | undefined)?.error;
  return typeof error === "object" && error !== null && typeof (error as { code?: unknown }).code === "string";
}

/** The answer, unless it is a refusal, which is thrown as a `RefusedError`. */
export function answered<T>(answer: T): Exclude<T, Refusal> {
  if (isRefusal(answer)) throw new RefusedError(answer.error);
  return answer as Exclude<T, Refusal>;
}

/** Why the server refused the connection, from the error of `connect_error`; undefined if it was not the server. */
export function connectRefusal(error: Error): RefusalError | undefined {
  const data: unknown = (error as { data?: unknown }).data;
  return isRefusal({ error: data }) ? (data as RefusalError) : undefined;
}

type Listeners = { [event: string]: any };
type Arguments<E, K extends keyof E> = E[K] extends (...args: infer P extends any[]) => any ? P : never;
type Sent<P extends any[]> = P extends [...infer H, (...answer: any[]) => void] ? H : P;
type Answer<P extends any[]> = P extends [...any[], (...answer: infer A extends any[]) => void]
  ? A[0]
  : Refusal | undefined;

interface Asking<E> {
  emit<K extends keyof E & string>(event: K, ...args: Arguments<E, K> | Sent<Arguments<E, K>>): this;
  emitWithAck<K extends keyof E & string>(event: K, ...args: Sent<Arguments<E, K>>): Promise<Answer<Arguments<E, K>>>;
}

/** A socket that knows the contract; what `io()` returns is assigned to it. `S` is received, `C` is sent. */
export type Contract<S extends Listeners, C extends Listeners> = Asking<C> & {
  timeout(milliseconds: number): Pick<Asking<C>, "emitWithAck"> & ReturnType<Socket<S, C>["timeout"]>;
} & Socket<S, C>;

export interface NewTicket {
  /** 3 to 100 characters. */
  title: Title;
  priority?: Priority;
}

/** 3 to 100 characters. */
export type Title = string;

export type Priority = "urgent" | "normal" | "low";

export interface Ticket {
  /** At least 1. */
  number: number;
  /** 3 to 100 characters. */
  title: Title;
  priority: Priority;
  customer: string;
  state: "open" | "closed";
  /** Format date-time. */
  opened: string;
}

export interface Reply {
  ticket: number;
  author: string;
  text: string;
}

/** The namespace `/`. */
export const namespace = "/";

/** What clients may emit in the namespace `/`. */
export interface ClientToServerEvents {
  /** Opens a ticket. */
  "open ticket": (newTicket: NewTicket, ack: (ticket: Ticket | Refusal) => void) => void;
  /** Returns the tickets of the customer, the newest first. */
  "my tickets": (ack: (items: Ticket[] | Refusal) => void) => void;
  /** Answers a ticket; its customer and all agents see it. */
  reply: (number: number, text: string) => void;
  /** Closes a ticket, which only agents may do. */
  "close ticket": (number: number, ack: (ticket: Ticket | Refusal) => void) => void;
}

/** What the server may emit in the namespace `/`. */
export interface ServerToClientEvents {
  /** The open tickets, for agents; the oldest first. */
  queue: (items: Ticket[]) => void;
  replied: (reply: Reply) => void;
  closed: (ticket: Ticket) => void;
  /** A refusal of an event that was emitted without a callback. */
  exception: (refusal: Refusal & { event: string }) => void;
}

/** The auth object of a connection, with its credentials. */
export type Auth = { token: string };

/** Options of `io()`, with what this namespace asks for. */
export type ConnectOptions = Omit<Partial<ManagerOptions & SocketOptions>, "path" | "auth"> & {
  path: string;
  auth?: Auth | ((done: (auth: Auth) => void) => void);
};

/** The socket of a client: declare what `io()` returns as one. */
export type Client = Contract<ServerToClientEvents, ClientToServerEvents>;
