/** Statements without tables, planned and run in this process: answers in the oracle's form. */
import { isLittoralError } from "#shared/base/errors.ts";
import { typeName } from "#shared/contracts/data-type.ts";
import { formatValue } from "#shared/contracts/values/format.ts";
import { createEngine } from "#shared/engine/kernels/kernels.ts";
import { Lease } from "#shared/engine/memory/lease.ts";
import { buildOperator } from "#shared/engine/operators/build.ts";
import { run } from "#shared/engine/operators/driver.ts";
import { ExecutionContext } from "#shared/engine/operators/execution-context.ts";
import { readRows } from "#shared/engine/vector/read.ts";
import { TestPlanner } from "./bind/planner.ts";
import type { TextAnswer } from "./oracle.ts";

export class LocalEngine {
	readonly #planner = new TestPlanner();
	readonly #engine = createEngine({ pageCount: 200 });

	async query(sql: string, parameters: unknown[] = []): Promise<TextAnswer> {
		const lease = new Lease(this.#engine.arena, { owner: "local" });
		try {
			const planned = await this.#planner.plan(sql, parameters);
			if (planned.kind !== "query") throw new Error(`not a query: ${sql}`);
			const { root, statement, tables, output } = planned.plan;
			const context = new ExecutionContext({ engine: this.#engine, lease, statement, tables, signal: new AbortController().signal });
			const rows: (string | null)[][] = [];
			const noScan = (): never => {
				throw new Error(`a statement without tables: ${sql}`);
			};
			for await (const batch of run(buildOperator(root, context, noScan), context)) {
				for (const row of readRows(this.#engine, batch)) {
					rows.push(row.map((value, index) => (value === null ? null : formatValue((output[index] as (typeof output)[0]).type, value))));
				}
			}
			return { columns: output.map(({ name, type }) => ({ name, type: typeName(type).replace(/\([\d,]+\)/, "") })), rows };
		} catch (error) {
			if (!isLittoralError(error)) throw error;
			const { sqlstate = "?????", position = null } = error.details;
			return { columns: [], rows: [], error: { sqlstate, message: error.message, position } };
		} finally {
			lease.release();
		}
	}
}
