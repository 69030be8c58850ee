/** `docs/sql-missing.md` is as PostgreSQL's catalog and the registry have it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { missingPage } from "../../scripts/docs/missing-page.ts";
import { ROOT } from "../../scripts/fleet.ts";
import { startPostgres } from "../postgres.ts";

test("what PostgreSQL has and Littoral has not", async () => {
	const database = await startPostgres();
	const page = await missingPage(database);
	await database.close();
	expect(readFileSync(join(ROOT, "docs/sql-missing.md"), "utf8")).toBe(page);
	expect(page).toContain("`tsvector`");
	expect(page).not.toContain("`to_char`,");
});
