import { EventEmitter } from "node:events";
import { describe, expect, test } from "vitest";
import { coloured, frame, Screen, showsColour } from "../../../commands/screen.ts";

const ESC = "\u001b[";
const GREEN = `${ESC}32m`;
const plain = (text: string) =>
  text.split(ESC).map((part, index) => (index ? part.slice(1) : part));

describe("a frame", () => {
  test("writes over what is there and clears only behind it: nothing is blank meanwhile", () => {
    const drawn = frame("one\ntwo", { columns: 20, rows: 5 }, false);
    expect(drawn).toBe(`${ESC}Hone${ESC}K\r\ntwo${ESC}K${ESC}J`);
    expect(drawn).not.toContain(`${ESC}2J`);
  });

  test("cuts lines at the width, and says how many rows do not fit", () => {
    const lines = Array.from({ length: 9 }, (_, n) => `line ${n} is long`);
    const shown = plain(frame(lines.join("\n"), { columns: 8, rows: 4 }, false)).join("");
    expect(shown.split("\r\n")).toEqual(["line 0 …", "line 1 …", "line 2 …", "… 6 mor…"]);
  });

  test("fits exactly: neither a line nor a row is cut too soon", () => {
    const shown = plain(frame("abcd\nefgh", { columns: 4, rows: 2 }, false)).join("");
    expect(shown).toBe("abcd\r\nefgh");
  });
});

describe("colours", () => {
  test("are for states in cells, not for words in sentences", () => {
    const row = "  app-1     healthy";
    expect(coloured(row)).toBe(`  app-1     ${GREEN}healthy${ESC}0m`);
    const said = "  local: it was healthy before the leader was running";
    expect(coloured(said)).toBe(said);
    expect(coloured("  cloud: FAULT bucket")).toContain(`${ESC}31mFAULT`);
    expect(coloured("  postgres-2  -  start failed")).toContain(`${ESC}31mstart failed`);
    expect(coloured("  InstancesMissing  warning   now")).toContain(`${ESC}33mwarning`);
  });

  test("take no room: the cut counts what people see", () => {
    const drawn = frame("  app-1  healthy", { columns: 16, rows: 2 }, true);
    expect(drawn).toContain(`${GREEN}healthy`);
  });

  test("are on a terminal alone, and only if nobody asked for none", () => {
    expect(showsColour({ isTTY: true }, {})).toBe(true);
    expect(showsColour({ isTTY: true }, { NO_COLOR: "" })).toBe(true);
    expect(showsColour({ isTTY: true }, { NO_COLOR: "1" })).toBe(false);
    expect(showsColour({ isTTY: true }, { TERM: "dumb" })).toBe(false);
    expect(showsColour({}, {})).toBe(false);
  });
});

describe("a screen", () => {
  class Terminal extends EventEmitter {
    readonly columns = 12;
    readonly rows = 3;
    readonly isTTY = true;
    written = "";
    write(text: string): boolean {
      this.written += text;
      return true;
    }
  }

  test("is left as it was found: cursor and old content come back", () => {
    const terminal = new Terminal();
    const screen = new Screen(terminal as unknown as NodeJS.WriteStream);
    expect(terminal.written).toBe(`${ESC}?1049h${ESC}?25l`);
    screen.show("hello");
    terminal.written = "";
    screen.leave();
    expect(terminal.written).toBe(`${ESC}?25h${ESC}?1049l`);
    expect(terminal.listenerCount("resize")).toBe(0);
    expect(process.listeners("exit")).not.toContain(screen.leave);
  });

  test("is redrawn when its size changes", () => {
    const terminal = new Terminal();
    const screen = new Screen(terminal as unknown as NodeJS.WriteStream);
    screen.show("hello");
    terminal.written = "";
    terminal.emit("resize");
    expect(terminal.written).toContain("hello");
    screen.leave();
  });
});
