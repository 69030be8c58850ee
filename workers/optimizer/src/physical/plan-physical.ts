/** From a logical plan to operators: column ids become positions, joins get keys and a build side, every operator its estimate. */
import { unreachable } from "#shared/base/assert.ts";
import { objectReadMilliseconds } from "#shared/explain/operator-cost.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import type { Expression, SortKey } from "#shared/contracts/plan/expression.ts";
import type { Estimate, JoinKind, PhysicalOperator, PlanTable } from "#shared/contracts/plan/physical.ts";
import { BOOLEAN, conjunction, conjuncts, isNullable } from "../logical/expression.ts";
import { mapAggregate, mapWindowCall } from "../logical/map-expressions.ts";
import { outputColumns } from "../logical/output.ts";
import type { ColumnId, ColumnTable, LogicalJoin, LogicalOperator, LogicalSubplanScan, LogicalWindow } from "../logical/plan.ts";
import type { Cardinality } from "../statistics/cardinality.ts";
import { cpuMilliseconds } from "../statistics/cost-model.ts";
import { rowByteCount, valueByteCount } from "../statistics/row-width.ts";
import { totalWorkUnits } from "../statistics/work-units.ts";
import { joinKeys } from "./join-keys.ts";
import { Positions } from "./position.ts";

export interface PhysicalContext {
	columns: ColumnTable;
	cardinality: Cardinality;
	/** After file pruning. */
	tables: PlanTable[];
	/** Of the statement's subplans, by number. */
	subplanTypes: DataType[][];
}

/** An operator and the ids of its output columns, in order. */
export interface Placed {
	operator: PhysicalOperator;
	columns: ColumnId[];
}

function planPhysical(node: LogicalOperator, context: PhysicalContext): Placed {
	const rowCount = context.cardinality.rowCount(node);
	const lesson = context.cardinality.lesson(node);
	const estimate = (columns: ColumnId[], milliseconds: number): Estimate => ({
		rowCount: Math.round(rowCount),
		byteCount: Math.round(rowCount * rowByteCount(typesOf(columns, context))),
		milliseconds,
		...lesson,
	});
	switch (node.kind) {
		case "scan":
			return planScan(node, context);
		case "values":
			return {
				operator: { kind: "values", types: node.types, rows: node.rows, estimate: estimate(node.columns, 0) },
				columns: node.columns,
			};
		case "filter": {
			const input = planPhysical(node.input, context);
			const predicate = new Positions(input.columns).place(node.predicate);
			const milliseconds = cpuMilliseconds.evaluate(input.operator.estimate.rowCount, totalWorkUnits([predicate]));
			return {
				operator: { kind: "filter", input: input.operator, predicate, estimate: estimate(input.columns, milliseconds) },
				columns: input.columns,
			};
		}
		case "project": {
			const input = planPhysical(node.input, context);
			const expressions = placeAll(input.columns, node.expressions);
			const milliseconds = cpuMilliseconds.evaluate(rowCount, totalWorkUnits(expressions));
			return {
				operator: { kind: "project", input: input.operator, expressions, estimate: estimate(node.columns, milliseconds) },
				columns: node.columns,
			};
		}
		case "join":
			return planJoin(node, context, estimate);
		case "aggregate": {
			const input = planPhysical(node.input, context);
			const positions = new Positions(input.columns);
			const groupKeys = node.groupKeys.map((key) => positions.place(key));
			const aggregates = node.aggregates.map((call) => mapAggregate(call, (part) => positions.place(part)));
			const columns = outputColumns(node);
			const inputRowCount = input.operator.estimate.rowCount;
			const work =
				totalWorkUnits([...groupKeys, ...aggregates.flatMap((call) => [...call.arguments, call.filter])]) + 2 * aggregates.length;
			const milliseconds = cpuMilliseconds.evaluate(inputRowCount, work) + (groupKeys.length > 0 ? cpuMilliseconds.hash(inputRowCount) : 0);
			const all = estimate(columns, milliseconds);
			const grouping = { kind: "hash_aggregate", input: input.operator, groupKeys, aggregates } as const;
			if (node.wanted === undefined) return { operator: { ...grouping, estimate: all }, columns };
			return { operator: { ...grouping, wanted: node.wanted, estimate: cutOff(all, node.wanted.groupCount) }, columns };
		}
		case "sort":
		case "top_n": {
			const input = planPhysical(node.input, context);
			const keys = placeKeys(input.columns, node.keys);
			const inputRowCount = input.operator.estimate.rowCount;
			if (node.kind === "sort") {
				const milliseconds = cpuMilliseconds.sort(inputRowCount, inputRowCount);
				return {
					operator: { kind: "sort", input: input.operator, keys, estimate: estimate(input.columns, milliseconds) },
					columns: input.columns,
				};
			}
			const { limit, offset } = node;
			const milliseconds = cpuMilliseconds.sort(inputRowCount, limit + offset);
			return {
				operator: { kind: "top_n", input: input.operator, keys, limit, offset, estimate: estimate(input.columns, milliseconds) },
				columns: input.columns,
			};
		}
		case "limit": {
			const input = planPhysical(node.input, context);
			const { limit, offset } = node;
			return {
				operator: { kind: "limit", input: input.operator, limit, offset, estimate: estimate(input.columns, 0) },
				columns: input.columns,
			};
		}
		case "union_all": {
			const inputs = node.inputs.map((input, index) => planOrdered(input, node.inputColumns[index] as ColumnId[], context));
			return { operator: { kind: "union_all", inputs, estimate: estimate(node.columns, 0) }, columns: node.columns };
		}
		case "set_operation": {
			const left = planOrdered(node.inputs[0], node.inputColumns[0], context);
			const right = planOrdered(node.inputs[1], node.inputColumns[1], context);
			const milliseconds = cpuMilliseconds.hash(left.estimate.rowCount + right.estimate.rowCount);
			const { operation, all } = node;
			return {
				operator: { kind: "set_operation", operation, all, left, right, estimate: estimate(node.columns, milliseconds) },
				columns: node.columns,
			};
		}
		case "expand": {
			const input = planPhysical(node.input, context);
			const projections = node.projections.map((projection) => placeAll(input.columns, projection));
			const milliseconds = cpuMilliseconds.evaluate(input.operator.estimate.rowCount, totalWorkUnits(projections.flat()));
			return {
				operator: { kind: "expand", input: input.operator, projections, estimate: estimate(node.columns, milliseconds) },
				columns: node.columns,
			};
		}
		case "window":
			return planWindow(node, context, estimate);
		case "table_function": {
			const input = planPhysical(node.input, context);
			const made = node.functions.flatMap((call) => call.columns);
			const columns = [...input.columns, ...made, ...(node.ordinality === null ? [] : [node.ordinality])];
			const functions = node.functions.map(({ functionId, arguments: list, columns: own }) => ({
				functionId,
				arguments: placeAll(input.columns, list),
				types: typesOf(own, context),
			}));
			const { join } = node;
			const milliseconds = cpuMilliseconds.evaluate(rowCount, totalWorkUnits(functions.flatMap((call) => call.arguments)) + 1);
			return {
				operator: {
					kind: "table_function",
					input: input.operator,
					join,
					functions,
					ordinality: node.ordinality !== null,
					estimate: estimate(columns, milliseconds),
				},
				columns,
			};
		}
		case "subplan_scan":
			return planSubplanScan(node, context, estimate);
		case "worktable_scan":
			return {
				operator: {
					kind: "worktable_scan",
					worktable: node.worktable,
					types: typesOf(node.columns, context),
					estimate: estimate(node.columns, 0),
				},
				columns: node.columns,
			};
		case "recursive_union": {
			const seed = planOrdered(node.seed, node.seedColumns, context);
			const step = planOrdered(node.step, node.stepColumns, context);
			const { distinct, worktable } = node;
			const types = typesOf(node.columns, context);
			const milliseconds = cpuMilliseconds.hash(distinct ? rowCount : 0);
			return {
				operator: { kind: "recursive_union", seed, step, distinct, worktable, types, estimate: estimate(node.columns, milliseconds) },
				columns: node.columns,
			};
		}
		default:
			return unreachable(node);
	}
}

type Estimated = (columns: ColumnId[], milliseconds: number) => Estimate;

/** Planned with exactly these output columns, in this order. */
export function planOrdered(node: LogicalOperator, wanted: ColumnId[], context: PhysicalContext): PhysicalOperator {
	const placed = planPhysical(node, context);
	return ordered(placed, wanted, context);
}

function ordered({ operator, columns }: Placed, wanted: ColumnId[], context: PhysicalContext): PhysicalOperator {
	if (columns.length === wanted.length && columns.every((id, index) => id === wanted[index])) return operator;
	const references = wanted.map((id): Expression => ({ kind: "column", index: id, type: context.columns.get(id).type }));
	return {
		kind: "project",
		input: operator,
		expressions: placeAll(columns, references),
		estimate: passedOn(operator.estimate, 0),
	};
}

/** Of an operator that emits its input's rows: what a run teaches of them is the input's. */
function passedOn({ rowCount, byteCount }: Estimate, milliseconds: number): Estimate {
	return { rowCount, byteCount, milliseconds };
}

/** Of the first rows of what was estimated: a run teaches nothing of the others. */
function cutOff({ rowCount, byteCount, milliseconds }: Estimate, rowCountMax: number): Estimate {
	const kept = Math.min(rowCount, rowCountMax);
	return { rowCount: kept, byteCount: Math.round((byteCount * kept) / Math.max(rowCount, 1)), milliseconds };
}

/** The operator wants its input sorted by partition, then order: the sort is put below. */
function planWindow(node: LogicalWindow, context: PhysicalContext, estimate: Estimated): Placed {
	const input = planPhysical(node.input, context);
	const positions = new Positions(input.columns);
	const partitionKeys = node.partitionKeys.map((key) => positions.place(key));
	const orderKeys = placeKeys(input.columns, node.orderKeys);
	const keys: SortKey[] = [...partitionKeys.map((expression) => ({ expression, descending: false, nullsFirst: false })), ...orderKeys];
	const inputRowCount = input.operator.estimate.rowCount;
	const sorted: PhysicalOperator =
		keys.length === 0
			? input.operator
			: {
					kind: "sort",
					input: input.operator,
					keys,
					estimate: passedOn(input.operator.estimate, cpuMilliseconds.sort(inputRowCount, inputRowCount)),
				};
	const calls = node.calls.map((call) => mapWindowCall(call, (part) => positions.place(part)));
	const columns = [...input.columns, ...node.columns];
	const work = totalWorkUnits(calls.flatMap((call) => call.arguments)) + 2 * calls.length;
	return {
		operator: {
			kind: "window",
			input: sorted,
			partitionKeys,
			orderKeys,
			calls,
			estimate: estimate(columns, cpuMilliseconds.evaluate(inputRowCount, work)),
		},
		columns,
	};
}

/** Whoever reads a subplan gets all of its columns; those not wanted are left out above. */
function planSubplanScan(node: LogicalSubplanScan, context: PhysicalContext, estimate: Estimated): Placed {
	const types = context.subplanTypes[node.subplan] ?? [];
	const read: PhysicalOperator = { kind: "subplan_scan", subplan: node.subplan, types, estimate: estimate(node.columns, 0) };
	const isWhole = node.outputs.length === types.length && node.outputs.every((output, index) => output === index);
	if (isWhole) return { operator: read, columns: node.columns };
	const expressions = node.outputs.map((index): Expression => ({ kind: "column", index, type: types[index] as DataType }));
	return { operator: { kind: "project", input: read, expressions, estimate: read.estimate }, columns: node.columns };
}

function typesOf(columns: ColumnId[], context: PhysicalContext): DataType[] {
	return columns.map((id) => context.columns.get(id).type);
}

function placeAll(columns: ColumnId[], expressions: Expression[]): Expression[] {
	const positions = new Positions(columns);
	return expressions.map((expression) => positions.place(expression));
}

function placeKeys(columns: ColumnId[], keys: SortKey[]): SortKey[] {
	const positions = new Positions(columns);
	return keys.map((key) => ({ ...key, expression: positions.place(key.expression) }));
}

/** Bytes are those of the columns read: the files' bytes, shared out by the columns' widths. */
function planScan(node: Extract<LogicalOperator, { kind: "scan" }>, context: PhysicalContext): Placed {
	const table = context.tables[node.table] as PlanTable;
	let fileRowCount = 0;
	let fileByteCount = 0;
	let fileCount = 0;
	for (const page of table.pages) {
		fileCount += page.fileCount;
		for (let file = 0; file < page.fileCount; file++) {
			fileRowCount += page.rowCounts[file] as number;
			fileByteCount += page.byteCounts[file] as number;
		}
	}
	const width = rowByteCount(table.schema.columns.map((column) => column.type));
	const readWidth = node.columns.reduce((sum, id) => sum + valueByteCount(context.columns.get(id).type), 0);
	const byteCount = Math.round((fileByteCount * readWidth) / Math.max(width, 1));
	const predicate = node.predicate === null ? null : new Positions(node.columns).place(node.predicate);
	const milliseconds = cpuMilliseconds.scan(byteCount, fileRowCount, totalWorkUnits([predicate])) + objectReadMilliseconds(fileCount);
	const rowCount = Math.round(context.cardinality.rowCount(node));
	const estimate = { rowCount, byteCount, milliseconds, ...context.cardinality.lesson(node) };
	return { operator: { kind: "scan", table: node.table, columns: node.fieldIds, predicate, estimate }, columns: node.columns };
}

/** The smaller side of an inner, left, semi or anti join is built, the right side of any other. Without equalities every pair is tried. */
function planJoin(node: LogicalJoin, context: PhysicalContext, estimate: Estimated): Placed {
	const join = physicalKind(node, context);
	const swapped = join !== node.join || (join === "inner" && isLeftSmaller(node, context));
	const probe = planPhysical(swapped ? node.right : node.left, context);
	const build = planPhysical(swapped ? node.left : node.right, context);
	const inputs = [...probe.columns, ...build.columns];
	const columns =
		join === "right_semi" || join === "right_anti" ? build.columns : swapped ? inputs : joinColumns(node, probe.columns, build.columns);
	const probeRowCount = probe.operator.estimate.rowCount;
	const buildRowCount = build.operator.estimate.rowCount;
	const decided = (part: Expression | null) => (node.join === "mark" ? twoValued(part, context.columns) : part);
	const comparison = node.mark?.comparison ?? null;
	const sides = [new Set(probe.columns), new Set(build.columns)] as const;
	const keys = joinKeys(node.condition, ...sides);
	const compared = comparison === null ? null : joinKeys(comparison, ...sides);
	const joined = new Positions(inputs);
	const shared = { join, probe: probe.operator, build: build.operator };
	// A comparison of several parts in three values is no key: NULL in one part and a difference in another is false, not NULL.
	const isHashed = compared === null ? keys.leftKeys.length > 0 : compared.residual === null && compared.leftKeys.length === 1;
	if (!isHashed) {
		const whole = conjunction([...conjuncts(decided(node.condition)), ...(comparison === null ? [] : [comparison])]);
		const placed = whole === null ? null : joined.place(whole);
		const milliseconds = cpuMilliseconds.nestedLoop(probeRowCount, buildRowCount, totalWorkUnits([placed]) + 1);
		return { operator: { kind: "nested_loop_join", ...shared, condition: placed, estimate: estimate(columns, milliseconds) }, columns };
	}
	const decidedResidual = decided(keys.residual);
	const residual = decidedResidual === null ? null : joined.place(decidedResidual);
	const milliseconds =
		cpuMilliseconds.hash(probeRowCount + buildRowCount) + cpuMilliseconds.evaluate(probeRowCount, totalWorkUnits([residual]));
	return {
		operator: {
			kind: "hash_join",
			...shared,
			nullAware: comparison !== null && isNullable(comparison, context.columns),
			probeKeys: placeAll(probe.columns, [...keys.leftKeys, ...(compared?.leftKeys ?? [])]),
			buildKeys: placeAll(build.columns, [...keys.rightKeys, ...(compared?.rightKeys ?? [])]),
			residual,
			estimate: estimate(columns, milliseconds),
		},
		columns,
	};
}

function isLeftSmaller(node: LogicalJoin, { cardinality }: PhysicalContext): boolean {
	return cardinality.rowCount(node.left) < cardinality.rowCount(node.right);
}

const EXCHANGED: Partial<Record<LogicalJoin["join"], JoinKind>> = { left: "right", semi: "right_semi", anti: "right_anti" };

/** A left, semi or anti join whose left side is the smaller one builds that: the other passes by, however large. */
function physicalKind(node: LogicalJoin, context: PhysicalContext): JoinKind {
	const exchanged = EXCHANGED[node.join];
	if (exchanged === undefined || !isLeftSmaller(node, context)) return node.join;
	const sides = [node.left, node.right].map((side) => new Set(outputColumns(side))) as [Set<ColumnId>, Set<ColumnId>];
	return joinKeys(node.condition, ...sides).leftKeys.length === 0 ? node.join : exchanged;
}

function joinColumns(node: LogicalJoin, probe: ColumnId[], build: ColumnId[]): ColumnId[] {
	switch (node.join) {
		case "semi":
		case "anti":
			return probe;
		case "mark":
			return node.mark === undefined ? probe : [...probe, node.mark.column];
		default:
			return [...probe, ...build];
	}
}

/** Each conjunct, false where it is NULL: the operator counts a condition's NULLs in a mark. */
function twoValued(condition: Expression | null, columns: ColumnTable): Expression | null {
	const no: Expression = { kind: "constant", value: false, type: BOOLEAN };
	return conjunction(
		conjuncts(condition).map((part) => (isNullable(part, columns) ? { kind: "coalesce", arguments: [part, no], type: BOOLEAN } : part)),
	);
}
