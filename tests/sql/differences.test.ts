/** `differences.md` is true: each of its statements answers as its table says, here and in PostgreSQL. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { isLittoralError } from "#shared/base/errors.ts";
import { formatValue } from "#shared/contracts/values/format.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import { buildOperator } from "#shared/engine/operators/build.ts";
import { run } from "#shared/engine/operators/driver.ts";
import { ExecutionContext } from "#shared/engine/operators/execution-context.ts";
import { createEngine } from "#shared/engine/kernels/kernels.ts";
import { Lease } from "#shared/engine/memory/lease.ts";
import { readRows } from "#shared/engine/vector/read.ts";
import { TestPlanner } from "./bind/planner.ts";
import { Oracle } from "./oracle.ts";

const PAGE = readFileSync(new URL("differences.md", import.meta.url), "utf8");
const ROWS = [...PAGE.matchAll(/^\| `(SELECT .*)` \| (.*) \| (.*) \|$/gm)].map((row) => row.slice(1) as [string, string, string]);

const planner = new TestPlanner();
const engine = createEngine({ pageCount: 64 });
let oracle: Oracle;
beforeAll(async () => {
	oracle = await Oracle.start();
});
afterAll(() => oracle.stop());

/** The text of a statement's one value, or its SQLSTATE. */
async function littoral(sql: string): Promise<string> {
	const lease = new Lease(engine.arena, { owner: "differences" });
	try {
		const planned = await planner.plan(sql);
		if (planned.kind !== "query") throw new Error(`not a query: ${sql}`);
		const { root, statement, tables, output } = planned.plan;
		const context = new ExecutionContext({ engine, lease, statement, tables, signal: new AbortController().signal });
		const texts: string[] = [];
		const noScan = (): never => {
			throw new Error(`a statement without tables: ${sql}`);
		};
		for await (const batch of run(buildOperator(root, context, noScan), context)) {
			for (const [value] of readRows(engine, batch)) texts.push(formatValue(output[0]?.type as DataType, value ?? null));
		}
		return texts.join("\n");
	} catch (error) {
		if (!isLittoralError(error)) throw error;
		return error.details.sqlstate ?? error.code;
	} finally {
		lease.release();
	}
}

test("the page has its statements", () => {
	expect(ROWS).toHaveLength(22);
});

test.each(ROWS)("%s", async (sql, ours, theirs) => {
	const { error, rows } = await oracle.query(sql);
	expect({ littoral: await littoral(sql), postgres: error?.sqlstate ?? rows[0]?.[0] }).toEqual({ littoral: ours, postgres: theirs });
});
