import mqtt, { type IClientOptions, type MqttClient } from "mqtt";
import { filterProblem, publishBytes, PUBLISH_BYTES_MAX, topicProblem } from "./packets";
import { codeOf, explain, isOfToken, passes, reason, refusalOf } from "./reasons";

export type Qos = 0 | 1 | 2;

export interface Received {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: Qos;
  readonly retain: boolean;
}

/** What came of a SUBSCRIBE: the granted QoS; or why there is none, and whether the broker has answered so. */
export type Grant = { readonly qos: Qos } | { readonly why: string; readonly isRefusal: boolean };

/** Why a PUBLISH was not acknowledged; the broker may have published it all the same, unless it is certain that it has not. */
export interface Failure {
  readonly why: string;
  readonly isCertain: boolean;
}

/** What the page wants to hear; all calls come on the page's only thread. */
export interface Listener {
  /** There are no subscriptions yet, after an interruption neither. */
  connected(): void;
  /** The connection was lost, with the reason in words if it is known; another attempt follows by itself. */
  interrupted(why: string | undefined): void;
  /** An attempt got no connection; another follows by itself. */
  unreachable(why: string): void;
  /** For good, with the reason in words, undefined if it was asked for; and whether the reason is the token. */
  ended(why: string | undefined, isOfToken: boolean): void;
  received(message: Received): void;
}

const HINT =
  "if the broker runs, a proxy in between must pass WebSockets on to it, with the header Host as it came, or the listener's " +
  `allowed-origins must have ${location.origin}`;

/** Before the first attempt to connect again, and at most. */
const PAUSE_MILLIS = 2_000;
const PAUSE_MILLIS_MAX = 15_000;

/** How long the broker may take to hear a DISCONNECT. */
const GOODBYE_MILLIS = 2_000;

/** A page that is looked at asks the broker for a sign of life when none has come for that long, and gives it this time. */
const SILENCE_MILLIS = 20_000;
const ANSWER_MILLIS = 5_000;

/** Milliseconds before the next attempt; left to chance, for the pages that a broker had would else come back to it all at once. */
const pause = (attempts: number) => Math.min(PAUSE_MILLIS * 2 ** attempts, PAUSE_MILLIS_MAX) * (0.5 + Math.random() / 2);

/** Where the listener that served this page has its WebSocket. */
function address(): string {
  const path = document.documentElement.dataset["mqttPath"] ?? "/mqtt";
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  return `${scheme}://${location.host}${path.split("/").map(encodeURIComponent).join("/")}`;
}

/** One connection to the broker that served this page. */
export class Connection {
  readonly #client: MqttClient;
  readonly #version: 4 | 5;
  /** Each settles a PUBLISH that is neither sent nor acknowledged yet; it is told whether the connection ends as the user wished. */
  readonly #unsettled = new Set<(isAsked: boolean) => void>();
  #why: string | undefined;
  #isOfToken = false;
  /** The Reason String of the CONNACK or DISCONNECT that is being handled. */
  #said: string | undefined;
  /** In this attempt. */
  #wasConnected = false;
  /** Since there was a connection. */
  #attempts = 0;
  #hasEnded = false;
  /** Runs while the broker owes a sign of life. */
  #answerTimer: ReturnType<typeof setTimeout> | undefined;
  #wasHeard = false;
  readonly #watch = new AbortController();

  /** @throws if the browser opens no WebSocket to this address */
  constructor(token: string, clientId: string, version: 4 | 5, listener: Listener) {
    this.#version = version;
    const url = address();
    const options: IClientOptions = {
      clientId,
      protocolVersion: version,
      clean: true,
      // MQTT.js would tell nobody what the broker refuses then, and would subscribe even to what it has said has failed.
      resubscribe: false,
      // MQTT 3.1.1 allows a password only beside a user name, MQTT.js in 5.0 too. An empty one claims nothing.
      username: "",
      password: token as unknown as NonNullable<IClientOptions["password"]>,
      // Browsers let a hidden page's timers fire once a minute only: longer than that, so that a page in the background stays connected.
      keepalive: 180,
      // The other kinds of timer need a worker made of text, which this page's Content-Security-Policy forbids.
      timerVariant: "native",
      connectTimeout: 10_000,
      reconnectPeriod: pause(0),
      reconnectOnConnackError: true,
      // MQTT.js makes a URL of the parts again, and forgets the brackets of an IPv6 address.
      transformWsUrl: () => url,
    };
    this.#client = mqtt.connect(url, options);
    this.#client.on("connect", () => {
      this.#wasConnected = true;
      this.#why = undefined;
      this.#attempts = 0;
      this.#client.options.reconnectPeriod = pause(0);
      listener.connected();
    });
    this.#client.on("reconnect", () => {
      this.#attempts++;
      this.#client.options.reconnectPeriod = pause(this.#attempts); // for the attempt after this one
    });
    this.#client.on("message", (topic, payload, packet) =>
      listener.received({ topic, payload, qos: packet.qos, retain: packet.retain }),
    );
    this.#client.on("error", (error) => {
      const code = codeOf(error);
      if (code === undefined && this.#client.reconnecting) {
        return; // An answer is late, and MQTT.js tries again.
      }
      this.#failed(code === undefined ? explain(error) : reason(code, this.#said), code);
    });
    this.#client.on("disconnect", (packet) => {
      const code = packet.reasonCode ?? 0;
      this.#failed(reason(code, this.#said), code);
    });
    this.#client.on("end", () => this.#ended(listener));
    this.#client.on("packetreceive", (packet) => {
      this.#hear();
      this.#said = packet.cmd === "connack" || packet.cmd === "disconnect" ? packet.properties?.reasonString : undefined;
    });
    this.#client.on("close", () => {
      this.#hear();
      this.#giveUp(false);
      if (this.#client.disconnecting || this.#client.disconnected) {
        this.#ended(listener);
        return;
      }
      if (this.#wasConnected) {
        listener.interrupted(this.#why);
      } else {
        listener.unreachable(this.#why ?? `no connection to ${url}; ${HINT}`);
      }
      this.#wasConnected = false;
      this.#why = undefined;
    });
    this.#watchNetwork();
  }

  /**
   * Where the network goes without a word, the browser says nothing, and MQTT.js notices only after one and a half Keep Alives. Whoever
   * looks at the page, or comes back to it, shall not read "Connected" until then.
   */
  #watchNetwork(): void {
    const { signal } = this.#watch;
    const lookedAt = () => document.visibilityState === "visible";
    const ask = () => this.#ask();
    addEventListener("online", ask, { signal });
    addEventListener("offline", ask, { signal }); // The broker may be on this very machine: it is asked.
    document.addEventListener("visibilitychange", () => lookedAt() && ask(), { signal });
    const silence = setInterval(() => {
      if (lookedAt() && !this.#wasHeard) {
        ask();
      }
      this.#wasHeard = false;
    }, SILENCE_MILLIS);
    signal.addEventListener("abort", () => clearInterval(silence));
  }

  #ask(): void {
    if (!this.#client.connected || this.#client.disconnecting || this.#answerTimer !== undefined) {
      return;
    }
    const asked = performance.now();
    this.#client.sendPing();
    this.#answerTimer = setTimeout(() => {
      this.#answerTimer = undefined;
      if (performance.now() - asked > 2 * ANSWER_MILLIS) {
        this.#ask(); // The page had stood still itself, and what has come meanwhile is not read yet.
      } else {
        this.#client.stream.destroy();
      }
    }, ANSWER_MILLIS);
  }

  #hear(): void {
    this.#wasHeard = true;
    clearTimeout(this.#answerTimer);
    this.#answerTimer = undefined;
  }

  /**
   * The next connection has a new session: what MQTT.js sent again there would be published twice. In MQTT 3.1.1 a PUBLISH that no policy
   * allows would end each connection anew.
   */
  #giveUp(isAsked: boolean): void {
    for (const settle of this.#unsettled) {
      settle(isAsked);
    }
    for (const packetId of Object.keys(this.#client.outgoing)) {
      this.#client.removeOutgoingMessage(Number(packetId));
    }
  }

  /** What does not pass ends the connection: the same token and client id would be refused again. */
  #failed(why: string, code: number | undefined): void {
    if (this.#client.disconnecting) {
      return; // What comes after the end, such as an acknowledgement that can no longer be written, is no reason for it.
    }
    this.#why = why;
    if (code === undefined || !passes(code)) {
      this.#isOfToken = code !== undefined && isOfToken(code);
      this.#giveUp(false);
      this.#client.end(true);
    }
  }

  end(): void {
    if (this.#client.disconnecting) {
      return;
    }
    this.#why = undefined;
    this.#giveUp(true); // MQTT.js would wait for what is not acknowledged.
    // Without a connection there is nobody to say goodbye to, and MQTT.js would wait for one.
    this.#client.end(!this.#client.connected);
    // Where the network has gone without a word nothing answers.
    setTimeout(() => this.#client.stream.destroy(), GOODBYE_MILLIS);
  }

  /** Between two attempts MQTT.js emits "end" alone, else "close" first; a connection ends once. */
  #ended(listener: Listener): void {
    if (!this.#hasEnded) {
      this.#hasEnded = true;
      this.#hear();
      this.#watch.abort();
      listener.ended(this.#why, this.#isOfToken);
    }
  }

  /** @returns undefined if the connection ends, which tells why itself */
  async subscribe(filter: string, qos: Qos): Promise<Grant | undefined> {
    const problem = filterProblem(filter);
    if (problem !== undefined) {
      return { why: problem, isRefusal: false };
    }
    try {
      const grants = await this.#client.subscribeAsync(filter, { qos });
      return { qos: (grants[0]?.qos ?? qos) as Qos };
    } catch (error) {
      if (this.#client.disconnecting) {
        return undefined;
      }
      const code = refusalOf(error);
      return code === undefined ? { why: explain(error), isRefusal: false } : { why: reason(code), isRefusal: true };
    }
  }

  /** Without a connection there is nothing to do: the next one begins without subscriptions. */
  async unsubscribe(filter: string): Promise<void> {
    if (this.#client.connected) {
      await this.#client.unsubscribeAsync(filter).catch(() => undefined); // The subscription has ended with the connection.
    }
  }

  /** @returns why it failed, undefined if it did not; for QoS 1 and 2 after the broker's acknowledgement */
  publish(topic: string, payload: string, qos: Qos, retain: boolean): Promise<Failure | undefined> {
    const bytes = publishBytes(topic, payload, qos, this.#version);
    const problem = topicProblem(topic) ?? this.#sizeProblem(bytes);
    if (problem !== undefined) {
      return Promise.resolve({ why: problem, isCertain: true });
    }
    return new Promise((resolve) => {
      const giveUp = (isAsked: boolean) => {
        // MQTT 3.1.1 has no way to refuse a PUBLISH but to close the connection.
        const refused =
          this.#version === 4 && !isAsked ? `, or it was refused: maybe no policy allows it, or ${bytes} bytes are too many` : "";
        settle({ why: `the connection ended before the broker acknowledged this; it may have been published${refused}`, isCertain: false });
      };
      const settle = (failure: Failure | undefined) => {
        this.#unsettled.delete(giveUp);
        resolve(failure);
      };
      this.#unsettled.add(giveUp);
      this.#client.publish(topic, payload, { qos, retain }, (error) =>
        settle(error ? { why: explain(error), isCertain: true } : undefined),
      );
    });
  }

  /** The broker ends a connection for a packet that is too large; in MQTT 3.1.1 it does not say beforehand what is. */
  #sizeProblem(bytes: number): string | undefined {
    const max = this.#client.serverProperties?.maximumPacketSize ?? PUBLISH_BYTES_MAX;
    return bytes > max ? `it would be a packet of ${bytes} bytes, and the broker takes ${max}` : undefined;
  }
}
