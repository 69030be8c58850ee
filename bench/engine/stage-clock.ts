/** Where a query's time goes: at each moment one stage is charged, the innermost that was entered. */

export const STAGES = ["plan", "io", "decompress", "decode", "filter", "hash", "other"] as const;
export type Stage = (typeof STAGES)[number];

export class StageClock {
	/** Milliseconds of each piece of code that was entered, by its name. */
	readonly pieces = new Map<string, number>();
	#current = "driver";
	#sinceMs = 0;
	readonly #stageOf = new Map<string, Stage>([["driver", "other"]]);

	/** Begins anew: what was charged so far is forgotten. */
	start(): void {
		this.pieces.clear();
		this.#current = "driver";
		this.#sinceMs = performance.now();
	}

	stop(): void {
		this.#switch("driver");
	}

	/** Runs `work`, which ends before anything else is entered from outside: synchronous, or the only thing under way. */
	within<Result>(piece: string, stage: Stage, work: () => Result): Result {
		this.#stageOf.set(piece, stage);
		const outer = this.#switch(piece);
		try {
			return work();
		} finally {
			this.#switch(outer);
		}
	}

	/** Milliseconds by stage. */
	get stages(): Record<Stage, number> {
		const totals = Object.fromEntries(STAGES.map((stage) => [stage, 0])) as Record<Stage, number>;
		for (const [piece, elapsedMs] of this.pieces) totals[this.#stageOf.get(piece) as Stage] += elapsedMs;
		return totals;
	}

	#switch(piece: string): string {
		const nowMs = performance.now();
		const outer = this.#current;
		this.pieces.set(outer, (this.pieces.get(outer) ?? 0) + nowMs - this.#sinceMs);
		this.#sinceMs = nowMs;
		this.#current = piece;
		return outer;
	}
}
