/** From a physical plan to running operators. */
import { unreachable } from "#shared/base/assert.ts";
import { LittoralError } from "#shared/base/errors.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import type { PhysicalHashJoin, PhysicalNestedLoopJoin, PhysicalOperator, PhysicalScan } from "#shared/contracts/plan/physical.ts";
import type { ExecutionContext } from "./execution-context.ts";
import { ExpandOperator } from "./expand.ts";
import { FilterOperator } from "./filter.ts";
import { HashAggregateOperator } from "./hash-aggregate.ts";
import { HashJoinOperator } from "./hash-join.ts";
import type { JoinSides } from "./join.ts";
import { LimitOperator } from "./limit.ts";
import { NestedLoopJoinOperator } from "./nested-loop-join.ts";
import { outputTypes } from "./output-types.ts";
import { ProjectOperator } from "./project.ts";
import { SetOperationOperator } from "./set-operation.ts";
import { SortOperator } from "./sort.ts";
import type { BatchSource } from "./source.ts";
import { TopNOperator } from "./top-n.ts";
import { UnionAllOperator } from "./union-all.ts";
import { ValuesOperator } from "./values.ts";
import { WindowOperator } from "./window/window.ts";
import { YieldingSource } from "./yielding-source.ts";

/**
 * @param openScan opens the source of a scan: it gives the scan's columns in order and applies its predicate in full
 * @returns the root, to be run by `driver.ts`; nothing is read before its first `next()`
 */
export function buildOperator(
	node: PhysicalOperator,
	context: ExecutionContext,
	openScan: (scan: PhysicalScan) => BatchSource,
): BatchSource {
	const build = (child: PhysicalOperator): BatchSource => buildOperator(child, context, openScan);
	const typesOf = (child: PhysicalOperator): DataType[] => outputTypes(child, (scan) => context.scanTypes(scan));
	const sidesOf = (join: PhysicalHashJoin | PhysicalNestedLoopJoin): JoinSides => ({
		probe: build(join.probe),
		build: build(join.build),
		probeTypes: typesOf(join.probe),
		buildTypes: typesOf(join.build),
	});
	switch (node.kind) {
		case "scan":
			return new YieldingSource(context, openScan(node));
		case "values":
			return new ValuesOperator(context, node);
		case "filter":
			return new FilterOperator(context, node, build(node.input));
		case "project":
			return new ProjectOperator(context, node, build(node.input));
		case "limit":
			return new LimitOperator(context, node, build(node.input));
		case "hash_aggregate":
			return new HashAggregateOperator(context, node, build(node.input));
		case "hash_join":
			return new HashJoinOperator(context, node, sidesOf(node));
		case "nested_loop_join":
			return new NestedLoopJoinOperator(context, node, sidesOf(node));
		case "sort":
			return new SortOperator(context, node, build(node.input), typesOf(node.input));
		case "top_n":
			return new TopNOperator(context, node, build(node.input), typesOf(node.input));
		case "exchange":
			// One executor: there is nobody to exchange with.
			return build(node.input);
		case "union_all":
			return new UnionAllOperator(node.inputs.map(build));
		case "set_operation":
			return new SetOperationOperator(context, node, { left: build(node.left), right: build(node.right) }, typesOf(node.left));
		case "expand":
			return new ExpandOperator(context, node, build(node.input));
		case "window":
			return new WindowOperator(context, node, build(node.input), typesOf(node.input));
		case "table_function":
		case "subplan_scan":
		case "recursive_union":
		case "worktable_scan":
			throw new LittoralError("feature_not_supported", `the operator ${node.kind} is not supported yet`);
		default:
			return unreachable(node);
	}
}
