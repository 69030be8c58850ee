/** 128-bit lanes (wide decimals and uuids) as JavaScript values. */
import type { ArenaViews, Pointer } from "../memory/arena.ts";

/** A signed 128-bit lane, low half first. */
export function readInt128(views: ArenaViews, pointer: Pointer): bigint {
	return ((views.i64[(pointer + 8) / 8] as bigint) << 64n) | (views.u64[pointer / 8] as bigint);
}

export function writeInt128(views: ArenaViews, pointer: Pointer, value: bigint): void {
	views.u64[pointer / 8] = BigInt.asUintN(64, value);
	views.i64[(pointer + 8) / 8] = BigInt.asIntN(64, value >> 64n);
}

/** A uuid is the number its 32 hex digits spell, unsigned: it sorts as its bytes do. */
export function uuidToInt128(uuid: string): bigint {
	return BigInt(`0x${uuid.replaceAll("-", "")}`);
}

export function int128ToUuid(value: bigint): string {
	const hex = BigInt.asUintN(128, value).toString(16).padStart(32, "0");
	return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
