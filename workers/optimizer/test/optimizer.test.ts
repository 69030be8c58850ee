/** The Worker in workerd: the parser's WebAssembly, the engine's constants, caches and minimum versions, over its real entrypoint. */
import { createExecutionContext } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { isLittoralError } from "#shared/base/errors.ts";
import type { TenantId } from "#shared/base/ids.ts";
import { OPTIMIZER_CATALOG_ANSWER_MS_MAX } from "#shared/base/limits.ts";
import type { CallContext } from "#shared/contracts/principal.ts";
import type { OptimizerRpc, PlanRequest } from "#shared/contracts/rpc.ts";
import type { Env } from "../src/env.ts";
import { OptimizerService } from "../src/index.ts";

const service = (exports as unknown as { OptimizerService: OptimizerRpc }).OptimizerService;
let tenantCount = 0;

/** A tenant of its own: nothing cached. */
function context(): CallContext {
	const tenantId = String(++tenantCount).padStart(24, "0") as TenantId;
	return { tenantId, role: "owner", requestId: "r", traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" };
}

function request(sql: string, more: Partial<PlanRequest> = {}): PlanRequest {
	return { sql, parameters: [], settings: {}, nowMicroseconds: 0n, ...more };
}

async function failure(sql: string, more: Partial<PlanRequest> = {}) {
	try {
		await service.plan(context(), request(sql, more));
	} catch (error) {
		if (!isLittoralError(error)) throw error;
		return { code: error.code, message: error.message, ...error.details };
	}
	throw new Error(`planned: ${sql}`);
}

async function versionOf(caller: CallContext, more: Partial<PlanRequest> = {}): Promise<number | undefined> {
	const planned = await service.plan(caller, request("SELECT a FROM t", more));
	return planned.kind === "query" ? planned.plan.tables[0]?.snapshotVersion : undefined;
}

// The first import of the parser's glue goes through the test runner's transform.
beforeAll(async () => await service.ready(), 60_000);

describe("optimizer", () => {
	it("plans a query, constants folded by the engine", async () => {
		const planned = await service.plan(context(), request("SELECT a + 1 AS b FROM t WHERE a > 2 * 3 AND x = $1;", { parameters: ["é"] }));
		if (planned.kind !== "query") throw new Error("a query");
		expect(planned.plan.output).toEqual([{ name: "b", type: { kind: "integer" }, nullable: true }]);
		expect(planned.plan.root).toMatchObject({
			kind: "project",
			input: {
				kind: "scan",
				columns: [1, 2],
				predicate: {
					kind: "and",
					arguments: [
						{
							functionId: "eq(text,text)",
							arguments: [
								{ kind: "column", index: 1 },
								{ kind: "constant", value: "é" },
							],
						},
						{
							functionId: "gt(integer,integer)",
							arguments: [
								{ kind: "column", index: 0 },
								{ kind: "constant", value: 6 },
							],
						},
					],
				},
			},
		});
	});

	it.each([
		["SELECT é FROM", { code: "syntax_error", sqlstate: "42601", position: 14, message: "syntax error at end of input" }],
		[
			"SELECT 'é', aa FROM t",
			{
				code: "undefined_column",
				sqlstate: "42703",
				position: 13,
				message: 'column "aa" does not exist',
				hint: 'Perhaps you meant to reference the column "t.a".',
			},
		],
		[
			"SELECT * FROM event",
			{
				code: "undefined_table",
				sqlstate: "42P01",
				position: 15,
				message: 'relation "event" does not exist',
				hint: 'Perhaps you meant to reference the table "events".',
			},
		],
		["SELECT * FROM other.t", { code: "invalid_schema_name", sqlstate: "3F000", position: 15, message: 'schema "other" does not exist' }],
		["SELECT 1; SELECT 2", { code: "multiple_statements", message: "one request holds one statement" }],
		["", { code: "syntax_error", sqlstate: "42601", message: "the statement is empty" }],
		[" -- nothing\n;", { code: "syntax_error", sqlstate: "42601", message: "the statement is empty" }],
		["BEGIN", { code: "feature_not_supported", sqlstate: "0A000", message: "a transaction over several statements is not supported" }],
		["COPY t FROM STDIN", { code: "feature_not_supported", sqlstate: "0A000", message: "COPY is not supported" }],
		["SET x = 1", { code: "feature_not_supported", sqlstate: "0A000", message: "SET is not supported" }],
		[
			"SELECT $1",
			{ code: "protocol_violation", sqlstate: "08P01", message: "the request supplies 0 parameters, but the statement requires 1" },
		],
		[
			`SELECT ${"(".repeat(300)}1${")".repeat(300)}`,
			{
				code: "statement_too_complex",
				sqlstate: "54001",
				message: "stack depth limit exceeded",
				hint: "Expressions, subqueries and views may nest at most 200 deep.",
			},
		],
		[
			`SELECT 1${" + 1".repeat(100_000)}`,
			{
				code: "statement_too_complex",
				sqlstate: "54001",
				message: "stack depth limit exceeded",
				hint: "Expressions, subqueries and views may nest at most 200 deep.",
			},
		],
		[`SELECT '${"x".repeat(1024 * 1024)}'`, { code: "body_too_large", message: "the SQL text is longer than 1048576 bytes" }],
	])("refuses %.60s", async (sql, expected) => {
		expect(await failure(sql)).toEqual(expected);
	});

	it("keeps a snapshot until a minimum or `fresh` asks for a newer one", async () => {
		const caller = context();
		const first = await versionOf(caller);
		expect(first).toBeGreaterThan(0);
		expect(await versionOf(caller)).toBe(first);
		const minimums = { [caller.tenantId]: { schemaVersion: 1, snapshotVersion: (first ?? 0) + 1 } };
		expect(await versionOf(caller, { minimums })).toBe((first ?? 0) + 1);
		expect(await versionOf(caller, { minimums })).toBe((first ?? 0) + 1);
		expect(await versionOf(caller, { fresh: true })).toBe((first ?? 0) + 2);
	});

	it("keeps tenants apart (T1)", async () => {
		const one = await versionOf(context());
		const other = await versionOf(context());
		expect(other).toBe((one ?? 0) + 1);
	});

	it("fails when the catalog stays below a minimum", async () => {
		const caller = context();
		const minimums = { [caller.tenantId]: { schemaVersion: 9, snapshotVersion: 0 } };
		try {
			await service.plan(caller, request("SELECT a FROM t", { minimums }));
			throw new Error("planned");
		} catch (error) {
			expect(isLittoralError(error) && error.code).toBe("unavailable");
		}
	});

	it("is ready", async () => {
		expect(await service.ready()).toBeUndefined();
		expect(env).toHaveProperty("OPTIMIZER_DB");
	});

	it("takes a table without files for as large as its tails were when they were last read", async () => {
		const rowCount = async (tailRowCount?: number) => {
			const caller = context();
			const known = tailRowCount === undefined ? {} : { tailRowCounts: { [caller.tenantId]: tailRowCount } };
			const planned = await service.plan(caller, request("SELECT a FROM t", known));
			return planned.kind === "query" ? planned.plan.root.estimate.rowCount : null;
		};
		expect([await rowCount(), await rowCount(250_000), await rowCount(3), await rowCount(0)]).toEqual([1000, 250_000, 3, 1]);
	});

	it("does not wait for ever for a catalog that does not answer", async () => {
		let asked = 0;
		const silent = new Proxy({}, { get: () => () => new Promise(() => void asked++) });
		const optimizer = new OptimizerService(createExecutionContext(), { ...(env as unknown as Env), CATALOG: silent as never });
		vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
		try {
			let outcome = "waits";
			const call = optimizer.plan(context(), request("SELECT a FROM t")).catch((error: Error) => void (outcome = error.message));
			while (asked === 0) await scheduler.wait(1);
			await vi.advanceTimersByTimeAsync(OPTIMIZER_CATALOG_ANSWER_MS_MAX - 1);
			expect(outcome).toBe("waits");
			await vi.advanceTimersByTimeAsync(1);
			await call;
			expect(outcome).toBe("the catalog Worker does not answer; try again");
		} finally {
			vi.useRealTimers();
		}
	});
});
