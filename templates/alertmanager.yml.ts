/** alertmanager.yml: how alerts are grouped, and which ones others make needless. */

import { stringify } from "yaml";

const HEADER =
  "# Rendered by Holdfast from templates/alertmanager.yml.ts. Edit the settings, not this file.";

/**
 * Renders alertmanager.yml. Nothing is sent anywhere: the one receiver has no address, and the
 * alerts are seen in Alertmanager itself and in `holdfast status`.
 */
export function renderAlertmanagerYml(): string {
  const config = {
    route: {
      receiver: "none",
      group_by: ["stack", "site", "alertname"],
      // One fault raises several alerts within seconds: one message.
      group_wait: "10s",
      group_interval: "1m",
      repeat_interval: "4h",
    },
    receivers: [{ name: "none" }],
    inhibit_rules: [
      // Without a leader, what follows from it is no news.
      {
        source_matchers: ['alertname="PostgresNoLeader"'],
        target_matchers: [
          'alertname=~"PostgresReplicaNotStreaming|RouterNoLeader|PoolerClientsWait|EdgeErrors"',
        ],
        equal: ["stack", "site"],
      },
      // A container that is down raises one alert, not one for each thing it no longer says.
      {
        source_matchers: ['alertname="TargetDown"'],
        target_matchers: ['severity="warning"', 'alertname!="TargetDown"'],
        equal: ["stack", "site", "instance"],
      },
    ],
  };
  return `${HEADER}\n${stringify(config, { lineWidth: 0 })}`;
}
