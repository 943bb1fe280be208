import { Command, Option } from "commander";
import { endChildren } from "./exec.ts";
import { describeFault } from "./fault.ts";
import type { GlobalOptions } from "./options.ts";
import type { RestoreOptions } from "./restore/types.ts";
import { handleSignals } from "./signals.ts";

/** What a command does: returns the exit code, or nothing for 0. */
type Action<Options> = (options: GlobalOptions & Options) => Promise<number | undefined>;

const program = new Command("holdfast")
  .description(
    "A highly available PostgreSQL, the application in front of it, backups and monitoring on plain Docker.",
  )
  .option("--stack <name>", "which stack", "dev")
  .option("--yes", "answer every question with yes", false)
  .option("--json", "report as JSON, where the command reports", false)
  .showHelpAfterError("(./holdfast help tells more)")
  .configureHelp({ sortSubcommands: false, showGlobalOptions: true })
  .enablePositionalOptions(false);

/**
 * A command whose code is loaded only when it is called: Pulumi's library alone takes a second.
 *
 * @param name with its arguments, e.g. `drill [names...]`; the action finds them as `args`
 */
function command<Options>(
  name: string,
  description: string,
  load: () => Promise<Action<Options>>,
  ...options: Option[]
): void {
  const sub = program.command(name).description(description);
  for (const option of options) {
    sub.addOption(option);
  }
  // Commander hands over each argument, then the command's own options, then the command.
  sub.action(async (...given: unknown[]) => {
    const self = given.at(-1) as Command;
    const action = await load();
    process.exitCode = (await action({ ...self.optsWithGlobals(), args: self.args })) ?? 0;
  });
}

const option = (flags: string, description: string) => new Option(flags, description);

command(
  "up",
  "set up what the machine lacks, provision the stack, print its endpoints",
  async () => (await import("./up.ts")).up,
  option("--refresh", "compare the state with what really runs first").default(false),
  option(
    "--accept-risk <name...>",
    "do what endangers data all the same, by the names that a refusal gives",
  ),
);
command(
  "preview",
  "show what up would change, what that does to each node, and whether it endangers data",
  async () => (await import("./preview.ts")).preview,
  option("--expect-no-changes", "fail when there is a change").default(false),
  option("--diff", "show every changed property").default(false),
  option("--refresh", "compare the state with what really runs first").default(false),
  option("--accept-risk <name...>", "as with up"),
  option("--rendered <folder>", "write every rendered file there, as it will be"),
);
command(
  "down",
  "take the stack down; data, passwords and the network are kept",
  async () => (await import("./down.ts")).down,
  option("--data", "destroy the data and everything else as well").default(false),
);
command(
  "status",
  "members, instances, backups, alerts and endpoints; exit code 0 only when all is healthy",
  async () => (await import("./status.ts")).status,
  option("--watch", "again every 2 s, until Ctrl-C").default(false),
);
command(
  "volumes",
  "the data volumes that members left when they were scaled in",
  async () => (await import("./volumes.ts")).volumes,
  option("--drop-orphans", "remove them, for good").default(false),
  option("--accept-risk <name...>", "drop-orphan-volumes: without it, nothing is removed"),
);
command(
  "outputs",
  "the stack's outputs",
  async () => (await import("./outputs.ts")).outputs,
  option("--show-secrets", "secrets in plain").default(false),
);
command(
  "env",
  'what a plain pulumi needs: eval "$(./holdfast env)"',
  async () => (await import("./env.ts")).env,
);
command(
  "switchover",
  "make a replica the leader; clients wait, none fails",
  async () => (await import("./switchover.ts")).switchover,
  option("--to <member>", "which one, e.g. postgres-2 (default: the best candidate)"),
);
command(
  "restart",
  "restart PostgreSQL on every member, one at a time; clients wait, none fails",
  async () => (await import("./restart.ts")).restart,
  option("--member <member>", "only this one, e.g. postgres-2"),
);
command(
  "scale",
  "how many application instances run and why; pin the number, or let traffic decide again",
  async () => (await import("./scale.ts")).scale,
  option("--instances <number>", "pin to so many"),
  option("--auto", "unpin: traffic decides").default(false),
);
command(
  "backup",
  "take a backup",
  async () => (await import("./backup.ts")).backup,
  option("--now <kind>", "which: physical (full or diff, by rotation), full, diff, incr, logical")
    .choices(["physical", "full", "diff", "incr", "logical"])
    .default("physical"),
  option("--repository <name>", "into which: local, cloud or all that there are")
    .choices(["local", "cloud", "all"])
    .default("all"),
);
command(
  "backups",
  "list the backups: what exists where, proven when, recoverable to when",
  async () => (await import("./backup.ts")).backups,
  option("--verify [label]", "compare every file with its sha256 sum, of one backup or of all"),
);
command(
  "restore",
  "bring data back from a backup: this database in place, a lost environment (--kit), a copy (--from), tables (--table)",
  async () => {
    const { restore } = await import("./restore.ts");
    const stackGiven = program.getOptionValueSource("stack") === "cli";
    return (options: RestoreOptions) => restore({ ...options, stackGiven });
  },
  option("--to <time>", "latest, or a moment, e.g. 2026-11-25T09:00:00Z").default("latest"),
  option("--repository <name>", "from which (default: local where it can, else cloud)").choices([
    "local",
    "cloud",
  ]),
  option("--overwrite", "also when a leader works: its data is replaced").default(false),
  option("--discard", "without room for both, remove the old data first").default(false),
  option("--cancel", "put the old data back after a restore that failed").default(false),
  option("--empty", "let members that wait begin an empty database").default(false),
  option("--forget", "remove the old data that restores have kept").default(false),
  option("--kit <file>", "a lost environment, by its recovery kit"),
  option("--passphrase-file <file>", "the kit's passphrase, instead of asking"),
  option("--lost-at <time>", "with --kit: when it was lost, to measure the recovery point"),
  option("--from <stack>", "with --stack NEW: a new stack that begins with this one's backups"),
  option("--table <name...>", "only these tables, into a schema beside the live ones"),
  option("--kind <kind>", "with --table: from which backup").choices(["logical", "physical"]),
);
command(
  "site <verb>",
  "two sites: status; switchover and failover --to SITE; failback; activate. The public names: dns. Needs no Pulumi state",
  async () => (await import("./site/command.ts")).site,
  option("--to <site>", "switchover, failover: which one becomes active (failback: the first one)"),
  option(
    "--site-is-off <site>",
    "failover, activate: your word that this site is off, and stays so",
  ),
  option("--site <site>", "activate: which one (default: the one with the newest data)"),
  option("--rejoin-only", "failback: only make a standby of the site that returned").default(false),
  option(
    "--check",
    "dns: only say what clients see; exit code 1 when that is another site",
  ).default(false),
  option("--docker <site=address...>", "another address of a site's Docker than hosts says"),
  option("--kit <file>", "the settings from the recovery kit: the folder with them is lost"),
  option("--passphrase-file <file>", "the kit's passphrase, instead of asking"),
);
command(
  "drill [names...]",
  "break something under load, watch it recover, count every acknowledged write; all: each in turn; restore: prove a backup",
  async () => (await import("./drill.ts")).drill,
  option("--list", "say what drills there are").default(false),
  option("--times <number>", "run the whole list so often").default("1"),
  option("--hold <seconds>", "let each fault of family backup last so long"),
  option("--repository <name>", "restore: from which").choices(["local", "cloud"]),
  option("--kind <kind>", "restore: which backup").choices(["physical", "logical"]),
  option("--to <time>", "restore: the state of then, e.g. 2026-11-25T09:00:00Z (default: latest)"),
  option("--output <folder>", "where to write report and results"),
);
command(
  "bench [parts...]",
  "measure the ways to the database side by side on the live stack; parts: throughput, reads, handover, failover (default: all)",
  async () => (await import("./bench.ts")).bench,
  option("--rounds <number>", "measure each way so often").default("5"),
  option("--seconds <number>", "each time so long").default("10"),
  option("--clients <number>", "connections of pgbench").default("8"),
  option("--scale <number>", "pgbench's scale: 100,000 rows each").default("10"),
  option("--times <number>", "make each handover and failover so often").default("3"),
  option("--output <file>", "where to write the JSON (default: .holdfast/bench/)"),
);
command(
  "objectives",
  "what the recovery objectives derive, what was measured last, and where the two disagree",
  async () => (await import("./objectives.ts")).objectives,
  option("--recovery-point <duration>", "show what this one would change, e.g. 30s"),
  option("--recovery-time <duration>", "show what this one would change, e.g. 2min"),
);
command(
  "repair",
  "put in order what an interrupted run left: its lock, containers unknown to the state, unfinished operations",
  async () => (await import("./repair.ts")).repair,
);
command(
  "recovery-kit",
  "write one sealed file with all that the loss of this folder would cost",
  async () => (await import("./recoveryKit.ts")).recoveryKit,
  option("--output <file>", "where to write it (default: holdfast-<stack>-kit.age)"),
  option("--passphrase-file <file>", "read the passphrase from there instead of asking"),
);
command(
  "recovery-plan",
  "the disaster-recovery plan of the stack: objectives, who decides, exact commands, last drills",
  async () => (await import("./recoveryPlan.ts")).recoveryPlan,
  option("--output <file>", "where to write it (default: print it)"),
);
command(
  "test",
  "everything CI runs: format, lint, types, unit tests, templates before the real tools, the live environment",
  async () => (await import("./test.ts")).test,
  option("--unit", "only what needs no Docker").default(false),
);
command(
  "setup",
  "only set up what the machine lacks",
  async () => (await import("./setup.ts")).setUpOnly,
  option("--again", "try again to get the images that could not be had").default(false),
);

handleSignals();
try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`${describeFault(error)}\n`);
  process.exitCode = 1;
}
// What a failed step left running beside it ends here; sockets that linger do not hold the command.
endChildren();
process.exit();
