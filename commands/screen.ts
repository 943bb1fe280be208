/** A terminal that is redrawn in place: no flicker, nothing wrapped, and left as it was found. */

const ESC = "\u001b[";
const ALTERNATE = { on: `${ESC}?1049h${ESC}?25l`, off: `${ESC}?25h${ESC}?1049l` };
const COLOURS = { good: 32, bad: 31, soon: 33 } as const;

/** Words that a table's cell begins with, by what they mean. Told by the word too, never by colour alone. */
const WORDS: readonly (readonly [keyof typeof COLOURS, RegExp])[] = [
  ["good", /(?<=^|\s{2})(healthy|running|streaming|leader)(?=\s{2}|$)/gm],
  [
    "bad",
    /(?<=^|\s{2})(unhealthy|exited|dead|stopped|start failed|crashed|unreachable|critical|DAMAGED)(?=\s{2}|$)|\b(FAULT|FAILED)\b/gm,
  ],
  ["soon", /(?<=^|\s{2})(starting|restarting|created|paused|warning)(?=\s{2}|$)/gm],
];

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** Whether this stream shows colours: a terminal, and nobody asked for none (no-color.org). */
export function showsColour(
  stream: { readonly isTTY?: boolean },
  environment: Readonly<Record<string, string | undefined>> = process.env,
): boolean {
  return stream.isTTY === true && !environment.NO_COLOR && environment.TERM !== "dumb";
}

/** States in their colours. Pure. */
export function coloured(text: string): string {
  return WORDS.reduce(
    (painted, [kind, pattern]) =>
      painted.replaceAll(pattern, (word) => `${ESC}${COLOURS[kind]}m${word}${ESC}0m`),
    text,
  );
}

/**
 * What redraws the whole screen: each line written over the old one and cleared behind its end, so that
 * nothing is ever blank. Lines that are too long are cut; the last row says how many do not fit. Pure.
 */
export function frame(text: string, { columns, rows }: Size, colour: boolean): string {
  const lines = text.split("\n").map((line) => cut(line, columns));
  const fitting = lines.length <= rows ? lines : lines.slice(0, Math.max(0, rows - 1));
  const hidden = lines.length - fitting.length;
  const shown = hidden > 0 ? [...fitting, cut(`… ${hidden} more lines`, columns)] : fitting;
  const body = shown.map((line) => `${colour ? coloured(line) : line}${ESC}K`).join("\r\n");
  return `${ESC}H${body}${ESC}J`;
}

/** One line within a width, by characters as people count them. Pure. */
function cut(line: string, columns: number): string {
  const characters = [...line];
  return characters.length <= columns ? line : `${characters.slice(0, columns - 1).join("")}…`;
}

/** Takes the terminal over until `leave`, which every end of the process calls too. */
export class Screen {
  private readonly out: NodeJS.WriteStream;
  private readonly colour: boolean;
  private text = "";
  private readonly redraw = () => this.show(this.text);
  readonly leave = (): void => {
    process.off("exit", this.leave);
    this.out.off("resize", this.redraw);
    this.out.write(ALTERNATE.off);
  };

  constructor(out: NodeJS.WriteStream) {
    this.out = out;
    this.colour = showsColour(out);
    out.write(ALTERNATE.on);
    out.on("resize", this.redraw);
    process.once("exit", this.leave);
  }

  show(text: string): void {
    this.text = text;
    const { columns = 80, rows = 24 } = this.out;
    this.out.write(frame(text, { columns, rows }, this.colour));
  }
}
