import { reportBackups } from "../cluster/backups.ts";
import { activeSite } from "../cluster/leader.ts";
import { clusterMembers, type Member } from "../cluster/members.ts";
import { whileInterruptible } from "../drills/interrupt.ts";
import { Fault } from "../fault.ts";
import { loadStack, type Stack } from "../stack.ts";
import { alignedBlock, confirm, duration, note, print } from "../ui.ts";
import { followRestore } from "./follow.ts";
import { provisionAndRestore } from "./kitProvision.ts";
import { orderUnderWay, type Place, placesOf, say } from "./members.ts";
import { chooseRepository, describeTarget, parseTarget } from "./target.ts";
import type { RepositoryName, RestoreOptions, RestoreOutcome, RestoreTarget } from "./types.ts";

/** How long the first member may take to appear when `up` has to make it. */
const APPEAR_SECONDS = 900;

/**
 * Restores this stack's own database in place: after its loss, or over one that works when told so.
 *
 * @returns 0 only when all is whole again
 * @throws Fault
 */
export async function restoreInPlace(options: RestoreOptions): Promise<number> {
  const startMs = Date.now();
  const stack = loadStack(options.stack);
  const target = parseTarget(options.to);
  const places = await placesOf(stack.settings);
  const begun = orderUnderWay(places) !== undefined;
  const absent = places.length < stack.settings.database.replicas + 1;
  const repository = begun
    ? (options.repository ?? "local")
    : await decide(options, stack, target, places);
  if (!begun && !(await agreed(options, stack, target, repository, places))) {
    note("nothing was restored");
    return 1;
  }
  const request = {
    settings: stack.settings,
    target,
    repository,
    discard: options.discard ?? false,
  };
  const outcome = absent
    ? await provisionAndRestore(options, {
        ...request,
        firstMembers: Math.max(1, places.length),
        waitSeconds: APPEAR_SECONDS,
      })
    : await whileInterruptible((signal) => followRestore({ ...request, signal }), {
        now: "before the restore has begun it is called off; after that the members finish it",
        never: "./holdfast status tells what the members do",
      });
  report(options, repository, outcome, startMs);
  return outcome.lacks.length === 0 ? 0 : 1;
}

/** The repository. @throws Fault when a healthy leader is in the way, or the target out of reach */
async function decide(
  options: RestoreOptions,
  { settings, name }: Stack,
  target: RestoreTarget,
  places: readonly Place[],
): Promise<RepositoryName> {
  const { docker, containers } = await activeSite(settings);
  const leader = healthyLeader(await clusterMembers(docker, containers));
  if (leader && !options.overwrite) {
    throw new Fault(
      `${leader.name} leads and works: a restore would replace its data`,
      `everything that was committed after ${describeTarget(target)} would be lost`,
      `if that is meant: ./holdfast restore --to ${options.to ?? "latest"} --overwrite --stack ${name}`,
    );
  }
  const found = await reportBackups(docker, containers);
  if (found.repositories.length > 0) {
    return chooseRepository(target, options.repository, found.repositories);
  }
  return withoutReport(options, places, name);
}

/** Without the backup container's word the members' own look must do. */
function withoutReport(
  options: RestoreOptions,
  places: readonly Place[],
  stack: string,
): RepositoryName {
  if (options.repository || places.length === 0) {
    // Nothing runs yet: `up` makes the backup container, and the members ask it.
    return options.repository ?? "local";
  }
  throw new Fault(
    "the backup container does not say what can be recovered",
    `./holdfast up --stack ${stack}`,
    "or name the repository: ./holdfast restore --repository cloud",
  );
}

/** A member that leads a running PostgreSQL. Pure. */
export function healthyLeader(members: readonly Member[]): Member | undefined {
  return members.find(
    ({ role, state }) => (role === "leader" || role === "standby_leader") && state === "running",
  );
}

/** Asks once. @throws Fault where nobody can be asked */
async function agreed(
  options: RestoreOptions,
  { name }: Stack,
  target: RestoreTarget,
  repository: RepositoryName,
  places: readonly Place[],
): Promise<boolean> {
  const kept = places.filter(({ state }) => state?.data).length;
  note(`holdfast restore · stack ${name}`);
  note(`  from       ${repository}`);
  note(`  to         ${describeTarget(target)}`);
  note(
    kept > 0
      ? "  old data   kept on the member that restores, until the next restore; the others clone it"
      : "  old data   none",
  );
  if (!options.yes && !process.stdin.isTTY) {
    throw new Fault("without a terminal nobody can be asked", "repeat with --yes");
  }
  return confirm("Restore? Clients are cut off until it is done.", options.yes);
}

function report(
  options: RestoreOptions,
  repository: RepositoryName,
  outcome: RestoreOutcome,
  startMs: number,
): void {
  const writeSeconds = (Date.parse(outcome.firstWriteAt) - startMs) / 1000;
  const lostSeconds = outcome.recoveredTo
    ? (Date.parse(outcome.startedAt) - Date.parse(outcome.recoveredTo)) / 1000
    : null;
  if (options.json) {
    const figures = { repository, rtoSeconds: writeSeconds, recoveredAgeSeconds: lostSeconds };
    print(JSON.stringify({ ...outcome, ...figures }, null, 2));
  } else {
    print(
      alignedBlock([
        ["recovered to", outcome.recoveredTo ?? "unknown: the database holds no heartbeat"],
        ["that was", lostSeconds === null ? "-" : `${duration(lostSeconds)} before the restore`],
        ["first write", `${duration(writeSeconds)} after the command, on ${outcome.member}`],
        ["timeline", String(outcome.timeline)],
        ["members", String(outcome.members)],
        ["base backup", `${outcome.label ?? "-"} (${repository})`],
      ]),
    );
  }
  for (const one of outcome.lacks) {
    note(`holdfast: not whole: ${one}`);
  }
}

/** One word to every member that it concerns: cancel, fresh, forget. */
export async function tellMembers(
  options: RestoreOptions,
  word: "cancel" | "fresh" | "forget",
): Promise<number> {
  const places = await placesOf(loadStack(options.stack).settings);
  const concerned = places.filter(({ state }) => {
    if (word === "cancel") return state?.id && state.phase !== "done" && state.phase !== "none";
    if (word === "fresh") return state?.phase === "waiting";
    return (state?.kept.length ?? 0) > 0;
  });
  if (concerned.length === 0) {
    const why = { cancel: "is being restored", fresh: "waits", forget: "keeps old data" }[word];
    note(`no member ${why}: there is nothing to do`);
    return 0;
  }
  const sizes = concerned.flatMap(({ state }) => state?.kept ?? []);
  const question = {
    cancel: "Call the restore off, and put the old data back where it is still there?",
    fresh: "Begin with an EMPTY database although backups may exist?",
    forget: `Remove what earlier restores moved aside (${sizes.map(({ name }) => name).join(", ")})?`,
  }[word];
  if (!(await confirm(question, options.yes))) {
    note("nothing was done");
    return 1;
  }
  // Who restored first: it puts the cluster's keys back, by which the others know who may lead.
  concerned.sort((a, b) => Number(Boolean(b.state?.label)) - Number(Boolean(a.state?.label)));
  for (const place of concerned) {
    note(`  ok   ${place.name}: ${await say(place, word)}`);
  }
  return 0;
}
