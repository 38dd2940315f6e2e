import { Connection, type Qos } from "./connection";
import { button, element, input, onSubmit, text } from "./elements";
import { Messages } from "./messages";
import { readToken, takeTokenFromAddress } from "./token";

const status = element("status", HTMLParagraphElement);
const problem = element("problem", HTMLParagraphElement);
const published = element("published", HTMLParagraphElement);
const subscriptions = element("subscriptions", HTMLUListElement);
const messages = new Messages();

let connection: Connection | undefined;
/** A link with another token was opened, and the connection with the one before has not ended yet. */
let isReplacing = false;
/** Topic filters in force and where they are shown. MQTT.js subscribes to them again after an interruption. */
const filters = new Map<string, HTMLLIElement>();

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

function complain(words: string | undefined): void {
  problem.hidden = words === undefined;
  problem.textContent = words === undefined ? "" : sentence(words);
  problem.scrollIntoView({ block: "nearest" });
}

const sentence = (words: string) => words.charAt(0).toUpperCase() + words.slice(1) + (words.endsWith(".") ? "" : ".");

const qosOf = (id: string) => Number(element(id, HTMLSelectElement).value) as Qos;

function connect(): void {
  const token = input("token").value.trim();
  const content = readToken(token);
  if (content === undefined) {
    complain("this is no token: it should be three parts of letters and digits with dots between them");
    return;
  }
  if (content.expires !== undefined && content.expires.getTime() < Date.now()) {
    complain(`this token has ended at ${content.expires.toLocaleString()}; make a new one`);
    return;
  }
  complain(undefined);
  const who = content.subject === undefined ? "" : ` as ${content.subject}`;
  const until = content.expires === undefined ? "" : ` until ${content.expires.toLocaleTimeString()}`;
  const version = element("version", HTMLSelectElement).value === "4" ? 4 : 5;
  connection = new Connection(token, input("client-id").value, version, {
    connected() {
      complain(undefined);
      show("online", `Connected${who}${until}`);
    },
    interrupted(why) {
      complain(why);
      show("waiting", "Connection lost, trying again");
    },
    unreachable(why) {
      complain(why);
      show("waiting", "No connection yet, trying again");
    },
    ended(why) {
      connection = undefined;
      filters.clear();
      subscriptions.replaceChildren();
      complain(why);
      show("offline", "Not connected");
      if (isReplacing) {
        isReplacing = false;
        connect();
      }
    },
    received(message) {
      messages.add(message);
    },
  });
  show("waiting", "Connecting");
}

/** Connects with the token in the address, if there is one, in place of the connection there is. */
function openLink(): void {
  const token = takeTokenFromAddress();
  if (token === undefined) {
    return;
  }
  input("token").value = token;
  if (connection === undefined) {
    connect();
  } else {
    isReplacing = true;
    connection.end();
  }
}

async function subscribe(): Promise<void> {
  const filter = input("filter").value;
  const granted = await connection?.subscribe(filter, qosOf("subscribe-qos"));
  if (granted === undefined) {
    return;
  }
  if (typeof granted === "string") {
    complain(`cannot subscribe to "${filter}": ${granted}`);
    return;
  }
  complain(undefined);
  const entry = document.createElement("li");
  const remove = text("button", "Remove");
  remove.type = "button";
  remove.className = "quiet";
  remove.setAttribute("aria-label", `Remove subscription ${filter}`);
  remove.addEventListener("click", () => void unsubscribe(filter));
  entry.append(text("code", filter), text("span", `QoS ${granted}`), remove);
  const old = filters.get(filter);
  filters.set(filter, entry);
  if (old === undefined) {
    subscriptions.append(entry);
  } else {
    old.replaceWith(entry);
  }
}

async function unsubscribe(filter: string): Promise<void> {
  await connection?.unsubscribe(filter);
  filters.get(filter)?.remove();
  filters.delete(filter);
}

async function publish(): Promise<void> {
  const topic = input("topic").value;
  const qos = qosOf("publish-qos");
  const payload = element("payload", HTMLTextAreaElement).value;
  if (connection === undefined) {
    return;
  }
  const failure = await connection.publish(topic, payload, qos, input("retain").checked);
  published.toggleAttribute("data-failed", failure !== undefined);
  published.textContent =
    failure === undefined
      ? `${qos === 0 ? "Sent" : "Acknowledged"} at ${new Date().toLocaleTimeString()}: ${topic}`
      : `Not published to ${topic}: ${failure}`;
}

onSubmit("connection", connect);
onSubmit("subscription", () => void subscribe());
onSubmit("publication", () => void publish());
button("disconnect").addEventListener("click", () => connection?.end());
button("clear").addEventListener("click", () => messages.clear());

// Not randomUUID, which browsers have only on pages that came over TLS.
input("client-id").value = `browser-${crypto.getRandomValues(new Uint32Array(1)).join()}`;
show("offline", "Not connected");
// A link that is opened in the tab with the page does not load it again.
addEventListener("hashchange", openLink);
openLink();
