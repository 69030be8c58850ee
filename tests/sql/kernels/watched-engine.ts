/**
 * An engine whose every kernel call is checked: it reaches a function of the WebAssembly module, and each argument that the kernel's source declares as a pointer
 * (`usize`) lies on a page that the watched lease holds at that moment.
 */
import { readdirSync, readFileSync } from "node:fs";
import { assert } from "#shared/base/assert.ts";
import { ARENA_PAGE_BYTES } from "#shared/base/limits.ts";
import { createEngine, type Engine, type Kernels } from "#shared/engine/kernels/kernels.ts";
import type { Arena, Pointer } from "#shared/engine/memory/arena.ts";
import { Lease } from "#shared/engine/memory/lease.ts";

const SOURCES = new URL("../../../shared/engine/kernels/assembly/", import.meta.url);
/** Pointers to one past the last byte. */
const END_PARAMETERS = new Set(["end", "inputEnd", "outEnd"]);

interface PointerParameter {
	index: number;
	name: string;
	isEnd: boolean;
}

/** Which arguments of each kernel are pointers, read from its declaration in AssemblyScript. */
function pointerParameters(): Map<string, PointerParameter[]> {
	const kernels = new Map<string, PointerParameter[]>();
	for (const file of readdirSync(SOURCES).filter((name) => name.endsWith(".ts"))) {
		const source = readFileSync(new URL(file, SOURCES), "utf8");
		for (const [, kernel, list] of source.matchAll(/^export function (\w+)\(([^)]*)\)/gm)) {
			const parameters = (list as string).split(",").map((parameter) => parameter.trim().split(/:\s*/));
			kernels.set(
				kernel as string,
				parameters.flatMap(([name, type], index) =>
					type === "usize" ? [{ index, name: name as string, isEnd: END_PARAMETERS.has(name as string) }] : [],
				),
			);
		}
	}
	return kernels;
}

/** A lease that knows, page by page, what it holds now. */
class WatchedLease extends Lease {
	readonly #byteCounts = new Map<Pointer, number>();
	readonly #pages = new Set<number>();

	override allocatePages(byteCount: number): Pointer {
		const pointer = super.allocatePages(byteCount);
		this.#byteCounts.set(pointer, byteCount);
		this.#eachPage(pointer, byteCount, (page) => this.#pages.add(page));
		return pointer;
	}

	override freePages(pointer: Pointer): void {
		super.freePages(pointer);
		this.#eachPage(pointer, this.#byteCounts.get(pointer) as number, (page) => this.#pages.delete(page));
	}

	override release(): void {
		super.release();
		this.#pages.clear();
	}

	#eachPage(pointer: Pointer, byteCount: number, visit: (page: number) => void): void {
		const first = pointer / ARENA_PAGE_BYTES;
		const end = first + Math.max(1, Math.ceil(byteCount / ARENA_PAGE_BYTES));
		for (let page = first; page < end; page++) visit(page);
	}

	holds(pointer: Pointer): boolean {
		return this.#pages.has(Math.floor(pointer / ARENA_PAGE_BYTES));
	}
}

export interface Watch {
	/** Calls that reached the module, by kernel. */
	calls: Map<string, number>;
	/** Pointer arguments other than 0 that were checked. */
	pointerCount: number;
	/** Whole sentences: which argument of which kernel lay outside the lease. */
	violations: string[];
}

export class WatchedEngine {
	readonly engine: Engine;
	#lease: WatchedLease | null = null;
	#watch: Watch = { calls: new Map(), pointerCount: 0, violations: [] };

	constructor() {
		const pointers = pointerParameters();
		this.engine = createEngine({
			wrap: (kernels) => {
				const watched = Object.entries(kernels).map(([name, kernel]) => {
					assert(Function.prototype.toString.call(kernel).includes("[native code]"), `${name} is compiled code`);
					const parameters = pointers.get(name);
					assert(parameters !== undefined, `the source declares ${name}`);
					return [name, this.#watched(name, kernel as (...input: unknown[]) => unknown, parameters)];
				});
				return Object.fromEntries(watched) as Kernels;
			},
		});
	}

	#watched(name: string, kernel: (...input: unknown[]) => unknown, parameters: PointerParameter[]) {
		return (...input: unknown[]): unknown => {
			const watch = this.#watch;
			watch.calls.set(name, (watch.calls.get(name) ?? 0) + 1);
			for (const parameter of parameters) {
				const pointer = input[parameter.index] as Pointer;
				if (pointer === 0) continue;
				watch.pointerCount++;
				if (this.#lease?.holds(parameter.isEnd ? pointer - 1 : pointer) !== true) {
					watch.violations.push(`${name}: ${parameter.name} = ${pointer} is on no page of the query`);
				}
			}
			return kernel(...input);
		};
	}

	get arena(): Arena {
		return this.engine.arena;
	}

	/** Runs one query on a lease of its own, released at the end. */
	async watch(body: (lease: Lease) => Promise<void>): Promise<Watch> {
		const lease = new WatchedLease(this.arena, { owner: "watched" });
		this.#watch = { calls: new Map(), pointerCount: 0, violations: [] };
		this.#lease = lease;
		try {
			await body(lease);
			return this.#watch;
		} finally {
			this.#lease = null;
			lease.release();
		}
	}
}
