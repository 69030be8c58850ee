/** EXPLAIN as PostgreSQL's tree of text. */
import type { PhysicalPlan } from "#shared/contracts/plan/physical.ts";
import { describePlan, type Actual, type Description } from "./describe.ts";
import { operatorDollars } from "./operator-cost.ts";

/** A run as a whole. */
export interface RunTotals {
	rowCount: number;
	elapsedMs: number;
	bytesScanned: number;
	arenaPeakBytes: number;
	spilledBytes: number;
}

/** One entry a line, without line ends. @param run of EXPLAIN ANALYZE */
export function explainText(plan: PhysicalPlan, run?: { actuals: readonly Actual[]; totals: RunTotals }): string[] {
	const lines: string[] = [];
	const { root, subplans } = describePlan(plan, run?.actuals);
	write(root, 0, lines);
	for (const [index, subplan] of subplans.entries()) {
		lines.push(`Subplan ${index + 1}`);
		write(subplan, 1, lines);
	}
	const { rowCount, byteCount, milliseconds } = plan.estimate;
	const files = plan.tables.reduce((sum, table) => sum + table.pages.reduce((count, page) => count + page.fileCount, 0), 0);
	const pruned = plan.tables.reduce((sum, table) => sum + table.filesPruned, 0);
	lines.push(`Total: rows=${rowCount} bytes=${byteCount} ms=${milliseconds.toFixed(1)} $=${plan.estimate.dollars.toFixed(9)}`);
	if (run !== undefined) lines.push(actualTotal(run.totals));
	lines.push(`Files: ${files} read, ${pruned} pruned`);
	return lines;
}

function actualTotal({ rowCount, elapsedMs, bytesScanned, arenaPeakBytes, spilledBytes }: RunTotals): string {
	return `Actual total: rows=${rowCount} bytes=${bytesScanned} ms=${elapsedMs.toFixed(1)} arena=${arenaPeakBytes} spilled=${spilledBytes}`;
}

function write(node: Description, depth: number, lines: string[]): void {
	const head = depth === 0 ? "" : `${" ".repeat(depth * 6 - 4)}->  `;
	const body = " ".repeat(depth * 6 + 2);
	lines.push(`${head}${node.title}  (${figures(node)})${node.actual === undefined ? "" : `  (${actualFigures(node.actual)})`}`);
	for (const [name, value] of node.properties) lines.push(`${body}${name}: ${value}`);
	for (const input of node.inputs) write(input, depth + 1, lines);
}

function figures({ estimate, fileCount }: Description): string {
	const { rowCount, byteCount, milliseconds } = estimate;
	return `rows=${rowCount} bytes=${byteCount} ms=${milliseconds.toFixed(1)} $=${operatorDollars({ milliseconds, fileCount }).toFixed(9)}`;
}

function actualFigures(actual: Actual): string {
	const { rows, bytesScanned, loops, batches, workUnits, startupMs, totalMs, arenaPeakBytes, spilledBytes } = actual;
	const time = `ms=${startupMs.toFixed(1)}..${totalMs.toFixed(1)}`;
	return `actual rows=${rows} bytes=${bytesScanned} loops=${loops} batches=${batches} work=${workUnits} ${time} arena=${arenaPeakBytes} spilled=${spilledBytes}`;
}
