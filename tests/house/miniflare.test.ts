/** What `scripts/local/miniflare.ts` changes of Miniflare is there to be changed, once. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { expect, test } from "vitest";
import { SMALL_STEPS } from "../../scripts/local/miniflare.ts";

test("Miniflare's steps of 4 KB are where they were", () => {
	const path = createRequire(import.meta.url).resolve("miniflare");
	expect(path).toMatch(/\/miniflare\/dist\/src\/index\.js$/);
	expect(readFileSync(path, "utf8").split(SMALL_STEPS)).toHaveLength(2);
});
