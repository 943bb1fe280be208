/** A real browser: Debian's Chromium, driven through chromedriver by the W3C WebDriver protocol. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureProgram } from "../../commands/setup/machine.ts";

/** How WebDriver names an element in JSON. */
const ELEMENT = "element-6066-11e4-a52e-4f735466cecf";
/** Chromium on two loaded cores: 1 to 4 s until its driver listens, and as much for a session. */
const START_MS = 60_000;
/** Longest wait for an element or a page. */
const WAIT_MS = 30_000;

export interface SessionOptions {
  /** Size of the page in CSS pixels. @default 1280 × 900 */
  readonly width?: number;
  readonly height?: number;
  /** @default true */
  readonly javascript?: boolean;
  /** @default "light" */
  readonly colours?: "light" | "dark";
}

/** One chromedriver process; sessions are browsers without anything in common. */
export class Driver {
  private readonly child: ChildProcess;
  private readonly url: string;
  private readonly folder: string;

  private constructor(child: ChildProcess, port: string, folder: string) {
    this.child = child;
    this.url = `http://127.0.0.1:${port}`;
    this.folder = folder;
  }

  /**
   * Starts the driver on a free port; installs browser and driver where that is allowed.
   *
   * @throws Error that says what to install: nothing is skipped
   */
  static async start(): Promise<Driver> {
    for (const [program, name] of [
      ["chromium", "chromium"],
      ["chromedriver", "chromium-driver"],
    ] as const) {
      if (!(await ensureProgram(program, name))) {
        throw new Error(
          `the browser test needs ${program} on PATH; on Debian, as root: apt-get install ${name}`,
        );
      }
    }
    const folder = mkdtempSync(join(tmpdir(), "holdfast-browser-"));
    const child = spawn("chromedriver", ["--port=0"], {
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, HOME: folder, TMPDIR: folder },
    });
    try {
      return new Driver(child, await portOf(child), folder);
    } catch (error) {
      child.kill();
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  }

  async open(options: SessionOptions = {}): Promise<Session> {
    const { width = 1280, height = 900, javascript = true, colours = "light" } = options;
    const args = [
      "--headless=new",
      "--disable-dev-shm-usage",
      "--hide-scrollbars",
      "--no-proxy-server",
    ];
    // Chromium refuses to run as root in a sandbox; the pages are our own.
    if (process.getuid?.() === 0) args.push("--no-sandbox");
    if (colours === "dark")
      args.push("--force-dark-mode", "--blink-settings=preferredColorScheme=0");
    const chrome = {
      args,
      mobileEmulation: {
        deviceMetrics: { width, height, pixelRatio: 1, mobile: false, touch: false },
      },
      ...(javascript
        ? {}
        : { prefs: { "profile.managed_default_content_settings.javascript": 2 } }),
    };
    const alwaysMatch = {
      browserName: "chrome",
      "goog:chromeOptions": chrome,
      "goog:loggingPrefs": { browser: "ALL" },
      timeouts: { implicit: WAIT_MS, pageLoad: WAIT_MS, script: WAIT_MS },
    };
    const { sessionId } = await call<{ sessionId: string }>("POST", `${this.url}/session`, {
      capabilities: { alwaysMatch },
    });
    return new Session(`${this.url}/session/${sessionId}`);
  }

  /** Ends the driver; its browsers end with it. */
  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.child.once("exit", resolve));
    await fetch(`${this.url}/shutdown`).catch(() => this.child.kill());
    await ended;
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** One browser with cookies of its own. Elements are named by CSS selectors, and waited for. */
export class Session {
  private readonly url: string;

  constructor(url: string) {
    this.url = url;
  }

  async go(address: string): Promise<void> {
    await call("POST", `${this.url}/url`, { url: address });
  }

  address(): Promise<string> {
    return call("GET", `${this.url}/url`);
  }

  async click(selector: string): Promise<void> {
    await call("POST", `${await this.find(selector)}/click`, {});
  }

  /** Clicks what leads to another page, and waits until the one before is gone: a form is sent after the click. */
  async follow(selector: string): Promise<void> {
    const before = await this.find("html");
    await this.click(selector);
    const deadline = Date.now() + WAIT_MS;
    while (await isThere(before)) {
      if (Date.now() > deadline) throw new Error(`${selector} leads nowhere`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Replaces what stands in a field. */
  async fill(selector: string, text: string): Promise<void> {
    const element = await this.find(selector);
    await call("POST", `${element}/clear`, {});
    await call("POST", `${element}/value`, { text });
  }

  /** The text as a visitor sees it. */
  async text(selector: string): Promise<string> {
    return call("GET", `${await this.find(selector)}/text`);
  }

  /** Runs a function body in the page and returns what it returns. */
  evaluate<T>(body: string): Promise<T> {
    return call("POST", `${this.url}/execute/sync`, { script: body, args: [] });
  }

  /** What the console shows as an error: a failed file, a broken policy, a script's fault. */
  async complaints(): Promise<string[]> {
    const lines = await call<{ level: string; message: string }[]>("POST", `${this.url}/se/log`, {
      type: "browser",
    });
    return lines.filter(({ level }) => level === "SEVERE").map(({ message }) => message);
  }

  async screenshot(file: string): Promise<void> {
    writeFileSync(file, Buffer.from(await call<string>("GET", `${this.url}/screenshot`), "base64"));
  }

  async close(): Promise<void> {
    await call("DELETE", this.url);
  }

  private async find(selector: string): Promise<string> {
    const query = { using: "css selector", value: selector };
    const found = await call<Record<string, string>>("POST", `${this.url}/element`, query);
    return `${this.url}/element/${found[ELEMENT]}`;
  }
}

/** One command of the protocol. @throws Error with the driver's own message */
async function call<T = unknown>(method: string, url: string, body?: unknown): Promise<T> {
  const answer = await fetch(url, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(2 * START_MS),
  });
  const { value } = (await answer.json()) as { value: T & { error?: string; message?: string } };
  if (!answer.ok) throw new Error(`${value.error}: ${value.message?.split("\n")[0]}`);
  return value;
}

/** Whether an element that was found is still on the page. */
async function isThere(element: string): Promise<boolean> {
  try {
    await call("GET", `${element}/name`);
    return true;
  } catch (error) {
    // The last is how chromedriver answers for an element of a page that is going away just now.
    const gone = /stale element|no such element|does not belong to the document/;
    if (gone.test(String(error))) return false;
    throw error;
  }
}

/** The port that the driver chose, from its own words. */
function portOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("chromedriver does not start")), START_MS);
    let output = "";
    child.on("error", reject);
    child.on("exit", (code) => reject(new Error(`chromedriver ended with ${code}: ${output}`)));
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      const port = /started successfully on port (\d+)/.exec(output)?.[1];
      if (port === undefined) return;
      clearTimeout(timer);
      resolve(port);
    });
  });
}
