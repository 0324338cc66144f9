// Package inference is the HTTP door for predictions: the Open Inference
// Protocol v2 and MLflow's scoring protocol, on one port. It turns bodies into
// frames and answers into bodies; which version answers is the host's affair.
//
// Glossary. A route is one line of the table in routes.go. A contract is what
// one loaded version takes and answers, prepared once so that requests need not
// look at its signature. A table is a body on its way to a frame: it collects
// values by column and everything that is wrong with them. A place says where
// in a body a value stands, in the caller's words.
//
// The way of a request:
//
//	recover ─> request id ─> route ─> version ─> body (limit, gzip) ─> table
//	        ─> frame ─> Predict ─> answer | error ─> measure
//
// Equal requests to one version get equal bytes: ids and versions travel in
// headers.
package inference
