/** Which records of the corpora are not judged, and why: decided by rule, then checked in (`skips.tsv`), so that a change of the list is seen. */
import type { TextAnswer } from "../sql/oracle.ts";
import { meets } from "./expected.ts";
import type { SltRecord } from "./parse.ts";

/** Statements that Littoral leaves to a later version, by their first words. */
const DEFERRED: [feature: string, pattern: RegExp][] = [
	["UPDATE", /^\s*update\b/i],
	["DELETE", /^\s*(delete|truncate)\b/i],
	["MERGE", /^\s*merge\b/i],
	["ALTER TABLE", /^\s*alter\s+table\b/i],
	["CREATE TYPE", /^\s*(create|drop|alter)\s+(type|domain)\b/i],
	["CREATE FUNCTION", /^\s*(create|drop)\s+(or\s+replace\s+)?(function|procedure|aggregate|macro)\b/i],
	["COPY", /^\s*copy\b/i],
	["NUMERIC without a scale", /^\s*create\s+(temp\w*\s+)?table\b[\s\S]*\b(numeric|decimal)\b(?!\s*\()/i],
];
/** Administration of a server: sessions, transactions, schemas, indexes, settings. */
const SERVER =
	/^\s*(begin|start\s+transaction|commit|rollback|abort|savepoint|release|set|reset|show|vacuum|analyze|checkpoint|prepare|execute|deallocate|discard|grant|revoke|lock|comment|create\s+(schema|index|unique\s+index|sequence|database|role|user)|drop\s+(schema|index|sequence|database))\b/i;

/** Goes through a file in order, and remembers which tables a skipped statement would have made or changed. */
export class Skips {
	/** Table to the reason why its rows are not PostgreSQL's any more. */
	readonly #tainted = new Map<string, string>();

	/** @param postgres what PostgreSQL answered @returns the reason, null where the record is judged */
	reasonOf(record: SltRecord, postgres: TextAnswer): string | null {
		const reason = this.#ownReason(record, postgres) ?? this.#inherited(record);
		if (reason !== null && !record.fails) for (const table of changedTables(record.sql)) this.#tainted.set(table, reason);
		return reason;
	}

	#ownReason(record: SltRecord, postgres: TextAnswer): string | null {
		if (!meets(record, postgres)) return "dialect";
		if (SERVER.test(record.sql)) return "server";
		const deferred = DEFERRED.find(([, pattern]) => pattern.test(record.sql));
		return deferred === undefined ? null : `deferred: ${deferred[0]}`;
	}

	#inherited({ sql }: SltRecord): string | null {
		const words = new Set(sql.toLowerCase().match(/[a-z_][a-z0-9_]*/g) ?? []);
		for (const [table, reason] of this.#tainted) if (reason !== "dialect" && words.has(table)) return reason;
		return null;
	}
}

function changedTables(sql: string): string[] {
	const patterns = [
		/^\s*(?:update|truncate(?:\s+table)?|copy|merge\s+into|delete\s+from|insert\s+into)\s+"?([a-z_][a-z0-9_]*)/i,
		/^\s*(?:alter|create|drop)\s+(?:temp\w*\s+)?(?:table|type|view)\s+(?:if\s+(?:not\s+)?exists\s+)?"?([a-z_][a-z0-9_]*)/i,
		/\brename\s+to\s+"?([a-z_][a-z0-9_]*)/i,
		/^\s*create\s+(?:or\s+replace\s+)?(?:function|macro)\s+"?([a-z_][a-z0-9_]*)/i,
	];
	return patterns.flatMap((pattern) => pattern.exec(sql)?.[1]?.toLowerCase() ?? []);
}
