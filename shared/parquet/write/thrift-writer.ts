/** Writes Thrift's compact protocol: fields in ascending order of their ids, structs by nested callbacks. */
import { Thrift } from "../format.ts";

const encoder = new TextEncoder();

export class ThriftWriter {
	#bytes = new Uint8Array(1024);
	#length = 0;
	/** Id of the last field of the struct being written. */
	#fieldId = 0;

	/** What was written; a view. */
	get bytes(): Uint8Array {
		return this.#bytes.subarray(0, this.#length);
	}

	#reserve(byteCount: number): void {
		if (this.#length + byteCount <= this.#bytes.length) return;
		const bytes = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + byteCount));
		bytes.set(this.bytes);
		this.#bytes = bytes;
	}

	#byte(value: number): void {
		this.#reserve(1);
		this.#bytes[this.#length++] = value;
	}

	/** @param value a non-negative safe integer */
	#varint(value: number): void {
		let rest = value;
		while (rest >= 0x80) {
			this.#byte((rest % 128) | 0x80);
			rest = Math.floor(rest / 128);
		}
		this.#byte(rest);
	}

	#zigzag(value: number): void {
		this.#varint(value >= 0 ? value * 2 : -value * 2 - 1);
	}

	#raw(bytes: Uint8Array): void {
		this.#varint(bytes.length);
		this.#reserve(bytes.length);
		this.#bytes.set(bytes, this.#length);
		this.#length += bytes.length;
	}

	#field(fieldId: number, type: number): void {
		const delta = fieldId - this.#fieldId;
		if (delta > 0 && delta <= 15) this.#byte((delta << 4) | type);
		else {
			this.#byte(type);
			this.#zigzag(fieldId);
		}
		this.#fieldId = fieldId;
	}

	i32(fieldId: number, value: number): void {
		this.#field(fieldId, Thrift.i32);
		this.#zigzag(value);
	}

	/** @param value a safe integer */
	i64(fieldId: number, value: number): void {
		this.#field(fieldId, Thrift.i64);
		this.#zigzag(value);
	}

	i8(fieldId: number, value: number): void {
		this.#field(fieldId, Thrift.byte);
		this.#byte(value & 0xff);
	}

	boolean(fieldId: number, value: boolean): void {
		this.#field(fieldId, value ? Thrift.true : Thrift.false);
	}

	binary(fieldId: number, value: Uint8Array): void {
		this.#field(fieldId, Thrift.binary);
		this.#raw(value);
	}

	text(fieldId: number, value: string): void {
		this.binary(fieldId, encoder.encode(value));
	}

	/** A struct as a field. */
	struct(fieldId: number, body: () => void): void {
		this.#field(fieldId, Thrift.struct);
		this.root(body);
	}

	/** A struct that is not a field: the whole message, or a list's element. */
	root(body: () => void): void {
		const outer = this.#fieldId;
		this.#fieldId = 0;
		body();
		this.#byte(Thrift.stop);
		this.#fieldId = outer;
	}

	#list(fieldId: number, elementType: number, count: number): void {
		this.#field(fieldId, Thrift.list);
		if (count < 15) this.#byte((count << 4) | elementType);
		else {
			this.#byte(0xf0 | elementType);
			this.#varint(count);
		}
	}

	structs<T>(fieldId: number, elements: readonly T[], body: (element: T, index: number) => void): void {
		this.#list(fieldId, Thrift.struct, elements.length);
		elements.forEach((element, index) => this.root(() => body(element, index)));
	}

	i32s(fieldId: number, values: readonly number[]): void {
		this.#list(fieldId, Thrift.i32, values.length);
		for (const value of values) this.#zigzag(value);
	}

	i64s(fieldId: number, values: readonly number[]): void {
		this.#list(fieldId, Thrift.i64, values.length);
		for (const value of values) this.#zigzag(value);
	}

	booleans(fieldId: number, values: readonly boolean[]): void {
		this.#list(fieldId, Thrift.true, values.length);
		for (const value of values) this.#byte(value ? Thrift.true : Thrift.false);
	}

	binaries(fieldId: number, values: readonly Uint8Array[]): void {
		this.#list(fieldId, Thrift.binary, values.length);
		for (const value of values) this.#raw(value);
	}
}
