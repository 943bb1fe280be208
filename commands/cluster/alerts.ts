import type { Settings } from "../../settings.ts";

/** An alert that fires. */
export interface Alert {
  readonly name: string;
  readonly severity: string;
  /** ISO time. */
  readonly since: string;
  /** All of Alertmanager's labels, e.g. `repository` and `cause`. */
  readonly labels: Readonly<Record<string, string>>;
  /** One line for people; empty where the alert has none. */
  readonly summary: string;
  /** What to do first, with the command. */
  readonly action: string;
}

interface AlertmanagerAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly startsAt: string;
}

const ANSWER_MS = 3_000;

/** What Alertmanager has, without the silenced; one alert of our own when it does not answer. */
export async function activeAlerts(settings: Settings): Promise<Alert[]> {
  const { bindAddress } = settings.network;
  const address = bindAddress === "0.0.0.0" ? "127.0.0.1" : bindAddress;
  const url = `http://${address}:${settings.ports.alertmanager}/api/v2/alerts?active=true&silenced=false&inhibited=false`;
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(ANSWER_MS) });
    return parseAlerts((await response.json()) as AlertmanagerAlert[]);
  } catch {
    return [
      {
        name: "AlertmanagerUnreachable",
        severity: "warning",
        since: "now",
        labels: {},
        summary: `Alertmanager does not answer on port ${settings.ports.alertmanager}`,
        action: `./holdfast up --stack ${settings.stack}`,
      },
    ];
  }
}

/** Without those of severity `none`: a watchdog that always fires proves that alerting works. Pure. */
export function parseAlerts(alerts: readonly AlertmanagerAlert[]): Alert[] {
  return alerts
    .map(({ labels, annotations = {}, startsAt }) => ({
      name: labels.alertname ?? "unnamed",
      severity: labels.severity ?? "-",
      since: startsAt,
      labels,
      summary: annotations.summary ?? "",
      action: annotations.action ?? "",
    }))
    .filter(({ severity }) => severity !== "none");
}
