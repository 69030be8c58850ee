/** `docs/sql.md` lists every function that a statement can call, and none else: it is as `npm run docs:sql` writes it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { sqlPage } from "../../scripts/docs/sql-page.ts";
import { ROOT } from "../../scripts/fleet.ts";

test("the functions on the page", () => {
	const page = readFileSync(join(ROOT, "docs/sql.md"), "utf8");
	expect(page).toBe(sqlPage(page));
	expect(page).toMatch(/^\*\*Aggregates:\*\* .*`count`/m);
});
