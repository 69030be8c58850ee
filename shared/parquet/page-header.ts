/** The Thrift header before every page. */
import { PageKind } from "./format.ts";
import { malformed } from "./malformed.ts";
import type { ThriftReader } from "./thrift-reader.ts";

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
export function readPageHeader(reader: ThriftReader): PageHeader {
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
