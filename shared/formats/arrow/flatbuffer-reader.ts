/** Reads a FlatBuffer that nobody vouches for: every offset is checked before it is followed. Source: flatbuffers, "FlatBuffer Internals". */
import { LittoralError } from "#shared/base/errors.ts";

/** @returns the error of a stream that is not Arrow's, or is damaged */
export function malformedArrow(detail: string): LittoralError {
	return new LittoralError("malformed_body", `the Arrow stream is malformed: ${detail}`);
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export class TableReader {
	readonly #view: DataView;
	readonly #position: number;
	readonly #vtable: number;
	readonly #vtableBytes: number;

	private constructor(view: DataView, position: number) {
		this.#view = view;
		this.#position = position;
		check(position % 4 === 0 && position + 4 <= view.byteLength);
		this.#vtable = position - view.getInt32(position, true);
		check(this.#vtable >= 0 && this.#vtable + 4 <= view.byteLength && this.#vtable % 2 === 0);
		this.#vtableBytes = view.getUint16(this.#vtable, true);
		check(this.#vtableBytes >= 4 && this.#vtable + this.#vtableBytes <= view.byteLength);
	}

	/** @throws malformed_body, as every method */
	static root(bytes: Uint8Array): TableReader {
		const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
		check(view.byteLength >= 8);
		return new TableReader(view, view.getUint32(0, true));
	}

	/** Where the field's value lies; -1 where the table leaves it out. */
	#field(slot: number, byteCount: number): number {
		const entry = 4 + slot * 2;
		if (entry + 2 > this.#vtableBytes) return -1;
		const offset = this.#view.getUint16(this.#vtable + entry, true);
		if (offset === 0) return -1;
		const at = this.#position + offset;
		check(at + byteCount <= this.#view.byteLength);
		return at;
	}

	u8(slot: number): number {
		const at = this.#field(slot, 1);
		return at < 0 ? 0 : this.#view.getUint8(at);
	}

	i16(slot: number, absent = 0): number {
		const at = this.#field(slot, 2);
		return at < 0 ? absent : this.#view.getInt16(at, true);
	}

	i32(slot: number, absent = 0): number {
		const at = this.#field(slot, 4);
		return at < 0 ? absent : this.#view.getInt32(at, true);
	}

	/** An i64 that counts bytes or rows: not negative, exact in a double. */
	count(slot: number): number {
		const at = this.#field(slot, 8);
		return at < 0 ? 0 : this.#countAt(at);
	}

	/** An i64 used as a name. */
	id(slot: number): bigint {
		const at = this.#field(slot, 8);
		return at < 0 ? 0n : this.#view.getBigInt64(at, true);
	}

	#countAt(at: number): number {
		const value = Number(this.#view.getBigInt64(at, true));
		check(Number.isSafeInteger(value) && value >= 0);
		return value;
	}

	#target(slot: number): number {
		const at = this.#field(slot, 4);
		if (at < 0) return -1;
		const target = at + this.#view.getUint32(at, true);
		check(target + 4 <= this.#view.byteLength);
		return target;
	}

	table(slot: number): TableReader | null {
		const target = this.#target(slot);
		return target < 0 ? null : new TableReader(this.#view, target);
	}

	string(slot: number): string | null {
		const target = this.#target(slot);
		if (target < 0) return null;
		const byteCount = this.#view.getUint32(target, true);
		check(target + 4 + byteCount <= this.#view.byteLength);
		try {
			return decoder.decode(new Uint8Array(this.#view.buffer, this.#view.byteOffset + target + 4, byteCount));
		} catch {
			throw malformedArrow("a name is not UTF-8");
		}
	}

	tables(slot: number, countMax: number): TableReader[] {
		const target = this.#target(slot);
		if (target < 0) return [];
		const count = this.#view.getUint32(target, true);
		check(count <= countMax && target + 4 + count * 4 <= this.#view.byteLength);
		return Array.from({ length: count }, (_, index) => {
			const at = target + 4 + index * 4;
			return new TableReader(this.#view, at + this.#view.getUint32(at, true));
		});
	}

	/** A vector of structs of two counts each. */
	pairs(slot: number): [number, number][] {
		const target = this.#target(slot);
		if (target < 0) return [];
		const count = this.#view.getUint32(target, true);
		check(target + 4 + count * 16 <= this.#view.byteLength);
		return Array.from({ length: count }, (_, index) => {
			const at = target + 4 + index * 16;
			return [this.#countAt(at), this.#countAt(at + 8)];
		});
	}
}

function check(condition: boolean): void {
	if (!condition) throw malformedArrow("its metadata points outside itself");
}
