import { CLIENT_NAMES, CLIENT_PROBE } from "../../components/application/healthScript.ts";
import { imagesOf } from "../../components/images.ts";
import { isShop } from "../../settings/application.ts";
import type { Settings } from "../../settings.ts";
import type { Docker } from "../docker.ts";
import { Fault } from "../fault.ts";

/**
 * Looks into the image of an application of the user's own, before anything is touched: without a way to ask it for its
 * health, `up` would wait for a container that never becomes healthy.
 *
 * @throws Fault that names the setting
 */
export async function checkOwnApplication(docker: Docker, settings: Settings): Promise<void> {
  const { application } = settings;
  if (isShop(application) || application.health.length > 0) return;
  const reference = imagesOf(settings).find(({ name }) => name === "app")?.reference ?? "";
  const script = ["--entrypoint", "sh", reference, "-c", CLIENT_PROBE];
  const { code } = await docker.run(["run", "--rm", "--network", "none", ...script]);
  if (code === 0) return;
  throw new Fault(
    `application.health: the image ${reference} has no sh with one of ${CLIENT_NAMES.join(", ")}, so Holdfast cannot ask it for its health`,
    "name a program in the image that ends with 0 while the application is well, one word an entry:",
    "  pulumi config set --path 'application.health[0]' /path/to/program",
  );
}
