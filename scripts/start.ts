/**
 * `npm start`: all six Workers on this machine. PORT (8787), STATE_DIR (.littoral), ADMIN_KEY (made on the first start).
 * Prints one line on stdout once ready; logs of the Workers go to stderr with LOG=1.
 */
import { startLittoral } from "./local/littoral.ts";

const littoral = await startLittoral({
	port: Number(process.env["PORT"] ?? 8787),
	stateDir: process.env["STATE_DIR"] ?? ".littoral",
	adminKey: process.env["ADMIN_KEY"],
	...(process.env["LOG"] ? { onLog: (line: string) => process.stderr.write(`${line}\n`) } : {}),
});
if (littoral.adminKeyIsNew) process.stdout.write(`ADMIN_KEY=${littoral.adminKey}\n`);
process.stdout.write(`littoral ready at ${littoral.url}\n`);

for (const signal of ["SIGTERM", "SIGINT"] as const) {
	process.on(signal, () => {
		void littoral.stop().then(() => process.exit(0));
	});
}
