import { expect, test } from "vitest";
import { parameterProblem } from "../../settings/parameters.ts";

const name = "max_slot_wal_keep_size";
const volumeMiB = 10 * 1024;

test.each(["128MB", "1 GB", "6GB", 128, "6144", 6144])("%j of 10 GB is kept", (value) => {
  expect(parameterProblem(name, value, volumeMiB)).toBeUndefined();
});

test.each([
  -1,
  "-1",
  0,
  127,
  "127MB",
  6145,
  "7GB",
  "1TB",
  "1.5GB",
  "1 gb",
  "512kB",
  "",
  true,
  "10 %",
])("%j would keep nothing, or fill 10 GB", (value) => {
  expect(parameterProblem(name, value, volumeMiB)?.reason).toContain("from 128MB to 6144MB");
});

test("the upper bound follows from the volume", () => {
  expect(parameterProblem(name, "1GB", 1024)?.reason).toContain("to 614MB");
  expect(parameterProblem(name, "100GB", 1024 * 1024)).toBeUndefined();
});

test("without the volume's size it is refused", () => {
  expect(parameterProblem(name, "1GB")?.instead?.path).toEqual(["database", "volumeSize"]);
});

test("capitals are refused, so that it cannot be given twice", () => {
  expect(parameterProblem("MAX_SLOT_WAL_KEEP_SIZE", "1GB", volumeMiB)?.reason).toContain(
    "lower case",
  );
});
