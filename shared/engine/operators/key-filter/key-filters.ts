/** The key filters of a running plan: which join makes each, and which scans ask it. */
import type { PhysicalHashJoin, PhysicalOperator, PhysicalScan } from "#shared/contracts/plan/physical.ts";
import type { ExecutionContext } from "../execution-context.ts";
import { emitsBuild } from "../join/join-output.ts";
import { filteredColumns } from "./key-filter-targets.ts";
import { filtersHashes, filtersKeys, KeyFilter, ScanKeyFilter } from "./key-filter.ts";
import { KeyHashes } from "./key-hashes.ts";

export class KeyFilters {
	readonly #context: ExecutionContext;
	readonly #widthOf: (node: PhysicalOperator) => number;
	readonly #ofScans = new Map<PhysicalScan, Map<PhysicalHashJoin, ScanKeyFilter[]>>();

	/** @param widthOf the number of an operator's output columns */
	constructor(context: ExecutionContext, widthOf: (node: PhysicalOperator) => number) {
		this.#context = context;
		this.#widthOf = widthOf;
	}

	/**
	 * New filters of a join that is being built, by key: for the scans that its probe side's keys come from, which are built after this. Those of a build before it, in
	 * another round of a recursion, are forgotten. Null where nobody would ask.
	 */
	make(node: PhysicalHashJoin): (KeyFilter | null)[] {
		for (const joins of this.#ofScans.values()) joins.delete(node);
		// Of the other kinds a probe row without a match is emitted too.
		if (node.join !== "inner" && node.join !== "semi" && node.join !== "right" && !emitsBuild(node.join)) return [];
		return node.probeKeys.map((key) => {
			if (key.kind !== "column" || !(filtersKeys(key.type) || (node.probeKeys.length === 1 && filtersHashes(key.type)))) return null;
			const filter = new KeyFilter(this.#context);
			const targets = filteredColumns(node.probe, key.index, this.#widthOf);
			for (const { scan, column } of targets) this.#add(scan, node, new ScanKeyFilter(column, filter, new KeyHashes(this.#context)));
			return targets.length === 0 ? null : filter;
		});
	}

	of(scan: PhysicalScan): ScanKeyFilter[] {
		return [...(this.#ofScans.get(scan)?.values() ?? [])].flat();
	}

	/** The joins whose filters dropped rows of the scan. */
	droppersOf(scan: PhysicalScan): PhysicalHashJoin[] {
		return [...(this.#ofScans.get(scan) ?? [])].flatMap(([join, asked]) =>
			asked.some(({ droppedCount }) => droppedCount > 0) ? [join] : [],
		);
	}

	#add(scan: PhysicalScan, join: PhysicalHashJoin, asked: ScanKeyFilter): void {
		const joins = this.#ofScans.get(scan) ?? new Map<PhysicalHashJoin, ScanKeyFilter[]>();
		this.#ofScans.set(scan, joins);
		joins.set(join, [...(joins.get(join) ?? []), asked]);
	}
}
