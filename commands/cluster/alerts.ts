import { reachableAddress } from "../../components/docker/addresses.ts";
import { foundingSite, portsOf } from "../../settings/sites.ts";
import type { Settings } from "../../settings.ts";
import type { Docker } from "../docker.ts";
import type { ContainerState } from "./containers.ts";

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
/** A program is started for it, over the way to another data centre. */
const EXEC_MS = 10_000;
const OWN_ADDRESS = "http://127.0.0.1:9093";

/**
 * What Alertmanager has, without the silenced; one alert of our own when it does not answer. Asked by its
 * port: its host is this machine.
 *
 * @param site whose. @default the first one
 */
export async function activeAlerts(
  settings: Settings,
  site: string = foundingSite(settings),
): Promise<Alert[]> {
  const address = reachableAddress(settings.network.bindAddress);
  const port = portsOf(settings, site).alertmanager;
  const url = `http://${address}:${port}/api/v2/alerts?active=true&silenced=false&inhibited=false`;
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(ANSWER_MS) });
    return parseAlerts((await response.json()) as AlertmanagerAlert[]);
  } catch {
    return [unreachable(`Alertmanager does not answer on port ${port}`, settings.stack)];
  }
}

/** The same, asked inside its container: that works over any Docker address. */
export async function alertsInside(
  docker: Docker,
  containers: readonly ContainerState[],
  stack: string,
): Promise<Alert[]> {
  const found = containers.find(({ component }) => component === "alertmanager");
  if (!found?.running) {
    return [unreachable(`Alertmanager ${found ? `is ${found.state}` : "is not there"}`, stack)];
  }
  const query = ["alert", "query", "--active", "--output=json"];
  const args = ["exec", found.name, "amtool", `--alertmanager.url=${OWN_ADDRESS}`, ...query];
  const { code, stdout } = await docker.run(args, { timeoutMs: EXEC_MS });
  return code === 0
    ? parseAlerts(JSON.parse(stdout) as AlertmanagerAlert[])
    : [unreachable("Alertmanager does not answer", stack)];
}

function unreachable(summary: string, stack: string): Alert {
  return {
    name: "AlertmanagerUnreachable",
    severity: "warning",
    since: "now",
    labels: {},
    summary,
    action: `./holdfast up --stack ${stack}`,
  };
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
