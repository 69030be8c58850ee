/**
 * What a query reads: one snapshot of each table, and of each shard the tail above that snapshot's watermark (design, section 8; invariants Q1, Q2).
 *
 * Round 1, in parallel: shard 0 (directory, and its tails where they are small) and the plan. Round 2: the other tails. A plan below the directory's
 * minimums is made again; a shard that has purged past the watermark (SnapshotTooOld) makes the plan be made again on a fresh snapshot, where tails already
 * read are cut by the watermarks finally used; a newer epoch (StaleEpoch) makes the directory be read again. Each once.
 */
import { hasCode, isLittoralError, LittoralError } from "#shared/base/errors.ts";
import type { ShardOrdinal, TableId } from "#shared/base/ids.ts";
import type { Directory } from "#shared/contracts/directory.ts";
import { checkPlan } from "#shared/contracts/plan/check.ts";
import type { PlanRelation, PlanTable } from "#shared/contracts/plan/physical.ts";
import type { CallContext } from "#shared/contracts/principal.ts";
import type { PlannedStatement, PlanRequest } from "#shared/contracts/rpc.ts";
import { requireActive } from "../access.ts";
import { readShards } from "../directory/directory.ts";
import { rememberDirectory } from "../directory/directory-cache.ts";
import type { Ports } from "../ports.ts";
import { untilKnown } from "../retry.ts";
import type { DirectoryAnswer, TailPage } from "../shard/contract.ts";
import { recentTailCounts, rememberTailCounts } from "./tail-counts.ts";
import type { OpenedTail } from "./tail-source.ts";

export interface PlannedRead {
	statement: PlannedStatement;
	directory: DirectoryAnswer;
}

/** Errors that no schema causes. */
const NOT_OF_THE_STATEMENT = ["unavailable", "overloaded", "internal_error"] as const;

/**
 * Errors that a table too new for the caches may have caused: D1's primary decides. Any other error of a statement may come of a table that was dropped and made anew
 * with other types, which the directory's minimums tell: it is planned again with them, at no cost where the caches are current.
 */
const STALE_PLAN_CODES = ["undefined_table", "undefined_column", "duplicate_table"] as const;

/** Round 1. @throws tenant_suspended, tenant_not_found before any error of the statement */
export async function planAndDirectory(ports: Ports, context: CallContext, request: PlanRequest): Promise<PlannedRead> {
	const planning = plan(ports, context, request).then(
		(statement) => ({ statement }),
		(error: unknown) => ({ error }),
	);
	const directory = await untilKnown(() => ports.shard(context.tenantId, 0).readDirectory({ withTails: true }));
	rememberDirectory(ports, context.tenantId, directory.directory);
	requireActive(directory.directory.state);
	const { minimums } = directory.directory;
	const planned = await planning;
	if ("error" in planned) {
		if (!isLittoralError(planned.error) || NOT_OF_THE_STATEMENT.some((code) => hasCode(planned.error, code))) throw planned.error;
		const fresh = STALE_PLAN_CODES.some((code) => hasCode(planned.error, code));
		return { statement: await plan(ports, context, { ...request, minimums, fresh }), directory };
	}
	if (isCurrent(planned.statement, minimums)) return { statement: planned.statement, directory };
	return { statement: await replan(ports, context, request, directory), directory };
}

/** @throws unavailable when even a fresh plan is below the minimums */
async function replan(ports: Ports, context: CallContext, request: PlanRequest, { directory }: DirectoryAnswer): Promise<PlannedStatement> {
	const statement = await plan(ports, context, { ...request, minimums: directory.minimums, fresh: true });
	if (isCurrent(statement, directory.minimums)) return statement;
	throw new LittoralError("unavailable", "the newest snapshot could not be read; try again", { retryAfterSeconds: 1 });
}

/** Each plan is checked here, once: what comes after need not ask whether its parts fit together. */
async function plan(ports: Ports, context: CallContext, request: PlanRequest): Promise<PlannedStatement> {
	const tailRowCounts = recentTailCounts(context.tenantId);
	const hinted = tailRowCounts === undefined ? request : { ...request, tailRowCounts };
	const statement = await untilKnown(() => ports.optimizer.plan(context, hinted));
	if ("plan" in statement) checkPlan(statement.plan);
	return statement;
}

function planTables(statement: PlannedStatement): PlanTable[] {
	switch (statement.kind) {
		case "query":
		case "explain":
		case "insert":
		case "create_table_as":
			return statement.plan.tables;
		default:
			return [];
	}
}

/** What the statement was bound to that has no rows of its own. */
function planRelations(statement: PlannedStatement): PlanRelation[] {
	if (statement.kind === "create_view") return statement.uses;
	return "plan" in statement ? (statement.plan.views ?? []) : [];
}

function isCurrent(statement: PlannedStatement, minimums: Directory["minimums"]): boolean {
	const isCurrentSchema = ({ tableId, schemaVersion }: PlanRelation) => schemaVersion >= (minimums[tableId]?.schemaVersion ?? 0);
	return (
		planRelations(statement).every(isCurrentSchema) &&
		planTables(statement).every(({ schema, snapshotVersion }) => {
			return isCurrentSchema(schema) && snapshotVersion >= (minimums[schema.tableId]?.snapshotVersion ?? 0);
		})
	);
}

/** A plan, and the tails of each of its tables in the order of `plan.tables`. */
export interface ReadSet {
	statement: PlannedStatement;
	tails: OpenedTail[][];
}

/** Round 2, and what may have to be done again. */
export async function readTails(ports: Ports, context: CallContext, request: PlanRequest, planned: PlannedRead): Promise<ReadSet> {
	let { statement, directory } = planned;
	/** Pages by table and shard; dropped when the shard set has changed, kept when only the snapshot has. */
	let pages = new Map<string, TailPage>();
	let refreshes = { directory: 1, snapshot: 1 };
	for (;;) {
		const missing = await readMissing(ports, context, { statement, directory, pages });
		if (missing === null) {
			const tails = openTails(ports, context, { statement, directory, pages });
			rememberTailCounts(
				context.tenantId,
				planTables(statement).map(({ schema }, index) => ({ tableId: schema.tableId, shards: tails[index] as OpenedTail[] })),
			);
			return { statement, tails };
		}
		if (refreshes[missing] === 0) {
			throw new LittoralError("unavailable", "the tenant's shards are changing; try again", { retryAfterSeconds: 1 });
		}
		refreshes = { ...refreshes, [missing]: 0 };
		if (missing === "directory") {
			directory = await untilKnown(() => ports.shard(context.tenantId, 0).readDirectory({ withTails: true }));
			pages = new Map();
			if (isCurrent(statement, directory.directory.minimums)) continue;
		}
		statement = await replan(ports, context, request, directory);
	}
}

interface Reading {
	statement: PlannedStatement;
	directory: DirectoryAnswer;
	pages: Map<string, TailPage>;
}

const pageKey = (tableId: TableId, ordinal: ShardOrdinal) => `${tableId}/${ordinal}`;

/** Reads the pages that are not there yet. @returns what is too old to go on with, or null */
async function readMissing(ports: Ports, context: CallContext, reading: Reading): Promise<"directory" | "snapshot" | null> {
	const { statement, directory, pages } = reading;
	const { routing } = directory;
	const reads: Promise<"directory" | "snapshot" | null>[] = [];
	for (const table of planTables(statement)) {
		const { tableId } = table.schema;
		for (const ordinal of readShards(directory.directory)) {
			const key = pageKey(tableId, ordinal);
			if (pages.has(key)) continue;
			const above = table.watermarks[ordinal] ?? 0;
			if (ordinal === 0 && directory.tails !== null) {
				const open = directory.tails.find((tail) => tail.tableId === tableId);
				if (open !== undefined && open.purged > above) reads.push(Promise.resolve("snapshot"));
				else pages.set(key, open?.page ?? { blocks: [], upTo: 0, next: null });
				continue;
			}
			const read = untilKnown(() => ports.shard(context.tenantId, ordinal).readTail({ routing, tableId, above, upTo: null })).then(
				(page) => {
					pages.set(key, page);
					return null;
				},
				(error: unknown) => {
					if (hasCode(error, "stale_epoch")) return "directory" as const;
					if (hasCode(error, "snapshot_too_old")) return "snapshot" as const;
					throw error;
				},
			);
			reads.push(read);
		}
	}
	const outcomes = await settleAll(reads);
	if (outcomes.includes("directory")) return "directory";
	return outcomes.includes("snapshot") ? "snapshot" : null;
}

/** Waits for all before it throws the first error: none is left to fail unseen. */
async function settleAll<Answer>(promises: Promise<Answer>[]): Promise<Answer[]> {
	const outcomes = await Promise.allSettled(promises);
	return outcomes.map((outcome) => {
		if (outcome.status === "fulfilled") return outcome.value;
		throw isLittoralError(outcome.reason) ? outcome.reason : new LittoralError("unavailable", "a shard does not answer");
	});
}

/** Cuts by the watermarks of the snapshot finally used: a page may begin below them. */
function openTails(ports: Ports, context: CallContext, { statement, directory, pages }: Reading): OpenedTail[][] {
	const { routing } = directory;
	return planTables(statement).map(({ schema: { tableId }, watermarks }) =>
		readShards(directory.directory).map((ordinal): OpenedTail => {
			const first = pages.get(pageKey(tableId, ordinal)) as TailPage;
			const fetch = (next: number, upTo: number) =>
				untilKnown(() => ports.shard(context.tenantId, ordinal).readTail({ routing, tableId, above: next, upTo }));
			return { first, above: watermarks[ordinal] ?? 0, fetch };
		}),
	);
}
