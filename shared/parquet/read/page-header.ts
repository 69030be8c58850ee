/** The Thrift header before every page. */
import { PARQUET_PAGE_BYTES_MAX } from "#shared/base/limits.ts";
import type { ChunkWindow } from "./chunk-window.ts";
import { PageKind } from "../format.ts";
import { malformed } from "./malformed.ts";
import { ThriftReader } from "./thrift-reader.ts";

/** A first guess at a page header's size; statistics inside can make it longer. */
const HEADER_GUESS_BYTES = 256;
const HEADER_BYTES_MAX = 1024 * 1024;

/** `levelByteCount`, `repetitionByteCount`: bytes of the levels of a v2 page, which stand uncompressed before the values, repetition first; 0 in the others. */
export interface PageHeader {
	kind: "data" | "dataV2" | "dictionary" | "other";
	uncompressedByteCount: number;
	compressedByteCount: number;
	valueCount: number;
	encoding: number;
	levelByteCount: number;
	repetitionByteCount: number;
	/** v2 only: rows that begin in the page. */
	rowCount: number;
	/** v1 only. */
	levelEncoding: number;
	isCompressed: boolean;
}

/** @throws malformed_body; `reader.exhausted` says that more bytes might help */
function readPageHeader(reader: ThriftReader): PageHeader {
	const header: PageHeader = {
		kind: "other",
		uncompressedByteCount: -1,
		compressedByteCount: -1,
		valueCount: -1,
		encoding: -1,
		levelByteCount: 0,
		repetitionByteCount: 0,
		rowCount: -1,
		levelEncoding: -1,
		isCompressed: true,
	};
	let pageKind = -1;
	let described = -1;
	reader.struct((fieldId, type) => {
		if (fieldId === 1) pageKind = reader.count(type);
		else if (fieldId === 2) header.uncompressedByteCount = reader.count(type);
		else if (fieldId === 3) header.compressedByteCount = reader.count(type);
		else if (fieldId === 5) {
			described = PageKind.data;
			reader.structField(type, (field, inner) => {
				if (field === 1) header.valueCount = reader.count(inner);
				else if (field === 2) header.encoding = reader.count(inner);
				else if (field === 3) header.levelEncoding = reader.count(inner);
				else reader.skip(inner);
			});
		} else if (fieldId === 7) {
			described = PageKind.dictionary;
			reader.structField(type, (field, inner) => {
				if (field === 1) header.valueCount = reader.count(inner);
				else if (field === 2) header.encoding = reader.count(inner);
				else reader.skip(inner);
			});
		} else if (fieldId === 8) {
			described = PageKind.dataV2;
			readDataPageV2(reader, type, header);
		} else reader.skip(type);
	});
	if (header.uncompressedByteCount < 0 || header.compressedByteCount < 0) throw malformed("a page header lacks its sizes");
	if (pageKind !== PageKind.data && pageKind !== PageKind.dataV2 && pageKind !== PageKind.dictionary) return header;
	if (described !== pageKind || header.valueCount < 0 || header.encoding < 0) throw malformed("a page header lacks its description");
	header.kind = pageKind === PageKind.data ? "data" : pageKind === PageKind.dataV2 ? "dataV2" : "dictionary";
	return header;
}

function readDataPageV2(reader: ThriftReader, structType: number, header: PageHeader): void {
	reader.structField(structType, (field, inner) => {
		if (field === 1) header.valueCount = reader.count(inner);
		else if (field === 3) header.rowCount = reader.count(inner);
		else if (field === 4) header.encoding = reader.count(inner);
		else if (field === 5) header.levelByteCount = reader.count(inner);
		else if (field === 6) header.repetitionByteCount = reader.count(inner);
		else if (field === 7) header.isCompressed = reader.boolean(inner);
		else reader.skip(inner);
	});
}

/** The window's next header, not consumed; null when it is not here in full. @throws malformed_body naming the column */
export function nextPageHeader(window: ChunkWindow, column: string): (PageHeader & { headerByteCount: number }) | null {
	if (window.remaining === 0) throw malformed(`column "${column}" has fewer pages than values`);
	if (window.available === 0) {
		window.peek(Math.min(window.remaining, HEADER_GUESS_BYTES));
		return null;
	}
	const bytes = window.peekAvailable();
	const reader = new ThriftReader(bytes);
	let header: PageHeader;
	try {
		header = readPageHeader(reader);
	} catch (error) {
		const more = Math.min(window.remaining, Math.max(HEADER_GUESS_BYTES, bytes.length * 2));
		if (!reader.exhausted || more <= bytes.length || bytes.length > HEADER_BYTES_MAX) throw error;
		window.peek(more);
		return null;
	}
	if (Math.max(header.compressedByteCount, header.uncompressedByteCount) > PARQUET_PAGE_BYTES_MAX) {
		throw malformed(`column "${column}" has a page larger than ${PARQUET_PAGE_BYTES_MAX} bytes`);
	}
	if (header.compressedByteCount > window.remaining - reader.offset) throw malformed("a page is longer than its column chunk");
	return { ...header, headerByteCount: reader.offset };
}
