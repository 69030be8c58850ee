/**
 * Writes a FlatBuffer front to back from a tree: a table's children follow it, so that every offset points forwards, as the format wants.
 * Source: flatbuffers, "FlatBuffer Internals".
 */

export type FlatNode = FlatTable | { kind: "string"; text: string } | { kind: "vector"; items: FlatTable[] } | FlatStructs;

/** Pairs of i64, as Arrow's FieldNode and Buffer are. */
interface FlatStructs {
	kind: "structs";
	pairs: [number, number][];
}

export interface FlatTable {
	kind: "table";
	/** By slot of the schema; null: the default. */
	fields: (FlatField | null)[];
}

export type FlatField = { kind: "scalar"; byteCount: 1 | 2 | 4 | 8; value: number } | { kind: "child"; node: FlatNode };

export const scalar = (byteCount: 1 | 2 | 4 | 8, value: number): FlatField => ({ kind: "scalar", byteCount, value });
export const child = (node: FlatNode): FlatField => ({ kind: "child", node });
export const table = (...fields: (FlatField | null)[]): FlatTable => ({ kind: "table", fields });

const encoder = new TextEncoder();

class Writer {
	bytes = new Uint8Array(1024);
	view = new DataView(this.bytes.buffer);
	length = 4;

	/** Zeroed room at the next multiple of `alignment`. @returns its position */
	allocate(byteCount: number, alignment: number): number {
		const at = Math.ceil(this.length / alignment) * alignment;
		this.length = at + byteCount;
		if (this.length > this.bytes.length) {
			const grown = new Uint8Array(this.length * 2);
			grown.set(this.bytes);
			this.bytes = grown;
			this.view = new DataView(grown.buffer);
		}
		return at;
	}

	write(node: FlatNode): number {
		switch (node.kind) {
			case "table":
				return this.#table(node);
			case "string": {
				const text = encoder.encode(node.text);
				const at = this.allocate(4 + text.length + 1, 4);
				this.view.setUint32(at, text.length, true);
				this.bytes.set(text, at + 4);
				return at;
			}
			case "vector": {
				const at = this.allocate(4 + node.items.length * 4, 4);
				this.view.setUint32(at, node.items.length, true);
				node.items.forEach((item, index) => this.#point(at + 4 + index * 4, this.write(item)));
				return at;
			}
			case "structs": {
				// The elements behind the length are aligned to eight bytes.
				const at = this.allocate(4, 8) + 4;
				this.allocate(4 + node.pairs.length * 16 - 4, 4);
				this.view.setUint32(at, node.pairs.length, true);
				node.pairs.forEach(([first, second], index) => {
					this.#i64(at + 4 + index * 16, first);
					this.#i64(at + 12 + index * 16, second);
				});
				return at;
			}
		}
	}

	#table({ fields }: FlatTable): number {
		const vtable = this.allocate(4 + fields.length * 2, 2);
		const offsets: number[] = [];
		let size = 4;
		for (const field of fields) {
			const width = field === null ? 0 : field.kind === "scalar" ? field.byteCount : 4;
			if (width > 0) size = Math.ceil(size / width) * width;
			offsets.push(width === 0 ? 0 : size);
			size += width;
		}
		const at = this.allocate(size, 8);
		this.view.setUint16(vtable, 4 + fields.length * 2, true);
		this.view.setUint16(vtable + 2, size, true);
		this.view.setInt32(at, at - vtable, true);
		fields.forEach((field, slot) => {
			const offset = offsets[slot] as number;
			this.view.setUint16(vtable + 4 + slot * 2, offset, true);
			if (field?.kind === "scalar") this.#scalar(at + offset, field.byteCount, field.value);
		});
		fields.forEach((field, slot) => {
			if (field?.kind === "child") this.#point(at + (offsets[slot] as number), this.write(field.node));
		});
		return at;
	}

	#point(from: number, to: number): void {
		this.view.setUint32(from, to - from, true);
	}

	#scalar(at: number, byteCount: number, value: number): void {
		if (byteCount === 1) this.view.setInt8(at, value);
		else if (byteCount === 2) this.view.setInt16(at, value, true);
		else if (byteCount === 4) this.view.setInt32(at, value, true);
		else this.#i64(at, value);
	}

	#i64(at: number, value: number): void {
		this.view.setBigInt64(at, BigInt(value), true);
	}
}

/** @returns the bytes, a multiple of eight long */
export function writeFlatBuffer(root: FlatTable): Uint8Array {
	const writer = new Writer();
	const at = writer.write(root);
	writer.allocate(0, 8);
	writer.view.setUint32(0, at, true);
	return writer.bytes.subarray(0, writer.length);
}
