/** What the recovery plan says of people: the fields, and their defaults. Pure. */
import { z } from "zod";
import { text } from "./fields.ts";

const oneLine = (example: string, empty: boolean) => {
  const expected = `expected one line of text of at most 200 characters${empty ? "" : ", not empty"}`;
  return text(example, expected, (given) =>
    /^[^\n\r]{0,200}$/.test(given) && (empty || given.trim() !== "") ? undefined : expected,
  );
};

export const recovery = z.strictObject({
  decides: oneLine("the operator on call", true),
  contacts: z.array(oneLine("on call: +1 555 0100", false)).max(20),
});

export const recoveryDefaults = { decides: "", contacts: [] };
