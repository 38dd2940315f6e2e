import type { Received } from "./connection";
import { element, text } from "./elements";

/** More would make the page slow; the oldest go. */
const SHOWN_MAX = 500;
const PAYLOAD_CHARACTERS_MAX = 10_000;

/** The list of what arrived. */
export class Messages {
  readonly #list = element("messages", HTMLOListElement);
  readonly #count = element("count", HTMLSpanElement);
  readonly #empty = element("empty", HTMLParagraphElement);
  #total = 0;

  add(message: Received): void {
    const entry = document.createElement("li");
    const about = document.createElement("div");
    about.className = "about";
    const now = new Date();
    const time = text("time", now.toLocaleTimeString());
    time.dateTime = now.toISOString();
    about.append(text("code", message.topic), text("span", `QoS ${message.qos}`));
    if (message.retain) {
      about.append(text("span", "retained"));
    }
    about.append(time);
    entry.append(about, text("pre", readable(message.payload)));

    const atEnd = this.#list.scrollHeight - this.#list.scrollTop - this.#list.clientHeight < 40;
    this.#list.append(entry);
    while (this.#list.childElementCount > SHOWN_MAX) {
      this.#list.firstElementChild?.remove();
    }
    if (atEnd) {
      this.#list.scrollTop = this.#list.scrollHeight;
    }
    this.#total++;
    this.#show();
  }

  clear(): void {
    this.#list.replaceChildren();
    this.#total = 0;
    this.#show();
  }

  #show(): void {
    this.#empty.hidden = this.#total > 0;
    const hidden = this.#total > SHOWN_MAX ? `, the last ${SHOWN_MAX} shown` : "";
    this.#count.textContent = this.#total === 0 ? "" : `${this.#total}${hidden}`;
  }
}

/** Text if it is UTF-8, else hexadecimal; the start of it if it is long, which is said then. */
function readable(payload: Uint8Array): string {
  let shown: string;
  let isAll: boolean;
  try {
    const content = new TextDecoder("utf-8", { fatal: true }).decode(payload);
    shown = content.slice(0, PAYLOAD_CHARACTERS_MAX);
    isAll = shown.length === content.length;
  } catch {
    const bytes = payload.subarray(0, PAYLOAD_CHARACTERS_MAX / 3);
    shown = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
    isAll = bytes.length === payload.length;
  }
  return isAll ? shown : `${shown}… (${payload.length} bytes)`;
}
