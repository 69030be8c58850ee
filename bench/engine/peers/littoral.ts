/** Littoral's engine alone, in Node. */
import { installBuiltKernels } from "../install-kernels.ts";
import { NodeEngine, type NodeEngineOptions } from "../node-engine.ts";
import { servePeer } from "../peer-process.ts";

servePeer(async (options: NodeEngineOptions) => {
	installBuiltKernels();
	const engine = new NodeEngine(options);
	return async (sql) => {
		const { rows, statistics, stages, pieces } = await engine.query(sql);
		const { arenaPeakBytes, spilledBytes, bytesScanned, rowsScanned } = statistics;
		const named = Object.entries(pieces ?? {}).map(([name, elapsedMs]) => [`piece: ${name}`, elapsedMs] as const);
		return { rows, figures: { arenaPeakBytes, spilledBytes, bytesScanned, rowsScanned, ...stages, ...Object.fromEntries(named) } };
	};
});
