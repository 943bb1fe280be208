/** alertmanager.yml: who is told of what, how alerts are grouped, and which ones others make needless. */

import { stringify } from "yaml";
import type { AlertingSettings } from "../settings/types.ts";
import { INHIBITIONS } from "./alertmanager/inhibitions.ts";

/** Facts that {@link renderAlertmanagerYml} needs: the settings `alerting`, and where secrets lie. */
export interface AlertmanagerYmlArgs extends AlertingSettings {
  /** Folder of the files alert-smtp-password and alert-webhook-url. */
  readonly secretsDirectory: string;
}

const HEADER =
  "# Rendered by Holdfast from templates/alertmanager.yml.ts. Edit the settings, not this file.";

/** Nobody: seen in Alertmanager itself and in `holdfast status`. */
const NOBODY = "none";
const PEOPLE = "people";
const WATCHER = "dead-mans-switch";

/** Renders alertmanager.yml. Pure. */
export function renderAlertmanagerYml(args: AlertmanagerYmlArgs): string {
  const people = receiver(args);
  const told = people === undefined ? NOBODY : PEOPLE;
  const config = {
    route: {
      receiver: told,
      // One site, one fault, one message: what else the fault raises is added to the same one.
      group_by: ["stack", "site"],
      // TargetDown, the last to come of what a lost container raises, waits a minute.
      group_wait: "90s",
      group_interval: "5m",
      repeat_interval: "12h",
      routes: [
        watchdog(args.deadMansSwitch),
        // A choice with a price wakes nobody.
        { matchers: ['severity=~"info|none"'], receiver: NOBODY },
        {
          matchers: ['severity="critical"'],
          receiver: told,
          // Several of one fault come within seconds.
          group_wait: "10s",
          group_interval: "1m",
          repeat_interval: "1h",
        },
      ],
    },
    receivers: [
      { name: NOBODY },
      ...(people === undefined ? [] : [people]),
      ...(args.deadMansSwitch === "" ? [] : [watcher(args.deadMansSwitch)]),
    ],
    inhibit_rules: INHIBITIONS,
  };
  return `${HEADER}\n${stringify(config, { lineWidth: 0 })}`;
}

function watchdog(url: string): Record<string, unknown> {
  const route = { matchers: ['alertname="Watchdog"'], receiver: url === "" ? NOBODY : WATCHER };
  return url === ""
    ? route
    : // The first at once, then one a minute: silence is what the other end listens for. Alertmanager repeats at
      // the first interval of the group that begins after the repeat's: were they equal, every second would go out.
      { ...route, group_wait: "0s", group_interval: "1m", repeat_interval: "50s" };
}

function watcher(url: string): Record<string, unknown> {
  return { name: WATCHER, webhook_configs: [{ url, send_resolved: false }] };
}

function receiver(args: AlertmanagerYmlArgs): Record<string, unknown> | undefined {
  const { email, webhook, secretsDirectory } = args;
  if (email.to === "" && !webhook) return undefined;
  const login =
    email.username === ""
      ? {}
      : {
          auth_username: email.username,
          auth_password_file: `${secretsDirectory}/alert-smtp-password`,
        };
  const mail = {
    to: email.to,
    from: email.from,
    smarthost: email.smarthost,
    ...login,
    require_tls: email.requireTls,
    send_resolved: true,
  };
  return {
    name: PEOPLE,
    ...(email.to === "" ? {} : { email_configs: [mail] }),
    ...(webhook
      ? {
          webhook_configs: [
            { url_file: `${secretsDirectory}/alert-webhook-url`, send_resolved: true },
          ],
        }
      : {}),
  };
}
