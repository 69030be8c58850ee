/** `GET /openapi.json`: generated from the routes themselves. */
import { z } from "@hono/zod-openapi";
import { type App, jsonAnswer, serve } from "./define.ts";

export type OpenApiDocument = ReturnType<App["getOpenAPI31Document"]>;

const TAGS = [
	{ name: "SQL", description: "Queries and statements." },
	{ name: "Tables", description: "Tables, and rows appended to them." },
	{ name: "Keys and tokens", description: "Credentials of a tenant." },
	{ name: "Platform", description: "Tenants; bearer ADMIN_KEY." },
	{ name: "Health", description: "For operators and probes." },
	{ name: "Description", description: "What this API is." },
];

/** The whole document. Call it once every route is served. */
export function openApiDocument(app: App): OpenApiDocument {
	const document = app.getOpenAPI31Document({
		openapi: "3.1.0",
		info: {
			title: "Littoral",
			version: "1",
			description: "A multi-tenant columnar store with SQL at the edge. Errors are RFC 9457 problems; /docs/errors lists every code.",
			license: { name: "Apache-2.0", url: "https://www.apache.org/licenses/LICENSE-2.0" },
		},
		servers: [{ url: "/" }],
		tags: TAGS,
	});
	return {
		...document,
		components: {
			...document.components,
			securitySchemes: {
				apiKey: { type: "http", scheme: "bearer", bearerFormat: "lit_<id>_<secret>", description: "An API key of the tenant." },
				accessToken: { type: "http", scheme: "bearer", bearerFormat: "JWT", description: "A token from /v1/auth/token." },
				adminKey: { type: "http", scheme: "bearer", description: "The platform's ADMIN_KEY." },
				client: {
					type: "oauth2",
					description: "A key's id and secret, by form or by Basic.",
					flows: {
						clientCredentials: {
							tokenUrl: "/v1/auth/token",
							scopes: {
								reader: "SELECT",
								writer: "and append, INSERT",
								admin: "and define tables, manage keys",
								owner: "and the tenant's settings",
							},
						},
					},
				},
			},
		},
	};
}

/** @param document made on the first request, and kept: it is the same for all */
export function openApiRoutes(app: App, document: () => OpenApiDocument): void {
	serve(
		app,
		{
			method: "get",
			path: "/openapi.json",
			access: "public",
			tag: "Description",
			summary: "This API as OpenAPI 3.1",
			answers: { 200: jsonAnswer("The document.", z.record(z.string(), z.unknown())) },
		},
		() => new Response(JSON.stringify(document()), { headers: { "Content-Type": "application/json" } }),
	);
}
