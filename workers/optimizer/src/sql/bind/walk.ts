/** What can be read off a statement's syntax tree before it is bound: the tables to look up and the parameters to expect. */

import type { Node } from "libpg-query";
import { as } from "../parse/ast.ts";
import { findSystemTable } from "../system/find.ts";

/** Names of all tables that the catalog is asked for: neither those of WITH queries where these are seen, nor system tables. */
export function relationNames(tree: unknown): string[] {
	const names = new Set<string>();
	collectRelations(tree, new Set(), names);
	return [...names];
}

function collectRelations(node: unknown, common: ReadonlySet<string>, names: Set<string>): void {
	if (Array.isArray(node)) {
		for (const item of node) collectRelations(item, common, names);
		return;
	}
	if (typeof node !== "object" || node === null) return;
	let visible = common;
	const children = node as { withClause?: { ctes?: Node[]; recursive?: boolean } } & Record<string, unknown>;
	const { withClause } = children;
	if (withClause !== undefined) {
		const own = (withClause.ctes ?? []).map((item) => as(item, "CommonTableExpr"));
		if (withClause.recursive) visible = new Set([...visible, ...own.map((table) => table?.ctename ?? "")]);
		for (const table of own) {
			collectRelations(table?.ctequery, visible, names);
			visible = new Set([...visible, table?.ctename ?? ""]);
		}
	}
	// A tree of plain objects: no list of its entries is made, here and below, since this is most of what reading it costs.
	for (const kind in children) {
		if (kind === "withClause") continue;
		const body = children[kind];
		const { relname, schemaname } = (body ?? {}) as { relname?: unknown; schemaname?: string };
		const isRelation = (kind === "RangeVar" || kind === "relation") && typeof relname === "string";
		if (!isRelation) collectRelations(body, visible, names);
		else if (schemaname === "public") names.add(relname);
		else if (schemaname === undefined && !visible.has(relname) && findSystemTable(relname, undefined) === null) names.add(relname);
	}
}

/** Does the statement read a table that describes the tenant's tables? */
export function readsSystemTables(tree: unknown): boolean {
	let found = false;
	visit(tree, (kind, body) => {
		const { relname, schemaname } = body as { relname?: string; schemaname?: string };
		if (kind === "RangeVar" && relname !== undefined && findSystemTable(relname, schemaname) !== null) found = true;
	});
	return found;
}

/** The highest n of any $n, and the first of them in the text. */
export function parametersOf(tree: unknown): { count: number; first: { number: number; location: number } } {
	let count = 0;
	let first = { number: 0, location: Infinity };
	visit(tree, (kind, body) => {
		if (kind !== "ParamRef") return;
		const { number = 0, location = 0 } = body as { number?: number; location?: number };
		count = Math.max(count, number);
		if (location < first.location) first = { number, location };
	});
	return { count, first };
}

/** Is some function called? */
export function hasCalls(tree: unknown): boolean {
	let found = false;
	visit(tree, (kind) => {
		if (kind === "FuncCall") found = true;
	});
	return found;
}

export function hasSubqueries(tree: unknown): boolean {
	let found = false;
	visit(tree, (kind) => {
		if (kind === "SubLink") found = true;
	});
	return found;
}

function visit(tree: unknown, see: (kind: string, body: object) => void): void {
	const pending: unknown[] = [tree];
	while (pending.length > 0) {
		const node = pending.pop();
		if (Array.isArray(node)) {
			for (const item of node) pending.push(item);
			continue;
		}
		if (typeof node !== "object" || node === null) continue;
		for (const kind in node) {
			const body = (node as Record<string, unknown>)[kind];
			if (typeof body !== "object" || body === null) continue;
			if (!Array.isArray(body)) see(kind, body);
			pending.push(body);
		}
	}
}
