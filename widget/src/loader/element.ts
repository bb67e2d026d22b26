/** Builds elements node by node, without parsing markup, so that every content security policy allows it. */

/** Creates an element with these attributes. */
export function createElement<T extends keyof HTMLElementTagNameMap>(
  tag: T,
  attributes: Record<string, string>,
): HTMLElementTagNameMap[T] {
  return setAttributes(document.createElement(tag), attributes);
}

/** Creates an icon of 24 × 24 units from an SVG path. `className` names it for the stylesheet. */
export function createIcon(path: string, className: string): Element {
  const createSvg = (tag: string) => document.createElementNS("http://www.w3.org/2000/svg", tag);
  const svg = setAttributes(createSvg("svg"), { viewBox: "0 0 24 24", class: className, "aria-hidden": "true" });
  svg.append(setAttributes(createSvg("path"), { d: path }));
  return svg;
}

/**
 * Sets inline style properties with `!important`, so that the page's stylesheets cannot override them. Content policies
 * allow this; they may forbid a `style` attribute.
 */
export function setStyles(element: HTMLElement, styles: Record<string, string>): void {
  for (const [name, value] of Object.entries(styles)) element.style.setProperty(name, value, "important");
}

function setAttributes<E extends Element>(element: E, attributes: Record<string, string>): E {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}
