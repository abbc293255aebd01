// Package api serves the HTTP API that openapi.yaml describes. The types and the routing of a request to
// its operation are generated from that document; requests are checked against it before a handler runs.
package api

import _ "embed"

//go:generate go tool -modfile=../../tools/go.mod oapi-codegen -config oapi-codegen.yaml openapi.yaml

// Document is the API's description, as it is served.
//
//go:embed openapi.yaml
var Document []byte
