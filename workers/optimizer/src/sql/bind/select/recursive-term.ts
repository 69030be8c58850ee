/** What the recursive term of a WITH query must not do. */
import type { FuncCall, Node, SelectStmt } from "libpg-query";
import { signaturesByName } from "#shared/contracts/functions/registry.ts";
import { as, locationOf, strings } from "../../parse/ast.ts";
import { referencesTo, refersTo } from "./with-references.ts";

type Refuse = (message: string, at?: number) => Error;

/** @throws what `refuse` makes, where PostgreSQL does */
export function checkRecursiveTerm(step: SelectStmt, name: string, refuse: Refuse): void {
	const check = (tree: unknown, inside: string) => {
		const [first] = referencesTo(tree, name);
		if (first !== undefined) throw refuse(`recursive reference to query "${name}" must not appear within ${inside}`, first);
	};
	const visit = (node: unknown): void => {
		if (Array.isArray(node)) {
			for (const item of node) visit(item);
			return;
		}
		if (typeof node !== "object" || node === null || !refersTo(node, name)) return;
		for (const [kind, body] of Object.entries(node)) {
			if (kind === "SubLink") check((body as { subselect?: Node }).subselect, "a subquery");
			else if (kind === "JoinExpr") {
				const join = body as { jointype?: string; larg?: Node; rarg?: Node; quals?: Node };
				if (join.jointype === "JOIN_RIGHT" || join.jointype === "JOIN_FULL") check(join.larg, "an outer join");
				if (join.jointype === "JOIN_LEFT" || join.jointype === "JOIN_FULL") check(join.rarg, "an outer join");
				visit([join.larg, join.rarg, join.quals]);
			} else if (kind === "rarg" && (node as SelectStmt).op === "SETOP_EXCEPT") check(body, "EXCEPT");
			else visit(body);
		}
		const aggregate = firstAggregate(node as SelectStmt, name);
		if (aggregate !== null) throw refuse("aggregate functions are not allowed in a recursive query's recursive term", aggregate);
	};
	visit({ SelectStmt: step });
	const references = referencesTo(step, name);
	if (references.length > 1) throw refuse(`recursive reference to query "${name}" must not appear more than once`, references.at(-1));
}

/** Of a query level that itself reads the rows of the round before. */
function firstAggregate({ fromClause, targetList, havingClause, sortClause }: SelectStmt, name: string): number | null {
	if (!(fromClause ?? []).some((item) => readsItself(item, name))) return null;
	const found: number[] = [];
	const visit = (node: unknown): void => {
		if (Array.isArray(node)) {
			for (const item of node) visit(item);
			return;
		}
		if (typeof node !== "object" || node === null) return;
		for (const [kind, body] of Object.entries(node)) {
			if (kind === "SubLink") continue;
			if (kind === "FuncCall" && isAggregate(body as FuncCall)) found.push(locationOf(node as Node));
			visit(body);
		}
	};
	visit([targetList, havingClause, sortClause]);
	return found.toSorted((left, right) => left - right)[0] ?? null;
}

function readsItself(item: Node, name: string): boolean {
	const join = as(item, "JoinExpr");
	if (join !== undefined) return [join.larg, join.rarg].some((side) => side !== undefined && readsItself(side, name));
	return as(item, "RangeVar") !== undefined && refersTo(item, name);
}

function isAggregate(call: FuncCall): boolean {
	return call.over === undefined && signaturesByName(strings(call.funcname).at(-1) ?? "")[0]?.kind === "aggregate";
}
