/** Builds batches from JavaScript values: for VALUES, constants, decoded rows and tests. */
import { assert } from "#shared/base/assert.ts";
import { BATCH_ROW_COUNT_MAX } from "#shared/base/limits.ts";
import { type DataType, PHYSICAL_BYTES, type PhysicalType, physicalType } from "#shared/contracts/data-type.ts";
import type { IntervalValue, NumericValue, SqlValue } from "#shared/contracts/value.ts";
import type { Engine } from "../kernels/kernels.ts";
import type { Pointer } from "../memory/arena.ts";
import type { Region } from "../memory/region.ts";
import type { Batch } from "./batch.ts";
import { encodeArray } from "./array-value.ts";
import { coefficientAt } from "./coefficient.ts";
import { uuidToInt128, writeInt128 } from "./int128.ts";
import type { FlatVector } from "./vector.ts";

const encoder = new TextEncoder();

/**
 * Appends values to one flat vector, which grows in its region by doubling (what it leaves behind is garbage until the region's reset).
 * The vector given by `finish` lies in that region.
 */
export class VectorBuilder {
	readonly #engine: Engine;
	readonly #region: Region;
	readonly #type: DataType;
	readonly #physical: PhysicalType;
	#capacity: number;
	#rowCount = 0;
	#nullCount = 0;
	#values: Pointer = 0;
	#validity: Pointer;
	#offsets: Pointer = 0;
	/** Physical type bytes: allocated and used bytes behind `#values`. */
	#heapCapacity = 0;
	#heapUsed = 0;

	constructor(engine: Engine, region: Region, type: DataType, capacity = BATCH_ROW_COUNT_MAX) {
		this.#engine = engine;
		this.#region = region;
		this.#type = type;
		this.#physical = physicalType(type);
		this.#capacity = Math.max(8, capacity);
		this.#validity = region.allocateZeroed((this.#capacity + 7) >> 3);
		if (this.#physical === "bytes") {
			this.#heapCapacity = this.#capacity * 8;
			this.#values = region.allocate(this.#heapCapacity);
		} else {
			this.#values = region.allocate(this.#capacity * PHYSICAL_BYTES[this.#physical]);
		}
		if (this.#physical === "bytes") {
			this.#offsets = region.allocate((this.#capacity + 1) * 4);
			engine.arena.views.i32[this.#offsets / 4] = 0;
		} else if (this.#physical === "numeric") {
			this.#offsets = region.allocate(this.#capacity * 4);
		}
	}

	get rowCount(): number {
		return this.#rowCount;
	}

	append(value: SqlValue): void {
		if (this.#rowCount === this.#capacity) this.#grow();
		const { views } = this.#engine.arena;
		const row = this.#rowCount++;
		if (value === null) this.#nullCount++;
		else views.u8[this.#validity + (row >> 3)] = (views.u8[this.#validity + (row >> 3)] as number) | (1 << (row & 7));
		const at = this.#values + row * PHYSICAL_BYTES[this.#physical];
		switch (this.#physical) {
			case "bool":
				views.u8[at] = value === true ? 1 : 0;
				return;
			case "i32":
				views.i32[at / 4] = (value as number | null) ?? 0;
				return;
			case "i64":
				views.i64[at / 8] =
					value === null ? 0n : this.#type.kind === "numeric" ? coefficientAt(this.#type, value as NumericValue) : (value as bigint);
				return;
			case "i128":
				writeInt128(
					views,
					at,
					value === null ? 0n : typeof value === "string" ? uuidToInt128(value) : coefficientAt(this.#type, value as NumericValue),
				);
				return;
			case "numeric":
				writeInt128(views, at, (value as NumericValue | null)?.coefficient ?? 0n);
				views.i32[this.#offsets / 4 + row] = (value as NumericValue | null)?.scale ?? 0;
				return;
			case "f32":
				views.f32[at / 4] = (value as number | null) ?? 0;
				return;
			case "f64":
				views.f64[at / 8] = (value as number | null) ?? 0;
				return;
			case "interval": {
				const interval = value as IntervalValue | null;
				views.i32[at / 4] = interval?.months ?? 0;
				views.i32[at / 4 + 1] = interval?.days ?? 0;
				views.i64[at / 8 + 1] = interval?.microseconds ?? 0n;
				return;
			}
			case "bytes":
				if (value !== null) this.#appendBytes(this.#bytesOf(value));
				this.#engine.arena.views.i32[this.#offsets / 4 + row + 1] = this.#heapUsed;
				return;
		}
	}

	/** The vector of every value so far; more may not be appended. */
	finish(): FlatVector {
		return {
			kind: "flat",
			type: this.#type,
			physical: this.#physical,
			values: this.#values,
			validity: this.#nullCount === 0 ? 0 : this.#validity,
			offsets: this.#offsets,
		};
	}

	#bytesOf(value: SqlValue): Uint8Array {
		if (this.#type.kind === "array") return encodeArray(this.#type.element, value as SqlValue[]);
		return typeof value === "string" ? encoder.encode(value) : (value as Uint8Array);
	}

	#appendBytes(bytes: Uint8Array): void {
		if (this.#heapUsed + bytes.length > this.#heapCapacity) {
			const capacity = Math.max(this.#heapCapacity * 2, this.#heapUsed + bytes.length);
			this.#values = this.#move(this.#values, this.#heapUsed, capacity);
			this.#heapCapacity = capacity;
		}
		this.#engine.arena.views.u8.set(bytes, this.#values + this.#heapUsed);
		this.#heapUsed += bytes.length;
	}

	#grow(): void {
		const capacity = this.#capacity * 2;
		const width = PHYSICAL_BYTES[this.#physical];
		if (this.#physical !== "bytes") {
			this.#values = this.#move(this.#values, this.#capacity * width, capacity * width);
		}
		if (this.#offsets !== 0) this.#offsets = this.#move(this.#offsets, (this.#capacity + 1) * 4, (capacity + 1) * 4);
		const validityBytes = (this.#capacity + 7) >> 3;
		this.#validity = this.#move(this.#validity, validityBytes, (capacity + 7) >> 3);
		this.#engine.arena.views.u8.fill(0, this.#validity + validityBytes, this.#validity + ((capacity + 7) >> 3));
		this.#capacity = capacity;
	}

	#move(from: Pointer, byteCount: number, newByteCount: number): Pointer {
		const to = this.#region.allocate(newByteCount);
		this.#engine.arena.views.u8.copyWithin(to, from, from + byteCount);
		return to;
	}
}

/** Appends rows of values to the columns of one batch. */
export class BatchBuilder {
	readonly #capacity: number;
	readonly #columns: VectorBuilder[];
	#rowCount = 0;

	/** @param capacity rows this batch can hold, at most BATCH_ROW_COUNT_MAX */
	constructor(engine: Engine, region: Region, types: DataType[], capacity = BATCH_ROW_COUNT_MAX) {
		assert(capacity <= BATCH_ROW_COUNT_MAX, "a batch holds at most BATCH_ROW_COUNT_MAX rows");
		this.#capacity = capacity;
		this.#columns = types.map((type) => new VectorBuilder(engine, region, type, capacity));
	}

	get rowCount(): number {
		return this.#rowCount;
	}

	/** @param values one per column, of the shapes in `contracts/value.ts` */
	appendRow(values: SqlValue[]): void {
		assert(this.#rowCount < this.#capacity, "a full batch takes no row");
		assert(values.length === this.#columns.length, "a row has a value per column");
		for (const [index, value] of values.entries()) (this.#columns[index] as VectorBuilder).append(value);
		this.#rowCount++;
	}

	/** The batch of the rows so far, in the builder's region; more may not be appended. */
	finish(): Batch {
		return {
			rowCount: this.#rowCount,
			columns: this.#columns.map((column) => column.finish()),
			selection: 0,
			selectedCount: this.#rowCount,
		};
	}
}

/** One value for every row. */
export function constantVector(engine: Engine, region: Region, type: DataType, value: SqlValue) {
	const builder = new VectorBuilder(engine, region, type, 1);
	builder.append(value);
	return { kind: "constant", type, physical: physicalType(type), value: builder.finish() } as const;
}
