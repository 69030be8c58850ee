/** `npm run -s admin -- <command>`: platform administration from a shell, over the HTTP API. */
import { adminProgram } from "./admin/program.ts";
import { exitCodeOf, report } from "./admin/report.ts";

try {
	await adminProgram().parseAsync(process.argv);
} catch (error) {
	report(error);
	process.exitCode = exitCodeOf(error);
}
