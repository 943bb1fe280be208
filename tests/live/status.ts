/**
 * The status page in a real browser: steps for a live test. With HOLDFAST_SCREENSHOTS naming a folder
 * they leave the README's picture there (docs/status.png).
 */
import { join } from "node:path";
import { expect, it } from "vitest";
import type { Session } from "./browser.ts";
import { eventually } from "./stack.ts";
import { visits } from "./visits.ts";

/** The narrowest phones there are, a common one, a tablet and a desk. */
const WIDTHS = [320, 375, 800, 1280];
/** Size of the README's picture. */
const PICTURE = { width: 1280, height: 1300 };
const VERDICTS = /^[✓!✗?]\s*(Healthy|Degraded|Down|Unknown)$/;
/** Until the page has renewed itself at least once: every 5 s, and a look of up to 4 s. */
const RENEWAL_SECONDS = 20;
/** A name that no rule has. */
const PROOF = "StatusPageProof";
const HOSTILE = "<img src=x onerror=document.title='taken'>";

/** What a page is laid out like; run in it. */
const LAYOUT = `
  const cut = [...document.querySelectorAll("main *")].filter((element) => {
    if (element.closest(".unseen, .scroll") || element.ownerSVGElement) return false;
    const { left, right } = element.getBoundingClientRect();
    return right > innerWidth + 1 || left < -1;
  });
  return {
    scrolls: document.documentElement.scrollWidth > innerWidth,
    cut: cut.map(({ tagName, id, className }) => [tagName, id, className].join(" ")),
  };`;

/** What a page owes those who do not see it; run in it. */
const SEMANTICS = `
  const all = (selector) => [...document.querySelectorAll(selector)];
  return {
    language: document.documentElement.lang,
    titles: all("h1").length,
    mains: all("main").length,
    unnamedTables: all("table").filter((table) => !table.caption?.textContent).length,
    headless: all("th").filter((head) => !head.scope).length,
    unnamedCharts: all("svg").filter((svg) => !svg.querySelector("title")?.textContent).length,
  };`;
const SOUND = {
  language: "en",
  titles: 1,
  mains: 1,
  unnamedTables: 0,
  headless: 0,
  unnamedCharts: 0,
};

/** Contrast of each text with the ground behind it, where it is below what WCAG AA asks for; run in the page. */
const PALE = `
  const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = (colour) => {
    const [r, g, b] = numbers(colour).map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const colour = getComputedStyle(one).backgroundColor;
      if ((numbers(colour)[3] ?? 1) > 0) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const texts = [...document.querySelectorAll("main :not(title)")].filter((element) =>
    [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim()));
  return texts.flatMap((element) => {
    const style = getComputedStyle(element);
    const ink = light(element.ownerSVGElement ? style.fill : style.color);
    const [low, high] = [ink, light(ground(element))].sort((a, b) => a - b);
    const ratio = (high + 0.05) / (low + 0.05);
    return ratio < 4.5 ? [element.textContent.trim() + " " + ratio.toFixed(2)] : [];
  });`;

/**
 * Registers the steps; they need a running environment whose members stream, with some traffic in the
 * last hour.
 *
 * @param statusUrl asked when a step runs: an environment has its address once it is up
 * @param alertmanagerUrl where an alert of this test is raised, and taken back
 */
export function statusSteps(statusUrl: () => string, alertmanagerUrl: () => string): void {
  const visit = visits();
  const at = (path: string) => new URL(path, statusUrl()).href;

  const rows = (browser: Session, card: string) =>
    browser.evaluate<string[][]>(
      `return [...document.querySelectorAll("#${card} tbody tr")].map((row) =>
        [...row.cells].map((cell) => cell.innerText.trim()))`,
    );

  it("status page: says how it is, who leads and who follows, as the JSON does", () =>
    visit({}, async (browser) => {
      await browser.go(at("/"));
      expect(await browser.text("h1")).toMatch(VERDICTS);
      const members = await rows(browser, "database");
      expect(members.filter(([, role]) => role === "leader")).toHaveLength(1);
      const followers = members.filter(([, role]) => role?.endsWith("replica"));
      expect(followers.map(([, , state]) => state)).toEqual(followers.map(() => "✓ streaming"));
      const answer = await fetch(at("/api/status.json"));
      const told = (await answer.json()) as {
        members: { name: string }[];
        verdict: { state: string };
        sources: { error: string }[];
      };
      expect(told.members.map(({ name }) => name)).toEqual(members.map(([name]) => name));
      expect(told.sources.map(({ error }) => error)).toEqual(["", "", ""]);
      expect(await browser.complaints()).toEqual([]);
    }));

  it.each(["1h", "6h", "24h", "7d"])("status page: draws its charts of %s", (range) =>
    visit({}, async (browser) => {
      await browser.go(at("/"));
      await browser.follow(`.ranges a[href*="range=${range}"]`);
      expect(await browser.text(".ranges [aria-current]")).toBe(range);
      const drawn = () =>
        browser.evaluate<string[]>(
          `return [...document.querySelectorAll("figure")].filter((one) =>
          [...one.querySelectorAll("polyline, circle")].some((line) => line.getBoundingClientRect().width > 0)
        ).map(({ id }) => id)`,
        );
      // Charts end on a grid: a minute after an up its last parts have no point yet.
      await eventually("the charts are drawn", 90, async () => {
        const ids = await drawn();
        const missing = ["figure-instances", "figure-transactions", "figure-lag"].filter(
          (id) => !ids.includes(id),
        );
        if (missing.length > 0) await browser.go(at(`/?range=${range}`));
        return missing.length === 0;
      });
      expect(await browser.complaints()).toEqual([]);
    }),
  );

  it("status page: renews itself in place, without a new page", () =>
    visit({}, async (browser) => {
      await browser.go(at("/"));
      const time = () => browser.evaluate<string>('return document.querySelector("time").dateTime');
      await browser.evaluate("window.here = true");
      const before = await time();
      await eventually("the page is newer", RENEWAL_SECONDS, async () => (await time()) > before);
      expect(await browser.evaluate("return window.here")).toBe(true);
      expect(await browser.text("#stale")).toBe("");
      expect(await browser.complaints()).toEqual([]);
    }));

  it("status page: works without JavaScript, and renews itself too", () =>
    visit({ javascript: false }, async (browser) => {
      await browser.go(at("/"));
      expect(await browser.text("h1")).toMatch(VERDICTS);
      expect((await rows(browser, "database")).length).toBeGreaterThan(0);
      const time = () => browser.evaluate<string>('return document.querySelector("time").dateTime');
      const before = await time();
      await eventually("the page is newer", RENEWAL_SECONDS, async () => {
        // Between two pages there is none.
        return (await time().catch(() => before)) > before;
      });
    }));

  it("status page: shows an alert that fires, with what to do, and drops it when it is over", () =>
    visit({}, async (browser) => {
      const raise = (seconds: number) =>
        fetch(new URL("/api/v2/alerts", alertmanagerUrl()), {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify([
            {
              labels: { alertname: PROOF, severity: "warning", instance: HOSTILE },
              annotations: { summary: HOSTILE, action: "Nothing: a test raised it." },
              startsAt: new Date(Date.now() - 1000).toISOString(),
              endsAt: new Date(Date.now() + seconds * 1000).toISOString(),
            },
          ]),
        });
      expect((await raise(120)).ok).toBe(true);
      try {
        await browser.go(at("/"));
        await eventually("the alert is shown", RENEWAL_SECONDS, async () =>
          (await browser.text("#alerts")).includes(PROOF),
        );
        const shown = await browser.text("#alerts");
        expect(shown).toContain("What to do: Nothing: a test raised it.");
        expect(shown).toContain(HOSTILE);
        expect(await browser.evaluate("return document.title")).not.toContain("taken");
        expect(await browser.text("h1")).not.toContain("Healthy");
      } finally {
        await raise(0);
      }
      await eventually("the alert is gone", RENEWAL_SECONDS, async () => {
        return !(await browser.text("#alerts")).includes(PROOF);
      });
      expect(await browser.complaints()).toEqual([]);
    }));

  it.each(WIDTHS)("status page: fits a screen of %i pixels, names everything", (width) =>
    visit({ width, height: 800 }, async (browser) => {
      await browser.go(at("/"));
      expect(await browser.evaluate(LAYOUT)).toEqual({ scrolls: false, cut: [] });
      expect(await browser.evaluate(SEMANTICS)).toEqual(SOUND);
    }),
  );

  it.each(["light", "dark"] as const)("status page: can be read on %s ground", (colours) =>
    visit({ colours }, async (browser) => {
      await browser.go(at("/"));
      expect(await browser.evaluate(PALE)).toEqual([]);
    }),
  );

  const folder = process.env.HOLDFAST_SCREENSHOTS;
  it.runIf(folder)("status page: leaves the README's picture", () =>
    visit(PICTURE, async (browser) => {
      await browser.go(at("/?refresh=off"));
      await browser.screenshot(join(folder ?? "", "status.png"));
    }),
  );
}
