/** Text and attributes of an element, escaped for HTML and SVG. Pure. */
export function escaped(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

/** One element; `content` is markup already. Pure. */
export function element(
  name: string,
  attributes: Readonly<Record<string, string | number>>,
  content = "",
): string {
  const written = Object.entries(attributes).map(([key, value]) => {
    return ` ${key}="${escaped(typeof value === "number" ? coordinate(value) : value)}"`;
  });
  return content === ""
    ? `<${name}${written.join("")}/>`
    : `<${name}${written.join("")}>${content}</${name}>`;
}

/** A tenth of a pixel is finer than anybody sees, and shorter to write. Pure. */
export function coordinate(value: number): string {
  return String(Math.round(value * 10) / 10);
}
