/** Walks a world: events and commands in the order of a list, events also between a command's own calls. */
import { activate } from "../../../../commands/site/activate.ts";
import { adviceOf } from "../../../../commands/site/advice.ts";
import { failback } from "../../../../commands/site/failback.ts";
import { failover } from "../../../../commands/site/failover.ts";
import type { Verb } from "../../../../commands/site/machine.ts";
import { switchover } from "../../../../commands/site/switchover.ts";
import {
  type AgentStatus,
  type Seen,
  type SiteControl,
  type SitePorts,
  Unanswered,
} from "../../../../commands/site/types.ts";
import { lookAt } from "../../../../commands/site/view.ts";
import type { Event, ModelSite, Name, World } from "./world.ts";

/** What a person types. */
export type Typed =
  | { readonly kind: "switchover"; readonly to: Name }
  | { readonly kind: "failover"; readonly to: Name; readonly siteIsOff: boolean }
  | { readonly kind: "activate"; readonly site: Name | undefined; readonly siteIsOff: boolean }
  | { readonly kind: "failback"; readonly to: Name | undefined; readonly rejoinOnly: boolean };

export type Step =
  | Event
  | Typed
  /** A command's next call arrives, does not, or its answer does not. */
  | { readonly kind: "call"; readonly fate: "well" | "lost" | "unanswered" };

/** A person who says that a site is off, and sees that it is not. */
class Honest extends Error {}

const COMMANDS = ["switchover", "failover", "activate", "failback"];

export interface Walked {
  /** Commands that came to their end, and why the others did not. */
  readonly ended: string[];
  /** How often a person said that a site is off that was not. */
  readonly lies: number;
}

/**
 * @param mayLie whether people say of a site that runs that it is off
 */
export async function walk(world: World, steps: readonly Step[], mayLie: boolean): Promise<Walked> {
  const walker = new Walker(world, [...steps], mayLie);
  await walker.walk();
  return walker;
}

/** What the commands themselves advise, until both sites are well. @returns the commands that it took */
export async function mend(world: World): Promise<string[]> {
  world.heal();
  const walker = new Walker(world, [], false);
  const used: string[] = [];
  for (let round = 0; round < 6; round += 1) {
    const ports = walker.ports();
    const { healthy, next, says } = adviceOf(await lookAt(ports, world.topology), world.topology);
    if (healthy) {
      return used;
    }
    used.push(next ?? `nothing: ${says.join(", ")}`);
    if (next !== undefined) {
      await walker.run(parsed(next));
    }
    world.happen({ kind: "ticks", seconds: 60 });
  }
  throw new Error(`not well after: ${used.join("; ")}; ${walker.ended.join("; ")}`);
}

/** A command as the advice spells it. */
function parsed(line: string): Typed {
  const site = /--(?:to|site) (a|b)/.exec(line)?.[1] as Name | undefined;
  const word = /site (\w+)/.exec(line)?.[1];
  switch (word) {
    case "failback":
      return { kind: "failback", to: site, rejoinOnly: false };
    case "activate":
      return { kind: "activate", site, siteIsOff: false };
    case "failover":
      return { kind: "failover", to: site ?? "a", siteIsOff: false };
    default:
      throw new Error(`not a command: ${line}`);
  }
}

class Walker implements Walked {
  readonly ended: string[] = [];
  lies = 0;
  readonly #world: World;
  readonly #steps: Step[];
  readonly #mayLie: boolean;
  readonly #running = new Set<Promise<void>>();
  /**
   * Two people at once are every order of two; but a site that forgets its epoch between two of their
   * calls cannot tell the one's old word from the other's new one.
   */
  readonly #atOnce: number;

  constructor(world: World, steps: Step[], mayLie: boolean) {
    this.#atOnce = steps.some(({ kind }) => kind === "etcd-lost") ? 1 : 2;
    this.#world = world;
    this.#steps = steps;
    this.#mayLie = mayLie;
  }

  async walk(): Promise<void> {
    while (this.#steps.length > 0) {
      await this.#breathe();
      await Promise.all(this.#running);
    }
    await Promise.all(this.#running);
  }

  async run(typed: Typed): Promise<void> {
    const { topology } = this.#world;
    const ports = this.ports(typed);
    try {
      const other = (site: Name) => (site === "a" ? "b" : "a");
      switch (typed.kind) {
        case "switchover":
          await switchover(ports, topology, typed.to);
          break;
        case "failover": {
          const siteIsOff = typed.siteIsOff ? other(typed.to) : undefined;
          await failover(ports, topology, { to: typed.to, siteIsOff });
          break;
        }
        case "activate": {
          const siteIsOff = typed.siteIsOff ? other(typed.site ?? "a") : undefined;
          await activate(ports, topology, { site: typed.site, siteIsOff });
          break;
        }
        default:
          await failback(ports, topology, typed);
      }
      this.ended.push(`${typed.kind} ended well`);
    } catch (error) {
      this.ended.push(`${typed.kind}: ${(error as Error).message}`);
      if (!["Fault", "Error"].includes((error as Error).name)) {
        throw error;
      }
    }
  }

  /** One person's ways into the world. */
  ports(typed?: Typed): SitePorts {
    const world = this.#world;
    const said = typed !== undefined && "siteIsOff" in typed && typed.siteIsOff;
    const target =
      typed?.kind === "failover"
        ? typed.to
        : typed?.kind === "activate"
          ? (typed.site ?? "a")
          : undefined;
    let looked = false;
    const look = (site: ModelSite) => {
      // What is said holds for the moment of the first look: later the site may return.
      if (said && !looked && site.name === target) {
        looked = true;
        this.#judge(world.site(target === "a" ? "b" : "a"));
      }
      return world.status(site);
    };
    const verb = (name: string, make: Verb, at?: string) =>
      this.#call(name, (site) => world.verb(site, make, at));
    const control: SiteControl = {
      status: (name) => this.#status(name, look),
      drain: async (site, epoch) => {
        await verb(site, { verb: "drain", epoch });
        return { lsn: world.status(world.site(site)).lsn ?? "" };
      },
      promote: (site, epoch, at) => verb(site, { verb: "promote", epoch }, at),
      demote: async (site, epoch, follow) => {
        await verb(site, { verb: "demote", epoch, follow });
        return { method: "rewind" as const };
      },
      activate: (site, epoch) => verb(site, { verb: "activate", epoch }),
      release: (name) => this.#call(name, (site) => world.giveBack(site)),
    };
    return {
      control,
      stop: async (name) => {
        const fate = await this.#breathe();
        const site = world.site(name);
        if (!site.operator || fate === "lost") {
          return { stopped: false, what: "its Docker host does not answer" };
        }
        world.stop(site);
        return { stopped: fate === "well", what: "its containers were stopped" };
      },
      start: async (name) => {
        const fate = await this.#breathe();
        if (world.site(name).operator && fate !== "lost") {
          world.start(world.site(name));
        }
      },
      flip: async (active) => `names point to ${active}`,
      confirm: async () => true,
      say: () => undefined,
      now: () => world.now,
      sleep: async (seconds) => {
        for (let second = 0; second < Math.max(1, seconds); second += 1) {
          const next = this.#steps[0];
          if (next !== undefined && next.kind !== "call") {
            await this.#breathe();
          }
          world.tick();
        }
      },
    };
  }

  #judge(off: ModelSite): void {
    if (!off.power) {
      return;
    }
    if (!this.#mayLie) {
      throw new Honest(`site ${off.name} runs`);
    }
    this.lies += 1;
  }

  async #status(name: string, look: (site: ModelSite) => AgentStatus): Promise<Seen> {
    const fate = await this.#breathe();
    const site = this.#world.site(name);
    if (!site.operator || fate !== "well") {
      return { answers: false, docker: false, why: "its Docker host does not answer" };
    }
    if (!site.power || !site.agent) {
      return { answers: false, docker: true, why: "its agent does not run" };
    }
    return { answers: true, status: look(site) };
  }

  async #call(name: string, work: (site: ModelSite) => void): Promise<void> {
    const fate = await this.#breathe();
    const site = this.#world.site(name);
    if (!site.operator || !site.power || !site.agent || fate === "lost") {
      throw new Unanswered(`site ${name} does not answer`);
    }
    work(site);
    if (fate === "unanswered") {
      throw new Unanswered(`site ${name} did not answer`);
    }
  }

  /** What happens before the next call, and what becomes of that. */
  async #breathe(): Promise<"well" | "lost" | "unanswered"> {
    for (;;) {
      // The other person's command takes its turn.
      await undefined;
      const step = this.#steps.shift();
      if (step === undefined) {
        return "well";
      }
      if (step.kind === "call") {
        return step.fate;
      }
      if (COMMANDS.includes(step.kind)) {
        this.#begin(step as Typed);
      } else {
        this.#world.happen(step as Event);
      }
    }
  }

  #begin(typed: Typed): void {
    if (this.#running.size >= this.#atOnce) {
      return;
    }
    const running = this.run(typed).finally(() => this.#running.delete(running));
    this.#running.add(running);
  }
}
