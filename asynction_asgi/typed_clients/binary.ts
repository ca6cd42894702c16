
type BlobLike = typeof globalThis extends { Blob: { prototype: infer B } } ? B : never;
/** Bytes as they arrive: an ArrayBuffer in browsers, a Buffer in Node. */
export type Binary = ArrayBuffer | Uint8Array;
/** Bytes that can be sent. */
export type SentBinary = ArrayBuffer | ArrayBufferView | BlobLike;
