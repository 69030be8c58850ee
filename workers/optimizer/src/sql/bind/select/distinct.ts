/** DISTINCT and DISTINCT ON. */
import type { Node } from "libpg-query";
import type { Expression, SortKey } from "#shared/contracts/plan/expression.ts";
import { BOOLEAN } from "../../../logical/expression.ts";
import type { LogicalOperator } from "../../../logical/plan.ts";
import { locationOf } from "../../parse/ast.ts";
import type { ExpressionEnvironment } from "../environment.ts";
import { bindGroupItem, checkOrdered, type Ordering } from "./ordering.ts";
import type { StatementContext } from "../statement.ts";
import type { Target } from "./targets.ts";
import { rankCall } from "../functions/windows.ts";

export interface Distinct {
	/** Targets of DISTINCT ON; null for plain DISTINCT. */
	on: number[] | null;
}

/** @throws invalid_column_reference (42P10) when ORDER BY uses what DISTINCT drops, or does not begin with what DISTINCT ON has */
export function bindDistinct(
	environment: ExpressionEnvironment,
	targets: Target[],
	orderings: Ordering[],
	clause: Node[] | undefined,
): Distinct | null {
	if (clause === undefined) return null;
	const { statement } = environment;
	// The grammar marks a plain DISTINCT by one empty node.
	if (!clause.every((node) => Object.keys(node).length === 0)) return { on: bindOn(environment, targets, orderings, clause) };
	for (const ordering of orderings) {
		const target = targets[ordering.target] as Target;
		if (target.hidden) {
			throw statement.error(
				"invalid_column_reference",
				"for SELECT DISTINCT, ORDER BY expressions must appear in select list",
				target.location,
			);
		}
	}
	for (const target of targets) if (!target.hidden) checkOrdered(statement, target, "equality");
	return { on: null };
}

function bindOn(environment: ExpressionEnvironment, targets: Target[], orderings: Ordering[], clause: Node[]): number[] {
	const items = clause.map((node) => ({ target: bindGroupItem(environment, targets, node, "DISTINCT ON"), location: locationOf(node) }));
	const on = [...new Set(items.map(({ target }) => target))];
	const leading = orderings.findIndex(({ target }) => !on.includes(target));
	// Once ORDER BY goes on to something else, all of ON must have come.
	if (leading >= 0) {
		const late = orderings.slice(leading).find(({ target }) => on.includes(target))?.target;
		const covered = new Set(orderings.slice(0, leading).map(({ target }) => target));
		const wrong = items.find(({ target }) => (late === undefined ? !covered.has(target) : target === late));
		if (wrong !== undefined) {
			const message = "SELECT DISTINCT ON expressions must match initial ORDER BY expressions";
			throw environment.statement.error("invalid_column_reference", message, wrong.location);
		}
	}
	return on;
}

/** The first row, in the order of `keys`, of those that agree on `on`. */
export function keepFirstRows(statement: StatementContext, input: LogicalOperator, on: Expression[], keys: SortKey[]): LogicalOperator {
	const type = { kind: "bigint" } as const;
	const number = statement.columns.add({ name: "row_number", type, nullable: false, origin: null });
	const numbered: LogicalOperator = {
		kind: "window",
		input,
		partitionKeys: on,
		orderKeys: keys,
		columns: [number],
		calls: [rankCall("row_number")],
	};
	const predicate: Expression = {
		kind: "call",
		functionId: "eq(bigint,bigint)",
		arguments: [
			{ kind: "column", index: number, type },
			{ kind: "constant", value: 1n, type },
		],
		type: BOOLEAN,
	};
	return { kind: "filter", input: numbered, predicate };
}
