/**
 * The shop as a visitor sees it, in a real browser: steps for a live test. With HOLDFAST_SCREENSHOTS
 * naming a folder they leave there the README's two pictures.
 */
import { join } from "node:path";
import { expect, it } from "vitest";
import type { Session } from "./browser.ts";
import { visits } from "./visits.ts";

const SUBMIT = ".order-bar button";
const FOOTER =
  /^Served by (app-\d+), read from (the leader|a replica) \(alias (default|replica)\)$/;
/** Orders placed one after the other, each looked for in "My orders" at once. */
const ORDERS = 20;
/** The narrowest phones there are, a common one, and a small tablet. */
const WIDTHS = [320, 390, 600];
/** Size of the README's pictures. */
const PICTURE = { width: 1000, height: 700 };

/** What a page is laid out like; run in it. */
const LAYOUT = `
  const shown = [...document.querySelectorAll("body *")].filter(
    (element) => !element.closest(".unseen, .skip") && !element.ownerSVGElement,
  );
  const cut = shown.filter((element) => {
    const frame = element.parentElement.closest(".card") ?? document.documentElement;
    const [inner, outer] = [element.getBoundingClientRect(), frame.getBoundingClientRect()];
    return inner.right > outer.right + 1 || inner.left < outer.left - 1;
  });
  return {
    scrolls: document.documentElement.scrollWidth > innerWidth,
    cut: cut.map(({ tagName, className, textContent }) => [tagName, className, textContent.trim()].join(" ")),
  };`;

/** What a page owes those who do not see it; run in it. */
const SEMANTICS = `
  const fields = [...document.querySelectorAll("input:not([type=hidden])")];
  return {
    language: document.documentElement.lang,
    titles: document.querySelectorAll("h1").length,
    mains: document.querySelectorAll("main").length,
    unlabelled: fields.filter(({ labels }) => labels.length === 0).map(({ name }) => name),
  };`;

const SOUND = { language: "en", titles: 1, mains: 1, unlabelled: [] };

/**
 * Registers the steps; they need a running shop with its first products.
 *
 * @param appUrl asked when a step runs: an environment has its address once it is up
 */
export function pageSteps(appUrl: () => string): void {
  const visit = visits();
  const at = (path: string) => new URL(path, appUrl()).href;

  /** Fills in the front page's form and sends it; returns the number of the order it led to. */
  async function order(browser: Session, name: string): Promise<string> {
    await browser.go(at("/"));
    await browser.fill("#id_quantity-1", "2");
    await browser.fill("#id_name", name);
    await browser.follow(SUBMIT);
    expect(await browser.text("h1")).toBe(`Thank you, ${name}`);
    const number = /\/orders\/(\d+)\/$/.exec(await browser.address())?.[1];
    expect(number, await browser.address()).toBeDefined();
    return number ?? "";
  }

  it("page: shows the products, and who served them", () =>
    visit({}, async (browser) => {
      await browser.go(at("/"));
      const products = await browser.evaluate<string[]>(
        "return [...document.querySelectorAll('.products h2')].map((name) => name.textContent)",
      );
      expect(products).toContain("Enamel mug");
      expect(products.length).toBeGreaterThan(3);
      expect(await browser.text(".served")).toMatch(FOOTER);
      expect(await browser.complaints()).toEqual([]);
    }));

  it(`page: finds each of ${ORDERS} orders in "My orders" right after it was placed`, () =>
    visit({}, async (browser) => {
      for (let n = 1; n <= ORDERS; n++) {
        const number = await order(browser, "Grace Hopper");
        await browser.follow("nav a[href='/orders/']");
        expect(await browser.text("h1")).toBe("My orders");
        expect(await browser.text(".orders li:first-child h2")).toBe(`Order ${number}`);
        expect(await browser.text(".orders li:first-child table")).toContain("Enamel mug");
        const count = "return document.querySelectorAll('.orders > li').length";
        expect(await browser.evaluate(count)).toBe(n);
      }
      expect(await browser.complaints()).toEqual([]);
    }));

  it("page: keeps an order from other visitors", () =>
    visit({}, async (owner) => {
      const number = await order(owner, "Ada Lovelace");
      await visit({}, async (stranger) => {
        await stranger.go(at(`/orders/${number}/`));
        expect(await stranger.text("h1")).toBe("There is no such page");
        await stranger.go(at("/orders/"));
        expect(await stranger.text("main")).toContain("You have not ordered anything yet.");
      });
    }));

  it("page: says what is missing, and keeps what was typed", () =>
    visit({}, async (browser) => {
      await browser.go(at("/"));
      await browser.fill("#id_quantity-1", "3");
      await browser.follow(SUBMIT);
      expect(await browser.text("#faults")).toContain("Tell us your name");
      await browser.click("#faults a");
      expect(await browser.evaluate("return document.activeElement.id")).toBe("id_name");
      expect(await browser.evaluate("return document.querySelector('#id_quantity-1').value")).toBe(
        "3",
      );
    }));

  it("page: takes an order without JavaScript", () =>
    visit({ javascript: false }, async (browser) => {
      const probe = "<title>off</title><body>.<script>document.title = 'on'</script>";
      await browser.go(`data:text/html,${probe}`);
      expect(await browser.evaluate("return document.title")).toBe("off");
      const number = await order(browser, "Noscript");
      await browser.follow("nav a[href='/orders/']");
      expect(await browser.text(".orders li:first-child h2")).toBe(`Order ${number}`);
      expect(await browser.text(".served")).toMatch(FOOTER);
    }));

  it.each(WIDTHS)("page: fits a screen of %i pixels, and names everything", (width) =>
    visit({ width, height: 800 }, async (browser) => {
      const number = await order(browser, "Wolfeschlegelsteinhausenbergerdorff");
      for (const path of ["/", "/orders/", `/orders/${number}/`, "/no-such-page"]) {
        await browser.go(at(path));
        expect(await browser.evaluate(LAYOUT), path).toEqual({ scrolls: false, cut: [] });
        expect(await browser.evaluate(SEMANTICS), path).toEqual(SOUND);
      }
    }),
  );

  const folder = process.env.HOLDFAST_SCREENSHOTS;
  it.runIf(folder)("page: leaves the README's pictures", () =>
    visit(PICTURE, async (browser) => {
      await browser.go(at("/"));
      await browser.screenshot(join(folder ?? "", "shop.png"));
      await order(browser, "Ada Lovelace");
      await browser.screenshot(join(folder ?? "", "order.png"));
    }),
  );
}
