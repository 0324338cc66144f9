// Package web holds the HTTP doors of the platform: the native API below
// /api/v1 and the plain pages for people. It decides nothing about models or
// runs; it translates between HTTP and the rooms.
//
// Glossary. A route is one line of the table in routes.go: method, pattern,
// endpoint and what the OpenAPI document says about it. An endpoint is a typed
// handler: its Go types are the document's types, so that the two cannot
// drift. A page is a route that answers HTML. An open route wants no token.
//
// The way of a request:
//
//	identify ─> recover ─> measure ─> guard (host, origin, token) ─> route
//	        ─> check path and query ─> endpoint ─> value | error ─> JSON | page
//
// Handlers return errors; error.go holds the one table from kind to status.
package web
