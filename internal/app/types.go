package app

import (
	"github.com/opstruth/opstruth/operation"
	"github.com/opstruth/opstruth/operation/httpbatch"
	"github.com/opstruth/opstruth/operation/inventory"
)

// builtIn are the operation types that every installation has.
func builtIn(s operation.Services) []operation.Definition {
	return []operation.Definition{inventory.New(s), httpbatch.New(s)}
}
