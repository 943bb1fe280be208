/** Who is told of alerts in a live test: a small web server on the stack's network that writes down what it gets. */
import { type LiveStack, must, run } from "./stack.ts";

/** One message of Alertmanager's webhook, as far as the steps look at it. */
export interface Message {
  readonly status: "firing" | "resolved";
  /** Alertmanager's own name of the group: its route and the labels it is grouped by. */
  readonly groupKey: string;
  readonly alerts: readonly {
    readonly status: "firing" | "resolved";
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
  }[];
}

const PORT = 8088;

/** Prints each body as one line `<path> <json>`; the standard library is in every image with Python. */
const SERVER = `
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        sys.stdout.write(self.path + " " + body.replace("\\n", " ") + "\\n")
        sys.stdout.flush()
        self.send_response(200)
        self.end_headers()
    def log_message(self, *_):
        pass
http.server.ThreadingHTTPServer(("0.0.0.0", ${PORT}), Handler).serve_forever()
`;

export class AlertReceiver {
  readonly #container: string;
  readonly #stack: LiveStack;

  constructor(stack: LiveStack) {
    this.#stack = stack;
    this.#container = `${stack.name}-alert-receiver`;
  }

  /** Starts it in the guard's image, which has Python and nothing to do with alerts. @returns its URL */
  async start(): Promise<string> {
    const guard = this.#stack.container("guard");
    const image = (await must("docker", ["inspect", "-f", "{{.Config.Image}}", guard])).trim();
    const args = ["run", "--detach", "--name", this.#container, "--memory", "64m"];
    // Without the stack's label: an `up` would refuse a container of it that its state does not know.
    args.push("--network", this.#stack.container("network"), "--entrypoint", "python3");
    await must("docker", [...args, image, "-c", SERVER]);
    const format = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}";
    const address = (await must("docker", ["inspect", "-f", format, this.#container])).trim();
    return `http://${address}:${PORT}`;
  }

  async stop(): Promise<void> {
    await run("docker", ["rm", "--force", this.#container]);
  }

  /** Everything that was posted to a path, in order. */
  async received(path: string): Promise<Message[]> {
    const text = await must("docker", ["logs", this.#container]);
    return text
      .split("\n")
      .filter((line) => line.startsWith(`${path} `))
      .map((line) => JSON.parse(line.slice(path.length + 1)) as Message);
  }
}
