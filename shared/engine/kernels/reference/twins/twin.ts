/** What a twin is: a kernel said again in plain TypeScript over the same memory, with the same parameters, one value after the other. For tests and benches only. */
import type { ArenaViews } from "../../../memory/arena.ts";
import type { KernelExports } from "../../build/kernels.d.ts";
import type { KernelCase } from "./kernel-case.ts";

export type KernelName = keyof KernelExports;

export interface Twin<Name extends KernelName> {
	run: (memory: ArenaViews, ...input: Parameters<KernelExports[Name]>) => ReturnType<KernelExports[Name]>;
	/** Lays rows out in memory, and says how the kernel is called over them. */
	input: (rows: KernelCase) => Parameters<KernelExports[Name]>;
}

export type Twins = { [Name in KernelName]?: Twin<Name> };

/** Row of the `index`-th live row; no selection: itself. */
export function rowAt(memory: ArenaViews, selection: number, index: number): number {
	return selection === 0 ? index : (memory.u16[(selection >> 1) + index] as number);
}

/** Bit `row`; without a bitmap every row is valid. */
export function isValid(memory: ArenaViews, validity: number, row: number): boolean {
	return validity === 0 || (((memory.u8[validity + (row >> 3)] as number) >> (row & 7)) & 1) === 1;
}

export function setBit(memory: ArenaViews, bitmap: number, row: number, bit: boolean): void {
	const at = bitmap + (row >> 3);
	const byte = memory.u8[at] as number;
	memory.u8[at] = bit ? byte | (1 << (row & 7)) : byte & ~(1 << (row & 7));
}

/** Types of lanes, and how one is read and written. */
export interface Lane<Value> {
	byteCount: number;
	read: (memory: ArenaViews, at: number) => Value;
	write: (memory: ArenaViews, at: number, value: Value) => void;
}

export const u8: Lane<number> = {
	byteCount: 1,
	read: (memory, at) => memory.u8[at] as number,
	write: (memory, at, value) => void (memory.u8[at] = value),
};
export const i32: Lane<number> = {
	byteCount: 4,
	read: (memory, at) => memory.i32[at >> 2] as number,
	write: (memory, at, value) => void (memory.i32[at >> 2] = value),
};
export const u32: Lane<number> = {
	byteCount: 4,
	read: (memory, at) => memory.u32[at >> 2] as number,
	write: (memory, at, value) => void (memory.u32[at >> 2] = value),
};
export const i64: Lane<bigint> = {
	byteCount: 8,
	read: (memory, at) => memory.i64[at >> 3] as bigint,
	write: (memory, at, value) => void (memory.i64[at >> 3] = value),
};
export const f32: Lane<number> = {
	byteCount: 4,
	read: (memory, at) => memory.f32[at >> 2] as number,
	write: (memory, at, value) => void (memory.f32[at >> 2] = value),
};
export const f64: Lane<number> = {
	byteCount: 8,
	read: (memory, at) => memory.f64[at >> 3] as number,
	write: (memory, at, value) => void (memory.f64[at >> 3] = value),
};
export const i128: Lane<bigint> = {
	byteCount: 16,
	read: (memory, at) => ((memory.i64[(at >> 3) + 1] as bigint) << 64n) | (memory.u64[at >> 3] as bigint),
	write: (memory, at, value) => {
		memory.u64[at >> 3] = BigInt.asUintN(64, value);
		memory.i64[(at >> 3) + 1] = BigInt.asIntN(64, value >> 64n);
	},
};
