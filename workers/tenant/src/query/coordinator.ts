/** `/v1/sql`: plans a statement, checks what the role may do, and runs it here (design, section 8). */
import { hasCode, LittoralError } from "#shared/base/errors.ts";

import { unreachable } from "#shared/base/assert.ts";
import { RPC_ATTEMPT_COUNT_MAX } from "#shared/base/limits.ts";
import type { OutputColumn, PhysicalPlan } from "#shared/contracts/plan/physical.ts";
import type { Action, CallContext } from "#shared/contracts/principal.ts";
import type { PlannedStatement, PlanRequest, QueryAnswer, QueryRequest } from "#shared/contracts/rpc.ts";
import { run } from "#shared/engine/operators/driver.ts";
import type { RunningPlan } from "#shared/engine/operators/build.ts";
import type { ExecutionContext } from "#shared/engine/operators/execution-context.ts";
import type { Batch } from "#shared/engine/vector/batch.ts";
import { BatchBuilder } from "#shared/engine/vector/builder.ts";
import { explainJson } from "#shared/explain/json.ts";
import { explainText } from "#shared/explain/text.ts";
import { encodeResult } from "#shared/formats/encode.ts";
import { holdBack } from "#shared/formats/hold-back.ts";
import type { ResultStatistics } from "#shared/formats/result.ts";
import { increment, observe } from "#shared/observability/metrics.ts";
import { requireRole } from "../access.ts";
import { checkBookmark, makeBookmark } from "../bookmark.ts";
import { admittedSession, type EngineSession } from "../engine-session.ts";
import type { Appended } from "../ingest/append-rows.ts";
import { type AppendName, nameAppend } from "../ingest/batches.ts";
import type { Ports } from "../ports.ts";
import { fillNewTable, mayCreate } from "./create-table-as.ts";
import { createTable, createView, dropRelations } from "./define-table.ts";
import { insertRows } from "./insert.ts";
import { AnswerThenRows, split, streamOf, wholeAnswer } from "./insert-returning.ts";
import { observationsOf } from "./observations.ts";
import { planAndDirectory, readTails } from "./read-set.ts";
import { filesOf, openPlan, runPlan } from "./run-plan.ts";
import { spillStore } from "./spill-store.ts";
import { RunningQuery, StatementClock } from "./running-query.ts";
import type { OpenedTail } from "./tail-source.ts";

const ACTIONS: Record<PlannedStatement["kind"], Action> = {
	query: "select",
	explain: "select",
	insert: "insert",
	create_table: "define_table",
	create_table_as: "define_table",
	create_view: "define_table",
	drop_table: "define_table",
	drop_view: "define_table",
};

export async function query(ports: Ports, context: CallContext, request: QueryRequest): Promise<QueryAnswer> {
	if (request.bookmark !== null) checkBookmark(context.tenantId, request.bookmark);
	const clock = new StatementClock(request.settings, () => ports.now());
	const append = nameAppend(request.idempotencyKey);
	for (let attempt = 1; ; attempt++) {
		try {
			return await runStatement({ ports, context, request, clock, append });
		} catch (error) {
			// The table changed between plan and append: nothing was stored, so the statement is planned anew.
			if (!hasCode(error, "schema_changed") || attempt >= RPC_ATTEMPT_COUNT_MAX) throw error;
		}
	}
}

interface Running {
	ports: Ports;
	context: CallContext;
	request: QueryRequest;
	clock: StatementClock;
	append: AppendName;
}

async function runStatement(running: Running): Promise<QueryAnswer> {
	const { ports, context, request, clock } = running;
	const { sql, parameters, settings } = request;
	const planRequest: PlanRequest = { sql, parameters, settings, nowMicroseconds: BigInt(clock.startedAtMs) * 1000n };
	const planned = await clock.timed(() => planAndDirectory(ports, context, planRequest));
	requireRole(context, ACTIONS[planned.statement.kind]);
	switch (planned.statement.kind) {
		case "create_table":
			await createTable(ports, context.tenantId, planned.statement);
			return command(context, "CREATE TABLE");
		case "create_table_as": {
			const { definition, isEmpty } = planned.statement;
			if (!(await mayCreate(ports, context, planned.statement))) return command(context, "CREATE TABLE AS");
			if (isEmpty) {
				await createTable(ports, context.tenantId, { kind: "create_table", definition });
				return command(context, "CREATE TABLE AS");
			}
			const { statement, tails } = await clock.timed(() => readTails(ports, context, planRequest, planned));
			if (statement.kind === "create_table_as") return createTableAs(running, statement, tails);
			throw new LittoralError("unavailable", "the statement's meaning changed while it was planned; try again");
		}
		case "create_view":
			await createView(ports, context.tenantId, planned.statement);
			return command(context, "CREATE VIEW");
		case "drop_table":
		case "drop_view":
			await dropRelations(ports, context.tenantId, planned.statement);
			return command(context, planned.statement.kind === "drop_table" ? "DROP TABLE" : "DROP VIEW");
		case "explain": {
			if (!planned.statement.analyze) return explain(running, planned.statement);
			const { statement, tails } = await clock.timed(() => readTails(ports, context, planRequest, planned));
			if (statement.kind === "explain") return explainRun(running, statement, tails);
			throw new LittoralError("unavailable", "the statement's meaning changed while it was planned; try again");
		}
		case "query":
		case "insert": {
			const { statement, tails } = await clock.timed(() => readTails(ports, context, planRequest, planned));
			if (statement.kind === "query") return select(running, statement.plan, tails);
			if (statement.kind === "insert") {
				return statement.stored === null ? insert(running, statement, tails) : insertReturning(running, statement, statement.stored, tails);
			}
			throw new LittoralError("unavailable", "the statement's meaning changed while it was planned; try again");
		}
		default:
			return unreachable(planned.statement);
	}
}

async function command(context: CallContext, name: string): Promise<QueryAnswer> {
	return { kind: "command", command: name, rowCount: 0, bookmark: makeBookmark(context.tenantId, { table: null }) };
}

/** A session of the engine, and the plan's batches; the session closes with them. */
async function start(
	{ ports, context, request, clock }: Running,
	plan: PhysicalPlan,
	batchesOf: (execution: ExecutionContext) => AsyncGenerator<Batch, void, void>,
): Promise<{ session: EngineSession; batches: RunningQuery; statistics: () => ResultStatistics }> {
	const { memoryBytes, bytesScanned } = request.settings;
	const session = await clock.timed(() =>
		admittedSession({
			tenantId: context.tenantId,
			statement: plan.statement,
			tables: plan.tables,
			signal: clock.signal,
			memoryBytes,
			bytesScanned,
			spill: spillStore(ports, { tenantId: context.tenantId, queryId: request.queryId }),
		}),
	);
	const statistics = (): ResultStatistics => ({
		elapsedMs: ports.now() - clock.startedAtMs,
		...pickScanned(session.context),
		...filesOf(plan),
		estimatedCostUsd: plan.estimate.dollars,
	});
	try {
		const release = () => {
			countScanned(session.context);
			observe("littoral_query_duration_seconds", { service: "tenant" }, clock.elapsedMs / 1000);
			session.close();
		};
		return {
			session,
			batches: new RunningQuery({ batches: batchesOf(session.context), clock, settings: request.settings, release }),
			statistics,
		};
	} catch (error) {
		session.close();
		throw error;
	}
}

function pickScanned({
	statistics,
}: ExecutionContext): Pick<ResultStatistics, "rowsScanned" | "bytesScanned" | "arenaPeakBytes" | "spilledBytes"> {
	const { rowsScanned, bytesScanned, arenaPeakBytes, spilledBytes } = statistics;
	return { rowsScanned, bytesScanned, arenaPeakBytes, spilledBytes };
}

function countScanned({ statistics }: ExecutionContext): void {
	increment("littoral_scanned_rows_total", { service: "tenant" }, statistics.rowsScanned);
	increment("littoral_scanned_bytes_total", { service: "tenant" }, statistics.bytesScanned);
}

async function select(running: Running, plan: PhysicalPlan, tails: OpenedTail[][]): Promise<QueryAnswer> {
	return rows(running, plan, plan.output, (execution) => taught(running, openPlan(running.ports, plan, tails, execution), execution));
}

/** The plan's batches. Once all are out, the optimizer learns how far its estimates were off: nobody waits for that, and nothing fails by it. */
async function* taught({ ports, context }: Running, opened: RunningPlan, execution: ExecutionContext): AsyncGenerator<Batch, void, void> {
	yield* run(opened, execution);
	const observations = observationsOf(opened.statistics);
	if (observations.length > 0) ports.background((async () => await ports.optimizer.learn(context, observations))());
}

async function rows(
	running: Running,
	plan: PhysicalPlan,
	columns: OutputColumn[],
	batchesOf: (execution: ExecutionContext) => AsyncGenerator<Batch, void, void>,
): Promise<QueryAnswer> {
	const { request } = running;
	const { session, batches, statistics } = await start(running, plan, batchesOf);
	const { format, queryId } = request;
	const { engine } = session.context;
	try {
		const body = encodeResult({ format, columns, batches, engine, queryId, statistics, bigintAsString: request.settings.bigintAsString });
		return { kind: "rows", body: await holdBack(body) };
	} catch (error) {
		await batches.return();
		throw error;
	}
}

/** EXPLAIN reads no table: its rows are the plan's lines, or one document. */
async function explain(running: Running, statement: Extract<PlannedStatement, { kind: "explain" }>): Promise<QueryAnswer> {
	const { lines, json, plan } = statement;
	const type = json === null ? ({ kind: "text" } as const) : ({ kind: "jsonb" } as const);
	const texts = json === null ? lines : [json];
	return rows(running, plan, [{ name: "QUERY PLAN", type, nullable: false }], async function* ({ engine, lease }) {
		const builder = new BatchBuilder(engine, lease.region(), [type], Math.max(1, texts.length));
		for (const text of texts) builder.appendRow([text]);
		yield builder.finish();
	});
}

/** EXPLAIN ANALYZE runs the plan, drops its rows, and shows what each operator did. */
async function explainRun(
	running: Running,
	statement: Extract<PlannedStatement, { kind: "explain" }>,
	tails: OpenedTail[][],
): Promise<QueryAnswer> {
	const { ports, clock } = running;
	const { json, plan } = statement;
	const type = json === null ? ({ kind: "text" } as const) : ({ kind: "jsonb" } as const);
	return rows(running, plan, [{ name: "QUERY PLAN", type, nullable: false }], async function* (execution) {
		const opened = openPlan(ports, plan, tails, execution);
		let rowCount = 0;
		for await (const batch of taught(running, opened, execution)) rowCount += batch.selectedCount;
		const { bytesScanned, arenaPeakBytes, spilledBytes } = execution.statistics;
		const totals = { rowCount, elapsedMs: clock.elapsedMs, bytesScanned, arenaPeakBytes, spilledBytes };
		const actuals = opened.statistics.map(({ statistics }) => statistics);
		const texts = json === null ? explainText(plan, { actuals, totals }) : [explainJson(plan, { actuals, totals })];
		const builder = new BatchBuilder(execution.engine, execution.lease.region(), [type], texts.length);
		for (const text of texts) builder.appendRow([text]);
		yield builder.finish();
	});
}

async function insert(
	running: Running,
	{ table, plan }: Extract<PlannedStatement, { kind: "insert" }>,
	tails: OpenedTail[][],
): Promise<QueryAnswer> {
	const { ports, context, request, append } = running;
	const { session, batches } = await start(running, plan, (execution) => runPlan(ports, plan, tails, execution));
	let appended: Appended;
	try {
		appended = await insertRows(ports, context, request, { engine: session.context.engine, table, append, batches });
	} finally {
		await batches.return();
	}
	const { result, duplicate } = appended;
	const bookmark = makeBookmark(context.tenantId, { table: table.tableId, ...result });
	return {
		kind: "command",
		command: "INSERT",
		rowCount: result.rowCount,
		bookmark,
		...(request.idempotencyKey === null ? {} : { duplicate }),
	};
}

/** @throws feature_not_supported (0A000) with an idempotency key: the rows that the first request returned are not kept */
async function insertReturning(
	running: Running,
	{ table, plan }: Extract<PlannedStatement, { kind: "insert" }>,
	stored: number,
	tails: OpenedTail[][],
): Promise<QueryAnswer> {
	const { ports, context, request, append } = running;
	const { format, queryId, settings } = request;
	requireRole(context, "select");
	if (request.idempotencyKey !== null) {
		throw new LittoralError("feature_not_supported", "an INSERT that returns rows cannot have an Idempotency-Key");
	}
	let isStored = () => false;
	const { session, batches, statistics } = await start(running, plan, (execution) => {
		const source = new AnswerThenRows(openPlan(ports, plan, tails, execution), stored);
		isStored = () => source.isStored;
		return run(source, execution);
	});
	const { engine } = session.context;
	try {
		const { answer, stored: rows } = split(batches, isStored);
		const { bigintAsString } = settings;
		const body = encodeResult({ format, columns: plan.output, batches: answer, engine, queryId, statistics, bigintAsString });
		const parts = await wholeAnswer(body);
		await insertRows(ports, context, request, { engine, table, append, batches: rows });
		return { kind: "rows", body: streamOf(parts) };
	} finally {
		await batches.return();
	}
}

async function createTableAs(
	running: Running,
	{ definition, plan }: Extract<PlannedStatement, { kind: "create_table_as" }>,
	tails: OpenedTail[][],
): Promise<QueryAnswer> {
	const { ports, context, request } = running;
	const { session, batches } = await start(running, plan, (execution) => runPlan(ports, plan, tails, execution));
	try {
		const filled = await fillNewTable(ports, context, request, { definition, engine: session.context.engine, batches });
		if (filled === null) return await command(context, "CREATE TABLE AS");
		const { result } = filled.appended;
		const bookmark = makeBookmark(context.tenantId, { table: filled.table.tableId, ...result });
		return { kind: "command", command: "SELECT", rowCount: result.rowCount, bookmark };
	} finally {
		await batches.return();
	}
}
