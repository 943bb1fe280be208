import { expect, test } from "vitest";
import { Docker } from "../../../commands/docker.ts";
import type { RunResult } from "../../../commands/exec.ts";
import { describeFault } from "../../../commands/fault.ts";
import { chooseImages } from "../../../commands/setup/images.ts";
import { checkOwnApplication } from "../../../commands/setup/ownApplication.ts";
import { settingsWith } from "../tree/mocks.ts";

/** A Docker host elsewhere, so that nothing is asked but this client. */
class FakeDocker extends Docker {
  readonly calls: string[] = [];
  private readonly fails: (line: string) => boolean;

  /** @param fails whether a command line ends with an error */
  constructor(fails: (line: string) => boolean) {
    super("tcp://docker.example.com:2376");
    this.fails = fails;
  }

  override async run(args: readonly string[]): Promise<RunResult> {
    const line = args.join(" ");
    this.calls.push(line);
    return { code: this.fails(line) ? 1 : 0, stdout: "", stderr: "" };
  }
}

const own = (application: Record<string, unknown> = {}) =>
  settingsWith({
    application: { image: "team/app:1.0", ...application },
    monitoring: { grafana: false },
  });

async function refusal(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => "",
    (error: unknown) => describeFault(error),
  );
}

test("an image of one's own that can be neither found nor pulled is refused, with what to type", async () => {
  const docker = new FakeDocker((line) => line.includes("team/app:1.0") || line.startsWith("pull"));
  const text = await refusal(chooseImages(docker, own(), own(), {}));
  expect(text).toContain(
    "holdfast: the image team/app:1.0 is neither on the Docker host nor can it be pulled",
  );
  expect(text).toContain("load it: docker load --input <file>");
  expect(text).toContain("pulumi config rm --path application.image");
  expect(docker.calls.filter((line) => !/^(image inspect|info|pull) /.test(line))).toEqual([]);
});

test("one that is on the Docker host is not pulled", async () => {
  const docker = new FakeDocker(() => false);
  await chooseImages(docker, own(), own(), {});
  expect(docker.calls.filter((line) => line.startsWith("pull"))).toEqual([]);
});

test("an image without an HTTP client is refused by the key that helps", async () => {
  const docker = new FakeDocker((line) => line.startsWith("run "));
  const text = await refusal(checkOwnApplication(docker, own()));
  expect(text).toContain("application.health: the image team/app:1.0 has no sh with one of bash,");
  expect(text).toContain("pulumi config set --path 'application.health[0]' /path/to/program");
  expect(docker.calls).toEqual([
    expect.stringMatching(/^run --rm --network none --entrypoint sh team\/app:1\.0 -c /),
  ]);
});

test.each([
  ["one with a health program of its own", own({ health: ["/bin/probe"] })],
  ["the shop", settingsWith()],
])("%s is not looked into", async (_, settings) => {
  const docker = new FakeDocker(() => true);
  await checkOwnApplication(docker, settings);
  expect(docker.calls).toEqual([]);
});
