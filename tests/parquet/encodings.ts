/** Encoders of what our writer does not write and DuckDB does not either, so that the reader meets it all the same. */
import { Codec, PageKind, Repetition } from "#shared/parquet/format.ts";
import { ThriftWriter } from "#shared/parquet/write/thrift-writer.ts";

function varint(value: bigint): number[] {
	const bytes: number[] = [];
	let rest = value;
	while (rest >= 0x80n) {
		bytes.push(Number(rest & 0x7fn) | 0x80);
		rest >>= 7n;
	}
	return [...bytes, Number(rest)];
}

const zigzag = (value: bigint): bigint => BigInt.asUintN(64, value >= 0n ? value << 1n : ((-value - 1n) << 1n) | 1n);

/** DELTA_BINARY_PACKED in blocks of 128 with four miniblocks. */
export function deltaEncode(values: readonly bigint[]): Uint8Array {
	const out = [...varint(128n), ...varint(4n), ...varint(BigInt(values.length)), ...varint(zigzag(values[0] ?? 0n))];
	for (let start = 1; start < values.length; start += 128) {
		const block = values.slice(start, start + 128);
		const deltas = block.map((value, index) => BigInt.asIntN(64, value - (values[start + index - 1] as bigint)));
		const minimum = deltas.reduce((least, delta) => (delta < least ? delta : least));
		out.push(...varint(zigzag(minimum)));
		const minis = [0, 32, 64, 96].map((from) => deltas.slice(from, from + 32).map((delta) => BigInt.asUintN(64, delta - minimum)));
		const widths = minis.map((mini) => mini.reduce((width, delta) => Math.max(width, delta === 0n ? 0 : delta.toString(2).length), 0));
		out.push(...widths);
		for (const [index, mini] of minis.entries()) {
			if (mini.length === 0) continue;
			const width = widths[index] as number;
			const bits = mini.reduce((all, delta, at) => all | (delta << BigInt(at * width)), 0n);
			for (let byte = 0; byte < width * 4; byte++) out.push(Number((bits >> BigInt(byte * 8)) & 0xffn));
		}
	}
	return Uint8Array.from(out);
}

/** DELTA_BYTE_ARRAY: prefix lengths, suffix lengths, suffixes. */
export function frontCode(values: readonly Uint8Array[]): Uint8Array {
	const prefixes = values.map((value, index) => {
		const previous = values[index - 1] ?? new Uint8Array(0);
		let length = 0;
		while (length < value.length && length < previous.length && value[length] === previous[length]) length++;
		return length;
	});
	const suffixes = values.map((value, index) => value.subarray(prefixes[index]));
	return Uint8Array.from([
		...deltaEncode(prefixes.map(BigInt)),
		...deltaEncode(suffixes.map((suffix) => BigInt(suffix.length))),
		...suffixes.flatMap((suffix) => [...suffix]),
	]);
}

/** A file of one required column `x` with one uncompressed data page, and before it a PLAIN dictionary page if one is given. */
export function oneColumnFile(column: {
	physical: number;
	typeLength?: number;
	converted?: number;
	decimal?: { precision: number; scale: number };
	encoding: number;
	values: Uint8Array;
	valueCount: number;
	dictionary?: { values: Uint8Array; entryCount: number };
}): Uint8Array {
	const parts: Uint8Array[] = [new TextEncoder().encode("PAR1")];
	const position = (): number => parts.reduce((total, part) => total + part.length, 0);
	const page = (kind: number, field: number, body: Uint8Array, describe: (writer: ThriftWriter) => void): void => {
		const header = new ThriftWriter();
		header.root(() => {
			header.i32(1, kind);
			header.i32(2, body.length);
			header.i32(3, body.length);
			header.struct(field, () => describe(header));
		});
		parts.push(header.bytes.slice(), body);
	};
	const { dictionary } = column;
	if (dictionary !== undefined) {
		page(PageKind.dictionary, 7, dictionary.values, (header) => {
			header.i32(1, dictionary.entryCount);
			header.i32(2, 0);
		});
	}
	const dataOffset = position();
	page(PageKind.data, 5, column.values, (header) => {
		header.i32(1, column.valueCount);
		header.i32(2, column.encoding);
		header.i32(3, 3);
		header.i32(4, 3);
	});
	const footer = new ThriftWriter();
	const end = position();
	footer.root(() => {
		footer.i32(1, 1);
		footer.structs(2, [0, 1], (element) => {
			if (element === 0) {
				footer.text(4, "root");
				footer.i32(5, 1);
				return;
			}
			footer.i32(1, column.physical);
			if (column.typeLength !== undefined) footer.i32(2, column.typeLength);
			footer.i32(3, Repetition.required);
			footer.text(4, "x");
			if (column.converted !== undefined) footer.i32(6, column.converted);
			if (column.decimal !== undefined) {
				footer.i32(7, column.decimal.scale);
				footer.i32(8, column.decimal.precision);
			}
		});
		footer.i64(3, column.valueCount);
		footer.structs(4, [0], () => {
			footer.structs(1, [0], () => {
				footer.i64(2, 0);
				footer.struct(3, () => {
					footer.i32(1, column.physical);
					footer.i32s(2, [column.encoding]);
					footer.binaries(3, [new TextEncoder().encode("x")]);
					footer.i32(4, Codec.uncompressed);
					footer.i64(5, column.valueCount);
					footer.i64(6, end - 4);
					footer.i64(7, end - 4);
					footer.i64(9, dataOffset);
					if (dictionary !== undefined) footer.i64(11, 4);
				});
			});
			footer.i64(2, end - 4);
			footer.i64(3, column.valueCount);
		});
	});
	const trailer = new Uint8Array(8);
	new DataView(trailer.buffer).setUint32(0, footer.bytes.length, true);
	trailer.set(new TextEncoder().encode("PAR1"), 4);
	return Uint8Array.from([...parts, footer.bytes, trailer].flatMap((part) => [...part]));
}
