/** The unit of execution: up to BATCH_ROW_COUNT_MAX rows of several columns. Valid until its producer's next `next()`. */
import type { Pointer } from "../memory/arena.ts";
import type { Vector } from "./vector.ts";

export interface Batch {
	/** Rows that the vectors hold, selected or not. */
	rowCount: number;
	columns: Vector[];
	/** Positions of the live rows, u16[selectedCount], ascending; 0 = every row. */
	selection: Pointer;
	/** Live rows; equals `rowCount` without a selection. */
	selectedCount: number;
}
