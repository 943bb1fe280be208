import { expect, test, vi } from "vitest";
import { Docker } from "../../../../commands/docker.ts";
import { hosts } from "../../../../commands/drills/faults/host.ts";
import { type Scene, Skipped } from "../../../../commands/drills/scene.ts";
import { DEFAULT_DOCKER } from "../../../../commands/setup/docker.ts";
import { look, settings } from "./fakes.ts";

vi.mock("../../../../commands/setup/docker.ts", async (original) => ({
  ...(await original<object>()),
  startedDaemon: () => 999_999_999,
}));

test("a Docker daemon that another started is not killed", async () => {
  const docker = new Docker(DEFAULT_DOCKER);
  docker.must = async () => ({ code: 0, stdout: "", stderr: "" });
  const scene = { docker, settings, lookAgain: async () => look() } as unknown as Scene;
  const drill = hosts.find(({ name }) => name === "daemon-killed");
  await expect(drill?.prepare?.(scene)).rejects.toThrow(Skipped);
});
