/** Pages name only files that exist. */
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "../../scripts/fleet.ts";

const pages = ["README.md", "CONTRIBUTING.md", ...globSync("{docs,bench,tests}/**/*.md", { cwd: ROOT })];

test("every path and link in the pages exists", () => {
	const missing = pages.flatMap((page) => {
		const text = readFileSync(join(ROOT, page), "utf8");
		const links = [...text.matchAll(/\]\((?!https?:|#)([^)#\s]+)[^)]*\)/g)].map((match) =>
			resolve(ROOT, dirname(page), match[1] as string),
		);
		const paths = [...text.matchAll(/`((?:workers|shared|tests|scripts|bench|docs)\/[\w./-]+\.(?:ts|md|json|toml|wasm|sql))`/g)].map(
			(match) => join(ROOT, match[1] as string),
		);
		return [...links, ...paths].filter((path) => !existsSync(path)).map((path) => `${page}: ${path.slice(ROOT.length + 1)}`);
	});
	expect(missing).toEqual([]);
});
