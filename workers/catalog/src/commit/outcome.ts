/**
 * After a batch failed: did the commit happen, and if not, what stands against it? Every cause found here is final (watermarks never decrease,
 * condemned and dropped stay so, a removed file stays removed), so a batch still under way cannot succeed after it was reported. (A flush that
 * began ahead of its watermark would be the exception; a shard's watermark is the catalog's or below it.)
 */
import { LittoralError } from "#shared/base/errors.ts";
import type { CommitId, TableId, TenantId } from "#shared/base/ids.ts";
import type { CommitAnswer, CommitRequest } from "#shared/contracts/snapshot.ts";
import { sql } from "drizzle-orm";
import { jsonParameters, numberOf, statement, textOf } from "../database/statement.ts";
import type { CatalogDatabase, Row, Statement } from "../ports.ts";
import { undefinedTable, unknownTable } from "../schema/list-tables.ts";
import { liveCount } from "./commit-statements.ts";

/** A row of the commit log, by whoever wrote it. */
interface LoggedCommit {
	tableId: string;
	version: number;
	paths: string[];
	token: string;
	/** The backup may lack it. */
	pending: boolean;
}

/** What the database says about a commit, read in one transaction. */
export interface CommitOutcome {
	logged: LoggedCommit | null;
	/** Null where there never was such a table. */
	table: { name: string; dropped: boolean } | null;
	watermark: number;
	condemnedPath: string | null;
	/** A path to add that another commit has added. */
	takenPath: string | null;
	liveInputCount: number;
}

export async function readOutcome(database: CatalogDatabase, request: CommitRequest): Promise<CommitOutcome> {
	const { tenantId, tableId, change } = request;
	const added = jsonParameters(change.files.map((file) => file.path)).map((paths) =>
		statement(sql`SELECT path, state FROM object WHERE +tenant_id = ${tenantId} AND path IN (SELECT value FROM json_each(${paths}))`),
	);
	const [logged, table, watermark, inputs, ...objects] = await database.batch("commit_outcome", [
		loggedStatement(tenantId, request.commitId),
		statement(sql`SELECT name, dropped_at_ms IS NOT NULL AS dropped FROM tables WHERE tenant_id = ${tenantId} AND table_id = ${tableId}`),
		statement(sql`
			SELECT sequence_number FROM watermark
			WHERE tenant_id = ${tenantId} AND table_id = ${tableId} AND shard = ${change.kind === "flush" ? change.shard : -1}`),
		statement(sql`SELECT ${liveCount(tenantId, tableId, change.kind === "replace" ? change.removed : [])} AS count`),
		...added,
	]);
	const found = objects.flat();
	const path = (state: string) => found.find((row) => row["state"] === state)?.["path"] ?? null;
	return {
		logged: loggedCommit(logged?.[0]),
		table: table?.[0] === undefined ? null : { name: textOf(table[0], "name"), dropped: numberOf(table[0], "dropped") === 1 },
		watermark: watermark?.[0] === undefined ? 0 : numberOf(watermark[0], "sequence_number"),
		condemnedPath: path("condemned") as string | null,
		takenPath: path("live") as string | null,
		liveInputCount: inputs?.[0] === undefined ? 0 : numberOf(inputs[0], "count"),
	};
}

/**
 * @param token of the call that asks: a logged commit with it is the call's own
 * @returns the answer of the commit that happened; null where nothing stands against trying again
 * @throws LittoralError conflict, undefined_table, commit_object_condemned, commit_precondition_failed
 */
export function decideOutcome(request: CommitRequest, token: string, outcome: CommitOutcome): CommitAnswer | null {
	const { change } = request;
	if (outcome.logged !== null) {
		const { tableId, version, paths } = outcome.logged;
		if (tableId !== request.tableId) throw new LittoralError("conflict", "the commit id belongs to another change");
		return { version, paths, repeated: outcome.logged.token !== token };
	}
	if (outcome.table === null) throw unknownTable(request.tableId);
	if (outcome.table.dropped) throw undefinedTable(outcome.table.name);
	if (outcome.condemnedPath !== null) {
		throw new LittoralError("commit_object_condemned", `${outcome.condemnedPath} is condemned; write a new attempt`);
	}
	if (outcome.takenPath !== null) throw new LittoralError("conflict", `${outcome.takenPath} belongs to another commit`);
	if (change.kind === "flush" && outcome.watermark !== change.from) {
		const { shard, from } = change;
		throw new LittoralError("commit_precondition_failed", `the watermark of shard ${shard} is ${outcome.watermark}, not ${from}`);
	}
	if (change.kind === "replace" && outcome.liveInputCount !== change.removed.length) {
		const gone = change.removed.length - outcome.liveInputCount;
		throw new LittoralError("conflict", `${gone} of ${change.removed.length} files to replace are gone`);
	}
	return null;
}

/** What became of a commit id, by whoever asks; null when it never committed. */
export async function readCommitStatus(
	database: CatalogDatabase,
	tenantId: TenantId,
	commitId: string,
): Promise<(CommitAnswer & { tableId: TableId; pending: boolean }) | null> {
	const [rows] = await database.batch("commit_outcome", [loggedStatement(tenantId, commitId as CommitId)]);
	const logged = loggedCommit(rows?.[0]);
	return (
		logged && { version: logged.version, paths: logged.paths, repeated: true, tableId: logged.tableId as TableId, pending: logged.pending }
	);
}

function loggedStatement(tenantId: TenantId, commitId: CommitId): Statement {
	return statement(
		sql`SELECT table_id, version, paths, token, pending FROM commit_log WHERE tenant_id = ${tenantId} AND commit_id = ${commitId}`,
	);
}

function loggedCommit(row: Row | undefined): LoggedCommit | null {
	if (row === undefined) return null;
	return {
		tableId: textOf(row, "table_id"),
		version: numberOf(row, "version"),
		paths: JSON.parse(textOf(row, "paths")) as string[],
		token: textOf(row, "token"),
		pending: row["pending"] === 1,
	};
}
