/** Values of a page as they are decoded: non-NULL, dense, in the file's own width. */
import type { Engine } from "#shared/engine/kernels/kernels.ts";
import type { Pointer } from "#shared/engine/memory/arena.ts";
import type { Region } from "#shared/engine/memory/region.ts";
import type { BufferPool } from "./buffer-pool.ts";
import { PhysicalKind } from "./format.ts";
import { malformed } from "./read/malformed.ts";

/**
 * Dense values in the arena, readable 16 bytes past their end. `fixed`: `width` bytes each (booleans 1). `bytes`: i32 offsets[count + 1] from
 * `values`. `codes`: i32 positions in the chunk's dictionary.
 */
export type RawValues =
	| { kind: "fixed"; values: Pointer; width: number }
	| { kind: "bytes"; values: Pointer; offsets: Pointer }
	| { kind: "codes"; values: Pointer };

export interface ValueDecoder {
	/** The next `count` values, in `region` or in the page. @throws malformed_body */
	read(count: number, region: Region): RawValues;
	/** Passes over the next `count` values; what this takes of `region` is scratch. @throws malformed_body */
	skip(count: number, region: Region): void;
	/** Gives back what it holds beside the page. */
	close(): void;
}

/** Bytes that kernels may read past the end of an input, and write past the end of an output. */
export const SLACK_BYTES = 16;

/** Bytes of a value of a physical type; 0 for byte arrays. */
export function physicalWidth(physical: number, typeLength: number): number {
	switch (physical) {
		case PhysicalKind.boolean:
			return 1;
		case PhysicalKind.int32:
		case PhysicalKind.float:
			return 4;
		case PhysicalKind.int64:
		case PhysicalKind.double:
			return 8;
		case PhysicalKind.int96:
			return 12;
		case PhysicalKind.fixed:
			return typeLength;
		default:
			return 0;
	}
}

/** The values of a page: [pointer, end) in the arena; at most `valueCount` of them, NULLs included. */
export interface PageValues {
	pointer: Pointer;
	end: Pointer;
	valueCount: number;
	/** Entries of the chunk's dictionary, or -1 without one. */
	dictionaryEntryCount: number;
	/** Its memory is given back before the values that are read of it are. */
	isTransient?: boolean;
}

export interface Memory {
	engine: Engine;
	pool: BufferPool;
}

export const endsEarly = (): Error => malformed("a page ends before its last value");
