/** Every rule of the optimizer says what it does, why, why that is safe and what it must not match, and can be left out. */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { RULE_NAMES } from "../../workers/optimizer/src/logical/pipeline.ts";
import { ROOT } from "../../scripts/fleet.ts";

const FOLDER = join(ROOT, "workers/optimizer/src/logical/rules");
const files = globSync("*.ts", { cwd: FOLDER });

test("each file is one rule of the pipeline", () => {
	expect(files.map((name) => name.replace(/\.ts$/, "")).toSorted()).toEqual(RULE_NAMES.toSorted());
});

test.each(files)("%s says effect, reason, safety and counter-example", (name) => {
	const head = /^\/\*\*[^]*?\*\//.exec(readFileSync(join(FOLDER, name), "utf8"))?.[0] ?? "";
	for (const part of ["Effect", "Better", "Safe", "Must not match"]) expect(head).toMatch(new RegExp(`^ \\* ${part}: \\S.{20}`, "m"));
});
