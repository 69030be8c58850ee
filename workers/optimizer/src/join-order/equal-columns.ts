/**
 * Equalities that follow from others: of a = b and b = c also a = c, so that a and c can be joined before b. Columns known to be equal are a *class*; any two of its relations
 * may be joined by it, and a join of two sets of relations asks it once, for within each set its columns are equal already.
 */
import { sameType } from "#shared/contracts/data-type.ts";
import type { Expression } from "#shared/contracts/plan/expression.ts";
import type { ColumnId } from "../logical/plan.ts";

/** A condition of a join; `equalClass` numbers the class that it is of, null of one that stands for itself. */
export interface ClassedCondition {
	expression: Expression;
	equalClass: number | null;
}

type Column = Extract<Expression, { kind: "column" }>;
interface Equality {
	expression: Extract<Expression, { kind: "call" }>;
	columns: [Column, Column];
}

/**
 * The conditions, and for each class over three relations and more one for every pair of them, the written ones first. A class with two columns of one relation is left as it is
 * written: these two would have to be compared there.
 *
 * @param relationOf the relation that has a column; undefined for a column from outside
 */
export function withImpliedEqualities(
	conditions: readonly Expression[],
	relationOf: (column: ColumnId) => number | undefined,
): ClassedCondition[] {
	const classes = equalClasses(conditions, relationOf);
	const classed = conditions.map((expression): ClassedCondition => {
		const first = equalityOf(expression, relationOf)?.columns[0];
		const number = first === undefined ? -1 : classes.findIndex(({ columns }) => columns.has(first.index));
		return { expression, equalClass: number < 0 ? null : number };
	});
	for (const [equalClass, { columns, equality }] of classes.entries()) {
		const written = classed.filter((condition) => condition.equalClass === equalClass).map(({ expression }) => expression);
		const members = [...columns.values()];
		for (const [index, left] of members.entries()) {
			for (const right of members.slice(index + 1)) {
				const isWritten = written.some((expression) => {
					const pair = equalityOf(expression, relationOf)?.columns.map((column) => column.index) ?? [];
					return pair.includes(left.index) && pair.includes(right.index);
				});
				if (!isWritten) classed.push({ expression: { ...equality, arguments: [left, right] }, equalClass });
			}
		}
	}
	return classed;
}

/** Classes of columns of three relations and more, one column of each. */
function equalClasses(
	conditions: readonly Expression[],
	relationOf: (column: ColumnId) => number | undefined,
): { columns: Map<ColumnId, Column>; equality: Equality["expression"] }[] {
	let classes: { columns: Map<ColumnId, Column>; equality: Equality["expression"] }[] = [];
	for (const condition of conditions) {
		const equality = equalityOf(condition, relationOf);
		if (equality === null) continue;
		const met = classes.filter(({ columns }) => equality.columns.some(({ index }) => columns.has(index)));
		const columns = new Map(met.flatMap((one) => [...one.columns]));
		for (const column of equality.columns) columns.set(column.index, column);
		classes = [...classes.filter((one) => !met.includes(one)), { columns, equality: equality.expression }];
	}
	return classes.filter(({ columns }) => {
		const relations = new Set(Array.from(columns.keys(), relationOf));
		return relations.size === columns.size && relations.size > 2;
	});
}

/** Of two stored columns of one type, in two relations. */
function equalityOf(expression: Expression, relationOf: (column: ColumnId) => number | undefined): Equality | null {
	if (expression.kind !== "call" || !expression.functionId.startsWith("eq(")) return null;
	const [left, right] = expression.arguments;
	if (left?.kind !== "column" || right?.kind !== "column" || !sameType(left.type, right.type)) return null;
	const [one, other] = [relationOf(left.index), relationOf(right.index)];
	return one === undefined || other === undefined || one === other ? null : { expression, columns: [left, right] };
}
