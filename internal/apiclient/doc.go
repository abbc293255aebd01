// Package apiclient calls the HTTP API as a program outside does. The calls and their types are generated
// from the document that the server is generated from; this package adds only how an answer is read and
// what an error says. It refuses to interpret: what a run's state means is in the API's words.
package apiclient

//go:generate go tool -modfile=../../tools/go.mod oapi-codegen -config oapi-codegen.yaml ../../web/api/openapi.yaml
