/** Bundles a Worker as wrangler would, quickly: one ES module, and each `.wasm` import as a compiled module beside it. */
import { readFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { createRequire } from "node:module";
import { basename, dirname, isAbsolute, resolve } from "node:path";
import { build, type BuildOptions, type Plugin, version } from "esbuild";
import { keepBundle, keptBundle } from "./bundle-cache.ts";

export interface WorkerModule {
	type: "ESModule" | "CompiledWasm";
	path: string;
	contents: string | Uint8Array;
}

const OPTIONS = {
	bundle: true,
	format: "esm",
	platform: "neutral",
	target: "es2024",
	mainFields: ["module", "main"],
	conditions: ["workerd", "worker", "browser"],
	external: ["cloudflare:*", "node:*"],
	define: { "process.env.NODE_ENV": '"production"' },
	write: false,
	metafile: true,
	// No source map: seven in ten bytes that workerd would read at each start; names are kept, so traces stay readable.
	sourcemap: false,
	logLevel: "silent",
} satisfies BuildOptions;

/** Marks `.wasm` imports external under a name of their own and collects their bytes and where they are. */
function wasmModules(found: Map<string, Uint8Array>, files: string[]): Plugin {
	return {
		name: "wasm-modules",
		setup(context) {
			context.onResolve({ filter: /\.wasm$/ }, async (args) => {
				if (args.pluginData === "resolving") return undefined;
				const file =
					args.path.startsWith(".") || isAbsolute(args.path)
						? resolve(args.resolveDir, args.path)
						: await locate(args.path, args.resolveDir);
				const contents = readFileSync(file);
				const name = `./${createHash("sha256").update(contents).digest("hex").slice(0, 12)}-${basename(file)}`;
				found.set(name, contents);
				files.push(file);
				return { path: name, external: true };
			});
			async function locate(path: string, resolveDir: string): Promise<string> {
				if (!path.startsWith("#")) return createRequire(resolve(resolveDir, "noop.js")).resolve(path);
				const result = await context.resolve(path, { resolveDir, kind: "import-statement", pluginData: "resolving" });
				return result.path;
			}
		},
	};
}

/**
 * @param main path of the entry file
 * @returns the modules in Miniflare's form, the entry first
 */
export async function bundleWorker(main: string): Promise<WorkerModule[]> {
	const key = JSON.stringify([main, version, OPTIONS]);
	const kept = keptBundle<WorkerModule[]>(key);
	if (kept !== null) return kept;
	const sinceMs = Date.now();
	const wasm = new Map<string, Uint8Array>();
	const wasmFiles: string[] = [];
	const result = await build({ ...OPTIONS, entryPoints: [main], absWorkingDir: dirname(main), plugins: [wasmModules(wasm, wasmFiles)] });
	const [output] = result.outputFiles;
	if (output === undefined) throw new Error(`no output for ${main}`);
	const modules = [
		{ type: "ESModule", path: "index.mjs", contents: output.text },
		...[...wasm].map(([path, contents]): WorkerModule => ({ type: "CompiledWasm", path: path.slice(2), contents })),
	] satisfies WorkerModule[];
	const inputs = Object.keys(result.metafile.inputs).map((path) => resolve(dirname(main), path));
	keepBundle(key, modules, { from: [...inputs, ...wasmFiles], sinceMs });
	return modules;
}
