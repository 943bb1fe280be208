import { Docker } from "../docker.ts";
import { type Answer, documentIn, methodIn, statusIn } from "./agentAnswer.ts";
import { type SiteContainer, siteContainers } from "./siteContainers.ts";
import { Refused, type Seen, type SiteControl, Unanswered } from "./types.ts";

/** A status is read, not worked for. A host that is gone lets a connection hang. */
const STATUS_MS = 10_000;
/** The agent's own longest patience is 200 s. */
const VERB_MS = 210_000;
/** `holdfast-site` itself ran, and its agent did not answer it. */
const SILENT_AGENT = 3;

/** Asks each site's agent by `docker exec`; the container is found by its labels. */
export class DockerControl implements SiteControl {
  readonly #stack: string;
  readonly #dockers: ReadonlyMap<string, Docker>;

  /**
   * @param addresses Docker's address for each site
   * @param answerMs as Docker's
   */
  constructor(stack: string, addresses: Readonly<Record<string, string>>, answerMs?: number) {
    this.#stack = stack;
    this.#dockers = new Map(
      Object.entries(addresses).map(([site, address]) => [site, new Docker(address, answerMs)]),
    );
  }

  async status(site: string): Promise<Seen> {
    const no = (docker: boolean, why: string): Seen => ({ answers: false, docker, why });
    const found = await this.#agent(site);
    if (found === undefined) {
      return no(false, `its Docker host does not answer (${this.#docker(site).host})`);
    }
    if (found === null) {
      return no(true, "no agent runs there (container site-agent)");
    }
    const { code, stdout, stderr } = await this.#exec(site, found, ["status"], STATUS_MS);
    const answer = documentIn(stdout);
    if (code !== 0 || answer === undefined) {
      const said = typeof answer?.error === "string" ? answer.error : stderr.trim();
      return no(true, `its agent does not answer: ${said || `exit code ${code}`}`);
    }
    return { answers: true, status: statusIn(answer, site) };
  }

  async drain(site: string, epoch: number): Promise<{ readonly lsn: string }> {
    const { lsn } = await this.#tell(site, ["drain", "--epoch", String(epoch)]);
    if (typeof lsn !== "string" || lsn === "") {
      throw new Refused(`site ${site} was drained and does not say where it ended`);
    }
    return { lsn };
  }

  async promote(site: string, epoch: number, at?: string): Promise<void> {
    const token = at === undefined ? [] : ["--at", at];
    await this.#tell(site, ["promote", "--epoch", String(epoch), ...token]);
  }

  async demote(site: string, epoch: number, follow: string) {
    const words = ["demote", "--epoch", String(epoch), "--follow", follow];
    return { method: methodIn(await this.#tell(site, words)) };
  }

  async activate(site: string, epoch: number): Promise<void> {
    await this.#tell(site, ["activate", "--epoch", String(epoch)]);
  }

  async release(site: string): Promise<void> {
    await this.#tell(site, ["release"]);
  }

  async #tell(site: string, words: readonly string[]): Promise<Answer> {
    const found = await this.#agent(site);
    if (!found) {
      throw new Unanswered(`site ${site} does not answer`);
    }
    const { code, stdout, stderr } = await this.#exec(site, found, words, VERB_MS);
    const answer = documentIn(stdout);
    if (code === 0 && answer !== undefined) {
      return answer;
    }
    const { error, next } = answer ?? {};
    if (typeof error === "string" && code !== SILENT_AGENT) {
      throw new Refused(error, typeof next === "string" ? next : undefined);
    }
    const why = typeof error === "string" ? error : stderr.trim().split("\n").at(-1);
    throw new Unanswered(`site ${site} did not answer ${words[0]}: ${why || `exit code ${code}`}`);
  }

  #exec(site: string, { name }: SiteContainer, words: readonly string[], timeoutMs: number) {
    const args = ["exec", name, "holdfast-site", ...words, "--json"];
    return this.#docker(site).run(args, { timeoutMs });
  }

  /** The agent's container; null where none runs, undefined where Docker does not answer. */
  async #agent(site: string): Promise<SiteContainer | null | undefined> {
    const containers = await siteContainers(this.#docker(site), this.#stack, site);
    return containers === undefined
      ? undefined
      : (containers.find(({ component, runs }) => component === "site-agent" && runs) ?? null);
  }

  #docker(site: string): Docker {
    const docker = this.#dockers.get(site);
    if (docker === undefined) {
      throw new Error(`no Docker address for site ${site}`);
    }
    return docker;
  }
}
