/** Import directions of the house (design, section 3), and no cycle among files. */
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "../../scripts/fleet.ts";

/** Room -> rooms it may import from, itself included by rule. */
const ALLOWED: Record<string, string[]> = {
	"shared/base": [],
	"shared/contracts": ["shared/base"],
	"shared/observability": ["shared/base", "shared/contracts"],
	"shared/explain": ["shared/base", "shared/contracts"],
	"shared/sketches": ["shared/base"],
	"shared/engine/memory": ["shared/base", "shared/contracts"],
	"shared/engine/vector": ["shared/base", "shared/contracts", "shared/engine/memory", "shared/engine/kernels"],
	"shared/engine/codec": ["shared/base", "shared/contracts", "shared/engine/memory", "shared/engine/vector", "shared/engine/kernels"],
	"shared/engine/kernels": ["shared/base", "shared/contracts", "shared/engine/memory"],
	"shared/engine/functions": [
		"shared/base",
		"shared/contracts",
		"shared/sketches",
		"shared/engine/memory",
		"shared/engine/vector",
		"shared/engine/kernels",
	],
	"shared/engine/expression": [
		"shared/base",
		"shared/contracts",
		"shared/engine/memory",
		"shared/engine/vector",
		"shared/engine/kernels",
		"shared/engine/functions",
	],
	"shared/engine/operators": ["shared/base", "shared/contracts", "shared/engine"],
	"shared/parquet": [
		"shared/base",
		"shared/contracts",
		"shared/sketches",
		"shared/engine/memory",
		"shared/engine/vector",
		"shared/engine/kernels",
	],
	"shared/formats": [
		"shared/base",
		"shared/contracts",
		"shared/parquet",
		"shared/engine/memory",
		"shared/engine/vector",
		"shared/engine/kernels",
	],
};
for (const worker of ["gateway", "operations", "tenant", "optimizer", "catalog", "monitoring"]) ALLOWED[`workers/${worker}`] = ["shared"];

const files = globSync("{shared,workers}/**/*.ts", { cwd: ROOT }).filter(
	(file) => !/\/(build|assembly|test|migrations)\/|\.(test|fixture)\.ts$|\.d\.ts$|config\.ts$/.test(file),
);

function importsOf(file: string): string[] {
	const text = readFileSync(join(ROOT, file), "utf8");
	const specifiers = [...text.matchAll(/^(?:import|export)\s[^;]*?from\s+"([^"]+)"|import\("([^"]+)"\)|^import\s+"([^"]+)"/gm)].map(
		(match) => (match[1] ?? match[2] ?? match[3]) as string,
	);
	return specifiers.flatMap((specifier) => {
		if (specifier.startsWith("#shared/")) return [specifier.slice(1)];
		if (specifier.startsWith(".")) return [relative(ROOT, resolve(ROOT, dirname(file), specifier))];
		return [];
	});
}

function roomOf(file: string): string {
	const rooms = Object.keys(ALLOWED).filter((room) => file.startsWith(`${room}/`));
	return rooms.toSorted((left, right) => right.length - left.length)[0] ?? "";
}

test("every file imports only from rooms below its own", () => {
	const wrong = files.flatMap((file) => {
		const room = roomOf(file);
		if (room === "") return file === "shared/wasm.d.ts" ? [] : [`${file}: in no room`];
		return importsOf(file)
			.filter(
				(target) => !target.startsWith(`${room}/`) && !(ALLOWED[room] as string[]).some((allowed) => target.startsWith(`${allowed}/`)),
			)
			.map((target) => `${file} imports ${target}`);
	});
	expect(wrong).toEqual([]);
});

test("no file imports itself by way of others", () => {
	const graph = new Map(files.map((file) => [file, valueImportsOf(file).filter((target) => existsSync(join(ROOT, target)))]));
	const state = new Map<string, "open" | "done">();
	const cycles: string[] = [];
	const visit = (file: string, path: string[]): void => {
		if (state.get(file) === "done") return;
		if (state.get(file) === "open") {
			cycles.push([...path.slice(path.indexOf(file)), file].join(" -> "));
			return;
		}
		state.set(file, "open");
		for (const target of graph.get(file) ?? []) visit(target, [...path, file]);
		state.set(file, "done");
	};
	for (const file of files) visit(file, []);
	expect(cycles).toEqual([]);
});

/** Imports that remain at run time: types may be mutual. */
function valueImportsOf(file: string): string[] {
	const text = readFileSync(join(ROOT, file), "utf8").replaceAll(/^(?:import|export)\s+type\s[^;]*?;/gm, "");
	const specifiers = [...text.matchAll(/^(?:import|export)\s[^;]*?from\s+"([^"]+)"/gm)].map((match) => match[1] as string);
	return specifiers.flatMap((specifier) => {
		if (specifier.startsWith("#shared/")) return [specifier.slice(1)];
		if (specifier.startsWith(".")) return [relative(ROOT, resolve(ROOT, dirname(file), specifier))];
		return [];
	});
}

test("there are no barrel files and no numbered or catch-all files", () => {
	expect(
		files.filter((file) => /(^|\/)(utils?|helpers?|misc|common)[.-]|\d\.ts$/.test(file) && !/\/(int128|utf8)\.ts$/.test(file)),
	).toEqual([]);
	expect(files.filter((file) => /shared\/.*\/index\.ts$/.test(file))).toEqual([]);
});
