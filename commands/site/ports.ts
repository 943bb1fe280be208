import { setTimeout as wait } from "node:timers/promises";
import type { Settings } from "../../settings.ts";
import { flipNames } from "../dns/flip.ts";
import { Docker } from "../docker.ts";
import { confirm, note } from "../ui.ts";
import { DockerControl } from "./dockerControl.ts";
import { startSite, stopSite } from "./stopSite.ts";
import type { SitePorts } from "./types.ts";

export interface PortOptions {
  /** Docker's address for each site. */
  readonly addresses: Readonly<Record<string, string>>;
  /** Answer every question with yes. */
  readonly yes: boolean;
}

/** The real ones: Docker, the agents in it, DNS, this terminal. Nothing of Pulumi's. */
export function realPorts(settings: Settings, { addresses, yes }: PortOptions): SitePorts {
  const { stack } = settings;
  const docker = (site: string) => new Docker(addresses[site] ?? "");
  return {
    control: new DockerControl(stack, addresses),
    stop: (site) => stopSite(docker(site), stack, site),
    start: (site) => startSite(docker(site), stack, site),
    flip: (active) => flipNames(settings, active, addresses),
    confirm: (question) => confirm(question, yes),
    say: (text) => note(`  ${text}`),
    now: () => performance.now() / 1000,
    sleep: async (seconds) => {
      await wait(seconds * 1000);
    },
  };
}
