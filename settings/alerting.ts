/** Who is told of alerts: the fields, and what they owe each other. Pure. */
import { z } from "zod";
import type { Fault } from "./faults.ts";
import { flag, text } from "./fields.ts";
import type { Parsed } from "./schema.ts";
import type { Path } from "./tree.ts";

/**
 * Secrets of Pulumi's own, as the cloud's keys are: `pulumi config set --secret alertSmtpPassword`. The
 * webhook's URL is one because most carry a token.
 */
export const alertKeys: readonly string[] = ["alertSmtpPassword", "alertWebhookUrl"];

const expectedAddresses =
  "expected mail addresses with commas between them, such as ops@example.org";
const addresses = text("ops@example.org", expectedAddresses, (given) =>
  given === "" || given.split(",").every((one) => /^\s*[^\s@,<>]+@[^\s@,<>]+\s*$/.test(one))
    ? undefined
    : expectedAddresses,
);

const expectedHost = "expected the mail server as host:port, such as smtp.example.org:587";
const smarthost = text("smtp.example.org:587", expectedHost, (given) => {
  if (given === "") return undefined;
  const [, port] = /^[A-Za-z0-9][A-Za-z0-9.-]*:(\d{1,5})$/.exec(given) ?? [];
  return port === undefined || Number(port) > 65_535 || Number(port) === 0
    ? expectedHost
    : undefined;
});

const expectedUrl = "expected http://… or https://…, or an empty text";
/** Where a sign of life goes each minute. */
const url = text("https://hc-ping.com/your-check", expectedUrl, (given) => {
  if (given === "") return undefined;
  return /^https?:\/\/[^\s/]+(\/\S*)?$/.test(given) && URL.canParse(given)
    ? undefined
    : expectedUrl;
});

export const alerting = z.strictObject({
  email: z.strictObject({
    to: addresses,
    from: addresses,
    smarthost,
    username: text("holdfast", "expected a text", () => undefined),
    requireTls: flag(true),
  }),
  webhook: flag(true),
  deadMansSwitch: url,
});

export const alertingDefaults = {
  email: { to: "", from: "", smarthost: "", username: "", requireTls: true },
  webhook: false,
  deadMansSwitch: "",
};

const at = (...keys: string[]): Path => ["alerting", ...keys];

/**
 * Every contradiction in `alerting`.
 *
 * @param keys those of `alertKeys` that the stack has, as secrets
 */
export function* alertingFaults({ alerting }: Parsed, keys: readonly string[]): Generator<Fault> {
  const { email, webhook } = alerting;
  const involves = [at("email", "to")];
  const wanted = [
    ["from", "holdfast@example.org"],
    ["smarthost", "smtp.example.org:587"],
  ] as const;
  for (const [key, value] of wanted) {
    if (email.to === "" || email[key] !== "") continue;
    const path = at("email", key);
    const problem = `mail to alerting.email.to needs it; for example ${value}`;
    yield { path, problem, mend: { set: { path, value } }, involves };
  }
  if (email.to === "" && (email.smarthost !== "" || email.from !== "")) {
    const path = at("email", "to");
    const problem = "a mail server, and nobody to write to";
    yield { path, problem, mend: { set: { path, value: "ops@example.org" } } };
  }
  const needed = [
    [email.to !== "" && email.username !== "", "alertSmtpPassword", at("email", "username")],
    [webhook, "alertWebhookUrl", at("webhook")],
  ] as const;
  for (const [isNeeded, key, path] of needed) {
    if (isNeeded === keys.includes(key)) continue;
    yield isNeeded
      ? { path, problem: `needs the secret ${key}`, mend: { secrets: [key] } }
      : {
          path: [key],
          keyOnly: true,
          problem: `nothing uses it: ${path.join(".")} is not set`,
          mend: { remove: [key] },
        };
  }
}
