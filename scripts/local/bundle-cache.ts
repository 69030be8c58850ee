/** Bundles kept on disk from one process to the next: the tests start the six Workers dozens of times, from sources that stay the same. */
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { deserialize, serialize } from "node:v8";
import { ROOT } from "../fleet.ts";

const FOLDER = join(ROOT, "node_modules/.cache/littoral/bundles");

interface Kept<Bundle> {
	/** Digest of each file that the bundle was made of, by absolute path. */
	inputs: Map<string, string>;
	bundle: Bundle;
}

const digest = (bytes: Uint8Array | string): string => createHash("sha256").update(bytes).digest("base64url");

/**
 * What was kept under this key, unless a file that it was made of has changed since.
 *
 * @param key everything else that the bundle depends on
 */
export function keptBundle<Bundle>(key: string): Bundle | null {
	try {
		const { inputs, bundle } = deserialize(readFileSync(pathOf(key))) as Kept<Bundle>;
		return [...inputs].every(([path, expected]) => digest(readFileSync(path)) === expected) ? bundle : null;
	} catch {
		// Nothing is kept, or an input is gone: it is made anew.
		return null;
	}
}

/**
 * Nothing is kept where an input may have changed under the build's hands, nor where the folder cannot be written.
 *
 * @param made the files that the bundle was made of, by absolute path, and when making it began (ms since 1970)
 */
export function keepBundle<Bundle>(key: string, bundle: Bundle, made: { from: string[]; sinceMs: number }): void {
	if (made.from.some((path) => statSync(path).mtimeMs >= made.sinceMs)) return;
	const kept: Kept<Bundle> = { inputs: new Map(made.from.map((path) => [path, digest(readFileSync(path))])), bundle };
	// Whole or not at all: other processes make and read the same.
	const unfinished = `${pathOf(key)}.${randomBytes(6).toString("hex")}`;
	try {
		mkdirSync(FOLDER, { recursive: true });
		writeFileSync(unfinished, serialize(kept));
		renameSync(unfinished, pathOf(key));
	} catch {
		// The next start bundles again.
	}
}

function pathOf(key: string): string {
	return join(FOLDER, digest(key));
}
