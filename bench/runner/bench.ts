/** What a bench is, and what it gets to work with. One file each in `benches/`, listed in `registry.ts`. */
import type { Session } from "./session.ts";

export interface Bench {
	/** As in `npm run bench -- <name>`. */
	readonly name: string;
	/** One line above its results. */
	readonly title: string;
	/** @throws WrongAnswer, which voids the run */
	run(session: Session): Promise<void>;
}

/** `smoke` is a few rows of everything, for tests of the benches themselves: its figures mean nothing. */
export type BenchSize = "smoke" | "full";

/** A peer answered wrongly: no figure of the run counts. */
export class WrongAnswer extends Error {}

/** @throws WrongAnswer where the two differ */
export function expectAnswer(what: string, actual: unknown, expected: unknown): void {
	const [got, wanted] = [JSON.stringify(actual), JSON.stringify(expected)];
	if (got !== wanted) throw new WrongAnswer(`${what}: ${got?.slice(0, 300)} instead of ${wanted?.slice(0, 300)}`);
}
