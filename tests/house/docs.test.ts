/** Pages name only files that exist, and every exported metric has a description. */
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "../../scripts/fleet.ts";
import { HELP } from "../../workers/monitoring/src/exposition/help.ts";

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

test("every metric that code counts is described, and none else is", () => {
	const sources = globSync("{shared,workers}/**/*.ts", { cwd: ROOT }).filter((file) => !/test|help\.ts$/.test(file));
	const counted = new Set(
		sources.flatMap((file) => readFileSync(join(ROOT, file), "utf8").match(/(?<=")littoral_[a-z_]+(?:_total|_seconds)(?=")/g) ?? []),
	);
	expect([...counted].toSorted()).toEqual(Object.keys(HELP).toSorted());
});
