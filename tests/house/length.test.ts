/** No source file is longer than a reader takes in. */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "../../scripts/fleet.ts";

const LINE_COUNT_MAX = 400;
/** Nobody reads these from top to bottom: what a build makes, inputs of tests, and the one table of numbers. */
const IS_EXCEPTED = /\/build\/|\.fixture\.ts$|\.d\.ts$|^shared\/base\/limits\.ts$/;

test(`no source file has more than ${LINE_COUNT_MAX} lines`, () => {
	const files = globSync("{bench,scripts,shared,tests,workers}/**/*.ts", { cwd: ROOT }).filter((file) => !IS_EXCEPTED.test(file));
	const lineCount = (file: string): number => readFileSync(join(ROOT, file), "utf8").trimEnd().split("\n").length;
	expect(files.length).toBeGreaterThan(1000);
	expect(files.map((file) => `${file}: ${lineCount(file)}`).filter((line) => Number(line.split(": ")[1]) > LINE_COUNT_MAX)).toEqual([]);
});
