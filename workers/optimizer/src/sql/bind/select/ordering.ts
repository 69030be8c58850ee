/** ORDER BY and GROUP BY items: an output name, an ordinal, or an expression. SQL-92 and SQL-99 differ in what a bare name means first. */
import type { Node, SortBy } from "libpg-query";
import type { SortKey } from "#shared/contracts/plan/expression.ts";
import { COMPARABLE_KINDS } from "#shared/contracts/functions/operator-signatures.ts";
import { as, locationOf, strings } from "../../parse/ast.ts";
import { boundType } from "../bound.ts";
import { settle } from "../expressions/coerce.ts";
import type { ExpressionEnvironment } from "../environment.ts";
import { bareTypeName, type StatementContext } from "../statement.ts";
import { fieldsOf, type RowShape, rowShape } from "../expressions/row-values.ts";
import { findOrAddTarget, type Target } from "./targets.ts";
import { fingerprint } from "../../../logical/expression.ts";

export interface Ordering {
	target: number;
	descending: boolean;
	nullsFirst: boolean;
}

/** An ORDER BY item that is always an expression: those of windows and of aggregates. */
export function bindSortKey(environment: ExpressionEnvironment, item: Node): SortKey {
	const { statement } = environment;
	const sort = as(item, "SortBy");
	if (sort?.sortby_dir === "SORTBY_USING") throw statement.unsupported("ORDER BY USING", sort.location);
	const bound = environment.bind(sort?.node ?? item);
	checkOrdered(statement, { bound }, sort === undefined ? "equality" : "ordering");
	return { expression: settle(statement, bound), ...directionOf(sort) };
}

function directionOf(sort: SortBy | undefined): { descending: boolean; nullsFirst: boolean } {
	const descending = sort?.sortby_dir === "SORTBY_DESC";
	return {
		descending,
		nullsFirst: sort?.sortby_nulls === "SORTBY_NULLS_FIRST" || (sort?.sortby_nulls !== "SORTBY_NULLS_LAST" && descending),
	};
}

export function bindOrderBy(environment: ExpressionEnvironment, targets: Target[], items: Node[]): Ordering[] {
	const orderings: Ordering[] = [];
	for (const item of items) {
		const sort = as(item, "SortBy") as SortBy;
		if (sort.sortby_dir === "SORTBY_USING") throw environment.statement.unsupported("ORDER BY USING", sort.location);
		const row = rowItem(environment, targets, sort.node as Node, "ORDER BY");
		if (row !== null) {
			// Fields that are NULL are above all others, wherever the row's own NULLs are to go.
			const { descending } = directionOf(sort);
			for (const field of fieldsOf(environment.statement, row)) {
				const target = findOrAddTarget(targets, field, row.location);
				checkOrdered(environment.statement, targets[target] as Target, "ordering");
				if (!orderings.some((other) => other.target === target)) orderings.push({ target, descending, nullsFirst: descending });
			}
			continue;
		}
		const target = findItem(environment, targets, sort.node as Node, "ORDER BY");
		checkOrdered(environment.statement, targets[target] as Target, "ordering");
		// A key repeated later decides nothing.
		if (!orderings.some((other) => other.target === target)) orderings.push({ target, ...directionOf(sort) });
	}
	return orderings;
}

/** The row that an item of ORDER BY or GROUP BY is. @returns null for any other item */
function rowItem(environment: ExpressionEnvironment, targets: Target[], node: Node, clause: "ORDER BY" | "GROUP BY"): RowShape | null {
	const isNamed = as(node, "ColumnRef") !== undefined || as(node, "A_Const") !== undefined;
	const name = strings(as(node, "ColumnRef")?.fields);
	const isOutput = isNamed && (name.length !== 1 || targets.some((target) => !target.hidden && target.name === name[0]));
	if (!isOutput) return rowShape(environment, node);
	return targets[findItem(environment, targets, node, clause)]?.row ?? null;
}

/** The nodes that a row in GROUP BY stands for, one after the other. @returns targets; null where the item is no row */
export function bindGroupRow(environment: ExpressionEnvironment, targets: Target[], item: Node): number[] | null {
	const row = rowItem(environment, targets, item, "GROUP BY");
	return row === null ? null : fieldsOf(environment.statement, row).map((field) => findOrAddTarget(targets, field, row.location));
}

/** One item of GROUP BY or DISTINCT ON. @returns its target */
export function bindGroupItem(
	environment: ExpressionEnvironment,
	targets: Target[],
	item: Node,
	clause: "GROUP BY" | "DISTINCT ON",
): number {
	const target = findItem(environment, targets, item, clause);
	checkOrdered(environment.statement, targets[target] as Target, "equality");
	return target;
}

/** Types that cannot be compared cannot be sorted, grouped or made distinct. */
export function checkOrdered(statement: StatementContext, target: Pick<Target, "bound">, what: "ordering" | "equality"): void {
	const type = boundType(target.bound);
	if (type === null || type.kind === "varchar" || (COMPARABLE_KINDS as readonly string[]).includes(type.kind)) return;
	throw statement.unsupported(`an ${what} operator for type ${bareTypeName(type)}`, target.bound.location);
}

function findItem(
	environment: ExpressionEnvironment,
	targets: Target[],
	node: Node,
	clause: "ORDER BY" | "GROUP BY" | "DISTINCT ON",
): number {
	const { statement } = environment;
	const names = strings(as(node, "ColumnRef")?.fields);
	const [name] = names;
	if (names.length === 1 && name !== undefined && name !== "") {
		const isInputColumn = clause === "GROUP BY" && environment.scope.columns.some((column) => column.name === name);
		if (!isInputColumn) {
			const found = findByName(statement, targets, { name, clause, location: locationOf(node) });
			if (found !== null) return found;
		}
	}
	const constant = as(node, "A_Const");
	if (constant !== undefined) {
		const location = constant.location ?? 0;
		if (constant.ival === undefined) throw statement.error("syntax_error", `non-integer constant in ${clause}`, location);
		const ordinal = constant.ival.ival ?? 0;
		const visible = targets.filter((target) => !target.hidden);
		const chosen = visible[ordinal - 1];
		if (chosen === undefined)
			throw statement.error("invalid_column_reference", `${clause} position ${ordinal} is not in select list`, location);
		return targets.indexOf(chosen);
	}
	const bound = environment.bind(node);
	return findOrAddTarget(targets, bound, locationOf(node));
}

function findByName(
	statement: StatementContext,
	targets: Target[],
	wanted: { name: string; clause: string; location: number },
): number | null {
	let found: number | null = null;
	for (const [index, target] of targets.entries()) {
		if (target.hidden || target.name !== wanted.name) continue;
		const other = found === null ? undefined : targets[found];
		if (other !== undefined && !sameBound(other, target)) {
			throw statement.error("ambiguous_column", `${wanted.clause} "${wanted.name}" is ambiguous`, wanted.location);
		}
		found ??= index;
	}
	return found;
}

function sameBound(left: Target, right: Target): boolean {
	if (left.bound.kind !== "typed" || right.bound.kind !== "typed") return false;
	return fingerprint(left.bound.expression) === fingerprint(right.bound.expression);
}
