/**
 * A tenant's whole life, in which the first calls of every step of every port fail: before they did anything, after they did it, with a lost answer.
 * The steps are those that the ports are made from, so a new one that is not failed in each of the three ways fails this suite.
 * Each call is repeated until it succeeds, as clients, operations and alarms do; whatever failed, the rows are the same and nothing is left at the end.
 */
import { runInDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import { hasCode, isLittoralError } from "#shared/base/errors.ts";
import { type AppendId, randomHex } from "#shared/base/ids.ts";
import { BULK_CLAIM_MS, FLUSH_AGE_MS, PORT_ANSWER_MS_MAX, READ_BLOCK_BYTES, SPOOL_MEMORY_BYTES_MAX } from "#shared/base/limits.ts";
import type { Expression } from "#shared/contracts/plan/expression.ts";
import type { PhysicalPlan } from "#shared/contracts/plan/physical.ts";
import type { CallContext } from "#shared/contracts/principal.ts";
import type { PlannedStatement, QueryAnswer, QueryRequest } from "#shared/contracts/rpc.ts";
import type { TableSchema } from "#shared/contracts/table.ts";
import type { ViewDefinition } from "#shared/contracts/table.ts";
import { createView } from "../src/query/define-table.ts";
import { appendRows } from "../src/ingest/append-rows.ts";
import type { EncodedBatch } from "../src/ingest/batches.ts";
import { spoolBody } from "../src/ingest/spool.ts";
import { installAnswerLimit } from "../src/port-deadline.ts";
import { PORT_STEPS } from "../src/ports.ts";
import { objectSource } from "../src/query/block-cache.ts";
import { query } from "../src/query/coordinator.ts";
import { installFirstWait } from "../src/retry.ts";
import { describeTable, listTables } from "../src/tables.ts";
import { planOf, readTailRows } from "./reading.ts";
import { FAILURES, ports, Tenant, testEnv, world } from "./world.ts";

/** More than one call tries: the caller sees the failure too. */
const FAILED_CALL_COUNT = 5;
/** None of them is repeated by who made it: each is an outcome. */
const HELD_CALL_COUNT = 2;
const LARGE = "x".repeat(3_000_000);
const REPEATABLE = ["unavailable", "in_progress", "stale_epoch"] as const;

/** Repeats a call until it succeeds; time passes meanwhile, so that claims expire. */
async function eventually<Answer>(call: () => Promise<Answer>): Promise<Answer> {
	for (let attempt = 1; ; attempt++) {
		try {
			return await call();
		} catch (error) {
			const repeatable = !isLittoralError(error) || REPEATABLE.some((code) => hasCode(error, code));
			if (!repeatable || attempt > 40) throw error;
			world.clockMs += BULK_CLAIM_MS + 1;
		}
	}
}

async function* rowsOf(rows: string[], badAtEnd: boolean): AsyncGenerator<EncodedBatch, void, undefined> {
	for (const row of rows) yield { bytes: new TextEncoder().encode(row), rowCount: 1 };
	if (badAtEnd) throw Object.assign(new Error("a value is invalid"), { name: "LittoralError", code: "invalid_rows" });
}

class Life {
	readonly tenant = new Tenant();
	readonly context: CallContext;

	constructor() {
		this.context = { tenantId: this.tenant.id, role: "owner", requestId: "test", traceparent: "" };
	}

	get schema(): TableSchema {
		return world.catalog.tables.get(this.tenant.table)?.schema as TableSchema;
	}

	async open(): Promise<void> {
		world.clockMs = 0;
		await eventually(() => ports.shard(this.tenant.id, 0).openTenant({ tenantId: this.tenant.id, ordinal: 0 }, null));
		await eventually(() => ports.shard(this.tenant.id, 0).setTenantState("active"));
		const name = `t_${randomHex(6)}`;
		await this.statement({
			kind: "create_table",
			definition: { name, ifNotExists: true, columns: [], primaryKey: null, sortKey: [] },
		});
		const created = [...world.catalog.tables.values()].find((table) => table.schema.name === name);
		this.tenant.table = (created as NonNullable<typeof created>).schema.tableId;
	}

	async statement(planned: PlannedStatement): Promise<QueryAnswer> {
		const request: QueryRequest = {
			queryId: "test",
			sql: "",
			parameters: [],
			settings: {},
			format: "json",
			idempotencyKey: null,
			bookmark: null,
		};
		return await eventually(() => {
			world.plan = () => planned;
			return query(ports, this.context, request);
		});
	}

	/** A query of one row where a thousand were expected: the optimizer is told, and whatever comes of that, the rows are there. */
	async teach(): Promise<void> {
		const estimate = { rowCount: 1, byteCount: 8, milliseconds: 0 };
		const value: Expression = { kind: "constant", value: 1, type: { kind: "integer" } };
		const plan: PhysicalPlan = {
			version: 1,
			statement: { nowMicroseconds: 0n, timeZone: "UTC", parameters: [] },
			subplans: [],
			tables: [],
			root: {
				kind: "filter",
				input: { kind: "values", types: [{ kind: "integer" }], rows: [[value]], estimate },
				predicate: { kind: "constant", value: true, type: { kind: "boolean" } },
				estimate: { ...estimate, rowCount: 1000, shape: "filter-0000000000000000", shapeRowCount: 1 },
			},
			output: [{ name: "a", type: { kind: "integer" }, nullable: true }],
			estimate: { ...estimate, dollars: 0 },
		};
		const answer = await this.statement({ kind: "query", plan });
		expect(answer.kind).toBe("rows");
		if (answer.kind === "rows") expect(JSON.parse(await new Response(answer.body).text())).toMatchObject({ rows: [[1]] });
	}

	/** This catalog has no views, and says so. */
	async refusedView(): Promise<void> {
		const definition = { name: "v", replace: false, columns: [], source: { sql: "SELECT 1" } } as unknown as ViewDefinition;
		await eventually(async () => {
			try {
				await createView(ports, this.tenant.id, { kind: "create_view", definition, uses: [] });
			} catch (error) {
				if (!hasCode(error, "feature_not_supported")) throw error;
			}
		});
	}

	async append(id: string, rows: string[]): Promise<void> {
		await eventually(() => appendRows(ports, this.#incoming(id, rows, false)));
	}

	/** @returns the code of the failure */
	async appendBad(id: string, rows: string[]): Promise<void> {
		await eventually(async () => {
			try {
				await appendRows(ports, this.#incoming(id, rows, true));
			} catch (error) {
				if (!hasCode(error, "invalid_rows")) throw error;
			}
		});
	}

	#incoming(id: string, rows: string[], badAtEnd: boolean) {
		const batches = rowsOf(rows, badAtEnd);
		return { tenantId: this.tenant.id, schema: this.schema, appendId: id as AppendId, batches, hash: async () => "hash" };
	}

	async changeShards(count: number): Promise<void> {
		await eventually(async () => {
			const { settled } = await ports.shard(this.tenant.id, 0).changeShards(count);
			if (!settled) throw new Error("not settled yet");
		});
	}

	/** An upload that is read at random. @returns what was read back */
	async spool(): Promise<string> {
		return eventually(async () => {
			const bytes = new Uint8Array(SPOOL_MEMORY_BYTES_MAX + 10).fill(0x61);
			bytes.set([0x62, 0x63], SPOOL_MEMORY_BYTES_MAX);
			const spooled = await spoolBody(ports, { tenantId: this.tenant.id, id: randomHex(4) }, new Blob([bytes]).stream());
			const [end] = await spooled.source.read([{ offset: SPOOL_MEMORY_BYTES_MAX - 1, byteCount: 4 }]);
			await spooled.drop();
			return new TextDecoder().decode(end);
		});
	}

	/** A read of several blocks of an object. @returns the two bytes at the edge of the second */
	async longRead(): Promise<string> {
		const path = `data/${randomHex(8)}`;
		const bytes = new Uint8Array(2 * READ_BLOCK_BYTES).fill(0x61);
		bytes.set([0x62, 0x63], READ_BLOCK_BYTES - 1);
		await testEnv.DATA.put(path, bytes);
		const [edge] = await eventually(() =>
			objectSource(ports.objects, { path, byteCount: bytes.length }).read([{ offset: READ_BLOCK_BYTES - 1, byteCount: 2 }]),
		);
		return new TextDecoder().decode(edge);
	}

	async failedSpool(): Promise<void> {
		let pulled = 0;
		const body = new ReadableStream<Uint8Array>({
			pull(controller) {
				if (pulled++ < 3) controller.enqueue(new Uint8Array(SPOOL_MEMORY_BYTES_MAX));
				else controller.error(Object.assign(new Error("cut short"), { name: "LittoralError", code: "malformed_body" }));
			},
		});
		await spoolBody(ports, { tenantId: this.tenant.id, id: randomHex(4) }, body).catch(() => {});
	}

	/** What is in no file yet, as a query finds it. */
	async tailRows(): Promise<string[]> {
		const { rows } = await eventually(() => {
			world.plan = () => planOf(this.tenant.table);
			return readTailRows(this.context, this.tenant.table);
		});
		return rows.map((row) => row.slice(0, 4));
	}

	async shown(): Promise<string[]> {
		return (await this.tenant.read()).map((row) => row.slice(0, 4));
	}
}

async function live(): Promise<void> {
	const life = new Life();
	const { tenant, context } = life;
	await life.open();
	await life.append("one", ["a..."]);
	for (let time = 0; time < 2 * FAILED_CALL_COUNT; time++) await life.teach();
	await life.changeShards(3);
	await Promise.all(["two", "three", "four", "five"].map((id) => life.append(id, [`b${id}`])));
	await life.appendBad("bad", [`bad${LARGE}`, LARGE, LARGE]);
	await life.append("big", [`c..1${LARGE}`, `c..2${LARGE}`, `c..3${LARGE}`]);
	await life.append("big", [`c..1${LARGE}`, `c..2${LARGE}`, `c..3${LARGE}`]);
	const expected = ["a...", "btwo", "bthr", "bfou", "bfiv", "c..1", "c..2", "c..3"].toSorted();
	expect(await life.shown()).toEqual(expected);
	expect(await life.tailRows()).toEqual(expected.slice(0, 5));
	await life.changeShards(1);
	for (const id of ["one", "two", "three", "four", "five", "big"]) await life.append(id, ["again"]);
	const description = await eventually(async () => describeTable(ports, context, await tenant.directory(), life.schema.name));
	expect(description.rowCount + description.tailRows).toBe(expected.length);
	await eventually(async () => listTables(ports, context, await tenant.directory(), { limit: 1000, cursor: null }));
	for (let round = 0; round < 40 && (await tenant.directory()).draining.length > 0; round++) await tenant.work(60_000, 3);
	for (let round = 0; round < 4; round++) await tenant.work(FLUSH_AGE_MS + 60_000, 3);
	expect((await tenant.directory()).draining).toEqual([]);
	expect(await life.shown()).toEqual(expected);
	expect(await life.spool()).toBe("abca");
	await life.failedSpool();
	expect(await life.longRead()).toBe("bc");
	await life.append("last", ["z..."]);
	await life.refusedView();
	await life.statement({ kind: "drop_table", names: [life.schema.name], ifExists: true });
	// The rows of a dropped table are forgotten, once the catalog has said that it is dropped.
	const blockCount = async () => (await tenant.sql(0, "SELECT count(*) AS blocks FROM tail_block"))[0]?.["blocks"];
	for (let round = 0; round < 40 && (await blockCount()) !== 0; round++) await tenant.work(FLUSH_AGE_MS + 60_000, 3);
	expect(await blockCount()).toBe(0);
	await eventually(async () => {
		if (!(await ports.shard(tenant.id, 0).deleteTenant()).done) throw new Error("not done yet");
	});
	world.inject = () => null;
	for (const ordinal of [0, 1, 2]) {
		expect(await tenant.sql(ordinal, "SELECT count(*) AS tables FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\'")).toEqual([
			{ tables: 0 },
		]);
		expect(await runInDurableObject(tenant.stub(ordinal), (_, state) => state.storage.getAlarm())).toBeNull();
	}
}

installFirstWait(0);
const steps = Object.entries(PORT_STEPS).flatMap(([port, names]) => names.map((name) => `${port}.${name}`));

for (const failure of FAILURES) {
	test(`every step of every port fails ${failure}`, async () => {
		const failed = new Map(steps.map((step) => [step, 0]));
		world.inject = (step) => {
			const count = failed.get(step);
			if (count === undefined || count >= FAILED_CALL_COUNT) return null;
			failed.set(step, count + 1);
			return failure;
		};
		await live();
		expect([...failed].filter(([, count]) => count === 0)).toEqual([]);
	});
}

test("every step of every port never answers", async () => {
	const held = new Map(steps.map((step) => [step, 0]));
	// A step that is held is given up at once, as after its time; the others have all theirs.
	let isHeld = false;
	installAnswerLimit(() => (isHeld ? 1 : PORT_ANSWER_MS_MAX));
	world.inject = () => null;
	world.pauseAt = (step) => {
		const count = held.get(step);
		isHeld = count !== undefined && count < HELD_CALL_COUNT;
		if (!isHeld) return Promise.resolve();
		held.set(step, (count as number) + 1);
		return new Promise(() => {});
	};
	try {
		await live();
	} finally {
		installAnswerLimit(() => PORT_ANSWER_MS_MAX);
		world.pauseAt = async () => {};
	}
	expect([...held].filter(([, count]) => count === 0)).toEqual([]);
});
