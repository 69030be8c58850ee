/** Twins of the kernels of validity, selections, three-valued logic and merging. */
import type { KernelCase } from "./kernel-case.ts";
import { i32, isValid, rowAt, setBit, type Twins, u8, u32 } from "./twin.ts";
import { anyBool, anyByte } from "./values.ts";

/** Positions, as many as the kernel answers; behind them anything. */
const positionsOut = (rows: KernelCase): number => rows.out(rows.count * 2, { slackBytes: 2, alignment: 2, bytesPerResult: 2 });
/** Positions, of which nothing is known but that those which are not kept are elsewhere. */
const partOut = (rows: KernelCase): number => rows.out(rows.count * 2, { alignment: 2 });

export const ROW_TWINS: Twins = {
	validity_and: {
		run: (memory, rowCount, left, right, out) => {
			for (let byte = 0; byte < (rowCount + 7) >> 3; byte++) {
				const a = left === 0 ? 0xff : (memory.u8[left + byte] as number);
				memory.u8[out + byte] = a & (right === 0 ? 0xff : (memory.u8[right + byte] as number));
			}
		},
		input: (rows) => {
			const byteCount = (rows.rowCount + 7) >> 3;
			const left = rows.validity;
			const right = left === 0 || rows.flag === 1 ? rows.lanes(u8, anyByte(rows), byteCount) : 0;
			return [rows.rowCount, left, right, rows.out(byteCount, { alignment: 1 })];
		},
	},
	validity_count: {
		run: (memory, rowCount, validity) => {
			let count = 0;
			for (let row = 0; row < rowCount; row++) count += Number(isValid(memory, validity, row));
			return count;
		},
		input: (rows) => [rows.rowCount, rows.validity],
	},
	select_true: {
		run: (memory, count, selection, values, validity, out) => {
			let kept = 0;
			for (let index = 0; index < count; index++) {
				const row = rowAt(memory, selection, index);
				if (memory.u8[values + row] !== 0 && isValid(memory, validity, row)) memory.u16[(out >> 1) + kept++] = row;
			}
			return kept;
		},
		input: (rows) => [rows.count, rows.selection, rows.lanes(u8, anyBool(rows)), rows.validity, positionsOut(rows)],
	},
	select_codes: {
		run: (memory, count, selection, codes, validity, table, out) => {
			let kept = 0;
			for (let index = 0; index < count; index++) {
				const row = rowAt(memory, selection, index);
				const code = memory.u32[(codes >> 2) + row] as number;
				if (memory.u8[table + code] !== 0 && isValid(memory, validity, row)) memory.u16[(out >> 1) + kept++] = row;
			}
			return kept;
		},
		input: (rows) => [
			rows.count,
			rows.selection,
			rows.lanes(u32, () => rows.below(40)),
			rows.validity,
			rows.lanes(u8, anyBool(rows), 40),
			positionsOut(rows),
		],
	},
	truths_range: {
		run: (memory, entryCount, table, range) => {
			const truths = Array.from(memory.u8.subarray(table, table + entryCount));
			const changes = truths.flatMap((truth, code) => (code > 0 && truth !== truths[code - 1] ? [code] : []));
			if (changes.length > 2) return 0;
			const [first = 0, end = entryCount] = changes;
			memory.i32.set([first, end - first - 1], range >> 2);
			return truths[first] === 1 ? 1 : 2;
		},
		input: (rows) => {
			const entryCount = rows.below(40) + 1;
			const cuts = Array.from({ length: rows.below(4) }, () => rows.below(entryCount));
			const flip = rows.flag;
			const truths = Array.from({ length: entryCount }, (_, code) => (cuts.filter((cut) => cut < code).length + flip) % 2);
			return [entryCount, rows.lanes(u8, () => truths.shift() as number, entryCount), rows.out(8, { alignment: 4 })];
		},
	},
	select_code_range: {
		run: (memory, count, codes, first, more, negated, out) => {
			let kept = 0;
			for (let row = 0; row < count; row++) {
				const code = memory.u32[(codes >> 2) + row] as number;
				if ((code >= first && code <= first + more) !== (negated === 1)) memory.u16[(out >> 1) + kept++] = row;
			}
			return kept;
		},
		input: (rows) => {
			const codes = rows.lanes(u32, () => rows.below(rows.pick([2, 40])));
			const out = rows.out(rows.rowCount * 2, { slackBytes: 2, alignment: 2, bytesPerResult: 2 });
			return [rows.rowCount, codes, rows.pick([0, 0, 1, 17]), rows.pick([0, 0, 3, 39]), rows.flag, out];
		},
	},
	select_valid: {
		run: (memory, count, selection, validity, out) => {
			let kept = 0;
			for (let index = 0; index < count; index++) {
				const row = rowAt(memory, selection, index);
				if (isValid(memory, validity, row)) memory.u16[(out >> 1) + kept++] = row;
			}
			return kept;
		},
		input: (rows) => [rows.count, rows.selection, rows.validity, positionsOut(rows)],
	},
	codes_with_null: {
		run: (memory, count, codes, validity, nullCode, out) => {
			for (let row = 0; row < count; row++) {
				memory.i32[(out >> 2) + row] = isValid(memory, validity, row) ? (memory.i32[(codes >> 2) + row] as number) : nullCode;
			}
		},
		input: (rows) => [
			rows.rowCount,
			rows.lanes(i32, () => rows.below(99)),
			rows.validity,
			99,
			rows.out(rows.rowCount * 4, { alignment: 4 }),
		],
	},
	partition_true: {
		run: (memory, count, selection, values, validity, outTrue, outRest) => {
			let [kept, rest] = [0, 0];
			for (let index = 0; index < count; index++) {
				const row = rowAt(memory, selection, index);
				if (memory.u8[values + row] !== 0 && isValid(memory, validity, row)) memory.u16[(outTrue >> 1) + kept++] = row;
				else memory.u16[(outRest >> 1) + rest++] = row;
			}
			return kept;
		},
		input: (rows) => [rows.count, rows.selection, rows.lanes(u8, anyBool(rows)), rows.validity, partOut(rows), partOut(rows)],
	},
	partition_valid: {
		run: (memory, count, selection, validity, outValid, outNull) => {
			let [kept, rest] = [0, 0];
			for (let index = 0; index < count; index++) {
				const row = rowAt(memory, selection, index);
				if (isValid(memory, validity, row)) memory.u16[(outValid >> 1) + kept++] = row;
				else memory.u16[(outNull >> 1) + rest++] = row;
			}
			return kept;
		},
		input: (rows) => [rows.count, rows.selection, rows.validity, partOut(rows), partOut(rows)],
	},
	is_null: {
		run: (memory, negated, count, selection, validity, out) => {
			for (let index = 0; index < count; index++) {
				const row = rowAt(memory, selection, index);
				memory.u8[out + row] = Number(isValid(memory, validity, row) === (negated === 1));
			}
		},
		input: (rows) => [rows.flag, rows.count, rows.selection, rows.bitmap, rows.out(rows.rowCount, { alignment: 1 })],
	},
	not_bool: {
		run: (memory, count, selection, values, out) => {
			for (let index = 0; index < count; index++) {
				const row = rowAt(memory, selection, index);
				memory.u8[out + row] = Number(memory.u8[values + row] === 0);
			}
		},
		input: (rows) => [rows.count, rows.selection, rows.lanes(u8, anyBool(rows)), rows.out(rows.rowCount, { alignment: 1 })],
	},
	logic_step: {
		run: (memory, decisive, count, selection, values, validity, constant, _, out, outValidity, rest) => {
			let kept = 0;
			for (let index = 0; index < count; index++) {
				const row = rowAt(memory, selection, index);
				const at = constant === 1 ? 0 : row;
				const truth = isValid(memory, validity, at) ? Number(memory.u8[values + at] !== 0) : null;
				if (truth === decisive) {
					memory.u8[out + row] = decisive;
					setBit(memory, outValidity, row, true);
					continue;
				}
				if (truth === null) {
					memory.u8[out + row] = 0;
					setBit(memory, outValidity, row, false);
				}
				memory.u16[(rest >> 1) + kept++] = row;
			}
			return kept;
		},
		input: (rows) => {
			const decisive = rows.flag;
			const validity = rows.validity;
			const out = rows.out(rows.rowCount, { alignment: 1 });
			rows.memory.u8.fill(1 - decisive, out, out + rows.rowCount);
			const outValidity = rows.out((rows.rowCount + 7) >> 3, { alignment: 1 });
			rows.memory.u8.fill(0xff, outValidity, outValidity + ((rows.rowCount + 7) >> 3));
			const values = rows.lanes(u8, anyBool(rows));
			return [
				decisive,
				rows.count,
				rows.selection,
				values,
				validity,
				validity === 0 ? 0 : rows.flag,
				1,
				out,
				outValidity,
				positionsOut(rows),
			];
		},
	},
	merge_fixed: {
		run: (memory, width, count, selection, values, constant, out) => {
			for (let index = 0; index < count; index++) {
				const row = rowAt(memory, selection, index);
				const from = values + (constant === 1 ? 0 : row) * width;
				memory.u8.copyWithin(out + row * width, from, from + width);
			}
		},
		input: (rows) => {
			const width = rows.pick([1, 4, 8, 16]);
			const values = rows.lanes(u8, anyByte(rows), (rows.rowCount + 1) * width);
			return [width, rows.count, rows.selection, values, rows.flag, rows.out(rows.rowCount * width, { alignment: 1 })];
		},
	},
	merge_validity: {
		run: (memory, count, selection, validity, constant, outValidity) => {
			for (let index = 0; index < count; index++) {
				const row = rowAt(memory, selection, index);
				if (!isValid(memory, validity, constant === 1 ? 0 : row)) setBit(memory, outValidity, row, false);
			}
		},
		input: (rows) => {
			const outValidity = rows.out((rows.rowCount + 7) >> 3, { alignment: 1 });
			rows.memory.u8.fill(0xff, outValidity, outValidity + ((rows.rowCount + 7) >> 3));
			return [rows.count, rows.selection, rows.validity, rows.rowCount === 0 ? 0 : rows.flag, outValidity];
		},
	},
	zero_nulls: {
		run: (memory, width, rowCount, validity, values) => {
			for (let row = 0; row < rowCount; row++) {
				if (!isValid(memory, validity, row)) memory.u8.fill(0, values + row * width, values + (row + 1) * width);
			}
		},
		input: (rows) => {
			const width = rows.pick([1, 4, 8, 16]);
			const values = rows.out(rows.rowCount * width, { alignment: 1 });
			for (let at = 0; at < rows.rowCount * width; at++) rows.memory.u8[values + at] = rows.below(256);
			return [width, rows.rowCount, rows.validity, values];
		},
	},
	levels_of_validity: {
		run: (memory, start, end, validity, out) => {
			for (let row = start; row < end; row++) memory.u8[out + row - start] = Number(isValid(memory, validity, row));
		},
		input: (rows) => {
			const start = rows.below(rows.rowCount + 1);
			return [start, rows.rowCount, rows.validity, rows.out(rows.rowCount - start, { alignment: 1 })];
		},
	},
};
