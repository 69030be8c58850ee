/** The plan in `docs/life-of-a-query.md` is what the optimizer makes of the statement shown above it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { encodeBound } from "#shared/contracts/bound.ts";
import { buildFilePage } from "#shared/contracts/file-page.ts";
import type { ColumnStatistics, DataFile } from "#shared/contracts/snapshot.ts";
import type { TableSchema } from "#shared/contracts/table.ts";
import { ROOT } from "../../scripts/fleet.ts";
import { TestPlanner } from "../sql/bind/planner.ts";

/** A month of flights as the page has it: one million rows, 10 MB; bounds of every column but `origin`. */
function monthOfFlights({ columns }: TableSchema, month: number): DataFile {
	const micros = (day: Date) => BigInt(day.getTime()) * 1000n;
	const bounds: Record<string, [unknown, unknown]> = {
		date: [micros(new Date(Date.UTC(2026, month - 1))), micros(new Date(Date.UTC(2026, month))) - 1n],
		delay: [-60, 1440],
	};
	const statistics = columns.map(({ fieldId, name, type }): ColumnStatistics => {
		const [minimum, maximum] = (bounds[name] ?? []).map((value) => encodeBound(type, value as never));
		return { fieldId, nullCount: 0, minimum: minimum ?? null, maximum: maximum ?? null, hasNaN: false };
	});
	return { path: `data/month-${month}.parquet`, rowCount: 1_000_000, byteCount: 10_000_000, schemaVersion: 1, columns: statistics };
}

/** The first fenced block of a language. */
function block(page: string, language: string): string {
	const match = new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\\n\`\`\``).exec(page);
	if (match === null) throw new Error(`the page has no block of ${language}`);
	return match[1] as string;
}

test("the plan on the page", async () => {
	const page = readFileSync(join(ROOT, "docs/life-of-a-query.md"), "utf8");
	const planner = new TestPlanner();
	await planner.create("CREATE TABLE flights (date TIMESTAMP, delay INTEGER, origin TEXT) WITH (sort_key = 'date')");
	const created = planner.tables.get("flights");
	if (created === undefined) throw new Error("flights was created");
	const files = [1, 2, 3].map((month) => monthOfFlights(created.schema, month));
	planner.tables.set("flights", { ...created, rowCount: 3_000_000, byteCount: 30_000_000, pages: [buildFilePage(files)] });

	const explained = await planner.plan(`EXPLAIN ${block(page, "sql")}`, ["2026-03-01"]);
	if (explained.kind !== "explain") throw new Error("an EXPLAIN");
	expect(block(page, "text")).toBe(explained.lines.join("\n"));
});
