/** The builtin name server and what changes its zone, as the program starts them, on a network of their own. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { expect, vi } from "vitest";
import { ask, type Server } from "../../commands/dns/resolver.ts";
import { shareCertificates } from "../../commands/setup/certificates.ts";
import { type ImageSpec, imagesOf } from "../../components/images.ts";
import type { Settings } from "../../settings.ts";
import { docker, newName, ROOT } from "./images.ts";

/**
 * An image's reference. It is built where it is missing: no stack that `setup` knows of has to ask for it.
 *
 * @param of settings with a zone
 */
export async function nameImage(of: Settings, name: "dns" | "dns-sync"): Promise<string> {
  shareCertificates();
  const spec = imagesOf(of).find((one) => one.name === name);
  if (spec === undefined) throw new Error(`the settings ask for no image ${name}`);
  await buildMissing(spec);
  return spec.reference;
}

async function buildMissing({ reference, context = "", buildArgs }: ImageSpec): Promise<void> {
  const { code } = await docker(["image", "inspect", "--format", "{{.Id}}", reference]);
  if (code === 0) return;
  const values = Object.entries(buildArgs).flatMap(([key, value]) => [
    "--build-arg",
    `${key}=${value}`,
  ]);
  await must(["build", "--tag", reference, ...values, resolve(ROOT, context)]);
}

export interface WorldArgs {
  readonly images: { readonly server: string; readonly sync: string };
  /** Without a dot at its end. */
  readonly zone: string;
  /** knot.conf and zone. */
  readonly serverFiles: Readonly<Record<string, string>>;
  /** dns.json and sites/…. */
  readonly syncFiles: Readonly<Record<string, string>>;
  /** The name server's address in the rendered files. */
  readonly renderedAddress: string;
}

export class NameWorld {
  readonly server = newName();
  readonly sync = newName();
  readonly #network = newName();
  readonly #folder = mkdtempSync(join(tmpdir(), "hfval-"));
  readonly #args: WorldArgs;

  constructor(args: WorldArgs) {
    this.#args = args;
  }

  /** Starts both and waits until the server answers. */
  async start(key: string): Promise<void> {
    const { images, zone, serverFiles, syncFiles, renderedAddress } = this.#args;
    await must(["network", "create", this.#network]);
    this.#write("server", serverFiles);
    this.#write("secrets", { "dns-tsig": key });
    await must([
      ...this.#common(this.server, "server", "secrets"),
      ...["--publish", "127.0.0.1::53/udp", "--env", `HOLDFAST_ZONE=${zone}`],
      ...["--tmpfs", "/run/knot:rw,size=1m,uid=993,gid=993,mode=0700", images.server],
    ]);
    const address = await this.#addressOf(this.server);
    // Docker chose the address here; the program has a fixed one.
    const here = ([path, text]: [string, string]) => [
      path,
      text.replaceAll(renderedAddress, address),
    ];
    this.#write("sync", Object.fromEntries(Object.entries(syncFiles).map(here)));
    await must([...this.#common(this.sync, "sync", "secrets"), ...this.#syncOptions()]);
    const server = await this.published();
    await vi.waitFor(
      async () => expect((await ask(server, `${zone}.`)).status).toBe("NOERROR"),
      20_000,
    );
  }

  /** Where this machine asks the server. */
  async published(): Promise<Server> {
    const port = await must(["port", this.server, "53/udp"]);
    return { host: "127.0.0.1", port: Number(port.split(":").at(-1)) };
  }

  /** The document of `holdfast-dns …` and its exit code. */
  async told(...words: string[]): Promise<{ code: number; document: Record<string, unknown> }> {
    const { code, output } = await docker(["exec", this.sync, "holdfast-dns", ...words]);
    return { code, document: JSON.parse(output) as Record<string, unknown> };
  }

  /** The same by one who has another key. */
  async toldWith(key: string, ...words: string[]): Promise<Record<string, unknown>> {
    this.#write("others", { "dns-tsig": key });
    const name = newName();
    const [, , ...common] = this.#common(name, "sync", "others");
    const args = ["run", "--rm", ...common, ...this.#syncOptions("holdfast-dns"), ...words];
    return JSON.parse((await docker(args)).output) as Record<string, unknown>;
  }

  async remove(): Promise<void> {
    await docker(["rm", "--force", "--volumes", this.server, this.sync]);
    await docker(["network", "rm", this.#network]);
    rmSync(this.#folder, { recursive: true });
  }

  #common(name: string, live: string, secrets: string): string[] {
    return [
      ...["run", "--detach", "--name", name, "--network", this.#network, "--group-add", "0"],
      ...["--cap-drop", "ALL", "--security-opt", "no-new-privileges:true"],
      ...["--volume", `${join(this.#folder, live)}:/etc/holdfast/live:ro`],
      ...["--volume", `${join(this.#folder, secrets)}:/etc/holdfast/secrets:ro`],
    ];
  }

  #syncOptions(entrypoint?: string): string[] {
    return [
      ...["--env", "HOLDFAST_SITE=a"],
      ...["--tmpfs", "/run/dns-sync:rw,size=1m,uid=992,gid=992,mode=0700"],
      ...(entrypoint === undefined ? [] : ["--entrypoint", entrypoint]),
      this.#args.images.sync,
    ];
  }

  async #addressOf(container: string): Promise<string> {
    const format = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}";
    return must(["inspect", "--format", format, container]);
  }

  #write(folder: string, texts: Readonly<Record<string, string>>): void {
    chmodSync(this.#folder, 0o755);
    for (const [path, text] of Object.entries(texts)) {
      const file = join(this.#folder, folder, path);
      mkdirSync(dirname(file), { recursive: true, mode: 0o755 });
      writeFileSync(file, text, { mode: 0o644 });
    }
  }
}

/** @throws Error with what Docker said */
async function must(args: readonly string[]): Promise<string> {
  const { code, output } = await docker(args);
  if (code !== 0) throw new Error(`docker ${args.slice(0, 2).join(" ")}: ${output}`);
  return output.trim();
}
