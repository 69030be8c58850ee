/** Rows that each logical operator emits, estimated bottom-up; remembered per operator object. */
import { unreachable } from "#shared/base/assert.ts";
import type { Expression } from "#shared/contracts/plan/expression.ts";
import type { Estimate } from "#shared/contracts/plan/physical.ts";
import type { TableSnapshot } from "#shared/contracts/snapshot.ts";
import { type Shape, type ShapeKind, shapeOf } from "../learning/shape.ts";
import { collectColumns, conjunction, conjuncts } from "../logical/expression.ts";
import { outputColumns } from "../logical/output.ts";
import type { ColumnTable, LogicalAggregate, LogicalJoin, LogicalOperator } from "../logical/plan.ts";
import { selectivity, type StatisticsOf } from "./selectivity.ts";
import { columnStatistics, tableRowCount } from "./table-statistics.ts";

/** Distinct values of a computed group key (PostgreSQL's DEFAULT_NUM_DISTINCT). */
const DISTINCT_COUNT_DEFAULT = 200;

/** Rows that a function in FROM returns (PostgreSQL's default for functions is 1000; most calls here make short series). */
const FUNCTION_ROW_COUNT = 100;
/** Rows of a subplan before it is estimated itself, and of a round of a recursion. */
const SUBPLAN_ROW_COUNT_DEFAULT = 1000;
/** Rounds of a recursion (PostgreSQL takes ten times the seed). */
const RECURSION_ROUND_COUNT = 10;

/** What earlier runs say of a shape, as a factor of its rows; 1 where they say nothing. */
export type Learned = (shape: Shape) => number;

export class Cardinality {
	/** Estimated rows of the statement's subplans, set as each is planned. */
	readonly subplanRowCounts: number[] = [];
	private readonly columns: ColumnTable;
	private readonly tables: readonly TableSnapshot[];
	private readonly learned: Learned;
	private readonly known = new WeakMap<LogicalOperator, number>();

	constructor(columns: ColumnTable, tables: readonly TableSnapshot[], learned: Learned = () => 1) {
		this.columns = columns;
		this.tables = tables;
		this.learned = learned;
	}

	/** What a run of the operator may teach, and what earlier ones have taught; empty where its estimate has no shape. */
	lesson(node: LogicalOperator): Pick<Estimate, "shape" | "shapeRowCount" | "learned"> {
		const shape = this.shapeOf(node);
		if (shape === null) return {};
		const learned = this.learned(shape);
		return { shape: shape.id, shapeRowCount: shape.rowCount, ...(learned === 1 ? {} : { learned }) };
	}

	private shapeOf(node: LogicalOperator): Shape | null {
		switch (node.kind) {
			case "scan":
			case "filter":
				return node.predicate === null ? null : this.shape("filter", [node.predicate]);
			case "aggregate":
				return this.shape("groups", node.groupKeys);
			case "join": {
				const groups = this.conditionGroups(conjuncts(node.condition));
				if ((node.join !== "inner" && node.join !== "semi") || groups.length !== 1) return null;
				return this.shape(node.join, groups[0] as Expression[]);
			}
			default:
				return null;
		}
	}

	private shape(kind: ShapeKind, parts: readonly Expression[]): Shape | null {
		return shapeOf(kind, parts, this.columns, this.tables);
	}

	private factor(kind: ShapeKind, parts: readonly Expression[]): number {
		const shape = this.shape(kind, parts);
		return shape === null ? 1 : this.learned(shape);
	}

	/** Conditions over the same tables are learnt together. */
	private conditionGroups(conditions: readonly Expression[]): Expression[][] {
		const groups = new Map<string, Expression[]>();
		for (const condition of conditions) {
			const tables = new Set(Array.from(collectColumns(condition), (id) => this.columns.get(id).origin?.table ?? -1));
			const key = Array.from(tables)
				.sort((left, right) => left - right)
				.join();
			groups.set(key, [...(groups.get(key) ?? []), condition]);
		}
		return [...groups.values()];
	}

	/** @returns estimated rows, at least 1 where there may be any */
	rowCount(node: LogicalOperator): number {
		let count = this.known.get(node);
		if (count === undefined) {
			count = this.estimate(node);
			this.known.set(node, count);
		}
		return count;
	}

	private estimate(node: LogicalOperator): number {
		switch (node.kind) {
			case "scan":
				return this.scanRowCount(node.table, node.predicate);
			case "values":
				return node.rows.length;
			case "filter":
				return atLeastOne(
					Math.min(
						this.rowCount(node.input),
						this.rowCount(node.input) * selectivity(node.predicate, this.statistics) * this.factor("filter", [node.predicate]),
					),
				);
			case "project":
			case "sort":
				return this.rowCount(node.input);
			case "top_n":
			case "limit":
				return Math.max(0, Math.min(this.rowCount(node.input) - node.offset, node.limit ?? Infinity));
			case "join":
				return this.joinRowCount(node, this.rowCount(node.left), this.rowCount(node.right));
			case "aggregate":
				return this.groupCount(node);
			case "union_all":
				return node.inputs.reduce((sum, input) => sum + this.rowCount(input), 0);
			case "set_operation": {
				const [left, right] = [this.rowCount(node.inputs[0]), this.rowCount(node.inputs[1])];
				return node.operation === "intersect" ? Math.min(left, right) : left;
			}
			case "expand":
				return this.rowCount(node.input) * node.projections.length;
			case "window":
				return this.rowCount(node.input);
			case "table_function":
				return this.rowCount(node.input) * FUNCTION_ROW_COUNT;
			case "subplan_scan":
				return this.subplanRowCounts[node.subplan] ?? SUBPLAN_ROW_COUNT_DEFAULT;
			case "recursive_union":
				return this.rowCount(node.seed) + RECURSION_ROUND_COUNT * this.rowCount(node.step);
			case "worktable_scan":
				return SUBPLAN_ROW_COUNT_DEFAULT;
			default:
				return unreachable(node);
		}
	}

	private scanRowCount(table: number, predicate: Expression | null): number {
		const snapshot = this.tables[table];
		if (snapshot === undefined) return 1;
		const fraction = selectivity(predicate, this.statistics) * (predicate === null ? 1 : this.factor("filter", [predicate]));
		return atLeastOne(tableRowCount(snapshot) * Math.min(1, fraction));
	}

	/**
	 * |L|·|R| / max(ndv(L.key), ndv(R.key)) for each equality, assuming containment (Selinger et al. 1979); other conjuncts by their selectivity.
	 * A left join emits every left row at least once, a semi join at most once.
	 */
	joinRowCount(node: LogicalJoin, leftRowCount: number, rightRowCount: number): number {
		const leftColumns = new Set(outputColumns(node.left));
		let rowCount = leftRowCount * rightRowCount;
		const others: Expression[] = [];
		const pairs: [Expression, Expression][] = [];
		for (const part of conjuncts(node.condition)) {
			const keys = equalityKeys(part);
			if (keys === null) {
				others.push(part);
				continue;
			}
			const [first, second] = keys;
			const firstIsLeft = [...collectColumns(first)].every((id) => leftColumns.has(id));
			pairs.push(firstIsLeft ? [first, second] : [second, first]);
		}
		const product = pairs.reduce((all, keys) => all * this.equalitySelectivity(keys, [leftRowCount, rightRowCount]), 1);
		rowCount *= Math.max(product, this.compositeKeySelectivity(pairs)) * selectivity(conjunction(others), this.statistics);
		if (node.join === "semi" || node.join === "anti")
			rowCount = leftRowCount * this.matchedFraction(node.right, pairs, rowCount / Math.max(leftRowCount, 1));
		if (node.join === "inner" || node.join === "semi")
			for (const group of this.conditionGroups(conjuncts(node.condition))) rowCount *= this.factor(node.join, group);
		rowCount = Math.min(rowCount, leftRowCount * rightRowCount);
		switch (node.join) {
			case "inner":
				return atLeastOne(rowCount);
			case "left":
				return Math.max(rowCount, leftRowCount);
			case "full":
				return Math.max(rowCount, leftRowCount, rightRowCount);
			case "semi":
				return atLeastOne(Math.min(leftRowCount, rowCount));
			case "anti":
				return atLeastOne(leftRowCount - Math.min(leftRowCount, rowCount));
			case "mark":
			case "single":
				return leftRowCount;
			default:
				return unreachable(node.join);
		}
	}

	/**
	 * The fraction of left rows that have a match, of which there are `matchCount` for each on average. With one key: a value of the left side is among the right side's values at all as often
	 * as these are fewer (containment) and a predicate over the key keeps them; and one that is has been left by what filters rows otherwise unless each of its rows was dropped.
	 */
	private matchedFraction(right: LogicalOperator, pairs: readonly [Expression, Expression][], matchCount: number): number {
		const [key] = pairs;
		if (pairs.length !== 1 || key === undefined) return Math.min(1, matchCount);
		const rightKey = withoutWidening(key[1]);
		const keptValues = selectivity(conjunction(predicatesOver(right, rightKey)), this.statistics);
		const contained = Math.min(1, (keptValues * this.distinctCount(rightKey, Infinity)) / this.distinctCount(key[0], Infinity));
		const origin = rightKey.kind === "column" ? this.columns.get(rightKey.index).origin : null;
		const snapshot = origin === null ? undefined : this.tables[origin.table];
		// Groups have each value once.
		if (snapshot === undefined || isGrouped(right)) return Math.min(contained, matchCount);
		const rowsOfValue = Math.max(1, tableRowCount(snapshot) / this.distinctCount(rightKey, Infinity));
		const kept = Math.min(1, matchCount / contained / rowsOfValue);
		return contained * (1 - (1 - kept) ** rowsOfValue);
	}

	/**
	 * The fraction of pairs that conditions of inner joins keep, all of them over the same relations.
	 *
	 * @param rowCountOf as in {@link joinSelectivity}
	 */
	joinSelectivities(conditions: readonly Expression[], rowCountOf: (expression: Expression) => number): number {
		const product = conditions.reduce((all, condition) => all * this.joinSelectivity(condition, rowCountOf), 1);
		const composite = this.compositeKeySelectivity(conditions.map(equalityKeys).filter((keys) => keys !== null));
		return Math.min(1, Math.max(product, composite) * this.factor("inner", conditions));
	}

	/**
	 * The fraction of pairs that a condition of an inner join keeps: as in {@link joinRowCount}, of relations as they are before any join.
	 *
	 * @param rowCountOf rows of the relations that an expression takes its columns from
	 */
	joinSelectivity(condition: Expression, rowCountOf: (expression: Expression) => number): number {
		const keys = equalityKeys(condition);
		if (keys === null) return selectivity(condition, this.statistics);
		return this.equalitySelectivity(keys, [rowCountOf(keys[0]), rowCountOf(keys[1])]);
	}

	/** The fraction of its left rows that a semi or anti join emits. */
	keptFraction(node: LogicalJoin): number {
		const leftRowCount = this.rowCount(node.left);
		return Math.min(1, this.joinRowCount(node, leftRowCount, this.rowCount(node.right)) / Math.max(leftRowCount, 1));
	}

	/** By frequent values where both keys are stored columns that were counted, else by distinct values; NULLs have no match. */
	private equalitySelectivity([left, right]: [Expression, Expression], [leftRowCount, rightRowCount]: [number, number]): number {
		const byDistinct = 1 / Math.max(this.distinctCount(left, leftRowCount), this.distinctCount(right, rightRowCount), 1);
		const [first, second] = [left, right].map((key) => (key.kind === "column" ? this.statistics(key.index) : null));
		if (!first?.distribution || !second?.distribution) return byDistinct;
		const pairs = first.distribution.equalPairs(second.distribution);
		return pairs === null ? byDistinct : Math.max(pairs, byDistinct) * (1 - first.nullFraction) * (1 - second.nullFraction);
	}

	/**
	 * The fraction of pairs that several equalities of columns of the same two tables keep at least. Columns that make a key together are not independent: where they have more
	 * combinations than either table has rows, one of the tables has each of its own about once, and the other's rows find theirs there: 1 / rows of the smaller table.
	 *
	 * @returns 0 where nothing says so
	 */
	private compositeKeySelectivity(pairs: readonly [Expression, Expression][]): number {
		const sides = new Map<number, { rowCount: number; combinationCount: number; columnCount: number }>();
		for (const key of pairs.flat()) {
			const origin = key.kind === "column" ? this.columns.get(key.index).origin : null;
			const known = key.kind === "column" ? this.statistics(key.index) : null;
			const snapshot = origin === null ? undefined : this.tables[origin.table];
			if (origin === null || known === null || snapshot === undefined) return 0;
			const side = sides.get(origin.table) ?? { rowCount: tableRowCount(snapshot), combinationCount: 1, columnCount: 0 };
			side.combinationCount *= known.distinctCount;
			side.columnCount++;
			sides.set(origin.table, side);
		}
		const tables = [...sides.values()];
		const isComposite = pairs.length > 1 && tables.length === 2 && tables.every(({ columnCount }) => columnCount === pairs.length);
		if (!isComposite || tables.some(({ rowCount, combinationCount }) => combinationCount < rowCount)) return 0;
		return 1 / Math.max(1, Math.min(...tables.map(({ rowCount }) => rowCount)));
	}

	/** Distinct values of an expression among `rowCount` rows, at least 1. */
	private distinctCount(computed: Expression, rowCount: number): number {
		const expression = withoutWidening(computed);
		let product = 1;
		let unknown = false;
		for (const id of collectColumns(expression)) {
			const statistics = this.statistics(id);
			if (statistics === null) unknown = true;
			else product *= statistics.distinctCount;
		}
		const limit = Math.max(rowCount, 1);
		if (expression.kind === "column" && !unknown) return Math.min(product, limit);
		// A function of a column has no more values than the column, often far fewer.
		return Math.min(unknown ? DISTINCT_COUNT_DEFAULT : Math.min(product, DISTINCT_COUNT_DEFAULT), limit);
	}

	private groupCount(node: LogicalAggregate): number {
		if (node.groupKeys.length === 0) return 1;
		const rowCount = this.rowCount(node.input);
		const product = node.groupKeys.reduce((groups, key) => groups * this.distinctCount(key, rowCount), 1);
		return atLeastOne(Math.min(product * this.factor("groups", node.groupKeys), rowCount));
	}

	/** Of a column of the statement. */
	readonly statistics: StatisticsOf = (id) => {
		const { origin } = this.columns.get(id);
		const snapshot = origin === null ? undefined : this.tables[origin.table];
		return snapshot === undefined || origin === null ? null : columnStatistics(snapshot, origin.fieldId);
	};
}

function isGrouped(node: LogicalOperator): boolean {
	if (node.kind === "filter" || node.kind === "project") return isGrouped(node.input);
	return node.kind === "aggregate";
}

const NUMBERS = new Set(["smallint", "integer", "bigint", "numeric"]);

/** A column under a cast from one number to another has as many values as without. */
function withoutWidening(expression: Expression): Expression {
	if (expression.kind !== "cast" || !NUMBERS.has(expression.type.kind) || !NUMBERS.has(expression.input.type.kind)) return expression;
	return withoutWidening(expression.input);
}

/** Those of a scan's conjuncts that are about nothing but the key. */
function predicatesOver(node: LogicalOperator, key: Expression): Expression[] {
	if (node.kind === "filter" || node.kind === "project" || node.kind === "aggregate") return predicatesOver(node.input, key);
	if (node.kind !== "scan" || key.kind !== "column") return [];
	return conjuncts(node.predicate).filter((part) => Array.from(collectColumns(part)).join() === String(key.index));
}

function atLeastOne(rowCount: number): number {
	return Math.max(1, rowCount);
}

function equalityKeys(part: Expression): [Expression, Expression] | null {
	if (part.kind !== "call" || !part.functionId.startsWith("eq(")) return null;
	const [left, right] = part.arguments;
	return left === undefined || right === undefined || left.kind === "constant" || right.kind === "constant" ? null : [left, right];
}
