/** What crosses a Worker or is stored changes only with its version. */
import { createHash } from "node:crypto";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { CONTRACT_VERSION } from "#shared/contracts/version.ts";
import { ROOT } from "../../scripts/fleet.ts";

/** Functions and value texts are code that both sides run, not shapes. */
const SHAPES = globSync("shared/contracts/{*,plan/*}.ts", { cwd: ROOT })
	.filter((file) => !file.endsWith(".test.ts") && !/version\.ts$|bounds\.ts$|bound\.ts$|file-page\.ts$/.test(file))
	.toSorted();

/** The declarations alone: comments and layout may change. */
function shapeHash(): string {
	const hash = createHash("sha256");
	for (const file of SHAPES) {
		const text = readFileSync(join(ROOT, file), "utf8")
			.replaceAll(/\/\*[\s\S]*?\*\//g, "")
			.replaceAll(/\/\/.*$/gm, "")
			.replaceAll(/\s+/g, "");
		hash.update(`${file}\n${text}\n`);
	}
	return hash.digest("hex").slice(0, 16);
}

test("the contracts are those of their version", () => {
	// A change here needs a new CONTRACT_VERSION, receivers that accept the version before, and its hash in this table.
	const hashes: Record<number, string> = JSON.parse(readFileSync(join(ROOT, "tests/house/contract-hashes.json"), "utf8"));
	expect(hashes[CONTRACT_VERSION]).toBe(shapeHash());
});
