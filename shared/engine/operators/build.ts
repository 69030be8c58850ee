/** From a physical plan to running operators. */
import { unreachable } from "#shared/base/assert.ts";
import { LittoralError } from "#shared/base/errors.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import type { PhysicalOperator, PhysicalScan } from "#shared/contracts/plan/physical.ts";
import type { ExecutionContext } from "./execution-context.ts";
import { FilterOperator } from "./filter.ts";
import { HashAggregateOperator } from "./hash-aggregate.ts";
import { HashJoinOperator } from "./hash-join.ts";
import { LimitOperator } from "./limit.ts";
import { NestedLoopJoinOperator } from "./nested-loop-join.ts";
import { outputTypes } from "./output-types.ts";
import { ProjectOperator } from "./project.ts";
import { SortOperator } from "./sort.ts";
import type { BatchSource } from "./source.ts";
import { TopNOperator } from "./top-n.ts";
import { ValuesOperator } from "./values.ts";
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
		case "hash_join": {
			const sides = { probe: build(node.probe), build: build(node.build), buildTypes: typesOf(node.build) };
			return new HashJoinOperator(context, node, sides);
		}
		case "nested_loop_join": {
			const sides = { probe: build(node.probe), build: build(node.build), buildTypes: typesOf(node.build) };
			return new NestedLoopJoinOperator(context, node, sides);
		}
		case "sort":
			return new SortOperator(context, node, build(node.input), typesOf(node.input));
		case "top_n":
			return new TopNOperator(context, node, build(node.input), typesOf(node.input));
		case "exchange":
			// One executor: there is nobody to exchange with.
			return build(node.input);
		case "union_all":
		case "set_operation":
		case "expand":
		case "window":
		case "table_function":
		case "subplan_scan":
		case "recursive_union":
		case "worktable_scan":
			throw new LittoralError("feature_not_supported", `the operator ${node.kind} is not supported yet`);
		default:
			return unreachable(node);
	}
}
