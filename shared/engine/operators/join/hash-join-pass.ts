/**
 * One pass of a hash join: a build side, stored, and a probe side. Where memory is tight before the build side is stored, both sides go to files by their keys' hash instead,
 * and nothing comes of the pass but these.
 */
import { assert } from "#shared/base/assert.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import type { Expression } from "#shared/contracts/plan/expression.ts";
import type { PhysicalHashJoin } from "#shared/contracts/plan/physical.ts";
import type { Pointer } from "../../memory/arena.ts";
import type { Region } from "../../memory/region.ts";
import type { Batch } from "../../vector/batch.ts";
import { flatten } from "../../vector/copy.ts";
import { DESCRIPTOR_BYTES, type RowColumn, writeDescriptors } from "../../vector/row-layout.ts";
import type { Vector } from "../../vector/vector.ts";
import { BuildSide, type EmittedColumn } from "./build-side.ts";
import type { CompiledExpression } from "../evaluator.ts";
import type { ExecutionContext } from "../execution-context.ts";
import { HashPairs } from "./hash-pairs.ts";
import { Join, type JoinSides } from "./join.ts";
import { emitsBuild, emitsUnmatchedBuild, JoinOutput } from "./join-output.ts";
import type { KeyFilter } from "../key-filter/key-filter.ts";
import type { BatchSource } from "../source.ts";
import type { SpillFile } from "../spill/spill-file.ts";
import { spaceAtLevel, SpillPartitions } from "../spill/spill-partitions.ts";

export type HashJoinSpec = Pick<PhysicalHashJoin, "join" | "nullAware" | "probeKeys" | "buildKeys" | "residual">;

export interface HashJoinPassOptions {
	spec: HashJoinSpec;
	sides: JoinSides;
	/** The build side's columns in joined rows. */
	emitted: readonly EmittedColumn[];
	/** By key: to be told the build side's keys. They ask memory that is this pass's, and are cleared before that is returned. */
	keyFilters: readonly (KeyFilter | null)[];
	/** Of the recursion over spilled rows, from 0. */
	level: number;
}

/** Two files whose rows join among themselves only. */
export interface JoinPartition {
	build: SpillFile;
	probe: SpillFile;
}

export class HashJoinPass {
	readonly #context: ExecutionContext;
	readonly #options: HashJoinPassOptions;
	readonly #build: BuildSide;
	readonly #join: Join;
	readonly #finder: HashPairs;
	readonly #spills: boolean;
	readonly #region: Region;
	#phase: "building" | "joining" | "moving" | "spilling build" | "spilling probe" = "building";
	#stored: BatchSource | null = null;
	#partitions: { build: SpillPartitions; probe: SpillPartitions } | null = null;
	readonly #probeKeys: CompiledExpression[];
	readonly #descriptors: Pointer;

	constructor(context: ExecutionContext, options: HashJoinPassOptions) {
		const { spec, sides, emitted, level } = options;
		this.#context = context;
		this.#options = options;
		this.#build = new BuildSide(context, {
			types: sides.buildTypes,
			keys: spec.buildKeys,
			emitted,
			loose: emitsUnmatchedBuild(spec.join) ? "emitted" : spec.nullAware ? "perhaps" : "dropped",
			isFlagged: emitsUnmatchedBuild(spec.join) || emitsBuild(spec.join),
		});
		const output = new JoinOutput(context, { join: spec.join, condition: spec.residual }, this.#build, sides);
		this.#finder = new HashPairs(context, spec, this.#build, output);
		this.#join = new Join(context, sides.probe, { build: this.#build, output, finder: this.#finder });
		// Without plain keys every row may matter to every other one: there is nothing to partition by.
		this.#spills = spaceAtLevel(context, level) !== null && !(spec.nullAware && spec.buildKeys.length === 1);
		this.#region = context.lease.region();
		this.#probeKeys = spec.probeKeys.map((key) => context.compileExpression(key));
		this.#descriptors = context.lease.region().allocate(spec.probeKeys.length * DESCRIPTOR_BYTES);
	}

	/** After the end: what another pass must join. */
	get spilled(): JoinPartition[] {
		if (this.#partitions === null) return [];
		const { build, probe } = this.#partitions;
		return build.files.map((file, index) => ({ build: file, probe: probe.files[index] as SpillFile }));
	}

	/** What the build side emits, of its spilled columns. */
	get storedEmitted(): EmittedColumn[] {
		return this.#build.emittedFromStored;
	}

	/** Of the spilled build side's columns. */
	get storedTypes(): DataType[] {
		return this.#build.storedTypes;
	}

	/** The build keys over the spilled columns. */
	get storedKeys(): Expression[] {
		const { columns } = this.#build.store.layout;
		return this.#build.keyColumns.map((column) => ({ kind: "column", index: columns.indexOf(column), type: column.type }));
	}

	next(): Batch | "blocked" | null {
		for (;;) {
			if (this.#context.yieldDue || (this.#partitions !== null && this.#context.spillBlocked)) return "blocked";
			switch (this.#phase) {
				case "building": {
					const state = this.#build.consume(this.#options.sides.build, this.#spills);
					if (state === "blocked") return state;
					if (state === "tight") this.#startSpilling();
					else this.#startJoining();
					break;
				}
				case "joining":
					return this.#join.next();
				case "moving": {
					const batch = (this.#stored as BatchSource).next() as Batch | null;
					if (batch !== null) this.#addStored(batch);
					else this.#endMoving();
					break;
				}
				case "spilling build": {
					const batch = this.#options.sides.build.next();
					if (batch === "blocked") return batch;
					if (batch === null) {
						this.#partitions?.build.finish();
						this.#phase = "spilling probe";
					} else if (batch.selectedCount > 0) this.#addBuild(batch);
					break;
				}
				case "spilling probe": {
					const batch = this.#options.sides.probe.next();
					if (batch === "blocked") return batch;
					if (batch === null) {
						this.#partitions?.probe.finish();
						return null;
					}
					if (batch.selectedCount > 0) this.#addProbe(batch);
					break;
				}
			}
		}
	}

	#startJoining(): void {
		this.#phase = "joining";
		for (const [index, filter] of this.#options.keyFilters.entries()) {
			filter?.learn(this.#build.store, this.#build.keyColumns[index] as RowColumn, this.#context.lease);
		}
	}

	#startSpilling(): void {
		const space = spaceAtLevel(this.#context, this.#options.level);
		assert(space !== null, "only a join that can spill is told to");
		const { level } = this.#options;
		this.#partitions = {
			build: new SpillPartitions(this.#context, space, { level }),
			probe: new SpillPartitions(this.#context, space, { level }),
		};
		this.#stored = this.#build.storedRows();
		this.#phase = "moving";
	}

	#endMoving(): void {
		this.#build.store.free();
		this.#build.loose?.free();
		this.#phase = "spilling build";
	}

	/** Stored rows have their keys among their columns. */
	#addStored(batch: Batch): void {
		this.#region.reset();
		this.#partitions?.build.add(batch, this.#hashes(batch, this.#build.keysOf(batch)), this.#region);
	}

	#addBuild(input: Batch): void {
		this.#region.reset();
		const batch = this.#build.asStored(input, this.#region);
		this.#partitions?.build.add(batch, this.#hashes(batch, this.#build.keysOf(batch)), this.#region);
	}

	#addProbe(input: Batch): void {
		this.#region.reset();
		const batch = this.#finder.narrowed(input);
		const keys = this.#probeKeys.map((key) => key.evaluate(batch, this.#region));
		this.#partitions?.probe.add(batch, this.#hashes(batch, keys), this.#region);
	}

	/** u32 by position: of the keys that must be equal, NULLs alike. */
	#hashes(batch: Batch, keys: Vector[]): Pointer {
		const { engine } = this.#context;
		const keyCount = this.#options.spec.nullAware ? keys.length - 1 : keys.length;
		const columns = this.#build.keyColumns;
		const described = keys.map((key, index) => ({
			column: columns[index] as RowColumn,
			vector: flatten(engine, key, batch, this.#region),
		}));
		writeDescriptors(engine, described, this.#descriptors);
		const hashes = this.#region.allocate(batch.rowCount * 4);
		this.#context.spend(batch.selectedCount * keyCount * 4);
		engine.kernels.rows_hash(batch.selectedCount, batch.selection, keyCount, this.#descriptors, hashes);
		return hashes;
	}
}
