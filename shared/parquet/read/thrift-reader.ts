/**
 * Thrift's compact protocol over bytes that may be anything: every read is bounded by `end`, every nesting by a depth, every list by the bytes
 * left (an element takes at least one). A caller visits the fields of a struct and reads or skips each.
 *
 * @see https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
 */
import { Thrift } from "../format.ts";
import { malformed } from "./malformed.ts";

const DEPTH_MAX = 32;
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export class ThriftReader {
	readonly #bytes: Uint8Array;
	readonly #end: number;
	/** Next byte. */
	offset: number;
	#depth = 0;

	constructor(bytes: Uint8Array, offset = 0, end = bytes.length) {
		this.#bytes = bytes;
		this.offset = offset;
		this.#end = end;
	}

	/** True once a read went past the end: with more bytes it might have succeeded. */
	exhausted = false;

	#byte(): number {
		if (this.offset >= this.#end) {
			this.exhausted = true;
			throw malformed("metadata ends early");
		}
		return this.#bytes[this.offset++] as number;
	}

	/** An unsigned varint as an exact number. */
	#varint(): number {
		let value = 0;
		let factor = 1;
		for (let index = 0; index < 10; index++) {
			const byte = this.#byte();
			value += (byte & 0x7f) * factor;
			if (byte < 0x80) {
				if (!Number.isSafeInteger(value)) break;
				return value;
			}
			factor *= 128;
		}
		throw malformed("a number of the metadata is out of range");
	}

	#integer(): number {
		const value = this.#varint();
		return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
	}

	/** Calls `visit` for each field, which reads or {@link skip}s it. */
	struct(visit: (fieldId: number, type: number) => void): void {
		if (++this.#depth > DEPTH_MAX) throw malformed("metadata is nested too deep");
		let fieldId = 0;
		for (;;) {
			const byte = this.#byte();
			const type = byte & 0x0f;
			if (type === Thrift.stop) break;
			const delta = byte >> 4;
			fieldId = delta === 0 ? this.#integer() : fieldId + delta;
			visit(fieldId, type);
		}
		this.#depth--;
	}

	/** A nested struct field. */
	structField(type: number, visit: (fieldId: number, type: number) => void): void {
		this.#expect(type === Thrift.struct);
		this.struct(visit);
	}

	/** Calls `element` for each of a list's elements. @returns their number */
	list(type: number, elementType: number, element: (index: number) => void): number {
		this.#expect(type === Thrift.list || type === Thrift.set);
		const { count, found } = this.#listHeader();
		this.#expect(count === 0 || found === elementType || (elementType === Thrift.true && found === Thrift.false));
		for (let index = 0; index < count; index++) element(index);
		return count;
	}

	#listHeader(): { count: number; found: number } {
		const byte = this.#byte();
		const count = byte >> 4 === 15 ? this.#varint() : byte >> 4;
		if (count > this.#end - this.offset) {
			this.exhausted = true;
			throw malformed("a list of the metadata is longer than the metadata");
		}
		return { count, found: byte & 0x0f };
	}

	/** A list of structs read by `read`. */
	structs<T>(type: number, read: () => T): T[] {
		const values: T[] = [];
		this.list(type, Thrift.struct, () => values.push(read()));
		return values;
	}

	boolean(type: number): boolean {
		this.#expect(type === Thrift.true || type === Thrift.false);
		return type === Thrift.true;
	}

	/** An i8, i16, i32 or i64 of at most 53 bits. */
	integer(type: number): number {
		if (type === Thrift.byte) return (this.#byte() << 24) >> 24;
		this.#expect(type === Thrift.i16 || type === Thrift.i32 || type === Thrift.i64);
		return this.#integer();
	}

	/** A non-negative integer. */
	count(type: number): number {
		const value = this.integer(type);
		this.#expect(value >= 0);
		return value;
	}

	/** A view, not a copy. */
	binary(type: number): Uint8Array {
		this.#expect(type === Thrift.binary);
		return this.#binary();
	}

	#binary(): Uint8Array {
		const byteCount = this.#varint();
		if (byteCount > this.#end - this.offset) {
			this.exhausted = true;
			throw malformed("a string of the metadata is longer than the metadata");
		}
		this.offset += byteCount;
		return this.#bytes.subarray(this.offset - byteCount, this.offset);
	}

	text(type: number): string {
		const bytes = this.binary(type);
		try {
			return decoder.decode(bytes);
		} catch {
			throw malformed("a name of the metadata is not UTF-8");
		}
	}

	binaries(type: number): Uint8Array[] {
		const values: Uint8Array[] = [];
		this.list(type, Thrift.binary, () => values.push(this.#binary()));
		return values;
	}

	/** A list of i64. */
	integers(type: number): number[] {
		const values: number[] = [];
		this.list(type, Thrift.i64, () => values.push(this.#integer()));
		return values;
	}

	/** A list of booleans: one byte each. */
	booleans(type: number): boolean[] {
		const values: boolean[] = [];
		this.list(type, Thrift.true, () => values.push(this.#byte() === Thrift.true));
		return values;
	}

	skip(type: number): void {
		switch (type) {
			case Thrift.true:
			case Thrift.false:
				return;
			case Thrift.byte:
				this.#byte();
				return;
			case Thrift.i16:
			case Thrift.i32:
			case Thrift.i64:
				// Not by #varint: an unread field may hold any 64 bits.
				for (let index = 0; this.#byte() >= 0x80; index++) this.#expect(index < 10);
				return;
			case Thrift.double:
				for (let index = 0; index < 8; index++) this.#byte();
				return;
			case Thrift.binary:
				this.#binary();
				return;
			case Thrift.list:
			case Thrift.set: {
				const { count, found } = this.#listHeader();
				const element = found === Thrift.true || found === Thrift.false ? Thrift.byte : found;
				this.#nested(() => {
					for (let index = 0; index < count; index++) this.skip(element);
				});
				return;
			}
			case Thrift.map: {
				const count = this.#varint();
				if (count === 0) return;
				this.#expect(count <= this.#end - this.offset);
				const types = this.#byte();
				this.#nested(() => {
					for (let index = 0; index < count; index++) {
						this.skip(types >> 4 === Thrift.true ? Thrift.byte : types >> 4);
						this.skip((types & 0x0f) === Thrift.true ? Thrift.byte : types & 0x0f);
					}
				});
				return;
			}
			case Thrift.struct:
				this.struct((_, inner) => this.skip(inner));
				return;
			default:
				throw malformed("metadata has an unknown type");
		}
	}

	#nested(body: () => void): void {
		if (++this.#depth > DEPTH_MAX) throw malformed("metadata is nested too deep");
		body();
		this.#depth--;
	}

	#expect(condition: boolean): void {
		if (!condition) throw malformed("metadata has a field of the wrong type or range");
	}
}
