/** What can be a packet at all: MQTT.js sends what is none, and the broker ends the connection for it. */

/** Bytes of a string in any packet. */
const STRING_BYTES_MAX = 65_535;

/** Bytes of the largest packet that there can be. */
export const PUBLISH_BYTES_MAX = 268_435_460;

const bytesOf = (text: string) => new TextEncoder().encode(text).length;

function stringProblem(what: string, text: string): string | undefined {
  if (text === "") {
    return `the ${what} is empty`;
  }
  if (text.includes("\0")) {
    return `the ${what} has the character U+0000`;
  }
  const bytes = bytesOf(text);
  return bytes > STRING_BYTES_MAX ? `the ${what} has ${bytes} bytes, and ${STRING_BYTES_MAX} are possible` : undefined;
}

/** Why this cannot be a topic filter, undefined if it can; MQTT.js looks at the wildcards. */
export const filterProblem = (filter: string) => stringProblem("topic filter", filter);

/** Why this cannot be a topic name, undefined if it can. */
export function topicProblem(topic: string): string | undefined {
  return /[#+]/.test(topic) ? "a message goes to one topic, and + and # are wildcards" : stringProblem("topic", topic);
}

/** Bytes of a PUBLISH without properties. */
export function publishBytes(topic: string, payload: string, qos: number, version: 4 | 5): number {
  const packetId = qos === 0 ? 0 : 2;
  const properties = version === 5 ? 1 : 0;
  const remaining = 2 + bytesOf(topic) + packetId + properties + bytesOf(payload);
  const remainingLength = remaining < 128 ? 1 : remaining < 16_384 ? 2 : remaining < 2_097_152 ? 3 : 4;
  return 1 + remainingLength + remaining;
}
