/** The public API, put together: what surrounds every request, then the routes, then what is left over. */
import { OpenAPIHono } from "@hono/zod-openapi";
import { hasCode } from "#shared/base/errors.ts";
import { log } from "#shared/observability/log.ts";
import { reportError } from "#shared/observability/sentry.ts";
import type { ErrorHandler } from "hono";
import type { AppEnv } from "./env.ts";
import { notFound } from "./middleware/not-found.ts";
import { observe } from "./middleware/observe.ts";
import { isInternal, problemResponse, toProblem } from "./problem.ts";
import type { App } from "./routes/define.ts";
import { docsRoutes } from "./routes/docs.ts";
import { healthRoutes } from "./routes/health.ts";
import { jobRoutes } from "./routes/jobs.ts";
import { rebuildRoutes } from "./routes/rebuild.ts";
import { jwksRoutes } from "./routes/jwks.ts";
import { keyRoutes } from "./routes/keys.ts";
import { type OpenApiDocument, openApiDocument, openApiRoutes } from "./routes/openapi.ts";
import { rowsRoutes } from "./routes/rows.ts";
import { sqlRoutes } from "./routes/sql.ts";
import { statusRoutes } from "./routes/status.ts";
import { tableRoutes } from "./routes/tables.ts";
import { scalingRoutes } from "./routes/scaling.ts";
import { tenantRoutes } from "./routes/tenants.ts";
import { tokenRoutes } from "./routes/token.ts";

const REALM = 'Bearer realm="littoral"';

/** RFC 6750, section 3: the challenge names an error only where a credential was sent. */
function challenge(authorization: string | undefined): string {
	return authorization === undefined ? REALM : `${REALM}, error="invalid_token"`;
}

const onError: ErrorHandler<AppEnv> = (error, context) => {
	const requestId = context.get("requestId");
	const { problem, retryAfterSeconds } = toProblem(error, requestId);
	context.set("outcome", problem.code);
	if (isInternal(error)) {
		const { traceId } = context.get("span");
		log("error", "unhandled", { service: "gateway", requestId, traceId, error: error.stack ?? String(error) });
		reportError(context.env, context.executionCtx, error, { service: "gateway", requestId, traceId });
	}
	const allow = context.res.headers.get("Allow");
	return problemResponse(problem, {
		...(retryAfterSeconds === null ? {} : { "Retry-After": String(retryAfterSeconds) }),
		...(hasCode(error, "unauthenticated") ? { "WWW-Authenticate": challenge(context.req.header("Authorization")) } : {}),
		...(allow === null ? {} : { Allow: allow }),
	});
};

/** Routes are described once, on the first request that asks for the description. */
export function createApp(): App {
	const app: App = new OpenAPIHono<AppEnv>();
	app.use(observe());
	app.onError(onError);
	sqlRoutes(app);
	rowsRoutes(app);
	tableRoutes(app);
	keyRoutes(app);
	tokenRoutes(app);
	jwksRoutes(app);
	tenantRoutes(app);
	scalingRoutes(app);
	jobRoutes(app);
	rebuildRoutes(app);
	healthRoutes(app);
	statusRoutes(app);
	let document: OpenApiDocument | undefined;
	const describe = (): OpenApiDocument => (document ??= openApiDocument(app));
	openApiRoutes(app, describe);
	docsRoutes(app, describe);
	app.all("*", notFound(app));
	return app;
}
