/**
 * Down to which scans a filter of an operator's output column may go: rows of the output that the filter drops are read by nobody, so whatever they are made of alone need not
 * be read either. Where nothing is known of an operator the filter stops.
 */
import { unreachable } from "#shared/base/assert.ts";
import type { Expression } from "#shared/contracts/plan/expression.ts";
import type { PhysicalHashJoin, PhysicalNestedLoopJoin, PhysicalOperator, PhysicalScan } from "#shared/contracts/plan/physical.ts";

/** A scan's output column. */
export interface FilteredColumn {
	scan: PhysicalScan;
	column: number;
}

/** @param widthOf the number of an operator's output columns */
export function filteredColumns(node: PhysicalOperator, column: number, widthOf: (node: PhysicalOperator) => number): FilteredColumn[] {
	const below = (input: PhysicalOperator, position: number): FilteredColumn[] => filteredColumns(input, position, widthOf);
	const through = (input: PhysicalOperator, expression: Expression | undefined): FilteredColumn[] =>
		expression?.kind === "column" ? below(input, expression.index) : [];
	switch (node.kind) {
		case "scan":
			return [{ scan: node, column }];
		case "filter":
		case "sort":
		case "exchange":
			return below(node.input, column);
		case "project":
			return through(node.input, node.expressions[column]);
		// Whole groups go.
		case "hash_aggregate":
			return through(node.input, node.groupKeys[column]);
		case "union_all":
			return node.inputs.flatMap((input) => below(input, column));
		case "hash_join":
		case "nested_loop_join":
			return throughJoin(node, column, { below, through, probeWidth: widthOf(node.probe) });
		// The others number, count, cut off or share rows, or compare them with those of another input.
		case "limit":
		case "top_n":
		case "window":
		case "expand":
		case "set_operation":
		case "table_function":
		case "values":
		case "subplan_scan":
		case "recursive_union":
		case "worktable_scan":
			return [];
		default:
			return unreachable(node);
	}
}

interface Steps {
	below: (input: PhysicalOperator, column: number) => FilteredColumn[];
	through: (input: PhysicalOperator, expression: Expression | undefined) => FilteredColumn[];
	probeWidth: number;
}

function throughJoin(
	node: PhysicalHashJoin | PhysicalNestedLoopJoin,
	column: number,
	{ below, through, probeWidth }: Steps,
): FilteredColumn[] {
	switch (node.join) {
		case "inner":
			return column < probeWidth
				? [...below(node.probe, column), ...partners(node, "probe", column).flatMap((key) => through(node.build, key))]
				: [
						...below(node.build, column - probeWidth),
						...partners(node, "build", column - probeWidth).flatMap((key) => through(node.probe, key)),
					];
		case "semi":
		case "anti":
			return [...below(node.probe, column), ...partners(node, "probe", column).flatMap((key) => through(node.build, key))];
		case "right_semi":
		case "right_anti":
			return [...below(node.build, column), ...partners(node, "build", column).flatMap((key) => through(node.probe, key))];
		// A row of the build side's columns may stand for none; of a right join one of the probe side's.
		case "left":
			return column < probeWidth
				? [...below(node.probe, column), ...partners(node, "probe", column).flatMap((key) => through(node.build, key))]
				: [];
		case "right":
			return column < probeWidth
				? []
				: [
						...below(node.build, column - probeWidth),
						...partners(node, "build", column - probeWidth).flatMap((key) => through(node.probe, key)),
					];
		case "mark":
		case "single":
		case "full":
			return [];
		default:
			return unreachable(node.join);
	}
}

/** The other side's keys that equal this column of one side in every match. */
function partners(node: PhysicalHashJoin | PhysicalNestedLoopJoin, side: "probe" | "build", column: number): Expression[] {
	if (node.kind !== "hash_join") return [];
	const [own, other] = side === "probe" ? [node.probeKeys, node.buildKeys] : [node.buildKeys, node.probeKeys];
	return other.filter((_, index) => {
		const key = own[index] as Expression;
		return key.kind === "column" && key.index === column;
	});
}
