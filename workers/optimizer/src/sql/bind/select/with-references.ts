/** Where a syntax tree names a WITH query, and means it: a query of the same name in a WITH inside hides it. */
import type { CommonTableExpr } from "libpg-query";
import { as } from "../../parse/ast.ts";

interface With {
	ctes?: Parameters<typeof as>[0][];
	recursive?: boolean;
}

/** Byte offsets of the references, in the order of the text. */
export function referencesTo(tree: unknown, name: string): number[] {
	const found: number[] = [];
	collect(tree, name, found);
	return found.toSorted((left, right) => left - right);
}

export function refersTo(tree: unknown, name: string): boolean {
	return referencesTo(tree, name).length > 0;
}

function collect(node: unknown, name: string, found: number[]): void {
	if (Array.isArray(node)) {
		for (const item of node) collect(item, name, found);
		return;
	}
	if (typeof node !== "object" || node === null) return;
	const { withClause, ...rest } = node as { withClause?: With } & Record<string, unknown>;
	if (withClause !== undefined && !collectWith(withClause, name, found)) return;
	for (const [kind, body] of Object.entries(rest)) {
		const reference = body as { relname?: string; schemaname?: string; location?: number } | null;
		const isReference = (kind === "RangeVar" || kind === "relation") && reference?.relname === name && reference.schemaname === undefined;
		if (isReference) found.push(reference.location ?? 0);
		else collect(body, name, found);
	}
}

/** @returns whether the query after it still means the outer one */
function collectWith({ ctes = [], recursive = false }: With, name: string, found: number[]): boolean {
	const tables = ctes.map((item): CommonTableExpr => as(item, "CommonTableExpr") ?? {});
	const hides = tables.findIndex((table) => table.ctename === name);
	// Without RECURSIVE the query that hides the name still reads the outer one.
	const reading = hides === -1 ? tables : recursive ? [] : tables.slice(0, hides + 1);
	for (const table of reading) collect(table.ctequery, name, found);
	return hides === -1;
}
