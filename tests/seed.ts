/**
 * The seed of every test that makes its input by chance. It is one and the same in each run of `npm test`, so that a change fails for what it did and not for what nobody had met before;
 * SEED=fresh takes a new one (`npm run fuzz`), SEED=n repeats a run. `vitest.config.ts` fixes it before a test starts, here it is only read.
 */
const CHECKED_IN = 20_261_123;
const SEED_MAX = 1_000_000_000;

/** @param given what SEED says, undefined when it says nothing */
export function seedOf(given: string | undefined): number {
	if (given === undefined || given === "") return CHECKED_IN;
	return given === "fresh" ? Date.now() % SEED_MAX : Number(given);
}

export const SEED = seedOf(process.env["SEED"]);
