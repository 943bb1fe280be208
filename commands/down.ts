import type { DockerObject } from "./docker.ts";
import { forgetApplied } from "./engine/applied.ts";
import { operate } from "./engine/operation.ts";
import { putInOrder } from "./engine/order.ts";
import { setProtection } from "./engine/protection.ts";
import { removalLine } from "./engine/repair.ts";
import { stackIdOf } from "./engine/state.ts";
import { setStoppingMark } from "./engine/stopping.ts";
import { type Engine, openStack, readState } from "./engine/workspace.ts";
import { must } from "./exec.ts";
import { Fault } from "./fault.ts";
import { forgetKit } from "./kit.ts";
import type { GlobalOptions } from "./options.ts";
import { ROOT } from "./paths.ts";
import { type Ready, setUp } from "./setup/setUp.ts";
import { confirm, duration, note, print } from "./ui.ts";

export interface DownOptions extends GlobalOptions {
  readonly data: boolean;
}

/** Takes the stack down and keeps what is precious (M7); with `--data` everything goes. */
export async function down({ stack: name, data, yes }: DownOptions): Promise<undefined> {
  if (data) {
    await askBeforeLoss(name, yes);
  }
  note(`holdfast down${data ? " --data" : ""} · stack ${name}`);
  const ready = await setUp(name, { scope: "engine" });
  const engine = await openStack(ready);
  await putInOrder(ready, engine);
  if ((await setStoppingMark(ready, await readState(engine), "set")) > 0) {
    note("  ok   the cluster knows that it is stopping");
  }
  if (data) {
    await destroyAll(ready, engine);
  } else {
    await destroyUnprotected(ready, engine);
  }
}

async function askBeforeLoss(name: string, yes: boolean): Promise<void> {
  const question = `Destroy stack ${name} with its databases, local backups and passwords, for good?`;
  if (!(await confirm(question, yes))) {
    throw new Fault(
      "nothing was destroyed",
      `to destroy the data without being asked: ./holdfast down --data --yes --stack ${name}`,
      `to keep it: ./holdfast down --stack ${name}`,
    );
  }
}

async function destroyUnprotected(ready: Ready, engine: Engine): Promise<void> {
  const { progress } = await operate(ready, engine, "down", (hooks) =>
    engine.stack.destroy({ ...hooks, excludeProtected: true }),
  );
  note(
    `  ok   stack ${engine.name} is down: ${progress.summary || "nothing ran"} (${duration(progress.seconds)})`,
  );
  const kept = await belongings(ready);
  if (kept.length > 0) {
    print("kept:");
    for (const { kind, name } of kept) {
      print(`  ${kind} ${name}`);
    }
    print("  and the passwords, in the state");
    print(
      `./holdfast up brings it back; ./holdfast down --data --stack ${engine.name} destroys this too`,
    );
  }
}

async function destroyAll(ready: Ready, engine: Engine): Promise<void> {
  const state = await readState(engine);
  if (state.resources.some(({ protect }) => protect)) {
    await setProtection(engine, "unprotect", ["--all"], "down");
  }
  const { progress } = await operate(ready, engine, "down", (hooks) => engine.stack.destroy(hooks));
  // The committed settings of the stack are not the state's to remove.
  const remove = ["stack", "rm", engine.name, "--yes", "--preserve-config", "--non-interactive"];
  const options = { cwd: ROOT, env: { ...process.env, ...engine.env }, log: "down" };
  await must("removing the stack", "pulumi", remove, options);
  forgetKit(engine.name);
  forgetApplied(engine.name);
  await removeRetained(ready, stackIdOf(state));
  const left = await belongings(ready);
  if (left.length > 0) {
    throw new Fault(
      `stack ${engine.name} is destroyed, and these are left on the Docker host`,
      ...left.map(({ kind, name }) => `${kind} ${name}`),
      `remove them: ${removalLine(engine.name)}`,
    );
  }
  note(
    `  ok   stack ${engine.name} is gone: ${progress.summary || "nothing was there"} (${duration(progress.seconds)})`,
  );
  print("no container, network or volume of it is left");
}

/**
 * Volumes that Pulumi leaves behind on purpose (`retainOnDelete`), those of members that left before
 * included (M20). Only this state's own, by its id.
 */
async function removeRetained(ready: Ready, stackId: string | undefined): Promise<void> {
  if (stackId === undefined) {
    return;
  }
  for (const docker of Object.values(ready.hosts)) {
    const retained = (await docker.objectsOf(ready.stack.name)).filter(
      ({ kind, labels }) => kind === "volume" && labels["holdfast.id"] === stackId,
    );
    if (retained.length > 0) {
      const names = retained.map(({ name }) => name);
      await docker.must("removing the data volumes", ["volume", "rm", ...names]);
    }
  }
}

async function belongings(ready: Ready): Promise<DockerObject[]> {
  const hosts = Object.values(ready.hosts);
  const lists = await Promise.all(hosts.map((docker) => docker.objectsOf(ready.stack.name)));
  return lists.flat();
}
