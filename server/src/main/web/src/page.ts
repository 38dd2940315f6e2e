import { Connection, type Failure, type Listener, type Qos } from "./connection";
import { button, element, input, onSubmit, text } from "./elements";
import { Messages } from "./messages";
import { explain } from "./reasons";
import { readToken, takeTokenFromAddress, type TokenContent } from "./token";

const status = element("status", HTMLParagraphElement);
const problem = element("problem", HTMLParagraphElement);
const published = element("published", HTMLParagraphElement);
const subscriptions = element("subscriptions", HTMLUListElement);
const messages = new Messages();

/** Of a topic in a complaint. */
const TOPIC_CHARACTERS_MAX = 200;

let connection: Connection | undefined;
/** A link with another token was opened, and the connection with the one before has not ended yet. */
let isReplacing = false;
/** Topic filters that the page is subscribed to, or will be again after an interruption: the QoS asked for, and where they are shown. */
const filters = new Map<string, { readonly qos: Qos; readonly entry: HTMLLIElement }>();

function show(state: "offline" | "waiting" | "online", words: string): void {
  status.dataset["state"] = state;
  status.textContent = words;
  const idle = connection === undefined;
  button("connect").disabled = !idle;
  button("disconnect").disabled = idle;
  for (const id of ["token", "client-id"]) {
    input(id).disabled = !idle;
  }
  element("version", HTMLSelectElement).disabled = !idle;
  element("token-hint", HTMLParagraphElement).hidden = !idle;
  button("subscribe").disabled = state !== "online";
  button("publish").disabled = state !== "online";
}

/** Takes the words back if they are undefined. Does not move what the user is reading. */
function complain(words: string | undefined): void {
  const shown = words === undefined ? "" : sentence(words);
  if (shown !== problem.textContent) { // written again, the same would be read aloud again
    problem.hidden = words === undefined;
    problem.textContent = shown;
  }
}

/** Complains of what the user has just done, where it is seen. */
function answer(words: string | undefined): void {
  complain(words);
  problem.scrollIntoView({ block: "nearest" });
}

const sentence = (words: string) => words.charAt(0).toUpperCase() + words.slice(1) + (words.endsWith(".") ? "" : ".");

const qosOf = (id: string) => Number(element(id, HTMLSelectElement).value) as Qos;

/** The date too, if it is not today. */
function timeOf(date: Date): string {
  return date.toDateString() === new Date().toDateString() ? date.toLocaleTimeString() : date.toLocaleString();
}

/**
 * What a token says, if it is one; otherwise the page says that it is none. Whether it has ended is for the broker to tell: this computer's
 * clock may be wrong.
 */
function usable(token: string): TokenContent | undefined {
  const content = readToken(token);
  if (content === undefined) {
    answer("this is no token: it should be three parts of letters and digits with dots between them");
  }
  return content;
}

/** When the token that was refused ended, if this computer's clock explains the refusal. */
function endOf(token: TokenContent): string {
  const hasEnded = token.expires !== undefined && token.expires.getTime() < Date.now();
  return hasEnded ? `; by this computer's clock it ended at ${timeOf(token.expires)}` : "";
}

function connect(): void {
  const token = input("token").value.trim();
  const content = usable(token);
  if (content === undefined) {
    return;
  }
  complain(undefined);
  const who = content.subject === undefined ? "" : ` as ${content.subject}`;
  const until = content.expires === undefined ? "" : ` until ${timeOf(content.expires)}`;
  const version = element("version", HTMLSelectElement).value === "4" ? 4 : 5;
  let tell = answer; // What comes later than the first news is no answer to a click.
  const listener: Listener = {
    connected() {
      tell = complain;
      complain(undefined);
      show("online", `Connected${who}${until}`);
      void subscribeAgainToAll();
    },
    interrupted(why) {
      complain(why);
      show("waiting", "Connection lost, trying again");
    },
    unreachable(why) {
      tell(why);
      tell = complain;
      show("waiting", "No connection, trying again");
    },
    ended(why, isOfToken) {
      connection = undefined;
      filters.clear();
      subscriptions.replaceChildren();
      tell(why !== undefined && isOfToken ? why + endOf(content) : why);
      show("offline", "Not connected");
      if (isReplacing) {
        isReplacing = false;
        connect();
      }
    },
    received(message) {
      messages.add(message);
    },
  };
  try {
    connection = new Connection(token, input("client-id").value, version, listener);
  } catch (error) {
    answer(`cannot connect: ${explain(error)}`);
    return;
  }
  show("waiting", "Connecting");
}

/** It takes a moment, in which nothing more can be sent. */
function disconnect(): void {
  show("waiting", "Disconnecting");
  connection?.end();
}

/** Connects with the token in the address, if there is one, in place of a connection with another token. */
function openLink(): void {
  const token = takeTokenFromAddress();
  if (token === undefined) {
    return;
  }
  if (connection === undefined) {
    input("token").value = token;
    connect();
  } else if (token !== input("token").value.trim() && usable(token) !== undefined) {
    input("token").value = token;
    isReplacing = true;
    disconnect();
  }
}

async function subscribe(): Promise<void> {
  const filter = input("filter").value;
  const qos = qosOf("subscribe-qos");
  const grant = await connection?.subscribe(filter, qos);
  if (grant === undefined) {
    return;
  }
  if ("why" in grant) {
    answer(`cannot subscribe to "${brief(filter)}": ${grant.why}`);
    return;
  }
  complain(undefined);
  list(filter, qos, grant.qos);
}

async function subscribeAgainToAll(): Promise<void> {
  const refusals = await Promise.all([...filters].map(([filter, { qos }]) => subscribeAgain(filter, qos)));
  const words = refusals.filter((refusal) => refusal !== undefined).join(", ");
  if (words !== "") {
    complain(`no longer subscribed to ${words}`);
  }
}

/**
 * What the broker refuses leaves the list; what it does not answer waits for the next connection.
 *
 * @returns the refusal in words, if it is one
 */
async function subscribeAgain(filter: string, qos: Qos): Promise<string | undefined> {
  const grant = await connection?.subscribe(filter, qos);
  if (grant !== undefined && "qos" in grant) {
    list(filter, qos, grant.qos);
  } else if (grant?.isRefusal) {
    drop(filter);
    return `"${filter}" (${grant.why})`;
  }
  return undefined;
}

/** Shows that there is this subscription, in the place of the one before with the same filter. */
function list(filter: string, asked: Qos, granted: Qos): void {
  const entry = document.createElement("li");
  const remove = text("button", "Remove");
  remove.type = "button";
  remove.className = "quiet";
  remove.setAttribute("aria-label", `Remove subscription ${filter}`);
  remove.addEventListener("click", () => void unsubscribe(filter));
  entry.append(text("code", filter), text("span", `QoS ${granted}`), remove);
  const old = filters.get(filter);
  filters.set(filter, { qos: asked, entry });
  if (old === undefined) {
    subscriptions.append(entry);
  } else {
    old.entry.replaceWith(entry);
  }
}

function drop(filter: string): void {
  filters.get(filter)?.entry.remove();
  filters.delete(filter);
}

async function unsubscribe(filter: string): Promise<void> {
  await connection?.unsubscribe(filter);
  drop(filter);
}

async function publish(): Promise<void> {
  const topic = input("topic").value;
  const qos = qosOf("publish-qos");
  const payload = element("payload", HTMLTextAreaElement).value;
  if (connection === undefined) {
    return;
  }
  tellOfPublish(""); // else one would take what came of the message before for what came of this
  const failure = await connection.publish(topic, payload, qos, input("retain").checked);
  if (failure === undefined) {
    tellOfPublish(`${qos === 0 ? "Sent" : "Acknowledged"} at ${new Date().toLocaleTimeString()}: ${brief(topic)}`);
  } else {
    tellOfPublish(`${failure.isCertain ? "Not" : "Maybe not"} published to ${brief(topic)}: ${failure.why}`, failure);
  }
}

function tellOfPublish(words: string, failure?: Failure): void {
  published.toggleAttribute("data-failed", failure !== undefined);
  published.textContent = words;
}

const brief = (text: string) => (text.length > TOPIC_CHARACTERS_MAX ? `${text.slice(0, TOPIC_CHARACTERS_MAX)}…` : text);

onSubmit("connection", connect);
onSubmit("subscription", () => void subscribe());
onSubmit("publication", () => void publish());
button("disconnect").addEventListener("click", disconnect);
button("clear").addEventListener("click", () => messages.clear());

// Not randomUUID, which browsers have only on pages that came over TLS.
input("client-id").value = `browser-${crypto.getRandomValues(new Uint32Array(1)).join()}`;
show("offline", "Not connected");
// A link that is opened in the tab with the page does not load it again.
addEventListener("hashchange", openLink);
openLink();
