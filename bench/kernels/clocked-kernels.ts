/** A clock around every kernel: what each takes for a value, in the calls that queries make of it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Kernels } from "#shared/engine/kernels/kernels.ts";
import { ROOT } from "../../scripts/fleet.ts";
import { median } from "../runner/statistics.ts";

/** Below so many values the call itself, and the clock around it, weigh more than what is measured. */
const VALUE_COUNT_MIN = 512;
/** Calls kept of each kind: a median of more says no more. */
const CALL_COUNT_MAX = 4001;
const COUNTS = ["count", "rowCount", "entryCount", "valueCount", "listCount", "runCount"];
const VALIDITIES = ["validity", "rowValidity"];

type Kernel = (...input: (number | bigint)[]) => unknown;

/** Where a kernel's parameters say how many values there are, which of them, and whether some are NULL; -1: it has none such. */
interface Shape {
	count: number;
	selection: number;
	validity: number;
}

export interface KernelFigure {
	kernel: string;
	callCount: number;
	/** Median values of a call that was measured. */
	valueCount: number;
	/** Median nanoseconds for a value by kind of call; absent where there was none. */
	nsPerValue: Partial<Record<CallKind, number>>;
}

export const CALL_KINDS = ["all rows", "all rows, some NULL", "selected rows", "selected rows, some NULL"] as const;
type CallKind = (typeof CALL_KINDS)[number];

interface Seen {
	callCount: number;
	valueCounts: number[];
	nsPerValue: Map<CallKind, number[]>;
}

/** By kernel, from the declarations that the build writes. */
function shapes(): Map<string, Shape> {
	const declarations = readFileSync(join(ROOT, "shared/engine/kernels/build/kernels.d.ts"), "utf8");
	return new Map(
		[...declarations.matchAll(/^\t(\w+): \((.*)\) =>/gm)].map(([, name, list]) => {
			const parameters = (list as string).split(", ").map((parameter) => parameter.split(":")[0] as string);
			const shape = {
				count: parameters.findIndex((parameter) => COUNTS.includes(parameter)),
				selection: parameters.indexOf("selection"),
				validity: parameters.findIndex((parameter) => VALIDITIES.includes(parameter)),
			};
			return [name as string, shape];
		}),
	);
}

export class ClockedKernels {
	readonly #shapes = shapes();
	readonly #seen = new Map<string, Seen>();

	/** For `createEngine`; several engines count as one. */
	readonly wrap = (kernels: Kernels): Kernels =>
		Object.fromEntries(
			Object.entries(kernels).map(([name, kernel]) => [name, this.#clocked(name, kernel as Kernel, this.#shapes.get(name) as Shape)]),
		) as unknown as Kernels;

	#clocked(name: string, kernel: Kernel, { count, selection, validity }: Shape): Kernel {
		const seen = this.#seen.get(name) ?? { callCount: 0, valueCounts: [], nsPerValue: new Map(CALL_KINDS.map((kind) => [kind, []])) };
		this.#seen.set(name, seen);
		return (...input) => {
			const startMs = performance.now();
			const answer = kernel(...input);
			const tookMs = performance.now() - startMs;
			seen.callCount++;
			const valueCount = count === -1 ? 0 : Number(input[count]);
			if (valueCount < VALUE_COUNT_MIN) return answer;
			const isSelected = selection !== -1 && input[selection] !== 0;
			const hasNulls = validity !== -1 && input[validity] !== 0;
			const kind = CALL_KINDS[(isSelected ? 2 : 0) + (hasNulls ? 1 : 0)] as CallKind;
			const taken = seen.nsPerValue.get(kind) as number[];
			if (taken.length < CALL_COUNT_MAX) {
				taken.push((tookMs * 1e6) / valueCount);
				seen.valueCounts.push(valueCount);
			}
			return answer;
		};
	}

	/** Of every kernel there is, by name. */
	figures(): KernelFigure[] {
		return [...this.#seen]
			.toSorted(([left], [right]) => (left < right ? -1 : 1))
			.map(([kernel, seen]) => ({
				kernel,
				callCount: seen.callCount,
				valueCount: seen.valueCounts.length === 0 ? 0 : median(seen.valueCounts),
				nsPerValue: Object.fromEntries(
					[...seen.nsPerValue].filter(([, taken]) => taken.length > 0).map(([kind, taken]) => [kind, median(taken)]),
				),
			}));
	}
}
