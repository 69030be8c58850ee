/**
 * Writes one column of appended rows straight into the arena. A row is addressed by its number, so that a row whose bytes were incomplete is
 * simply written again. The memory is reused for every batch.
 */
import { LittoralError } from "#shared/base/errors.ts";
import { BATCH_ROW_COUNT_MAX } from "#shared/base/limits.ts";
import { type DataType, PHYSICAL_BYTES, type PhysicalType, physicalType, typeName } from "#shared/contracts/data-type.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import { parseValue } from "#shared/contracts/values/parse.ts";
import type { ArenaViews, Pointer } from "#shared/engine/memory/arena.ts";
import type { Lease } from "#shared/engine/memory/lease.ts";
import type { Region } from "#shared/engine/memory/region.ts";
import type { FlatVector } from "#shared/engine/vector/vector.ts";
import { decodeUtf8 } from "../utf8.ts";
import type { TextFields } from "./text-fields.ts";

export interface ColumnWriterOptions {
	lease: Lease;
	/** Holds the fixed-width parts for as long as the append is read. */
	region: Region;
	capacity?: number;
}

export abstract class ColumnWriter {
	readonly type: DataType;
	readonly physical: PhysicalType;
	protected readonly views: ArenaViews;
	protected readonly values: Pointer;
	readonly #validity: Pointer;
	readonly #validityBytes: number;
	#hasNulls = false;
	/** Bytes of variable length written since {@link reset}. */
	byteCount = 0;

	constructor(type: DataType, options: ColumnWriterOptions) {
		this.type = type;
		this.physical = physicalType(type);
		this.views = options.lease.arena.views;
		const capacity = options.capacity ?? BATCH_ROW_COUNT_MAX;
		this.values = this.physical === "bytes" ? 0 : options.region.allocate(capacity * PHYSICAL_BYTES[this.physical]);
		this.#validityBytes = Math.ceil(capacity / 8);
		this.#validity = options.region.allocate(this.#validityBytes);
		this.views.u8.fill(0xff, this.#validity, this.#validity + this.#validityBytes);
	}

	/** Reads PostgreSQL's text form. `bytes[start, end)` is valid UTF-8. @throws LittoralError with the SQLSTATE of a bad value */
	putText(row: number, bytes: Uint8Array, start: number, end: number): void {
		this.putValue(row, parseValue(this.type, decodeUtf8(bytes, start, end), { refuseOffset: true }));
	}

	/**
	 * As {@link putText} for rows from `row` on: by kernel as far as texts have the common form, else one by one.
	 * @returns whether one was NULL @throws what {@link putText} throws, at the first bad value
	 */
	putTexts(row: number, texts: TextFields): boolean {
		const { rowCount, pointer, stride } = texts;
		const { u8, u32 } = this.views;
		let hasNull = false;
		for (let index = this.putCommon(row, 0, texts); index < rowCount; index = this.putCommon(row, index + 1, texts)) {
			const field = (pointer + index * stride) >> 2;
			const start = u32[field] as number;
			if (start === 0) this.putNull(row + index);
			else this.putText(row + index, u8, start, u32[field + 1] as number);
			hasNull ||= start === 0;
		}
		return hasNull;
	}

	/** Texts from `from` on as far as they have the common form. @returns the first that has not, or their count */
	protected putCommon(_row: number, from: number, _texts: TextFields): number {
		return from;
	}

	/** Reads a JSON number from its characters; refused by types that are no numbers. */
	putNumber(_row: number, _bytes: Uint8Array, _start: number, _end: number): void {
		throw mismatch(this.type, "number");
	}

	putBoolean(_row: number, _value: boolean): void {
		throw mismatch(this.type, "boolean");
	}

	/** `value` in `SqlValue`'s form for this type, not null. */
	abstract putValue(row: number, value: SqlValue): void;

	/** Copies the lanes of rows from `row` on as they are. @returns where they lie */
	putLanes(row: number, lanes: Uint8Array): Pointer {
		const pointer = this.values + row * PHYSICAL_BYTES[this.physical];
		this.views.u8.set(lanes, pointer);
		return pointer;
	}

	putNull(row: number): void {
		this.#hasNulls = true;
		const at = this.#validity + (row >> 3);
		const { u8 } = this.views;
		u8[at] = (u8[at] as number) & ~(1 << (row & 7));
		this.putZero(row);
	}

	/** A lane under NULL holds zero. */
	protected abstract putZero(row: number): void;

	/** The column as a vector of `rowCount` rows, valid until {@link reset}. */
	finish(rowCount: number): FlatVector {
		return {
			kind: "flat",
			type: this.type,
			physical: this.physical,
			values: this.values,
			validity: this.#hasNulls ? this.#validity : 0,
			offsets: 0,
			...this.parts(rowCount),
		};
	}

	protected parts(_rowCount: number): Partial<FlatVector> {
		return {};
	}

	reset(): void {
		this.byteCount = 0;
		if (!this.#hasNulls) return;
		this.#hasNulls = false;
		this.views.u8.fill(0xff, this.#validity, this.#validity + this.#validityBytes);
	}
}

/** A JSON value of a kind that the column's type does not take. */
export function mismatch(type: DataType, found: "number" | "boolean" | "object" | "array"): LittoralError {
	return new LittoralError("datatype_mismatch", `a column of type ${typeName(type)} takes no JSON ${found}`);
}
