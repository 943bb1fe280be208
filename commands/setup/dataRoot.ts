import { DEFAULT_DATA_ROOT } from "../../settings/defaults.ts";
import { type Tree, valueAt } from "../../settings/tree.ts";
import type { Docker } from "../docker.ts";
import { treeOf } from "./record.ts";

/**
 * Where Docker keeps its files on a host: the collector reads the containers' lines there.
 *
 * @param host the host's name in the settings
 * @returns an answer for the record; nothing where it is the default, or where a person said it
 */
export async function findDataRoot(docker: Docker, host: string, config: Tree): Promise<Tree> {
  const path = ["hosts", host, "dataRoot"];
  if (valueAt(config, path) !== undefined) return {};
  const { code, stdout } = await docker.run(["info", "--format", "{{.DockerRootDir}}"]);
  const found = stdout.trim();
  return code !== 0 || found === "" || found === DEFAULT_DATA_ROOT ? {} : treeOf(path, found);
}
