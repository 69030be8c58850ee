/** The domain meets the rows of a subtree: joined to them, or columns of theirs stand for it. */
import { sameType } from "#shared/contracts/data-type.ts";
import type { Expression } from "#shared/contracts/plan/expression.ts";
import { BOOLEAN, collectColumns, conjunction } from "../expression.ts";
import { outputColumns } from "../output.ts";
import type { ColumnId, LogicalOperator } from "../plan.ts";
import { type Carrier, type Carriers, type Pushed, type DomainContext, idsOf, references, guardedIn, filtered } from "./carriers.ts";

/** The rows of `node` that meet `conditions`, for each value of the domain. */
export function joinDomain(node: LogicalOperator, conditions: Expression[], context: DomainContext): Pushed {
	const domain = context.domain();
	const carriers: Carriers = new Map([...domain.ids].map(([outer, id]) => [outer, { id, exact: false }]));
	const condition = conjunction(conditions.map((part) => guardedIn(part, { carriers }, context)));
	return { node: { kind: "join", join: "inner", left: domain.node, right: node, condition }, carriers };
}

/** Columns of `node` in the place of the domain, where `conditions` equate one with each outer column; else null. */
export function replaceDomain(node: LogicalOperator, conditions: Expression[], context: DomainContext): Pushed | null {
	if (!context.eliminate) return null;
	const found = new Map<ColumnId, Expression>();
	const used = new Set<Expression>();
	for (const condition of conditions) {
		const pair = equatedWithOuter(condition, context.outer);
		if (pair === null || found.has(pair.outer)) continue;
		found.set(pair.outer, pair.own);
		used.add(condition);
	}
	const stands = (id: ColumnId) => {
		const own = found.get(id);
		return own !== undefined && sameType(own.type, context.columns.get(id).type);
	};
	if (![...context.outer].every(stands)) return null;
	const passed = outputColumns(node);
	const carriers = new Map<ColumnId, Carrier>();
	const added: { id: ColumnId; expression: Expression }[] = [];
	for (const outer of context.outer) {
		const expression = found.get(outer) as Expression;
		if (expression.kind === "column") carriers.set(outer, { id: expression.index, exact: true });
		else {
			const id = context.columns.add({ name: context.columns.get(outer).name, type: expression.type, nullable: true, origin: null });
			added.push({ id, expression });
			carriers.set(outer, { id, exact: true });
		}
	}
	const extended: LogicalOperator =
		added.length === 0
			? node
			: {
					kind: "project",
					input: node,
					columns: [...passed, ...added.map(({ id }) => id)],
					expressions: [...references(passed, context.columns), ...added.map(({ expression }) => expression)],
				};
	const present = idsOf(carriers)
		.filter((id) => context.columns.get(id).nullable)
		.map(
			(id): Expression => ({ kind: "is_null", input: references([id], context.columns)[0] as Expression, negated: true, type: BOOLEAN }),
		);
	const rest = conditions.filter((condition) => !used.has(condition));
	return { node: filtered(extended, [...present, ...rest], { carriers }, context), carriers };
}

function equatedWithOuter(condition: Expression, outer: ReadonlySet<ColumnId>): { outer: ColumnId; own: Expression } | null {
	if (condition.kind !== "call" || !condition.functionId.startsWith("eq(")) return null;
	const [left, right] = condition.arguments;
	if (left === undefined || right === undefined) return null;
	const isOwn = (part: Expression) => {
		const used = [...collectColumns(part)];
		return used.length > 0 && used.every((id) => !outer.has(id));
	};
	if (left.kind === "column" && outer.has(left.index) && isOwn(right)) return { outer: left.index, own: right };
	if (right.kind === "column" && outer.has(right.index) && isOwn(left)) return { outer: right.index, own: left };
	return null;
}
