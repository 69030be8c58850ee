/** Assertions say what is always true of our own code; what a user sends is answered with a {@link LittoralError} instead. */

/** @throws Error when `condition` is false: a bug, never a user's mistake. */
export function assert(condition: unknown, message: string): asserts condition {
	if (!condition) throw new Error(`assertion failed: ${message}`);
}

/** Ends a `switch` over a discriminated union, so that a missed case does not compile. */
export function unreachable(value: never): never {
	throw new Error(`unreachable: ${JSON.stringify(value)}`);
}
