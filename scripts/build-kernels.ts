/**
 * Compiles the AssemblyScript kernels into one module: `build/kernels.wasm`, and `build/kernels.d.ts` with the types of its exports.
 *
 *   node scripts/build-kernels.ts            optimised (what is deployed and tested)
 *   node scripts/build-kernels.ts --debug    with assertions and a source map
 *
 * Fails on a data segment, on a global that a kernel could change, and on an import beyond the memory: kernels share no state (engine.md).
 */
import { globSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";

const kernelsDir = join(dirname(fileURLToPath(import.meta.url)), "../shared/engine/kernels");
const wasmPath = join(kernelsDir, "build/kernels.wasm");

/** Ids of the sections of a WebAssembly module. @see https://webassembly.github.io/spec/core/binary/modules.html */
function sectionIds(wasm: Uint8Array): number[] {
	const ids: number[] = [];
	let offset = 8;
	while (offset < wasm.length) {
		ids.push(wasm[offset++] as number);
		let byteCount = 0;
		for (let shift = 0; ; shift += 7) {
			const byte = wasm[offset++] as number;
			byteCount |= (byte & 0x7f) << shift;
			if (byte < 0x80) break;
		}
		offset += byteCount;
	}
	return ids;
}

const DATA_SECTION = 11;

/** @returns nothing; exits with 1 and the compiler's messages when the kernels do not compile */
async function buildKernels(debug: boolean): Promise<void> {
	mkdirSync(dirname(wasmPath), { recursive: true });
	refuseDuplicates();
	const { error, stderr } = await asc.main([
		join(kernelsDir, "assembly/index.ts"),
		"--outFile",
		wasmPath,
		"--bindings",
		"raw",
		"--enable",
		"simd",
		"--enable",
		"bulk-memory",
		"--runtime",
		"stub",
		"--importMemory",
		"--initialMemory",
		"1",
		"--maximumMemory",
		"1024",
		"--noExportMemory",
		"--use",
		"abort=",
		...(debug ? ["--debug", "--sourceMap"] : ["-O3", "--noAssert"]),
	]);
	if (error) {
		process.stderr.write(`${stderr.toString()}\n${error.message}\n`);
		process.exit(1);
	}
	const wasm = readFileSync(wasmPath);
	const module = new WebAssembly.Module(wasm);
	const imports = WebAssembly.Module.imports(module).filter((entry) => entry.kind !== "memory");
	if (imports.length > 0) throw new Error(`kernels import more than the memory: ${imports.map((entry) => entry.name).join(", ")}`);
	if (sectionIds(wasm).includes(DATA_SECTION)) throw new Error("kernels have a data segment: some kernel uses a string or a static array");
	const exports = WebAssembly.Module.exports(module).filter((entry) => entry.kind === "function");
	writeDeclaration();
	process.stdout.write(`kernels: ${exports.length} functions, ${(statSync(wasmPath).size / 1024).toFixed(1)} KiB\n`);
}

/** `export *` drops a name that two files export, without a word. @throws Error naming it */
function refuseDuplicates(): void {
	const files = new Map<string, string>();
	for (const file of globSync("**/*.ts", { cwd: join(kernelsDir, "assembly") })) {
		for (const [, name] of readFileSync(join(kernelsDir, "assembly", file), "utf8").matchAll(/^export function (\w+)/gm)) {
			const other = files.get(name as string);
			if (other !== undefined) throw new Error(`kernel ${name} is exported by ${other} and by ${file}`);
			files.set(name as string, file);
		}
	}
}

/** Turns asc's bindings (which also import the wasm) into one interface. */
function writeDeclaration(): void {
	const bindings = readFileSync(join(kernelsDir, "build/kernels.d.ts"), "utf8");
	const functions = [...bindings.matchAll(/^ {2}export function (\w+)(\([^)]*\)): (\w+);/gm)].map(
		// Properties, not methods: kernels have no `this`, and may be passed around.
		([, name, parameters, result]) => `\t${name}: ${parameters} => ${result};`,
	);
	writeFileSync(
		join(kernelsDir, "build/kernels.d.ts"),
		`/** Made by scripts/build-kernels.ts. */\nexport interface KernelExports {\n${functions.join("\n")}\n}\n`,
	);
}

await buildKernels(process.argv.includes("--debug"));
