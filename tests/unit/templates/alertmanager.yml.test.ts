import { expect, test } from "vitest";
import { parse } from "yaml";
import { INHIBITIONS } from "../../../templates/alertmanager/inhibitions.ts";
import {
  type AlertmanagerYmlArgs,
  renderAlertmanagerYml,
} from "../../../templates/alertmanager.yml.ts";
import { alertGroups } from "../../../templates/prometheus-rules.ts";
import { RULE_FACTS } from "../../rules/facts.ts";

const nobody: AlertmanagerYmlArgs = {
  email: { to: "", from: "", smarthost: "", username: "", requireTls: true },
  webhook: false,
  deadMansSwitch: "",
  secretsDirectory: "/etc/holdfast/secrets",
};
const email = {
  to: "ops@example.org, boss@example.org",
  from: "holdfast@example.org",
  smarthost: "smtp.example.org:587",
  username: "",
  requireTls: true,
};
const everybody: AlertmanagerYmlArgs = {
  ...nobody,
  email: { ...email, username: "holdfast" },
  webhook: true,
  deadMansSwitch: "https://hc.example.org/ping",
};
const receivers = (args: AlertmanagerYmlArgs) => parse(renderAlertmanagerYml(args)).receivers;

test("the whole alertmanager.yml", async () => {
  await expect(renderAlertmanagerYml(everybody)).toMatchFileSnapshot(
    "./__snapshots__/alertmanager.yml",
  );
});

test("without settings nobody is told", () => {
  expect(receivers(nobody)).toEqual([{ name: "none" }]);
  expect(parse(renderAlertmanagerYml(nobody)).route.receiver).toBe("none");
});

test("mail alone, without a login", () => {
  const [, people, ...rest] = receivers({ ...nobody, email });
  expect(rest).toEqual([]);
  expect(people.webhook_configs).toBeUndefined();
  expect(people.email_configs).toEqual([
    {
      to: email.to,
      from: email.from,
      smarthost: email.smarthost,
      require_tls: true,
      send_resolved: true,
    },
  ]);
});

test("secrets are files, never text", () => {
  const [, people] = receivers(everybody);
  expect(people.email_configs[0].auth_password_file).toBe(
    "/etc/holdfast/secrets/alert-smtp-password",
  );
  expect(people.webhook_configs).toEqual([
    { url_file: "/etc/holdfast/secrets/alert-webhook-url", send_resolved: true },
  ]);
  expect(renderAlertmanagerYml(everybody)).not.toMatch(/auth_password:|auth_secret/);
});

const all = Object.values(alertGroups(RULE_FACTS)).flat();
const named = (matchers: readonly string[]) =>
  matchers.flatMap((one) => /^alertname!?=~?"([^"]+)"$/.exec(one)?.[1]?.split("|") ?? []);

test("inhibitions name alerts that exist", () => {
  const known = all.map(({ alert }) => alert);
  for (const { source_matchers, target_matchers } of INHIBITIONS) {
    for (const name of [...named(source_matchers), ...named(target_matchers)]) {
      expect(known).toContain(name);
    }
  }
});

test("no alert that is silenced silences others: then nobody would hear of either", () => {
  for (const { source_matchers, target_matchers } of INHIBITIONS) {
    const causes = named(source_matchers);
    if (causes.length === 0) continue;
    const targets = target_matchers.some((one) => one.startsWith("alertname=~"))
      ? named(target_matchers)
      : [];
    for (const cause of causes) expect(targets).not.toContain(cause);
    for (const other of INHIBITIONS) {
      // Both ways round they would silence each other.
      const [back] = named(other.source_matchers);
      if (back !== undefined && targets.includes(back)) {
        expect(named(other.target_matchers)).not.toContain(causes[0]);
      }
    }
  }
});

test("a cause that is silenced in its turn does not need what it silences: it is at least as grave", () => {
  const grave = { critical: 3, warning: 2, info: 1, none: 0 };
  const severity = (name: string) => all.find(({ alert }) => alert === name)?.severity ?? "none";
  for (const { source_matchers, target_matchers } of INHIBITIONS) {
    const [cause] = named(source_matchers);
    if (cause === undefined || cause === "TargetDown") continue;
    for (const target of named(target_matchers)) {
      expect(grave[severity(cause)], `${cause} for ${target}`).toBeGreaterThanOrEqual(
        grave[severity(target)],
      );
    }
  }
});
