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
