/** A footer's fields come in the order of their ids from every writer that is known; the format demands none. */
import { beforeAll, expect, test } from "vitest";
import { concatBytes } from "#shared/base/bytes.ts";
import { isLittoralError } from "#shared/base/errors.ts";
import { writeRows } from "../../../tests/parquet/write-rows.ts";
import { ParquetFile } from "./footer.ts";
import { ThriftReader } from "./thrift-reader.ts";

interface Field {
	id: number;
	bytes: Uint8Array;
}

/** Before the footer. */
let dataByteCount: number;
let fields: Field[];

beforeAll(async () => {
	const columns = [
		{ name: "a", type: { kind: "integer" } as const, fieldId: 1, nullable: true },
		{ name: "b", type: { kind: "interval" } as const, fieldId: 2, nullable: true },
		{ name: "c", type: { kind: "text" } as const, fieldId: 3, nullable: false },
	];
	const { bytes } = await writeRows(columns, [
		[1, { months: 1, days: 2, microseconds: 3n }, "x"],
		[null, null, "y"],
	]);
	const end = bytes.length - 8;
	dataByteCount = end - new DataView(bytes.buffer, bytes.byteOffset).getUint32(end, true);
	const footer = bytes.slice(dataByteCount, end);
	fields = [];
	const reader = new ThriftReader(footer);
	reader.struct((id, type) => {
		const from = reader.offset;
		reader.skip(type);
		// With its id spelled out (in zigzag), so that it may stand anywhere.
		fields.push({ id, bytes: concatBytes([Uint8Array.of(type, id * 2), footer.subarray(from, reader.offset)]) });
	});
});

function open(order: readonly Field[]): ParquetFile {
	const footer = concatBytes([...order.map(({ bytes }) => bytes), Uint8Array.of(0)]);
	return new ParquetFile(footer, dataByteCount + footer.length + 8);
}

function described(file: ParquetFile): unknown {
	const { rowCount, createdBy, columns, rowGroups } = file;
	return { rowCount, createdBy, columns, rowGroups, chunks: columns.map(({ leaf }) => file.chunk(0, leaf)) };
}

const fieldOf = (id: number): Field => fields.find((field) => field.id === id) as Field;

test("fields in any order, and given twice, describe the same file", () => {
	const expected = described(open(fields));
	expect(open(fields).columns[1]?.type).toEqual({ kind: "interval", byteCount: 16 });
	for (let turn = 0; turn < fields.length; turn++) {
		const turned = [...fields.slice(turn), ...fields.slice(0, turn)];
		for (const order of [turned, turned.toReversed(), [...turned, fieldOf(2)], [...turned, fieldOf(4)]]) {
			expect(described(open(order))).toEqual(expected);
		}
	}
});

test("row groups are read by the schema that holds, wherever it stands", () => {
	// A root without fields: list of one struct { 4: name "s", 5: no children }.
	const empty: Field = { id: 2, bytes: Uint8Array.of(0x09, 4, 0x1c, 0x48, 1, 115, 0x15, 0, 0) };
	for (const order of [
		[...fields, empty],
		[empty, ...fields.filter(({ id }) => id !== 2)],
	]) {
		let error: unknown = null;
		try {
			open(order);
		} catch (thrown) {
			error = thrown;
		}
		expect(isLittoralError(error) && error.message).toBe("Parquet: a row group has more columns than the schema");
	}
	expect(described(open([empty, ...fields]))).toEqual(described(open(fields)));
});
