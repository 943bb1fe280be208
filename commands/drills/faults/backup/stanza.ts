import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Drill, Scene } from "../../scene.ts";
import { boxOf } from "../tools.ts";
import { untilAllRecoverable } from "./facts.ts";
import { undoBy } from "./journal.ts";
import { ASIDE, calmBackups, held, knownHoles, REPOSITORY } from "./place.ts";

/** Both programs run where Python is: in the backup container, or in one of its image. */
const program = (name: string) => readFileSync(join(import.meta.dirname, `${name}.py`), "utf8");

const COMMAND = "holdfast-backup --accept-new-cluster";
const ALERT = { name: "RepositoryFault", labels: { repository: "local", cause: "stanza" } };
const MISMATCHED = { least: 20, most: 120 };
/** After the command: a new stanza, a full backup, what waited on the members. */
const WHOLE_SECONDS = 120;

export const stanzas: readonly Drill[] = [
  {
    name: "stanza-mismatch",
    family: "backup",
    description:
      "the local repository says it is another cluster's: the alert names the one command",
    notInAll: true,
    alert: ALERT,
    async prepare(scene) {
      await calmBackups(scene);
      return scene.lookAgain();
    },
    async inject(scene) {
      const { docker } = scene;
      const backup = boxOf(scene, "backup");
      const known = await knownHoles(scene);
      undoBy(
        scene,
        "the repository is its own cluster's, as before",
        [
          { args: ["stop", backup.name] },
          { args: beside(scene, program("stanza_as_before")) },
          { args: ["start", backup.name] },
        ],
        "cleanUp",
      );
      await docker.must("giving the repository to another cluster", [
        ...["exec", backup.name, "python3", "-c", program("stanza_anothers"), REPOSITORY, ASIDE],
      ]);
      undoBy(scene, COMMAND, [
        { args: ["exec", backup.name, ...COMMAND.split(" "), "--wait", "60"] },
      ]);
      return {
        fault: "the local repository was made to name another cluster as its own",
        ...held(scene, MISMATCHED),
        async check() {
          const firing = await scene.firing();
          const named = firing.some(
            ({ name, labels, action }) =>
              name === ALERT.name && labels?.cause === "stanza" && action?.includes(COMMAND),
          );
          return named ? undefined : `no alert names the one command: ${COMMAND}`;
        },
        whole: () => untilAllRecoverable(scene, known, WHOLE_SECONDS),
      };
    },
  },
];

/** A container of its own on the repository, while its own is stopped. */
function beside(scene: Scene, text: string): string[] {
  const { image, volumes, stackId } = boxOf(scene, "backup");
  const volume = volumes.find(({ path }) => path === REPOSITORY)?.name ?? "";
  const labels = [`holdfast.id=${stackId}`, `holdfast.stack=${scene.settings.stack}`];
  return [
    ...["run", "--rm", "--network", "none", ...labels.flatMap((label) => ["--label", label])],
    ...["--volume", `${volume}:${REPOSITORY}`, "--entrypoint", "python3", image],
    ...["-c", text, REPOSITORY, ASIDE],
  ];
}
