/**
 * The shape of a predicate: the predicate with its constants left out, over stored columns. Queries that differ in constants alone, or in how they are written, share one, and so
 * what was learnt from either.
 */
import { hashString } from "#shared/base/hash.ts";
import type { Expression } from "#shared/contracts/plan/expression.ts";
import type { TableSnapshot } from "#shared/contracts/snapshot.ts";
import type { ColumnTable } from "../logical/plan.ts";

/** What a shape is of: a filter of rows, pairs of rows, groups. */
export type ShapeKind = "filter" | "inner" | "semi" | "groups";

export interface Shape {
	/** Bounded: the kind and 64 bits of a hash. */
	id: string;
	/** Rows of the tables that it speaks of, in their files. */
	rowCount: number;
}

/** Both sides of these mean the same the other way about. */
const COMMUTATIVE = /^(eq|ne|add|multiply)\(/;

/** @returns null where a part is no stored column of a table with files: then the estimate's error is not the predicate's */
export function shapeOf(
	kind: ShapeKind,
	parts: readonly Expression[],
	columns: ColumnTable,
	tables: readonly TableSnapshot[],
): Shape | null {
	const read = new Set<number>();
	let isLearnable = parts.length > 0;
	const text = (expression: Expression): string => {
		switch (expression.kind) {
			case "constant":
				return "?";
			case "column": {
				const { origin } = columns.get(expression.index);
				const snapshot = origin === null ? undefined : tables[origin.table];
				if (snapshot === undefined || snapshot.rowCount === 0 || origin === null) {
					isLearnable = false;
					return "";
				}
				read.add(origin.table);
				return `${snapshot.schema.tableId}.${origin.fieldId}`;
			}
			case "call": {
				const list = expression.arguments.map(text);
				return `${expression.functionId}(${(COMMUTATIVE.test(expression.functionId) ? list.sort() : list).join()})`;
			}
			case "in_list":
				return `${text(expression.input)} ${expression.negated} in`;
			case "and":
			case "or":
				return `${expression.kind}(${expression.arguments.map(text).sort().join()})`;
			case "not":
				return `not(${text(expression.input)})`;
			case "is_null":
				return `null${expression.negated}(${text(expression.input)})`;
			case "cast":
				return text(expression.input);
			default:
				// Rare in predicates, and none is worth a spelling of its own.
				isLearnable = false;
				return "";
		}
	};
	const whole = parts.map(text).sort().join(" ");
	if (!isLearnable || read.size === 0) return null;
	const rowCount = Array.from(read).reduce((sum, table) => sum + (tables[table]?.rowCount ?? 0), 0);
	const half = (salt: string) =>
		hashString(salt + whole)
			.toString(16)
			.padStart(8, "0");
	return { id: `${kind}-${half("a")}${half("b")}`, rowCount };
}
