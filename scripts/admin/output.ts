/** Lists on stdout: a table for people, or one JSON value for programs. */
import Table from "cli-table3";

export type Cell = string | number | null;

export interface Column<Row> {
	title: string;
	of: (row: Row) => Cell;
}

export function print<Row>(rows: readonly Row[], columns: readonly Column<Row>[], asJson: boolean): void {
	if (asJson) {
		process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
		return;
	}
	if (rows.length === 0) {
		process.stdout.write("none\n");
		return;
	}
	const table = new Table({ head: columns.map(({ title }) => title), style: { head: [], border: [], compact: true } });
	for (const row of rows) table.push(columns.map((column) => String(column.of(row) ?? "")));
	process.stdout.write(`${table.toString()}\n`);
}
