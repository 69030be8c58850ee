/** Checks of decoded vectors that the text formats make value by value. */
import type { Engine } from "#shared/engine/kernels/kernels.ts";
import { isValid } from "#shared/engine/vector/read.ts";
import type { Vector } from "#shared/engine/vector/vector.ts";

/** Calls `report` with each row of `vector` that is NULL. */
export function forEachNull(engine: Engine, vector: Vector, rowCount: number, report: (row: number) => void): void {
	const { views } = engine.arena;
	if (vector.kind === "constant") {
		if (isValid(views, vector.value.validity, 0)) return;
		for (let row = 0; row < rowCount; row++) report(row);
		return;
	}
	if (engine.kernels.validity_count(rowCount, vector.validity) === rowCount) return;
	for (let row = 0; row < rowCount; row++) if (!isValid(views, vector.validity, row)) report(row);
}
