/**
 * Canonical forms: two subtrees of a statement with the same form emit the same rows, in columns that have the same names in both. A form is a number, and so is a name: each
 * stands for a text that is made of the forms and names below it.
 *
 * What counts: the operators with their expressions, columns by name and not by id; of inner joins that stand on one another the set of relations and of conditions. What does not:
 * which columns a scan reads and a projection passes on, which aggregates a group-by computes, since more of them are no other rows.
 */
import { unreachable } from "#shared/base/assert.ts";
import { sameType } from "#shared/contracts/data-type.ts";
import type { Expression } from "#shared/contracts/plan/expression.ts";
import { conjuncts, fingerprint, isStable, rewrite } from "./expression.ts";
import { expressionsOf, mapAggregate, mapKeys, mapWindowCall } from "./map-expressions.ts";
import type { ColumnId, LogicalJoin, LogicalOperator } from "./plan.ts";

export interface Canonical {
	form: number;
	/** Of each column that the subtree emits, and of some that it does not. */
	names: ReadonlyMap<ColumnId, number>;
}

export class CanonicalForms {
	readonly #numbers = new Map<string, number>();
	readonly #known = new WeakMap<LogicalOperator, Canonical | null>();

	/** Null where two such subtrees need not emit the same rows (random numbers, a recursion's round), and of operators that nobody writes twice. */
	of(node: LogicalOperator): Canonical | null {
		let known = this.#known.get(node);
		if (known === undefined) {
			known = expressionsOf(node).every(isStable) ? this.#make(node) : null;
			this.#known.set(node, known);
		}
		return known;
	}

	/** The name of an expression over columns of these names. */
	nameOf(expression: Expression, names: ReadonlyMap<ColumnId, number>): number {
		return this.#number(["expression", fingerprint(this.#named(expression, names))]);
	}

	/** The name of an aggregate of a group-by whose input has these names. */
	aggregateName(call: Parameters<typeof mapAggregate>[0], names: ReadonlyMap<ColumnId, number>): number {
		const { functionId, distinct } = call;
		const parts: Expression[] = [];
		const { orderBy } = mapAggregate(call, (part) => {
			parts.push(part);
			return part;
		});
		const order = (orderBy ?? []).map(({ descending, nullsFirst }) => `${descending} ${nullsFirst}`);
		return this.#number(["aggregate", functionId, distinct, call.filter !== null, parts.map((part) => this.nameOf(part, names)), order]);
	}

	#make(node: LogicalOperator): Canonical | null {
		switch (node.kind) {
			case "scan": {
				const names = new Map(node.columns.map((id, index) => [id, this.#number(["field", node.fieldIds[index]])]));
				return { form: this.#number(["scan", node.table, this.#parts(node.predicate, names)]), names };
			}
			case "subplan_scan":
				return {
					form: this.#number(["subplan", node.subplan]),
					names: new Map(node.columns.map((id, index) => [id, this.#number(["output", node.outputs[index]])])),
				};
			case "filter":
				return this.#above(node.input, (names) => ["filter", this.#parts(node.predicate, names)]);
			case "project": {
				const input = this.of(node.input);
				if (input === null) return null;
				const names = new Map(input.names);
				for (const [index, id] of node.columns.entries()) {
					const expression = node.expressions[index] as Expression;
					const passed = expression.kind === "column" ? input.names.get(expression.index) : undefined;
					names.set(id, passed ?? this.nameOf(expression, input.names));
				}
				return { form: input.form, names };
			}
			case "sort":
				return this.#above(node.input, (names) => ["sort", this.#keys(node.keys, names)]);
			case "top_n":
				return this.#above(node.input, (names) => ["top-n", node.limit, node.offset, this.#keys(node.keys, names)]);
			case "limit":
				return this.#above(node.input, () => ["limit", node.limit, node.offset]);
			case "aggregate":
				return this.#aggregate(node);
			case "join":
				return node.join === "inner" ? this.#inner(node) : this.#outer(node);
			case "window": {
				const input = this.of(node.input);
				if (input === null) return null;
				const over = [node.partitionKeys.map((key) => this.nameOf(key, input.names)), this.#keys(node.orderKeys, input.names)];
				const names = new Map(input.names);
				for (const [index, call] of node.calls.entries()) {
					const named = mapWindowCall(call, (part) => this.#named(part, input.names));
					names.set(node.columns[index] as ColumnId, this.#number(["window", over, fingerprint(named)]));
				}
				return { form: this.#number(["window", input.form]), names };
			}
			// Rare twice in one statement, or other rows each time.
			case "values":
			case "union_all":
			case "set_operation":
			case "expand":
			case "table_function":
			case "recursive_union":
			case "worktable_scan":
				return null;
			default:
				return unreachable(node);
		}
	}

	#above(below: LogicalOperator, own: (names: ReadonlyMap<ColumnId, number>) => unknown[]): Canonical | null {
		const input = this.of(below);
		return input === null ? null : { form: this.#number([...own(input.names), input.form]), names: input.names };
	}

	#aggregate(node: Extract<LogicalOperator, { kind: "aggregate" }>): Canonical | null {
		const input = this.of(node.input);
		if (input === null) return null;
		const keys = node.groupKeys.map((key) => this.nameOf(key, input.names));
		const names = new Map(node.groupColumns.map((id, index) => [id, this.#number(["key", keys[index]])]));
		for (const [index, call] of node.aggregates.entries()) {
			names.set(node.aggregateColumns[index] as ColumnId, this.aggregateName(call, input.names));
		}
		return { form: this.#number(["groups", [...new Set(keys)].sort(ascending), input.form]), names };
	}

	/** Relations in the order of their forms: the same ones in another order are the same join. */
	#inner(node: LogicalJoin): Canonical | null {
		const relations: LogicalOperator[] = [];
		const conditions: Expression[] = [];
		const collect = (part: LogicalOperator): void => {
			if (part.kind !== "join" || part.join !== "inner" || part.guard !== undefined) relations.push(part);
			else {
				collect(part.left);
				collect(part.right);
				conditions.push(...conjuncts(part.condition));
			}
		};
		if (node.guard !== undefined) return null;
		collect(node);
		if (!conditions.every(isStable)) return null;
		const known = relations.map((relation) => this.of(relation));
		const sorted = known.filter((one) => one !== null).sort((left, right) => left.form - right.form);
		if (sorted.length < known.length) return null;
		const names = this.#prefixed(sorted);
		const named = conditions.map((condition) => this.nameOf(condition, names)).sort(ascending);
		return { form: this.#number(["inner", sorted.map(({ form }) => form), named]), names };
	}

	#outer(node: LogicalJoin): Canonical | null {
		const [left, right] = [this.of(node.left), this.of(node.right)];
		if (left === null || right === null || node.guard !== undefined) return null;
		const names = this.#prefixed([left, right]);
		const { condition, mark } = node;
		const on = this.#parts(condition, names);
		const compared = mark === undefined ? null : this.#parts(mark.comparison, names);
		const form = this.#number([node.join, left.form, right.form, on, compared]);
		if (mark !== undefined) names.set(mark.column, this.#number(["mark", form]));
		return { form, names };
	}

	#prefixed(inputs: readonly Canonical[]): Map<ColumnId, number> {
		return new Map(
			inputs.flatMap((input, index) => [...input.names].map(([id, name]) => [id, this.#number(["of", index, name])] as const)),
		);
	}

	#keys(keys: Parameters<typeof mapKeys>[0], names: ReadonlyMap<ColumnId, number>): string {
		return fingerprint(mapKeys(keys, (part) => this.#named(part, names)));
	}

	/** In the order in which they decide: it says which rows may raise. */
	#parts(predicate: Expression | null, names: ReadonlyMap<ColumnId, number>): number[] {
		return conjuncts(predicate).map((part) => this.nameOf(part, names));
	}

	/** Equalities of columns have the lower name first. */
	#named(expression: Expression, names: ReadonlyMap<ColumnId, number>): Expression {
		return rewrite(expression, (part) => {
			if (part.kind === "column") return { ...part, index: names.get(part.index) ?? -1 - part.index };
			if (part.kind !== "call" || !/^(eq|ne)\(/.test(part.functionId)) return part;
			const [left, right] = part.arguments;
			const isTurned = left?.kind === "column" && right?.kind === "column" && sameType(left.type, right.type) && left.index > right.index;
			return isTurned ? { ...part, arguments: [right, left] } : part;
		});
	}

	#number(parts: unknown[]): number {
		const key = fingerprint(parts);
		let number = this.#numbers.get(key);
		if (number === undefined) this.#numbers.set(key, (number = this.#numbers.size));
		return number;
	}
}

const ascending = (left: number, right: number): number => left - right;
