import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeFilePage, encodeFilePage } from "./file-page-codec.ts";
import { buildFilePage, concatPages, emptyFilePage, filePaths, filterPage, pageByteCount, pageFile, pageRowCount } from "./file-page.ts";
import type { ColumnStatistics, DataFile, FilePage } from "./snapshot.ts";

const bound = fc.option(fc.uint8Array({ maxLength: 32 }));
const statistics = (fieldId: number): fc.Arbitrary<ColumnStatistics> =>
	fc.record({ fieldId: fc.constant(fieldId), nullCount: fc.nat(), minimum: bound, maximum: bound, hasNaN: fc.boolean() });
const file: fc.Arbitrary<DataFile> = fc.record({
	path: fc.string({ unit: "binary", maxLength: 20 }),
	rowCount: fc.maxSafeNat(),
	byteCount: fc.maxSafeNat(),
	schemaVersion: fc.nat(),
	columns: fc.subarray([1, 2, 3, 500]).chain((ids): fc.Arbitrary<ColumnStatistics[]> => fc.tuple(...ids.map((id) => statistics(id)))),
});
const files = fc.array(file, { maxLength: 8 });
const pageFiles = (page: FilePage) => Array.from({ length: page.fileCount }, (_, index) => pageFile(page, index));

const sample: DataFile[] = [
	{
		path: "data/a/b/c-1.parquet",
		rowCount: 3,
		byteCount: 1000,
		schemaVersion: 1,
		columns: [{ fieldId: 1, nullCount: 1, minimum: Uint8Array.of(0x80, 0, 0, 1), maximum: Uint8Array.of(0x80, 0, 0, 9), hasNaN: false }],
	},
	{
		path: "data/a/b/ü-1.parquet",
		rowCount: 2 ** 40,
		byteCount: 5,
		schemaVersion: 2,
		columns: [
			{ fieldId: 1, nullCount: 0, minimum: null, maximum: null, hasNaN: false },
			{ fieldId: 7, nullCount: 2, minimum: new Uint8Array(0), maximum: null, hasNaN: true },
		],
	},
];

/** Version 1 of the manifest, written down when it was frozen. */
const GOLDEN =
	"TE1BTgEAAgACAAAADAEAAAAAAAAUAAAAKQAAAAAAAABkYXRhL2EvYi9jLTEucGFycXVldGRhdGEvYS9iL8O8LTEucGFycXVldAAAAAAAAAAAAAAAAAAIQAAAAAAAAHBCAAAAAABAj0AAAAAAAAAUQAEAAAACAAAAAQAAAAAAAAAAAAAAAADwPwAAAAAAAAAAAwAAAAAAAAAAAAAABAAAAAQAAAAAAAAAgAAAAQAAAAAAAAAABAAAAAQAAAAAAAAAgAAACQAAAAAHAAAAAAAAAAAAAAAAAAAAAAAAAAAAAEAIBQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA68+uzw==";

describe("pages", () => {
	test("keep every file as it was", () => {
		fc.assert(
			fc.property(files, (list) => {
				expect(pageFiles(buildFilePage(list))).toEqual(list);
			}),
		);
	});

	test("of a chosen set of fields leave out the others and flag absent ones", () => {
		const page = buildFilePage(sample, [7, 1]);
		expect(page.columns.map((column) => [column.fieldId, [...column.flags]])).toEqual([
			[7, [8, 5]],
			[1, [3, 0]],
		]);
		expect(pageFile(buildFilePage(sample, [7]), 0).columns).toEqual([]);
	});

	test("concatenated hold all files in order", () => {
		fc.assert(
			fc.property(fc.array(files, { maxLength: 4 }), (lists) => {
				expect(pageFiles(concatPages(lists.map((list) => buildFilePage(list))))).toEqual(lists.flat());
			}),
		);
	});

	test("filtered by mask and by positions agree with filtering files", () => {
		const masked = files.chain((list) =>
			fc.tuple(fc.constant(list), fc.array(fc.boolean(), { minLength: list.length, maxLength: list.length })),
		);
		fc.assert(
			fc.property(masked, ([list, mask]) => {
				const page = buildFilePage(list);
				const kept = list.filter((_, index) => mask[index]);
				expect(pageFiles(filterPage(page, Uint8Array.from(mask, Number)))).toEqual(kept);
				expect(
					pageFiles(
						filterPage(
							page,
							list.flatMap((_, index) => (mask[index] ? [index] : [])),
						),
					),
				).toEqual(kept);
			}),
		);
	});

	test("paths, rows and bytes", () => {
		const page = buildFilePage(sample);
		expect(filePaths(page)).toEqual(["data/a/b/c-1.parquet", "data/a/b/ü-1.parquet"]);
		expect(pageRowCount([page, page])).toBe(2 * (3 + 2 ** 40));
		expect(pageByteCount(emptyFilePage())).toBe(4);
	});

	test("of 100,000 files own their buffers and survive every operation", () => {
		const one = buildFilePage([sample[0] as DataFile]);
		let page = one;
		while (page.fileCount < 100_000) page = concatPages([page, page]);
		const kept = filterPage(
			page,
			Uint8Array.from({ length: page.fileCount }, (_, index) => index % 2),
		);
		const bytes = encodeFilePage(kept);
		const read = decodeFilePage(bytes);
		expect(read.fileCount).toBe(page.fileCount / 2);
		expect(Buffer.compare(encodeFilePage(read), bytes)).toBe(0);
		expect(pageFile(read, read.fileCount - 1)).toEqual(sample[0]);
		for (const array of [read.rowCounts, read.paths.bytes, kept.paths.offsets]) expect(array.byteLength).toBe(array.buffer.byteLength);
	});
});

describe("manifest bytes", () => {
	test("round trip", () => {
		fc.assert(
			fc.property(files, (list) => {
				expect(pageFiles(decodeFilePage(encodeFilePage(buildFilePage(list))))).toEqual(list);
			}),
		);
	});

	test("golden file of version 1", () => {
		expect(Buffer.from(encodeFilePage(buildFilePage(sample))).toString("base64")).toBe(GOLDEN);
		expect(pageFiles(decodeFilePage(Buffer.from(GOLDEN, "base64")))).toEqual(sample);
	});

	test("every prefix and every flipped bit is refused", () => {
		const bytes = encodeFilePage(buildFilePage(sample));
		for (let length = 0; length < bytes.length; length++) {
			expect(() => decodeFilePage(bytes.slice(0, length))).toThrow(/^a manifest cannot be read: /);
		}
		for (let bit = 0; bit < bytes.length * 8; bit++) {
			const flipped = bytes.slice();
			flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
			expect(() => decodeFilePage(flipped)).toThrow(/^a manifest cannot be read: /);
		}
	});

	test.each([
		[0, "it does not begin with LMAN"],
		[4, "its version is 254, not 1"],
		[12, "it was cut or lengthened"],
		[40, "its checksum is wrong"],
	])("byte %i inverted: %s", (offset, message) => {
		const bytes = encodeFilePage(buildFilePage(sample));
		bytes[offset] = ~(bytes[offset] as number);
		expect(() => decodeFilePage(bytes)).toThrow(`a manifest cannot be read: ${message}`);
	});
});

test("a path keeps U+FEFF at its front, and bytes that are no UTF-8 are refused", () => {
	const path = "\ufeffdata/a.parquet";
	const page = buildFilePage([{ path, rowCount: 1, byteCount: 1, schemaVersion: 1, columns: [] }]);
	expect(filePaths(page)).toEqual([path]);
	expect(filePaths(decodeFilePage(encodeFilePage(page)))).toEqual([path]);
	page.paths.bytes[0] = 0xff;
	expect(() => filePaths(page)).toThrow(TypeError);
});
