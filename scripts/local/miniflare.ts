/**
 * Miniflare, with room for its configuration. It hands workerd that as one Cap'n Proto message, and the library inside it makes room in steps of 4 KB, each of which copies all there is: with
 * the ten megabytes of six Workers a second of processor time at each start. Here the steps are as large as the message; where the library's text is another, nothing is changed, and
 * `tests/house/miniflare.test.ts` says so. Import this before Wrangler, which loads Miniflare itself.
 */
import { createRequire, registerHooks } from "node:module";

/** What is replaced in `miniflare/dist/src/index.js`. */
export const SMALL_STEPS = "var MIN_SINGLE_SEGMENT_GROWTH = 4096;";
const LARGE_STEPS = "var MIN_SINGLE_SEGMENT_GROWTH = 16 * 1024 ** 2;";

registerHooks({
	load(url, context, nextLoad) {
		const loaded = nextLoad(url, context);
		if (!url.endsWith("/miniflare/dist/src/index.js") || loaded.source === undefined || loaded.source === null) return loaded;
		const text = typeof loaded.source === "string" ? loaded.source : new TextDecoder().decode(loaded.source);
		return { ...loaded, source: text.replace(SMALL_STEPS, LARGE_STEPS) };
	},
});

// Not by an import: what is imported is read before the first line of any module runs.
const miniflare = createRequire(import.meta.url)("miniflare") as typeof import("miniflare");
export const { convertV4MiniflareOptions, Miniflare } = miniflare;
export type Miniflare = import("miniflare").Miniflare;
