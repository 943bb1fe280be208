/** `.dockerignore` as Docker reads it, without its rarer escapes. Pure. */

/**
 * Which paths of a build context the list keeps from Docker: of the lines that name a path or a
 * folder above it, the last one counts.
 *
 * @param text the file's text
 */
export function ignoredBy(text: string): (path: string) => boolean {
  const rules = text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => ({ keep: line.startsWith("!"), pattern: patternOf(line.replace(/^!\s*/, "")) }));
  return (path) => {
    const hit = rules.findLast(({ pattern }) => pattern.test(path));
    return hit !== undefined && !hit.keep;
  };
}

/** `*` and `?` stay within one name, `**` crosses folders; what is below a match matches too. */
function patternOf(line: string): RegExp {
  const clean = line.replace(/^(\.?\/)+|\/+$/g, "");
  const source = clean
    .split(/(\*\*\/|\*\*|\*|\?|\[[^\]]+\])/)
    .map((part) => WILDCARDS[part] ?? (/^\[[^\]]+\]$/.test(part) ? part : escaped(part)))
    .join("");
  return new RegExp(`^${source}(/.*)?$`);
}

const WILDCARDS: Readonly<Record<string, string>> = {
  "**/": "(.*/)?",
  "**": ".*",
  "*": "[^/]*",
  "?": "[^/]",
};

function escaped(text: string): string {
  return text.replace(/[.+^${}()|[\]\\]/g, "\\$&");
}
