/** What a Worker may be billed for, counted at its bindings. One record per isolate, which locally is one per Worker. */

/** Names as `docs/cost.md` has them. Of objects, prefixed with their class: `TenantShard.requests`. */
export type OperationCounts = Record<string, number>;

/** What tests ask of a counted Worker, over its default export. */
export type CountedCommand =
	| { kind: "read" }
	| { kind: "reset" }
	/** The clock of the isolate from now on, in milliseconds before the real one. */
	| { kind: "clock"; aheadMs: number }
	/** Runs the alarms that are due by that clock, one after the other. */
	| { kind: "alarms" }
	/** Every operation takes so much longer, as one over a network does. */
	| { kind: "delay"; ms: number };

export interface CountedAnswer {
	counts: OperationCounts;
	/** Alarms that stand, by object class. */
	alarms: Record<string, number>;
}

export const COUNTED_PATH = "/counted";
