/** The application's settings: the shop in app/, or an application of one's own. Pure. */
import { z } from "zod";
import type { Fault } from "./faults.ts";
import { image, text, wholeNumber } from "./fields.ts";
import type { Path, Tree } from "./tree.ts";

/** A folder, or none. */
export const folder = text(
  "",
  "expected a folder, absolute or relative to the repository, or an empty text",
  (given) =>
    given.trim() === given && !/[\p{Cc}]/u.test(given)
      ? undefined
      : "expected a folder without blanks around it or control characters",
);

/** What HAProxy's configuration, Prometheus and a shell take as it is. */
const pathPattern = /^\/[A-Za-z0-9._~/-]{0,199}$/;

function path(example: string, empty: "" | ", or an empty text for none") {
  const expected = `expected a path such as "${example}": a slash, then letters, digits and . _ ~ / -${empty}`;
  return text(example, expected, (given) =>
    pathPattern.test(given) || (given === "" && empty !== "") ? undefined : expected,
  );
}

/** A program and its arguments, a list entry each. */
const words = z.array(
  text(undefined, "expected one word of the command, a program or an argument", (given) =>
    given === "" || /[\p{Cc}]/u.test(given)
      ? "empty, or with a control character in it; one word of the command, please"
      : undefined,
  ),
);

/** The fields that say which application it is, and what it is like. */
export const applicationFields = {
  image: image("registry.example.com/team/app:1.0", ""),
  context: folder,
  port: wholeNumber(1, 65_535, 8000),
  healthPath: path("/healthz", ""),
  health: words,
  migrate: words,
  metricsPath: path("/metrics", ", or an empty text for none"),
};

interface Parsed {
  readonly image: string;
  readonly context: string;
  readonly port: number;
  readonly healthPath: string;
  readonly health: readonly string[];
  readonly migrate: readonly string[];
  readonly metricsPath: string;
}

/** What the shop is like, and no setting changes. */
const shop = {
  port: 8000,
  healthPath: "/healthz",
  health: ["holdfast-health"],
  migrate: ["holdfast-migrate"],
  metricsPath: "/metrics",
} as const;

/** An application of one's own is not known to have anything but a port and a health path. */
const unknown = { ...shop, health: [], migrate: [], metricsPath: "" };

/** These fields alone, of a group that has more. */
export function applicationOf(group: Parsed): Parsed {
  const { image, context, port, healthPath, health, migrate, metricsPath } = group;
  return { image, context, port, healthPath, health, migrate, metricsPath };
}

/** Whether the application is the shop in app/, and not one of the user's own. */
export function isShop({ image, context }: Pick<Parsed, "image" | "context">): boolean {
  return image === "" && context === "";
}

/** The defaults that depend on whose application it is. */
export function applicationDefaults(given: unknown): Tree {
  const { image = "", context = "" } = (given ?? {}) as Partial<Parsed>;
  return isShop({ image, context }) ? shop : unknown;
}

/**
 * How the application's settings contradict each other, or the disk.
 *
 * @param isFile whether a path below a context is a file
 */
export function applicationFaults(
  application: Parsed,
  isFile: (context: string, name: string) => boolean,
): Fault[] {
  const { image, context } = application;
  const contextPath = ["application", "context"];
  if (isShop(application)) {
    return shopFaults(application);
  }
  if (image !== "" && context !== "") {
    const problem = `and application.image = ${JSON.stringify(image)}: the application is either an image that exists or a folder to build; keep one`;
    return [{ path: contextPath, problem, mend: { remove: contextPath } }];
  }
  if (context !== "" && !isFile(context, "Dockerfile")) {
    const where = context.startsWith("/") ? "" : " in the repository";
    const problem = `no file ${context.replace(/\/+$/, "")}/Dockerfile${where}; name the folder that holds it (the example: docs/examples/own-app), or take the key out for the shop`;
    return [{ path: contextPath, problem, mend: { remove: contextPath } }];
  }
  return [];
}

/** Settings that say what another application is like would only break the shop. */
function shopFaults(application: Parsed): Fault[] {
  return (Object.keys(shop) as (keyof typeof shop)[]).flatMap((key): Fault[] => {
    const own = shop[key];
    if (JSON.stringify(application[key]) === JSON.stringify(own)) return [];
    const path: Path = ["application", key];
    const problem = `the shop's is ${JSON.stringify(own)}; others are for an application of one's own, named by application.image or application.context`;
    return [{ path, problem, mend: { remove: path } }];
  });
}
