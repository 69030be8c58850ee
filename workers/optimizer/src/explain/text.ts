/** EXPLAIN as PostgreSQL's tree of text. */
import type { PhysicalPlan } from "#shared/contracts/plan/physical.ts";
import { operatorDollars } from "../statistics/cost-model.ts";
import { describe, type Description } from "./describe.ts";

/** One entry a line, without line ends. */
export function explainText(plan: PhysicalPlan): string[] {
	const lines: string[] = [];
	write(describe(plan.root, plan), 0, lines);
	const { rowCount, byteCount, milliseconds } = plan.estimate;
	const files = plan.tables.reduce((sum, table) => sum + table.pages.reduce((count, page) => count + page.fileCount, 0), 0);
	const pruned = plan.tables.reduce((sum, table) => sum + table.filesPruned, 0);
	lines.push(`Total: rows=${rowCount} bytes=${byteCount} ms=${milliseconds.toFixed(1)} $=${plan.estimate.dollars.toFixed(9)}`);
	lines.push(`Files: ${files} read, ${pruned} pruned`);
	return lines;
}

function write(node: Description, depth: number, lines: string[]): void {
	const head = depth === 0 ? "" : `${" ".repeat(depth * 6 - 4)}->  `;
	const body = " ".repeat(depth * 6 + 2);
	lines.push(`${head}${node.title}  (${figures(node)})`);
	for (const [name, value] of node.properties) lines.push(`${body}${name}: ${value}`);
	for (const input of node.inputs) write(input, depth + 1, lines);
}

function figures({ estimate, fileCount }: Description): string {
	const { rowCount, byteCount, milliseconds } = estimate;
	return `rows=${rowCount} bytes=${byteCount} ms=${milliseconds.toFixed(1)} $=${operatorDollars({ milliseconds, fileCount }).toFixed(9)}`;
}
