/** What a call over a window is to the operator: how far it looks ahead, which rows it still needs, and its results for some rows. */
import type { Region } from "../../memory/region.ts";
import type { Vector } from "../../vector/vector.ts";
import type { WindowView } from "./window-view.ts";

/** What must have come before a row's result is known. */
export type Lookahead = { kind: "rows"; count: number } | { kind: "peers" } | { kind: "partition" };

export interface WindowFunction {
	/** All must have come. */
	readonly lookahead: Lookahead[];
	/** True if the result of some row from `next` on may read one of the given rows, which are all before `next`. */
	needs(rows: { first: number; end: number }, next: number): boolean;
	/** One value a row of the view, packed in `region`. Views come in order, without gaps. */
	compute(view: WindowView, region: Region): Vector;
}
