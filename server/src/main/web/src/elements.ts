/** The element of the page with this id; that it is missing can only be a mistake in index.html. */
export function element<T extends HTMLElement>(id: string, type: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof type)) {
    throw new Error(`the page has no ${type.name} "${id}"`);
  }
  return found;
}

export const input = (id: string) => element(id, HTMLInputElement);
export const button = (id: string) => element(id, HTMLButtonElement);

/** An element with text. Text is never read as markup: what is shown comes from strangers. */
export function text<K extends keyof HTMLElementTagNameMap>(tag: K, content: string): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  made.textContent = content;
  return made;
}

/** Calls the action instead of sending the form anywhere. */
export function onSubmit(id: string, action: () => void): void {
  element(id, HTMLFormElement).addEventListener("submit", (event) => {
    event.preventDefault();
    action();
  });
}
