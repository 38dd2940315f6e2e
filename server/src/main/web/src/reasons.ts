/** Reason Codes of MQTT 5.0 that a person may meet here, and the return codes of 3.1.1, in plain words. */
const WORDS: Readonly<Record<number, string>> = {
  0x01: "the broker does not speak this version of the protocol",
  0x02: "the client id is not allowed",
  0x03: "the broker is not available",
  0x04: "the token is not accepted; it may have ended",
  0x05: "the token does not allow this",
  0x10: "nobody is subscribed to this topic",
  0x80: "the broker refused it without saying why",
  0x81: "the packet is malformed",
  0x82: "protocol error",
  0x84: "the broker does not speak this version of the protocol",
  0x85: "the client id is not allowed",
  0x86: "the token is not accepted; it may have ended",
  0x87: "no policy allows it",
  0x88: "the broker is not available",
  0x89: "the broker is busy; try again later",
  0x8b: "the broker is shutting down",
  0x8d: "the connection was silent for too long",
  0x8e: "another connection uses this client id now",
  0x8f: "the topic filter is not valid",
  0x90: "the topic is not valid",
  0x93: "too many messages at once",
  0x95: "the message is larger than the broker takes",
  0x97: "a quota is used up",
  0x98: "an administrator ended the connection",
  0x9a: "the broker keeps no retained messages",
  0x9f: "too many clients connect at once",
  0xa0: "the token has ended",
};

/** What will have passed when the same client tries again: the broker starts, is busy, ends, has failed, or heard nothing for a while. */
const PASSING: ReadonlySet<number> = new Set([0x03, 0x80, 0x88, 0x89, 0x8b, 0x8d, 0x97, 0x9f]);

export const passes = (code: number): boolean => PASSING.has(code);

/** Refusals of a token, and the end of one. */
const OF_TOKEN: ReadonlySet<number> = new Set([0x04, 0x86, 0xa0]);

export const isOfToken = (code: number): boolean => OF_TOKEN.has(code);

/** These say too little: the broker's own Reason String, if there is one, says which policy, credential or limit it was. */
const VAGUE: ReadonlySet<number> = new Set([0x80, 0x81, 0x82, 0x83, 0x87, 0x97, 0x98]);

/** @param said the Reason String that came with it */
export function reason(code: number, said?: string): string {
  if (said && VAGUE.has(code)) {
    return said;
  }
  return WORDS[code] ?? `reason 0x${code.toString(16).padStart(2, "0")}`;
}

/** The Reason Code or return code of an error that the broker sent. */
export function codeOf(error: unknown): number | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "number" && code > 0 ? code : undefined;
}

/** The Reason Code or return code in the SUBACK for one filter; undefined if none came. */
export function refusalOf(error: unknown): number | undefined {
  const code = (error as { packet?: { granted?: readonly unknown[] } } | null)?.packet?.granted?.[0];
  return typeof code === "number" ? code : undefined;
}

/** What went wrong, in words. */
export function explain(error: unknown): string {
  const code = codeOf(error);
  if (code !== undefined) {
    return reason(code);
  }
  return error instanceof Error && error.message ? error.message : "the connection failed";
}
