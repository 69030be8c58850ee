/** From a logical plan to operators: column ids become positions, joins get keys and a build side, every operator its estimate. */
import { unreachable } from "#shared/base/assert.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import type { AggregateCall, Expression, SortKey } from "#shared/contracts/plan/expression.ts";
import type { Estimate, PhysicalOperator, PlanTable } from "#shared/contracts/plan/physical.ts";
import { outputColumns } from "../logical/output.ts";
import type { ColumnId, ColumnTable, LogicalJoin, LogicalOperator } from "../logical/plan.ts";
import type { Cardinality } from "../statistics/cardinality.ts";
import { cpuMilliseconds, objectReadMilliseconds } from "../statistics/cost-model.ts";
import { rowByteCount, valueByteCount } from "../statistics/row-width.ts";
import { totalWorkUnits } from "../statistics/work-units.ts";
import { joinKeys } from "./join-keys.ts";
import { Positions } from "./position.ts";

export interface PhysicalContext {
	columns: ColumnTable;
	cardinality: Cardinality;
	/** After file pruning. */
	tables: PlanTable[];
}

/** An operator and the ids of its output columns, in order. */
export interface Placed {
	operator: PhysicalOperator;
	columns: ColumnId[];
}

export function planPhysical(node: LogicalOperator, context: PhysicalContext): Placed {
	const rowCount = context.cardinality.rowCount(node);
	const estimate = (columns: ColumnId[], milliseconds: number): Estimate => ({
		rowCount: Math.round(rowCount),
		byteCount: Math.round(rowCount * rowByteCount(typesOf(columns, context))),
		milliseconds,
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
			const aggregates = node.aggregates.map((call) => placeAggregate(call, positions));
			const columns = outputColumns(node);
			const inputRowCount = input.operator.estimate.rowCount;
			const work =
				totalWorkUnits([...groupKeys, ...aggregates.flatMap((call) => [...call.arguments, call.filter])]) + 2 * aggregates.length;
			const milliseconds = cpuMilliseconds.evaluate(inputRowCount, work) + (groupKeys.length > 0 ? cpuMilliseconds.hash(inputRowCount) : 0);
			return {
				operator: { kind: "hash_aggregate", input: input.operator, groupKeys, aggregates, estimate: estimate(columns, milliseconds) },
				columns,
			};
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
		default:
			return unreachable(node);
	}
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

function placeAggregate(call: AggregateCall, positions: Positions): AggregateCall {
	return {
		...call,
		arguments: call.arguments.map((argument) => positions.place(argument)),
		filter: call.filter === null ? null : positions.place(call.filter),
	};
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
	return {
		operator: { kind: "scan", table: node.table, columns: node.fieldIds, predicate, estimate: { rowCount, byteCount, milliseconds } },
		columns: node.columns,
	};
}

/** The smaller side of an inner join is built; a left join builds its right side. Without equalities every pair is tried. */
function planJoin(node: LogicalJoin, context: PhysicalContext, estimate: (columns: ColumnId[], milliseconds: number) => Estimate): Placed {
	const swapped = node.join === "inner" && context.cardinality.rowCount(node.left) < context.cardinality.rowCount(node.right);
	const probe = planPhysical(swapped ? node.right : node.left, context);
	const build = planPhysical(swapped ? node.left : node.right, context);
	const columns = [...probe.columns, ...build.columns];
	const probeRowCount = probe.operator.estimate.rowCount;
	const buildRowCount = build.operator.estimate.rowCount;
	const keys = joinKeys(node.condition, new Set(probe.columns), new Set(build.columns));
	const joined = new Positions(columns);
	const shared = { join: node.join, probe: probe.operator, build: build.operator };
	if (keys.leftKeys.length === 0) {
		const condition = node.condition === null ? null : joined.place(node.condition);
		const milliseconds = cpuMilliseconds.nestedLoop(probeRowCount, buildRowCount, totalWorkUnits([condition]) + 1);
		return { operator: { kind: "nested_loop_join", ...shared, condition, estimate: estimate(columns, milliseconds) }, columns };
	}
	const residual = keys.residual === null ? null : joined.place(keys.residual);
	const milliseconds =
		cpuMilliseconds.hash(probeRowCount + buildRowCount) + cpuMilliseconds.evaluate(probeRowCount, totalWorkUnits([residual]));
	return {
		operator: {
			kind: "hash_join",
			...shared,
			nullAware: false,
			probeKeys: placeAll(probe.columns, keys.leftKeys),
			buildKeys: placeAll(build.columns, keys.rightKeys),
			residual,
			estimate: estimate(columns, milliseconds),
		},
		columns,
	};
}
