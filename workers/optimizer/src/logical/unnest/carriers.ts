/** What carries the domain (`push-domain.ts`) through a subtree: columns of its own in the place of the outer ones. */
import type { Expression } from "#shared/contracts/plan/expression.ts";
import { conjunction, conjuncts, rewrite } from "../expression.ts";
import { mapOwnExpressions } from "../map-expressions.ts";
import { mapInputs } from "../output.ts";
import type { ColumnId, ColumnTable, LogicalOperator } from "../plan.ts";
import { equality, nullSafeEqualities } from "./null-safe.ts";
import { guardRaising } from "./raising.ts";

/** Where a subtree carries an outer column. `exact`: it is never NULL, so that a plain equality joins it with the outer one. */
export interface Carrier {
	id: ColumnId;
	exact: boolean;
}
export type Carriers = ReadonlyMap<ColumnId, Carrier>;

export interface Pushed {
	node: LogicalOperator;
	/** By outer column; all of `context.outer`. */
	carriers: Carriers;
}

export interface DomainContext {
	columns: ColumnTable;
	/** The outer columns that the subtree uses. */
	outer: ReadonlySet<ColumnId>;
	/** A new instance of the domain: a column for each of `outer`. */
	domain: () => { node: LogicalOperator; ids: ReadonlyMap<ColumnId, ColumnId> };
	/** Whether columns of the subtree may stand for the domain. */
	eliminate: boolean;
	/** One of `outer`, true throughout the domain: what may raise is evaluated for values of the domain only, also where it does not depend on them. */
	guard: Expression | null;
	unsupported: (feature: string) => Error;
}

/** Conjuncts that join outer rows, which have `outer`, with rows that carry it. */
export function carrierEqualities(outer: ReadonlyMap<ColumnId, ColumnId>, carriers: Carriers, context: DomainContext): Expression[] {
	return [...carriers].flatMap(([column, carrier]) => {
		const own = outer.get(column) ?? column;
		const [left, right] = references([own, carrier.id], context.columns) as [Expression, Expression];
		const plain = carrier.exact ? equality(left, right) : null;
		const parts = plain === null ? nullSafeEqualities(own, carrier.id, context.columns) : [plain];
		if (parts === null) throw context.unsupported(`a subquery that depends on a column of type ${left.type.kind}`);
		return parts;
	});
}

/** New columns that carry the domain out of an operator of several inputs. */
export function commonCarriers(inputs: Pushed[], context: DomainContext): Carriers {
	return new Map(
		[...context.outer].map((outer) => {
			const info = context.columns.get(outer);
			const exact = inputs.every((input) => input.carriers.get(outer)?.exact);
			return [outer, { id: context.columns.add({ ...info, origin: null }), exact }] as const;
		}),
	);
}

export function idsOf(carriers: Carriers): ColumnId[] {
	return [...carriers.values()].map(({ id }) => id);
}

export function references(ids: ColumnId[], columns: ColumnTable): Expression[] {
	return ids.map((id) => ({ kind: "column", index: id, type: columns.get(id).type }));
}

export function carrierReferences({ carriers }: Pushed, context: DomainContext): Expression[] {
	return references(idsOf(carriers), context.columns);
}

export function carried(expression: Expression, carriers: Carriers): Expression {
	return rewrite(expression, (part) => {
		if (part.kind !== "column") return part;
		const carrier = carriers.get(part.index);
		return carrier === undefined ? part : { ...part, index: carrier.id };
	});
}

/** An expression over what carries the domain; where the domain is guarded, what may raise in it looks at the guard, so that no rule moves it below the domain. */
export function guardedIn(
	expression: Expression,
	{ carriers }: Pick<Pushed, "carriers">,
	{ guard }: Pick<DomainContext, "guard">,
): Expression {
	return carried(guard === null ? expression : guardRaising(expression, guard), carriers);
}

export function conditionIn(condition: Expression | null, pushed: Pushed, context: DomainContext): Expression | null {
	return condition === null ? null : guardedIn(condition, pushed, context);
}

export function carriedPlan(node: LogicalOperator, carriers: Carriers): LogicalOperator {
	return mapOwnExpressions(
		mapInputs(node, (input) => carriedPlan(input, carriers)),
		(part) => carried(part, carriers),
	);
}

export function filtered(
	node: LogicalOperator,
	conditions: Expression[],
	pushed: Pick<Pushed, "carriers">,
	context: Pick<DomainContext, "guard">,
): LogicalOperator {
	const predicate = conjunction(conditions.flatMap(conjuncts).map((part) => guardedIn(part, pushed, context)));
	return predicate === null ? node : { kind: "filter", input: node, predicate };
}
