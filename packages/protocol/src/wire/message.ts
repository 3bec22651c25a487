/** What generated messages, codecs and method tables look like. */

/**
 * What an encoder takes for a message: any of its fields; one left out has its default.
 * Byte fields are copied by the encoder.
 */
export type Init<T> = T extends Uint8Array | string | number | bigint | boolean | undefined
  ? T
  : T extends readonly (infer Item)[]
    ? readonly Init<Item>[]
    : { readonly [Field in keyof T]?: Init<T[Field]> | undefined };

/** Both directions of one message. */
export interface MessageCodec<T> {
  encode(message: Init<T>): Uint8Array;
  /** Byte fields are views of `bytes`; whoever keeps one longer copies it. Throws `ProtoError`. */
  decode(bytes: Uint8Array): T;
}

/** One method of a service. */
export interface MethodShape<Request, Response> {
  /** `/package.Service/Method` */
  readonly path: string;
  readonly kind: 'unary' | 'serverStream' | 'clientStream' | 'bidi';
  readonly request: MessageCodec<Request>;
  readonly response: MessageCodec<Response>;
}
