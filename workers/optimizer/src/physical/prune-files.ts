/** Which files a statement has to read: those that some scan of the table cannot rule out by their bounds. */
import { predicateRanges, pageMatches } from "#shared/contracts/plan/bounds.ts";
import type { PlanTable } from "#shared/contracts/plan/physical.ts";
import { filterPage } from "#shared/contracts/file-page.ts";
import type { FilePage, TableSnapshot } from "#shared/contracts/snapshot.ts";
import type { LogicalScan } from "../logical/plan.ts";

/** All scans of one table share one list of files (invariant Q1), so a file goes only when no scan wants it. Of those left the plan has no column statistics. */
export function pruneFiles(snapshot: TableSnapshot, scans: LogicalScan[]): PlanTable {
	const pages: FilePage[] = [];
	let filesPruned = 0;
	const wanted = scans.map((scan) => {
		const fieldIds = new Map(scan.columns.map((id, index) => [id, scan.fieldIds[index] as number]));
		return { ranges: predicateRanges(scan.predicate), fieldId: (id: number) => fieldIds.get(id) };
	});
	for (const page of snapshot.pages) {
		const kept = new Uint8Array(page.fileCount);
		for (const { ranges, fieldId } of wanted) {
			const mask = pageMatches(ranges, page, fieldId);
			for (let file = 0; file < kept.length; file++) kept[file] = (kept[file] as number) | (mask[file] as number);
		}
		let keptCount = 0;
		for (const flag of kept) keptCount += flag;
		filesPruned += page.fileCount - keptCount;
		// Whoever runs the plan reads files, not their statistics, which are most of a page's bytes.
		const files: FilePage = { ...page, columns: [] };
		if (keptCount === page.fileCount) pages.push(files);
		else if (keptCount > 0) pages.push(filterPage(files, kept));
	}
	return { schema: snapshot.schema, snapshotVersion: snapshot.version, watermarks: snapshot.watermarks, pages, filesPruned };
}
