import { describe, expect, test } from "vitest";
import { parseSettings, SettingsError } from "../../settings.ts";

type Tree = Record<string, unknown>;
const email = { to: "ops@example.org", from: "a@example.org", smarthost: "smtp.example.org:587" };

function parse(alerting: Tree, secrets: readonly string[] = [], config: Tree = {}) {
  const stored = Object.fromEntries(secrets.map((key) => [key, "hush-hush"]));
  return parseSettings({
    stack: "dev",
    project: "holdfast",
    secrets,
    config: { ...stored, ...config, alerting },
  });
}

/** The text of a refusal. */
function refused(...args: Parameters<typeof parse>): string {
  try {
    parse(...args);
  } catch (error) {
    if (error instanceof SettingsError) return error.message;
    throw error;
  }
  throw new Error("accepted");
}

describe("accepted", () => {
  test("nobody is told by default", () => {
    expect(parse({}).alerting).toEqual({
      email: { to: "", from: "", smarthost: "", username: "", requireTls: true },
      webhook: false,
      deadMansSwitch: "",
    });
    expect(parse({}).monitoring.runbookUrl).toBe("docs/runbooks");
  });

  test.each([
    [{ email }, []],
    [{ email: { ...email, to: "a@b.org, c@d.org" } }, []],
    [{ email: { ...email, username: "u", requireTls: "false" } }, ["alertSmtpPassword"]],
    [{ webhook: true }, ["alertWebhookUrl"]],
    [{ deadMansSwitch: "https://hc.example.org/a/b?c=d" }, []],
  ])("%j with %j", (alerting, secrets) => {
    const { alerting: parsed } = parse(alerting, secrets);
    expect(JSON.stringify(parsed)).not.toContain("hush");
  });
});

describe("refused", () => {
  test.each([
    [{ email: { ...email, to: "ops" } }, [], "alerting.email.to"],
    [{ email: { ...email, from: "a b@c.org" } }, [], "alerting.email.from"],
    [{ email: { ...email, smarthost: "smtp.example.org" } }, [], "alerting.email.smarthost"],
    [{ email: { ...email, smarthost: "smtp:70000" } }, [], "alerting.email.smarthost"],
    [{ email: { ...email, smarthost: "" } }, [], "mail to alerting.email.to needs it"],
    [{ email: { ...email, from: "" } }, [], "mail to alerting.email.to needs it"],
    [{ email: { ...email, to: "" } }, [], "nobody to write to"],
    [{ email: { ...email, username: "u" } }, [], "needs the secret alertSmtpPassword"],
    [{ email }, ["alertSmtpPassword"], "nothing uses it"],
    [{ webhook: true }, [], "needs the secret alertWebhookUrl"],
    [{ webhook: "perhaps" }, [], "expected true or false"],
    [{}, ["alertWebhookUrl"], "nothing uses it"],
    [{ deadMansSwitch: "hc.example.org" }, [], "alerting.deadMansSwitch"],
    [{ pager: true }, [], "alerting"],
  ])("%j with %j", (alerting, secrets, text) => {
    expect(refused(alerting, secrets)).toContain(text);
  });

  test("a webhook's URL in the open, without printing it", () => {
    const text = refused({ webhook: true }, [], { alertWebhookUrl: "https://hook/t0ken" });
    expect(text).toContain("stored in the open");
    expect(text).not.toContain("t0ken");
  });

  test.each(["https://wiki/x/", "docs/runbooks/", "/docs", "a b", ""])(
    "runbookUrl %j",
    (runbookUrl) => {
      expect(refused({}, [], { monitoring: { runbookUrl } })).toContain("monitoring.runbookUrl");
    },
  );
});
