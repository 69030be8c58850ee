/** Plans and runs a query in this process, over tables of `stored-tables.ts`, and gives PostgreSQL's text of what comes out. */
import { isLittoralError } from "#shared/base/errors.ts";
import { typeName } from "#shared/contracts/data-type.ts";
import { formatValue } from "#shared/contracts/values/format.ts";
import { ExecutionContext } from "#shared/engine/operators/execution-context.ts";
import { createEngine } from "#shared/engine/kernels/kernels.ts";
import { Lease } from "#shared/engine/memory/lease.ts";
import { readRows } from "#shared/engine/vector/read.ts";
import type { PipelineOptions } from "../../../workers/optimizer/src/logical/pipeline.ts";
import { runPlan } from "../../../workers/tenant/src/query/run-plan.ts";
import type { StoredTables } from "../kernels/stored-tables.ts";
import type { TextAnswer } from "../oracle.ts";

const engine = createEngine();

export async function localAnswer(stored: StoredTables, sql: string, pipeline: PipelineOptions = {}): Promise<TextAnswer> {
	const lease = new Lease(engine.arena, { owner: "local" });
	try {
		const planned = await stored.planner.plan(sql, [], pipeline);
		if (planned.kind !== "query") throw new Error(`not a query: ${sql}`);
		const { plan } = planned;
		const signal = new AbortController().signal;
		const context = new ExecutionContext({ engine, lease, statement: plan.statement, tables: plan.tables, signal });
		const rows: (string | null)[][] = [];
		for await (const batch of runPlan(stored.ports(), plan, stored.tailsOf(plan), context)) {
			for (const row of readRows(engine, batch)) {
				rows.push(
					plan.output.map(({ type }, index) => {
						const value = row[index] ?? null;
						if (value === null) return null;
						return type.kind === "boolean" ? (value === true ? "t" : "f") : formatValue(type, value);
					}),
				);
			}
		}
		return { columns: plan.output.map(({ name, type }) => ({ name, type: typeName(type).replace(/\(.*\)/, "") })), rows };
	} catch (error) {
		if (!isLittoralError(error)) throw error;
		const { sqlstate = error.code, position = null } = error.details;
		return { columns: [], rows: [], error: { sqlstate, message: error.message, position } };
	} finally {
		lease.release();
	}
}
