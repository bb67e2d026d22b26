/** Making elements by hand: no markup is ever parsed. */

/** A new element with these attributes. */
export function element<T extends keyof HTMLElementTagNameMap>(tag: T, attributes: Record<string, string>): HTMLElementTagNameMap[T] {
  return attributed(document.createElement(tag), attributes);
}

/** The element with these attributes set. */
export function attributed<E extends Element>(on: E, attributes: Record<string, string>): E {
  for (const [name, value] of Object.entries(attributes)) on.setAttribute(name, value);
  return on;
}

/** Sets style properties one by one, above any stylesheet of the page; a content policy allows this, unlike style="…". */
export function style(on: HTMLElement, properties: Record<string, string>): void {
  for (const [name, value] of Object.entries(properties)) on.style.setProperty(name, value, "important");
}
